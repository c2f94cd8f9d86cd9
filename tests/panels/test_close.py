"""A closed panel leaves no widget and no thread, whatever it has done before."""

import pytest
from panels.faces import open_widgets
from panels.waiting import WAIT, finished, runs

from kdsurvey import panels
from kdsurvey.data import Data
from kdsurvey.nets import mlp


def answers(removed, T, on_batch):
    """Return what a run of the forgotten digits would."""
    recall = [0.5] * 10
    errors = {"errors": 1, "errors_corrected": 1, "n": 2}
    return errors | {"per_class": recall, "per_class_corrected": recall}


def forgotten(data, teacher):
    return finished(panels.forgotten(answers))


def landscape(data, teacher):
    return panels.landscape(data)


def live_training(data, teacher):
    panel = panels.live_training(data, teacher)
    panel.start.click()
    panel.stop.click()
    assert panel.wait(WAIT)
    return panel


def pad(data, teacher):
    x, y = data.train
    large = x.repeat(1, 1, 5, 5)[..., :28, :28], y
    digits = Data(large, large, data.classes, "large squares")
    net = mlp(784, 5, seed=0)
    return panels.pad(net, net, digits, challenge=(0, 1))


def pick(data, teacher):
    return panels.pick()


def predict(data, teacher):
    return panels.predict("What does T do?", ["flatten", "sharpen"], "It flattens.")


OPTIONS = [("flatten", "Yes.", True), ("sharpen", "No.", False)]


def quiz(data, teacher):
    return panels.quiz("What does T do?", OPTIONS)


def quizzes(data, teacher):
    return panels.quizzes(("What does T do?", OPTIONS), ("And 1 / T?", OPTIONS))


def rerun(data, teacher):
    return panels.rerun("widths")


def temperature(data, teacher):
    x, y = data.test
    return panels.temperature(x, y, teacher(x).detach(), classes=data.classes)


MAKERS = (
    forgotten,
    landscape,
    live_training,
    pad,
    pick,
    predict,
    quiz,
    quizzes,
    rerun,
    temperature,
)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_closed_panel_leaves_nothing(make, data, teacher):
    before = open_widgets()
    panel = make(data, teacher)
    assert open_widgets() > before
    panel.close()
    assert open_widgets() == before and not runs()


def test_a_closed_rewind_leaves_nothing(data, teacher, config):
    before = open_widgets()
    source = panels.live_training(data, teacher, config=config, pace=None)
    panel = panels.rewind(source)
    source.start.click()
    assert source.wait(WAIT)
    panel.close()
    source.close()
    assert open_widgets() == before and not runs()
