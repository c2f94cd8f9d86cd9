"""Furlanello et al. 2018: every target in NumPy, who teaches whom, and what the
permutation keeps.
"""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from methods.branching import softmax
from methods.contract import Case, Example, small_net
from methods.given import Given, draw
from patterns import small
from torch import nn

from kdsurvey.losses import cwtm, dkpp_targets, weighted_cross_entropy
from kdsurvey.methods import ban
from kdsurvey.methods.ban import Permuted
from kdsurvey.nets import mlp
from kdsurvey.stage import Batch, Teacher
from kdsurvey.training import Config, train


def reborn(**options) -> Example:
    students = [small_net(0), small_net(2)]
    teacher = small_net(1)
    stages = ban(iter(students).__next__, teacher, **({"generations": 2} | options))
    return Example(stages, students, [teacher])


CONTRACT = {
    "ban": Case(reborn),
    "ban+l": Case(lambda: reborn(target="ban+l")),
    "ban, cwtm": Case(lambda: reborn(target="cwtm")),
    "ban, dkpp": Case(lambda: reborn(target="dkpp"), labelled=False),
    "ban, dkpp redrawn": Case(
        lambda: reborn(target="dkpp", redrawn=True), labelled=False
    ),
}
DEFAULTS = {
    "ban": {"generations": 1, "target": "ban", "redrawn": False, "generator": None},
}
REFUSED = {
    "another target": lambda: reborn(target="bann"),
    "no generation": lambda: reborn(generations=0),
    "a net in place of a function": lambda: ban(small(), small(seed=1), generations=1),
    "a part of a generation": lambda: reborn(generations=1.5),
    "no teacher": lambda: ban(small, None, generations=1),
    "a function that makes nothing": lambda: next(
        ban(lambda: None, small(), generations=1)
    ),
}

QUICK = Config(epochs=3, batch_size=32, lr=0.1, schedule="constant", device="cpu")


def batch_of(n: int, augmented: bool = False) -> Batch:
    x = torch.zeros(n, 1, dtype=torch.float64)
    return Batch(x, torch.arange(n) % 5, torch.arange(n), x, augmented)


def terms_of(
    z: np.ndarray, v: np.ndarray, target: str, batch: Batch, **options
) -> dict[str, float]:
    student = Given(z)
    (stage,) = ban(lambda: student, Given(v), target=target, **options)
    return {
        name: term.item() for name, term in stage.learn[student](batch, 0.0).items()
    }


@pytest.mark.parametrize("seed", range(3))
def test_every_target_in_numpy(seed):
    z = draw(seed, 7, 5)
    v = 2 * draw(seed + 10, 7, 5)
    y = np.arange(7) % 5
    p, log_q = softmax(v), np.log(softmax(z))
    hard, soft = -log_q[np.arange(7), y], -(p * log_q).sum(1)
    weight = p.max(1) / p.max(1).sum()
    assert terms_of(z, v, "ban", batch_of(7)) == pytest.approx({"soft": soft.mean()})
    assert terms_of(z, v, "ban+l", batch_of(7)) == pytest.approx(
        {"soft": soft.mean(), "hard": hard.mean()}
    )
    assert terms_of(z, v, "cwtm", batch_of(7)) == pytest.approx(
        {"weighted": (weight * hard).sum()}
    )
    found = terms_of(
        z, v, "dkpp", batch_of(7), generator=torch.Generator().manual_seed(seed)
    )["permuted"]
    noise = torch.rand(7, 5, generator=torch.Generator().manual_seed(seed)).numpy()
    total = 0.0
    for row_p, row_q, keys in zip(p, log_q, noise):
        rest = [i for i in range(5) if i != row_p.argmax()]
        moved = row_p.copy()
        moved[rest] = row_p[sorted(rest, key=lambda i: keys[i])]
        total -= (moved * row_q).sum()
    assert found == pytest.approx(total / 7)


@given(st.integers(0, 2**16), st.integers(2, 12), st.floats(0.1, 30))
def test_dkpp_keeps_the_argmax_the_maximum_and_the_entropy(seed, classes, scale):
    generator = torch.Generator().manual_seed(seed)
    p = torch.softmax(
        scale * torch.randn(6, classes, generator=generator, dtype=torch.float64), 1
    )
    moved = dkpp_targets(p, generator)
    assert torch.equal(moved.argmax(1), p.argmax(1)) and torch.equal(
        moved.amax(1), p.amax(1)
    )
    assert torch.equal(
        moved.sort(1).values, p.sort(1).values
    )  # so every sum over classes, the entropy among them
    assert torch.equal(
        dkpp_targets(p[0], noise=torch.zeros(classes)).sort().values, p[0].sort().values
    )


def test_dkpp_permutes_every_row_by_its_own_draw():
    p = torch.softmax(torch.arange(8.0), 0).expand(200, 8)
    moved = dkpp_targets(p, torch.Generator().manual_seed(0))
    assert len({tuple(row) for row in moved.tolist()}) > 150
    assert (
        moved[:, :7].mean(0) - p[0, :7].mean()
    ).abs().max() < 0.02  # every other class gets each share alike


def test_a_permutation_stays_with_its_image_unless_it_is_redrawn():
    z, v = draw(0, 9, 5), draw(1, 9, 5)
    for redrawn in (False, True):
        student = Given(z)
        (stage,) = ban(
            lambda student=student: student, Given(v), target="dkpp", redrawn=redrawn
        )
        loss = stage.learn[student]
        first, second = (loss(batch_of(9), 0.0)["permuted"].item() for _ in range(2))
        assert (first == second) is not redrawn
    x, i = batch_of(9).inputs, torch.tensor([8, 2, 5])
    p = torch.softmax(torch.tensor(v), 1)
    permuted = Permuted(torch.Generator().manual_seed(0), redrawn=False)
    assert torch.equal(
        permuted(Batch(x, i % 5, torch.arange(9), x), p)[i],
        permuted(Batch(x[i], i % 5, i, x), p[i]),
    )


@given(st.integers(0, 2**16))
def test_the_weights_of_cwtm_sum_to_one(seed):
    """Equal logits z give every example the loss log c, whatever the weights: their sum
    is what is left.
    """
    v = 3 * torch.randn(
        6, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    y = torch.arange(6) % 4
    assert cwtm(torch.zeros(6, 4, dtype=torch.float64), v, y).item() == pytest.approx(
        np.log(4)
    )
    sure = torch.zeros(6, 4, dtype=torch.float64)
    z = 3 * torch.randn(
        6, 4, generator=torch.Generator().manual_seed(seed + 1), dtype=torch.float64
    )
    assert cwtm(z, sure, y).item() == pytest.approx(
        nn.functional.cross_entropy(z, y).item()
    )  # an undecided teacher: the mean


def test_no_gradient_reaches_a_teacher_or_a_weight():
    v, w = torch.zeros(4, 3, requires_grad=True), torch.ones(4, requires_grad=True)
    z, y = torch.randn(4, 3, requires_grad=True), torch.arange(4) % 3
    (cwtm(z, v, y) + weighted_cross_entropy(z, y, w)).backward()
    assert v.grad is None and w.grad is None and z.grad.any()


def test_each_generation_learns_from_the_one_before(toy):
    """The teacher of generation k is a frozen copy of generation k - 1 as it was
    trained, and no part of its student.
    """
    born, seen = [], []

    def make() -> nn.Module:
        born.append(mlp(128, 8, 3, seed=len(born) + 1))
        return born[-1]

    def looked_at(stages):
        for stage in stages:
            ((student, loss),) = stage.learn.items()
            v = next(
                cell.cell_contents
                for cell in loss.__closure__
                if isinstance(cell.cell_contents, Teacher)
            )
            seen.append(
                (
                    student,
                    v.net,
                    {name: value.clone() for name, value in v.net.state_dict().items()},
                )
            )
            yield stage
            together = torch.stack([net(toy.test[0]) for net in born]).mean(0)
            assert torch.equal(
                stage.score[f"generations 1-{len(born)}"](toy.test[0]), together
            )

    first = mlp(128, 8, 3, seed=0)
    held = {name: value.clone() for name, value in first.state_dict().items()}
    rows = train(looked_at(ban(make, first, generations=3)), toy, QUICK, progress=False)
    assert [row["stage"] for row in rows] == [
        f"generation {k}" for k in (1, 2, 3) for _ in range(3)
    ]
    assert [student for student, *_ in seen] == born and len(born) == 3
    for (student, net, state), before in zip(seen, [first, *born]):
        assert all(
            torch.equal(value, state[name])
            for name, value in before.state_dict().items()
        )
        assert all(
            torch.equal(value, state[name]) for name, value in net.state_dict().items()
        )  # it stayed so
        assert not {p.data_ptr() for p in net.parameters()} & {
            p.data_ptr() for n in (student, before) for p in n.parameters()
        }
    assert all(
        torch.equal(value, held[name]) for name, value in first.state_dict().items()
    )
    scores = [name for name in rows[-1] if name.endswith("test accuracy")]
    assert scores == ["generation 3 test accuracy", "generations 1-3 test accuracy"]


def test_a_generation_moves_towards_its_teacher(toy):
    """Generation 2 ends nearer to generation 1 than to a net of another seed that
    learnt from the same teacher.
    """
    seeds = itertools.count(1)
    born = []

    def make():
        born.append(mlp(128, 16, 3, seed=next(seeds)))
        return born[-1]

    train(
        ban(make, mlp(128, 16, 3, seed=0), generations=2),
        toy,
        Config(epochs=30, batch_size=32, lr=0.1, device="cpu"),
    )
    p = [
        torch.softmax(net.eval()(toy.train[0]), 1)
        for net in (*born, mlp(128, 16, 3, seed=99))
    ]
    assert (p[1] - p[0]).abs().sum(1).mean() < 0.3 * (p[2] - p[0]).abs().sum(1).mean()


@pytest.mark.parametrize(
    ("make", "options", "said"),
    [
        (
            lambda: mlp(128, 8, 3, seed=1),
            {"target": "bann"},
            r"a target of \('ban', .*got 'bann'",
        ),
        (
            lambda: mlp(128, 8, 3, seed=1),
            {"generations": 0},
            "generations >= 1, got 'ban' and 0",
        ),
        (
            lambda: mlp(128, 8, 3, seed=0),
            {},
            "equal weights; give each a seed of its own",
        ),
        (lambda: mlp(128, 8, 4, seed=1), {}, "same classes"),
        (lambda: mlp(128, 8, 4, seed=1), {"target": "cwtm"}, "same classes"),
    ],
)
def test_errors_say_what_to_do(make, options, said, toy):
    with pytest.raises(ValueError, match=said):
        train(ban(make, mlp(128, 8, 3, seed=0), **options), toy, QUICK, progress=False)


def test_a_student_that_is_its_own_teacher_is_refused(toy):
    same = mlp(128, 8, 3, seed=1)
    with pytest.raises(ValueError, match="equal weights"):
        train(
            ban(lambda: same, mlp(128, 8, 3, seed=0), generations=2),
            toy,
            QUICK,
            progress=False,
        )


def test_weights_need_labels_of_their_own():
    with pytest.raises(
        ValueError, match=r"weighted_cross_entropy: logits \(4, 3\).*\(5,\)"
    ):
        weighted_cross_entropy(
            torch.zeros(4, 3), torch.zeros(5, dtype=torch.long), torch.zeros(5)
        )


def test_dkpp_permutes_within_the_rows_of_a_stack():
    p = torch.rand(2, 5, 4, dtype=torch.float64).softmax(-1)
    noise = torch.rand(2, 5, 4)
    together = dkpp_targets(p, noise=noise)
    apart = torch.stack([dkpp_targets(q, noise=n) for q, n in zip(p, noise)])
    assert torch.equal(together, apart)
