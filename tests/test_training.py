"""The loop: what it changes and what it must not, the steps it takes against
hand-written ones, and the rows it returns.
"""

import copy
import itertools
import math
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, asdict, replace

import numpy as np
import pytest
import torch
from patterns import small
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from kdsurvey import sweeps
from kdsurvey.batches import Batches, jitter
from kdsurvey.config import SCHEDULES
from kdsurvey.data import Data
from kdsurvey.losses import cross_entropy, kl, soften
from kdsurvey.methods import hinton, plain
from kdsurvey.nets import Ensemble, conv, mlp
from kdsurvey.stage import Batch, Stage, Teacher
from kdsurvey.training import (
    Config,
    Step,
    StopTraining,
    accuracy,
    device_of,
    epochs,
    train,
)

QUICK = Config(epochs=2, batch_size=16, lr=0.05, seed=7, device="cpu")
STEPS = 6  # of one epoch: 96 examples in batches of 16


def weights(net: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of all that a net holds, batch-norm statistics included."""
    return copy.deepcopy(net.state_dict())


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def run(stages, data: Data, config: Config = QUICK, *hooks, **options) -> list[dict]:
    return train(stages, data, config, *hooks, progress=False, **options)


def one_stage(net: nn.Module, loss, **options) -> Iterator[Stage]:
    yield Stage("only", {net: loss}, **options)


# ---------------------------------------------------------------- learner and teacher
# never touch each other


@pytest.mark.parametrize("pixels", [0, 1])
def test_only_the_learner_changes(toy, pixels):
    given, student = conv(2, 4, 6, classes=3, seed=1), conv(2, 4, classes=3, seed=2)
    teacher = Teacher(given)
    before = weights(given)
    at_start = weights(student)
    frozen = weights(teacher.net)

    def watch(step: Step):
        assert same(weights(given), before) and same(weights(teacher.net), frozen)
        assert not any(module.training for module in teacher.net.modules())
        assert all(
            p.grad is None for net in (given, teacher.net) for p in net.parameters()
        )

    run(hinton(student, teacher), toy, replace(QUICK, jitter=pixels), on_batch=watch)
    assert not any(
        torch.equal(value, at_start[name]) for name, value in weights(student).items()
    )
    assert all(module.training for module in given.modules()) and all(
        p.requires_grad for p in given.parameters()
    )


def test_a_teacher_is_a_copy_in_eval_mode_that_gives_no_gradient(toy):
    net = mlp(128, 12, 3, dropout=0.5, seed=0)
    teacher, (x, y) = Teacher(net), toy.train
    batch = Batch(x[:5].clone().requires_grad_(), y[:5], torch.arange(5), x)
    assert (
        not teacher(batch).requires_grad and not teacher.logits(batch.x).requires_grad
    )
    net.eval()
    torch.testing.assert_close(teacher.logits(x), net(x), rtol=0, atol=1e-6)
    with torch.no_grad():
        net[
            -1
        ].bias += 1  # what the caller does later to the net does not reach the teacher
    assert (teacher.logits(x) - net(x)).abs().min() > 0.9
    with pytest.raises(ValueError, match=r"torch\.nn\.Module, got function"):
        Teacher(lambda x: x)


def test_a_learner_trains_in_train_mode_and_is_scored_in_eval_mode(toy):
    net, seen = nn.Sequential(conv(2, 4, 6, classes=3, seed=1), nn.Dropout(0.1)), []
    for module in net.modules():
        module.register_forward_pre_hook(
            lambda m, _: seen.append((torch.is_grad_enabled(), m.training))
        )
    run(plain(net.eval()), toy, replace(QUICK, epochs=3))
    assert set(seen) == {(True, True), (False, False)}
    modules = len(list(net.modules()))
    assert seen.count((True, True)) == modules * 3 * STEPS
    assert seen.count((False, False)) == modules * (
        3 + 1
    )  # validation after each epoch, test after the last


def test_scoring_an_ensemble_leaves_its_members_in_eval_mode(toy):
    """A measurement must not change how the next one is taken, nor teach batch-norm the
    test images.
    """
    peers = [conv(2, 4, classes=3, seed=s) for s in range(2)]
    seen = []

    def stages():
        def loss_of(peer):
            return lambda batch, progress: {
                "hard": cross_entropy(peer(batch.x), batch.y)
            }

        score = {"ensemble": Ensemble(peers), "first": lambda x: peers[0](x)}
        yield Stage("peers", {peer: loss_of(peer) for peer in peers}, score)

    peers[0][0][1].register_forward_pre_hook(
        lambda m, _: seen.append((torch.is_grad_enabled(), m.training))
    )
    run(stages(), toy)
    assert set(seen) == {(True, True), (False, False)}


def test_accuracy_leaves_every_module_in_its_mode(toy):
    net = conv(2, 4, 6, classes=3, seed=0)
    net[1].eval()
    before, modes = weights(net), [m.training for m in net.modules()]
    accuracy(net, *toy.test)
    assert [m.training for m in net.modules()] == modes and same(weights(net), before)
    net.eval()
    net[0].train()  # the root says eval, a part does not
    accuracy(net, *toy.test)
    assert net[0].training and not net[1].training and same(weights(net), before)


# ---------------------------------------------------------------- what a teacher remembers


def in_double(data: Data) -> Data:
    return Data(
        *((x.double(), y) for x, y in (data.train, data.test)),
        data.classes,
        data.source,
    )


def test_remembered_and_recomputed_logits_give_the_same_weights(toy, monkeypatch):
    teacher, data = conv(2, 4, classes=3, seed=1).double(), in_double(toy)
    students = [small(2).double(), small(2).double()]
    run(hinton(students[0], teacher, T=2.0), data)
    monkeypatch.setattr(Teacher, "__call__", lambda self, batch: self.logits(batch.x))
    run(hinton(students[1], teacher, T=2.0), data)
    for a, b in zip(students[0].parameters(), students[1].parameters()):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def calls_of(teacher: Teacher) -> list[int]:
    """Grows by the number of examples at every forward pass of the teacher."""
    calls = []
    teacher.net.register_forward_hook(
        lambda m, inputs, out: calls.append(len(inputs[0]))
    )
    return calls


def test_a_teacher_runs_once_over_the_training_set_for_all_students(toy):
    teacher = Teacher(small(1))
    calls = calls_of(teacher)
    for seed in (2, 3):
        run(hinton(small(seed), teacher), toy, replace(QUICK, seed=seed))
    assert calls == [96]


def test_a_teacher_sees_every_augmented_batch_as_it_is(toy, monkeypatch):
    monkeypatch.setattr(
        Teacher,
        "_remembered",
        lambda *_: pytest.fail("augmented inputs must not be remembered"),
    )
    teacher = Teacher(small(1))
    calls = calls_of(teacher)
    run(hinton(small(2), teacher), toy, replace(QUICK, jitter=1))
    assert calls == [16] * 2 * STEPS
    x, y = toy.train
    moved = Batch(x[:4].flip(-1), y[:4], torch.arange(4), x, augmented=True)
    torch.testing.assert_close(teacher(moved), teacher.net(moved.x), rtol=0, atol=1e-6)
    stacked = Batch(
        x[:6].reshape(2, 3, *x.shape[1:]),
        y[:6].reshape(2, 3),
        torch.arange(6).reshape(2, 3),
        x,
        True,
    )
    torch.testing.assert_close(
        teacher(stacked), teacher.net(x[:6]).reshape(2, 3, 3), rtol=0, atol=1e-6
    )


def test_a_memory_is_of_these_inputs_as_they_are_now(toy):
    teacher, (x, y) = Teacher(small(1)), toy.train
    x, i = x.clone(), torch.tensor([5, 2, 2])

    def remembered(inputs):
        return teacher(Batch(inputs[i], y[i], i, inputs))

    torch.testing.assert_close(remembered(x), teacher.net(x[i]), rtol=0, atol=1e-6)
    other = x.flip(0).contiguous()
    torch.testing.assert_close(
        remembered(other), teacher.net(other[i]), rtol=0, atol=1e-6
    )
    other.mul_(0.5)
    torch.testing.assert_close(
        remembered(other), teacher.net(other[i]), rtol=0, atol=1e-6
    )


# ---------------------------------------------------------------- which examples, in which order


def batches_of(data: Data, config: Config = QUICK) -> list[list[Batch]]:
    """The batches of every epoch, as a loss saw them."""
    net, seen = small(), []

    def loss(batch, progress):
        seen.append(batch)
        return {"hard": cross_entropy(net(batch.x), batch.y)}

    run(one_stage(net, loss), data, config)
    per_epoch = len(seen) // config.epochs
    return [seen[k : k + per_epoch] for k in range(0, len(seen), per_epoch)]


def test_every_epoch_sees_every_example_once_in_its_own_order(toy):
    epochs = batches_of(toy, replace(QUICK, batch_size=20))
    assert [len(b.i) for b in epochs[0]] == [20, 20, 20, 20, 16]
    orders = [torch.cat([b.i for b in epoch]).tolist() for epoch in epochs]
    assert all(sorted(order) == list(range(96)) for order in orders)
    assert orders[0] != orders[1] != list(range(96))
    for batch in itertools.chain(*epochs):
        assert torch.equal(batch.x, toy.train[0][batch.i]) and torch.equal(
            batch.y, toy.train[1][batch.i]
        )
        assert batch.inputs is toy.train[0] and not batch.augmented


def order_of(data: Data, **options) -> list[int]:
    return torch.cat(
        [b.i for epoch in batches_of(data, replace(QUICK, **options)) for b in epoch]
    ).tolist()


def test_the_order_hangs_on_the_seed_alone(toy):
    order = order_of(toy)
    torch.rand(100)
    assert order_of(toy, jitter=2, optimiser="adam", lr=0.001) == order
    assert order_of(toy, seed=8) != order


def test_a_last_example_alone_is_left_out(toy):
    (x, y), config = toy.train, replace(QUICK, epochs=1)
    odd = replace(toy, train=(x[:33], y[:33]))
    assert [len(b.i) for b in batches_of(odd, config)[0]] == [16, 16]
    run(plain(conv(2, 4, classes=3)), odd, config)


def test_batches_of_one_and_sets_of_one_still_train(toy):
    (x, y), config = toy.train, replace(QUICK, epochs=1, lr=0.01)
    assert (
        len(
            batches_of(
                replace(toy, train=(x[:4], y[:4])), replace(config, batch_size=1)
            )[0]
        )
        == 4
    )
    assert len(batches_of(replace(toy, train=(x[:1], y[:1])), config)[0]) == 1


def shift_of(image: np.ndarray, moved: np.ndarray, reach: int) -> list[tuple[int, int]]:
    """All shifts up to `reach` that turn the image into the moved one, by padding and rolling."""
    padded = np.pad(image, ((0, 0), (reach, reach), (reach, reach)))
    inner = slice(reach, -reach)
    shifts = [
        (d, r) for d in range(-reach, reach + 1) for r in range(-reach, reach + 1)
    ]
    return [
        s
        for s in shifts
        if np.array_equal(np.roll(padded, s, (1, 2))[:, inner, inner], moved)
    ]


@pytest.mark.parametrize("pixels", [1, 2])
def test_jitter_shifts_every_image_by_its_own_draw(pixels):
    x = torch.rand(400, 2, 7, 9, generator=torch.Generator().manual_seed(0)) + 0.1
    moved = jitter(x, pixels, torch.Generator().manual_seed(3))
    found = [shift_of(a, b, pixels + 1) for a, b in zip(x.numpy(), moved.numpy())]
    assert moved.shape == x.shape and all(len(shifts) == 1 for shifts in found)
    everywhere = {
        (d, r) for d in range(-pixels, pixels + 1) for r in range(-pixels, pixels + 1)
    }
    assert {shifts[0] for shifts in found} == everywhere
    again = jitter(x, pixels, torch.Generator().manual_seed(3))
    assert torch.equal(moved, again) and not torch.equal(
        moved, jitter(x, pixels, torch.Generator().manual_seed(4))
    )


def test_a_batch_lies_in_memory_as_the_images_do():
    """Convolutions round by that order: rows were recorded so, and would differ in their
    last digits.
    """
    x = torch.rand(6, 4, 4, 1).permute(0, 3, 1, 2)
    batches = Batches(3, 0, 0, torch.device("cpu"))
    for batch in batches.of_epoch(x, torch.arange(6)):
        assert batch.x.stride() == x.stride() == (16, 1, 4, 1)
        assert torch.equal(batch.x, x[batch.i])


def test_jitter_in_training_is_within_reach_anew_each_epoch_and_keeps_the_labels(toy):
    epochs = batches_of(toy, replace(QUICK, jitter=1))
    shifts = []
    for epoch in epochs:
        of_example = {}
        for batch in epoch:
            assert batch.augmented and torch.equal(batch.y, toy.train[1][batch.i])
            for i, moved in zip(batch.i.tolist(), batch.x.numpy()):
                (of_example[i],) = shift_of(toy.train[0][i].numpy(), moved, 1)
        shifts.append(of_example)
    assert shifts[0] != shifts[1] and len(set(shifts[0].values())) == 9


# ---------------------------------------------------------------- the steps, against
# hand-written ones

LR = {  # progress -> factor, worked out apart from the package
    "constant": lambda p: 1.0,
    "step": lambda p: 1.0 if p < 0.5 else 0.1 if p < 0.75 else 0.01,
    "cosine": lambda p: (1 + np.cos(np.pi * p)) / 2,
    "one-cycle": lambda p: (
        np.interp(p, [0, 0.3], [0.04, 1])
        if p <= 0.3
        else np.cos(np.pi / 2 * (p - 0.3) / 0.7) ** 2
    ),
    "of one's own": lambda p: 1 - p / 2,
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name):
    assert [SCHEDULES[name](p) for p in np.linspace(0, 1, 41)] == pytest.approx(
        [LR[name](p) for p in np.linspace(0, 1, 41)]
    )


def test_one_cycle_rises_to_its_peak_at_three_tenths_and_falls_to_nothing():
    factor = SCHEDULES["one-cycle"]
    values = np.array([factor(p) for p in np.linspace(0, 1, 101)])
    assert (values[0], values[30], values[100]) == pytest.approx((0.04, 1, 0))
    assert (np.diff(values[:31]) > 0).all() and (np.diff(values[30:]) < 0).all()
    assert factor(0.3 - 1e-9) == pytest.approx(factor(0.3), abs=1e-6)


@pytest.mark.parametrize("schedule", LR)
def test_the_rate_of_every_batch(toy, schedule):
    steps = []
    config = replace(QUICK, epochs=4, schedule=SCHEDULES.get(schedule, LR[schedule]))
    if schedule in SCHEDULES:
        config = replace(config, schedule=schedule)
    rows = run(plain(small()), toy, config, on_batch=steps.append)
    expected = [0.05 * LR[schedule](k / (4 * STEPS)) for k in range(4 * STEPS)]
    assert [step.lr for step in steps] == pytest.approx(expected)
    assert [row["lr"] for row in rows] == pytest.approx(expected[STEPS - 1 :: STEPS])


def replayed(
    config: Config, data: Data, start: dict, epochs: list[list[Batch]]
) -> np.ndarray:
    """Softmax regression by hand in float64: gradient, decay, momentum or Adam, and the
    schedule. Returns (c, d + 1).
    """
    w = np.hstack(
        [start["1.weight"].numpy(), start["1.bias"].numpy()[:, None]]
    )  # (c, d + 1)
    v = np.zeros_like(w)
    square = np.zeros_like(w)
    k = 0
    total = sum(map(len, epochs))
    for batch in itertools.chain(*epochs):
        x = np.hstack(
            [data.train[0][batch.i].flatten(1).numpy(), np.ones((len(batch.i), 1))]
        )  # (n, d + 1)
        e = np.exp(x @ w.T)
        q = e / e.sum(1, keepdims=True)  # (n, c)
        g = (q - np.eye(3)[batch.y]).T @ x / len(x) + config.weight_decay * w
        lr, k = config.lr * LR[config.schedule](k / total), k + 1
        if config.optimiser == "adam":
            v, square = 0.9 * v + 0.1 * g, 0.999 * square + 0.001 * g**2
            w = w - lr * (v / (1 - 0.9**k)) / (np.sqrt(square / (1 - 0.999**k)) + 1e-8)
        else:
            v = config.momentum * v + g
            w = w - lr * (g + config.momentum * v if config.nesterov else v)
    return w


OPTIMISERS = {
    "sgd": {"momentum": 0.0},
    "momentum": {"momentum": 0.8},
    "decay": {"momentum": 0.8, "weight_decay": 0.05},
    "nesterov": {"momentum": 0.8, "nesterov": True, "weight_decay": 0.05},
    "adam": {"optimiser": "adam", "lr": 0.01},
    "adam with decay": {"optimiser": "adam", "lr": 0.01, "weight_decay": 0.05},
}


@pytest.mark.parametrize("schedule", ["constant", "one-cycle"])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_steps_are_those_of_the_optimiser(toy, name, schedule):
    data = in_double(toy)
    net = mlp(128, 3, seed=0).double()
    epochs = []
    config, start = replace(QUICK, schedule=schedule, **OPTIMISERS[name]), weights(net)

    def loss(batch, progress):
        epochs.append([batch])
        return {"hard": cross_entropy(net(batch.x), batch.y)}

    run(one_stage(net, loss), data, config)
    expected = replayed(config, data, start, epochs)
    found = np.hstack(
        [net[1].weight.detach().numpy(), net[1].bias.detach().numpy()[:, None]]
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
    assert (
        np.abs(found - np.hstack([start["1.weight"], start["1.bias"][:, None]])).max()
        > 1e-3
    )


# ---------------------------------------------------------------- one seed, one result

VARIANTS = {
    "sgd": {},
    "adam": {"optimiser": "adam", "lr": 0.003},
    "nesterov": {"nesterov": True},
    "jitter": {"jitter": 2},
    "bf16": {"precision": "bf16"},
    **{schedule: {"schedule": schedule} for schedule in SCHEDULES},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_same_seed_same_rows_to_the_last_bit(toy, name):
    config, results = replace(QUICK, **VARIANTS[name]), []
    for other in (config, config, replace(config, seed=8)):
        net = small(dropout=0.2)
        torch.rand(3)  # whatever was drawn before must not matter
        results.append((run(hinton(net, small(5)), toy, other), weights(net)))
    assert results[0][0] == results[1][0] and same(results[0][1], results[1][1])
    assert results[0][0] != results[2][0] and not same(results[0][1], results[2][1])


def test_dropout_draws_from_the_seed(toy):
    """Order apart: on one batch of everything, the seed still decides which units drop."""
    whole = replace(QUICK, batch_size=96, epochs=1)
    first, again, other = (
        (net := small(dropout=0.5), run(plain(net), toy, c))
        for c in (whole, whole, replace(whole, seed=8))
    )
    assert first[1] == again[1]
    assert abs(first[1][0]["hard"] - other[1][0]["hard"]) > 1e-4


@pytest.mark.parametrize("seed", [7, (7, 8)], ids=str)
def test_what_a_method_draws_comes_from_the_seed(toy, seed):
    """A net that is built between two stages starts from the run's seed; a stack's
    first seed stands for all.
    """
    drawn = []

    def stages():
        drawn.append(torch.rand(3))
        yield from plain(sweeps.stack([small(0), small(1)]))

    for config in (
        replace(QUICK, seed=seed),
        replace(QUICK, seed=seed),
        replace(QUICK, seed=9 if seed == 7 else (9, 8)),
    ):
        torch.rand(5)
        run(stages(), toy, config)
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("hook", ["on_epoch", "on_batch"])
def test_interleaved_runs_equal_separate_runs(toy, hook):
    configs = [
        replace(QUICK, jitter=1),
        replace(QUICK, seed=9, optimiser="adam", lr=0.003, epochs=1),
    ]

    def fresh():
        return [small(0, dropout=0.3), conv(2, 4, classes=3, seed=1)], Teacher(
            small(5, dropout=0.3)
        )

    nets, teacher = fresh()
    apart = [
        run(hinton(net, teacher), toy, config) for net, config in zip(nets, configs)
    ]
    mixed, teacher = fresh()
    inner = []

    def meanwhile(_):
        if not inner:
            inner.append(run(hinton(mixed[1], teacher), toy, configs[1]))

    outer = run(hinton(mixed[0], teacher), toy, configs[0], **{hook: meanwhile})
    assert outer == apart[0] and inner == [apart[1]]
    assert all(same(weights(a), weights(b)) for a, b in zip(nets, mixed))


def test_the_global_generator_is_put_back(toy):
    before = torch.random.get_rng_state()
    run(plain(small(dropout=0.5)), toy)
    assert torch.equal(torch.random.get_rng_state(), before)
    with pytest.raises(ZeroDivisionError):
        run(
            one_stage(
                small(), lambda batch, progress: {"hard": torch.rand(()) / (1 // 0)}
            ),
            toy,
        )
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_stack_ends_where_its_members_would_alone(toy):
    """Seeds, temperatures, weights of the soft term and nets stay paired, member by member."""
    seeds = (3, 11, 4)
    T = torch.tensor([1.0, 3.0, 9.0])
    alpha = torch.tensor([0.0, 0.5, 1.0])
    alone = [mlp(128, 9, 3, seed=s) for s in seeds]
    members = [mlp(128, 9, 3, seed=s) for s in seeds]
    config, teacher = replace(QUICK, jitter=1), Teacher(small(5))
    expected = [
        run(hinton(net, teacher, T=t, alpha=a), toy, replace(config, seed=s))
        for net, s, t, a in zip(alone, seeds, T.tolist(), alpha.tolist())
    ]
    stacked = sweeps.stack(members)
    rows = run(
        hinton(stacked, teacher, T=T, alpha=alpha), toy, replace(config, seed=seeds)
    )
    for member, (net, twin) in enumerate(zip(alone, sweeps.unstack(stacked))):
        for a, b in zip(net.parameters(), twin.parameters()):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
        of_member = [row for row in rows if row["member"] == member]
        for row, known in zip(of_member, expected[member], strict=True):
            assert (
                row.keys() == known.keys() | {"member"}
                and row["stage"] == known["stage"]
            )
            numbers = {name: value for name, value in known.items() if name != "stage"}
            assert {name: row[name] for name in numbers} == pytest.approx(
                numbers, rel=1e-4, abs=1e-6
            )


# ---------------------------------------------------------------- settings


def test_settings_are_frozen_and_unchanged(toy):
    config = replace(QUICK, jitter=1)
    before = asdict(config)
    run(hinton(small(), small(1)), toy, config)
    assert asdict(config) == before
    with pytest.raises(FrozenInstanceError):
        config.lr = 1.0


@pytest.mark.parametrize(
    "bad",
    [
        {"epochs": 0},
        {"epochs": 1.5},
        {"batch_size": 0},
        {"lr": 0.0},
        {"lr": math.nan},
        {"lr": math.inf},
        {"momentum": 1.0},
        {"momentum": -0.1},
        {"weight_decay": -1e-4},
        {"weight_decay": math.inf},
        {"schedule": "triangle"},
        {"precision": "fp16"},
        {"seed": ()},
        {"seed": 0.5},
        {"seed": (1, 2.5)},
        {"optimiser": "lamb"},
        {"jitter": -1},
        {"jitter": 0.5},
        {"nesterov": True, "momentum": 0.0},
        {"nesterov": True, "optimiser": "adam"},
        {"nesterov": 1},
        {"epochs": True},
        {"batch_size": "128"},
        {"lr": "0.1"},
        {"lr": None},
        {"lr": True},
        {"lr": 10**400},
        {"lr": 1j},
        {"lr": np.array([0.1, 0.2])},
        {"momentum": "0.9"},
        {"momentum": math.nan},
        {"weight_decay": None},
        {"schedule": ["cosine"]},
        {"schedule": None},
        {"precision": np.zeros(2)},
        {"seed": -1},
        {"seed": 2**64},
        {"seed": "3"},
        {"seed": True},
        {"seed": [1, 2]},
        {"seed": (1, -2)},
        {"device": "gpu"},
        {"device": 0},
        {"optimiser": ["sgd"]},
        {"jitter": False},
    ],
    ids=str,
)
def test_settings_out_of_range_are_named_with_the_remedy(bad):
    name = next(iter(bad))
    with pytest.raises(ValueError) as refused:
        Config(**bad)
    said, remedy = str(refused.value).split(" is out of range; give ")
    assert said.startswith(f"Config: {name} = ") and remedy == REMEDIES[name]


REMEDIES = {
    "epochs": "a whole number of 1 or more",
    "batch_size": "a whole number of 1 or more",
    "lr": "a number above 0",
    "momentum": "a number in [0, 1)",
    "weight_decay": "a number of 0 or more",
    "schedule": "one of ['constant', 'step', 'cosine', 'one-cycle'], or a function",
    "precision": '"fp32" or "bf16"',
    "seed": "a whole number from 0 to 2**63 - 1, or a tuple of one for each member",
    "device": '"auto", "cpu", "cuda" or the like',
    "optimiser": '"sgd" or "adam"',
    "nesterov": "False, or SGD some momentum",
    "jitter": "a whole number of 0 or more",
}


def test_numbers_of_numpy_are_numbers():
    config = Config(
        epochs=np.int64(3),
        lr=np.float32(0.5),
        seed=(np.int64(1), np.array(2)),
        nesterov=np.bool_(True),
    )
    assert config == Config(epochs=3, lr=0.5, seed=(1, 2), nesterov=True)
    assert type(config.epochs) is int and type(config.lr) is float


def test_the_base_seed_is_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("KDSURVEY_SEED", "7")
    assert Config().seed == 7
    monkeypatch.setenv("KDSURVEY_SEED", "")
    assert Config().seed == 0


@pytest.mark.parametrize("asked", ["abc", "-1", "1.5", str(2**63), "٣"])
def test_a_base_seed_that_is_none_is_named(asked, monkeypatch):
    monkeypatch.setenv("KDSURVEY_SEED", asked)
    with pytest.raises(ValueError, match=r"KDSURVEY_SEED = .*whole number.*unset it"):
        Config()


def test_device():
    assert device_of(Config(device="cpu")) == torch.device("cpu")
    assert device_of(Config()).type in ("cpu", "cuda", "mps", "xpu")


# ---------------------------------------------------------------- stages


@pytest.mark.parametrize("epochs", range(2, 12))
@pytest.mark.parametrize("share", [0.5, 0.3, 0.25, 0.7])
def test_the_epochs_of_a_run_add_up(toy, epochs, share):
    net = small()

    def stages():
        def loss(batch, progress):
            return {"hard": cross_entropy(net(batch.x), batch.y)}

        yield Stage("first", {net: loss}, epochs=share)
        yield Stage("second", {net: loss}, epochs=1 - share)

    rows = run(stages(), toy, replace(QUICK, epochs=epochs))
    assert len(rows) == epochs
    first = sum(row["stage"] == "first" for row in rows)
    assert abs(first - epochs * share) <= 0.5


def test_a_stage_without_an_epoch_is_said(toy):
    stages = iter([Stage("hint", {}, epochs=0.2), Stage("distil", {}, epochs=0.8)])
    with pytest.raises(ValueError, match=r"'hint' takes 0.2 of 2 epochs, which is no"):
        run(stages, toy, replace(QUICK, epochs=2))


def test_shares_of_epochs_and_rate(toy):
    net = small()

    def stages():
        def loss(batch, progress):
            return {"hard": cross_entropy(net(batch.x), batch.y)}

        yield Stage("warm", {net: loss}, epochs=0.5, lr=0.1)
        yield Stage("long", {net: loss}, {"net": net}, epochs=1.5)
        yield Stage("short", {net: loss}, epochs=0.6, lr=2.0)

    steps = []
    rows = run(stages(), toy, replace(QUICK, schedule="cosine"), on_batch=steps.append)
    assert [(r["stage"], r["epoch"]) for r in rows] == [
        ("warm", 1),
        ("long", 1),
        ("long", 2),
        ("long", 3),
        ("short", 1),
    ]
    firsts = {step.stage: step for step in reversed(steps)}
    assert {name: step.lr for name, step in firsts.items()} == pytest.approx(
        {"warm": 0.005, "long": 0.05, "short": 0.1}
    )
    assert [step.progress for step in steps if step.stage == "long"] == pytest.approx(
        np.arange(18) / 18
    )


def test_every_stage_starts_a_new_optimiser(toy):
    """With the momentum of the first stage carried over, the second could not stand
    still without gradient.
    """
    net, after = mlp(128, 3, seed=0), []

    def stages():
        yield Stage(
            "moving",
            {
                net: lambda batch, progress: {
                    "hard": cross_entropy(net(batch.x), batch.y)
                }
            },
        )
        after.append(weights(net))
        yield Stage(
            "still", {net: lambda batch, progress: {"none": 0 * net(batch.x).sum()}}
        )

    run(stages(), toy)
    assert same(after[0], weights(net))


def test_a_stage_is_built_after_the_one_before_has_trained(toy):
    net, events = small(), []

    def stages():
        def loss(batch, progress):
            return {"hard": cross_entropy(net(batch.x), batch.y)}

        events.append(("built", "first", weights(net)))
        yield Stage("first", {net: loss})
        events.append(("built", "second", weights(net)))
        yield Stage("second", {net: loss})

    untrained = weights(net)
    run(
        stages(),
        toy,
        QUICK,
        lambda row: events.append(("epoch", row["stage"], weights(net))),
    )
    assert [e[:2] for e in events] == [("built", "first")] + [
        ("epoch", "first")
    ] * 2 + [("built", "second")] + [("epoch", "second")] * 2
    assert same(events[3][2], events[2][2]) and not same(events[3][2], untrained)


def peers_stage(
    nets: list[nn.Module], detach: bool = True, seen: list | None = None
) -> Iterator[Stage]:
    """Two peers that teach each other, each from the other's present logits."""

    def loss_of(k: int):
        def loss(batch, progress):
            if seen is not None:
                seen.append((k, weights(nets[0])))
            v = nets[1 - k](batch.x)
            return {
                "hard": cross_entropy(nets[k](batch.x), batch.y),
                "soft": kl_of(v.detach() if detach else v, nets[k](batch.x)),
            }

        return loss

    yield Stage(
        "peers",
        {net: loss_of(k) for k, net in enumerate(nets)},
        {f"peer {k}": net for k, net in enumerate(nets)},
    )


def kl_of(v: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """KL without the detachment that losses.kl has inside."""
    return (
        (soften(v) * (torch.log_softmax(v, 1) - torch.log_softmax(z, 1))).sum(1).mean()
    )


def test_learners_take_turns_on_every_batch(toy):
    nets, seen = [small(0), small(1)], []
    rows = run(peers_stage(nets, seen=seen), toy)
    assert [k for k, _ in seen] == [0, 1] * 2 * STEPS
    for (_, at_first), (_, at_second) in zip(seen[::2], seen[1::2]):
        assert not same(
            at_first, at_second
        )  # the second learner sees the first one after its step
    for (_, at_second), (_, at_next) in zip(seen[1::2], seen[2::2]):
        assert same(
            at_second, at_next
        )  # and the second's turn leaves the first as it is
    names = {f"learner {k} {term}" for k in (0, 1) for term in ("hard", "soft")}
    assert names <= rows[0].keys() and "hard" not in rows[0]
    assert {"peer 0 test accuracy", "peer 1 test accuracy"} <= rows[-1].keys()


def test_gradient_that_leaks_to_a_peer_is_never_applied(toy):
    """A loss that forgets to detach puts gradient on the peer: it must be gone when the
    peer's own turn comes.
    """
    clean, leaky = [small(0), small(1)], [small(0), small(1)]
    expected = run(peers_stage(clean), toy)
    found = run(peers_stage(leaky, detach=False), toy)
    assert expected == found and all(
        same(weights(a), weights(b)) for a, b in zip(clean, leaky)
    )


# ---------------------------------------------------------------- refusals and stops


@pytest.mark.parametrize(
    "wrong",
    [
        list,
        tuple,
        lambda stages: next(stages),
        lambda stages: None,
        lambda stages: small(),
    ],
)
def test_only_a_generator_is_taken(toy, wrong):
    with pytest.raises(
        ValueError, match=r"must be the generator that a method returns, got \w+"
    ):
        run(wrong(plain(small())), toy)


def test_a_spent_generator_is_refused(toy):
    stages = plain(small())
    run(stages, toy)
    with pytest.raises(ValueError, match=r"spent.*call the method again"):
        run(stages, toy)


@pytest.mark.parametrize("error", [StopTraining, KeyboardInterrupt, ZeroDivisionError])
def test_a_run_that_was_cut_short_cannot_be_taken_up_at_its_next_stage(toy, error):
    """The rest of the first stage would be missing, and nothing would say so."""
    net = small()

    def stages():
        for name in ("first", "second"):
            yield Stage(
                name,
                {
                    net: lambda batch, progress: {
                        "hard": cross_entropy(net(batch.x), batch.y)
                    }
                },
            )

    def cut(row):
        raise error

    started = stages()
    try:
        run(started, toy, QUICK, cut)
    except error:
        assert error is not StopTraining
    with pytest.raises(ValueError, match="spent"):
        run(started, toy)


def test_a_frozen_learner_is_refused(toy):
    with pytest.raises(ValueError, match="Sequential has no weight that can learn"):
        run(plain(small().requires_grad_(False)), toy)


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_a_loss_that_is_not_finite_is_named(toy, bad):
    net, steps = small(), []

    def loss(batch, progress):
        z = net(batch.x)
        broken = 0.1 * z.square().mean() * (bad if progress >= 0.75 else 1.0)
        return {
            "fine": cross_entropy(z, batch.y).clamp(max=5).nan_to_num(1.0),
            "broken": broken,
        }

    with pytest.raises(
        FloatingPointError,
        match=r"stage 'only', epoch 2: the loss terms \['broken'\] are not finite.*lower lr",
    ):
        run(one_stage(net, loss), toy, QUICK, on_batch=steps.append)
    assert len(steps) == 2 * STEPS


def test_stop_from_a_hook_returns_the_rows_so_far(toy):
    config = replace(QUICK, epochs=3)
    whole = run(plain(small()), toy, replace(QUICK, epochs=3))
    later = []

    def stages():
        yield from plain(small())
        later.append("built")

    def stop_when(condition):
        def hook(found):
            if condition(found):
                raise StopTraining

        return hook

    assert (
        run(stages(), toy, config, stop_when(lambda row: row["epoch"] == 2))
        == whole[:2]
    )
    assert (
        run(stages(), toy, config, on_batch=stop_when(lambda step: step.epoch == 2))
        == whole[:1]
    )
    assert run(stages(), toy, config, on_batch=stop_when(lambda step: True)) == []
    assert later == []


# ---------------------------------------------------------------- rows and hooks


def test_rows(toy):
    net = conv(2, 4, classes=3, seed=1)
    rows = run(plain(net), toy, replace(QUICK, epochs=3))
    assert [row["epoch"] for row in rows] == [1, 2, 3] and {
        row["stage"] for row in rows
    } == {"plain"}
    assert ["net test accuracy" in row for row in rows] == [False, False, True]
    assert all(0 <= row["net validation accuracy"] <= 1 for row in rows)
    x, y = toy.test
    with torch.no_grad():
        right = sum(
            int(net.eval()(x[k : k + 1]).argmax()) == int(y[k]) for k in range(len(x))
        )
    assert rows[-1]["net test accuracy"] == right / 40
    assert all(
        type(value) in (str, int, float) for row in rows for value in row.values()
    )


def test_the_test_images_are_looked_at_once(toy, monkeypatch):
    looks = []

    def counted(predict, x, y):
        looks.append("test" if x is toy.test[0] else "validation")
        return 0.5

    monkeypatch.setattr("kdsurvey.training.accuracy", counted)
    run(plain(small()), toy, replace(QUICK, epochs=3))
    assert looks == ["validation"] * 3 + ["test"]


def test_without_validation_there_is_no_such_column(toy):
    rows = run(plain(small()), replace(toy, validation=None))
    assert not any("validation" in name for row in rows for name in row)
    assert "net test accuracy" in rows[-1]


def test_the_hooks_get_what_is_documented(toy):
    given = []
    steps = []
    net = small()

    def on_epoch(row):
        given.append(dict(row))
        row.clear()  # a hook's row is its own

    config = replace(QUICK, batch_size=20)
    rows = run(hinton(net, small(1)), toy, config, on_epoch, on_batch=steps.append)
    assert given == rows
    assert [(s.stage, s.epoch, s.examples) for s in steps] == [
        ("distil", e, n) for e in (1, 2) for n in (20, 20, 20, 20, 16)
    ]
    assert [s.progress for s in steps] == pytest.approx(np.arange(10) / 10)
    assert all(s.terms.keys() == {"hard", "soft"} for s in steps)
    assert not any(
        term.requires_grad or term.ndim for s in steps for term in s.terms.values()
    )
    for row, of_epoch in zip(
        rows, (steps[:5], steps[5:])
    ):  # the mean over examples: the short last batch weighs less
        for name in ("hard", "soft"):
            mean = sum(s.examples * s.terms[name].item() for s in of_epoch) / 96
            assert row[name] == pytest.approx(mean, rel=1e-6)


def test_the_sum_of_the_terms_is_what_is_learnt(toy):
    """Splitting a loss into terms, or naming them otherwise, changes no weight."""
    nets = [small(), small()]
    run(one_stage(nets[0], lambda b, p: {"all": cross_entropy(nets[0](b.x), b.y)}), toy)
    split = {"a": 0.25, "b": 0.75}
    run(
        one_stage(
            nets[1],
            lambda b, p: {
                k: w * cross_entropy(nets[1](b.x), b.y) for k, w in split.items()
            },
        ),
        toy,
    )
    for a, b in zip(nets[0].parameters(), nets[1].parameters()):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_accuracy():
    x = torch.eye(3)[torch.tensor([0, 1, 2, 2])]
    assert accuracy(lambda x: x, x, torch.tensor([0, 1, 2, 0])) == 0.75
    assert accuracy(lambda x: torch.stack([x, -x]), x, torch.tensor([0, 1, 2, 2])) == [
        1.0,
        0.0,
    ]
    many = torch.randn(5_000, 4, generator=torch.Generator().manual_seed(0))
    y = torch.arange(5_000) % 4
    expected = (many.numpy().argmax(1) == y.numpy()).mean()
    assert accuracy(lambda x: x, many, y) == expected
    with pytest.raises(ValueError, match=r"as many labels as inputs.*\(4, 3\).*\(3,\)"):
        accuracy(lambda x: x, x, torch.tensor([0, 1, 2]))
    with pytest.raises(ValueError, match="at least one"):
        accuracy(lambda x: x, x[:0], torch.tensor([]))


def test_bf16_runs_stays_close_and_keeps_full_weights(toy):
    kinds, results = set(), {}
    for precision in ("fp32", "bf16"):
        net, teacher = small(), Teacher(small(5))

        def loss(batch, progress, net=net, teacher=teacher, precision=precision):
            z, v = net(batch.x), teacher(batch)
            kinds.add((precision, z.dtype, v.dtype))
            return {"hard": cross_entropy(z, batch.y), "soft": kl(v, z)}

        results[precision] = run(
            one_stage(net, loss, score={"net": net}),
            toy,
            replace(QUICK, precision=precision),
        )
        assert all(p.dtype == torch.float32 for p in net.parameters())
    assert kinds == {
        ("fp32", torch.float32, torch.float32),
        ("bf16", torch.bfloat16, torch.float32),
    }
    for a, b in zip(results["fp32"], results["bf16"]):
        assert a["hard"] != b["hard"] and b["hard"] == pytest.approx(
            a["hard"], rel=0.03
        )


# ---------------------------------------------------------------- nothing waits for the device

WAITS = (
    "_local_scalar_dense",
    "nonzero",
    "is_nonzero",
    "equal",
    "masked_select",
    "unique",
    "repeat_interleave.Tensor",
)


class Waits(TorchDispatchMode):
    """Counts the operations for which a program would have to wait for a GPU."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = str(function).removeprefix("aten.")
        chosen = name == "index.Tensor" and any(
            i is not None and i.dtype == torch.bool for i in args[1]
        )  # how many?
        if chosen or any(name.startswith(wait) for wait in WAITS):
            self.seen.append(name)
        return function(*args, **(kwargs or {}))


def test_the_counter_of_waits_counts():
    x = torch.tensor([1.0, 0.0])
    for wait in (
        lambda: x[0].item(),
        lambda: float(x[0]),
        lambda: bool(x[0] > 0),
        lambda: x[x > 0],
        lambda: x.nonzero(),
    ):
        with Waits() as waits:
            wait()
        assert waits.seen


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_no_step_waits_for_the_device(toy, options):
    counts = []
    with Waits() as waits:
        student, teacher = conv(2, 4, classes=3, seed=1), small(5)
        run(
            hinton(student, teacher, T=torch.tensor(2.0), alpha=torch.tensor(0.5)),
            toy,
            replace(QUICK, epochs=1, **options),
            on_batch=lambda step: counts.append(len(waits.seen)),
        )
    assert len(counts) == STEPS and counts[0] == counts[-1], waits.seen


def test_runs_that_take_turns_are_as_if_alone(toy):
    """Dropout draws from torch's global generator, which every run must find as it left it."""

    def parts(seed):
        return plain(small(seed, dropout=0.5)), toy, replace(QUICK, seed=seed)

    alone = [run(*parts(seed)) for seed in (1, 2)]
    outside = torch.get_rng_state()
    turns = list(zip(*(epochs(*parts(seed)) for seed in (1, 2))))
    assert [list(rows) for rows in zip(*turns)] == alone
    assert torch.equal(torch.get_rng_state(), outside)


def test_a_run_draws_one_sequence_through_all_its_epochs(toy):
    drawn = []

    class Drawing(nn.Sequential):
        def forward(self, x):
            drawn.extend([torch.rand(()).item()] if self.training else [])
            return super().forward(x)

    turns = zip(
        *(
            epochs(plain(Drawing(small(seed))), toy, replace(QUICK, seed=5))
            for seed in (0, 1)
        )
    )
    assert len(list(turns)) == 2
    own = torch.Generator().manual_seed(5)
    wanted = torch.stack(
        [torch.rand((), generator=own) for _ in range(2 * STEPS)]
    ).tolist()
    a, b = wanted[:STEPS], wanted[STEPS:]
    assert drawn == a + a + b + b


def test_a_run_left_half_way_closes_its_method(toy):
    stages = plain(small())
    rows = epochs(stages, toy, QUICK)
    next(rows)
    rows.close()
    assert list(stages) == []


# ---------------------------------------------------------------- what is no number


def test_accuracy_of_nan_is_refused(toy):
    def predict(x):
        z = torch.zeros(len(x), 3)
        z[1:3, 2] = math.nan
        return z

    with pytest.raises(ValueError, match=r"returns NaN for 2 of 40 inputs.*lower lr"):
        accuracy(predict, *toy.test)


@pytest.mark.parametrize("lr", [1e38, 3e38])
def test_a_last_step_that_diverges_is_noticed(lr, toy):
    once = Config(epochs=1, batch_size=96, lr=lr, schedule="constant", device="cpu")
    with pytest.raises(FloatingPointError, match=r"stage .*lower lr"):
        run(plain(small()), toy, once)


def test_weights_that_are_no_longer_finite_are_named(toy):
    net = small()

    def loss(batch, progress):
        slope = 1e30 * next(net.parameters()).sum()
        return {"steep": slope - slope.detach()}  # 0, whatever the weights

    def stages():
        yield Stage("cliff", {net: loss})

    once = Config(epochs=1, batch_size=96, lr=1e30, schedule="constant", device="cpu")
    with pytest.raises(FloatingPointError, match=r"'cliff', epoch 1: the weights of"):
        run(stages(), toy, once)


def test_a_teacher_of_nan_is_named(toy):
    teacher = small()
    with torch.no_grad():
        next(teacher.parameters())[0] = math.nan
    with pytest.raises(ValueError, match=r"the teacher \w+ has weights that are NaN"):
        run(hinton(small(), teacher), toy)


class SaysNaN(torch.nn.Module):
    def forward(self, x):
        return torch.full((len(x), 3), math.nan)


@pytest.mark.parametrize("jitter", [0, 1])
def test_a_teacher_that_says_nan_is_named(jitter, toy):
    config = replace(QUICK, jitter=jitter)
    with pytest.raises(ValueError, match=r"the teacher SaysNaN says NaN for \d+ of"):
        run(hinton(small(), SaysNaN()), toy, config)


def wrapped(answer):
    """A net whose logits another function changes."""

    class Wrapped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = small()

        def forward(self, x):
            return answer(self.net(x))

    return Wrapped()


@pytest.mark.parametrize("answer", [lambda z: z[:, 0], lambda z: z[:, None]])
def test_accuracy_asks_for_logits_of_every_input(answer, toy):
    with pytest.raises(ValueError, match=r"40 inputs gave logits .*returns \(n, c\)"):
        accuracy(wrapped(answer), *toy.test)


def test_accuracy_takes_arrays(toy):
    x, y = toy.test
    assert accuracy(small(), x.numpy(), y.numpy()) == accuracy(small(), x, y)


def faulty(schedule):
    return Config(epochs=1, schedule=schedule, device="cpu")


@pytest.mark.parametrize("factor", [math.nan, -1, "0.1", None, math.inf])
def test_a_schedule_that_gives_no_factor_is_named(factor, toy):
    with pytest.raises(
        ValueError, match=r"schedule gave .* at progress 0; give a func"
    ):
        train(plain(small()), toy, faulty(lambda p: factor), progress=False)


@pytest.mark.parametrize(
    ("data", "config"), [(None, Config()), ([], Config()), ("toy", {"epochs": 1})]
)
def test_data_and_config_are_asked_for_by_name(data, config, toy):
    with pytest.raises(ValueError, match="a Data and a Config; got"):
        train(plain(small()), toy if data == "toy" else data, config)


def test_a_device_that_is_not_there_is_named(toy):
    config = Config(epochs=1, device="cuda:77")
    with pytest.raises(
        ValueError, match=r'device = "cuda:77" cannot be used here; give "auto"'
    ):
        train(plain(small()), toy, config, progress=False)


def test_a_teacher_of_another_type_of_numbers_is_named(toy):
    stages = hinton(small(), small(seed=1).double())
    config = Config(epochs=1, device="cpu")
    with pytest.raises(
        ValueError, match=r"images are torch.float32, weights of Seq.*float64"
    ):
        train(stages, toy, config, progress=False)


@torch.inference_mode()
def without_grad():
    return small()


def ruined():
    net = small()
    next(net.parameters()).data.fill_(math.nan)
    return net


@pytest.mark.parametrize(
    ("make", "words"),
    [(without_grad, "inference_mode"), (ruined, "NaN before it learns")],
)
def test_weights_that_cannot_learn_are_named(make, words, toy):
    with pytest.raises(ValueError, match=words):
        train(plain(make()), toy, Config(epochs=1, device="cpu"), progress=False)


def test_the_order_of_a_batch_lies_where_the_images_are():
    x = torch.zeros(6, 1, device="meta")
    batches = Batches(4, 0, 0, torch.device("cpu")).of_epoch(x, x[:, 0])
    assert [batch.i.device.type for batch in batches] == ["meta", "meta"]
