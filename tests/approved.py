"""What was looked at once, and kept: exhibits, which a test compares with what is shown now.

An `exhibits.py` beside tests has EXHIBITS, name -> a function of no arguments; what it
returns (pictures, tables, widgets, arrays) is kept in approved/NAME.json beside it. After
a change that is meant, write them anew, and read what git shows to have changed:

    python tests/approved.py panels
"""

import json
import math
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from functools import singledispatch
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import pandas as pd
import torch

HERE = Path(__file__).parent
DIGITS = 5  # of a number that is kept
NEAR = 2e-4  # relative: what another processor computes is as near as that
FEW = 150  # numbers that are kept one by one; of more, what they are like
WIDTH = 88  # letters of a line, where one entry does not need more
ENDS = 2  # of a long list of words, those kept at either end

Exhibits = Mapping[str, Callable[[], object]]


@singledispatch
def plain(value: object) -> object:
    """Turn an exhibit into what JSON knows, without what is as it is by default."""
    if isinstance(value, list | tuple | range):
        return _of_list(list(value))
    if is_dataclass(value):
        return _of_fields(value)
    return value if isinstance(value, str | int | None) else str(value)


@plain.register
def _(value: float) -> object:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else str(value)


@plain.register
def _(value: np.generic) -> object:
    return plain(value.item())


@plain.register(np.ndarray)
@plain.register(torch.Tensor)
@plain.register(pd.Series)
@plain.register(pd.Index)
def _(value) -> object:
    return plain(value.tolist())


@plain.register
def _(value: pd.DataFrame) -> object:
    return plain({"rows": value.index, **value})


@plain.register
def _(value: Mapping) -> object:
    return {str(name): plain(entry) for name, entry in value.items()}


@plain.register
def _(widget: widgets.Widget) -> dict:
    """What a page shows of a widget: its type, what it holds, its look, and what is in it."""
    state = widget.get_state(drop_defaults=True)
    kept = {"is": state.get("_model_name", type(widget).__name__)}
    if getattr(widget.layout, "display", None) == "none":
        state.pop("value", None)  # folded away
    for name in state:
        value = getattr(widget, name)
        if name == "_options_labels":
            kept["options"] = _shortened(list(value))
        elif name in ("layout", "style"):
            kept[name] = _of_look(value)
        elif not name.startswith("_") and not isinstance(value, bytes | memoryview):
            kept[name] = plain(value)
    return {name: value for name, value in kept.items() if value not in ("", None)}


def _of_look(look: widgets.Widget) -> str:
    state = look.get_state(drop_defaults=True)
    shown = {name: v for name, v in state.items() if name[0] != "_" and v is not None}
    return "; ".join(f"{name}: {value}" for name, value in shown.items())


def _shortened(words: list[str]) -> list:
    if len(words) <= 6 * ENDS:
        return words
    return [*words[:ENDS], len(words), *words[-ENDS:]]


def _of_fields(value: object) -> dict:
    """The fields of a dataclass that are not as they are by default."""
    changed = [f for f in fields(value) if not _is_default(getattr(value, f.name), f)]
    named = {field.name: plain(getattr(value, field.name)) for field in changed}
    return {"is": type(value).__name__} | named


def _is_default(value: object, field: Field) -> bool:
    return type(value) is type(field.default) and value == field.default


def _of_list(values: list) -> object:
    flat = [*_numbers(values)]
    if len(flat) > FEW:
        middle, spread = np.nanmean(flat), np.nanstd(flat)
        about = {"numbers": len(flat), "mean": middle, "s.d.": spread}
        return plain(about | {"first": flat[0], "last": flat[-1]})
    return [plain(value) for value in values]


def _numbers(values: list) -> Iterator[float]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _numbers([*value])
        elif isinstance(value, np.ndarray):
            yield from value.ravel().tolist()
        elif isinstance(value, int | float | np.number):
            yield float(value)


def differences(now: object, kept: object, place: str = "") -> Iterator[str]:
    """Say where two exhibits, both plain, are not the same; numbers may be near."""
    if isinstance(now, dict) and isinstance(kept, dict):
        for name in dict.fromkeys([*kept, *now]):
            there = f"{place}/{name}"
            if name not in now or name not in kept:
                yield f"{there}: {'gone' if name in kept else 'new'}"
            else:
                yield from differences(now[name], kept[name], there)
    elif isinstance(now, list) and isinstance(kept, list) and len(now) == len(kept):
        for k, pair in enumerate(zip(now, kept)):
            yield from differences(*pair, f"{place}[{k}]")
    elif not _alike(now, kept):
        yield f"{place}: {now!r:.200}, kept is {kept!r:.200}"


def _alike(now: object, kept: object) -> bool:
    numbers = [type(value) in (int, float) for value in (now, kept)]
    if all(numbers):
        return math.isclose(now, kept, rel_tol=NEAR, abs_tol=1e-6)
    return type(now) is type(kept) and now == kept


def check(folder: Path, name: str, exhibit: object) -> None:
    """Fail where an exhibit is not as it was kept in a folder."""
    kept = json.loads(_path(folder, name).read_text("utf-8"))
    apart = [*differences(plain(exhibit), kept)]
    remedy = f"meant? python tests/approved.py {folder.name}"
    assert not apart, "\n".join([f"{name} changed ({remedy}):", *apart[:20]])


def _path(folder: Path, name: str) -> Path:
    return folder / "approved" / f"{name}.json"


def approve(folder: Path) -> None:
    """Keep all exhibits of a folder as they are now."""
    exhibits = runpy.run_path(str(folder / "exhibits.py"))["EXHIBITS"]
    for old in (folder / "approved").glob("*.json"):
        old.unlink()
    for name, make in exhibits.items():
        _path(folder, name).parent.mkdir(exist_ok=True)
        _path(folder, name).write_text(_laid_out(plain(make())) + "\n", "utf-8")


def _laid_out(value: object, indent: str = "") -> str:
    """Write JSON: on one line what is short, or all numbers, else a line for each part."""
    line = json.dumps(value, ensure_ascii=False)
    parts = isinstance(value, dict | list) and any(quote in line for quote in '"{')
    if len(indent) + len(line) <= WIDTH or not parts:
        return line
    inside = indent + " "
    if isinstance(value, list):
        parts, brackets = [_laid_out(part, inside) for part in value], "[]"
    else:
        names = (json.dumps(name, ensure_ascii=False) for name in value)
        texts = (_laid_out(part, inside) for part in value.values())
        parts, brackets = [": ".join(pair) for pair in zip(names, texts)], "{}"
    middle = f",\n{inside}".join(parts)
    return f"{brackets[0]}\n{inside}{middle}\n{indent}{brackets[1]}"


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    for word in sys.argv[1:]:
        approve(HERE / word)
