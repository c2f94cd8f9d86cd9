"""Lecture mode: notebooks as slides in a browser, without a network.

rule    which cells are slides, and the standard metadata that says so
notebook a file that is read whole or refused
deck    a notebook as one page of reveal.js, with all that it needs inside
figures pictures and schemes, as large as a slide needs them
kept    the numbers behind a notebook's pictures, in numbers/, to draw them larger
page/   the page's own style and script; reveal.js and KaTeX with their licences
"""
