"""The lesson on born-again networks: its arms and their controls, the gradient in two
parts, its rows, what is read off them.
"""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from kdsurvey import data, nets, records
from kdsurvey.lessons.born_again import claims, language, pictures
from kdsurvey.lessons.born_again import experiments as lesson
from kdsurvey.lessons.rows import at
from kdsurvey.losses import cross_entropy, cwtm, dkpp_targets, kl, soft_cross_entropy
from kdsurvey.pictures import Bars
from kdsurvey.stage import Batch
from kdsurvey.training import accuracy, train


def same(a, b):
    return all(
        torch.equal(v, w)
        for v, w in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


def test_labels_are_redrawn_in_train_alone(digits):
    whole = digits.hold_out(500)
    noisy, clean, other = (
        lesson.few(whole, s, labels)
        for s, labels in ((3, "a fifth redrawn"), (3, "clean"), (4, "clean"))
    )
    assert noisy.train[0].shape == (2000, 1, 14, 14) and torch.equal(
        noisy.train[0], clean.train[0]
    )
    assert not torch.equal(clean.train[0], other.train[0])
    assert 0.15 < (noisy.train[1] != clean.train[1]).float().mean() < 0.2
    for part in ("test", "validation"):
        assert torch.equal(getattr(noisy, part)[1], getattr(whole, part)[1])


def terms(arm, toy, seed=0):
    student, teacher = lesson.mlp(toy, 1), lesson.mlp(toy, 2)
    (stage,) = lesson.method(arm, student, teacher, toy, seed)
    x, y = toy.train
    found = stage.learn[student](Batch(x, y, torch.arange(len(x)), x), 0.0)
    return sum(found.values()).item(), student(x), teacher(x), y


def test_every_arm_has_its_loss(toy):
    for arm, wanted in {
        "alone": lambda z, v, y: cross_entropy(z, y),
        "BAN": lambda z, v, y: soft_cross_entropy(v, z),
        "BAN+L": lambda z, v, y: soft_cross_entropy(v, z) + cross_entropy(z, y),
        "BAN+L, halves": lambda z, v, y: (kl(v, z) + cross_entropy(z, y)) / 2,
        "CWTM": lambda z, v, y: cwtm(z, v, y),
    }.items():
        found, z, v, y = terms(arm, toy)
        assert found == pytest.approx(wanted(z, v, y).item()), arm
    found, z, v, y = terms("DKPP", toy, seed=5)
    noise = torch.rand(v.shape, generator=torch.Generator().manual_seed(5))
    assert found == pytest.approx(
        soft_cross_entropy(dkpp_targets(v.softmax(1), noise=noise).log(), z).item()
    )
    with pytest.raises(ValueError, match="no arm 'BANE'; did you mean"):
        lesson.method("BANE", None, None, toy, 0)


def test_smoothed_labels_are_as_confident_as_the_teacher(toy):
    found, z, v, y = terms("label smoothing", toy)
    confidence = v.softmax(1).amax(1).mean()
    u = torch.full_like(z, (1 - confidence.item()) / 2).scatter(
        1, y[:, None], confidence.item()
    )  # of three classes
    assert found == pytest.approx(soft_cross_entropy(u.log(), z).item(), rel=1e-4)


def test_redrawn_is_drawn_again_and_the_other_is_not(toy):
    for arm, again in (("DKPP", False), ("DKPP, redrawn", True)):
        student = lesson.mlp(toy, 1)
        (stage,) = lesson.method(arm, student, lesson.mlp(toy, 2), toy, 0)
        batch = Batch(*toy.train, torch.arange(96), toy.train[0])
        first, second = (
            sum(stage.learn[student](batch, 0.0).values()).item() for _ in range(2)
        )
        assert (first != second) == again


def test_a_net_is_born_as_a_run_by_hand(toy):
    teacher = lesson.mlp(toy, 9)
    before = lesson.mlp(toy, 9)
    config = replace(lesson.STOPPED, epochs=2)
    born = lesson.born("BAN", teacher, toy, 4, config)
    by_hand = nets.mlp(128, 128, 128, 3, seed=4)
    train(
        lesson.ban(lambda: by_hand, teacher),
        toy,
        replace(config, seed=4),
        progress=False,
    )
    assert same(born, by_hand) and same(teacher, before)
    found = lesson.row("BAN", 4, born, toy)
    assert (found["arm"], found["seed"], found["accuracy"]) == (
        "BAN",
        4,
        round(accuracy(born, *toy.test), 4),
    )
    assert found["fit"] == round(accuracy(born, *toy.train), 4)


@pytest.fixture
def births(monkeypatch):
    """Every net that is born, in place of its training: (arm, teacher, seed, config),
    and the net itself.
    """
    seen = []

    def raised(arm, net, teacher, images, seed, config):
        seen.append((arm, teacher, seed, config, net, images))
        return net

    monkeypatch.setattr(lesson, "raised", raised)
    return seen


def test_every_arm_has_one_teacher_one_seed_and_its_teachers_setting(toy, births):
    rows = lesson.ban_targets(toy, 7)
    each = len(lesson.ARMS) + 1
    assert len(rows) == len(births) == len(lesson.LABELS) * len(lesson.SETTINGS) * each
    for k in range(0, len(births), each):
        teacher, *students = births[k : k + each]
        assert teacher[:3] == ("alone", None, 7) and [s[0] for s in students] == list(
            lesson.ARMS
        )
        assert {s[2] for s in students} == {1007} and {s[3] for s in students} == {
            teacher[3]
        }
        assert all(same(s[1].net, teacher[4]) and s[5] is teacher[5] for s in students)
        assert {
            (r["labels"], lesson.SETTINGS[r["setting"]]) for r in rows[k : k + each]
        } == {(rows[k]["labels"], teacher[3])}
    assert len({id(b[5]) for b in births}) == 2 and (
        "right above wrong" in rows[0],
        "right above wrong" in rows[-each],
    ) == (
        True,
        False,
    )


def test_the_control_of_a_sum_has_twice_the_rate(toy, births):
    rows = lesson.ban_rates(toy, 7)
    runs = 2 * len(lesson.SETTINGS)
    assert [(b[0], b[2]) for b in births] == [("alone", 1007)] * runs
    assert len(rows) == runs
    assert [b[3] for b in births] == [
        replace(c, lr=0.1) for c in lesson.SETTINGS.values()
    ] * 2


def test_a_generation_learns_from_the_one_before(toy, births):
    rows = pd.DataFrame(lesson.ban_generations(toy, 7))
    first = births[: len(births) // 2]
    line = [first[0], *(b for b in first if b[0] == "BAN")]
    assert len(line) == 5 and all(
        child[1] is parent[4] for parent, child in zip(line, line[1:])
    )
    assert [b[2] for b in line] == [7, 1007, 2007, 3007, 4007]
    controls = [b for b in first[1:] if b[0] == "alone"]
    assert sorted((b[2], b[3].epochs) for b in controls) == [
        (1000 * k + 7, e) for k in range(1, 5) for e in (10, 40)
    ]
    assert rows["arm"].nunique() == 1 + 12 + 9 and len(rows) == 44
    assert {
        "generations 1-4",
        "4 nets alone",
        "4 nets, 10 epochs",
        "alone 4",
        "teacher",
    } <= set(rows["arm"])


def test_an_ensemble_has_all_its_members(toy, births, monkeypatch):
    made = []
    monkeypatch.setattr(
        lesson.nets, "Ensemble", lambda members: made.append(members) or members[0]
    )
    lesson.ban_generations(toy, 7)
    assert [len(members) for members in made] == [2, 2, 2, 3, 3, 3, 4, 4, 4] * 2
    line = [b[4] for b in births[: len(births) // 2] if b[0] == "BAN"]
    assert all(a is b for a, b in zip(made[6], line, strict=True))


def test_teachers_differ_and_students_do_not(toy, births):
    rows = pd.DataFrame(lesson.ban_teachers(toy, 7))
    first = births[: len(births) // 2]
    students = [b for b in first if b[2] == 1007]
    assert len(students) == 2 + 3 * len(lesson.TEACHERS) and all(
        same(b[4], students[0][4]) for b in students
    )
    assert {b[3] for b in students if b[1]} == {lesson.CONFIG}
    teachers = [b for b in first if b[2] == 7]
    assert [b[3].epochs for b in teachers] == [40, 10, 40, 1, 40] and len(
        {nets.parameters(b[4]) for b in teachers}
    ) == 3
    assert rows.groupby("labels")["arm"].nunique().tolist() == [22, 22]


def test_doubts_in_numpy():
    class Sure(torch.nn.Module):
        def forward(self, x):
            return x

    p = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8]])
    clean = data.Data(
        (p.log(), torch.tensor([0, 0, 1, 1])),
        (p, torch.tensor([0, 0, 1, 1])),
        ("a", "b"),
        "by hand",
    )
    given = replace(clean, train=(p.log(), torch.tensor([0, 1, 0, 1])))
    found = lesson.doubts(lesson.Teacher(Sure()), clean, given)
    assert found == {
        "confidence, right label": 0.85,
        "confidence, wrong label": 0.65,
        "right above wrong": 1.0,
    }
    assert lesson.doubts(lesson.Teacher(Sure()), clean, clean) == {
        "confidence, right label": 0.75
    }


def test_the_gradient_falls_into_two_parts():
    g = torch.Generator().manual_seed(0)
    z, v = (torch.randn(7, 5, generator=g, dtype=torch.float64) for _ in range(2))
    y = torch.arange(7) % 5
    z.requires_grad_()
    truth, dark = lesson.split(z.detach(), v, y)
    (gradient,) = torch.autograd.grad(7 * soft_cross_entropy(v, z), z)
    assert torch.allclose(truth + dark, gradient)
    at_label = torch.zeros(7, 5, dtype=torch.bool).scatter(1, y[:, None], True)
    assert (
        (truth[~at_label] == 0).all()
        and (dark[at_label] == 0).all()
        and (truth[at_label] != 0).all()
    )
    assert torch.allclose(truth.sum(1), -dark.sum(1))


def rows_of(values, seeds=3, **columns):
    """Recorded rows in small: {(arm, labels, setting): (validation accuracy,
    accuracy)}, test accuracies rising with the seed.
    """
    return pd.DataFrame(
        [
            {
                "arm": arm,
                "labels": labels,
                "setting": setting,
                "seed": s,
                "validation accuracy": at,
                "accuracy": a + s / 100,
            }
            for (arm, labels, setting), (at, a) in values.items()
            for s in range(seeds)
        ]
    ).assign(**columns)


NOISY, LONG = claims.NOISY, claims.LONG


def test_the_best_setting_is_what_validation_images_prefer():
    values = {
        ("BAN", NOISY, LONG): (0.8, 0.1),
        ("BAN", NOISY, "10 epochs"): (0.7, 0.9),
        ("BAN", "clean", LONG): (0.1, 0.2),
        ("alone", NOISY, LONG): (0.8, 0.3),
        ("alone", NOISY, "10 epochs"): (0.9, 0.2),
        ("alone", "clean", LONG): (0.1, 0.3),
    }
    rows = rows_of(values)
    kept = (
        claims.best(rows)
        .groupby(["labels", "arm"])["setting"]
        .unique()
        .map(list)
        .to_dict()
    )
    assert kept == {
        (NOISY, "BAN"): [LONG],
        (NOISY, "alone"): ["10 epochs"],
        ("clean", "BAN"): [LONG],
        ("clean", "alone"): [LONG],
    }
    assert claims.gain(
        "P6a", rows, "BAN", "alone", setting=None
    ).effect == pytest.approx(-10)
    assert claims.gain("P6a", rows, "BAN", "alone").effect == pytest.approx(-20)
    verdict = claims.gain("P6a", rows, "alone", "BAN", "clean")
    assert (
        verdict.effect == pytest.approx(10)
        and verdict.what == "alone - BAN, 40 epochs, labels right"
    )
    only = rows[rows["setting"] == LONG].drop(columns="setting")
    assert (
        claims.gain("P6a", only, "BAN", "alone").what
        == "BAN - alone, labels a fifth redrawn"
    )


def test_lower_perplexity_is_better():
    of = {
        ("BAN", "12 epochs"): 9.0,
        ("BAN", "4 epochs"): 8.0,
        ("alone", "12 epochs"): 10.0,
        ("alone", "4 epochs"): 7.5,
    }
    rows = pd.DataFrame(
        {
            "arm": arm,
            "setting": setting,
            "seed": seed,
            "perplexity": p + seed * (1.01 if arm == "alone" else 1),
            "validation perplexity": p - 1,
        }
        for (arm, setting), p in of.items()
        for seed in range(3)
    )
    longer = claims.lower_perplexity("P6g", rows, "BAN", "alone", "12 epochs")
    assert longer.word == "HOLDS" and longer.effect == pytest.approx(1.01)
    at_best = claims.lower_perplexity("P6g", rows, "BAN", "alone")
    assert at_best.word == "FAILS" and at_best.effect == pytest.approx(-0.49)
    assert at_best.what == "perplexity of alone - BAN, the best of 2 settings and of 2"


def test_seed_noise_is_the_distance_of_two_nets_alone():
    rows = rows_of(
        {
            ("teacher", NOISY, LONG): (0, 0.5),
            ("alone", NOISY, LONG): (0, 0.52),
            ("BAN", NOISY, LONG): (0, 0.9),
        }
    )
    rows.loc[(rows["arm"] == "alone") & (rows["seed"] == 2), "accuracy"] = (
        0.47  # 5 points below the teacher
    )
    found = pictures.seed_noise(rows).loc[(NOISY, LONG)]
    assert (
        found["mean"] == pytest.approx(3)
        and found["largest"] == pytest.approx(5)
        and found["n"] == 3
    )


def test_a_line_per_teacher():
    """Every arm of every teacher stands in its own cell."""
    arms = {
        f"{arm}, {name}": 10 * j + k
        for j, name in enumerate(lesson.TEACHERS)
        for k, arm in enumerate(("teacher", *lesson.TAUGHT))
    }
    rows = pd.DataFrame(
        {"arm": arm, "seed": seed, "accuracy": (mean + seed) / 100}
        for arm, mean in arms.items()
        for seed in (0, 1, 2)
    )
    table = pictures.by_teacher(rows)
    assert table.shape == (5, 4) and table.loc["equal", "teacher"] == "1.0 ± 1.0"
    assert table.loc["conv", "label smoothing"] == f"{40 + 3 + 1:.1f} ± 1.0"


def test_lines_by_generation():
    of = {f"generation {k}": k for k in range(1, 5)} | {
        f"alone {k}": 10 * k for k in range(1, 5)
    }
    of |= {f"10 epochs {k}": 0 for k in range(1, 5)} | {
        "generations 1-2": 50,
        "generations 1-3": 60,
        "generations 1-4": 70,
    }
    of |= {f"{k} nets alone": k for k in (2, 3, 4)} | {
        f"{k} nets, 10 epochs": k for k in (2, 3, 4)
    }
    rows = pd.DataFrame(
        [
            {"arm": arm, "seed": s, "labels": NOISY, "accuracy": a / 100}
            for arm, a in of.items()
            for s in (0, 1)
        ]
    )
    single = pictures.by_generation(rows, NOISY)
    together = pictures.by_generation(rows, NOISY, ensembles=True)
    assert np.allclose(single["born again"], [[1, 2, 3, 4]] * 2) and np.allclose(
        single["alone"][0], [10, 20, 30, 40]
    )
    assert np.allclose(together["born again"], [[50, 60, 70]] * 2) and list(
        together
    ) == list(single)
    both = pd.concat([rows, rows.assign(labels="clean")])
    for ensembles, ticks, line in (
        (False, [1, 2, 3, 4], "born again: 1, 2, 3, 4;"),
        (True, [2, 3, 4], "born again: 50, 60, 70;"),
    ):
        picture = pictures.lineages(both, ensembles=ensembles)
        assert (
            picture.about.count(line) == 2
            and "labels a fifth redrawn" in picture.about
            and "labels clean" in picture.about
        )
        assert [list(chart.x.ticks) for chart in picture.charts.values()] == [ticks] * 2


def test_the_picture_of_the_two_parts():
    g = torch.Generator().manual_seed(0)
    z = torch.randn(3, 10, generator=g)
    v = torch.randn(3, 10, generator=g)
    x = torch.rand(3, 1, 8, 8)
    y = torch.tensor([4, 0, 9])
    images = data.Data((x, y), (x, y), data.DIGITS, "by hand")
    picture = pictures.halves(z, v, images, [2, 0])
    assert picture.about.endswith("labels 9, 4.") and len(picture.png()) > 1000
    heights = [bars.y for bars in picture.charts["bars 0"].marks_of(Bars)]
    truth, dark = lesson.split(z, v, y)
    assert np.allclose(heights, torch.stack([truth[2], dark[2]]).numpy())
    (face,) = picture.charts["image 0"].marks
    assert np.array_equal(np.float32(face.pixels), x[2, 0])
    corrected = pictures.halves(z, v, images, [2, 0], right=torch.tensor([4, 0, 7]))
    assert (
        corrected.about.endswith("labels 9 (a 7), 4.")
        and corrected.charts["image 0"].title == "label 9 (a 7)"
    )


@pytest.fixture(scope="module")
def manual():
    return language.text()


def test_the_text_is_what_was_read(manual):
    x, y = manual.test
    assert torch.equal(x[1:, :-1], x[:-1, 1:]) and torch.equal(
        x[1:, -1].long(), y[:-1]
    )  # y follows on x
    said = "".join(manual.classes[int(k)] for k in x[:400, 0])
    assert said == said.lower() and "  " not in said and said.count(" ") > 30
    assert (
        len(manual.classes) == 48
        and x.shape[1] == 16
        and {len(manual.train[0]), len(x)} == {59_984, 19_984}
    )


def test_a_language_model_sees_every_character_in_its_place(manual):
    net, x = language.model(manual, 3), manual.test[0][:5]
    assert net(x).shape == (5, 48) and same(net, language.model(manual, 3))
    assert not same(net, language.model(manual, 4))
    vectors = net[0](x)
    assert torch.equal(
        vectors[2, 16:32], net[0].weight[int(x[2, 1])]
    ) and vectors.shape == (5, 256)
    even = language.model(manual, 3)
    even[-1].weight.data.zero_(), even[-1].bias.data.zero_()
    assert language.perplexity(even, x, manual.test[1][:5]) == pytest.approx(48)
    logits = torch.tensor(
        [[0.0, math.log(3)], [0.0, math.log(3)]]
    )  # probabilities 1/4 and 3/4
    assert language.perplexity(
        torch.nn.Identity(), logits, torch.tensor([0, 1])
    ) == pytest.approx((16 / 3) ** 0.5)


def test_language_models_have_the_lessons_arms(manual, births):
    rows = pd.DataFrame(language.ban_language(manual, 7))
    assert len(rows) == len(births) == 12 and {len(b[5].train[0]) for b in births} == {
        29_994
    }
    for teacher, *students in (births[:6], births[6:]):
        assert {(s[2], s[3]) for s in students} == {(1007, teacher[3])} and all(
            same(s[1].net, teacher[4]) for s in students
        )
    assert (
        rows.groupby("setting", sort=False)["arm"].agg(list).tolist()
        == [["teacher", *language.ARMS]] * 2
    )
    assert [b[3].epochs for b in births] == [12] * 6 + [4] * 6
    assert (rows["perplexity"] > 10).all() and not (
        rows["perplexity"] == rows["validation perplexity"]
    ).any()
    net = births[-1][4]
    assert rows["accuracy"].iloc[-1] == round(accuracy(net, *manual.test), 4) < 0.2


def test_a_recorded_seed_of_ban_can_be_had_again(digits):
    whole, rows = digits.hold_out(500), records.recorded("ban_targets")
    assert rows.attrs["data"] == whole.source and rows["seed"].nunique() >= 8
    images = lesson.few(whole.dealt(0), 0, NOISY)
    teacher = lesson.born("alone", None, images, 0, lesson.STOPPED)
    kept = at(rows, seed=0, labels=NOISY, setting="10 epochs")
    before = kept.set_index("arm")
    assert abs(accuracy(teacher, *images.test) - before["accuracy"]["teacher"]) < 0.02
    student = lesson.born("BAN", teacher, images, 1000, lesson.STOPPED)
    assert abs(accuracy(student, *images.test) - before["accuracy"]["BAN"]) < 0.02


def test_a_language_model_alone_has_more_to_choose_from(manual, births):
    rows = language.ban_language_alone(manual, 7)
    assert {(b[0], b[2]) for b in births} == {("alone", 1007)} and [
        b[3] for b in births
    ] == list(language.OTHERS.values())
    assert [r["setting"] for r in rows] == list(language.OTHERS) and {
        r["arm"] for r in rows
    } == {"alone"}
    assert not set(language.OTHERS) & set(language.SETTINGS)


def test_what_the_recorded_rows_say():
    words = {line.what: line.word for line in claims.CLAIMS.beside()}
    assert words["BAN - alone, 40 epochs, labels a fifth redrawn"] == "HOLDS"
    assert words["BAN - alone, tuned, labels a fifth redrawn"] == "FAILS"
    assert words["label smoothing - BAN, 40 epochs, labels a fifth redrawn"] == "HOLDS"
    answers = {id: claims.CLAIMS.answer(id) for id in claims.CLAIMS.rows()}
    assert answers["P6a"].word == "FAILS" and answers["O10d"].word == "HOLDS"
    assert sum("perplexity" in what for what in words) == len(
        claims.verdicts("language")
    )


def test_what_the_paper_says_twice():
    table = pictures.of_the_paper()
    assert table["BAN and BAN-1"].tolist() == [0.66, 0.07, 0.1, 0.13] and table[
        "gain"
    ].tolist() == [1.3, 1.0, 0.8, 0.87]
    assert table.loc["80-120", "CWTM"] == 17.12 and table.loc["80-80", "BAN+L"] == 16.5
    first, second = pictures.text_and_tables()
    assert (
        "3 of 8" in first and "improves 112-33 and 90-60, and ties at 80-80" in second
    )


def test_a_language_model_guesses_and_goes_on(manual):
    net, said = language.model(manual, 3), "the value of the expression"
    p = language.guesses(net, manual, said)
    assert p.shape == (48,) and p.sum().item() == pytest.approx(1)
    assert torch.allclose(
        p, language.guesses(net, manual, "THE VALUE\t" + said)
    )  # 16 characters count, in small letters
    with pytest.raises(
        ValueError, match="has 3 characters of this alphabet; give 16 or more"
    ):
        language.guesses(net, manual, "for")
    more = language.continued(net, manual, said, n=9, seed=1)
    assert (
        more.startswith(said)
        and len(more) == len(said) + 9
        and set(more[-9:]) <= set(manual.classes)
    )
    assert (
        more
        == language.continued(net, manual, said, n=9, seed=1)
        != language.continued(net, manual, said, n=9)
    )
    net[-1].weight.data.zero_(), net[-1].bias.data.fill_(-99.0)
    net[-1].bias.data[manual.classes.index("y")] = 99.0
    assert language.continued(net, manual, said, n=3) == said + "yyy"


def test_a_recorded_seed_of_the_language_model_can_be_had_again(manual):
    rows = records.recorded("ban_language")
    if rows.attrs["data"] != manual.source:
        pytest.skip("another Python has another manual")
    net = lesson.born(
        "alone",
        None,
        manual.fraction(0.5, 0),
        1000,
        language.SHORT,
        language.model,
    )
    before = rows[
        (rows["seed"] == 0) & (rows["arm"] == "alone") & (rows["setting"] == "4 epochs")
    ]["perplexity"].item()
    assert abs(math.log(language.perplexity(net, *manual.test) / before)) < 0.05


class Free(torch.nn.Module):
    """Logits that are its parameters."""

    def __init__(self, z):
        super().__init__()
        self.z = torch.nn.Parameter(z)

    def forward(self, x):
        return self.z


@pytest.mark.parametrize("arm", lesson.ARMS)
def test_the_gradient_draws_the_answers_to_the_aim(toy, arm):
    (x, y), n = toy.train, len(toy.train[0])
    student = Free(torch.randn(n, 3, generator=torch.Generator().manual_seed(1)))
    teacher = lesson.mlp(toy, 2)
    (stage,) = lesson.method(arm, student, teacher, toy, 5)
    sum(stage.learn[student](Batch(x, y, torch.arange(n), x), 0.0).values()).backward()
    aim, weight = lesson.aims(arm, teacher, toy, 5)
    times = 2 if arm == "BAN+L" else 1
    assert torch.allclose(
        student.z.grad,
        times * weight[:, None] * (student.z.softmax(1) - aim) / n,
        atol=1e-6,
    )
    assert torch.allclose(aim.sum(1), torch.ones(n)) and weight.mean() == pytest.approx(
        1
    )
    assert (weight == 1).all() == (arm != "CWTM")
