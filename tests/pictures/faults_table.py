"""Planted faults that `test_table.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a table's cells are markup",
        "pictures/table.py",
        "{html.escape(text)}</{tag}>",
        "{text}</{tag}>",
    ),
    Fault(
        "names of rows are cells",
        "pictures/table.py",
        'name = _cell("th", first, \' scope="row"\')',
        'name = _cell("td", first)',
    ),
]
