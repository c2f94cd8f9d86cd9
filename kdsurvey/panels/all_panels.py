"""All panels on one page, one at a time: what `make app` serves."""

import os
from urllib.parse import parse_qs

import ipywidgets as widgets

from kdsurvey.data import Data, mnist_5k
from kdsurvey.lessons.playground.experiments import TEACHERS, teach
from kdsurvey.methods import hinton
from kdsurvey.nets import mlp
from kdsurvey.panels.compare.panel import compare
from kdsurvey.panels.kit import permalink
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.landscape.panel import landscape
from kdsurvey.panels.live.panel import live_training
from kdsurvey.panels.pad.panel import pad
from kdsurvey.panels.rewind.panel import rewind
from kdsurvey.panels.temperature.panel import temperature
from kdsurvey.stage import Teacher
from kdsurvey.training import Config, train


def playground(data: Data | None = None) -> "Playground":
    """Every panel, on the digits that come with the package where data is None; buttons
    choose which one is shown.

    A teacher with two hidden layers of 300 and a student of 30 units are trained first,
    which takes some seconds. Served as an app with the address ...?kd=PERMALINK, it
    opens as the permalink has it.
    """
    return Playground(
        data or mnist_5k().hold_out(500), os.environ.get("QUERY_STRING", "")
    )


class Playground:
    """See `playground`. `panels` has them by the name on their button."""

    text = "(panels: landscape, digit pad, compare, live distillation, temperature; buttons choose one)"

    def __init__(self, data: Data, query: str = ""):
        teacher = teach(data, TEACHERS[0])
        student = mlp(data.train[0][0].numel(), 30, len(data.classes), seed=0)
        train(hinton(student, teacher), data, Config(epochs=5), progress=False)
        x, y = (part[:200] for part in data.test)
        live = live_training(data, teacher.net)
        compared = compare(data, teacher.net)
        self.panels: dict[str, list[Panel]] = {
            "Landscape": [landscape(data)],
            "Digit pad": [pad(teacher.net, student, data)],
            "Compare": [compared, rewind(compared)],
            "Live": [live, rewind(live)],
            "Temperature": [
                temperature(
                    x,
                    y,
                    teacher.logits(x),
                    Teacher(student).logits(x),
                    data.classes,
                    T=4.0,
                )
            ],
        }
        self._page = widgets.VBox(layout={"grid_gap": "8px"})
        self.chosen = widgets.ToggleButtons(
            options=list(self.panels), description="Panel"
        )
        self.chosen.style.description_width = "initial"
        self.chosen.style.button_width = "auto"
        self.chosen.observe(lambda change: self._show(), "value")
        self.box = widgets.VBox([self.chosen, self._page])
        self._show()
        self._open(parse_qs(query).get("kd", [""])[0])

    def close(self) -> None:
        """Ends what the panels do in the background."""
        for panel in self._all():
            panel.close()

    def _all(self) -> list[Panel]:
        return [panel for panels in self.panels.values() for panel in panels]

    def _show(self) -> None:
        self._page.children = [panel.box for panel in self.panels[self.chosen.value]]

    def _open(self, text: str) -> None:
        """Shows and sets the panel that a permalink is for; what is wrong with it is a
        sentence in a panel.
        """
        if not text:
            return
        with self._all()[0].guarded():
            kind = permalink.read(text).kind
            found = [
                (name, panel)
                for name, panels in self.panels.items()
                for panel in panels
                if panel.kind == kind
            ]
            if not found:
                raise ValueError(f"no panel here is a {kind} panel")
            self.chosen.value, panel = found[0]
            with panel.guarded():
                panel.paste(text)

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle, more = self._all()[0]._repr_mimebundle_()
        view = bundle["application/vnd.jupyter.widget-view+json"] | {
            "model_id": self.box.model_id
        }
        return bundle | {
            "application/vnd.jupyter.widget-view+json": view,
            "text/plain": self.text,
        }, more
