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


def test_images_that_cannot_be_written_are_named(digits, tmp_path):
    x = torch.zeros(2, 3, 4, 4), torch.zeros(2).long()
    colours = data.Data(x, x, ("0",), "made up")
    with pytest.raises(ValueError, match=r"images \(2, 3, 4, 4\); give grey"):
        own_images.as_folder(colours, tmp_path)
    with pytest.raises(ValueError, match="class 0 has 350 images, not 400"):
        own_images.as_folder(digits, tmp_path, each=(400, 1))


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
