"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "one-way weighs its targets as hinton does",
        "lessons/mutual_learning/experiments.py",
        "alpha=0.5",
        "alpha=0.9",
    ),
    Fault(
        "one-way forgets that decay doubles with the rate",
        "lessons/arms.py",
        "decay = config.weight_decay / factor",
        "decay = config.weight_decay",
    ),
    Fault(
        "peers at once take turns",
        "lessons/mutual_learning/experiments.py",
        "dml(pair, turns=False, labelled",
        "dml(pair, turns=True, labelled",
    ),
    Fault(
        "a net is its own teacher",
        "lessons/mutual_learning/experiments.py",
        "reversed(teachers or pair)",
        "teachers or pair",
    ),
    Fault(
        "smoothing forgets the right class's share",
        "lessons/alone.py",
        "doubt * classes / (classes - 1)",
        "doubt",
    ),
    Fault(
        "every seed has the same wrong labels",
        "lessons/mutual_learning/experiments.py",
        "few.mislabelled(noise, seed)",
        "few.mislabelled(noise, 0)",
    ),
    Fault(
        "a sum of divergences weighs as their mean",
        "lessons/mutual_learning/experiments.py",
        "weight=group.weight, turns=False",
        "turns=False",
    ),
    Fault(
        "peers of one seed are those of the next",
        "lessons/mutual_learning/experiments.py",
        "1000 * k + seed",
        "k + seed",
    ),
    Fault(
        "an ensemble of one",
        "lessons/mutual_learning/experiments.py",
        "nets.Ensemble(group)",
        "nets.Ensemble(group[:1])",
    ),
    Fault(
        "the images are not standardised",
        "lessons/mutual_learning/experiments.py",
        "(images - x.mean()) / x.std()",
        "images",
    ),
    Fault(
        "the target's temperature is lost",
        "lessons/mutual_learning/pictures.py",
        "kl(T * p.log(), z, T)",
        "kl(p.log(), z, T)",
    ),
    Fault(
        "relative noise is absolute",
        "lessons/flatness.py",
        "if relative else sigma",
        "if not relative else sigma",
    ),
    Fault(
        "noise adds up over the draws",
        "lessons/flatness.py",
        "noisy = copy.deepcopy(net)",
        "noisy = net",
    ),
    Fault(
        "weight decay that decays nothing",
        "lessons/mutual_learning/experiments.py",
        "replace(config, weight_decay=DECAY)",
        "config",
    ),
    Fault(
        "a gain over another seed",
        "lessons/mutual_learning/pictures.py",
        'rows["seed"].map(base)',
        "base.mean()",
    ),
    Fault(
        "weights are chosen arm by arm",
        "lessons/mutual_learning/claims.py",
        "assign(arm=peers, choice",
        'assign(arm=number["arm"], choice',
    ),
    Fault(
        "a sum with the weight of the next",
        "lessons/mutual_learning/pictures.py",
        "K = 2, weight {K - 1}",
        "K = 2, weight {max(2, K - 2)}",
    ),
    Fault(
        "steps that nobody counts",
        "lessons/mutual_learning/experiments.py",
        "net.register_forward_hook(lambda net, x, z: seen.append(1))",
        "seen.append(1)",
    ),
]
