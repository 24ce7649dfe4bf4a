"""Drawings, as elements of a page, and said in words.

Python in the page uses ``svg_element`` and ``graph_text``, too.
"""
