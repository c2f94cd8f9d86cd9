"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "native: no distillation, and it is there",
        "lessons/native_ensemble/experiments.py",
        "with_one(seed, weight=0.0)",
        "with_one(seed)",
    ),
    Fault(
        "native: no sharing, and all share",
        "lessons/native_ensemble/experiments.py",
        '"no sharing": (0, with_one)',
        '"no sharing": (1, with_one)',
    ),
    Fault(
        "native: no gate, and it is there",
        "lessons/native_ensemble/experiments.py",
        "with_one(seed, own_gate=False)",
        "with_one(seed)",
    ),
    Fault(
        "native: heads learn from the mean",
        "lessons/native_ensemble/experiments.py",
        'summed(config) if arm == "heads, labels" else config',
        "config",
    ),
    Fault(
        "native: a sum whose decay is three times too strong",
        "lessons/native_ensemble/experiments.py",
        "weight_decay=config.weight_decay / COUNT",
        "weight_decay=config.weight_decay",
    ),
    Fault(
        "native: three nets that start alike",
        "lessons/native_ensemble/experiments.py",
        "several = [separate[k] for",
        "several = [separate[0] for",
    ),
    Fault(
        "native: smoothed as the first net is sure",
        "lessons/native_ensemble/experiments.py",
        "zip(several, teachers[0] if teachers else several)",
        "zip(several, [teachers[0][0]] * COUNT if teachers else several)",
    ),
    Fault(
        "native: smoothed as nets of another choice are sure",
        "lessons/native_ensemble/experiments.py",
        "        alone = None\n        for arm in arms:",
        '        alone = alone if choice != "15 epochs" else None\n        for '
        "arm in arms:",
    ),
    Fault(
        "native: every seed has one order",
        "lessons/native_ensemble/experiments.py",
        "replace(CHOICES[choice], seed=seed), alone",
        "CHOICES[choice], alone",
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
        'why.training_loss(found["ONE"][1][0], data)',
        'why.training_loss(found["alone"][1][0], data)',
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
        "lessons/mutual_learning/flatness.py",
        "combinations(tests, 2)",
        "combinations(tests[:2], 2)",
    ),
    Fault(
        "the length furthest from the loss",
        "lessons/mutual_learning/flatness.py",
        "best = min(tried",
        "best = max(tried",
    ),
    Fault(
        "native: three nets for the price of one",
        "lessons/native_ensemble/pictures.py",
        "step = COUNT * training_cost",
        "step = training_cost",
    ),
    Fault(
        "native: before and after swapped",
        "lessons/native_ensemble/pictures.py",
        '("before", before), ("after", after)',
        '("before", after), ("after", before)',
    ),
]
