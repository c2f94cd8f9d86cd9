"""Where does distillation help? A map of T by alpha, trained live, every cell of which
can be opened.
"""

import time
from base64 import b64encode
from functools import partial
from itertools import islice

import ipywidgets as widgets

from kdsurvey import records
from kdsurvey.config import device_of
from kdsurvey.data import Data
from kdsurvey.lessons.playground.experiments import (
    ALPHAS,
    CELLS,
    CONTROLS,
    STUDENT,
    TEACHERS,
    TEMPERATURES,
    Map,
    Setting,
    grid,
    teach,
)
from kdsurvey.panels.kit.background import Run, Runner, Running
from kdsurvey.panels.kit.charts import PAGE_WIDTH
from kdsurvey.panels.kit.controls import button, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.landscape.chart import (
    LEGEND,
    WIDTH,
    faces,
    picture,
    sentence,
    still,
    tally,
)
from kdsurvey.pictures import Picture
from kdsurvey.stage import Teacher

WIDTHS = (4, 8, 16, 32, 64)
SHARES = {"all": 1.0, "30 %": 0.3, "10 %": 0.1, "3 %": 0.03}
MOST = 30  # seeds
OFTEN = 0.7  # seconds between two drawings of the first seed at least ...
SHARE = 20  # ... and this many times what a drawing costs
Key = tuple[Setting, int]  # and the first seed


def landscape(
    data: Data,
    *,
    width: int = 16,
    share: float = 1.0,
    seeds: int = 10,
    place: str | None = None,
) -> Panel:
    """A panel: the gain of students with a teacher over those without, T by alpha, over
    seeds, with its significance.

    Start trains one student a cell and the controls, seed by seed, and the map fills
    in; press a cell to see its runs. Where the data are the digits that come with the
    package, maps that were recorded are shown until one has run here. data: with a
    validation part, or 500 training images are held out. width: of WIDTHS; share: of
    SHARES; seeds: 2 to MOST. place: as for live_training. Raises ValueError for other
    widths, shares or numbers of seeds.
    """
    if width not in WIDTHS or share not in SHARES.values() or not 2 <= seeds <= MOST:
        said = f"width in {WIDTHS}, share in {tuple(SHARES.values())}, seeds from 2 to {MOST}"
        raise ValueError(
            f"landscape: need {said}; got width={width}, share={share}, seeds={seeds}"
        )
    return Landscape(data, width, share, seeds, place)


class Landscape(Running, Panel):
    """See `landscape`. `rows` holds what ran here: (setting, first seed) -> rows of
    `lessons.playground.grid`.
    """

    kind = "landscape"
    text = "(panel: landscape. A map of gains, T by alpha; width, images, teacher, control and seeds; Start, Pause, Stop)"
    about = "Two charts: the accuracies of the chosen cell and of its control seed by seed, and how they learned"

    def __init__(self, data, width, share, seeds, place):
        super().__init__()
        self._data = data.validated()
        self._runner = Runner(place)
        self.cell = CELLS.index((4.0, 0.9))
        self._recorded = _recorded(self._data)
        self.rows: dict[Key, list[dict]] = {}
        self._curves: dict[Key, dict[int, list]] = {}
        self._teachers: dict[str, Teacher] = {}
        self._controls(width, share, seeds)
        self.keep(width=self.width, share=self.share, teacher=self.teacher)
        self.keep(control=self.control, seeds=self.seeds, first=self.first)
        first = row(self.width, self.share, self.teacher)
        second = row(self.control, self.seeds, self.first)
        acts = row(self.start, self.pause, self.stop, self._meter)
        page = widgets.HBox(
            [self._grid(), self.view], layout={"align_items": "flex-start"}
        )
        self.arrange(
            "Where does distillation help?",
            first,
            second,
            acts,
            picture=page,
            width=WIDTH,
        )
        self._look()

    def _controls(self, width, share, seeds) -> None:
        self.width = _choice("Student's units", WIDTHS, width, "190px")
        self.share = _choice("Images it sees", SHARES.items(), share, "190px")
        self.teacher = _choice("Teacher", TEACHERS, TEACHERS[0], "290px")
        self.control = _choice(
            "Gain over the same net with", CONTROLS, CONTROLS[0], "380px"
        )
        number = {
            "style": {"description_width": "initial"},
            "layout": {"width": "140px"},
        }
        self.seeds = widgets.BoundedIntText(
            seeds, min=2, max=MOST, description="Seeds", **number
        )
        self.first = widgets.BoundedIntText(
            0, min=0, max=10**6, description="First seed", **number
        )
        self.start = button("Start", style="primary", width="80px")
        self.pause = button("Pause", width="80px")
        self.stop, self._meter = button("Stop", width="80px"), widgets.HTML()
        for control in (self.width, self.share, self.teacher, self.control, self.first):
            self.watch(control, self._look)
        for control, act in (
            (self.start, self._start),
            (self.pause, self._pause),
            (self.stop, self._stop),
        ):
            self.click(control, act)

    def _grid(self) -> widgets.VBox:
        """A button a cell: it works with the mouse, the keyboard and a screen reader,
        in every front end.
        """
        self.cells = [
            widgets.Button(layout={"width": "auto", "height": "40px", "margin": "1px"})
            for _ in CELLS
        ]
        for k, cell in enumerate(self.cells):
            self.click(cell, lambda k=k: self._choose(k))
        n, buttons = len(ALPHAS), iter(self.cells)
        lines = [widgets.HTML(), *(_label(f"α = {alpha:g}") for alpha in ALPHAS)]
        for T in TEMPERATURES:
            lines += [_label(f"T = {T:g}"), *islice(buttons, n)]
        columns = {
            "grid_template_columns": f"56px repeat({n}, 1fr)",
            "align_items": "center",
        }
        note = widgets.HTML(
            f'<div style="font-size:12px;line-height:1.4;padding-left:58px">{LEGEND}</div>'
        )
        return widgets.VBox(
            [widgets.GridBox(lines, layout=columns), note],
            layout={"width": f"{PAGE_WIDTH - WIDTH - 10}px"},
        )

    # Callbacks: they copy values and set flags, nothing else.

    @property
    def _key(self) -> Key:
        return Setting(
            self.width.value, self.share.value, self.teacher.value
        ), self.first.value

    def _look(self) -> None:
        self.refresh()
        if not self._runner.busy:
            recorded = self._key not in self.rows and self._found()
            self._meter.value = (
                "Recorded. Start runs the seeds here." if recorded else ""
            )
        self.say(sentence(self._found(), self.cell))

    def _choose(self, cell: int) -> None:
        self.cell = cell
        self._look()

    def _start(self, seeds: int | None = None) -> None:
        self.error = None
        key, seeds = self._key, seeds or self.seeds.value
        self._runner.start(lambda run: self._train(run, key, seeds), self._tell)

    def state(self) -> dict:
        """The controls, the chosen cell, and how many seeds of it ran here."""
        return super().state() | {
            "cell": self.cell,
            "ran": len({r["seed"] for r in self.rows.get(self._key, [])}),
        }

    def restore(self, state: dict) -> None:
        """Sets the controls and the cell, and runs as many seeds as had run; errors:
        see Panel.restore.
        """
        state = dict(state)
        cell, ran = state.pop("cell", None), state.pop("ran", None)
        if cell not in range(len(CELLS)) or ran not in range(MOST + 1):
            raise ValueError(
                f"a landscape has cells 0 to {len(CELLS) - 1} and up to {MOST} seeds, got cell {cell}, ran {ran}"
            )
        super().restore(state)
        self._choose(cell)
        if ran:
            self._start(ran)

    # From here on: the thread of the run.

    def _train(self, run: Run, key: Key, seeds: int) -> None:
        setting, first = key
        data = self._data.to(device_of(STUDENT))
        hooks = {"on_batch": lambda step: run.gate()}
        with self._lock:
            self.rows[key], self._curves[key] = [], {}
        self._began, self._next = time.monotonic(), 0.0
        run.gate()
        self._meter.value = "Training the teacher"
        if setting.teacher not in self._teachers and setting.teacher != TEACHERS[1]:
            self._teachers[setting.teacher] = teach(data, setting.teacher, **hooks)
        for k, seed in enumerate(range(first, first + seeds)):
            said = f"Seed {k + 1} of {seeds} · {len(CELLS) + 1} students at once, {(len(CELLS) + 1) * k} done"
            self._curves[key] = self._curves[key] | {seed: []}
            follow = partial(self._after_epoch, key=key, seed=seed, said=said)
            rows = grid(
                data,
                setting,
                seed,
                self._teachers.get(setting.teacher),
                on_epoch=follow,
                **hooks,
            )
            with self._lock:
                self.rows[key] = self.rows[key] + rows
            self.redraw()

    def _after_epoch(self, row: dict, key: Key, seed: int, said: str) -> None:
        """Collects the members of an epoch; draws while the map has no seed yet."""
        if row["stage"] != "distil":
            return
        self._epoch = [
            *(self._epoch if row["member"] else []),
            row["student validation accuracy"],
        ]
        if len(self._epoch) <= len(CELLS):
            return
        self._curves[key][seed].append(self._epoch)
        now = time.monotonic()
        if now >= self._next:
            self._meter.value = (
                f"{said}, epoch {row['epoch']}, {now - self._began:.0f} s"
            )
            if not self.rows[key]:
                self.redraw()
            end = time.monotonic()
            self._next = end + max(OFTEN, SHARE * (end - now))

    def _tell(self, state: str, error: Exception | None) -> None:
        """Hears of every change of state."""
        self.pause.description = "Resume" if state == "paused" else "Pause"
        if state == "running":
            self.say(
                "Training: the map fills in, seed by seed. Press a cell to see its runs."
            )
            return
        self.redraw()
        if error:
            self.fail(error)
        elif not self.error:
            self._meter.value = (
                f"{state.capitalize()} after {time.monotonic() - self._began:.0f} s."
            )
            self.say(f"{state.capitalize()}. {tally(self._found())}")

    def _found(self) -> Map | None:
        """What is on show: what ran here with these settings, else what was recorded, else nothing."""
        setting, first = key = self._key
        rows = (
            self.rows[key]
            if key in self.rows
            else None
            if first
            else self._recorded.get(setting.name)
        )
        return Map(rows, self.control.value) if rows else None

    def draw(self) -> Picture:
        found, curves = self._found(), self._curves.get(self._key, {})
        for k, (cell, (said, back, ink)) in enumerate(
            zip(self.cells, faces(found, curves))
        ):
            cell.description, cell.tooltip = said, sentence(found, k)
            cell.style.button_color, cell.style.text_color = back, ink
            cell.layout.border = (
                f"2px solid {'#000000' if k == self.cell else 'transparent'}"
            )
        return picture(found, self.cell, curves)

    def face(self) -> dict:
        self.settle()
        return {
            "image/png": b64encode(still(self._found(), self._key[0].name)).decode()
        }


def _recorded(data: Data) -> dict[str, list[dict]]:
    """The recorded maps by name, where they were made of these data."""
    try:
        rows = records.recorded("playground")
    except ValueError:
        return {}
    if rows.attrs["data"] != data.source:
        return {}
    return {name: part.to_dict("records") for name, part in rows.groupby("map")}


def _choice(name: str, options, value, width: str) -> widgets.Dropdown:
    style = {"description_width": "initial"}
    return widgets.Dropdown(
        description=name,
        options=list(options),
        value=value,
        style=style,
        layout={"width": width},
    )


def _label(text: str) -> widgets.HTML:
    return widgets.HTML(f'<div style="text-align:center;font-size:12px">{text}</div>')
