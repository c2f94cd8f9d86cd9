"""Controls that a panel declares, a line each, and the widgets that they become.

    class Hints(Race):
        depth = Knob("Hidden layers", 8, 2, 16, whole=True)
        norm = Check("batch norm")

The base makes the widgets, which are attributes of the same names, their rows, the state in
the permalink, and the sentence that says how they were set.

Every control can be reached with the keyboard and says what it is. ipywidgets gives the handle
of a slider no accessible name, and a page cannot add one without a script. So every slider
comes with a number box that has the name, and either moves the other.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, make_dataclass, replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self, overload

import ipywidgets as widgets
from traitlets import link

LABEL_WIDTH = "110px"
# the stops of a logarithmic slider in each power of ten
MANTISSAS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
BESIDE = 2  # narrow controls that stand beside the buttons; more have a row


class Dial:
    """A number that the reader sets: `slider` and `box` are linked, `row` is both."""

    def __init__(self, box: widgets.Widget, slider: widgets.Widget):
        self.box = box
        self.slider = slider
        layout = {"width": "50%", "align_items": "center"}
        self.row = widgets.HBox([box, slider], layout=layout)

    @property
    def value(self) -> float:
        return self.box.value

    @value.setter
    def value(self, value: float) -> None:
        self.box.value = value


@dataclass(frozen=True)
class Control:
    """What the reader may set: its label and the value it starts with.

    says: how the sentence of settings names it, a format as "T = {:g}" or a function of the
    value; the label and the value where empty. view: it chooses what is shown, and is no
    setting of a run.
    """

    label: str
    value: Any
    _: KW_ONLY
    says: str | Callable[[Any], str] = ""
    view: bool = False

    if TYPE_CHECKING:  # a panel has, by the name of each control, what it became

        @overload
        def __get__(self, panel: None, kind: type) -> Self: ...
        @overload
        def __get__(self, panel: object, kind: type) -> widgets.Widget: ...
        def __get__(self, panel: object, kind: type) -> Any: ...

    @property
    def wide(self) -> bool:
        """Return whether it takes half a row."""
        return False

    def at(self, value: Any) -> "Control":
        """Return the same control with another start value."""
        return replace(self, value=value)

    def make(self) -> "Dial | widgets.Widget":
        """Build the widgets."""
        raise NotImplementedError

    def allows(self, value: Any) -> bool:
        """Return whether a reader could set this value."""
        raise NotImplementedError

    def sentence(self, value: Any) -> str:
        """Say how the control is set, in a few words; empty where nothing is to be said."""
        if callable(self.says):
            return self.says(value)
        return (self.says or self.label + " {:g}").format(value)


@dataclass(frozen=True)
class Knob(Control):
    """A number from low to high: a slider with a number box. log: equal distances are equal
    ratios.

    step: of the slider, where it is not log; of the box in any case. The box takes any
    number of the range, the slider goes to the stop next to it. whole: the value is an
    int, the step 1 or more. Raises ValueError where the value is out of range, and for a log
    scale that does not start above 0.
    """

    low: float = 0.0
    high: float = 1.0
    _: KW_ONLY
    step: float = 0.1
    log: bool = False
    whole: bool = False

    wide = True

    if TYPE_CHECKING:

        @overload
        def __get__(self, panel: None, kind: type) -> Self: ...
        @overload
        def __get__(self, panel: object, kind: type) -> Dial: ...
        def __get__(self, panel: object, kind: type) -> Any: ...

    def __post_init__(self):
        within = _within(self.value, self.low, self.high, whole=False)
        if not within or (self.log and self.low <= 0):
            above = ", which must be above 0 on a log scale" if self.log else ""
            raise ValueError(
                f"{self.label}: {self.value!r} must lie in [{self.low}, {self.high}]"
                f"{above}"
            )
        if self.whole and not float(self.value).is_integer():
            raise ValueError(f"{self.label}: {self.value!r} is no whole number")

    def make(self) -> Dial:
        number = widgets.BoundedIntText if self.whole else widgets.BoundedFloatText
        step = max(1, round(self.step)) if self.whole else self.step
        box = number(
            self.value,
            min=self.low,
            max=self.high,
            step=step,
            description=self.label,
            style={"description_width": LABEL_WIDTH},
            layout={"width": "200px"},
        )
        stops = self._stops(step)
        slider = widgets.SelectionSlider(
            options=[(f"{stop:g}", stop) for stop in stops],
            value=self.value,
            readout=False,
            layout={"flex": "1 1 80px", "width": "auto", "min_width": "80px"},
        )

        def nearest(value: float) -> float:
            return min(stops, key=lambda stop: abs(stop - value))

        def same(stop: float) -> float:
            return stop

        link((box, "value"), (slider, "value"), transform=(nearest, same))
        return Dial(box, slider)

    def allows(self, value: Any) -> bool:
        return _within(value, self.low, self.high, self.whole)

    def _stops(self, step: float) -> list[float]:
        """Return where the slider can stand: round numbers, so that a page shows exactly
        what the kernel holds.
        """
        stops = self._log_stops() if self.log else self._even_stops(step)
        if self.whole:
            stops = [round(stop) for stop in stops]
        return sorted({*stops, self.value})

    def _even_stops(self, step: float) -> list[float]:
        count = round((self.high - self.low) / step)
        return [float(f"{self.low + k * step:.9g}") for k in range(count + 1)]

    def _log_stops(self) -> list[float]:
        first = math.floor(math.log10(self.low))
        last = math.ceil(math.log10(self.high))
        powers = range(first, last + 1)
        stops = [float(f"{stop}e{power}") for power in powers for stop in MANTISSAS]
        inside = [stop for stop in stops if self.low < stop < self.high]
        return [self.low, *inside, self.high]


@dataclass(frozen=True)
class Check(Control):
    """A box to tick. otherwise: what the sentence of settings says where it is not ticked."""

    value: bool = False
    _: KW_ONLY
    otherwise: str = ""

    def make(self) -> widgets.Checkbox:
        layout = {"width": "auto"}
        return widgets.Checkbox(
            self.value, description=self.label, indent=False, layout=layout
        )

    def allows(self, value: Any) -> bool:
        return type(value) is bool

    def sentence(self, value: bool) -> str:
        return self.label if value else self.otherwise


@dataclass(frozen=True)
class Choice(Control):
    """One of some options: values, or pairs (name, value).

    width: in CSS pixels, half a row where None; label_width: of the label in it. Raises
    ValueError where the value is not among the options.
    """

    options: Sequence = ()
    _: KW_ONLY
    says: str | Callable[[Any], str] = "{}"
    width: int | None = 240
    label_width: str = LABEL_WIDTH

    def __post_init__(self):
        if not self.allows(self.value):
            raise ValueError(
                f"{self.label}: one of {list(self.values)}, got {self.value!r}"
            )

    def allows(self, value: Any) -> bool:
        return value in self.values

    @property
    def wide(self) -> bool:
        return self.width is None

    @property
    def values(self) -> list:
        """Return the values that can be chosen."""
        return [o[1] if isinstance(o, tuple) else o for o in self.options]

    def make(self) -> widgets.Dropdown:
        # by its place: ipywidgets would show a value of None as nothing
        return widgets.Dropdown(
            options=list(self.options),
            index=self.values.index(self.value),
            description=self.label,
            style={"description_width": self.label_width},
            layout={"width": "50%" if self.wide else f"{self.width}px"},
        )


@dataclass(frozen=True)
class Number(Control):
    """A whole number from low to high: a box without a slider. width: in CSS pixels.

    Raises ValueError where the value is out of range.
    """

    low: int = 0
    high: int = 10**6
    _: KW_ONLY
    width: int = 200
    label_width: str = LABEL_WIDTH

    def __post_init__(self):
        if not self.allows(self.value):
            raise ValueError(
                f"{self.label}: {self.value!r} must be a whole number in "
                f"[{self.low}, {self.high}]"
            )

    def allows(self, value: Any) -> bool:
        return _within(value, self.low, self.high, whole=True)

    def make(self) -> widgets.BoundedIntText:
        return widgets.BoundedIntText(
            self.value,
            min=self.low,
            max=self.high,
            description=self.label,
            style={"description_width": self.label_width},
            layout={"width": f"{self.width}px"},
        )


def _within(value: Any, low: float, high: float, whole: bool) -> bool:
    kinds = Integral if whole else Real
    number = isinstance(value, kinds) and not isinstance(value, bool)
    return number and low <= value <= high


@dataclass(frozen=True)
class Settings:
    """How the controls of a panel are set: an attribute a control, by its name."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


def settings_type(names: Iterable[str]) -> type[Settings]:
    """Return the type of the settings of a panel that has controls of these names."""
    return make_dataclass("Settings", names, bases=(Settings,), frozen=True)


def declared(kind: type, changes: Mapping[str, Control]) -> dict[str, Control]:
    """Return the controls that a class declares, name -> control, its own before those of its
    bases; None in place of a base's control takes it away. changes: controls of one panel.
    """
    entries: dict[str, Any] = {}
    for base in kind.__mro__:
        for name, entry in vars(base).items():
            entries.setdefault(name, entry)
    controls = {n: entry for n, entry in entries.items() if isinstance(entry, Control)}
    return {**controls, **changes}


def holder(control: "Dial | widgets.Widget") -> widgets.Widget:
    """Return the widget that holds the value of a control."""
    return control.box if isinstance(control, Dial) else control


def rows(
    controls: Mapping[str, Control], made: Mapping[str, "Dial | widgets.Widget"]
) -> tuple[list[widgets.HBox], list[widgets.Widget]]:
    """Lay out controls: wide ones two a row, and a row of the narrow ones below.

    controls: name -> what was declared; made: name -> what it became. Returns the rows, and
    apart from them the narrow controls where they are so few that they can stand beside the
    buttons.
    """
    wide = [_face(made[name]) for name, control in controls.items() if control.wide]
    narrow = [made[name] for name, control in controls.items() if not control.wide]
    pairs = [wide[k : k + 2] for k in range(0, len(wide), 2)]
    lines = [row(*pair, flex_flow="row nowrap") for pair in pairs]
    if len(narrow) <= BESIDE:
        return lines, narrow
    return [*lines, row(*narrow, grid_gap="10px")], []


def _face(control: "Dial | widgets.Widget") -> widgets.Widget:
    return control.row if isinstance(control, Dial) else control


def button(
    text: str, tooltip: str = "", *, style: str = "", width: str = "auto"
) -> widgets.Button:
    """Make a button; the text is its name."""
    return widgets.Button(
        description=text,
        tooltip=tooltip or text,
        button_style=style,
        layout={"width": width},
    )


def row(*controls: widgets.Widget, **layout: str) -> widgets.HBox:
    """Put controls side by side; they wrap where the page is narrow."""
    flow = {"flex_flow": "row wrap", "align_items": "center"}
    return widgets.HBox(controls, layout=flow | layout)


def percent(share: float) -> str:
    """Write a share in per cent: "20 %"."""
    return f"{100 * share:.0f} %"
