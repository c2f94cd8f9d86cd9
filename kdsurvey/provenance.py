"""What made a number: settings as plain values, the parts of a data set, and the versions
of everything that ran.
"""

import ast
import platform
import subprocess
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache, partial, singledispatch
from importlib.metadata import version
from inspect import findsource, getclosurevars, isfunction, unwrap
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kdsurvey import __version__, threads
from kdsurvey.data import Data

ROOT = Path(__file__).parents[1]
ABSENT = "nothing"


def plain(value: Any, where: str = "settings") -> Any:
    """Write a setting as JSON has it, so that it can be stored and compared.

    value: None, a truth value, a number, a word, a tensor or an array; a collection or
    a dataclass of such; a function or a class, which becomes its name, with the values
    that it encloses or that `partial` has fixed; a lambda, which becomes its text.
    where: its name, for the message. Raises ValueError, with the remedy, for anything
    else.
    """
    inner = _inner(value)
    if isinstance(inner, Mapping):
        return {_key(key): plain(item, f"{where}.{key}") for key, item in inner.items()}
    if isinstance(inner, (list, tuple)):
        return [plain(item, f"{where}[{i}]") for i, item in enumerate(inner)]
    if inner is None or isinstance(inner, (str, bool, int, float)):
        return inner
    raise ValueError(
        f"{where} is {value!r}, which no record can hold; settings are numbers, words, "
        "functions, dataclasses, and collections of these"
    )


@singledispatch
def _inner(value: Any) -> Any:
    """What a value is made of: a mapping, a list, or one number or word."""
    if hasattr(value, "__qualname__") or hasattr(value, "__wrapped__"):
        function = unwrap(value)
        enclosed = getclosurevars(function).nonlocals if isfunction(function) else {}
        return _called(function, enclosed)
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return value


@_inner.register
def _(value: partial) -> Any:
    arguments = {str(i): argument for i, argument in enumerate(value.args)}
    return _called(value.func, arguments | value.keywords)


def _called(function: Any, values: Mapping[str, Any]) -> Any:
    """A function's name, with the values that it encloses or that are fixed for it."""
    name = function.__qualname__
    if name.endswith("<lambda>"):
        name = lambda_text(function)
    return {"function": name, **values} if values else name


def lambda_text(function: Any) -> str:
    """Write a lambda as its source has it, which is all that tells it from another.

    Where several begin on one line, their texts are joined.
    """
    lines, _ = findsource(function)
    line = function.__code__.co_firstlineno
    lambdas = [
        node
        for node in ast.walk(_tree("".join(lines)))
        if isinstance(node, ast.Lambda) and node.lineno == line
    ]
    return " | ".join(map(ast.unparse, lambdas))


@lru_cache(maxsize=4)
def _tree(source: str) -> ast.Module:
    return ast.parse(source)


@_inner.register(set)
@_inner.register(frozenset)
def _(value: Set) -> list:
    return sorted(value, key=repr)


@_inner.register(np.generic)
@_inner.register(np.ndarray)
@_inner.register(torch.Tensor)
def _(value: Any) -> Any:
    return value.tolist()


@_inner.register(Path)
@_inner.register(torch.dtype)
@_inner.register(torch.device)
def _(value: Any) -> str:
    return str(value)


@_inner.register
def _(value: range) -> list:
    return list(value)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(plain(key, "a key"))


def difference(here: Any, there: Any, name: str = "") -> tuple[str, Any, Any] | None:
    """Find the first place where two plain values differ: its name and what either has.

    None where they are equal; `ABSENT` stands for what one of them lacks.
    """
    if here == there:
        return None
    pairs: list[tuple[str, Any, Any]] = []
    if isinstance(here, dict) and isinstance(there, dict):
        keys = dict.fromkeys([*here, *there])
        pairs = [
            (
                f"{name}.{key}" if name else key,
                here.get(key, ABSENT),
                there.get(key, ABSENT),
            )
            for key in keys
        ]
    if isinstance(here, list) and isinstance(there, list):
        both = zip_longest(here, there, fillvalue=ABSENT)
        pairs = [(f"{name}[{i}]", *pair) for i, pair in enumerate(both)]
    for inner, one, other in pairs:
        first = difference(one, other, inner)
        if first:
            return first
    return name, here, there


def parts(data: Data) -> dict[str, int]:
    """Count the examples in each part of a data set: train, validation, test."""
    pairs = {"train": data.train, "validation": data.validation, "test": data.test}
    return {part: len(pair[1]) for part, pair in pairs.items() if pair is not None}


def versions() -> dict[str, Any]:
    """Name what runs here: versions of torch, numpy, Python and this package, its
    commit (see `commit`), the machine, and the number of torch's threads.
    """
    return {
        "torch": version("torch"),
        "numpy": version("numpy"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "threads": threads.number(),
        "kdsurvey": __version__,
        "commit": commit(),
    }


@cache
def commit() -> str | None:
    """Name the commit of the checkout that this package is imported from.

    It ends in "-dirty" where a file of Python differs from it; None outside a checkout.
    """
    head = _git("rev-parse", "--show-toplevel", "HEAD")
    if head is None or Path(head.split("\n")[0]).resolve() != ROOT.resolve():
        return None
    changed = _git("status", "--porcelain", "--", "kdsurvey/*.py")
    return head.split("\n")[1] + ("-dirty" if changed else "")


def _git(*words: str) -> str | None:
    command = ["git", "-C", str(ROOT), *words]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()
