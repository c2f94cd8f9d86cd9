"""A cell that runs again leaves nothing of the panels that it made before."""

import gc
import weakref

from panels.faces import open_widgets
from panels.kit.test_panel import Bar
from panels.waiting import runs, until

from kdsurvey import panels


def test_a_cell_that_runs_again_frees_its_old_panels(cell):
    cell("a", "1")
    before = len(open_widgets())
    first = [Bar(), Bar()]
    two = len(open_widgets()) - before
    old = [weakref.ref(panel) for panel in first]
    cell("b", "2")
    other = Bar()
    first.clear()
    cell("a", "3")
    new = [Bar(), Bar()]
    until(lambda: len(open_widgets()) == before + two + two // 2)
    until(lambda: gc.collect() is not None and not any(ref() for ref in old))
    for panel in (other, *new):
        panel.height.slider.value = 4
        panel.settle()
        panel.check()
        panel.close()


def test_panels_of_one_execution_stay(cell):
    cell("a", "1")
    before = len(open_widgets())
    kept = [Bar() for _ in range(3)]
    assert len(open_widgets()) > before
    for panel in kept:
        panel.height.slider.value = 4
        panel.settle()
        assert panel.redraws > 1
        panel.close()


def test_a_run_for_nobody_ends(cell, data, teacher, config, close):
    cell("a", "1")
    old = close(panels.live_training(data, teacher, config=config))
    old.start.click()
    until(lambda: old.runner.last.state == "running")
    thread = old.runner.last
    cell("a", "2")
    close(panels.live_training(data, teacher, config=config))
    until(lambda: not thread.is_alive())
    assert thread.state in ("stopped", "finished") and not runs()


def test_without_a_cell_nothing_is_closed(cell):
    first = Bar()
    second = Bar()
    first.height.slider.value = 4
    first.settle()
    assert first.redraws > 1
    for panel in (first, second):
        panel.close()
