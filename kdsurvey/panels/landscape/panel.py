"""Where does distillation help? A map of T by alpha, trained live, every cell of which
can be opened.
"""

import time
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

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
from kdsurvey.panels.kit.background import Run, until_next
from kdsurvey.panels.kit.controls import Choice, Number, row
from kdsurvey.panels.kit.panel import PAGE_WIDTH, Panel
from kdsurvey.panels.kit.training_panel import TrainingPanel
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
SHARES = (("all", 1.0), ("30 %", 0.3), ("10 %", 0.1), ("3 %", 0.03))
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
    """Make a panel with a map: what a teacher gains, T by alpha, and its significance.

    Start trains one student a cell and the controls, seed by seed, and the map fills
    in; press a cell to see its runs. A seed deals the images to the parts and trains a
    teacher of its own. Where the data are the digits that come with the
    package, maps that were recorded are shown until one has run here. data: with a
    validation part, or 500 training images are held out. width: of WIDTHS; share: of
    SHARES; seeds: 2 to MOST. place: as for live_training. Raises ValueError for other
    widths, shares or numbers of seeds.
    """
    shares = tuple(value for _, value in SHARES)
    if width not in WIDTHS or share not in shares or not 2 <= seeds <= MOST:
        raise ValueError(
            f"landscape: need width in {WIDTHS}, share in {shares}, seeds from 2 to "
            f"{MOST}; got width={width}, share={share}, seeds={seeds}"
        )
    return Landscape(data, place=place, width=width, share=share, seeds=seeds)


class Landscape(TrainingPanel):
    """The map; see `landscape`.

    `ran` holds what ran here, setting and first seed -> rows of `lessons.playground.grid`,
    and `curves` their validation accuracies, seed -> epochs -> a number for each cell and
    the control; `recorded` holds the recorded maps, name -> rows; `cells` are the buttons
    of the map, and `cell` is the one that is open.
    """

    kind = "landscape"
    text = (
        "(panel: landscape. A map of gains, T by alpha; width, images, teacher, control "
        "and seeds; Start, Pause, Stop)"
    )
    about = (
        "Two charts: the accuracies of the chosen cell and of its control seed by seed, "
        "and how they learned"
    )

    width = Choice("Student's units", 16, WIDTHS, width=190, label_width="initial")
    share = Choice("Images it sees", 1.0, SHARES, width=190, label_width="initial")
    teacher = Choice("Teacher", TEACHERS[0], TEACHERS, width=290, label_width="initial")
    control = Choice(
        "Gain over the same net with",
        CONTROLS[0],
        CONTROLS,
        width=380,
        label_width="initial",
    )
    seeds = Number("Seeds", 10, 2, MOST, width=140, label_width="initial")
    first = Number("First seed", 0, width=140, label_width="initial")
    seed = None

    def __init__(self, data: Data, *, place: str | None = None, **starts: float):
        super().__init__(place, **starts)
        self._data = data.validated()
        self.cell = CELLS.index((4.0, 0.9))
        self.recorded = _recorded(self._data)
        self.ran: dict[Key, list[dict]] = {}
        self.curves: dict[Key, dict[int, list]] = {}
        self._epoch: list[float] = []  # accuracies of the members measured so far
        self._teachers: dict[tuple[str, int], Teacher] = {}
        for control in (self.width, self.share, self.teacher, self.control, self.first):
            self.watch(control, self._look)
        self.arrange(
            "Where does distillation help?",
            row(self.width, self.share, self.teacher),
            row(self.control, self.seeds, self.first),
            row(*self.buttons, self.meter_line),
            picture=self._page(),
            width=WIDTH,
        )
        self._look()

    def _page(self) -> widgets.HBox:
        """Build the map, a button for each cell, beside the picture.

        Buttons work with the mouse, the keyboard and a screen reader, in every front end.
        """
        layout = {"width": "auto", "height": "40px", "margin": "1px"}
        self.cells = [widgets.Button(layout=layout) for _ in CELLS]
        for k, cell in enumerate(self.cells):
            self.click(cell, partial(self._open, k))
        lines = [widgets.HTML(), *(_label(f"α = {alpha:g}") for alpha in ALPHAS)]
        buttons = iter(self.cells)
        for T in TEMPERATURES:
            lines += [_label(f"T = {T:g}"), *islice(buttons, len(ALPHAS))]
        columns = f"56px repeat({len(ALPHAS)}, 1fr)"
        grid_layout = {"grid_template_columns": columns, "align_items": "center"}
        style = "font-size:12px;line-height:1.4;padding-left:58px"
        note = widgets.HTML(f'<div style="{style}">{LEGEND}</div>')
        left = widgets.VBox(
            [widgets.GridBox(lines, layout=grid_layout), note],
            layout={"width": f"{PAGE_WIDTH - WIDTH - 10}px"},
        )
        return widgets.HBox([left, self.view], layout={"align_items": "flex-start"})

    @property
    def key(self) -> Key:
        """What the controls choose: the setting of the map, and its first seed."""
        setting = Setting(self.width.value, self.share.value, self.teacher.value)
        return setting, self.first.value

    @property
    def rows(self) -> list[dict]:
        """The rows that ran here with these settings."""
        return self.ran.get(self.key, [])

    @property
    def shown(self) -> Map | None:
        """The map on show: what ran here, else what was recorded; None without rows."""
        rows = self.rows if self.key in self.ran else self._recorded_rows()
        return Map(rows, self.control.value) if rows else None

    def _recorded_rows(self) -> list[dict]:
        setting, first = self.key
        if first:  # recorded maps begin with seed 0
            return []
        return self.recorded.get(setting.name, [])

    # Callbacks: they copy values and set flags, nothing else.

    def _look(self) -> None:
        self.refresh()
        shown = self.shown
        if not self.busy:
            here = self.key in self.ran
            recorded = "Recorded. Start runs the seeds here."
            self.meter = recorded if shown and not here else ""
        self.say(sentence(shown, self.cell))

    def _open(self, cell: int) -> None:
        self.cell = cell
        self._look()

    def prepare(self, again: int | None) -> Callable[[Run], None]:
        """Return the training of a map. again: seeds, where a permalink has run some."""
        return partial(self._train, key=self.key, seeds=again or self.seeds.value)

    def state(self) -> dict:
        """Return the controls, the open cell, and how many seeds of the map ran here."""
        ran = len({row["seed"] for row in self.rows})
        return super().state() | {"cell": self.cell, "ran": ran}

    def restore(self, state: dict) -> None:
        """Set the controls and the cell, and run as many seeds as had run.

        Errors: see Panel.restore.
        """
        state = dict(state)
        cell, ran = state.pop("cell", None), state.pop("ran", None)
        if cell not in range(len(CELLS)) or ran not in range(MOST + 1):
            raise ValueError(
                f"a landscape has cells 0 to {len(CELLS) - 1} and up to {MOST} seeds, "
                f"got cell {cell}, ran {ran}"
            )
        super().restore(state)
        self._open(cell)
        if ran:
            self.begin(ran)

    # From here on: the thread of the run.

    def _train(self, run: Run, key: Key, seeds: int) -> None:
        _, first = key
        hooks = {"on_batch": lambda step: run.gate()}
        with self._lock:
            self.ran[key] = []
            self.curves[key] = {}
        self._began = time.monotonic()
        self.next_redraw = 0.0
        run.gate()
        try:
            self._train_seeds(range(first, first + seeds), key, hooks)
        finally:
            self._forget_part_of_a_seed(key)

    def _train_seeds(self, seeds: range, key: Key, hooks: dict[str, Any]) -> None:
        """Train the map of each seed on images dealt by it, all its students at once."""
        students = len(CELLS) + 1
        for k, seed in enumerate(seeds):
            self.curves[key] = self.curves[key] | {seed: []}
            progress = (
                f"Seed {k + 1} of {len(seeds)} · {students} students at once, "
                f"{students * k} done"
            )
            hooks["on_epoch"] = partial(
                self._after_epoch, key=key, seed=seed, progress=progress
            )
            data = self._data.dealt(seed).to(device_of(STUDENT))
            teacher = self._taught(data, key[0].teacher, seed, hooks)
            rows = grid(data, key[0], seed, teacher, **hooks)
            with self._lock:
                self.ran[key] = self.ran[key] + rows
            self.redraw()

    def _forget_part_of_a_seed(self, key: Key) -> None:
        """Leave out the curves of a seed that was stopped, as a permalink does."""
        done = {row["seed"] for row in self.ran[key]}
        if done:
            curves = self.curves[key].items()
            self.curves[key] = {seed: curve for seed, curve in curves if seed in done}

    def _taught(self, data: Data, kind: str, seed: int, hooks: dict) -> Teacher | None:
        """Return the seed's teacher of this kind, trained once; None where a map trains
        its own.
        """
        if kind == TEACHERS[1]:
            return None
        if (kind, seed) not in self._teachers:
            self.meter = f"Training the teacher of seed {seed}"
            self._teachers[kind, seed] = teach(data, kind, seed, **hooks)
        return self._teachers[kind, seed]

    def _after_epoch(self, row: dict, key: Key, seed: int, progress: str) -> None:
        """Collect the members of an epoch; draw while the map has no seed yet."""
        if row["stage"] != "distil":
            return
        members = self._epoch if row["member"] else []
        self._epoch = [*members, row["student validation accuracy"]]
        if len(self._epoch) <= len(CELLS):
            return
        self.curves[key][seed].append(self._epoch)
        now = time.monotonic()
        if now < self.next_redraw:
            return
        self.meter = f"{progress}, epoch {row['epoch']}, {now - self._began:.0f} s"
        if not self.ran[key]:
            self.redraw()
        end = time.monotonic()
        self.next_redraw = end + until_next(end - now, SHARE, OFTEN)

    def hear(self, state: str, error: Exception | None) -> None:
        """Take in a change of state; the meter keeps how long a run took."""
        super().hear(state, error)
        if state != "running" and not self.error:
            seconds = time.monotonic() - self._began
            self.meter = f"{state.capitalize()} after {seconds:.0f} s."

    def sentence(self, state: str) -> str:
        if state == "running":
            return "Training: the map fills in, seed by seed. Press a cell to see its runs."
        return f"{state.capitalize()}. {tally(self.shown)}"

    def draw(self) -> Picture:
        shown = self.shown
        curves = self.curves.get(self.key, {})
        for k, (text, back, ink) in enumerate(faces(shown, curves)):
            cell = self.cells[k]
            cell.description = text
            cell.tooltip = sentence(shown, k)
            cell.style.button_color = back
            cell.style.text_color = ink
            border = "#000000" if k == self.cell else "transparent"
            cell.layout.border = f"2px solid {border}"
        return picture(shown, self.cell, curves)

    @property
    def still(self) -> Picture:
        """The whole map as a picture, for a page without a kernel."""
        setting, _ = self.key
        return still(self.shown, setting.name)

    def face(self) -> dict[str, str]:
        """Return the whole map as a picture, for a page without a kernel."""
        self.settle()
        return {"image/png": b64encode(self.still.png()).decode()}


def _recorded(data: Data) -> dict[str, list[dict]]:
    """Return the recorded maps by name, where they were made of these data."""
    try:
        rows = records.recorded("playground")
    except ValueError:
        return {}
    if rows.attrs["data"] != data.source:
        return {}
    return {name: part.to_dict("records") for name, part in rows.groupby("map")}


def _label(text: str) -> widgets.HTML:
    return widgets.HTML(f'<div style="text-align:center;font-size:12px">{text}</div>')
