"""Chapters become the package ``micrograd/``.

chapters and cells are read, put together as modules, and written as a package.
Nothing here knows of Sphinx.
"""
