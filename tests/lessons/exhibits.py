"""What notebooks draw and list, from recorded rows and from nets that nobody trained."""

from functools import cache

import torch

from kdsurvey import data, nets
from kdsurvey.data import Data
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.born_again import pictures as born_again
from kdsurvey.lessons.distilling_mnist import full_mnist
from kdsurvey.lessons.distilling_mnist import pictures as distilling_mnist
from kdsurvey.lessons.ensemblenet import pictures as ensemblenet
from kdsurvey.lessons.feature_fusion import claims as fused
from kdsurvey.lessons.feature_fusion import pictures as feature_fusion
from kdsurvey.lessons.fitnets import claims as thin
from kdsurvey.lessons.fitnets import pictures as fitnets
from kdsurvey.lessons.fsp import claims as flows
from kdsurvey.lessons.fsp import pictures as fsp
from kdsurvey.lessons.low_precision import pictures as low_precision
from kdsurvey.lessons.low_precision.experiments import rounded
from kdsurvey.lessons.many_machines import pictures as many_machines
from kdsurvey.lessons.missing_three import pictures as missing_three
from kdsurvey.lessons.mutual_learning import pictures as mutual_learning
from kdsurvey.lessons.native_ensemble import claims as gated
from kdsurvey.lessons.native_ensemble import pictures as native_ensemble
from kdsurvey.lessons.net2net import claims as grown
from kdsurvey.lessons.net2net import exactness
from kdsurvey.lessons.net2net import pictures as net2net
from kdsurvey.lessons.rows import at
from kdsurvey.lessons.temperature import claims as weights
from kdsurvey.lessons.temperature import pictures as temperature
from kdsurvey.lessons.what_would_you_pick import pictures as what_would_you_pick
from kdsurvey.records import recorded


@cache
def digits() -> Data:
    return data.mnist_5k().fraction(0.05)


def waves(*shape: int) -> torch.Tensor:
    """Numbers that nobody drew, from -3 to 3."""
    return 3 * torch.arange(torch.Size(shape).numel()).sin().reshape(shape)


def of_temperature() -> dict:
    rows = recorded("softened")
    x, v = digits().test[0][3], waves(10)
    return {
        "entropy": temperature.by_temperature(rows, "entropy"),
        "noise": temperature.with_labels(rows, "noise"),
        "weights": temperature.by_weight(weights.at_best_rate()),
        "softer": temperature.softer(x, v, "7", (1.0, 4.0, 20.0)),
    }


def of_distilling_mnist() -> dict:
    return {
        "by temperature": distilling_mnist.by_temperature(recorded("widths"), 30),
        "full": full_mnist.table(),
    }


def of_missing_three() -> dict:
    rows = recorded("missing")
    column = "errors on removed corrected"
    return {"corrected": missing_three.by_temperature(rows, column)}


def of_fitnets() -> dict:
    best = thin.best_of_tries(recorded("fitnets_depths"))
    return {
        "by depth": fitnets.by_depth(best, "KD"),
        "paper": fitnets.beside_the_paper(best),
    }


def of_fsp() -> dict:
    pair = {
        name: nets.residual(1, 8, 16, 32, blocks=2, seed=seed)
        for seed, name in enumerate(("teacher", "untrained"))
    }
    race = flows.raced()
    middle = race[race["rate"] == race["rate"].median()]
    return {
        "gallery": fsp.gallery(pair, digits(), [0, 5]),
        "curves": fsp.curves(middle, list(dict.fromkeys(race["start"]))),
    } | {what: fsp.beside_the_paper(what) for what in fsp.PAPER}


def of_net2net() -> dict:
    deep, wide = recorded("net2net_deeper"), recorded("net2net_wider")
    arms = ["Net2Net, 0.1x", "Net2Net, 1x", "from scratch, 1x"]
    net = nets.conv(1, 4, 4, seed=0)
    doubled = nets.conv(1, 8, 4, seed=1)
    doubled[0][0].weight.data[4:] = doubled[0][0].weight.data[:4]
    return {
        "best": net2net.in_percent(grown.best(deep)).iloc[::20][net2net.COLUMNS],
        "just grown": net2net.just_grown(deep, wide).groupby("arm").mean(),
        "curves": net2net.curves(deep, arms, "Deeper"),
        "matrices": net2net.matrices(*exactness.by_hand()),
        "kernels": net2net.kernels({"one": net, "other": net}, net),
        "copies": net2net.kernels({"copied": doubled}, doubled),
    }


def of_mutual_learning() -> dict:
    rows, number = recorded("dml_peers"), recorded("dml_number")
    long = at(rows, choice="40 epochs")
    two = mutual_learning.two_targets(waves(4, 10), waves(2, 4, 10), T=2.0)
    right = digits()
    wrong = right.mislabelled(0.2, 0)
    pair = [nets.mlp(784, 8, 10, seed=seed) for seed in range(2)]
    twenty = at(number, choice="20 epochs")
    return {
        "gains": mutual_learning.gains(long)[["arm", "seed", "gain"]],
        "tuned": mutual_learning.tuned_table(redrawn_labels=rows),
        "by number": mutual_learning.by_number(twenty),
        "slices": mutual_learning.slices(recorded("dml_why")),
        "two targets": {name: target.value for name, target in two.items()},
        "slopes": [target.slope[0] for target in two.values()],
        "second opinions": mutual_learning.second_opinions(pair, wrong, right, 3),
    }


def of_born_again() -> dict:
    generations = recorded("ban_generations")
    teachers = at(recorded("ban_teachers"), labels="a fifth redrawn")
    z, v = waves(200, 10), waves(200, 10).flip(0)
    right = (digits().train[1] + torch.tensor([0, 1]).repeat(100)) % 10
    return {
        "noise": born_again.seed_noise(recorded("ban_targets")),
        "by teacher": born_again.by_teacher(teachers),
        "paper": born_again.of_the_paper(),
        "words": born_again.text_and_tables(),
        "alone": born_again.lineages(generations),
        "together": born_again.lineages(generations, ensembles=True),
        "halves": born_again.halves(z, v, digits(), [3, 2], right=right),
    }


def of_low_precision() -> dict:
    rows, bits = recorded("precision_schemes"), recorded("precision_bits")
    arms = ["no teacher", "A", "B", "C"]
    net = nets.mlp(196, 8, 8, 8, 10, norm=True, seed=0)
    return {
        "curves": low_precision.curves(rows, arms),
        "beside": low_precision.beside(rows, arms)[["arm", "seed", "accuracy"]],
        "table": low_precision.table(rows),
        "grid": low_precision.grid(bits, "B"),
        "by bits": low_precision.by_bits(bits),
        "histogram": low_precision.histogram(net, rounded(net), layer=3),
        "by size": low_precision.by_size(recorded("compression_orders")),
    }


def of_native_ensemble() -> dict:
    parts = recorded("one_parts")
    rows = gated.longest(parts, recorded("one_seeds"))
    prices = native_ensemble.costs()
    x, y = (part[:3] for part in digits().test)
    said = waves(3, 3).softmax(1), waves(3, 3).flip(0).softmax(1)
    arms = ["alone", "ONE", "no sharing"]
    beside = native_ensemble.beside(rows)[["arm", "seed", "accuracy"]]
    return {
        "beside": beside.groupby("arm").mean(),
        "tables": native_ensemble.tables(parts),
        "costs": prices,
        "trade": native_ensemble.trade(rows, prices, arms, "Accuracy and cost"),
        "weights": native_ensemble.weights(y, *said),
        "gates": native_ensemble.gates(x, y, *said),
    }


def of_feature_fusion() -> dict:
    rows = recorded("ffl_peers")
    main = fused.answers(rows)
    arms = ["FFL", "ONE"]
    return {
        "beside": feature_fusion.beside(rows).groupby("arm")["accuracy"].mean(),
        "gains": feature_fusion.gains(rows, arms, than="DML"),
        "bill": feature_fusion.bill(main),
        "table": feature_fusion.table(main),
        "ramp": feature_fusion.ramp(),
    }


def of_ensemblenet() -> dict:
    rows = recorded("ensemble_lambda")
    heads, small = branched_nets.parted(0), digits().halved()
    usual = at(rows, rate="the rate")
    return {
        "in percent": ensemblenet.in_percent(usual)[ensemblenet.COLUMNS].iloc[::9],
        "sweep": ensemblenet.sweep(rows),
        "divided": ensemblenet.divided(heads, small, n=3),
        "diversity": ensemblenet.diversity(heads, small),
        "answers": ensemblenet.answers(rows, 1.0).groupby("arm")["accuracy"].mean(),
        "sizes": ensemblenet.sizes(),
    }


def of_what_would_you_pick() -> dict:
    rows = recorded("online_compared")
    arms = ("one net", "DML", "DML, together")
    tried = what_would_you_pick.tried(rows, 15, 0.05, 0.005, arms)
    return {
        "equal": what_would_you_pick.equal(rows),
        "tried": tried[["arm", "seed", "accuracy"]],
        "prices": what_would_you_pick.prices(),
        "table": what_would_you_pick.table(rows),
        "together": what_would_you_pick.table(rows, joint=True),
        "equal steps": what_would_you_pick.table_of_equal_steps(rows),
        "budgets": what_would_you_pick.over_budgets(rows),
    }


def of_many_machines() -> dict:
    pair = [nets.mlp(784, 8, 10, seed=seed) for seed in range(2)]
    return {
        "disputed": many_machines.disputed(pair, digits(), n=3),
        "staleness": many_machines.staleness(recorded("codistil_stale")),
    }


EXHIBITS = {
    name.removeprefix("of_"): make
    for name, make in list(globals().items())
    if name.startswith("of_")
}
