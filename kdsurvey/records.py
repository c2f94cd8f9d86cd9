"""Rows kept for later readers, with everything that made them.

A record is a file of JSON Lines, LESSON/EXPERIMENT.jsonl. Its first line is the header:
the experiment, its lesson, the data, how many examples each part of it has, and all
settings. Then, for every seed, one line says how long that seed took and in which
versions ({"run": 0, "seconds": ..., "versions": ...}), and its rows follow, a line each.

The records that the pages print come with the package and are only read. New rows go to
the folder $KDSURVEY_RESULTS, or else to results/ in the working directory; a reader who
wants those asks for them: `recorded(name, results_dir())`.
"""

import inspect
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock

from kdsurvey import data as data_sets
from kdsurvey import provenance, threads
from kdsurvey.data import Data
from kdsurvey.progress import bar
from kdsurvey.store import replacing

SHIPPED = files("kdsurvey") / "results"  # the records that come with the package
FORMAT = 1
# (data, seed) -> rows, each with "arm" and "seed"
Run = Callable[[Data, int], list[dict]]


@dataclass(frozen=True)
class Experiment:
    """A recorded experiment: a function of data and a seed that returns rows, with
    everything that decides them.

    Called like the function that it wraps. data: a function that loads the data it is
    recorded on; embedded: whether that data comes with the package. settings: name ->
    whatever decides the numbers, other than data and seed.
    """

    run: Run
    data: Callable[[], Data]
    embedded: bool
    settings: Mapping[str, Any]

    def __call__(self, data: Data, seed: int) -> list[dict]:
        with threads.of_a_run():
            return self.run(data, seed)

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def __wrapped__(self) -> Run:  # so that its source can be shown
        return self.run


def digits() -> Data:
    """Load the 5,000 digits that come with the package, 500 of the training images held
    out for validation.
    """
    return data_sets.mnist_5k().hold_out(500)


def experiment(
    *,
    settings: Mapping[str, Any],
    data: Callable[[], Data] = digits,
    embedded: bool = True,
) -> Callable[[Run], Experiment]:
    """Make a function of data and a seed a recorded experiment.

    `lessons.experiments()` collects them. settings: everything that decides the rows,
    of the kinds that `provenance.plain` takes; data: what it is recorded on, the digits
    that come with the package where nothing is said; embedded: False where that data
    has to be downloaded first.
    """

    def wrap(run: Run) -> Experiment:
        return Experiment(run, data, embedded, settings)

    return wrap


@dataclass
class Record:
    """The content of a record file. runs: seed -> its line, without its rows."""

    header: dict[str, Any]
    runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path | Traversable) -> "Record":
        """Read a record file. Raises ValueError where a line of it is damaged."""
        texts = path.read_text("utf-8").splitlines()
        if not texts:
            raise ValueError(f"{path} is empty; delete it, and record it again")
        header, *lines = map(_parsed(path), texts)
        runs = {line["run"]: line for line in lines if "run" in line}
        return cls(header, runs, [line for line in lines if "run" not in line])

    def add(self, seed: int, run: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        """Add the rows of a seed, in place of those that are there."""
        self.runs[seed] = {"run": seed, **run}
        self.rows = [row for row in self.rows if row["seed"] != seed] + rows

    def write(self, path: Path) -> None:
        """Write the file in one step; a reader sees the old content or the new one."""
        lines = [self.header]
        for seed in sorted(self.runs):
            lines += [self.runs[seed], *(r for r in self.rows if r["seed"] == seed)]
        with replacing(path) as file:
            for line in lines:
                file.write(json.dumps(line, default=_number).encode() + b"\n")

    def refuse_others(self, header: dict[str, Any], path: Path) -> None:
        """Raise ValueError where rows of another header would join those of this one."""
        different = provenance.difference(self.header, header)
        if different:
            name, there, here = different
            raise ValueError(
                f"{path} holds rows of {name} = {there!r}, this run has {here!r}; "
                "delete the file, or set KDSURVEY_RESULTS to another folder"
            )


def results_dir() -> Path:
    """The folder of new records: $KDSURVEY_RESULTS, read at every call, else results/
    in the working directory. It may not exist yet.
    """
    return Path(os.environ.get("KDSURVEY_RESULTS") or "results").expanduser()


def record(
    name: str,
    experiment: Run | Experiment,
    data: Data,
    seeds: Iterable[int],
    folder: Path | None = None,
) -> Path:
    """Run an experiment for each seed, and keep its rows after every seed.

    They go to folder/LESSON/NAME.jsonl, where the rows of other seeds stay; folder: by
    default `results_dir()`. Several processes may record into one file at once. Returns
    the path. Raises ValueError, before the first seed and before every writing, where
    the file holds rows of other data or settings.
    """
    header = _header(experiment, data)
    path = Path(folder or results_dir()) / header["lesson"] / f"{name}.jsonl"
    kept_at(path, header)
    versions = provenance.versions()
    for seed in bar(list(seeds), text=name):
        start = time.perf_counter()
        rows = experiment(data, seed)
        seconds = round(time.perf_counter() - start, 1)
        with _lock(path):
            kept = kept_at(path, header)
            kept.add(seed, {"seconds": seconds, "versions": versions}, rows)
            kept.write(path)
    return path


def kept_at(path: Path, header: dict[str, Any]) -> Record:
    """Read the record to add rows to, a new one where there is none.

    Raises ValueError where its header is another.
    """
    if not path.exists():
        return Record(header)
    kept = Record.read(path)
    kept.refuse_others(header, path)
    return kept


def recorded(name: str, folder: Path | None = None) -> pd.DataFrame:
    """Read the rows of an experiment as a table.

    folder: by default the records that come with the package, which the pages print;
    `results_dir()` has those made here. `.attrs` of the table has "experiment",
    "lesson", "data", "parts" (examples in each), "settings", "versions" (a list where
    seeds differ) and "seconds" (by seed). Raises ValueError when nothing is recorded
    under that name.
    """
    there = SHIPPED if folder is None else Path(folder)
    records = paths(there)
    if name not in records:
        similar = get_close_matches(name, records, n=3)
        advice = f"did you mean {' or '.join(similar)}? " if similar else ""
        raise ValueError(
            f"nothing is recorded as {name!r} in {there}; {advice}"
            f"To record it: kdsurvey record {name}"
        )
    kept = Record.read(records[name])
    table = pd.DataFrame(kept.rows)
    table.attrs.update(kept.header)
    table.attrs["experiment"] = f"{kept.header['lesson']}.{kept.header['experiment']}"
    runs = kept.runs.values()
    table.attrs["versions"] = _agreed([run["versions"] for run in runs])
    table.attrs["seconds"] = {str(run["run"]): run["seconds"] for run in runs}
    return table


def paths(folder: Path | Traversable) -> dict[str, Traversable]:
    """Find the record files in a folder of lessons: experiment -> path."""
    lessons = list(folder.iterdir()) if folder.is_dir() else []
    records = [
        path for lesson in lessons if lesson.is_dir() for path in lesson.iterdir()
    ]
    return {
        path.name.removesuffix(".jsonl"): path
        for path in sorted(records, key=lambda path: path.name)
        if path.name.endswith(".jsonl")
    }


def _header(experiment: Run | Experiment, data: Data) -> dict[str, Any]:
    run = inspect.unwrap(experiment)
    settings = experiment.settings if isinstance(experiment, Experiment) else {}
    return {
        "format": FORMAT,
        "experiment": run.__name__,
        "lesson": _lesson(run),
        "data": data.source,
        "parts": provenance.parts(data),
        "settings": provenance.plain(settings),
    }


def _lesson(run: Run) -> str:
    """The folder of the lesson that a function belongs to, else its module's name."""
    *_, folder, module = f".{run.__module__}".split(".")
    return folder if run.__module__.startswith("kdsurvey.lessons.") else module


def _lock(path: Path) -> FileLock:
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path.with_name(f".{path.name}.lock"))


def _parsed(path: Path | Traversable) -> Callable[[str], dict[str, Any]]:
    def parsed(line: str) -> dict[str, Any]:
        try:
            return json.loads(line)
        except ValueError as error:
            raise ValueError(
                f"{path} has a damaged line, {line[:60]!r}: {error}; delete that line, "
                "or the file"
            ) from error

    return parsed


def _number(value: Any) -> Any:
    """Write NumPy's numbers as JSON has them."""
    if isinstance(value, np.generic):
        return value.item()
    raise ValueError(
        f"a row holds {value!r}, which no record can; give numbers or words"
    )


def _agreed(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """One value where all runs have the same, else the list of them."""
    different = {key: list(dict.fromkeys(r.get(key) for r in runs)) for key in runs[0]}
    return {key: v[0] if len(v) == 1 else v for key, v in different.items()}
