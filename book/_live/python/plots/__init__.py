"""Draws plots in the page: it is there as ``matplotlib``.

It has the few calls of Matplotlib that the chapters use, gives them the names,
defaults and looks that they have there, and refuses all others in words. The
numbers are those of Matplotlib with the book's settings
(``book/_ext/run/matplotlibrc``): tests draw every plot of the chapters with
both.
"""

from __future__ import annotations

from .refusing import absent_from

__getattr__ = absent_from("matplotlib")
