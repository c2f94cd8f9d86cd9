"""All panels on one page, one at a time: what `make app` serves."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

import ipywidgets as widgets

from kdsurvey.config import Config
from kdsurvey.data import Data, mnist_5k
from kdsurvey.lessons.playground.experiments import TEACHERS, teach
from kdsurvey.methods import hinton
from kdsurvey.nets import mlp
from kdsurvey.panels.compare.panel import compare
from kdsurvey.panels.kit import cells, permalink
from kdsurvey.panels.kit.panel import Panel, free
from kdsurvey.panels.landscape.panel import landscape
from kdsurvey.panels.live.panel import live_training
from kdsurvey.panels.pad.panel import pad
from kdsurvey.panels.rewind.panel import rewind
from kdsurvey.panels.temperature.panel import temperature
from kdsurvey.stage import Teacher
from kdsurvey.training import train


def all_panels(data: Data | None = None) -> "AllPanels":
    """Put the panels on one page; buttons choose which one is shown.

    A teacher with two hidden layers of 300 and a student of 30 units are trained first,
    which takes some seconds. data: the digits that come with the package where None.
    Served as an app with the address ...?kd=PERMALINK, it opens as the permalink has it.
    """
    digits = data or mnist_5k().hold_out(500)
    return AllPanels(digits, os.environ.get("QUERY_STRING", ""))


@dataclass(frozen=True)
class Button:
    """A button of the page: the kinds of panels behind it, in order, and what makes them."""

    kinds: tuple[str, ...]
    make: Callable[[], list[Panel]]


class OnDemand(Mapping[str, list[Panel]]):
    """The panels behind each button, made when they are first asked for.

    buttons: name -> Button. `made`: those made so far.
    """

    def __init__(self, buttons: Mapping[str, Button]):
        self.buttons = buttons
        self.made: dict[str, list[Panel]] = {}

    def __getitem__(self, name: str) -> list[Panel]:
        if name not in self.made:
            self.made[name] = self.buttons[name].make()
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.buttons)

    def __len__(self) -> int:
        return len(self.buttons)

    def of_kind(self, kind: str) -> tuple[str, Panel]:
        """Return the first panel of a kind, after the name on its button."""
        for name, button in self.buttons.items():
            if kind in button.kinds:
                return name, self[name][button.kinds.index(kind)]
        raise ValueError(f"no panel here is a {kind} panel")


class AllPanels:
    """A page of panels; see `all_panels`.

    panels: name on a button -> the panels that it shows, made when they are first shown;
    chosen: the buttons; box: the whole page as a widget.
    """

    text = (
        "(panels: landscape, digit pad, compare, live distillation, temperature; "
        "buttons choose one)"
    )

    def __init__(self, data: Data, query: str = ""):
        self.panels = OnDemand(buttons_of(data))
        self._page = widgets.VBox(layout={"grid_gap": "8px"})
        self.chosen = widgets.ToggleButtons(
            options=list(self.panels), description="Panel"
        )
        self.chosen.style.description_width = "initial"
        self.chosen.style.button_width = "auto"
        self.chosen.observe(lambda change: self._show(), "value")
        self.box = widgets.VBox([self.chosen, self._page])
        self._show()
        link = parse_qs(query).get("kd", [""])[0]
        if link:
            self.open(link)
        cells.made(self)

    def end(self) -> None:
        """Ask what runs in the background to end; returns at once."""
        for panel in self._made():
            panel.end()

    def close(self) -> None:
        """Close every panel, and free the page's own widgets."""
        for panel in self._made():
            panel.close()
        free(self.box)

    def open(self, link: str) -> None:
        """Show the panel that a permalink is for, in its state.

        What is wrong with the permalink is said by that panel, or by the one shown.
        """
        with self._made()[0].guarded():
            name, panel = self.panels.of_kind(permalink.read(link).kind)
            self.chosen.value = name
            with panel.guarded():
                panel.paste(link)

    def _made(self) -> list[Panel]:
        return [panel for panels in self.panels.made.values() for panel in panels]

    def _show(self) -> None:
        self._page.children = [panel.box for panel in self.panels[self.chosen.value]]

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle, more = self._made()[0]._repr_mimebundle_()
        view = "application/vnd.jupyter.widget-view+json"
        page = {view: bundle[view] | {"model_id": self.box.model_id}}
        return bundle | page | {"text/plain": self.text}, more


def buttons_of(data: Data) -> dict[str, Button]:
    """Train a teacher and a student; return the buttons by the names on them."""
    teacher = teach(data, TEACHERS[0])
    student = mlp(data.train[0][0].numel(), 30, len(data.classes), seed=0)
    train(hinton(student, teacher), data, Config(epochs=5), progress=False)

    def rewound(panel: Panel) -> list[Panel]:
        return [panel, rewind(panel)]

    def one_image() -> list[Panel]:
        x, y = (part[:200] for part in data.test)
        logits = teacher.logits(x), Teacher(student).logits(x)
        return [temperature(x, y, *logits, data.classes, T=4.0)]

    return {
        "Landscape": Button(("landscape",), lambda: [landscape(data)]),
        "Digit pad": Button(("pad",), lambda: [pad(teacher.net, student, data)]),
        "Compare": Button(
            ("compare", "rewind"), lambda: rewound(compare(data, teacher.net))
        ),
        "Live": Button(
            ("live", "rewind"), lambda: rewound(live_training(data, teacher.net))
        ),
        "Temperature": Button(("temperature",), one_image),
    }
