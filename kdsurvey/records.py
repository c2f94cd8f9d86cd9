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
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock

from kdsurvey import data as data_sets
from kdsurvey import provenance, ranges, threads, variables
from kdsurvey.data import Data
from kdsurvey.progress import bar
from kdsurvey.store import refuse_unwritable, replacing
from kdsurvey.suggest import meant

SHIPPED = files("kdsurvey") / "results"  # the records that come with the package
FORMAT = 1
HEADER = ("format", "experiment", "lesson", "data", "parts", "settings")
ELSEWHERE = "set KDSURVEY_RESULTS, or --folder of the command, to a folder that you can write to"
# folder that `recorded` reads first, and the names that it was asked for
_reading: ContextVar[tuple[Path | None, list[str]] | None] = ContextVar(
    "reading", default=None
)
# (data, seed) -> rows, each with "arm" and "seed"
Run = Callable[[Data, int], list[dict]]


@dataclass(frozen=True)
class Experiment:
    """A recorded experiment: a function of data and a seed that returns rows, with
    everything that decides them.

    Called like the function that it wraps. data: a function that loads the data it is
    recorded on; embedded: whether that data comes with the package. settings: name ->
    whatever decides the numbers, other than data and seed. dealt: each seed deals the
    examples to training, validation and test anew, so that the rows vary with them too.
    """

    run: Run
    data: Callable[[], Data]
    embedded: bool
    settings: Mapping[str, Any]
    dealt: bool = True

    def __call__(self, data: Data, seed: int) -> list[dict]:
        with threads.of_a_run():
            return self.run(data.dealt(seed) if self.dealt else data, seed)

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
    dealt: bool = True,
) -> Callable[[Run], Experiment]:
    """Make a function of data and a seed a recorded experiment.

    `lessons.experiments()` collects them. settings: everything that decides the rows,
    of the kinds that `provenance.plain` takes; data: what it is recorded on, the digits
    that come with the package where nothing is said; embedded: False where that data
    has to be downloaded first. dealt: each seed deals the examples to the parts anew;
    False for data whose parts are official, or not exchangeable.
    """
    if dealt:
        settings = {**settings, "split": "dealt anew by each seed"}

    def wrap(run: Run) -> Experiment:
        return Experiment(run, data, embedded, settings, dealt)

    return wrap


@dataclass
class Record:
    """The content of a record file. runs: seed -> its line, without its rows."""

    header: dict[str, Any]
    runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path | Traversable) -> "Record":
        """Read a record file.

        Raises ValueError, with the path and the remedy, where it is damaged.
        """
        texts = _text(path).split("\n")
        if texts[-1] == "":
            texts.pop()
        if not texts:
            raise _damaged(path, "is empty")
        header, *lines = map(_parsed(path), texts)
        _refuse_header(path, header)
        runs = [line for line in lines if "run" in line]
        rows = [line for line in lines if "run" not in line]
        _refuse_lines(path, runs, rows)
        return cls(header, {run["run"]: run for run in runs}, rows)

    def add(self, seed: int, run: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        """Add the rows of a seed, in place of those that are there.

        Raises ValueError for no row, a row of another seed, and what no record holds.
        """
        if not rows or any(row.get("seed") != seed for row in rows):
            raise ValueError(
                f"an experiment returned {len(rows)} rows for seed {seed}; give one or "
                f'more, each with "seed": {seed}'
            )
        for row in rows:
            _line(row)
        self.runs[seed] = {"run": seed, **run}
        self.rows = [row for row in self.rows if row["seed"] != seed] + rows

    def write(self, path: Path) -> None:
        """Write the file in one step; a reader sees the old content or the new one."""
        lines = [self.header]
        for seed in sorted(self.runs):
            lines += [self.runs[seed], *(r for r in self.rows if r["seed"] == seed)]
        with replacing(path, ELSEWHERE) as file:
            for line in lines:
                file.write(_line(line))

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
    return variables.folder("KDSURVEY_RESULTS") or Path("results")


def record(
    name: str,
    experiment: Run | Experiment,
    data: Data,
    seeds: Iterable[int],
    folder: Path | None = None,
) -> Path:
    """Run an experiment for each seed, and keep its rows after every seed.

    They go to folder/LESSON/NAME.jsonl, where the rows of other seeds stay; folder: by
    default `results_dir()`. Several processes may record into one file at once. The
    seconds that are kept with a seed are those of the processor: what else runs on the
    machine does not count. Returns the path. Raises ValueError, before the first seed
    and before every writing, where the file holds rows of other data or settings,
    OSError where nothing can be written.
    """
    seeds = _seeds(seeds)
    if not isinstance(name, str) or not re.fullmatch(r"[\w-][\w.-]*", name):
        raise ValueError(
            f"record({name!r}): give the experiment a name of letters, digits and _"
        )
    header = _header(experiment, data)
    path = Path(folder or results_dir()) / header["lesson"] / f"{name}.jsonl"
    refuse_unwritable(path, ELSEWHERE)
    kept_at(path, header)
    versions = provenance.versions()
    for seed in bar(seeds, text=name):
        start = time.process_time()
        rows = experiment(data, seed)
        seconds = round(time.process_time() - start, 1)
        with _lock(path):
            kept = kept_at(path, header)
            kept.add(seed, {"seconds": seconds, "versions": versions}, rows)
            kept.write(path)
    return path


def _seeds(seeds: Iterable[int]) -> list[int]:
    """Return the seeds, each once; raise ValueError for what is none."""
    given = list(seeds) if isinstance(seeds, Iterable) else []
    if not given or not all(ranges.whole(seed, 0) for seed in given):
        raise ValueError(
            f"record: seeds = {seeds!r}; give whole numbers of 0 or more, such as range(5)"
        )
    return list(dict.fromkeys(map(int, given)))


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
    if not isinstance(name, str):
        raise ValueError(f"recorded({name!r}): give the name of an experiment, a word")
    if not isinstance(folder, str | PathLike | None):
        raise ValueError(f"recorded: folder = {folder!r}; give a path, or None")
    there = SHIPPED if folder is None else variables.home(folder)
    records = paths(there)
    if folder is None:
        records |= _read_instead(name)
    if name not in records:
        advice = meant(name, records)
        raise ValueError(
            f"nothing is recorded as {name!r} in {there}; {advice and f'{advice} '}"
            f"To record it: kdsurvey record {name} --folder {there}"
        )
    kept = Record.read(records[name])
    table = pd.DataFrame(kept.rows)
    table.attrs.update(kept.header)
    table.attrs["experiment"] = f"{kept.header['lesson']}.{kept.header['experiment']}"
    runs = kept.runs.values()
    table.attrs["versions"] = _agreed([run["versions"] for run in runs])
    table.attrs["seconds"] = {str(run["run"]): run["seconds"] for run in runs}
    for shared in ("parts", "settings", "versions", "seconds"):
        table.attrs[shared] = _Shared(table.attrs[shared])
    return table


@contextmanager
def read_from(folder: Path | None = None) -> Iterator[list[str]]:
    """Let `recorded` read what a folder holds in place of what comes with the package.

    Yields the names that it is asked for, as they come: what a verdict is judged from.
    folder: None for nothing else than the package's own records.
    """
    asked: list[str] = []
    before = _reading.set((folder, asked))
    try:
        yield asked
    finally:
        _reading.reset(before)


def _read_instead(name: str) -> dict[str, Traversable]:
    """Note that a name is asked for; return the records of the folder of `read_from`."""
    reading = _reading.get()
    if reading is None:
        return {}
    folder, asked = reading
    asked.append(name)
    return paths(folder) if folder else {}


class _Shared(dict):
    """What all tables cut from one record share: pandas copies what a table's `.attrs`
    hold, whole, at every step.
    """

    def __deepcopy__(self, memo: dict) -> "_Shared":
        return self


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


def _text(path: Path | Traversable) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise _damaged(path, "holds bytes that are no text") from error


def _damaged(path: Path | Traversable, what: str) -> ValueError:
    return ValueError(f"{path} {what}; delete it, and record it again")


def _parsed(path: Path | Traversable) -> Callable[[str], dict[str, Any]]:
    def parsed(line: str) -> dict[str, Any]:
        try:
            values = json.loads(
                line, parse_constant=_refuse_constant, parse_float=_finite
            )
            if not isinstance(values, dict):
                raise ValueError("it is no object in braces")
            return values
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"{path} has a damaged line, {line[:60]!r}: {error}; delete that line, "
                "or the file"
            ) from error

    return parsed


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _finite(word: str) -> float:
    number = float(word)
    if not math.isfinite(number):
        raise ValueError(f"{word} is larger than any number here")
    return number


def _refuse_header(path: Path | Traversable, header: dict[str, Any]) -> None:
    missing = [name for name in HEADER if name not in header]
    if missing:
        raise _damaged(
            path, f"does not begin with a header: {', '.join(missing)} lacks"
        )
    if header["format"] != FORMAT:
        raise ValueError(
            f"{path} has the format {header['format']!r}, this version reads {FORMAT}; "
            "update kdsurvey, or delete the file"
        )
    tables = [name for name in ("parts", "settings") if type(header[name]) is not dict]
    words = [name for name in HEADER[1:4] if not isinstance(header[name], str)]
    if tables or words:
        wrong = ", ".join(tables + words)
        raise _damaged(path, f"has a header with another kind of {wrong}")


def _refuse_lines(path: Path | Traversable, runs: list[dict], rows: list[dict]) -> None:
    """Raise ValueError unless there are seeds, each with its line and a row or more."""
    seeds = [run["run"] for run in runs]
    of_rows = [row.get("seed") for row in rows]
    numbers = all(ranges.whole(seed, 0) for seed in seeds + of_rows)
    if not runs or not numbers or not all(map(_tells_all, runs)):
        raise _damaged(path, "lacks a seed, or its seconds or versions")
    if len(set(seeds)) < len(seeds):
        raise _damaged(path, "holds a seed twice")
    apart = sorted(set(of_rows) ^ set(seeds), key=str)
    if apart:
        raise _damaged(path, f"holds only a part of seed {', '.join(map(str, apart))}")


def _tells_all(run: dict[str, Any]) -> bool:
    """Return whether a seed's line has its seconds, a number, and its versions."""
    versions = run.get("versions")
    plain = isinstance(versions, dict) and not any(
        isinstance(value, list | dict) for value in versions.values()
    )
    return plain and ranges.weight(run.get("seconds"))


def _line(values: dict[str, Any]) -> bytes:
    try:
        return json.dumps(values, default=_number, allow_nan=False).encode() + b"\n"
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{values!r} cannot be recorded: {error}; give finite numbers, words, or "
            "None for what is missing"
        ) from error


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
