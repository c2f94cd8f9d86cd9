"""Declared controls: a line each becomes widgets, state, settings and a sentence; and a panel
that is closed leaves nothing behind.
"""

import ipywidgets as widgets
import pytest

from kdsurvey.panels.kit.controls import Check, Choice, Knob, Number, rows
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.training_panel import TrainingPanel
from kdsurvey.pictures import Chart, Line, Picture, Table


class Declared(TrainingPanel):
    """Controls of every kind, and a picture of one of them."""

    kind = "declared"
    T = Knob("Temperature T", 3.0, 0.5, 50, log=True, says="T = {:g}")
    depth = Knob("Layers", 2, 1, 8, whole=True, says="{} layers")
    norm = Check("batch norm")
    pace = Choice("Pace", None, (("fast", None), ("slow", 3)), says="pace {}")
    shown = Number("Show image", 0, 0, 9, view=True)

    def __init__(self, **starts):
        super().__init__(**starts)
        self.arrange_all("Declared")

    def draw(self):
        chart = Chart([Line([0, 1], [0, self.T.value])])
        table = Table("T", ["", "value"], [["T", self.T.value]])
        return Picture({"T": chart}, height=200, about="T", tables=[table])


class Seedless(Declared):
    """One control fewer, another range."""

    seed = None
    depth = Knob("Layers", 3, 3, 4, whole=True)


def test_a_declared_control_is_state_settings_and_a_sentence(close):
    panel = close(Declared(T=4, depth=5))
    assert panel.state() == {
        "T": 4.0,
        "depth": 5,
        "norm": False,
        "pace": None,
        "shown": 0,
        "seed": 0,
    }
    assert vars(panel.settings) == {
        "T": 4.0,
        "depth": 5,
        "norm": False,
        "pace": None,
        "seed": 0,
    }
    assert panel.words(panel.settings) == "T = 4, 5 layers, pace None, seed 0"
    panel.norm.value = True
    panel.T.value = 2.5
    assert panel.T.box.value == panel.T.slider.value == 2.5
    assert (panel.settings.T, panel.settings.norm) == (2.5, True)
    assert "batch norm" in panel.words(panel.settings)
    with pytest.raises(AttributeError):
        panel.settings.T = 1  # frozen


def test_a_control_can_be_replaced_added_and_taken_away(close):
    panel = close(Seedless(more=Check("more", True)))
    assert list(panel.state()) == ["depth", "T", "norm", "pace", "shown", "more"]
    assert panel.depth.box.min == 3 and panel.more.value is True
    with pytest.raises(KeyError):
        Declared(hope=1)


def test_a_view_is_drawn_at_once_and_a_setting_waits(close):
    panel = close(Declared())
    panel.depth.value = 3
    panel.settle()
    assert panel.redraws == 1
    panel.shown.value = 4
    panel.settle()
    assert panel.redraws == 2
    panel.check()


def test_the_picture_and_its_table_are_data(close):
    panel = close(Declared(T=7.0))
    assert panel.picture.charts["T"].marks[0].y == (0, 7)
    assert panel.table == [Table("T", ["", "value"], [["T", 7.0]])]
    assert panel.html == panel.table[0].html() and panel.png.startswith(b"\x89PNG")


def test_every_control_stands_on_the_page_with_its_name(close):
    panel = close(Declared())
    boxes = dict(all_widgets(panel.box))
    names = ("Temperature T", "Layers", "batch norm", "Pace", "Show image", "Seed")
    assert set(names) <= set(boxes)
    assert "Step" not in boxes and {"Start", "Pause", "Stop"} <= set(boxes)


def all_widgets(box):
    for child in box.children:
        yield getattr(child, "description", ""), child
        if hasattr(child, "children"):
            yield from all_widgets(child)


def test_wide_controls_stand_two_a_row_and_many_narrow_ones_have_a_row():
    knobs = {f"k{k}": Knob(f"k{k}", 1, 0, 2) for k in range(3)}
    checks = {f"c{k}": Check(f"c{k}") for k in range(3)}
    declared = knobs | checks
    made = {name: control.make() for name, control in declared.items()}
    lines, beside = rows(declared, made)
    assert [len(line.children) for line in lines] == [2, 1, 3] and not beside
    few = knobs | {"c0": checks["c0"]}
    lines, beside = rows(few, made)
    assert [len(line.children) for line in lines] == [2, 1] and beside == [made["c0"]]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Knob("x", 60, 1, 50), r"x: 60 must lie in \[1, 50\]"),
        (lambda: Knob("x", 0, 0, 50, log=True), "above 0 on a log scale"),
        (lambda: Choice("x", "c", ("a", "b")), r"x: one of \['a', 'b'\], got 'c'"),
        (lambda: Declared(T=60), "Temperature T: 60 must lie in"),
        (
            lambda: Declared(seed=-1),
            r"Seed: -1 must be a whole number in \[0, 1000000\]",
        ),
        (lambda: Declared(seed=0.5), "Seed: 0.5 must be a whole number"),
        (lambda: Declared(pace=7), r"Pace: one of \[None, 3\], got 7"),
    ],
)
def test_what_is_out_of_range_is_refused(make, match):
    with pytest.raises(ValueError, match=match):
        make()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("T", 0),
        ("T", "4"),
        ("T", None),
        ("T", float("nan")),
        ("depth", 2.5),
        ("depth", True),
        ("norm", 1),
        ("pace", 7),
        ("pace", "fast"),
        ("shown", 3.0),
        ("shown", 10),
    ],
)
def test_a_state_that_no_reader_could_set_changes_nothing(close, name, value):
    panel = close(Declared())
    before = panel.state()
    with pytest.raises(ValueError, match=f"^{name} = .* is out of this panel's range"):
        panel.restore(before | {"T": 5.0, "depth": 3} | {name: value})
    assert panel.state() == before
    panel.restore(before | {"T": 5, "pace": 3, "norm": True, "shown": 9})
    assert panel.state() == before | {"T": 5, "pace": 3, "norm": True, "shown": 9}


def test_a_closed_panel_leaves_no_widget():
    before = alive()
    panel = Declared()
    assert len(alive()) > len(before)
    panel.close()
    assert alive() == before
    panel.close()


def alive():
    return set(widgets.widget._instances)


def test_settings_of_a_panel_without_controls():
    class Plain(Panel):
        def draw(self):
            return b"", []

    panel = Plain()
    panel.arrange("Plain")
    assert panel.state() == {} and panel.words(panel.settings) == ""
    panel.close()
