"""What would you pick: the limits decide what is left, validation images what is best."""

import pytest
from lessons.ensemblenet.given import budget_rows

from kdsurvey import panels, records
from kdsurvey.lessons.what_would_you_pick.served import answers
from kdsurvey.panels.pick.panel import RUNS
from kdsurvey.pictures import Points, Rule
from kdsurvey.pictures.palette import FAINT


@pytest.fixture
def made(close):
    return lambda **options: close(panels.pick(**options))


def names(panel):
    return [answer.name for answer in panel.affordable]


def test_limits_decide_what_is_left(made):
    panel = made(adds=400.0, size=700.0)
    panel.check()
    assert len(panel.affordable) == len(answers())
    panel.adds.box.value = 150
    panel.settle()
    assert "DML" in names(panel) and "DML, together" not in names(panel)
    assert "thin heads, together" in names(panel)
    panel.size.box.value = 100
    panel.settle()
    assert names(panel) == ["thin heads"]
    panel.adds.box.value = 30
    panel.settle()
    panel.check()
    assert names(panel) == []
    assert panel.status.startswith("Nothing that was recorded is as cheap")


def test_what_is_too_dear_is_faint_and_the_table_says_so(made):
    panel = made()
    dots = panel.picture.charts["accuracy"].marks_of(Points)
    faint = {
        a.name: dot.colour == FAINT for a, dot in zip(answers(), dots, strict=True)
    }
    (table,) = panel.table
    within = {row[0]: row[-1] == "yes" for row in table.rows}
    assert within == {name: not dear for name, dear in faint.items()}
    assert {name for name, may in within.items() if may} == set(names(panel))
    for chart, limit in (("adds", 150), ("bytes", 250)):
        lines = panel.picture.charts[chart].marks_of(Rule)
        assert (float(limit),) in [line.at for line in lines if not line.horizontal]


def test_the_best_is_chosen_on_validation_images(made):
    """In small rows one net is best on both; on test images all others are worse."""
    rows = budget_rows()
    panel = made(wrong=rows, right=rows, adds=400.0, size=700.0)
    panel.check()
    rows.loc[rows["arm"] == "ONE", "validation accuracy"] = 0.99
    panel = made(wrong=rows, right=rows, adds=150.0)
    assert panel.status.startswith("Best on validation images: ONE, 50.0 % of the test")
    assert "one net" not in panel.status.split("Not told")[0]


def test_every_recorded_run_can_be_chosen(made):
    panel = made()
    seen = set()
    for name in RUNS:
        panel.runs.value = name
        panel.settle()
        panel.check()
        seen.add(panel.html)
    assert len(seen) >= 3
    panel.runs.value = list(RUNS)[1]
    panel.settle()
    rows = records.recorded("online_compared")
    assert set(rows["budget"]) >= {6, 15, 45}
    assert panel.status.startswith("Best on validation images: ")


def test_a_link_brings_another_panel_there(made):
    one, other = made(), made()
    one.runs.value, one.adds.box.value = list(RUNS)[3], 220
    other.paste(one.link)
    other.settle()
    assert other.state() == one.state() and other.status
    with pytest.raises(ValueError, match="range"):
        other.restore(one.state() | {"adds": 4000.0})
