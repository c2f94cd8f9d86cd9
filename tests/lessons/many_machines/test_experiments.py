"""The lesson on codistillation: one process computes what two do, stale copies are
stale, and rows are of what they name.
"""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from patterns import made_up
from processes import start_pair

from kdsurvey import data, nets, records
from kdsurvey.lessons import alone as lesson_alone
from kdsurvey.lessons.alone import mean_doubt
from kdsurvey.lessons.many_machines import experiments as lesson
from kdsurvey.lessons.mutual_learning import experiments as mutual_learning
from kdsurvey.measures import top1_agreement
from kdsurvey.methods import dml, plain
from kdsurvey.stage import Batch, Teacher
from kdsurvey.training import Config, accuracy, train

HERE = Path(__file__).parent
SHORT = replace(lesson.CONFIG, epochs=2, device="cpu")


@pytest.fixture(scope="module")
def digits():
    return data.mnist_5k().hold_out(500)


@pytest.fixture
def few(digits, monkeypatch):
    """The experiments in small: 200 images, two short choices, 200 images to test."""
    monkeypatch.setattr(mutual_learning, "IMAGES", 200)
    monkeypatch.setattr(
        lesson, "TRIED", {"40 epochs": replace(SHORT, epochs=4), "10 epochs": SHORT}
    )
    return replace(
        digits,
        test=tuple(t[:200] for t in digits.test),
        validation=tuple(t[:100] for t in digits.validation),
    )


def same(a, b, tolerance=0.0):
    pairs = zip(a.state_dict().values(), b.state_dict().values())
    return all(
        torch.allclose(v.double(), w.double(), rtol=tolerance, atol=tolerance)
        for v, w in pairs
    )


def test_an_exchange_at_every_step_is_mutual_learning_at_once(digits):
    small = mutual_learning.digits(digits, 0).fraction(0.1)
    ours, theirs = mutual_learning.peers(0), mutual_learning.peers(0)
    train(
        lesson.codistilled(ours, [small.train] * 2, every=1, burn_in=0.0),
        small,
        SHORT,
        progress=False,
    )
    train(dml(theirs, turns=False), small, SHORT, progress=False)
    assert all(same(a, b, 1e-5) for a, b in zip(ours, theirs)) and not same(
        ours[0], mutual_learning.peers(0)[0]
    )


def test_without_exchange_each_copy_is_a_net_alone_on_its_images(digits):
    small = mutual_learning.digits(digits, 0).fraction(0.1)
    images, config = lesson.halves(small, 0), replace(SHORT, seed=3)
    pair, expected = lesson.run(None, images, small, config), mutual_learning.peers(3)
    for net, own in zip(expected, images):
        train(plain(net), replace(small, train=own), config, progress=False)
    assert all(same(a, b) for a, b in zip(pair, expected))


def test_the_other_copy_is_as_old_as_the_last_exchange(digits):
    """A batch by hand: exchanges at the first step after the burn-in and every third from there."""
    small = mutual_learning.digits(digits, 0).fraction(0.05)
    pair = mutual_learning.peers(0)
    x, y = small.train
    batch = Batch(x[:8], y[:8], torch.arange(8), x)
    (stage,) = lesson.codistilled(pair, [small.train] * 2, every=3, burn_in=0.5)
    first, second = stage.learn.values()
    assert set(first(batch, 0.4)) == set(second(batch, 0.4)) == {"hard"}
    old = Teacher(pair[1]).logits(batch.x)
    told = []
    for _ in range(4):
        told.append(first(batch, 0.5)["mutual"].item())
        second(batch, 0.5)
        with torch.no_grad():
            next(iter(pair[1].parameters())).mul_(1.5)
    now = lesson.kl(old, pair[0](batch.x)).item()
    assert told[:3] == pytest.approx([now] * 3) and abs(told[3] - now) > 1e-4


def test_halves_have_every_image_once_and_both_copies_the_same_ones(digits):
    small = mutual_learning.digits(digits, 0).fraction(0.1)
    x, y = small.train
    one, other = lesson.halves(small, 1)
    n = len(x) // 2
    assert len(one[0]) == len(other[0]) == len(one[1]) == n
    together = torch.cat([one[0], other[0]]).flatten(1)
    assert (
        len(torch.unique(together, dim=0))
        == len(torch.unique(x.flatten(1), dim=0)) - len(x) % 2
    )
    assert not torch.equal(lesson.halves(small, 2)[0][0], one[0])
    first, second = lesson.both(small, 1)
    assert first[0] is x and not torch.equal(second[0], x)
    assert sorted(map(tuple, second[0].flatten(1).tolist())) == sorted(
        map(tuple, x.flatten(1).tolist())
    )
    of = {tuple(image.flatten().tolist()): int(label) for image, label in zip(x, y)}
    for images, labels in (one, other, second):
        assert all(
            of[tuple(image.flatten().tolist())] == int(label)
            for image, label in zip(images, labels)
        )


def test_smoothing_is_as_unsure_as_the_other_copy_is_of_these_images(
    digits, monkeypatch
):
    given, real = [], lesson_alone.plain

    def spy(net, smoothing):
        given.append(smoothing)
        return real(net, smoothing=smoothing)

    monkeypatch.setattr(lesson_alone, "plain", spy)
    small = mutual_learning.digits(digits, 0).fraction(0.1)
    alone = mutual_learning.peers(5)
    images = lesson.halves(small, 0)
    lesson.smoothed(alone, images, small, SHORT)
    unsure = [
        mean_doubt(Teacher(alone[1 - k]), replace(small, train=images[k]))
        for k in range(2)
    ]
    assert given == pytest.approx([10 / 9 * u for u in unsure], rel=1e-4)


def test_rows_of_every_arm(few):
    rows = pd.DataFrame(lesson.codistil_stale(few, 1))
    arms = [
        lesson.NEVER,
        *(f"every {every}" for every in lesson.EVERY),
        lesson.SMOOTHED,
        lesson.WHOLE,
    ]
    for noise in (0.2, 0.0):
        for choice in lesson.TRIED:
            part = rows[(rows["noise"] == noise) & (rows["choice"] == choice)]
            assert (
                list(part["arm"]) == arms
                and set(part["seed"]) == {1}
                and part["agreement"].between(0, 1).all()
            )
    assert rows["accuracy"].nunique() > 8 and len(rows) == 28


def test_processes_see_half_of_the_images_and_the_control_all_of_them(few, monkeypatch):
    seen = []

    def spy(name):
        real = getattr(lesson, name)

        def watch(a, b, *more, **options):
            seen.append(sizes(a, b, *more))
            return real(a, b, *more, **options)

        monkeypatch.setattr(lesson, name, watch)

    def sizes(*arguments):
        (images,) = (a for a in arguments if isinstance(a, data.Data))
        (config,) = (a for a in arguments if isinstance(a, Config))
        return len(images.train[0]), config.epochs

    spy("train")
    spy("learn")
    lesson.codistil_stale(few, 0)
    assert seen[:8] == [(100, 4)] * 7 + [(200, 2)]


def test_two_runs_share_images_but_neither_weights_nor_order(few, monkeypatch):
    starts, real = [], lesson.run
    monkeypatch.setattr(
        lesson,
        "run",
        lambda every, im, d, c: (
            starts.append((every, c.seed, len(im[0][0]))) or real(every, im, d, c)
        ),
    )
    rows = pd.DataFrame(lesson.codistil_runs(few, 2))
    assert starts[:6] == [
        (every, seed, 200) for seed in (2, 102) for every in (None, 10, 1000)
    ]
    assert (
        list(rows["arm"][:4])
        == [lesson.NEVER, "every 10", "every 1000", lesson.SMOOTHED]
        and len(rows) == 8
    )
    assert (rows["two runs agree"] != rows["agreement"]).any() and rows[
        "two runs agree"
    ].between(0, 1).all()
    some = mutual_learning.digits(few.dealt(2), 2)
    config = lesson.TRIED["40 epochs"]
    images = lesson.both(some, 2)
    one, other = (
        real(10, images, some, replace(config, seed=seed)) for seed in (2, 102)
    )
    z = [pair[0](some.test[0]) for pair in (one, other)]
    row = rows[(rows["arm"] == "every 10") & (rows["choice"] == "40 epochs")].iloc[0]
    assert row["two runs agree"] == pytest.approx(top1_agreement(*z).item(), abs=1e-3)
    assert row["accuracy"] == pytest.approx(
        sum(accuracy(net, *some.test) for net in one) / 2, abs=1e-4
    )


def test_the_processes_of_the_notebook_are_the_command_of_the_readme(monkeypatch):
    """The command itself runs in tests/methods/test_codistil.py."""
    asked = []

    def fake(command, **_):
        asked.append(command)
        return subprocess.CompletedProcess(
            command,
            int(asked[1:] != []),
            "process 1 said b\nprocess 0 said a\n",
            "it broke",
        )

    monkeypatch.setattr(lesson.subprocess, "run", fake)
    assert lesson.processes(every=7, epochs=3, width=8) == [
        "process 0 said a",
        "process 1 said b",
    ]
    assert (
        asked[0][:3] == [sys.executable, "-m", "torch.distributed.run"]
        and "--nproc-per-node=2" in asked[0]
    )
    assert asked[0][-8:] == [
        "-m",
        "kdsurvey.codistil",
        "--every",
        "7",
        "--epochs",
        "3",
        "--width",
        "8",
    ]
    with pytest.raises(
        RuntimeError, match="the processes ended with 1; the last they said: it broke"
    ):
        lesson.processes()


def test_a_recorded_seed_of_codistillation_can_be_had_again(digits):
    before = records.recorded("codistil_stale")
    some = mutual_learning.digits(digits, 0)
    images, config = lesson.halves(some, 0), replace(lesson.TRIED["10 epochs"], seed=0)
    for arm, every in ((lesson.NEVER, None), ("every 10", 10)):
        now = lesson.row(arm, 0, lesson.run(every, images, some, config), some)
        kept = before[
            (before["seed"] == 0)
            & (before["arm"] == arm)
            & (before["choice"] == "10 epochs")
            & (before["noise"] == 0.2)
        ]
        assert (
            abs(now["accuracy"] - kept["accuracy"].item()) < 0.02
            and abs(now["agreement"] - kept["agreement"].item()) < 0.03
        )


def test_one_process_computes_what_two_do(tmp_path):
    """Each with half of the images: weights and batch-norm statistics, after stale
    exchanges of weights.
    """
    script = HERE.parents[1] / "methods" / "pair.py"
    pair = f"import runpy; runpy.run_path({str(script)!r})"
    for program in start_pair(pair, tmp_path, "weights", 5, 1.5, 8, "half"):
        assert program.ended() == 0, program.stderr
    toy = made_up()
    pair = [nets.mlp(128, 8, 3, norm=True, seed=k).double() for k in range(2)]
    x, y = toy.train
    images = list(zip(x.double().chunk(2), y.chunk(2)))
    config = Config(
        epochs=4, batch_size=16, lr=0.05, schedule="constant", seed=0, device="cpu"
    )
    stages = (
        replace(s, score={})
        for s in lesson.codistilled(
            pair, images, every=5, burn_in=0.25, weight=1.5, T=2.0
        )
    )
    parts = {"test": toy.test, "validation": toy.validation}
    exact = {part: (x.double(), y) for part, (x, y) in parts.items()}
    data = replace(toy, train=images[0], **exact)
    rows = train(stages, data, config, progress=False)
    for rank, net in enumerate(pair):
        kept = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert all(
            torch.allclose(kept["net"][name], value, rtol=1e-6, atol=1e-9)
            for name, value in net.state_dict().items()
        )
    assert ["learner 0 mutual" in row for row in rows] == [False, True, True, True]
