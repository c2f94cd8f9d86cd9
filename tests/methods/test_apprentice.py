"""Mishra & Marr 2018: equation 1 in NumPy, which term moves whom, shadow weights that
stay full, and that it learns digits.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from methods.contract import Case, distilled
from methods.given import Given, draw
from torch import nn

from kdsurvey.methods import apprentice, plain
from kdsurvey.nets import mlp
from kdsurvey.stage import Batch, Teacher
from kdsurvey.surgery import LowLinear, Precision, lower, quantise_weights, re_estimate
from kdsurvey.training import Config, accuracy, train

CONTRACT = {
    "apprentice, A": Case(lambda: distilled(apprentice)),
    "apprentice, B": Case(lambda: distilled(apprentice, scheme="B")),
    "apprentice, C": Case(lambda: distilled(apprentice, scheme="C", fine_lr=1.0)),
    "apprentice, mean squares": Case(
        lambda: distilled(apprentice, match="mse", gamma=0.05)
    ),
    "apprentice, all layers of 4 bits": Case(
        lambda: distilled(
            apprentice, scheme="B", weight_bits=4, activation_bits=4, ends=True
        )
    ),
}
DEFAULTS = {
    "apprentice": {
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
}
REFUSED = {
    "another scheme": lambda: distilled(apprentice, scheme="D"),
    "another match": lambda: distilled(apprentice, match="kl"),
    "alpha below 0": lambda: distilled(apprentice, alpha=-1.0),
    "beta below 0": lambda: distilled(apprentice, beta=-1.0),
    "gamma below 0": lambda: distilled(apprentice, gamma=-1.0),
    "1 bit": lambda: distilled(apprentice, weight_bits=1),
    "top = 0": lambda: distilled(apprentice, top=0.0),
    "beta that is no number": lambda: distilled(apprentice, beta="1"),
}

SHORT = Config(epochs=3, batch_size=32, lr=0.05, schedule="constant", device="cpu")
Y = np.array([0, 2, 3, 1, 0, 2])


def log_softmax(z: np.ndarray) -> np.ndarray:
    return (
        z
        - z.max(1, keepdims=True)
        - np.log(np.exp(z - z.max(1, keepdims=True)).sum(1, keepdims=True))
    )


def said(z: np.ndarray) -> nn.Sequential:
    """A net that says z, whatever comes in, with a layer inside that may be lowered and
    changes nothing.
    """
    n = z.shape[1]
    layers = [nn.Linear(n, n, bias=False, dtype=torch.float64) for _ in range(3)]
    for layer in layers:
        nn.init.zeros_(layer.weight)
    return nn.Sequential(*layers, Given(z))


def batch(n: int = 6) -> Batch:
    x = torch.from_numpy(draw(3, n, 4))
    return Batch(x, torch.from_numpy(Y[:n]), torch.arange(n), x)


def only(**options) -> tuple:
    """The one stage on given logits, and the two nets."""
    student, teacher = said(3 * draw(0, 6, 4)), said(3 * draw(1, 6, 4))
    return next(apprentice(student, teacher, **options)), student, teacher


@pytest.mark.parametrize("scheme", "ABC")
@pytest.mark.parametrize("match", ["cross-entropy", "mse"])
@pytest.mark.parametrize(
    ("alpha", "beta", "gamma"), [(1.0, 0.5, 0.5), (0.3, 2.0, 0.7), (1.0, 1.0, 0.0)]
)
def test_equation_1(scheme, match, alpha, beta, gamma):
    stage, _, _ = only(scheme=scheme, match=match, alpha=alpha, beta=beta, gamma=gamma)
    z_A, z_T = 3 * draw(0, 6, 4), 3 * draw(1, 6, 4)
    hard, first = (-log_softmax(z)[np.arange(6), Y].mean() for z in (z_A, z_T))
    soft = -(np.exp(log_softmax(z_T)) * log_softmax(z_A)).sum(1).mean()
    soft = 0.5 * ((z_T - z_A) ** 2).sum(1).mean() if match == "mse" else soft
    expected = {"hard": beta * hard, "soft": gamma * soft} | (
        {"teacher": alpha * first} if scheme == "A" else {}
    )
    (loss,) = stage.learn.values()
    found = {name: term.item() for name, term in loss(batch(), 0.5).items()}
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("match", ["cross-entropy", "mse"])
@pytest.mark.parametrize("scheme", "ABC")
def test_each_term_moves_whom_it_should(scheme, match):
    """The alpha term the teacher alone, and only in A; beta's and gamma's the apprentice alone."""
    stage, student, teacher = only(scheme=scheme, match=match)
    ((learner, loss),) = stage.learn.items()
    own = student[-1].features
    copied = learner[1][-1].features if scheme == "A" else None
    assert (copied is not None) == isinstance(learner, nn.ModuleList)
    terms = loss(batch(), 0.0)
    assert set(terms) == {"hard", "soft"} | ({"teacher"} if scheme == "A" else set())
    for name, term in terms.items():
        for net in (student, teacher, learner):
            net.zero_grad()
        term.backward(retain_graph=True)
        assert (own.grad is not None and bool(own.grad.any())) == (name != "teacher")
        assert copied is None or (
            copied.grad is not None and bool(copied.grad.any())
        ) == (name == "teacher")
        assert teacher[-1].features.grad is None


@pytest.mark.parametrize("scheme", "ABC")
def test_the_inner_layers_are_lowered_in_place_when_the_stage_begins(scheme):
    student = mlp(128, 8, 8, 8, 3, norm=True, seed=0)
    weights = [p.data_ptr() for p in student.parameters()]
    stages = apprentice(
        student,
        mlp(128, 8, 3),
        scheme=scheme,
        weight_bits=3,
        activation_bits=4,
        scaled=False,
    )
    assert not any(isinstance(part, LowLinear) for part in student.modules())
    next(stages)
    low = [part for part in student.modules() if isinstance(part, LowLinear)]
    assert low == [student[2][0], student[3][0]] and {
        part.precision for part in low
    } == {Precision(3, 4, scaled=False)}
    assert [p.data_ptr() for p in student.parameters()] == weights


@pytest.mark.parametrize("scheme", "ABC")
def test_shadow_weights_stay_full_and_the_score_is_that_of_the_quantised_net(
    toy, scheme
):
    student, teacher = (mlp(128, 8, 8, 8, 3, norm=True, seed=seed) for seed in (0, 1))
    row = train(
        apprentice(student, teacher, scheme=scheme, threshold=None, scaled=False),
        toy,
        SHORT,
        progress=False,
    )[-1]
    w = student[2][0].weight.detach()
    assert len(w.unique()) == w.numel()
    with torch.no_grad():
        student[2][0].weight.copy_(quantise_weights(w, 2))
        student[3][0].weight.copy_(quantise_weights(student[3][0].weight, 2))
    assert len(student[2][0].weight.unique()) <= 3
    assert row["student test accuracy"] == accuracy(student, *toy.test)


def test_scheme_a_trains_a_copy_of_the_teacher_as_it_would_train_alone(toy):
    teacher, alone = (mlp(128, 8, 3, norm=True, seed=1) for _ in range(2))
    joint = train(
        apprentice(mlp(128, 8, 8, 3, seed=0), teacher), toy, SHORT, progress=False
    )
    by_itself = train(plain(alone), toy, SHORT, progress=False)
    assert [row["teacher"] for row in joint] == pytest.approx(
        [row["hard"] for row in by_itself], rel=1e-6
    )
    assert joint[-1]["teacher test accuracy"] == by_itself[-1]["net test accuracy"]
    assert all(
        torch.equal(p, q)
        for p, q in zip(
            teacher.parameters(), mlp(128, 8, 3, norm=True, seed=1).parameters()
        )
    )


def test_a_teacher_that_is_one_may_be_given_to_every_scheme(toy):
    given = Teacher(mlp(128, 8, 3, seed=1))
    before = given.logits(toy.test[0])
    for scheme in "ABC":
        train(
            apprentice(mlp(128, 8, 8, 3, seed=0), given, scheme=scheme),
            toy,
            replace(SHORT, epochs=1),
            progress=False,
        )
    assert torch.equal(given.logits(toy.test[0]), before) and not any(
        p.requires_grad for p in given.net.parameters()
    )


def test_scheme_c_measures_batch_norm_once_and_tunes_slowly(toy):
    student, same = (mlp(128, 8, 8, 8, 3, norm=True, seed=0) for _ in range(2))
    stage = next(apprentice(student, mlp(128, 8, 3), scheme="C", fine_lr=0.05))
    assert stage.lr == 0.05 and next(apprentice(student, same, scheme="B")).lr == 1.0
    ((_, loss),) = stage.learn.items()
    student.eval()
    x, y = toy.train
    loss(Batch(x[:16], y[:16], torch.arange(16), x), 0.0)
    re_estimate(lower(same), x)
    assert all(torch.allclose(a, b) for a, b in zip(student.buffers(), same.buffers()))
    with torch.no_grad():
        student[1][1].running_mean.zero_()
    loss(Batch(x[:16], y[:16], torch.arange(16), x), 0.5)
    assert not student[1][1].running_mean.any()


@pytest.mark.parametrize("scheme", "AB")
def test_a_fresh_student_keeps_its_statistics(toy, scheme):
    student = mlp(128, 8, 8, 3, norm=True, seed=0)
    stage = next(apprentice(student, mlp(128, 8, 3), scheme=scheme))
    x, y = toy.train
    student.eval()
    next(iter(stage.learn.values()))(Batch(x[:16], y[:16], torch.arange(16), x), 0.0)
    assert not student[1][1].running_mean.any()


@pytest.mark.parametrize(
    "options",
    [
        {"scheme": "D"},
        {"scheme": "AB"},
        {"match": "kl"},
        {"beta": -1.0},
        {"gamma": float("nan")},
        {"weight_bits": 1},
        {"top": 0.0},
    ],
)
def test_what_is_out_of_range_is_refused(options):
    with pytest.raises(ValueError, match=r"apprentice|low precision"):
        apprentice(mlp(128, 8, 8, 3), mlp(128, 8, 3), **options)


@pytest.mark.parametrize("scheme", "AB")
def test_nets_of_other_classes_are_refused(toy, scheme):
    with pytest.raises(ValueError, match="same classes"):
        train(
            apprentice(mlp(128, 8, 8, 3), mlp(128, 8, 4), scheme=scheme),
            toy,
            SHORT,
            progress=False,
        )


@pytest.mark.parametrize("scheme", "ABC")
def test_it_learns_digits_at_its_defaults(digits, scheme):
    few = replace(
        digits,
        train=tuple(part[:1000] for part in digits.halved().train),
        test=tuple(part[:500] for part in digits.halved().test),
    )
    config = Config(epochs=6, batch_size=32, device="cpu")
    teacher = mlp(196, 64, 10, norm=True, seed=1)
    student = mlp(196, 32, 32, 32, 10, norm=True, seed=0)
    for net in (teacher, student)[: {"A": 0, "B": 1, "C": 2}[scheme]]:
        train(plain(net), few, config, progress=False)
    row = train(
        apprentice(student, teacher, scheme=scheme), few, config, progress=False
    )[-1]
    assert row["student test accuracy"] > 0.8
