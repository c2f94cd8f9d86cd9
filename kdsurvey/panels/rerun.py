"""Every seed of a recorded experiment once more, on the reader's machine, beside the record."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from kdsurvey import records
from kdsurvey.panels.kit.background import Run, Runner, Running
from kdsurvey.panels.kit.charts import table
from kdsurvey.panels.kit.controls import button, row
from kdsurvey.panels.kit.panel import PAGE_WIDTH, Panel
from kdsurvey.plots import COLOURS, canvas, png


def rerun(
    name: str,
    column: str = "errors",
    *,
    folder: Path = records.FOLDER,
    place: str | None = None,
    **only,
) -> Panel:
    """A panel with one button: runs every recorded seed of the experiment in a process
    of its own, which Stop ends at once.

    name: of the recorded experiment; column: what is compared, mean over seeds, arm by
    arm. folder: where the record lies. only: column=value, the rows that count, where a
    seed has several of an arm: choice="15 epochs". All are run in any case. Raises
    ValueError when nothing is recorded under that name, and when no row is left.
    """
    return Rerun(name, column, Path(folder), place, only)


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
        self._figure, self._axis = canvas(PAGE_WIDTH / 90, 1 + 0.3 * len(self._arms))
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
                "kdsurvey.lessons",
                self._name,
                "--seeds",
                seeds,
                "--folder",
                folder,
            ]
            path = os.pathsep.join(
                filter(None, [str(records.FOLDER.parent), os.environ.get("PYTHONPATH")])
            )
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
            if (folder / f"{self._name}.json").exists():
                self.here = self._rows(folder)
            if self.here is not None and self.here["seed"].nunique() > done:
                done = self.here["seed"].nunique()
                self.say(f"{done} of {len(self.seeds)} seeds done.")
                self.refresh()
            elif process.poll() is not None:
                return
            run.rest(0.2)

    def _rows(self, folder: Path) -> pd.DataFrame:
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

    def draw(self) -> tuple[bytes, str]:
        arms, axis = self._arms, self._axis
        tables = [self._recorded] + ([self.here] if self.here is not None else [])
        axis.clear()
        rows: dict[str, list] = {arm: [arm] for arm in arms}
        for k, (seeds, name) in enumerate(zip(tables, ("recorded", "here"))):
            by_arm = (
                seeds.groupby("arm")[self._column].agg(["mean", "std"]).reindex(arms)
            )
            place = np.arange(len(arms)) + 0.24 * k
            axis.errorbar(
                by_arm["mean"],
                place,
                xerr=by_arm["std"],
                fmt="ox"[k],
                ms=7,
                capsize=3,
                color=COLOURS[k],
                label=name,
            )
            for arm, mean in by_arm["mean"].items():
                rows[arm].append(f"{mean:.4g}")
        axis.set_yticks(range(len(arms)), arms)
        axis.invert_yaxis()
        where = "".join(
            f", {value if isinstance(value, str) else f'{name} {value}'}"
            for name, value in self._only.items()
        )
        axis.set_xlabel(f"{self._column}{where}, mean ± s.d. over seeds")
        axis.legend(
            fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5)
        )
        head = ["arm", "recorded", "here"][: 1 + len(tables)]
        return png(self._figure), table(
            f"{self._column}, mean over seeds", head, rows.values()
        )
