"""Charts laid out on a sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

from kdsurvey.pictures.chart import Chart

LARGEST = 32_000  # CSS pixels: what matplotlib can draw, twice as large
EMPTY = "."  # of a mosaic: nothing stands here


@dataclass(frozen=True)
class Sheet:
    """Charts by name, laid out on a mosaic, `width` and `height` CSS pixels large.

    mosaic: rows of names; a name in several neighbouring places is a chart as large as they
    are, "." is an empty place. One row of all charts where empty. widths, heights: of columns
    and rows, relative to each other. title: over all charts.
    Raises ValueError for no chart, where names of charts and mosaic differ, or ratios and
    mosaic do, and for a size that no picture has.
    """

    charts: Mapping[str, Chart]
    _: KW_ONLY
    width: float = 900
    height: float = 300
    mosaic: Sequence[Sequence[str]] = ()
    widths: Sequence[float] = ()
    heights: Sequence[float] = ()
    title: str = ""

    def __post_init__(self):
        if not self.charts:
            raise ValueError("a picture needs one chart or more, got none")
        mosaic = self.mosaic or (tuple(self.charts),)
        object.__setattr__(self, "mosaic", tuple(tuple(row) for row in mosaic))
        rows = len(self.mosaic)
        columns = len(self.mosaic[0])
        object.__setattr__(self, "widths", tuple(self.widths) or (1,) * columns)
        object.__setattr__(self, "heights", tuple(self.heights) or (1,) * rows)
        self._check_names()
        self._check_ratios(rows, columns)
        self._check_size()

    def _check_names(self) -> None:
        placed = {name for row in self.mosaic for name in row} - {EMPTY}
        if placed != set(self.charts):
            raise ValueError(
                f"the mosaic places {', '.join(sorted(placed))}; "
                f"the charts are {', '.join(sorted(self.charts))}"
            )

    def _check_ratios(self, rows: int, columns: int) -> None:
        if len(self.widths) != columns or len(self.heights) != rows:
            raise ValueError(
                f"a mosaic of {rows} rows and {columns} columns has "
                f"{len(self.heights)} heights and {len(self.widths)} widths"
            )

    def _check_size(self) -> None:
        if not (0 < self.width <= LARGEST and 0 < self.height <= LARGEST):
            raise ValueError(
                f"a picture of {self.width:g} x {self.height:g} CSS pixels; give a width "
                f"and a height above 0, up to {LARGEST:,}"
            )
