"""Rows kept for later readers: what was run, on which data, with which settings and
versions, beside the numbers.
"""

import inspect
import json
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from kdsurvey import data as data_sets
from kdsurvey.data import Data
from kdsurvey.progress import bar
from kdsurvey.store import replacing

FOLDER = Path(__file__).parent.parent / "results"
# (data, seed) -> rows, each with "arm" and "seed"
Run = Callable[[Data, int], list[dict]]


@dataclass(frozen=True)
class Experiment:
    """A recorded experiment: a function of data and a seed that returns rows, with everything that decides them.

    Called like the function that it wraps. data: a function that loads the data it is recorded on; embedded: whether
    that data comes with the package. settings: name -> whatever decides the numbers, other than data and seed.
    """

    run: Run
    data: Callable[[], Data]
    embedded: bool
    settings: Mapping[str, Any]

    def __call__(self, data: Data, seed: int) -> list[dict]:
        return self.run(data, seed)

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def __wrapped__(self) -> Run:  # so that its source can be shown
        return self.run


def digits() -> Data:
    """Load the 5,000 digits that come with the package, 500 of the training images held out for validation."""
    return data_sets.mnist_5k().hold_out(500)


def experiment(
    *,
    settings: Mapping[str, Any],
    data: Callable[[], Data] = digits,
    embedded: bool = True,
) -> Callable[[Run], Experiment]:
    """Make a function of data and a seed a recorded experiment; `lessons.experiments()` collects them.

    settings: everything that decides the rows, as plain values, dataclasses, mappings, sequences or functions;
    data: what it is recorded on, the digits that come with the package where nothing is said;
    embedded: False where that data has to be downloaded first.
    """

    def wrap(run: Run) -> Experiment:
        return Experiment(run, data, embedded, settings)

    return wrap


def record(
    name: str,
    experiment: Run | Experiment,
    data: Data,
    seeds: Iterable[int],
    folder: Path = FOLDER,
) -> Path:
    """Runs the experiment for each seed and keeps its rows in folder/NAME.json,
    replaced whole after every seed.

    Rows of other seeds that are there already stay, if the experiment and the data are
    the same; else ValueError.
    """
    path, about = Path(folder) / f"{name}.json", _about(experiment, data)
    kept = (
        json.loads(path.read_text())
        if path.exists()
        else {**about, "seconds": {}, "rows": []}
    )
    for key in ("experiment", "data", "settings"):
        if kept[key] != about[key]:
            raise ValueError(
                f"{path} holds {key} {kept[key]!r}, this run has {about[key]!r}; delete the file to start anew"
            )
    for seed in bar(list(seeds), text=name):
        start = time.perf_counter()
        rows = experiment(data, seed)
        kept["seconds"][str(seed)] = round(time.perf_counter() - start, 1)
        kept["rows"] = sorted(
            [r for r in kept["rows"] if r["seed"] != seed] + rows,
            key=lambda r: r["seed"],
        )
        kept["versions"] = about["versions"]
        _write(path, kept)
    return path


def recorded(name: str, folder: Path = FOLDER) -> pd.DataFrame:
    """The rows of folder/NAME.json as a table; `.attrs` has "experiment", "data",
    "settings", "versions" and "seconds".

    Raises ValueError when nothing was recorded under that name.
    """
    path = Path(folder) / f"{name}.json"
    if not path.exists():
        raise ValueError(
            f"nothing is recorded as {path}; record it with: python -m kdsurvey.lessons {name}"
        )
    kept = json.loads(path.read_text())
    table = pd.DataFrame(kept.pop("rows"))
    table.attrs.update(kept)
    return table


def _about(experiment: Run | Experiment, data: Data) -> dict:
    experiment = inspect.unwrap(experiment)
    module = inspect.getmodule(experiment)
    settings = {
        k.lower(): asdict(v)
        for k, v in vars(module).items()
        if k.isupper() and hasattr(v, "__dataclass_fields__")
    }
    versions = {package: version(package) for package in ("torch", "numpy")} | {
        "python": platform.python_version()
    }
    return {
        "experiment": f"{module.__name__}.{experiment.__name__}",
        "data": data.source,
        "settings": json.loads(json.dumps(settings, default=str)),
        "versions": versions
        | {"machine": platform.machine(), "threads": torch.get_num_threads()},
    }


def _write(path: Path, kept: dict) -> None:
    rows = ",\n  ".join(json.dumps(r) for r in kept["rows"])
    head = json.dumps({k: v for k, v in kept.items() if k != "rows"}, indent=1)
    with replacing(path) as file:
        file.write(f'{head[:-2]},\n "rows": [\n  {rows}\n ]\n}}\n'.encode())
