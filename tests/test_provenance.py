"""What made a number, as plain values that can be compared."""

import platform
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial, wraps
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch

import kdsurvey
from kdsurvey import provenance
from kdsurvey.data import Data
from kdsurvey.provenance import ABSENT, difference, plain


@dataclass(frozen=True)
class Setting:
    lr: float
    shape: tuple = (1, 2)


def maker(rate):
    def made():
        return rate

    return made


@wraps(maker)
def wrapped():
    return None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ("word", "word"),
        (1.5, 1.5),
        (np.float64(0.5), 0.5),
        (np.arange(3), [0, 1, 2]),
        (torch.tensor([[1, 2]]), [[1, 2]]),
        ((1, [2, (3,)]), [1, [2, [3]]]),
        ({"b", "a"}, ["a", "b"]),
        (frozenset({2, 1}), [1, 2]),
        (range(2, 5), [2, 3, 4]),
        (Path("a/b"), "a/b"),
        (torch.float32, "torch.float32"),
        (torch.device("cpu"), "cpu"),
        (OrderedDict(a={1: 2}), {"a": {"1": 2}}),
        ({(1, 2): 3, None: 4}, {"[1, 2]": 3, "None": 4}),
        (Setting(0.1), {"lr": 0.1, "shape": [1, 2]}),
        (Setting, "Setting"),
        (maker, "maker"),
        (wrapped, "maker"),
        (maker(0.1), {"function": "maker.<locals>.made", "rate": 0.1}),
        (partial(maker, 3), {"function": "maker", "0": 3}),
        (partial(maker, rate=Setting), {"function": "maker", "rate": "Setting"}),
        (lambda x: x + 1, "lambda x: x + 1"),
    ],
    ids=lambda value: "",
)
def test_settings_become_plain_values(value, expected):
    assert plain(value) == expected


def test_what_no_record_can_hold_is_named_with_its_place():
    with pytest.raises(
        ValueError, match=r"^settings\.a\[1\]\.b is <object .* no record"
    ):
        plain({"a": [1, {"b": object()}]})
    with pytest.raises(ValueError, match=r"^choices\[0\] is 1j"):
        plain([1j], "choices")


@pytest.mark.parametrize(
    ("here", "there", "first"),
    [
        ({"a": 1}, {"a": 1}, None),
        ({"a": 1}, {"a": 2}, ("s.a", 1, 2)),
        ({"a": 1}, {}, ("s.a", 1, ABSENT)),
        ({}, {"a": 1}, ("s.a", ABSENT, 1)),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ("s.a.b[1]", 2, 3)),
        ([1], [1, 2], ("s[1]", ABSENT, 2)),
        ([1], {"a": 1}, ("s", [1], {"a": 1})),
        ({"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 2, "c": 2}, ("s.b", 1, 2)),
    ],
)
def test_the_first_difference_is_found(here, there, first):
    assert difference(here, there, "s") == first
    if first and first[0] == "s.a":
        assert difference(here, there)[0] == "a"


def test_the_parts_of_data_are_counted(toy):
    assert provenance.parts(toy) == {"train": 96, "validation": 30, "test": 40}
    without = Data(toy.train, toy.test, toy.classes, toy.source)
    assert provenance.parts(without) == {"train": 96, "test": 40}


def test_versions_name_what_runs(monkeypatch):
    monkeypatch.setenv("KDSURVEY_THREADS", "2")
    assert provenance.versions() == {
        "torch": version("torch"),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "threads": 2,
        "kdsurvey": kdsurvey.__version__,
        "commit": provenance.commit(),
    }
