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
        '"FFL without ensemble KD": {"to_fused": 0.0}',
        '"FFL without ensemble KD": {"to_branches": 0.0}',
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
        "branched_nets.with_one(seed, ramp=RAMP)",
        "branched_nets.with_one(seed)",
    ),
    Fault(
        "heads: mean of their losses",
        "lessons/feature_fusion/experiments.py",
        "lr=branched_nets.COUNT * config.lr, weight_decay",
        "lr=config.lr, weight_decay",
    ),
    Fault(
        "heads: weight decay grows with the rate",
        "lessons/feature_fusion/experiments.py",
        "config.weight_decay / branched_nets.COUNT",
        "config.weight_decay",
    ),
    Fault(
        "smoothing of nothing",
        "lessons/feature_fusion/experiments.py",
        "smoothing_of(alone, data) if arm",
        "0.0 * smoothing_of(alone, data) if arm",
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
        "mutual_learning.clean_digits(data, seed), seed, (",
        "mutual_learning.digits(data, seed), seed, (",
    ),
    Fault(
        "one choice for all",
        "lessons/feature_fusion/experiments.py",
        "data, CHOICES[choice], alone)",
        "data, CHOICES[LONG], alone)",
    ),
    Fault(
        "smoothed by the net of another choice",
        "lessons/feature_fusion/experiments.py",
        "        alone = None\n        for arm in arms:",
        "        alone = rows or None\n        for arm in arms:",
    ),
    Fault(
        "a pair of equal nets",
        "lessons/feature_fusion/experiments.py",
        "1000 * (k and first == second) + seed",
        "seed",
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
    Fault(
        "a drawing without a branch",
        "lessons/feature_fusion/pictures.py",
        '// shapes["last map of a branch"][1]',
        '// shapes["last map of a branch"][1] - 1',
    ),
]
