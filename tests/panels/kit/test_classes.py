"""Charts of many classes show those that matter, and all others together."""

import numpy as np
import pytest
import torch

from kdsurvey import panels
from kdsurvey.panels.kit.classes import LONGEST, MOST, cut, shown
from kdsurvey.pictures import Bars

NAMES = [f"class {k}" for k in range(100)]


def test_a_few_classes_have_a_bar_each():
    few = shown(NAMES[:MOST], np.arange(MOST))
    assert few.places == tuple(range(MOST)) == tuple(few.axis().ticks)
    assert list(few.of(np.arange(MOST))) == list(range(MOST)) and not few.others
    assert few.axis(named=False).names == ("",) * MOST


def test_of_many_the_highest_of_each_and_the_label_and_the_rest_as_one():
    p = np.random.default_rng(0).dirichlet(np.ones(100))
    q = p[::-1].copy()
    least = int(p.argmin())
    many = shown(NAMES, p, q, label=least)
    assert len(many.places) == MOST and many.others == 100 - MOST
    assert least in many.places and int(p.argmax()) in many.places
    assert {int(k) for k in np.argsort(-q)[:5]} <= set(many.places)
    heights = many.of(p)
    assert list(heights[:-1]) == [p[k] for k in many.places]
    assert heights.sum() == pytest.approx(1) and heights[-1] < 1
    assert many.axis().names[-1] == "88 others" and len(many.axis().names) == MOST + 1
    assert many.axis().limits == (-0.6, MOST + 0.6)


def test_one_class_more_than_there_are_bars():
    more = shown(NAMES[: MOST + 1], np.arange(MOST + 1.0))
    assert more.others == 1 and more.bars == MOST + 1 and 0 not in more.places


def test_long_names_are_cut():
    assert cut("n" * LONGEST) == "n" * LONGEST
    assert cut("n" * 3000) == "n" * (LONGEST - 1) + "…"
    names = shown(["n" * 3000, "b"], np.ones(2)).axis()
    assert max(map(len, names.names)) == LONGEST and names.tilt > 0
    assert shown(["a", "b"], np.ones(2)).axis().tilt == 0


def test_the_temperature_of_a_hundred_classes():
    generator = torch.Generator().manual_seed(0)
    v, z = (3 * torch.randn(4, 100, generator=generator) for _ in range(2))
    x, y = torch.rand(4, 1, 5, 5), torch.tensor([7, 50, 8, 9])
    panel = panels.temperature(x, y, v, z, NAMES)
    before = panel.picture.charts["g"].x.names
    panel.T.slider.value = 8.0
    panel.settle()
    panel.check()
    assert panel.picture.charts["g"].x.names == before and "class 7" in before
    heights = {
        name: panel.picture.charts[name].marks_of(Bars)[0].y for name in ("p", "q", "g")
    }
    assert sum(heights["p"]) == pytest.approx(1) == pytest.approx(sum(heights["q"]))
    assert sum(heights["g"]) == pytest.approx(0, abs=1e-6)
    assert len(panel.table[0].rows) == 100
    panel.close()
