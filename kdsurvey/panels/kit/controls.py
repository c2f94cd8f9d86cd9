"""Named controls: every one can be reached with the keyboard and says what it is.

ipywidgets gives the handle of a slider no accessible name, and a page cannot add one
without a script. So every slider comes with a number box that has the name, and either
moves the other.
"""

import math
from dataclasses import dataclass

import ipywidgets as widgets
from traitlets import link

LABEL_WIDTH = "110px"
MANTISSAS = (
    1,
    1.2,
    1.5,
    2,
    2.5,
    3,
    4,
    5,
    6,
    8,
)  # the stops of a logarithmic slider in each power of ten


@dataclass(frozen=True)
class Knob:
    """A number that the reader sets: `slider` and `box` are linked, `row` is both side by side."""

    box: widgets.Widget
    slider: widgets.Widget
    row: widgets.HBox

    @property
    def value(self) -> float:
        return self.box.value


def knob(
    label: str,
    value: float,
    low: float,
    high: float,
    *,
    step: float = 0.1,
    log: bool = False,
    whole: bool = False,
) -> Knob:
    """A slider from low to high with a number box called `label`. log: equal distances
    are equal ratios; low > 0 is needed.

    step: of the slider, where it is not log; of the box in any case. The box takes any
    number of the range, the slider goes to the stop next to it. whole: the value is an
    int. Raises ValueError where the value is out of range.
    """
    if not low <= value <= high or (log and low <= 0):
        raise ValueError(
            f"{label}: {value} must lie in [{low}, {high}], which must be above 0 on a log scale"
        )
    number = widgets.BoundedIntText if whole else widgets.BoundedFloatText
    style, layout = {"description_width": LABEL_WIDTH}, {"width": "200px"}
    box = number(
        value,
        min=low,
        max=high,
        step=1 if whole else step,
        description=label,
        style=style,
        layout=layout,
    )
    stops = sorted(
        {(round(a) if whole else a) for a in (*_stops(low, high, step, log), value)}
    )
    slider = widgets.SelectionSlider(
        options=[(f"{a:g}", a) for a in stops],
        value=value,
        readout=False,
        layout={"flex": "1 1 80px", "width": "auto", "min_width": "80px"},
    )
    link(
        (box, "value"),
        (slider, "value"),
        transform=(lambda to: min(stops, key=lambda a: abs(a - to)), lambda to: to),
    )
    return Knob(
        box,
        slider,
        widgets.HBox([box, slider], layout={"width": "50%", "align_items": "center"}),
    )


def _stops(low: float, high: float, step: float, log: bool) -> list[float]:
    """Where the slider can stand: round numbers, so that a page shows exactly what the
    kernel holds.
    """
    if not log:
        return [
            float(f"{low + k * step:.9g}")
            for k in range(round((high - low) / step) + 1)
        ]
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    inside = (float(f"{a}e{power}") for power in powers for a in MANTISSAS)
    return [low, *(a for a in inside if low < a < high), high]


def button(
    text: str, tooltip: str = "", *, style: str = "", width: str = "auto"
) -> widgets.Button:
    """A button; the text is its name."""
    return widgets.Button(
        description=text,
        tooltip=tooltip or text,
        button_style=style,
        layout={"width": width},
    )


def row(*controls: widgets.Widget, **layout) -> widgets.HBox:
    """Controls side by side; they wrap where the page is narrow."""
    return widgets.HBox(
        controls, layout={"flex_flow": "row wrap", "align_items": "center", **layout}
    )
