"""Can readers with the three common colour deficiencies tell our colours apart?
Simulated after Machado et al. 2009.
"""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from colorspacious import cspace_convert, deltaE
from matplotlib.colors import to_rgb

from kdsurvey import plots, records
from kdsurvey.panels.flows.panel import Flows
from kdsurvey.panels.generations.panel import Generations
from kdsurvey.panels.hints.panel import Hints
from kdsurvey.panels.peers.panel import Peers
from kdsurvey.panels.precision.panel import PrecisionRace
from kdsurvey.pictures import Line, Points
from kdsurvey.pictures.palette import ARMS, roles
from kdsurvey.plots import COLOURS, MARKERS, STYLES, gain_colours

DEFICIENCIES = ("protanomaly", "deuteranomaly", "tritanomaly")
# CAM02-UCS units; about 1 is just noticeable side by side, and lines are thin and far apart
APART = 10.0


def seen(colours, deficiency):
    """The colours (n, 3) in sRGB as the eye with this deficiency, in full, sees them."""
    space = {"name": "sRGB1+CVD", "cvd_type": deficiency, "severity": 100}
    return np.clip(
        cspace_convert([to_rgb(colour) for colour in colours], space, "sRGB1"), 0, 1
    )


def apart(a, b) -> float:
    return float(deltaE(a, b, input_space="sRGB1"))


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_the_palette_is_told_apart(deficiency):
    for a, b in combinations(seen(COLOURS, deficiency), 2):
        assert apart(a, b) > APART


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_help_and_harm_are_told_apart_and_order_is_kept(deficiency):
    """The map's two ends, and each end from the middle: a stronger gain is further from white."""
    gains = (-5, -2.5, -1, 0, 1, 2.5, 5)
    hurt, less, little, none, some, more, most = seen(
        [gain_colours(g)[0] for g in gains], deficiency
    )
    assert apart(hurt, most) > 4 * APART and apart(less, more) > 2 * APART
    assert apart(hurt, none) > apart(less, none) > apart(little, none) > 2
    assert apart(most, none) > apart(more, none) > apart(some, none) > 2


def test_a_palette_that_confuses_them_would_be_noticed():
    red, green = seen(["#c04040", "#708030"], "deuteranomaly")
    assert apart(red, green) < APART < apart(to_rgb("#c04040"), to_rgb("#708030"))


def luminance(colour: str) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in to_rgb(colour)
    ]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("gain", np.linspace(-8, 8, 41))
def test_what_is_written_on_a_cell_can_be_read(gain):
    bright, dark = sorted(map(luminance, gain_colours(gain)), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2, level AA


def test_colour_is_never_alone():
    assert len(set(COLOURS)) == len(set(MARKERS)) == len(set(map(str, STYLES))) == 7


def recorded_arms() -> dict[str, list[str]]:
    """Name the arms of the first seed of every record."""
    arms: dict[str, list[str]] = {}
    for name, path in records.paths(records.SHIPPED).items():
        lines = path.read_text().splitlines()
        ends = [k for k, line in enumerate(lines) if line.startswith('{"run"')]
        first = map(json.loads, lines[ends[0] + 1 : ends[1]])
        arms[name] = list(dict.fromkeys(row["arm"] for row in first))
    return arms


def drawn_together() -> dict[str, list[str]]:
    """Name what may stand in one picture: the arms of a record, the lines of a race."""
    races = {
        panel.__name__: list(panel.lines)
        for panel in (Flows, Generations, Hints, Peers, PrecisionRace)
    }
    return recorded_arms() | races


def test_an_arm_has_one_colour_and_shares_it_with_none_beside_it():
    together = drawn_together()
    for where, names in together.items():
        known = [ARMS[name] for name in names if name in ARMS]
        assert len(set(known)) == len(known), f"{where}: {names}"
        assert all(roles(names)[names.index(n)] == ARMS[n] for n in names if n in ARMS)
    seen = {name for names in together.values() for name in names}
    assert set(ARMS) <= seen, f"no picture has {set(ARMS) - seen}"
    assert max(ARMS.values()) < len(COLOURS)


def test_arms_that_are_not_known_have_what_is_left():
    assert roles(["a", "b", "c"]) == [0, 1, 2]
    assert roles(["a", "label smoothing", "b", "alone", "c", "d"]) == [1, 3, 2, 0, 4, 5]


def test_a_picture_gives_an_arm_its_colour_wherever_it_stands():
    rows = pd.DataFrame(
        {"arm": ["label smoothing", "odd", "alone"], "x": [1.0, 2.0, 3.0]}
    )
    for table in (rows, rows[::-1]):
        dots = plots.arms(table, "x", "t", "x").charts["arms"].marks_of(Points)
        colours = dict(zip(table["arm"], (mark.colour for mark in dots)))
        assert colours["label smoothing"].lower() == COLOURS[3].lower()
        assert colours["alone"].lower() == COLOURS[0].lower()
    curves = {"odd": [1.0, 2.0], "alone": [2.0, 3.0]}
    lines = plots.lines([0, 1], curves, "t", "x", "y").charts["lines"].marks_of(Line)
    assert [line.role for line in lines] == [1, 0]
