"""Drawings, as elements of a page, and said in words; and their colours.

Python in the page uses ``svg_element`` and ``graph_text``, too.
"""

from xml.etree import ElementTree

# Drawings are written as browsers that read HTML know them.
ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
