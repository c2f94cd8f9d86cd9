"""How long a run waits from one redraw to the next."""

import pytest

from kdsurvey.panels.kit.background import OFTEN, SELDOM, SHARE, until_next


@pytest.mark.parametrize(
    ("cost", "wait"), [(0.0, OFTEN), (1e-3, OFTEN), (0.01, 0.3), (0.05, 1.5)]
)
def test_drawing_takes_a_small_share_of_the_time(cost, wait):
    assert until_next(cost) == pytest.approx(wait)
    assert cost / (cost + until_next(cost)) <= 1 / SHARE


@pytest.mark.parametrize("cost", [0.1, 0.4, 5.0])
def test_a_new_layout_does_not_stop_the_picture(cost):
    assert until_next(cost) == SELDOM == 2


def test_a_panel_may_have_a_share_of_its_own():
    assert until_next(0.1, 6) == pytest.approx(0.6)
    assert until_next(0.01, 6, often=0.7) == 0.7
