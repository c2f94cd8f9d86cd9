"""Notebook 05's experiments: every arm gets what it is said to get, steps are counted,
and recorded rows can be had again.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from kdsurvey import data, nets, papers, plots, records
from kdsurvey.lessons import alone, arms
from kdsurvey.lessons.fsp import claims, experiments, pictures, students
from kdsurvey.methods import plain
from kdsurvey.methods.flow import Flow
from kdsurvey.stage import Batch
from kdsurvey.training import Config, accuracy

QUICK = Config(epochs=2, batch_size=16, lr=0.02, schedule="constant", device="cpu")


@pytest.fixture(scope="module")
def few() -> data.Data:
    """64 training images, four steps an epoch."""
    part = data.mnist_5k().hold_out(500).halved()
    return replace(
        part,
        train=tuple(t[:64] for t in part.train),
        test=tuple(t[:200] for t in part.test),
    )


@pytest.fixture
def quick(monkeypatch):
    """Every run of an experiment is short."""
    monkeypatch.setattr(experiments, "FASTER", QUICK)
    monkeypatch.setattr(experiments, "EVERY", 2)
    for name in ("SMALL", "TRANSFER", "TUNE"):
        monkeypatch.setattr(students, name, replace(QUICK, epochs=6))


@pytest.fixture
def runs(monkeypatch):
    """What `train` was asked to do, and nothing is trained."""
    asked = []
    for module in (experiments, students, alone, arms):
        monkeypatch.setattr(
            module,
            "train",
            lambda stages, data, config, **options: asked.append(
                (list(stages), data, config)
            ),
        )
    return asked


def test_a_curve_begins_where_the_last_stage_does(few, quick):
    teacher = experiments.residual(2, 7)
    row = experiments.paced("FSP", few, 0, teacher, QUICK, factor=0.5)
    start = experiments.after_flow(experiments.residual(2, 0), teacher, few, 0)
    assert (row["first"], row["rate"], row["arm"], row["seed"]) == (
        4,
        0.01,
        "FSP, 0.01",
        0,
    )  # one epoch of two
    assert (
        len(row["accuracies"]) == len(row["seconds"]) == 1 + 4 // 2
        and row["seconds"][0] > 0
    )
    assert row["accuracies"][0] == accuracy(start, *few.validation)
    assert 0 <= row["accuracy"] <= 1


def test_plain_and_copied_nets_have_no_first_stage(few, quick):
    teacher = experiments.residual(2, 7)
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    row = experiments.paced("teacher's weights copied", few, 0, teacher, QUICK)
    assert (
        row["first"] == 0
        and len(row["accuracies"]) == 5
        and row["accuracies"][0] == accuracy(teacher, *few.validation)
    )
    assert all(
        torch.equal(value, before[name]) for name, value in teacher.state_dict().items()
    )
    row = experiments.paced("plain", few, 0, config=QUICK)
    assert row["first"] == 0 and row["accuracies"][0] == accuracy(
        experiments.residual(2, 0), *few.validation
    )


def test_every_start_of_the_race_is_run(few, monkeypatch):
    trained, fresh = experiments.residual(2, 7), experiments.residual(2, 8)
    monkeypatch.setattr(experiments, "teach", lambda data, seed: trained)
    monkeypatch.setattr(experiments, "untrained", lambda data, seed: fresh)
    asked = []
    monkeypatch.setattr(
        experiments,
        "paced",
        lambda name, data, seed, teacher, factor: (
            asked.append((name, factor, teacher, data)) or {}
        ),
    )
    experiments.fsp_faster(few, 3)
    assert [(name, factor) for name, factor, *_ in asked] == [
        *(("plain", factor) for factor in (0.25, 0.5, 1.0, 2.0)),
        *(("FSP", factor) for factor in (0.25, 0.5, 1.0, 2.0)),
        ("FSP, short stage 1", 1.0),
        ("FSP, untrained teacher", 1.0),
        ("teacher's weights copied", 1.0),
    ]
    teachers = [None] * 4 + [trained] * 5 + [fresh, trained]
    assert all(teacher is wanted for (*_, teacher, _), wanted in zip(asked, teachers))
    # halved in the experiment
    assert all(data.train[0].shape[2:] == (7, 7) for *_, data in asked)


def test_stage_2_is_as_long_after_a_short_stage_1_as_from_copied_weights():
    starts = [
        experiments.STARTS[name]
        for name in ("FSP, short stage 1", "teacher's weights copied")
    ]
    epochs = [s.config(experiments.FASTER).epochs * (1 - s.share) for s in starts]
    assert epochs == pytest.approx([2, 2])


def made_up_rows() -> pd.DataFrame:
    """Two starts, two rates, two seeds; the better rate on validation images is the
    worse one on test images.
    """
    rows = [
        {
            "arm": f"{start}, {rate}",
            "start": start,
            "rate": rate,
            "seed": seed,
            "validation": (rate if start == "a" else -rate) + seed,
            "accuracy": -rate,
        }
        for start in "ab"
        for rate in (0.1, 0.2)
        for seed in (0, 1)
    ]
    return pd.DataFrame(rows)


def test_a_rate_is_chosen_for_each_arm_on_validation_images():
    chosen = claims.best_rate(made_up_rows())
    assert chosen[["arm", "rate", "seed"]].to_numpy().tolist() == [
        ["a", 0.2, 0],
        ["a", 0.2, 1],
        ["b", 0.1, 0],
        ["b", 0.1, 1],
    ]
    counted = made_up_rows().rename(columns={"validation": "steps to 93%"})
    least = claims.fastest(counted)
    assert least["rate"].tolist() == [0.1, 0.1, 0.2, 0.2]


def test_targets_are_counted_in_steps_in_steps_in_all_and_in_seconds():
    slow = {
        "start": "plain",
        "first": 0,
        "accuracies": [0.1, 0.5, 0.91, 0.95],
        "seconds": [0.0, 1.0, 2.0, 3.0],
    }
    fast = {
        "start": "FSP",
        "first": 22,
        "accuracies": [0.2, 0.94, 0.9, 0.92],
        "seconds": [2.5, 3.5, 4.5, 5.5],
    }
    never = {
        "start": "never",
        "first": 0,
        "accuracies": [0.1, 0.2, 0.3, 0.4],
        "seconds": [0.0, 1.0, 2.0, 3.0],
    }
    found = claims.with_targets(pd.DataFrame([slow, fast, never]))
    assert found["steps to 90%"].tolist() == [22, 11, 44] and found[
        "in all to 90%"
    ].tolist() == [22, 33, 44]
    assert found["steps to 93%"].tolist() == [33, 11, 44] and found[
        "seconds to 93%"
    ].tolist() == [3.0, 3.5, 4.0]


def test_curves_are_cut_to_one_length_and_in_per_cent():
    rows = pd.DataFrame(
        [
            {"start": "a", "seed": k, "accuracies": [0.1 * k] * (21 + k)}
            for k in range(3)
        ]
    )
    (found,) = pictures.curves(rows, ["a"], steps=220).values()
    assert found.shape == (3, 21) and found[2, 0] == pytest.approx(20)


def test_sooner_is_better(few):
    rows = pd.DataFrame(
        [
            {"arm": arm, "seed": k, "steps to 90%": n + k * slope}
            for arm, n, slope in (("a", 10, 1), ("b", 49, 2))
            for k in (0, 1, 2)
        ]
    )
    verdict = claims.sooner(rows, "steps to 90%", "a", "b")
    assert verdict.word == "HOLDS" and verdict.effect == 40 and verdict.unit == "steps"


def test_an_untrained_teacher_has_its_batch_norm_calibrated_and_nothing_learnt(few):
    new, found = experiments.residual(2, 2005), experiments.untrained(few, 5)
    assert (
        all(torch.equal(p, q) for p, q in zip(new.parameters(), found.parameters()))
        and not found.training
    )
    batch_norm = found[0][1]
    with torch.no_grad():
        maps = found[0][0](few.train[0])
    assert torch.allclose(batch_norm.running_mean, maps.mean((0, 2, 3)), atol=1e-5)
    assert torch.allclose(batch_norm.running_var, maps.var((0, 2, 3)), rtol=1e-4)


def test_the_matrices_of_each_section_are_those_that_fsp_compares(few):
    net, x = experiments.residual(2, 0), few.test[0][:4]
    found = experiments.matrices(net.train(), x)
    assert [tuple(g.shape) for g in found] == [
        (4, 8, 8),
        (4, 16, 16),
        (4, 32, 32),
    ] and net.training
    flow = Flow(net.eval(), nets.sections(net))
    assert all(torch.allclose(g, h) for g, h in zip(found, flow.split(flow(x))))


def test_a_shuffled_teacher_has_the_rows_and_columns_of_its_matrices_permuted(few):
    net, x = experiments.residual(2, 0).eval(), few.test[0][:4]
    order = students.shuffled(net, 1000)
    pairs = nets.sections(net)
    assert set(order) == {
        block for pair in pairs for block in pair
    } and order != students.shuffled(net, 1001)
    flow = Flow(net, pairs, order)
    for (start, end), g, shuffled in zip(
        pairs, experiments.matrices(net, x), flow.split(flow(x))
    ):
        assert order[start] == order[end] and sorted(order[start]) == list(
            range(g.shape[1])
        )
        assert torch.allclose(shuffled, g[:, order[start]][:, :, order[end]], atol=1e-6)


def test_likeness_is_one_for_copies_and_lower_for_other_digits(few):
    x, _ = few.test
    twice = replace(
        few,
        test=(x[:10].repeat_interleave(2, 0), torch.arange(10).repeat_interleave(2)),
    )  # each image and its copy
    found = experiments.alike(experiments.untrained(few, 0), twice)
    assert (
        found["same digit"] == pytest.approx([1, 1, 1], abs=1e-4)
        and max(found["other digits"]) < 0.1
    )
    net = experiments.untrained(few, 0)
    four = replace(few, test=(x[:4], torch.tensor([0, 0, 1, 1])))
    found = experiments.alike(net, four)
    for k, g in enumerate(
        experiments.matrices(net, x[:4])
    ):  # the pairs one by one; an image is no pair with itself
        flat = g.double().flatten(1).numpy()
        flat = flat - flat.mean(0)
        cosine = [
            np.dot(flat[i], flat[j]) / np.linalg.norm(flat[i]) / np.linalg.norm(flat[j])
            for i, j in ((0, 1), (2, 3))
        ]
        assert found["same digit"][k] == pytest.approx(np.mean(cosine), abs=1e-4)


def test_a_gallery_has_an_image_and_three_matrices_in_each_row(few):
    net = experiments.untrained(few, 0)
    other = experiments.calibrated(experiments.residual(2, 1), few.train[0])
    nets = {"teacher": net, "student": other, "again": net}
    found = pictures.gallery(nets, few, (0, 3))
    (image, teacher, before, after), _ = found["grid"]
    assert (
        np.array_equal(image, few.test[0][0, 0])
        and np.array_equal(teacher, after)
        and not np.array_equal(teacher, before)
    )
    assert found["columns"] == ["image", "teacher", "student", "again"]
    assert len(found["limits"]) == 4 and before.max() > 0.01
    picture = plots.matrices(**found, title="FSP matrices", labels=("F1", "F2"))
    assert [chart.x.label for chart in picture.charts.values()] == [""] * 5 + ["F2"] * 3
    assert [chart.marks[0].high for chart in picture.charts.values()] == pytest.approx(
        found["limits"] * 2
    )
    assert "teacher" in repr(picture) and len(picture.png()) > 1000


def test_hints_then_labels_is_a_stage_of_each(few):
    student, teacher = experiments.residual(1, 0), experiments.residual(2, 1)
    hint, labels = students.hints_then_labels(student, teacher, 0.1)
    (usual,), batch = (
        plain(student),
        Batch(few.train[0][:8], few.train[1][:8], torch.arange(8), few.train[0]),
    )
    assert (hint.name, labels.name) == (
        "hint",
        "plain",
    ) and hint.epochs + labels.epochs == pytest.approx(1)
    assert hint.lr * 0.1 == pytest.approx(students.HINT_LR)
    assert labels.learn[student](batch, 0.5) == usual.learn[student](batch, 0.5)


def test_stage_1_has_its_own_rate_whatever_that_of_stage_2(few):
    student, teacher = experiments.residual(1, 0), experiments.residual(2, 1)
    for lr in (0.01, 0.1):
        flow, *_ = experiments.flow(student, teacher, lr, experiments.FIRST)
        assert flow.lr * lr == pytest.approx(experiments.FLOW_LR)


def test_every_arm_has_the_same_steps_rates_and_start(few, quick, runs):
    made = []

    def watched(net, teacher, data, seed, lr):
        made.append((net, lr))
        return plain(net)

    tried = (
        students.STUDENTS["plain, steps of stage 2"],
        students.Student("other", watched),
    )
    rows = students.students(tried, {}, few, 3, students.SMALL)
    tries = [f"other, {lr:g}" for lr in (0.006, 0.02, 0.06)]
    assert [row["arm"] for row in rows][1:] == tries
    assert [config.epochs for *_, config in runs] == [4] + [6] * 3 and {
        config.seed for *_, config in runs
    } == {3}
    rates = [0.02, *(lr for _, lr in made)]
    assert [config.lr for *_, config in runs] == rates
    assert rates == pytest.approx([0.02, 0.006, 0.02, 0.06])
    assert all(d.validation is None for _, d, _ in runs)
    assert all(
        torch.equal(p, q)
        for net, _ in made
        for p, q in zip(net.parameters(), experiments.residual(1, 3).parameters())
    )


def test_a_run_that_diverges_is_a_row(few, quick):
    def diverges(net, teacher, data, seed, lr):
        raise FloatingPointError
        yield

    arm = students.Student("diverges", diverges)
    rows = students.students([arm], {}, few, 0, students.SMALL)
    assert len(rows) == len(students.RATES)


def test_a_task_has_its_own_labels_in_every_part(few):
    upper = students.task(few, range(5, 10))
    assert upper.classes == tuple("56789") and upper.source.endswith(
        "only 5, 6, 7, 8, 9"
    )
    for part in ("train", "validation", "test"):
        (x, y), (whole, labels) = getattr(upper, part), getattr(few, part)
        assert torch.equal(y + 5, labels[labels >= 5]) and torch.equal(
            x, whole[labels >= 5]
        )
    middle = students.task(few, range(2, 5)).train[1]
    assert torch.equal(
        middle + 2, few.train[1][(few.train[1] >= 2) & (few.train[1] < 5)]
    )


def test_transfer_gives_its_students_few_images_and_both_teachers(
    quick, runs, monkeypatch
):
    digits = data.mnist_5k().hold_out(500).halved()
    monkeypatch.setattr(
        experiments,
        "trained",
        lambda net, data, config: runs.append(("teacher", data, config)) or net,
    )
    monkeypatch.setattr(students, "trained", experiments.trained)
    rows = students.transferred(
        students.task(digits, range(5)), students.task(digits, range(5, 10)), 0, each=2
    )
    source, tuned, scratch, *learners = runs
    assert (
        source[1].classes == tuple("01234")
        and len(source[1].train[0]) == 1750
        and source[2].epochs == experiments.TEACHER.epochs
    )
    assert all(
        d.classes == tuple("56789") and len(d.train[0]) == 10
        for _, d, _ in (tuned, scratch, *learners)
    )
    assert (
        tuned[2].seed == scratch[2].seed == 0
        and len(learners) == 12
        and len(rows) == 14
    )
    starts = list(dict.fromkeys(row["start"] for row in rows))
    assert (
        starts[:2] == ["teacher, fine-tuned", "teacher, from scratch"]
        and "FSP, teacher from scratch" in starts
    )


def test_members_of_an_ensemble_differ_and_copies_start_as_the_teacher(
    few, quick, runs
):
    teacher = experiments.residual(2, 7)
    (a, b), copy = (
        (students.member("plain", few, seed, teacher) for seed in (1000, 2000)),
        None,
    )
    assert not torch.equal(a[0][0].weight, b[0][0].weight) and [
        config.seed for *_, config in runs
    ] == [1000, 2000]
    copy = students.member("teacher's weights copied", few, 1000, teacher)
    assert torch.equal(copy[0][0].weight, teacher[0][0].weight) and copy is not teacher
    assert [config.epochs for *_, config in runs] == [
        6,
        6,
        4,
    ]  # a copy has no first stage
    students.member("FSP, shuffled", few, 1000, teacher)
    assert [stage.name for stage in runs[-1][0]] == ["flow", "task"]


def test_an_ensemble_is_counted_on_the_test_images(few):
    class Says(torch.nn.Module):
        def __init__(self, k):
            super().__init__()
            self.k = k

        def forward(self, x):
            return torch.eye(10)[[self.k] * len(x)]

    y = torch.tensor([0] * 50 + [1] * 150)
    row = students.together(
        "arm", 4, [Says(0), Says(0), Says(1)], replace(few, test=(few.test[0], y))
    )
    found = [row[key] for key in ("single", "ensemble", "gain", "disagreement")]
    assert found == pytest.approx(
        [(0.25 + 0.25 + 0.75) / 3, 0.25, 0.25 - 1.25 / 3, 2 / 3], abs=1e-4
    )


@pytest.mark.parametrize("name", ["fsp_small", "fsp_transfer"])
def test_every_arm_was_tried_at_every_rate_on_every_seed(name):
    rows = records.recorded(name)
    for start, of in rows[rows["rate"] > 0].groupby("start"):
        if "steps of stage 2" not in start:
            assert of.groupby("rate")["seed"].nunique().tolist() == [
                rows["seed"].nunique()
            ] * len(students.RATES), start


def test_a_recorded_arm_can_be_had_again():
    """Seed 0 of the small student alone, within what another CPU may change."""
    digits = data.mnist_5k().hold_out(500).dealt(0).halved()
    part = digits.fraction(students.FEW, 0)
    arm = students.STUDENTS["plain"]
    now = students.students([arm], {}, part, 0, students.SMALL)
    before = records.recorded("fsp_small")
    before = before[(before["start"] == "plain") & (before["seed"] == 0)].set_index(
        "arm"
    )["accuracy"]
    assert all(abs(row["accuracy"] - before[row["arm"]]) < 0.04 for row in now), (
        now,
        before.to_dict(),
    )


@pytest.mark.parametrize("what", pictures.PAPER)
def test_the_paper_stands_beside_our_means(what):
    table = pictures.beside_the_paper(what)
    experiment, column, arms = pictures.PAPER[what]
    rows = records.recorded(experiment)
    for arm, key in arms.items():
        paper, ours = table.loc[arm]
        assert paper == papers.reported("fsp", key).value
        of_arm = rows[rows["arm"].str.startswith(arm)].groupby("seed")[column]
        low, high = of_arm.min().mean(), of_arm.max().mean()
        assert 100 * low - 0.1 <= ours <= 100 * high + 0.1


def test_what_the_reader_runs_is_three_arms_of_one_start(few, monkeypatch):
    """The same net for each arm, a teacher and an untrained one, two epochs in all."""
    ran = []

    def learn(net, stages, data, config):
        start = torch.cat([p.flatten() for p in net.parameters()]).clone()
        names = [stage.name for stage in stages]
        ran.append((start, names, config, net))
        return net

    monkeypatch.setattr(experiments, "fit", learn)
    monkeypatch.setattr(
        experiments, "teach", lambda data, seed: experiments.residual(2, 9)
    )
    kept = experiments.fsp_soon.run(few, 3)
    assert [row["arm"] for row in kept] == ["labels", "FSP", "FSP, untrained teacher"]
    assert [len(names) for _, names, _, _ in ran] == [1, 2, 2]
    assert all(torch.equal(start, ran[0][0]) for start, *_ in ran)
    assert all(config.epochs == 2 and config.seed == 3 for _, _, config, _ in ran)
    assert len({id(net) for *_, net in ran}) == 3
