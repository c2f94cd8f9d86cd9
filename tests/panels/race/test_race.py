"""A race: arms of several stages and scores, what the picture makes of them, and the run in
the permalink.
"""

import re

import pytest
from panels.shown import lines, put
from panels.waiting import WAIT, finished

from kdsurvey.methods import plain
from kdsurvey.nets import Ensemble, mlp
from kdsurvey.panels.kit.controls import Number
from kdsurvey.panels.race.arm import Arm
from kdsurvey.panels.race.race import Race, RaceRun
from kdsurvey.pictures import Picture
from kdsurvey.pictures.palette import COLOURS
from kdsurvey.stage import Stage

LINES = ("generation 1", "generation 2", "both")


class Generations(Race):
    """One arm of two stages, each of which scores two things."""

    kind = "generations"
    title = "Generations"
    lines = LINES
    width = Number("Width", 8, 1, 64)
    zoom = Number("Zoom", 1, 1, 9, view=True)

    def __init__(self, data, config):
        super().__init__(data, config, None)
        self.arrange_all()

    def lineup(self, settings):
        seeds = settings.seed, settings.seed + 1
        nets = [mlp(36, settings.width, 5, seed=seed) for seed in seeds]
        return [Arm("born again", nets[0], stages_of(nets))]

    def beside(self, accuracies, settings):
        return Picture({"accuracy": accuracies}, height=200)


def stages_of(nets):
    for k, net in enumerate(nets, 1):
        (loss,) = next(plain(net)).learn.values()
        score = {f"generation {k}": net, "both": Ensemble(nets)}
        yield Stage(f"{k}", {net: loss}, score=score, epochs=0.5)


def test_an_arm_of_several_stages_and_scores_has_a_line_each(data, config, close):
    panel = finished(close(Generations(data, config)))
    (arm,) = panel.arms
    assert {name: x for name, (x, _) in arm.lines.items()} == {
        "generation 1": [1, 2],
        "both": [1, 2, 3, 4],
        "generation 2": [3, 4],
    }
    assert (
        list(arm.tested) == ["generation 1", "both", "generation 2"] and not arm.silent
    )
    assert arm.lines["both"][1] == [
        100 * row["both validation accuracy"] for row in arm.rows
    ]
    line = lines(panel, "accuracy")["both"]
    assert line.colour == COLOURS[LINES.index("both")]
    giver, taker = close(Generations(data, config)), close(Generations(data, config))
    giver.after_turn = lambda rows, kept=giver.after_turn: (
        kept(rows),
        giver.epochs_done == 3 and giver.stop.click(),
    )
    giver.start.click()
    assert giver.wait(WAIT)
    giver.width.value, giver.zoom.value = 9, 2
    assert giver.state() == {"width": 9, "zoom": 2, "seed": 0, "run": [{"width": 8}, 3]}
    taker.paste(giver.link)
    assert taker.wait(WAIT)
    assert taker.arms[0].rows == giver.arms[0].rows == arm.rows[:3]
    assert (
        taker.state() == giver.state()
        and taker.status == giver.status == "Stopped after 3 epochs."
    )


def test_rows_table_and_meter_are_open_to_all(data, config, close):
    panel = close(Generations(data, config))
    assert panel.rows == [] and panel.made() is None and panel.state()["run"] is None
    assert panel.meter.startswith("Epoch 0 of 4 · Width 8, seed 0 · ")
    finished(panel)
    assert panel.rows == [{"arm": "born again"} | row for row in panel.arms[0].rows]
    (table,) = panel.table
    assert table.head == ("", "generation 1", "both", "generation 2")
    assert [row[0] for row in table.rows][1:] == [f"epoch {k}" for k in (1, 2, 3, 4)]
    assert panel.meter.startswith("Epoch 4 of 4") and panel.html == table.html()


def test_the_settings_of_a_run_are_those_at_its_start(data, config, close):
    panel = close(Generations(data, config))
    put(panel, width=12)
    finished(panel)
    put(panel, width=3, zoom=2)
    assert panel.run_settings.width == 12 and panel.settings.width == 3
    assert panel.made() == RaceRun({"width": 12}, 0)
    assert re.search("Width 12", panel.meter)


def test_a_line_that_nobody_announced_is_an_error(data, config, close):
    class Unannounced(Generations):
        lines = ("both",)

    panel = close(Unannounced(data, config))
    panel.start.click()
    assert panel.wait(WAIT)
    panel.settle()
    with pytest.raises(ValueError, match="generation 1"):
        panel.check()
