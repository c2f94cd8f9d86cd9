"""What notebook 01 draws, read from the picture's data."""

import pytest
import torch

from kdsurvey.lessons.temperature import pictures


def test_one_image_at_three_temperatures():
    v = torch.tensor([6.0, 0.0] + [-99.0] * 8)
    picture = pictures.softer(torch.zeros(1, 5, 5), v, "7", (1.0, 6.0))
    assert list(picture.charts) == ["image", "T = 1", "T = 6"]
    (bars,) = picture.charts["T = 6"].marks
    assert bars.y[0] / bars.y[1] == pytest.approx(2.718, abs=0.01)
    assert list(bars.words) == [".73", ".27", *[""] * 8]
    (table,) = picture.tables
    assert list(table.rows[0]) == ["0", "0.9975", "0.7311"]
    assert (
        "T = 1, T = 6" in picture.about and "label 7" in picture.charts["image"].x.label
    )
