"""Digits as an image folder, and a project on it."""

import pytest
import torch

from kdsurvey import data, nets, records
from kdsurvey.lessons.playground import claims, experiments, own_images
from kdsurvey.training import accuracy


@pytest.fixture(scope="module")
def digits():
    return data.mnist_5k().hold_out(500)


def test_a_written_folder_is_read_again_as_it_was(digits, tmp_path, monkeypatch):
    monkeypatch.setenv("KDSURVEY_DATA", str(tmp_path / "cache"))
    place = own_images.as_folder(digits, tmp_path / "mine", each=(3, 2))
    files = sorted(place.rglob("*.png"))
    assert len(files) == 10 * (3 + 2)
    read = data.image_folder(place)
    assert read.classes == digits.classes
    assert len(read.train[0]) == 30 and len(read.test[0]) == 20
    for k in range(10):
        for part, n in (("train", 3), ("test", 2)):
            x, y = getattr(read, part)
            own, labels = getattr(digits, part)
            written = own[labels == k][:n]
            shown = x[y == k]
            assert all((image == written).flatten(1).all(1).any() for image in shown)
    before = {file: file.stat().st_mtime_ns for file in files}
    own_images.as_folder(digits, place, each=(3, 2))
    assert {file: file.stat().st_mtime_ns for file in files} == before
    half = files[0].read_bytes()
    files[0].write_bytes(half[: len(half) // 2])
    own_images.as_folder(digits, place, each=(3, 2))
    assert files[0].read_bytes() == half


@pytest.mark.parametrize(
    "name", ["..", "../up", "/tmp/up", "a/b", "", "a\0b", ".", "a."]
)
def test_a_class_whose_name_leads_out_of_the_folder_is_refused(name, tmp_path):
    x = torch.zeros(1, 1, 4, 4), torch.zeros(1).long()
    named = data.Data(x, x, ("a",), "made up")
    object.__setattr__(named, "classes", (name,))
    with pytest.raises(ValueError, match="cannot name a folder; give classes names"):
        own_images.as_folder(named, tmp_path / "mine", each=(1, 1))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("each", [3, (1.5, 2), (1,), (0, 1), ("a", 2), (-1, 1)])
def test_how_many_are_two_whole_numbers(each, digits, tmp_path):
    with pytest.raises(ValueError, match="give two whole numbers, such as"):
        own_images.as_folder(digits, tmp_path, each=each)
    assert not list(tmp_path.iterdir())


def test_images_that_cannot_be_written_are_named(digits, tmp_path):
    x = torch.zeros(2, 3, 4, 4), torch.zeros(2).long()
    colours = data.Data(x, x, ("0",), "made up")
    with pytest.raises(ValueError, match=r"images \(2, 3, 4, 4\); give grey"):
        own_images.as_folder(colours, tmp_path)
    with pytest.raises(ValueError, match="class 0 has 350 images, not 400"):
        own_images.as_folder(digits, tmp_path, each=(400, 1))
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match=r"cannot write .* name another folder"):
        own_images.as_folder(digits, tmp_path / "file", each=(1, 1))


def test_recorded_runs_beside_a_students_own():
    rows = records.recorded("playground")
    beside = claims.beside(rows, 64, 4.0, 0.9)
    same = rows[rows["map"] == experiments.NAMES["64 units"].name]
    cell = same[same["arm"] == "T = 4, alpha = 0.9"]
    shown = beside[beside["arm"] == "distilled"]
    assert list(shown["accuracy"]) == list(cell["accuracy"])
    assert set(beside["arm"]) == {"distilled", *experiments.CONTROLS}
    assert set(claims.beside(rows, 64, 3.0, 0.9)["arm"]) == set(experiments.CONTROLS)
    assert claims.beside(rows, 17, 4.0, 0.9) is None


def test_a_project_is_measured_on_both_parts_and_judged_on_one(digits):
    net = nets.mlp(784, 4, 10, seed=0)
    (row,) = claims.measured({"distilled": net}, digits, 3)
    assert row == {
        "arm": "distilled",
        "seed": 3,
        "validation": accuracy(net, *digits.validation),
        "test": accuracy(net, *digits.test),
    }
    gains = torch.tensor([0.02, 0.03, 0.04])
    rows = [
        {
            "arm": arm,
            "seed": seed,
            "validation": 0.8 + up * gain,
            "test": 0.8 - up * gain,
        }
        for seed, gain in enumerate(gains.tolist())
        for arm, up in (("distilled", 1), ("no teacher", 0), ("label smoothing", 0))
    ]
    seen, tested = claims.yours(rows, "validation"), claims.yours(rows, "test")
    assert [verdict.word for verdict in seen] == ["HOLDS"] * 2
    assert [verdict.effect for verdict in tested] == pytest.approx([-3, -3])
    assert [verdict.what for verdict in seen] == [
        "distilled - no teacher",
        "distilled - label smoothing",
    ]
