"""A table as data: what a picture shows, in numbers."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

CELL = "padding:1px 9px;text-align:right"
WHOLE = "border-collapse:collapse;font-size:12px;line-height:1.35"


@dataclass(frozen=True)
class Table:
    """A caption, the names of the columns, and rows whose first cell names them.

    Every cell is kept as a string. Raises ValueError for a row that is not as long as the
    head.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]] = ()

    def __post_init__(self):
        head = tuple(map(str, self.head))
        rows = tuple(tuple(map(str, row)) for row in self.rows)
        for row in rows:
            if len(row) != len(head):
                raise ValueError(
                    f"table {self.caption!r}: the row {row} has {len(row)} cells, "
                    f"the head {head} has {len(head)}"
                )
        object.__setattr__(self, "head", head)
        object.__setattr__(self, "rows", rows)

    def text(self) -> str:
        """Write the table as plain text, columns aligned to the right."""
        lines = [self.head, *self.rows]
        columns = zip(*(map(_one_line, line) for line in lines))
        padded = [_padded(column) for column in columns]
        return "\n".join([self.caption, *("  ".join(line) for line in zip(*padded))])

    def html(self) -> str:
        """Write the table as HTML, with scopes for screen readers."""
        top = "".join(_cell("th", name, ' scope="col"') for name in self.head)
        body = "".join(_row(row) for row in self.rows)
        caption = html.escape(self.caption)
        return (
            f'<table style="{WHOLE}">'
            f'<caption style="text-align:left;font-weight:bold">{caption}</caption>'
            f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
        )

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()


def _one_line(cell: str) -> str:
    return " ".join(cell.split())


def _padded(column: tuple[str, ...]) -> list[str]:
    width = max(map(len, column))
    return [cell.rjust(width) for cell in column]


def _row(row: Sequence[str]) -> str:
    first, *rest = row
    name = _cell("th", first, ' scope="row"')
    return f"<tr>{name}{''.join(_cell('td', cell) for cell in rest)}</tr>"


def _cell(tag: str, text: str, scope: str = "") -> str:
    return f'<{tag}{scope} style="{CELL}">{html.escape(text)}</{tag}>'
