"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the fused classifier runs every head",
        "branches.py",
        "return self._fuse(self.maps(x))",
        "return self.parts(x)[1]",
    ),
    Fault(
        "FFL: arrows taken away swapped",
        "lessons/feature_fusion/experiments.py",
        '"FFL without ensemble KD", with_ffl, role="diagnostic", options={"to_fused": 0.0}',
        '"FFL without ensemble KD", with_ffl, role="diagnostic", options={"to_branches": 0.0}',
    ),
    Fault(
        "FFL: one arrow is left",
        "lessons/feature_fusion/experiments.py",
        '{"to_fused": 0.0, "to_branches": 0.0}',
        '{"to_fused": 0.0}',
    ),
    Fault(
        "ONE: ramp forgotten",
        "lessons/feature_fusion/experiments.py",
        'with_one, role="diagnostic", options={"ramp": RAMP}',
        'with_one, role="diagnostic"',
    ),
    Fault(
        "heads: mean of their losses",
        "lessons/feature_fusion/experiments.py",
        'as_heads, role="control", times=COUNT',
        'as_heads, role="control"',
    ),
    Fault(
        "heads: weight decay grows with the rate",
        "lessons/arms.py",
        "config.weight_decay / factor",
        "config.weight_decay",
    ),
    Fault(
        "smoothing of nothing",
        "lessons/alone.py",
        "smoothing=smoothing_of(other, data)",
        "smoothing=0.0 * smoothing_of(other, data)",
    ),
    Fault(
        "a wider net that costs more",
        "lessons/feature_fusion/experiments.py",
        "SHAPE, 8, 48, hidden=64",
        "SHAPE, 8, 48, hidden=128",
    ),
    Fault(
        "clean labels that are not",
        "lessons/feature_fusion/experiments.py",
        "clean = mutual_learning.clean_digits(data, seed)",
        "clean = mutual_learning.digits(data, seed)",
    ),
    Fault(
        "one choice for all",
        "lessons/feature_fusion/experiments.py",
        "config=CHOICES[choice]) -> Learnt",
        "config=CHOICES[LONG]) -> Learnt",
    ),
    Fault(
        "smoothed by the net of another choice",
        "lessons/feature_fusion/experiments.py",
        "learnt(arm.name, seed, data, config, alone)",
        "learnt(arm.name, seed, data, config, learnt.__dict__.setdefault(arm.name, alone))",
    ),
    Fault(
        "a pair of equal nets",
        "lessons/feature_fusion/experiments.py",
        "1000 if first == second else 0",
        "0",
    ),
    Fault(
        "right labels counted as learnt by heart",
        "lessons/feature_fusion/experiments.py",
        "data.train[1] != right]",
        "data.train[1] == data.train[1]]",
    ),
    Fault(
        "an average without its heads",
        "lessons/feature_fusion/pictures.py",
        '"FFL (average)": Mixed(net, None)',
        '"FFL (average)": fused',
    ),
]
