"""Planted faults that `test_deck.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a page of slides is written over the old one",
        "slides/deck.py",
        "store.write(page, deck(notebook, notebooks), ELSEWHERE)",
        'page.write_text(deck(notebook, notebooks), encoding="utf-8")',
    ),
    Fault(
        "of notebooks whose names begin alike one becomes slides",
        "slides/deck.py",
        "named.setdefault(name, []).append(path)",
        "named[name] = [path]",
    ),
    Fault(
        "any file is a notebook",
        "slides/notebook.py",
        "nbformat.validate(notebook)",
        "pass",
    ),
    Fault(
        "a part of a scheme is on no slide",
        "slides/figures.py",
        "count = math.ceil(length / seen)",
        "count = math.floor(length / seen)",
    ),
    Fault(
        "links of slides leave them",
        "slides/deck.py",
        "html = OTHER.sub(r'href=\"\\1.slides.html\\2\"', html)",
        "pass",
    ),
    Fault(
        "a slide's link leads to a file that nobody wrote",
        "slides/deck.py",
        "return link[0] if link[1] in there else link[2]",
        "return link[0]",
    ),
]
