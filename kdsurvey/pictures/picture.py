"""A picture: charts laid out on a sheet, with its alt text and the same as tables."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from kdsurvey.pictures import plain
from kdsurvey.pictures.chart import Axis, Chart
from kdsurvey.pictures.draw import draw
from kdsurvey.pictures.marks import KINDS
from kdsurvey.pictures.sheet import Sheet
from kdsurvey.pictures.stored import smaller
from kdsurvey.pictures.table import Table


@dataclass(frozen=True, repr=False)
class Picture(Sheet):
    """A sheet of charts, the same in words, and the same in numbers.

    about: the picture in words, for screen readers and where pictures cannot be shown; it must
    not hold numbers that another machine would not reproduce. tables: the same in numbers.
    parts: the same for a projector, where `projected` would not do it well. The rest, and
    what is refused: see Sheet.

    In a notebook it shows as a PNG with `about` as its alt text; `repr` is `about`.
    """

    _: KW_ONLY
    about: str = ""
    tables: Sequence[Table] = ()
    parts: Sequence["Picture"] = ()

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "tables", tuple(self.tables))
        object.__setattr__(self, "parts", tuple(self.parts))

    def png(self) -> bytes:
        """Draw the picture as PNG bytes, twice as large as its CSS size."""
        return draw(self)

    def json(self) -> str:
        """Write the picture as JSON: all that a renderer needs."""
        return plain.to_json(self)

    @classmethod
    def of_json(cls, text: str) -> "Picture":
        """Read what `json` wrote."""
        kinds = (cls, Chart, Axis, Table, *KINDS)
        classes = {kind.__name__: kind for kind in kinds}
        return plain.from_plain(json.loads(text), classes)

    def text(self) -> str:
        """Write the tables as text."""
        return "\n\n".join(table.text() for table in self.tables)

    def html(self) -> str:
        """Write the tables as HTML."""
        return "".join(table.html() for table in self.tables)

    def __repr__(self) -> str:
        return self.about

    def _repr_mimebundle_(self, include=None, exclude=None):
        png = b64encode(smaller(self.png())).decode()
        shown = {"image/png": png, "text/plain": self.about}
        size = {"width": round(self.width), "height": round(self.height)}
        return shown, {"image/png": {"alt": self.about} | size}
