"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "native: no distillation, and it is there",
        "lessons/native_ensemble/experiments.py",
        '"no distillation", with_one, role="diagnostic", options={"weight": 0.0}',
        '"no distillation", with_one, role="diagnostic"',
    ),
    Fault(
        "native: no sharing, and all share",
        "lessons/native_ensemble/experiments.py",
        "make=partial(parted, shared=0)",
        "make=partial(parted, shared=1)",
    ),
    Fault(
        "native: no gate, and it is there",
        "lessons/native_ensemble/experiments.py",
        '"no gate", with_one, role="diagnostic", options={"own_gate": False}',
        '"no gate", with_one, role="diagnostic"',
    ),
    Fault(
        "native: heads learn from the mean",
        "lessons/native_ensemble/experiments.py",
        'as_heads, role="control", times=COUNT',
        'as_heads, role="control"',
    ),
    Fault(
        "native: a sum whose decay is three times too strong",
        "lessons/arms.py",
        "config.weight_decay / factor",
        "config.weight_decay",
    ),
    Fault(
        "native: three nets that start alike",
        "lessons/branched_nets.py",
        "self.make(1000 * k + seed) for k",
        "self.make(seed) for k",
    ),
    Fault(
        "native: smoothed as the first net is sure",
        "lessons/branched_nets.py",
        "alone[0] if alone else several",
        "[alone[0][0]] * self.count if alone else several",
    ),
    Fault(
        "native: smoothed as nets of another choice are sure",
        "lessons/native_ensemble/experiments.py",
        "run(arm.name, data, config, alone)",
        "run(arm.name, data, config, run.__dict__.setdefault(arm.name, alone))",
    ),
    Fault(
        "native: every seed has one order",
        "lessons/native_ensemble/experiments.py",
        "replace(CHOICES[choice], seed=seed)",
        "CHOICES[choice]",
    ),
    Fault(
        "native: clean labels are redrawn",
        "lessons/native_ensemble/experiments.py",
        "clean_digits(data, seed), seed, CLEAN",
        "digits(data, seed), seed, CLEAN",
    ),
    Fault(
        "native: equal loss to the nets alone",
        "lessons/native_ensemble/experiments.py",
        'trained["ONE"][1]',
        'trained["alone"][1]',
    ),
    Fault(
        "native: a gate that is left in another mode",
        "lessons/native_ensemble/experiments.py",
        "with in_eval(parts):\n        return",
        "if True:\n        return",
    ),
    Fault(
        "native: the first step's gate without its batch",
        "lessons/native_ensemble/experiments.py",
        "parts.train(training)",
        "parts",
    ),
    Fault(
        "native: entropy in nats",
        "lessons/native_ensemble/experiments.py",
        "/ math.log(a.shape[1])",
        "",
    ),
    Fault(
        "native: watched after the first epoch",
        "lessons/native_ensemble/experiments.py",
        "seen[0].softmax(1), seen[-1]",
        "seen[1].softmax(1), seen[-1]",
    ),
    Fault(
        "native: alike and yet apart",
        "lessons/native_ensemble/experiments.py",
        "branched(lambda _: small(seed)",
        "branched(lambda k: small(k)",
    ),
    Fault(
        "native: detached after all",
        "lessons/native_ensemble/experiments.py",
        "(z_e / T).softmax(-1).expand_as(z)",
        "(z_e / T).softmax(-1).expand_as(z).detach()",
    ),
    Fault(
        "agreement of the first two nets",
        "lessons/flatness.py",
        "combinations(tests, 2)",
        "combinations(tests[:2], 2)",
    ),
    Fault(
        "the length furthest from the loss",
        "lessons/flatness.py",
        "best = min(tried",
        "best = max(tried",
    ),
    Fault(
        "native: three nets for the price of one",
        "lessons/branched_nets.py",
        "self.count * training_cost",
        "training_cost",
    ),
    Fault(
        "native: before and after swapped",
        "lessons/native_ensemble/pictures.py",
        '("before", before), ("after", after)',
        '("before", after), ("after", before)',
    ),
]
