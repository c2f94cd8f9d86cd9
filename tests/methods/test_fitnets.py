"""Romero et al. 2015: both equations against NumPy, what each stage may touch, and that
it learns real digits.
"""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
from methods.branching import softmax
from methods.contract import Case, Example, distilled
from methods.given import Given, draw, slope
from torch import nn

from kdsurvey.methods import fitnets, joint_hints, plain
from kdsurvey.methods.fitnets.regressor import Regressor
from kdsurvey.nets import conv, mlp
from kdsurvey.stage import Batch, Teacher, upto
from kdsurvey.training import Config, StopTraining, train


def hinted(method=fitnets, **options) -> Example:
    return distilled(method, **({"guided": 1, "hint": 1} | options))


CONTRACT = {
    "fitnets": Case(hinted, epochs=150),
    "fitnets, hint half as large": Case(lambda: hinted(hint=2), epochs=150),
    "fitnets, own regressor": Case(
        lambda: hinted(regressor=conv(6, 6, classes=3, seed=2)[0]), epochs=150
    ),
    "fitnets, second stage alone": Case(lambda: hinted(hint_epochs=0.0)),
    "joint hints": Case(lambda: hinted(joint_hints)),
}
DEFAULTS = {
    "fitnets": {
        "regressor": None,
        "T": 3.0,
        "lam": (4.0, 1.0),
        "hint_epochs": 0.4,
        "hint_lr": None,
        "seed": 0,
    },
    "joint_hints": {
        "beta": 0.01,
        "regressor": None,
        "T": 3.0,
        "lam": (4.0, 1.0),
        "seed": 0,
    },
}
REFUSED = {
    "T = 0": lambda: hinted(T=0.0),
    "one lam": lambda: hinted(lam=(4.0,)),
    "lam below 0": lambda: hinted(lam=(4.0, -1.0)),
    "hint_epochs = 1": lambda: hinted(hint_epochs=1.0),
    "guided beyond the net": lambda: hinted(guided=9),
    "hint before the net": lambda: hinted(hint=0),
    "joint: beta below 0": lambda: hinted(joint_hints, beta=-1.0),
    "joint: T = 0": lambda: hinted(joint_hints, T=0.0),
    "joint: lam below 0": lambda: hinted(joint_hints, lam=(-1.0, 1.0)),
    "joint: guided beyond the net": lambda: hinted(joint_hints, guided=9),
    "one number as lam": lambda: hinted(lam=4.0),
    "lam of NaN": lambda: hinted(lam=(1.0, float("nan"))),
    "hint_epochs that is no number": lambda: hinted(hint_epochs="half"),
    "joint: lam of NaN": lambda: hinted(joint_hints, lam=(1.0, float("nan"))),
    "joint: beta of infinity": lambda: hinted(joint_hints, beta=float("inf")),
}

QUICK = Config(epochs=5, batch_size=32, lr=0.05, schedule="constant", device="cpu")


def batch_of(n: int) -> Batch:
    x = torch.zeros(n, 1, dtype=torch.float64)
    return Batch(x, torch.arange(n) % 3, torch.arange(n), x)


def by_hand(
    u: np.ndarray, v: np.ndarray, weight: np.ndarray, bias: np.ndarray
) -> float:
    """Equation 3 with the paper's regressor, written in loops: the mean over the batch
    of 1/2 ||u - relu(W * v + b)||^2.
    """
    total = 0.0
    for u_x, v_x in zip(u, v):
        if v_x.ndim == 1:
            total += 0.5 * np.sum((u_x - np.maximum(weight @ v_x + bias, 0)) ** 2)
            continue
        k, l = weight.shape[2:]
        for s, t in np.ndindex(u_x.shape[1:]):
            r = np.maximum(
                np.tensordot(weight, v_x[:, s : s + k, t : t + l], 3) + bias, 0
            )
            total += 0.5 * np.sum((u_x[:, s, t] - r) ** 2)
    return total / len(u)


def stages_of(v: np.ndarray, u: np.ndarray, z=None, **options):
    """Return both stages: the student has guided features v and logits z, the teacher hints u."""
    student = nn.Sequential(Given(v), Given(draw(1, len(v), 3) if z is None else z))
    teacher = nn.Sequential(Given(u), Given(draw(2, len(v), 3)))
    return (
        student,
        teacher,
        list(fitnets(student, teacher, guided=1, hint=1, **options)),
    )


@pytest.mark.parametrize(
    ("guided", "hint", "kernel"),
    [
        ((6,), (9,), ()),
        ((2, 5, 4), (3, 5, 4), (1, 1)),
        ((2, 5, 4), (3, 2, 3), (4, 2)),
        ((3, 4, 4), (2, 1, 1), (4, 4)),
    ],
)
def test_the_hint_loss_is_equation_3(guided, hint, kernel):
    v, u = draw(3, 4, *guided), draw(4, 4, *hint)
    student, _, (stage, _) = stages_of(v, u)
    ((learner, loss),) = stage.learn.items()
    terms = loss(batch_of(4), 0.0)
    r = learner[1]
    weight, bias = r.weight.detach().numpy(), r.bias.detach().numpy()
    assert (
        weight.shape == (hint[0], guided[0], *kernel)
        and bias.shape == hint[:1]
        and list(terms) == ["hint"]
    )
    assert terms["hint"].item() == pytest.approx(by_hand(u, v, weight, bias), rel=1e-12)
    terms["hint"].backward()
    for ours, theirs in (
        (student[0].features.grad, slope(lambda w: by_hand(u, w, weight, bias), v)),
        (r.weight.grad, slope(lambda w: by_hand(u, v, w, bias), weight)),
        (r.bias.grad, slope(lambda w: by_hand(u, v, weight, w), bias)),
    ):
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("T", [1.0, 3.0, 10.0])
@pytest.mark.parametrize(
    ("progress", "lam"), [(0.0, 4.0), (0.25, 3.25), (0.5, 2.5), (1.0, 1.0)]
)
def test_the_second_loss_is_equation_2_without_t_squared(T, progress, lam):
    z, y = 2 * draw(5, 6, 3), np.arange(6) % 3
    student, teacher, (_, stage) = stages_of(draw(3, 6, 4), draw(4, 6, 4), z, T=T)
    a_t = teacher[1].features.detach().numpy()
    terms = stage.learn[student](batch_of(6), progress)
    hard = -np.mean(np.log(softmax(z)[np.arange(6), y]))
    soft = -np.mean(np.sum(softmax(a_t / T) * np.log(softmax(z / T)), 1))
    assert {k: t.item() for k, t in terms.items()} == pytest.approx(
        {"hard": hard, "soft": lam * soft}, rel=1e-12
    )
    sum(terms.values()).backward()
    theirs = (
        softmax(z) - np.eye(3)[y] + lam / T * (softmax(z / T) - softmax(a_t / T))
    ) / 6
    np.testing.assert_allclose(
        student[1].features.grad.numpy(), theirs, rtol=1e-9, atol=1e-12
    )


def test_lam_falls_over_the_second_stage(toy):
    """At a rate of nearly nothing the same batch has the same cross-entropy, so the
    soft term shows lam alone.
    """
    seen = []
    student, teacher = mlp(128, 8, 8, 3, seed=0), mlp(128, 9, 3, seed=1)
    config = replace(QUICK, epochs=10, lr=1e-12, batch_size=96)
    train(
        fitnets(student, teacher, guided=2, hint=2, lam=(3.0, 0.5)),
        toy,
        config,
        on_batch=seen.append,
        progress=False,
    )
    soft = [step.terms["soft"].item() for step in seen if step.stage == "distil"]
    assert [s / soft[0] for s in soft] == pytest.approx(
        [(3 - 2.5 * k / 6) / 3 for k in range(6)], rel=1e-5
    )


def state(net: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


def stop_after_hint(row: dict) -> None:
    if row["epoch"] == 2:
        raise StopTraining


def test_the_first_stage_touches_the_lower_half_alone(toy):
    """Bit for bit, the statistics of batch-norm included."""
    student = conv(2, 4, 6, 8, classes=3, seed=0)
    teacher = conv(2, 5, 6, classes=3, seed=1)
    before, frozen = state(student), state(teacher)
    rows = train(
        fitnets(student, teacher, guided=2, hint=2),
        toy,
        QUICK,
        stop_after_hint,
        progress=False,
    )
    assert [row["stage"] for row in rows] == ["hint"] * 2 and rows[1]["hint"] < rows[0][
        "hint"
    ]
    changed = {
        name
        for name, value in student.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed == {name for name in before if name.startswith(("0.", "1."))}
    assert all(
        torch.equal(value, frozen[name]) for name, value in teacher.state_dict().items()
    )


def test_the_first_stage_needs_no_labels(toy):
    students = [mlp(128, 8, 8, 3, seed=0) for _ in range(2)]
    wrong = replace(toy, train=(toy.train[0], (toy.train[1] + 1) % 3))
    for student, data in zip(students, (toy, wrong)):
        train(
            fitnets(student, mlp(128, 9, 3, seed=1), guided=2, hint=2),
            data,
            QUICK,
            stop_after_hint,
            progress=False,
        )
    assert all(torch.equal(a, b) for a, b in zip(*(s.parameters() for s in students)))


def test_the_regressor_and_the_hints_are_gone_after_the_first_stage(toy):
    alive, left = [], []

    def watched():
        for stage in fitnets(
            mlp(128, 8, 8, 3, seed=0), mlp(128, 9, 3, seed=1), guided=2, hint=2
        ):
            if stage.name == "hint":
                ((learner, loss),) = stage.learn.items()
                hints = next(
                    cell.cell_contents
                    for cell in loss.__closure__
                    if isinstance(cell.cell_contents, Teacher)
                )
                alive.extend([weakref.ref(learner[1]), weakref.ref(hints)])
                del learner, loss, hints
            yield stage

    def look(step):
        if step.stage == "distil" and not step.progress:
            gc.collect()
            left.extend(ref() for ref in alive)

    train(watched(), toy, QUICK, on_batch=look, progress=False)
    assert left == [None, None]


def test_a_regressor_of_one_s_own_learns_in_the_first_stage_only(toy):
    regressor, seen = nn.Sequential(nn.Linear(8, 9), nn.ReLU()), []
    start = state(regressor)
    stages = fitnets(
        mlp(128, 8, 8, 3, seed=0),
        mlp(128, 9, 3, seed=1),
        guided=2,
        hint=2,
        regressor=regressor,
    )
    train(stages, toy, QUICK, lambda row: seen.append(state(regressor)), progress=False)
    assert len(seen) == 5 and all(not torch.equal(seen[0][k], start[k]) for k in start)
    assert all(
        not torch.equal(seen[0][k], seen[1][k]) and torch.equal(seen[1][k], seen[4][k])
        for k in start
    )


@pytest.mark.parametrize("pixels", [0, 1])
def test_the_hints_are_taken_once_unless_inputs_are_augmented(toy, pixels):
    calls, teacher = [], Teacher(conv(2, 4, classes=3, seed=1))
    teacher.net[0].register_forward_hook(
        lambda m, x, out: calls.append((m.training, len(x[0])))
    )
    stages = fitnets(conv(2, 4, 4, classes=3, seed=0), teacher, guided=1, hint=1)
    train(stages, toy, replace(QUICK, jitter=pixels), progress=False)
    whole = [(False, 96)] * 2  # the hints, then the logits
    assert calls == ([(False, 32)] * 15 if pixels else whole)


def test_the_regressor_s_weights_come_from_its_seed_alone():
    def weights(seed: int, noise: int) -> torch.Tensor:
        torch.manual_seed(noise)
        r, before = Regressor(seed), torch.get_rng_state()
        r(torch.zeros(2, 3, 6, 6), (2, 40, 4, 4))
        assert torch.equal(torch.get_rng_state(), before)
        return torch.cat([r.weight.flatten(), r.bias]).detach()

    assert torch.equal(weights(1, 0), weights(1, 5)) and not torch.equal(
        weights(1, 0), weights(2, 0)
    )
    bound = 27**-0.5  # 3 channels of 3 x 3
    assert (
        0.98 * bound < weights(1, 0).abs().max() <= bound
        and abs(weights(1, 0).mean()) < 0.05 * bound
    )
    used = [Regressor(seed) for seed in (7, 8)]
    for seed, r in zip((7, 8), used):
        _, _, (stage, _) = stages_of(draw(3, 4, 6), draw(4, 4, 9), seed=seed)
        ((learner, loss),) = stage.learn.items()
        loss(batch_of(4), 0.0)
        r(torch.zeros(4, 6), (4, 9))
        torch.testing.assert_close(
            learner[1].weight, r.weight.double(), rtol=0, atol=1e-7
        )


def test_the_two_stages_share_the_epochs_of_a_run(toy):
    nets = conv(2, 4, classes=3, seed=0), conv(2, 4, classes=3, seed=1)
    for options, split in (({}, (4, 6)), ({"hint_epochs": 0.7}, (7, 3))):
        rows = train(
            fitnets(*nets, guided=1, hint=1, **options),
            toy,
            replace(QUICK, epochs=10),
            progress=False,
        )
        assert (
            tuple(
                sum(row["stage"] == name for row in rows) for name in ("hint", "distil")
            )
            == split
        )
    flat = mlp(128, 4, 3, seed=0), mlp(128, 5, 3, seed=1)
    assert [stage.lr for stage in fitnets(*nets, guided=1, hint=1)] == [0.005, 1.0]
    assert [stage.lr for stage in fitnets(*flat, guided=2, hint=2)] == [0.2, 1.0]
    assert [stage.lr for stage in fitnets(*flat, guided=2, hint=2, hint_lr=0.7)] == [
        0.7,
        1.0,
    ]


def test_without_a_first_stage_all_epochs_are_equation_2(toy):
    nets = mlp(128, 4, 3, seed=0), mlp(128, 5, 3, seed=1)
    rows = train(
        fitnets(*nets, guided=2, hint=2, hint_epochs=0.0),
        toy,
        replace(QUICK, epochs=5),
        progress=False,
    )
    assert [row["stage"] for row in rows] == ["distil"] * 5


def test_the_joint_loss_is_the_sum_of_both_at_one_start():
    """Equations 2 and 3 in one step, in NumPy, and who learns in it."""
    features = draw(0, 5, 7)
    hints = draw(1, 5, 9)
    z = draw(2, 5, 3)
    v = draw(3, 5, 3)
    student = nn.Sequential(Given(features), Given(z))
    teacher = nn.Sequential(Given(hints), Given(v))
    regressor = Given(draw(4, 5, 9))
    options = {
        "guided": 1,
        "hint": 1,
        "regressor": regressor,
        "T": 2.0,
        "lam": (3.0, 1.0),
    }
    (stage,) = joint_hints(student, teacher, beta=0.25, **options)
    ((learner, loss),) = stage.learn.items()
    batch = batch_of(5)
    terms = {name: term.item() for name, term in loss(batch, 0.5).items()}
    p, q = (np.exp(a / 2) / np.exp(a / 2).sum(1, keepdims=True) for a in (v, z))
    wanted = {
        "hard": -np.log(
            (np.exp(z) / np.exp(z).sum(1, keepdims=True))[np.arange(5), batch.y]
        ).mean(),
        "soft": 2.0 * -(p * np.log(q)).sum(1).mean(),
        "hint": 0.25 * 0.5 * ((hints - draw(4, 5, 9)) ** 2).sum(1).mean(),
    }
    assert terms == pytest.approx(wanted, rel=1e-12)
    assert [*learner] == [student, regressor] and stage.epochs == stage.lr == 1.0
    with pytest.raises(
        ValueError, match="beta weighs the hint and is 0 or more, got -1"
    ):
        joint_hints(student, teacher, beta=-1.0, **options)


def test_half_precision_trains(toy):
    for nets in (
        (conv(2, 4, classes=3, seed=0), conv(2, 5, classes=3, seed=1)),
        (mlp(128, 4, 3), mlp(128, 5, 3)),
    ):
        rows = train(
            fitnets(*nets, guided=len(nets[0]) - 1, hint=len(nets[1]) - 1),
            toy,
            replace(QUICK, precision="bf16"),
        )
        assert rows[1]["hint"] < rows[0]["hint"]


FLAT, MAPS = mlp(128, 8, 3, seed=0), conv(2, 4, 6, classes=3, seed=0)


@pytest.mark.parametrize(
    ("student", "teacher", "options", "said"),
    [
        (
            MAPS,
            MAPS,
            {"guided": 2, "hint": 1},
            r"\(32, 6, 4, 4\).*\(32, 4, 8, 8\).*no larger; choose other blocks",
        ),
        (
            MAPS,
            FLAT,
            {"guided": 1, "hint": 2},
            r"\(32, 4, 8, 8\).*\(32, 8\).*both flat",
        ),
        (
            FLAT,
            FLAT,
            {"guided": 2, "hint": 2, "regressor": nn.Linear(8, 5)},
            r"target \(32, 8\) and features \(32, 5\)",
        ),
        (
            FLAT,
            FLAT,
            {"guided": 1, "hint": 2},
            "guided = 1: .* from 1 to 3, past the first block with weights",
        ),
        (FLAT, FLAT, {"guided": 2, "hint": 0}, "hint = 0: "),
        (FLAT, FLAT, {"guided": 4, "hint": 2}, "guided = 4: "),
        (FLAT, FLAT, {"guided": -1, "hint": 2}, "guided = -1: "),
        (FLAT, FLAT, {"guided": 2, "hint": 2.0}, "hint = 2.0: "),
        (
            FLAT,
            nn.Linear(128, 3),
            {"guided": 2, "hint": 1},
            "hint: needs an nn.Sequential of blocks, got Linear",
        ),
        (FLAT, FLAT, {"guided": 2, "hint": 2, "lam": (1.0,)}, "lam is a pair"),
        (
            FLAT,
            FLAT,
            {"guided": 2, "hint": 2, "lam": (1.0, -1.0)},
            "lam is a pair of values >= 0",
        ),
        (
            FLAT,
            FLAT,
            {"guided": 2, "hint": 2, "hint_epochs": 1.0},
            r"hint_epochs lies in \[0, 1\)",
        ),
        (
            FLAT,
            FLAT,
            {"guided": 2, "hint": 2, "T": 0.0},
            "temperature must be a positive finite number",
        ),
        (FLAT, mlp(128, 8, 4, seed=1), {"guided": 2, "hint": 2}, "same classes"),
    ],
)
def test_errors_say_what_to_do(student, teacher, options, said, toy):
    with pytest.raises(ValueError, match=said):
        train(fitnets(student, teacher, **options), toy, QUICK, progress=False)


def test_the_first_blocks_of_a_net_are_the_net_s_own():
    net = conv(2, 4, 6, classes=3, seed=0)
    assert [*upto(net, 2, "net")] == [net[0], net[1]] and len(
        upto(Teacher(net), 3, "net")
    ) == 3


def test_hints_train_a_net_too_deep_for_labels_alone(digits):
    """Eight layers of 32 units: at this rate labels leave them at one class, and with
    hints first they learn.
    """
    teacher, scores = mlp(784, 300, 300, 10, seed=0), {}
    train(plain(teacher), digits, Config(epochs=6, device="cpu"), progress=False)
    config = Config(epochs=20, lr=0.02, schedule="constant", device="cpu")
    for name, method in (
        ("net", plain),
        ("student", lambda net: fitnets(net, teacher, guided=5, hint=2)),
    ):
        rows = train(
            method(mlp(784, *[32] * 8, 10, seed=1)), digits, config, progress=False
        )
        scores[name] = rows[-1][f"{name} test accuracy"]
    assert scores["net"] < 0.2 and scores["student"] > 0.85, scores


def test_learns_real_digits_at_its_defaults(digits):
    teacher, config = mlp(784, 100, 10, seed=0), Config(epochs=10, device="cpu")
    by_labels = train(plain(teacher), digits, config, progress=False)[-1][
        "net test accuracy"
    ]
    rows = train(
        fitnets(mlp(784, 30, 30, 10, seed=1), teacher, guided=2, hint=2),
        digits,
        config,
        progress=False,
    )
    hint = [row["hint"] for row in rows if row["stage"] == "hint"]
    assert len(hint) == 4 and hint[-1] < hint[0] / 4
    assert rows[-1]["student test accuracy"] > by_labels - 0.04
