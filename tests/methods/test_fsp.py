"""Yim et al. 2017: the flow loss against NumPy, what each stage may touch, and that it
gives a faster start on real digits.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from methods.contract import Case, Example, distilled
from methods.given import Given, draw, slope
from processes import run
from torch import nn

from kdsurvey.methods import fsp, plain
from kdsurvey.methods.flow import Flow
from kdsurvey.nets import conv, mlp
from kdsurvey.stage import Batch, Teacher
from kdsurvey.training import Config, StopTraining, epochs, train


def flowing(**options) -> Example:
    return distilled(fsp, **({"pairs": ((1, 2),)} | options))


CONTRACT = {
    "fsp": Case(flowing),
    "fsp, lam given": Case(lambda: flowing(lam=0.1)),
    "fsp, channels in another order": Case(
        lambda: flowing(permutation={1: [5, 4, 3, 2, 1, 0]})
    ),
}
DEFAULTS = {
    "fsp": {
        "teacher_pairs": None,
        "lam": None,
        "permutation": None,
        "flow_epochs": 1 / 3,
        "flow_lr": 2.0,
    },
}
REFUSED = {
    "flow_epochs = 1": lambda: flowing(flow_epochs=1.0),
    "no pair": lambda: flowing(pairs=()),
    "a pair backwards": lambda: flowing(pairs=((2, 1),)),
    "a pair beyond the net": lambda: flowing(pairs=((1, 9),)),
    "unequal numbers of pairs": lambda: flowing(teacher_pairs=((1, 2), (1, 2))),
    "an order of no block": lambda: flowing(permutation={3: [0]}),
    "pairs that are a number": lambda: flowing(pairs=3),
    "pairs of three": lambda: flowing(pairs=((1, 2, 3),)),
    "pairs of words": lambda: flowing(pairs=("ab",)),
    "flow_epochs that is no number": lambda: flowing(flow_epochs="half"),
}

QUICK = Config(epochs=6, batch_size=32, lr=0.05, schedule="constant", device="cpu")


def pooled(m: np.ndarray, h: int, w: int) -> np.ndarray:
    """The largest value of each of h x w equal fields of a map (c, h', w')."""
    c, tall, wide = m.shape
    return m.reshape(c, h, tall // h, w, wide // w).max((2, 4))


def matrix(f1: np.ndarray, f2: np.ndarray) -> np.ndarray:
    """Equation 1 for one example, in loops."""
    h, w = min(f1.shape[1], f2.shape[1]), min(f1.shape[2], f2.shape[2])
    f1, f2 = pooled(f1, h, w), pooled(f2, h, w)
    g = np.zeros((len(f1), len(f2)))
    for s, t in np.ndindex(h, w):
        g += np.outer(f1[:, s, t], f2[:, s, t]) / (h * w)
    return g


def by_hand(t1: np.ndarray, t2: np.ndarray, s1: np.ndarray, s2: np.ndarray) -> float:
    """Equation 2 for one pair of layers: the squared norm summed over the matrix, mean
    over the examples.
    """
    return float(
        np.mean(
            [
                np.sum((matrix(*t) - matrix(*s)) ** 2)
                for t, s in zip(zip(t1, t2), zip(s1, s2))
            ]
        )
    )


def flow_of(student: list[np.ndarray], teacher: list[np.ndarray], **options):
    """Return the student's blocks, the loss of the first stage, and a batch of all examples."""
    net, n = nn.Sequential(*map(Given, student)), len(student[0])
    (loss,) = next(
        fsp(net, nn.Sequential(*map(Given, teacher)), **options)
    ).learn.values()
    x = torch.zeros(n, 1, dtype=torch.float64)
    return net, loss, Batch(x, torch.arange(n), torch.arange(n), x)


@pytest.mark.parametrize(
    "sizes",
    [((4, 4), (4, 4)), ((4, 6), (2, 3)), ((2, 2), (4, 6)), ((4, 2), (2, 4))],
    ids=str,
)
def test_the_flow_loss_is_equation_2(sizes):
    """The larger map is max-pooled, be it the first or the second; value and gradient."""
    s1, s2, t1, t2 = (
        draw(k, 3, 2 + k % 2, *size) for k, size in enumerate([*sizes, *sizes])
    )
    net, loss, batch = flow_of([s1, s2], [t1, t2], pairs=((1, 2),), lam=0.7)
    terms = loss(batch, 0.0)
    assert list(terms) == ["flow 1-2"]
    assert terms["flow 1-2"].item() == pytest.approx(
        0.7 * by_hand(t1, t2, s1, s2), rel=1e-12
    )
    terms["flow 1-2"].backward()
    for block, theirs in zip(
        net,
        (
            slope(lambda w: by_hand(t1, t2, w, s2), s1),
            slope(lambda w: by_hand(t1, t2, s1, w), s2),
        ),
    ):
        np.testing.assert_allclose(
            block.features.grad.numpy(), 0.7 * theirs, rtol=1e-5, atol=1e-7
        )


def test_every_pair_is_compared_with_its_own():
    s, t = ([draw(k + 10 * side, 2, 2 + k, 4, 4) for k in range(4)] for side in (0, 1))
    pairs = ((1, 2), (2, 4), (1, 3))
    _, loss, batch = flow_of(s, t, pairs=pairs, lam=1.0)
    theirs = {
        f"flow {i}-{j}": by_hand(t[i - 1], t[j - 1], s[i - 1], s[j - 1])
        for i, j in pairs
    }
    assert {k: v.item() for k, v in loss(batch, 0.0).items()} == pytest.approx(
        theirs, rel=1e-12
    )


def test_a_deeper_teacher_has_pairs_of_its_own():
    s = [draw(k, 2, 3, 4, 4) for k in range(2)]
    t = [draw(9 + k, 2, 3, 4, 4) for k in range(5)]
    _, loss, batch = flow_of(s, t, pairs=((1, 2),), teacher_pairs=((2, 5),), lam=1.0)
    assert loss(batch, 0.0)["flow 1-2"].item() == pytest.approx(
        by_hand(t[1], t[4], *s), rel=1e-12
    )


def test_lam_is_one_for_all_pairs_and_keeps_the_value_of_the_first_batch():
    s, t = ([draw(k + 10 * side, 5, 2, 4, 4) for k in range(3)] for side in (0, 1))
    pairs = ((1, 2), (2, 3))
    net, loss, batch = flow_of(s, t, pairs=pairs)
    norms = [
        np.mean([np.sum(matrix(a, b) ** 2) for a, b in zip(m[i - 1], m[j - 1])])
        for m in (s, t)
        for i, j in pairs
    ]
    for factor in (
        1,
        3,
    ):  # the second time the student's maps have changed, lam has not
        now = [factor * m for m in s]
        theirs = {
            f"flow {i}-{j}": by_hand(t[i - 1], t[j - 1], now[i - 1], now[j - 1])
            / sum(norms)
            for i, j in pairs
        }
        assert {k: v.item() for k, v in loss(batch, 0.0).items()} == pytest.approx(
            theirs, rel=1e-12
        )
        with torch.no_grad():
            for weight in net.parameters():
                weight *= 3
    net.zero_grad()
    net, loss, batch = flow_of(s, t, pairs=pairs)  # lam is a number to the gradient
    sum(loss(batch, 0.0).values()).backward()
    theirs = slope(lambda w: by_hand(t[1], t[2], s[1], w) / sum(norms), s[2])
    np.testing.assert_allclose(
        net[2].features.grad.numpy(), theirs, rtol=1e-5, atol=1e-7
    )


def test_a_permutation_shuffles_rows_and_columns_of_the_teacher():
    s, t = ([draw(k + 10 * side, 2, 3, 4, 4) for k in range(3)] for side in (0, 1))
    options = {"pairs": ((1, 2), (2, 3)), "lam": 1.0}
    _, loss, batch = flow_of(s, t, permutation={1: [2, 0, 1], 2: [1, 0, 2]}, **options)
    moved = [t[0][:, [2, 0, 1]], t[1][:, [1, 0, 2]], t[2]]
    theirs = {
        f"flow {i}-{j}": by_hand(moved[i - 1], moved[j - 1], s[i - 1], s[j - 1])
        for i, j in options["pairs"]
    }
    assert {k: v.item() for k, v in loss(batch, 0.0).items()} == pytest.approx(
        theirs, rel=1e-12
    )


def state(net: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


def stop_after_flow(row: dict) -> None:
    if row["epoch"] == 2:
        raise StopTraining


def nets() -> tuple[nn.Sequential, nn.Sequential]:
    return conv(2, 4, 6, 8, classes=3, seed=0), conv(2, 4, 6, classes=3, seed=1)


def test_the_first_stage_touches_the_blocks_up_to_the_last_pair_alone(toy):
    """Bit for bit, the statistics of batch-norm included; and it needs no labels."""
    wrong, ends = replace(toy, train=(toy.train[0], (toy.train[1] + 1) % 3)), []
    for data in (toy, wrong):
        student, teacher = nets()
        before, frozen = state(student), state(teacher)
        rows = train(
            fsp(student, teacher, pairs=((1, 2),)),
            data,
            QUICK,
            stop_after_flow,
            progress=False,
        )
        assert [row["stage"] for row in rows] == ["flow"] * 2 and rows[1][
            "flow 1-2"
        ] < rows[0]["flow 1-2"]
        ends.append(state(student))
        changed = {
            name
            for name, value in ends[-1].items()
            if not torch.equal(value, before[name])
        }
        assert changed == {name for name in before if name.startswith(("0.", "1."))}
        assert all(
            torch.equal(value, frozen[name])
            for name, value in teacher.state_dict().items()
        )
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())


def test_the_second_stage_is_plain_training_from_there(toy):
    student, teacher = nets()
    flow, task = fsp(student, teacher, pairs=((1, 2),))
    x, y = toy.train
    batch = Batch(x[:9], y[:9], torch.arange(9), x)
    (stage,) = plain(student)
    assert task.learn[student](batch, 0.3) == stage.learn[student](batch, 0.3) and list(
        task.learn
    ) == [student]
    assert (flow.name, task.name, flow.lr, task.lr) == (
        "flow",
        "task",
        2.0,
        1.0,
    ) and not flow.score


@pytest.mark.parametrize("pixels", [0, 1])
def test_one_pass_of_each_net_gives_all_matrices(toy, pixels):
    """The teacher's are remembered unless inputs are augmented; stage 2 does without it."""
    student = conv(2, 4, 6, 8, classes=3, seed=0)
    teacher = Teacher(conv(2, 4, 6, 8, classes=3, seed=1))
    calls, own = [], []
    teacher.net[0].register_forward_hook(
        lambda m, x, out: calls.append((m.training, len(x[0])))
    )
    student[0].register_forward_hook(lambda m, x, out: own.append(m.training))
    pairs = ((1, 2), (2, 3), (1, 3))
    train(
        fsp(student, teacher, pairs=pairs),
        replace(toy, validation=None),
        replace(QUICK, jitter=pixels),
        progress=False,
    )
    assert calls == [(False, 32)] * 6 if pixels else calls == [(False, 96)]
    assert own == [True] * 18 + [False]


def test_the_two_stages_share_the_epochs_of_a_run(toy):
    for options, split in (({}, (2, 4)), ({"flow_epochs": 0.5}, (3, 3))):
        rows = train(
            fsp(*nets(), pairs=((1, 2),), **options), toy, QUICK, progress=False
        )
        assert (
            tuple(
                sum(row["stage"] == name for row in rows) for name in ("flow", "task")
            )
            == split
        )


def test_half_precision_trains(toy):
    rows = train(
        fsp(*nets(), pairs=((1, 2),)),
        toy,
        replace(QUICK, precision="bf16"),
        progress=False,
    )
    assert rows[1]["flow 1-2"] < rows[0]["flow 1-2"]


SMALL = conv(2, 4, 6, classes=3, seed=0)
WIDE = conv(2, 4, 7, classes=3, seed=1)
FLAT = mlp(128, 8, 8, 3, seed=0)


@pytest.mark.parametrize(
    ("student", "teacher", "options", "said"),
    [
        (
            WIDE,
            SMALL,
            {"pairs": ((1, 2),)},
            r"teacher's matrices \(32, 4, 6\) and the learner's \(32, 4, 7\) differ",
        ),
        (
            WIDE,
            SMALL,
            {"pairs": ((1, 2),), "lam": 1.0},
            "need equal channels where the pair lies: a thinner or wider student will not do",
        ),
        (FLAT, FLAT, {"pairs": ((2, 3),)}, r"maps \(n, c, h, w\).* got \(.*, 8\)"),
        (SMALL, SMALL, {"pairs": ()}, "at least one"),
        (SMALL, SMALL, {"pairs": ((2, 1),)}, "0 < start < end"),
        (SMALL, SMALL, {"pairs": ((0, 1),)}, "0 < start < end"),
        (SMALL, SMALL, {"pairs": ((1, 4),)}, "from 1 to 3"),
        (SMALL, SMALL, {"pairs": ((1, 2),), "teacher_pairs": ((1, 9),)}, "from 1 to 3"),
        (
            SMALL,
            SMALL,
            {"pairs": ((1, 2),), "teacher_pairs": ((1, 2), (1, 2))},
            "equally many pairs",
        ),
        (SMALL, SMALL[:1], {"pairs": ((1, 2),)}, "from 1 to 1"),
        (
            SMALL,
            nn.Linear(128, 3),
            {"pairs": ((1, 2),)},
            "nn.Sequential of blocks, got Linear",
        ),
        (
            SMALL,
            SMALL,
            {"pairs": ((1, 2),), "flow_epochs": 1.0},
            r"flow_epochs in \(0, 1\)",
        ),
        (
            SMALL,
            SMALL,
            {"pairs": ((1, 2),), "permutation": {3: [0]}},
            r"names the blocks \[3\]",
        ),
        (
            SMALL,
            SMALL,
            {"pairs": ((1, 2),), "permutation": {1: [0, 1, 2, 2]}},
            "each of the 4 channels",
        ),
    ],
)
def test_errors_say_what_to_do(student, teacher, options, said, toy):
    with pytest.raises(ValueError, match=said):
        train(fsp(student, teacher, **options), toy, QUICK, progress=False)


def test_learns_real_digits_at_its_defaults(digits):
    """As well as labels alone do in as many epochs of the second stage, and from a better start."""
    small = replace(
        digits,
        **{
            part: (F.avg_pool2d(x, 2), y)
            for part, (x, y) in (("train", digits.train), ("test", digits.test))
        },
    )
    widths, config = (16, 16, 32, 32), Config(epochs=6, batch_size=32, device="cpu")
    teacher, student, alone = (conv(1, *widths, seed=k) for k in (0, 1, 1))
    train(plain(teacher), small, config, progress=False)
    rows = train(
        fsp(student, teacher, pairs=((1, 2), (3, 4))), small, config, progress=False
    )
    labels = next(epochs(plain(alone), small, replace(config, epochs=4)))
    flow = [row["flow 1-2"] + row["flow 3-4"] for row in rows if row["stage"] == "flow"]
    task = [row["hard"] for row in rows if row["stage"] == "task"]
    assert flow[0] < 1 and flow[1] < 0.6 * flow[0]
    assert task[0] < 0.8 * labels["hard"] and len(task) == 4
    assert rows[-1]["student test accuracy"] > 0.95


def test_the_flow_is_where_outside_code_looks_for_it():
    """In an interpreter of its own: here the module may have been imported before."""
    code = "import kdsurvey as kd; print(kd.methods.flow.Flow.__name__)"
    assert run(code).stdout == "Flow\n"


def test_a_flow_keeps_no_weights_but_those_of_its_net():
    """An order of channels is a setting: weights that are stored do not hold it."""
    net = conv(1, 4, 6, classes=3, seed=0)
    flow = Flow(net, [(1, 2)], {1: [3, 2, 1, 0]})
    stored = {name.removeprefix("blocks.") for name in flow.state_dict()}
    assert stored == set(net[:2].state_dict())
