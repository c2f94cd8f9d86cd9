"""Pictures in notebooks are small, and a line has the colour that it was given."""

import pytest
from pictures import exhibits
from pictures.seen import pixels

from kdsurvey.pictures.stored import smaller

NEAR = 16  # of 255


@pytest.mark.parametrize("name", ["arms", "curves", "forest", "ledger", "points"])
def test_a_stored_picture_is_smaller_and_keeps_its_colours(name):
    whole = exhibits.shown(name).png()
    stored = smaller(whole)
    assert len(stored) < 0.4 * len(whole)
    assert abs(pixels(whole) - pixels(stored)).max() <= NEAR
