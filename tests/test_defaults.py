"""What a call without options does is promised: the papers' defaults, and seeds."""

from dataclasses import fields
from inspect import Parameter, signature

import pytest

from kdsurvey import (
    branches,
    data,
    losses,
    measures,
    methods,
    nets,
    surgery,
    training,
    verdicts,
)
from kdsurvey.config import Config

DEFAULTS = {
    methods.apprentice: {
        "scheme": "A",
        "weight_bits": 2,
        "activation_bits": 8,
        "alpha": 1.0,
        "beta": 0.5,
        "gamma": 0.5,
        "match": "cross-entropy",
        "fine_lr": 0.1,
        "ends": False,
    },
    methods.ban: {
        "generations": 1,
        "target": "ban",
        "redrawn": False,
        "generator": None,
    },
    methods.codistil: {
        "every": 50,
        "burn_in": 0.2,
        "exchange": "weights",
        "T": 1.0,
        "weight": 1.0,
    },
    methods.dml: {
        "T": 1.0,
        "target": "mean",
        "weight": 1.0,
        "turns": True,
        "labelled": None,
    },
    methods.ffl: {"T": 3.0, "ramp": 80 / 300, "to_fused": 1.0, "to_branches": 1.0},
    methods.fitnets: {
        "regressor": None,
        "T": 3.0,
        "lam": (4.0, 1.0),
        "hint_epochs": 0.4,
        "hint_lr": None,
        "seed": 0,
    },
    methods.fsp: {
        "teacher_pairs": None,
        "lam": None,
        "permutation": None,
        "flow_epochs": 1 / 3,
        "flow_lr": 2.0,
    },
    methods.hinton: {"T": 4.0, "alpha": 0.9},
    methods.joint_hints: {
        "beta": 0.01,
        "regressor": None,
        "T": 3.0,
        "lam": (4.0, 1.0),
        "seed": 0,
    },
    methods.one: {"T": 3.0, "ramp": 0.0, "weight": 1.0},
    methods.plain: {"smoothing": 0.0},
    methods.virtual_teacher: {"T": 20.0, "alpha": 0.1, "a": 0.99},
    losses.dkpp_targets: {"generator": None, "noise": None},
    losses.entropy: {"T": 1.0},
    losses.kl: {"T": 1.0},
    losses.soft_cross_entropy: {"T": 1.0},
    losses.soften: {"T": 1.0},
    surgery.Precision: {
        "weight_bits": 2,
        "activation_bits": 8,
        "threshold": 0.7,
        "of": "mean",
        "scaled": True,
        "top": 1.0,
    },
    surgery.deepen: {"data": None},
    surgery.lower: {"precision": None, "ends": False},
    surgery.quantise_activations: {"top": 1.0},
    surgery.ternarise: {"threshold": 0.7, "of": "mean"},
    surgery.widen: {"noise": 0.0, "generator": None},
    measures.calibration_error: {"bins": 10},
    measures.reliability: {"bins": 10},
    nets.conv: {"classes": 10, "seed": None},
    nets.conv_mlp: {"hidden": 64, "classes": 10, "seed": None},
    nets.mlp: {"dropout": 0.0, "norm": False, "seed": None},
    nets.residual: {"blocks": 1, "classes": 10, "seed": None},
    data.Data.hold_out: {"seed": 0},
    data.Data.validated: {"n": 500},
    data.Data.fraction: {"seed": 0},
    data.Data.mislabelled: {"seed": 0},
    data.image_folder: {"channels": None},
    branches.branched: {"seed": 0},
    branches.fusion: {"seed": None},
    branches.gate: {"size": 1, "seed": None},
    training.train: {"on_epoch": None, "on_batch": None, "progress": True},
    verdicts.chosen: {"by": "arm", "column": "validation accuracy", "least": False},
    verdicts.judge: {"unit": "points", "margin": 0.0, "confidence": 0.95},
    verdicts.judge_rows: {"by": "seed", "what": None},
}
CONFIG = {
    "epochs": 10,
    "batch_size": 128,
    "lr": 0.1,
    "momentum": 0.9,
    "weight_decay": 0.0,
    "schedule": "one-cycle",
    "precision": "fp32",
    "device": "auto",
    "optimiser": "sgd",
    "nesterov": False,
    "jitter": 0,
}


def optional(function) -> dict:
    """The arguments that may be left out, and what they are then."""
    parameters = signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not Parameter.empty}


@pytest.mark.parametrize("function", DEFAULTS, ids=lambda f: f.__qualname__)
def test_defaults_are_what_they_were(function):
    assert optional(function) == DEFAULTS[function]


def test_a_config_without_settings_is_what_it_was():
    config = {field.name: field.default for field in fields(Config)}
    assert {name: config[name] for name in CONFIG} == CONFIG
    assert set(config) - set(CONFIG) == {"seed"}  # of the environment


def test_every_method_is_listed():
    public = {getattr(methods, name) for name in methods.__all__}
    assert {method for method in public if optional(method)} <= set(DEFAULTS)
