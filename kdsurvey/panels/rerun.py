"""Run every seed of a recorded experiment here, and show it beside the record."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from kdsurvey import records
from kdsurvey.lessons.rows import at, columns
from kdsurvey.panels.kit.background import Run
from kdsurvey.panels.kit.controls import row
from kdsurvey.panels.kit.panel import PAGE_WIDTH, Panel
from kdsurvey.panels.kit.training_panel import TrainingPanel
from kdsurvey.pictures import Axis, Chart, Picture, Points, Table


def rerun(
    name: str,
    column: str = "errors",
    *,
    folder: Path | None = None,
    place: str | None = None,
    **only: object,
) -> Panel:
    """Make a panel that runs every recorded seed of an experiment once more.

    They run in a process of their own, which Stop ends at once. name: of the recorded
    experiment; column: what is compared, mean over seeds, arm by arm. folder: where the
    record lies, by default in the package. place: as for live_training. only:
    column=value, the rows that count, where a seed has several of an arm, such as
    choice="15 epochs"; all are run in any case. Raises ValueError when nothing is
    recorded under that name, and when no row is left.
    """
    return Rerun(name, column, folder=folder, place=place, only=only)


class Rerun(TrainingPanel):
    """The record and what runs here; see `rerun`.

    `recorded` is the table of recorded rows, `here` that of the rows that this machine
    has made so far, None before the first.
    """

    text = (
        "(panel: run every recorded seed here. Run and Stop; dots, one an arm, recorded "
        "and here)"
    )
    about = (
        "Dots, one an arm: the mean over the recorded seeds, and the mean over the seeds "
        "that ran here"
    )
    start_label = "Run every seed here"
    seed = None

    def __init__(
        self,
        name: str,
        column: str,
        *,
        folder: Path | None,
        place: str | None,
        only: Mapping[str, object],
    ):
        super().__init__(place)
        self._name = name
        self._column = column
        self._only = only
        self.recorded = self._rows_in(folder)
        self.here: pd.DataFrame | None = None
        self.seeds = sorted(self.recorded["seed"].unique())
        self._arms = list(dict.fromkeys(self.recorded["arm"]))
        minutes = sum(self.recorded.attrs["seconds"].values()) / 60
        self.start.layout.width = "auto"
        self.arrange(
            f"Recorded: {name}, {len(self.seeds)} seeds, about {minutes:.0f} minutes",
            row(self.start, self.stop),
        )

    @property
    def rows(self) -> list[dict]:
        """The rows that ran here."""
        return [] if self.here is None else self.here.to_dict("records")

    def prepare(self, again: None) -> Callable[[Run], None]:
        """Return the run of all seeds; see TrainingPanel."""
        self.here = None
        return self._work

    def _work(self, run: Run) -> None:
        """Run the experiment in a process of its own; its last words are the error."""
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            with open(log, "wb") as output:
                process = subprocess.Popen(
                    self._command(folder),
                    stdout=output,
                    stderr=output,
                    env=os.environ | {"PYTHONPATH": _path_of_the_package()},
                )
                try:
                    self._follow(run, process, Path(folder))
                finally:
                    process.kill()
                    process.wait()
            if process.returncode > 0:
                raise RuntimeError(log.read_text().strip().splitlines()[-1])

    def _command(self, folder: str) -> list[str]:
        seeds = f"{min(self.seeds)}-{max(self.seeds)}"
        record = [sys.executable, "-m", "kdsurvey", "record"]
        return [*record, self._name, "--seeds", seeds, "--folder", folder]

    def _follow(self, run: Run, process: subprocess.Popen, folder: Path) -> None:
        """Show each seed as it is done; run.gate() raises when the reader presses Stop."""
        done = 0
        while process.poll() is None or done < len(self.seeds):
            run.gate()
            if self._name in records.paths(folder):
                self.here = self._rows_in(folder)
            if self.here is not None and self.here["seed"].nunique() > done:
                done = self.here["seed"].nunique()
                self.say(f"{done} of {len(self.seeds)} seeds done.")
                self.refresh()
            elif process.poll() is not None:
                return
            run.rest(0.2)

    def _rows_in(self, folder: Path | None) -> pd.DataFrame:
        rows = records.recorded(self._name, folder)
        columns(rows, self._column)
        return at(rows, **self._only) if self._only else rows

    def sentence(self, state: str) -> str:
        if state == "running":
            return "Running the first seed …"
        return (
            f"{state.capitalize()}. The picture shows the seeds that ran here beside the "
            "recorded ones."
        )

    def draw(self) -> Picture:
        tables = {"recorded": self.recorded}
        if self.here is not None:
            tables["here"] = self.here
        only = [
            value if isinstance(value, str) else f"{name} {value}"
            for name, value in self._only.items()
        ]
        where = "".join(f", {words}" for words in only)
        return picture(tables, self._arms, self._column, where)


def _path_of_the_package() -> str:
    """Return a PYTHONPATH with which another process finds this package."""
    package = str(Path(records.__file__).parents[1])
    others = os.environ.get("PYTHONPATH")
    return os.pathsep.join(filter(None, [package, others]))


def picture(
    tables: Mapping[str, pd.DataFrame], arms: Sequence[str], column: str, where: str
) -> Picture:
    """Draw mean ± s.d. over the seeds of each arm, a marker for every table of rows.

    tables: name -> rows. where: which rows, to be said beside the name of the column.
    """
    marks, cells = [], {arm: [arm] for arm in arms}
    for k, (name, rows) in enumerate(tables.items()):
        by_arm = rows.groupby("arm")[column].agg(["mean", "std"]).reindex(arms)
        places = np.arange(len(arms)) + 0.24 * k
        look = {"role": k, "spread": by_arm["std"], "across": True, "legend": name}
        marks.append(Points(by_arm["mean"], places, size=9, **look))
        for arm, mean in by_arm["mean"].items():
            cells[arm].append(f"{mean:.4g}")
    chart = Chart(
        marks,
        Axis(f"{column}{where}, mean ± s.d. over seeds", most=8),
        Axis("", (len(arms) - 0.4, -0.4), ticks=range(len(arms)), names=arms),
        legend="right",
    )
    table = Table(f"{column}, mean over seeds", ["arm", *tables], list(cells.values()))
    height = 96 + 29 * len(arms)
    return Picture({"arms": chart}, width=PAGE_WIDTH, height=height, tables=[table])
