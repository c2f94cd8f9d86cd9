"""Schemes can be read: nothing overlaps, nothing is hidden, and words say the same."""

import json
import re
from base64 import b64decode
from collections import Counter
from functools import cache
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from schemes import drawn

import kdsurvey as kd
from kdsurvey.schemes import legend, letters
from kdsurvey.schemes.parts import Box, Words, bottom_of, forward, target

NAMES = [name for name in kd.schemes.__all__ if name != "Scheme"]
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SIZES = {  # of a teacher and a student: of notebook 02, and those of a call without
    "784-400-400-10": "784-1200-1200-10",
    "784-100-100-10": "784-800-800-10",
}
SMALLEST = 16
WORDS, LINES = 4.5, 3.0  # contrasts, WCAG 2 level AA


@cache
def made(name):
    return getattr(kd.schemes, name)()


@cache
def read(name):
    return drawn.Drawing(made(name).svg)


@cache
def stored() -> set[str]:
    """The drawings that the notebooks have stored."""
    outputs = [
        output.get("data", {})
        for path in NOTEBOOKS.glob("*.ipynb")
        for cell in json.loads(path.read_text("utf-8"))["cells"]
        for output in cell.get("outputs", [])
    ]
    return {
        "".join(data["image/svg+xml"]) for data in outputs if "image/svg+xml" in data
    }


@pytest.fixture(params=NAMES)
def scheme(request):
    return made(request.param)


@pytest.fixture
def drawing(scheme):
    return read(scheme.name)


def all_texts(drawing):
    return [part for part in drawing.root.iter() if part.tag == f"{drawn.SVG}text"]


def test_every_method_of_the_survey_has_a_drawing():
    assert set(NAMES) == {
        *("hinton", "missing_three", "fitnets", "fsp", "net2wider", "net2deeper"),
        *("dml", "ban", "apprentice", "staircase", "one", "ffl", "ensemblenet"),
        "codistil",
    }
    assert all(getattr(kd.schemes, name)().name == name for name in NAMES)


def test_no_two_words_overlap(drawing):
    areas = [drawn.area(text) for text in all_texts(drawing)]
    assert not [(a.name, b.name) for a, b in combinations(areas, 2) if a.meets(b)]


def test_words_are_large_enough(drawing):
    sizes = [size for text in all_texts(drawing) for _, size in drawn.pieces(text)]
    assert drawing.width == 960 and min(sizes) >= SMALLEST


def test_no_words_leave_the_drawing(drawing):
    card = drawn.Area("", 8, 8, drawing.width - 8, drawing.height - 8)
    areas = [drawn.area(text) for text in all_texts(drawing)]
    assert not [area.name for area in areas if not card.holds(area)]


def test_no_words_leave_their_box_or_circle(drawing):
    for group in [*drawing.boxes, *drawing.losses]:
        home = drawing.area_of(group)
        for text in group.iter(f"{drawn.SVG}text"):
            assert home.grown(-4).holds(drawn.area(text)), home.name


def test_no_words_cross_the_side_of_a_box_a_circle_or_a_frame(drawing):
    frames = [
        drawn.rect(frame.find(f"{drawn.SVG}rect")) for frame in drawing.groups("frame")
    ]
    for text in map(drawn.area, drawing.texts):
        for home in [*drawing.areas, *frames]:
            assert not text.meets(home) or home.grown(-2).holds(text), text.name


def test_no_two_boxes_overlap(drawing):
    areas = [area.grown(-0.5) for area in drawing.areas]
    assert not [(a.name, b.name) for a, b in combinations(areas, 2) if a.meets(b)]


def test_no_line_runs_through_words(drawing):
    areas = [drawn.area(text).grown(0.5) for text in drawing.texts]
    for group in [*drawing.arrows, *drawing.curves]:
        for x, y in drawn.along(drawn.points(group)):
            assert not [area.name for area in areas if area.has(x, y)]


def test_no_arrow_runs_through_a_box_and_each_ends_where_it_says(drawing):
    areas = [area.grown(-1) for area in drawing.areas]
    for arrow in drawing.arrows:
        corners = drawn.points(arrow)
        for x, y in drawn.along(corners):
            assert not [area.name for area in areas if area.has(x, y)]
        for end, (x, y) in (("data-from", corners[0]), ("data-to", corners[-1])):
            name = arrow.get(end)
            homes = [area for area in drawing.areas if area.name == name]
            assert not name or any(home.grown(1.5).has(x, y) for home in homes), name
        assert arrow.get("data-to")


def test_no_two_arrows_cross(drawing):
    """They may part and they may meet; what shares a path shares its first or last box."""
    for a, b in combinations(drawing.arrows, 2):
        if a.get("data-from") == b.get("data-from") or "target" == a.get(
            "data-keys"
        ) == b.get("data-keys"):
            continue
        first, second = (set(trace(arrow)) for arrow in (a, b))
        assert not first & second, (a.get("data-from"), b.get("data-from"))


def trace(arrow):
    """The squares of 4 pixels that an arrow passes, its ends left out."""
    path = list(drawn.along(drawn.points(arrow), 1.0))[8:-8]
    return ((round(x / 4), round(y / 4)) for x, y in path)


def test_arrows_are_long_enough_to_be_seen(drawing):
    for arrow in drawing.arrows:
        corners = drawn.points(arrow)
        (x1, y1), (x2, y2) = corners[-2:]
        assert abs(x1 - x2) + abs(y1 - y2) >= 16
        (x1, y1), (x2, y2) = corners[:2]
        least = 20 if arrow.get("data-keys") == "target" else 8
        assert abs(x1 - x2) + abs(y1 - y2) >= least


def test_every_target_has_its_stop(drawing):
    """A branch of a target's path has none, and starts on that path."""
    targets = [arrow for arrow in drawing.arrows if arrow.get("data-keys") == "target"]
    for arrow in targets:
        stops = drawing.of_class(arrow, "stop")
        assert len(stops) == bool(arrow.get("data-from"))
        if not stops:
            x, y = drawn.points(arrow)[0]
            paths = [drawn.along(drawn.points(t)) for t in targets if t is not arrow]
            assert any(abs(x - u) + abs(y - v) < 3 for path in paths for u, v in path)
    others = [arrow for arrow in drawing.arrows if arrow not in targets]
    assert not [arrow for arrow in others if drawing.of_class(arrow, "stop")]


def test_words_and_lines_stand_out(drawing):
    card = drawing.groups("card")[0]
    grounds = [(drawn.rect(card), card.get("fill"))]
    for part in drawing.root.iter():
        if part.tag == f"{drawn.SVG}rect" and part.get("data-part") != "stripe":
            grounds.append((drawn.rect(part), part.get("fill")))
        if part.tag == f"{drawn.SVG}text":
            area = drawn.area(part)
            middle = (area.x1 + area.x2) / 2, (area.y1 + area.y2) / 2
            beneath = [fill for ground, fill in grounds if ground.has(*middle)][-1]
            assert drawn.contrast(part.get("fill"), beneath) >= WORDS
    panes = {ground[1] for ground in grounds[:1]} | {
        frame.find(f"{drawn.SVG}rect").get("fill") for frame in drawing.groups("frame")
    }
    strokes = {part.get("stroke") for part in drawing.root.iter()} - {None, "none"}
    assert (
        min(drawn.contrast(line, pane) for line in strokes for pane in panes) >= LINES
    )


def test_colour_is_never_alone(drawing):
    """Who learns has a stripe, and kinds of arrows differ in their dashes."""
    for box in drawing.boxes:
        striped = bool(drawing.of_class(box, "stripe"))
        assert striped == ("learns" in keys(box))
        hatched = bool(drawing.of_class(box, "hatch"))
        assert hatched == ("thrown" in keys(box))
    dashes = {
        arrow.get("data-keys"): drawing.of_class(arrow, "path")[0].get(
            "stroke-dasharray"
        )
        for arrow in drawing.arrows
    }
    assert len(set(dashes.values())) == len(dashes)


def test_what_is_served_has_the_thick_frame(drawing):
    for box in drawing.boxes:
        thick = float(drawing.of_class(box, "face")[0].get("stroke-width")) > 3
        assert thick == ("served" in keys(box))


def test_the_legend_names_what_is_used_and_nothing_more(drawing):
    keys = [entry.get("data-key") for entry in drawing.entries]
    assert Counter(keys) == Counter(drawing.used())
    for entry in drawing.entries:
        (text,) = entry.iter(f"{drawn.SVG}text")
        assert text.text == legend.MEANING[entry.get("data-key")]


def test_the_words_name_every_box(scheme, drawing):
    """A stage or a peer that a name ends with, and the same box in two stages, count once."""
    said = plain(scheme.text)
    for box in drawing.boxes:
        name = plain(
            re.split(r",? (turn|scheme|process|before|after|frozen)\b", first(box))[0]
        )
        assert name in said, name
    assert len(scheme.text) > 300 and scheme.text.endswith(".")


def keys(box) -> list[str]:
    return (box.get("data-keys") or "").split()


def first(box) -> str:
    return box.get("data-name").split(":")[0]


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).lower()


def test_a_reader_of_the_screen_hears_title_and_text(scheme, drawing):
    root = drawing.root
    title, text = root.find(f"{drawn.SVG}title"), root.find(f"{drawn.SVG}desc")
    assert (title.text, text.text) == (scheme.title, scheme.text)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [title.get("id"), text.get("id")]


def test_ids_are_unique_on_a_page_with_all_schemes():
    svg = "".join(getattr(kd.schemes, name)().svg for name in NAMES)
    ids = re.findall(r'\bid="([^"]*)"', svg)
    assert len(ids) == len(set(ids)) == 2 * len(NAMES)
    assert "<style" not in svg and "<script" not in svg


def test_names_of_boxes_and_losses_are_unique_unless_they_are_in_two_stages(drawing):
    places = [(area.name, area.x1, area.y1) for area in drawing.areas]
    assert len(places) == len(set(places))


def test_it_shows_itself_and_is_the_same_every_time(scheme):
    shown = scheme._repr_mimebundle_()
    assert shown["image/svg+xml"] == scheme.svg
    assert shown["text/plain"] == scheme.text
    image = ElementTree.fromstring(shown["text/html"].replace(">", "/>"))
    kind, data = image.get("src").split(",")
    assert kind == "data:image/svg+xml;base64"
    assert b64decode(data).decode() == scheme.svg
    assert image.get("alt") == scheme.text and list(shown) == [
        "text/html",
        "image/svg+xml",
        "text/plain",
    ]
    assert repr(scheme) == scheme.text
    again = getattr(kd.schemes, scheme.name)()
    assert again == scheme and again.svg == scheme.svg


def test_it_is_saved_and_scales(scheme, tmp_path):
    path = tmp_path / "scheme.svg"
    scheme.save(path)
    assert path.read_text(encoding="utf-8") == scheme.svg
    assert 'style="max-width:100%;height:auto"' in scheme.svg
    assert 'viewBox="0 0 960 ' in scheme.svg


def test_an_opaque_card_is_behind_everything(drawing):
    (card,) = drawing.groups("card")
    shapes = [part for part in drawing.root.iter() if part.get("fill")]
    assert shapes[0] is card and card.get("fill") == "#ffffff"
    assert (
        drawn.rect(card)
        .grown(1)
        .holds(drawn.Area("", 0, 0, drawing.width, drawing.height))
    )


def test_subscripts_are_smaller_lower_and_measured():
    assert letters.runs("p_T + q_{ij}^2") == [
        *(("p", 0), ("T", -1), (" + q", 0), ("ij", -1), ("2", 1))
    ]
    assert letters.tspans("a_b<") == (
        'a<tspan dy="5" font-size="16">b</tspan><tspan dy="-5">&lt;</tspan>'
    )
    wide = 20 * (drawn.advance("p", False) + drawn.advance("q", True) * 0)
    wide += 16 * drawn.advance("T", False)
    assert letters.width("p_T") == pytest.approx(wide, rel=0.01)
    assert letters.width("word", bold=True) == pytest.approx(
        18 * drawn.advance("word", True), rel=0.02
    )


def test_who_gets_no_gradient_is_who_the_methods_detach():
    """The sources of the dashed arrows, as the methods' losses detach them."""
    sources = {
        "hinton": {"p_T"},
        "missing_three": {"p_T"},
        "fitnets": {"teacher to its hint", "teacher"},
        "fsp": {"G^T"},
        "net2wider": set(),
        "net2deeper": set(),
        "dml": {"peer 1", "peer 2"},
        "ban": {f"generation {k} frozen" for k in range(3)},
        "apprentice": {f"teacher, scheme {scheme}" for scheme in "ABC"},
        "staircase": set(),
        "one": {"z_e"},
        "ffl": {"z_e", "z_f"},
        "ensemblenet": set(),
        "codistil": {"copy of net 1", "copy of net 2"},
    }
    for name in NAMES:
        drawing = drawn.Drawing(getattr(kd.schemes, name)().svg)
        dashed = [a for a in drawing.arrows if a.get("data-keys") == "target"]
        assert {a.get("data-from") for a in dashed} - {None} == sources[name], name


@pytest.mark.parametrize("name", ["one", "ffl"])
def test_the_target_of_branches_reaches_every_branch(name):
    drawing = drawn.Drawing(getattr(kd.schemes, name)().svg)
    targets = [a for a in drawing.arrows if a.get("data-keys") == "target"]
    reached = {arrow.get("data-to") for arrow in targets}
    assert {f"KL of branch {k}" for k in range(3)} <= reached


def test_every_branch_of_ffl_gives_its_map_to_the_fusion():
    drawing = drawn.Drawing(kd.schemes.ffl().svg)
    ends = [(arrow.get("data-from"), arrow.get("data-to")) for arrow in drawing.arrows]
    assert {(f"branch {k}", "maps") for k in range(3)} | {("maps", "fusion")} <= set(
        ends
    )


def test_the_bars_of_the_identity_add_up():
    drawing = drawn.Drawing(kd.schemes.ensemblenet().svg)
    rows = {}
    for area in drawing.areas:
        title, _, rest = area.name.partition(": ")
        if rest:
            rows.setdefault(title, []).append(area.x2 - area.x1)
    heads, same, weighted = rows.values()
    assert sum(heads) == sum(same) and weighted == [*same, same[1]]


def test_the_steps_are_those_of_the_quantiser():
    """The staircase is drawn where the package's own quantiser steps."""
    import torch

    from kdsurvey.surgery import quantise_weights

    drawing = drawn.Drawing(kd.schemes.staircase().svg)
    steps = next(c for c in drawing.curves if c.get("data-keys") == "steps")
    corners = drawn.points(steps)
    x0, y0 = 248.0, 246.0
    for (x1, y1), (x2, y2) in zip(corners, corners[1:]):
        if y1 == y2:
            w = torch.tensor(((x1 + x2) / 2 - x0) / 128)
            expected = quantise_weights(w, 3).item()
            assert (y0 - y1) / 104 == pytest.approx(expected, abs=1e-3)


def test_words_of_arrows_stand_beside_their_longest_stretch():
    a = Box("a", 100, 100, 40, 40)
    b = Box("b", 300, 200, 40, 40)
    arrow = target(a.right(), b.top(), (300, 100), text="p")
    drawing = kd.schemes.Scheme("name", "Title", (a, b, arrow), (), "text").svg
    (text,) = [t for t in drawn.Drawing(drawing).texts if t.text == "p"]
    area = drawn.area(text)
    assert area.y2 < 100 and 120 < area.x1 < area.x2 < 300


def test_a_drawing_ends_below_its_lowest_part():
    a = Box("a", 100, 100, 40, 40)
    words = Words("low", 100, 200)
    assert bottom_of([a]) == 120 and bottom_of([a, words]) == 209
    arrow = forward(a.bottom(), a.left(), (100, 300))
    assert bottom_of([a, words, arrow]) == 300


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_has_stored_what_is_drawn(name):
    """A drawing that was changed on purpose is looked at, and its notebook run again."""
    sizes = SIZES if name == "hinton" else ()
    known = getattr(kd.schemes, name)(*sizes).svg in stored()
    assert known, f"{name} is drawn otherwise than the notebooks have it"


def test_without_sizes_the_nets_are_those_of_the_paper():
    svg = kd.schemes.hinton(*SIZES).svg
    for shown, of_paper in SIZES.items():
        svg = svg.replace(shown, of_paper)
    assert svg == made("hinton").svg


def test_sizes_of_nets_can_be_those_of_the_page():
    drawing = kd.schemes.hinton("784-400-400-10", "784-100-100-10")
    for size in ("784-400-400-10", "784-100-100-10"):
        assert drawing.svg.count(size) >= 2 and size in drawing.text
    assert "784-1200" not in drawing.svg
