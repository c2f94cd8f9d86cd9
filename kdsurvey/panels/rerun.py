"""Every seed of a recorded experiment once more, on the reader's machine, beside the record."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from kdsurvey import records
from kdsurvey.panels.kit.background import Run, Runner, Running
from kdsurvey.panels.kit.controls import button, row
from kdsurvey.panels.kit.panel import PAGE_WIDTH, Panel
from kdsurvey.pictures import Axis, Chart, Picture, Points, Table


def rerun(
    name: str,
    column: str = "errors",
    *,
    folder: Path | None = None,
    place: str | None = None,
    **only,
) -> Panel:
    """A panel with one button: runs every recorded seed of the experiment in a process
    of its own, which Stop ends at once.

    name: of the recorded experiment; column: what is compared, mean over seeds, arm by
    arm. folder: where the record lies, by default in the package. only: column=value, the rows that count, where a
    seed has several of an arm: choice="15 epochs". All are run in any case. Raises
    ValueError when nothing is recorded under that name, and when no row is left.
    """
    return Rerun(name, column, folder, place, only)


class Rerun(Running, Panel):
    """See `rerun`. `here` is the table of rows that this machine has made so far, None
    before the first.
    """

    text = "(panel: run every recorded seed here. Run and Stop; dots, one an arm, recorded and here)"
    about = "Dots, one an arm: the mean over the recorded seeds, and the mean over the seeds that ran here"

    def __init__(self, name, column, folder, place, only):
        super().__init__()
        self._name = name
        self._column = column
        self._only = only
        self._runner = Runner(place)
        self._recorded = self._rows(folder)
        self.seeds, self.here = sorted(self._recorded["seed"].unique()), None
        minutes = sum(self._recorded.attrs["seconds"].values()) / 60
        self.start = button("Run every seed here", style="primary")
        self.stop = button("Stop", width="80px")
        self.click(self.start, self._start)
        self.click(self.stop, self._runner.stop)
        self._arms = list(dict.fromkeys(self._recorded["arm"]))
        self.arrange(
            f"Recorded: {name}, {len(self.seeds)} seeds, about {minutes:.0f} minutes",
            row(self.start, self.stop),
        )

    def _start(self) -> None:
        self.error, self.here = None, None
        self._runner.start(self._work, self._tell)

    def _work(self, run: Run) -> None:
        with tempfile.TemporaryDirectory() as folder:
            seeds = f"{min(self.seeds)}-{max(self.seeds)}"
            command = [
                sys.executable,
                "-m",
                "kdsurvey",
                "record",
                self._name,
                "--seeds",
                seeds,
                "--folder",
                folder,
            ]
            package = str(Path(records.__file__).parents[1])
            others = os.environ.get("PYTHONPATH")
            path = os.pathsep.join(filter(None, [package, others]))
            with open(Path(folder) / "said", "w+b") as said:
                process = subprocess.Popen(
                    command,
                    stdout=said,
                    stderr=said,
                    env=os.environ | {"PYTHONPATH": path},
                )
                try:
                    self._follow(run, process, Path(folder))
                finally:
                    process.kill()
                    process.wait()
                said.seek(0)
                if process.returncode > 0:
                    raise RuntimeError(said.read().decode().strip().splitlines()[-1])

    def _follow(self, run: Run, process: subprocess.Popen, folder: Path) -> None:
        """Shows each seed as it is done; run.gate() raises when the reader presses Stop."""
        done = 0
        while process.poll() is None or done < len(self.seeds):
            run.gate()
            if self._name in records.paths(folder):
                self.here = self._rows(folder)
            if self.here is not None and self.here["seed"].nunique() > done:
                done = self.here["seed"].nunique()
                self.say(f"{done} of {len(self.seeds)} seeds done.")
                self.refresh()
            elif process.poll() is not None:
                return
            run.rest(0.2)

    def _rows(self, folder: Path | None) -> pd.DataFrame:
        rows = records.recorded(self._name, folder)
        for column, value in self._only.items():
            rows = rows[rows[column] == value]
        if rows.empty:
            raise ValueError(
                f"no row of {self._name} has {self._only}; its columns are {', '.join(rows)}"
            )
        return rows

    def _tell(self, state: str, error: Exception | None) -> None:
        if error:
            self.fail(error)
        elif state == "running":
            self.say("Running the first seed …")
        else:
            self.say(
                f"{state.capitalize()}. The picture shows the seeds that ran here beside the recorded ones."
            )

    def draw(self) -> Picture:
        """Return what the panel shows."""
        tables = {"recorded": self._recorded}
        if self.here is not None:
            tables["here"] = self.here
        only = (
            f", {value if isinstance(value, str) else f'{name} {value}'}"
            for name, value in self._only.items()
        )
        return picture(tables, self._arms, self._column, "".join(only))


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
    table = Table(f"{column}, mean over seeds", ["arm", *tables], cells.values())
    height = 96 + 29 * len(arms)
    return Picture({"arms": chart}, width=PAGE_WIDTH, height=height, tables=[table])
