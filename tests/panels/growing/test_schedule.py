"""The plan of a run that grows: when a stretch ends, and why."""

from kdsurvey.panels.growing.growth import KINDS, WAYS, Growth
from kdsurvey.panels.growing.schedule import (
    GrowingRun,
    GrowthSchedule,
    Next,
    Planned,
)
from kdsurvey.panels.kit import permalink

GROWTH = Growth("deeper", 2, WAYS[1], 0.1, 0.3)


def test_a_run_without_growths_ends_with_its_last_epoch():
    schedule = GrowthSchedule(12, 4)
    assert [schedule.after(done, 0) for done in range(1, 13)] == [Next.TRAIN] * 12
    assert schedule.epochs_left(0) == 3 and schedule.over(12) and not schedule.over(11)
    assert schedule.take(5) is None


def test_a_growth_that_is_asked_for_ends_the_stretch_and_is_taken_once():
    schedule = GrowthSchedule(12, 4)
    schedule.ask(GROWTH)
    assert schedule.after(3, 0) is Next.GROW
    assert schedule.take(3) == GROWTH and schedule.take(3) is None
    assert schedule.after(4, 3) is Next.TRAIN


def test_the_last_stretch_may_end_in_the_middle_of_an_epoch():
    schedule = GrowthSchedule(12, 4)
    assert schedule.epochs_left(6) == 2 and schedule.cut_short(6)
    assert schedule.after(12, 6) is Next.END and schedule.after(11, 6) is Next.TRAIN
    assert not schedule.cut_short(8) and schedule.after(12, 8) is Next.TRAIN


def test_a_run_that_is_made_again_grows_and_stops_where_it_did():
    planned = [Planned.at(2, GROWTH), Planned.at(5, GROWTH)]
    schedule = GrowthSchedule(12, 4, planned, until=7)
    assert schedule.after(1, 0) is Next.TRAIN and schedule.after(2, 0) is Next.GROW
    assert schedule.take(2) == GROWTH and schedule.take(2) is None
    assert schedule.after(5, 2) is Next.GROW and schedule.take(6) == GROWTH
    assert schedule.after(7, 5) is Next.STOP
    assert GrowthSchedule(12, 4, (), until=12).after(12, 0) is Next.TRAIN


def test_a_plan_is_flat_in_a_permalink():
    run = GrowingRun(3, (Planned.at(2, GROWTH),), 7)
    assert permalink.pack(run) == [3, [[2, 1, 2, 1, 0.1, 0.3]], 7]
    assert permalink.unpack(GrowingRun, permalink.pack(run)) == run
    assert (KINDS[1], run.growths[0].growth) == ("deeper", GROWTH)
