"""Arms as data, and how they are trained."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import get_args

import pytest
import torch

from kdsurvey import lessons
from kdsurvey.lessons.alone import mean_doubt, on_labels, smoothing_of
from kdsurvey.lessons.arms import Arm, Role, alone_first, by_name, fit
from kdsurvey.methods import plain
from kdsurvey.nets import mlp
from kdsurvey.stage import Teacher
from kdsurvey.training import Config, accuracy

CONFIG = Config(epochs=2, batch_size=16, lr=0.05, device="cpu")


def test_an_arm_changes_the_config_and_a_run_may_change_it_more():
    arm = Arm("fast", plain, {"lr": 0.3})
    assert arm.config(CONFIG) == Config(epochs=2, batch_size=16, lr=0.3, device="cpu")
    assert arm.config(CONFIG, lr=0.1, seed=4).lr == 0.1
    assert arm.role == "method" and not Arm("alone", plain).changes


def arms_of(value) -> Iterator[Arm]:
    """The arms in a module's variable: alone, in a tuple or by name."""
    entries = value.values() if isinstance(value, dict) else value
    for entry in entries if isinstance(value, dict | tuple | list) else [value]:
        if isinstance(entry, Arm):
            yield entry


def test_what_an_arm_is_here_is_one_of_three_words():
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(lessons.__path__, "kdsurvey.lessons.")
        if module.name.endswith(("experiments", "budgets"))
    ]
    values = [value for module in modules for value in vars(module).values()]
    arms = [arm for value in values for arm in arms_of(value)]
    assert len(arms) > 30
    roles = set(get_args(Role))
    assert not [(arm.name, arm.role) for arm in arms if arm.role not in roles]


def test_arms_are_looked_up_by_name_and_no_two_share_one():
    arms = by_name(Arm("b", plain), Arm("a", plain))
    assert list(arms) == ["b", "a"]
    with pytest.raises(ValueError, match=r"\['a'\]"):
        by_name(*arms.values(), Arm("a", plain))


def test_the_first_arm_teaches_the_rest():
    heard = []

    def run(arm, teacher):
        heard.append((arm, teacher))
        return arm.upper()

    assert list(alone_first("abc", run)) == [("a", "A"), ("b", "B"), ("c", "C")]
    assert heard == [("a", None), ("b", "A"), ("c", "A")]


def test_a_run_that_diverges_is_kept_only_where_that_is_allowed(toy):
    wild = Config(epochs=2, batch_size=16, lr=1e30, device="cpu")
    net = mlp(128, 8, 3, seed=0)
    with pytest.raises(FloatingPointError):
        fit(net, plain(net), toy, wild)
    net = mlp(128, 8, 3, seed=0)
    assert fit(net, plain(net), toy, wild, may_diverge=True) is net


def test_on_labels_is_training_with_the_seed_and_the_smoothing(toy):
    seeds = [on_labels(mlp(128, 8, 3, seed=0), toy, CONFIG, seed) for seed in (0, 0, 1)]
    answers = [net(toy.test[0]) for net in seeds]
    assert torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])
    smooth = on_labels(mlp(128, 8, 3, seed=0), toy, CONFIG, 0, smoothing=0.5)
    assert not torch.equal(smooth(toy.test[0]), answers[0])
    assert accuracy(smooth, *toy.train) > 0


def test_smoothed_labels_are_as_sure_as_the_teacher(toy):
    net = on_labels(mlp(128, 8, 3, seed=0), toy, CONFIG, 0)
    smoothing, classes = smoothing_of(net, toy), len(toy.classes)
    on_the_label = 1 - smoothing + smoothing / classes
    assert on_the_label == pytest.approx(1 - mean_doubt(Teacher(net), toy))
    assert smoothing_of(Teacher(net), toy) == smoothing
