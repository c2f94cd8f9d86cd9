"""Notebook 12: an identity and where it fails, equal steps and equal multiply-adds,
what is read off rows.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from lessons.ensemblenet.given import lambda_rows

from kdsurvey import data, nets, records
from kdsurvey.branches import Branches, Mixed
from kdsurvey.lessons import alone as lesson_alone
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.ensemblenet import budgets, claims, experiments, pictures
from kdsurvey.lessons.rows import at
from kdsurvey.methods import plain
from kdsurvey.stage import Stage
from kdsurvey.training import accuracy, train

SHORT = replace(branched_nets.CONFIG, epochs=2)


@pytest.fixture(scope="module")
def digits():
    return data.mnist_5k().hold_out(500)


@pytest.fixture
def few(digits, monkeypatch):
    """The experiments in small: 100 images, one epoch or two."""

    def cut(draw):
        def few_of(images, seed):
            small = draw(images, seed).fraction(0.05)
            return replace(
                small,
                test=tuple(t[:200] for t in small.test),
                validation=tuple(t[:100] for t in small.validation),
            )

        return few_of

    monkeypatch.setattr(branched_nets, "digits", cut(branched_nets.digits))
    monkeypatch.setattr(experiments, "clean_digits", cut(experiments.clean_digits))
    clean = cut(budgets.clean_digits)
    monkeypatch.setattr(budgets, "clean_digits", clean)
    monkeypatch.setattr(experiments, "CONFIG", replace(SHORT, epochs=1))
    monkeypatch.setattr(
        branched_nets,
        "CHOICES",
        {
            name: replace(config, epochs=1)
            for name, config in branched_nets.CHOICES.items()
        },
    )
    settings = {
        name: budgets.SETTINGS[name] for name in ("as it comes", "weight decay")
    }
    for name, value in (
        ("BUDGETS", (1, 4)),
        ("LONG", 4),
        ("FFL_EQUAL", 8),
        ("SETTINGS", settings),
    ):
        monkeypatch.setattr(budgets, name, value)
    return digits


def logits(*shape: int, seed: int = 0) -> torch.Tensor:
    return 3 * torch.randn(
        *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )


def weights(net):
    return [w.detach().clone() for w in net.parameters()]


def close(a, b):
    return all(torch.allclose(v, w, atol=1e-5) for v, w in zip(a, b, strict=True))


@pytest.mark.parametrize("average", ["logits", "probabilities"])
@pytest.mark.parametrize("soft", [False, True])
def test_parts_against_numpy(average, soft):
    z, labels = logits(3, 6, 5), torch.tensor([0, 1, 2, 3, 4, 0])
    y = logits(6, 5, seed=1).softmax(-1) if soft else labels
    p_i = np.exp(z.numpy())
    p_i /= p_i.sum(-1, keepdims=True)
    p = p_i.mean(0) if average == "probabilities" else np.exp(z.numpy().mean(0))
    p /= p.sum(-1, keepdims=True)
    target = y.numpy() if soft else np.eye(5)[labels]
    found = experiments.parts(z, y, average)
    assert found.heads.item() == pytest.approx(
        np.mean([-(target * np.log(q)).sum(1).mean() for q in p_i]), abs=1e-12
    )
    assert found.together.item() == pytest.approx(
        -(target * np.log(p)).sum(1).mean(), abs=1e-12
    )
    assert found.apart.item() == pytest.approx(
        np.mean([(p * np.log(p / q)).sum(1).mean() for q in p_i]), abs=1e-12
    )
    assert found.gap < 1e-12 if average == "logits" else found.gap > 0.01


def test_the_mean_log_ratio_is_the_same_for_every_class():
    z = logits(4, 7, 5)
    ratio = (z.mean(0).log_softmax(-1) - z.log_softmax(-1)).mean(0)
    assert (ratio.amax(-1) - ratio.amin(-1)).max() < 1e-12


def test_squared_errors_have_the_identity_too():
    f, y = logits(4, 9), logits(9, seed=1)
    found = experiments.ambiguity(f, y)
    assert found.gap < 1e-12 and found.apart > 1
    assert found.heads.item() == pytest.approx(np.mean((f.numpy() - y.numpy()) ** 2))
    assert found.together.item() == pytest.approx(
        np.mean((f.numpy().mean(0) - y.numpy()) ** 2)
    )
    assert (
        experiments.Parts(torch.tensor(3.0), torch.tensor(1.0), torch.tensor(1.5)).gap
        == 0.5
    )


def test_nothing_flows_through_the_mean_of_logits_and_something_through_that_of_probabilities():
    z = logits(3, 8, 10)
    assert experiments.slope_through_ensemble(z) < 1e-15
    through = experiments.slope_through_ensemble(z, "probabilities")
    p_i = z.softmax(-1).clone().requires_grad_()
    p = p_i.mean(0)
    (p * (p.log() - z.log_softmax(-1))).sum(-1).mean().backward()
    slope = z.softmax(-1) * (
        p_i.grad - (z.softmax(-1) * p_i.grad).sum(-1, keepdim=True)
    )
    assert (
        through == pytest.approx(slope.abs().max().item(), rel=1e-9) and through > 1e-3
    )


def test_a_mean_over_heads_makes_the_steps_of_nets_alone_when_it_is_summed(digits):
    """Three nets at once, with momentum and weight decay, are three nets alone."""
    small = branched_nets.digits(digits, 0).fraction(0.1)
    config = replace(SHORT, weight_decay=5e-3, seed=4)
    branches, _ = budgets.ARMS["three nets"].learn(small, config)
    for k in (0, 2):
        alone = branched_nets.small(1000 * k + 4)
        train(plain(alone), small, config, progress=False)
        assert close(weights(branches[k]), weights(alone))
    unsure = branched_nets.small(0)
    one = budgets.ARMS["one net"]
    (unsmoothed,), _ = one.learn(small, config, ([unsure], unsure))
    assert close(weights(branches[0]), weights(unsmoothed))


def test_thin_heads_are_smaller_than_one_net_in_every_respect():
    thin, one = experiments.thin(3), branched_nets.small(3)
    assert len(thin) == 3 and nets.parameters(thin) < nets.parameters(one)
    assert branched_nets.serving_cost(Mixed(thin, None)) < branched_nets.serving_cost(
        one
    )
    assert budgets.cost("thin heads") < budgets.cost("one net")
    assert torch.equal(thin.trunk[0][0].weight, one[0][0].weight) and thin[1][1][
        0
    ].weight.shape == (5, 8, 3, 3)


def test_with_labels_right_one_budget_is_tried_the_one_that_was_recorded(monkeypatch):
    tried = []
    monkeypatch.setattr(budgets, "clean_digits", lambda data, seed: data)
    monkeypatch.setattr(budgets, "compared", lambda *given: tried.append(given) or [])
    assert budgets.online_compared_clean.run("images", 3) == []
    ((images, seed, kept),) = tried
    assert (images, seed) == ("images", 3)
    recorded = records.recorded("online_compared_clean")["budget"]
    assert set(kept) == set(recorded) == {15}


@pytest.mark.parametrize("arm", budgets.ARMS)
def test_an_arm_never_costs_more_than_its_budget(arm):
    one, own = budgets.cost("one net"), budgets.cost(arm)
    for budget in budgets.BUDGETS:
        epochs = budgets.epochs(arm, budget)
        assert epochs * own <= budget * one * (1 + 1e-9) < (epochs + 1) * own
    assert budgets.epochs(arm, 0) == 1
    assert (
        budgets.epochs("FFL", budgets.FFL_EQUAL)
        == claims.EPOCHS
        == branched_nets.CONFIG.epochs
    )


def first_stage(arm, images: data.Data) -> Stage:
    """Return the first stage of an arm on nets as they start."""
    if isinstance(arm, branched_nets.Joint):
        return next(arm.plan(0)(arm.make(0))[0])
    return next(arm.method(arm.make(0), arm.make(0), images))


def test_what_an_arm_is(digits):
    small = branched_nets.digits(digits, 0).fraction(0.1)
    stage = {name: first_stage(arm, small) for name, arm in budgets.ARMS.items()}
    assert [stage[arm].name for arm in budgets.ARMS] == ["plain"] * 2 + [
        "ensemblenet",
        "mutual",
        "ffl",
        "one",
    ] + ["ensemblenet"] * 2
    assert len(stage["DML"].learn) == 1  # at once: a pass for each net
    joint = list(budgets.ARMS.values())[2:]
    shared = {arm.name: len(arm.make(0).trunk) for arm in joint}
    assert shared == {
        "three nets": 0,
        "DML": 0,
        "FFL": 1,
        "ONE": 1,
        "EnsembleNet": 1,
        "thin heads": 1,
    }
    assert budgets.ARMS["thin heads"].make(0)[0][1][0].out_channels == 5


@pytest.mark.parametrize(
    ("arm", "lam"), [("three nets", 1.0), ("EnsembleNet", 1.5), ("thin heads", 1.5)]
)
def test_the_weight_of_an_arm(arm, lam):
    from kdsurvey.methods import ensemblenet
    from kdsurvey.stage import Batch

    x, y = torch.rand(8, *branched_nets.SHAPE), torch.arange(8)
    batch, net = Batch(x, y, y, x), budgets.ARMS[arm].make(0)
    (found,) = budgets.ARMS[arm].plan(0)(net)[0]
    (own,) = ensemblenet(net, lam=lam)
    terms = [
        {k: v.item() for k, v in next(iter(stage.learn.values()))(batch, 0.0).items()}
        for stage in (found, own)
    ]
    assert terms[0] == pytest.approx(terms[1])


def test_rows_of_the_sweep(few, monkeypatch):
    rows, seen = [], []
    learn = branched_nets.learn
    monkeypatch.setattr(
        branched_nets,
        "learn",
        lambda stages, images, config, net: (
            seen.append((images, config)) or learn(stages, images, config, net)
        ),
    )
    rows = pd.DataFrame(experiments.ensemble_lambda(few, 3))
    names = [experiments.name(lam) for lam in experiments.LAMBDAS]
    assert list(rows["arm"]) == 2 * ["one net", "label smoothing", *names] + [
        "lambda = 1",
        "lambda = 2",
    ]
    assert (
        list(rows["rate"])
        == 7 * ["the rate"] + 7 * ["a third of it"] + 2 * ["three times it"]
        and (rows["seed"] == 3).all()
    )
    assert [round(config.lr, 4) for _, config in seen] == 5 * [0.05] + 5 * [
        0.0167
    ] + 2 * [0.15]
    assert (
        all(images.validation is None and config.seed == 3 for images, config in seen)
        and rows["accuracy"].nunique() > 8
    )
    clean = experiments.ensemble_lambda_clean(few, 3)
    assert [row["arm"] for row in clean] == ["one net", "label smoothing", *names]
    assert "drawn anew" in seen[0][0].source and "drawn anew" not in seen[-1][0].source


def test_label_smoothing_is_as_unsure_as_the_net_alone(few, monkeypatch):
    given = []

    def watch(net, smoothing=0.0):
        given.append(smoothing)
        return plain(net, smoothing=smoothing)

    monkeypatch.setattr(lesson_alone, "plain", watch)
    monkeypatch.setattr(lesson_alone, "smoothing_of", lambda net, data: 0.25)
    images = branched_nets.digits(few, 0)
    experiments.controls(images, 0)
    assert given == [0.0, 0.25]
    experiments.ensemble_thin(few, 0)
    assert given[2:5] == [0.0, 0.25, 0.0] and len(given) == 2 + 3 * 4
    given.clear()
    budgets.compared(images, 0, [1], ("one net", "label smoothing"))
    assert given[-4:] == [0.0, 0.25] * 2


def test_rows_of_thin_heads(few):
    rows = pd.DataFrame(experiments.ensemble_thin(few, 1))
    arms = [
        "one net",
        "label smoothing",
        "one thin net",
        "thin heads, lambda = 1",
        "thin heads, lambda = 1.5",
    ]
    assert list(rows["arm"]) == 4 * arms and list(rows["choice"]) == [
        c for c in branched_nets.CHOICES for _ in arms
    ]
    assert (
        rows.loc[rows["arm"].str.startswith("thin"), "diversity"] > 0
    ).all() and rows["accuracy"].nunique() > 8


def test_rows_of_the_comparison(few):
    rows = pd.DataFrame(budgets.online_compared(few, 2))
    arms = budgets.ARMS
    tried = [(1, "as it comes"), (1, "weight decay"), (4, "weight decay")]
    expected = [(*of, arm) for of in tried for arm in arms] + [
        (8, "weight decay", "FFL")
    ]
    assert list(zip(rows["budget"], rows["setting"], rows["arm"])) == expected
    assert list(rows["epochs"]) == 16 * [1] + [4, 4, 1, 1, 1, 1, 1, 4, 2]
    images = len(branched_nets.digits(few, 2).train[0])
    assert rows["training"][16] == 4 * images * budgets.cost("one net")
    clean = budgets.online_compared_clean(few, 2)
    assert [row["budget"] for row in clean] == 8 * [4]


def test_what_is_served(few):
    images, net = branched_nets.digits(few, 0), branched_nets.parted(0)
    together = budgets.ARMS["FFL"].plan(0)(net)[1]
    found = budgets.served((branched_nets.members(net), together), images)
    assert (found["one answers"], found["all answer"]) == (
        branched_nets.serving_cost(net[0]),
        branched_nets.serving_cost(Mixed(net, None)),
    )
    assert found["validation average"] == pytest.approx(
        accuracy(Mixed(net, None), *images.validation), abs=1e-5
    )
    alone = branched_nets.small(0)
    assert budgets.served(([alone], alone), images)[
        "all answer"
    ] == branched_nets.serving_cost(alone)


def test_the_picture_of_lambda():
    words = pictures.sweep(lambda_rows()).about
    assert "heads, the rate: 10, 9.5, 9, 8.5, 8" in words
    assert "ensemble, a third of it: 30, 30" in words
    assert "Diversity" in words
    assert "the rate: 0.1, 0.0667, 0.05" in words


def test_the_most_divided_images_come_first():
    """Heads whose logits are read off the image: class by class, one head says otherwise."""
    images = torch.zeros(4, 1, 2, 2)
    images[:, 0, 0, 0] = torch.tensor([0.0, 3.0, 1.0, 2.0])

    class Head(torch.nn.Module):
        def __init__(self, sign):
            super().__init__()
            self.sign = torch.nn.Parameter(torch.tensor(float(sign)))

        def forward(self, x):
            return self.sign * x[:, 0, 0, :1] @ torch.tensor([[1.0, -1.0]])

    heads = [torch.nn.Sequential(Head(sign)) for sign in (1, 1, -1)]
    net = Branches(torch.nn.Sequential(), heads)
    y = torch.tensor([0, 0, 1, 1])
    given = data.Data((images, y), (images, y), ("a", "b"), "by hand")
    pictured, titles = pictures.divided(net, given, n=3)
    assert titles == ["a: a, a, b", "b: a, a, b", "b: a, a, b"]
    assert [picture[0, 0] for picture in pictured] == [3.0, 2.0, 1.0]
    z = net(images)
    divergences = pictures.divergences(z)
    parts = [experiments.parts(z[:, k : k + 1], y[k : k + 1]).apart for k in range(4)]
    assert torch.allclose(divergences, torch.stack(parts))
    assert pictures.diversity(net, given) == pytest.approx(divergences.mean().item())


def test_recorded_runs_as_what_can_be_served():
    rows = records.recorded("ensemble_lambda")
    shown = pictures.answers(rows, 2.0)
    assert list(dict.fromkeys(shown["arm"])) == [
        "one net",
        "label smoothing",
        "one head",
        "all heads",
    ]
    usual = at(rows, arm="lambda = 2", rate="the rate")
    for arm, column in (("one head", "branch 0"), ("all heads", "together")):
        assert list(at(shown, arm=arm)["accuracy"]) == list(usual[column])
    assert set(pictures.answers(rows, 0.7)["arm"]) == {"one net", "label smoothing"}


def test_sizes():
    sizes = pictures.sizes()
    assert (sizes.loc["three thin heads"] < sizes.loc["one net"]).all()
    assert (sizes.loc["three heads"] > sizes.loc["one net"]).all()
    thin = nets.conv_mlp(branched_nets.SHAPE, 8, 5, hidden=64)
    for arm, net in (("one net", branched_nets.small(0)), ("one thin net", thin)):
        counted = [nets.parameters(net), branched_nets.serving_cost(net)]
        assert sizes.loc[arm].tolist() == counted


def test_a_recorded_seed_of_ensemblenet_can_be_had_again(digits):
    before, images = (
        records.recorded("ensemble_lambda"),
        branched_nets.digits(digits, 0),
    )
    row = experiments.swept(1.0, images, 0)
    was = at(before, seed=0, arm="lambda = 1", rate="the rate").iloc[0]
    assert (
        abs(row["accuracy"] - was["accuracy"]) < 0.02
        and abs(row["together"] - was["together"]) < 0.02
    )
    before = records.recorded("online_compared")
    config = replace(branched_nets.CONFIG, seed=0, epochs=6, weight_decay=5e-3)
    learnt = budgets.ARMS["thin heads"].learn(images, config)
    kept = {"seed": 0, "arm": "thin heads", "budget": 6, "setting": "weight decay"}
    was = at(before, **kept).iloc[0]
    assert (
        abs(
            branched_nets.outcome("thin heads", 0, learnt, images)["average"]
            - was["average"]
        )
        < 0.02
    )
    assert (
        was["training"] == budgets.cost("thin heads") * 6 * len(images.train[0])
        and was["epochs"] == 6
    )
