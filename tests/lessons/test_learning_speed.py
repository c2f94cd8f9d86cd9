"""How fast a net learns, as the lessons measure it."""

from dataclasses import replace

import pytest

from kdsurvey.lessons.learning_speed import Pace, reached
from kdsurvey.methods import fitnets, plain
from kdsurvey.nets import mlp
from kdsurvey.training import Config, accuracy, train

CONFIG = Config(epochs=4, batch_size=16, lr=0.05, schedule="constant", device="cpu")


def test_it_measures_what_the_net_is_after_so_many_steps(toy):
    net, stopped = mlp(128, 8, 3, seed=0), mlp(128, 8, 3, seed=0)
    pace = Pace(net, toy, every=3)
    rows = train(plain(net), toy, CONFIG, on_batch=pace, progress=False)
    assert (
        pace.steps == [0, 3, 6, 9, 12, 15, 18, 21, 24]
        and len(pace.seconds) == len(pace.accuracies) == 9
    )  # 6 steps an epoch
    assert pace.accuracies[0] == accuracy(stopped, *toy.validation)
    assert pace.accuracies[2::2] == [row["net validation accuracy"] for row in rows]
    assert 0 == pace.seconds[0] < pace.seconds[-1] and pace.seconds == sorted(
        pace.seconds
    )
    assert rows == train(
        plain(stopped), toy, CONFIG, progress=False
    )  # measuring changes nothing
    assert pace.row() == {
        "steps": pace.steps,
        "accuracies": pace.accuracies,
        "seconds": pace.seconds,
    }


def test_the_steps_of_one_stage_alone(toy):
    student = mlp(128, 8, 3, seed=0)
    pace = Pace(student, toy, every=6, stage="distil")
    stages = fitnets(student, mlp(128, 9, 3, seed=1), guided=2, hint=2, hint_epochs=0.5)
    train(stages, toy, replace(CONFIG, lr=0.01), on_batch=pace, progress=False)
    assert pace.steps == [0, 6, 12]


@pytest.mark.parametrize(
    ("target", "step"), [(0.0, 0), (0.5, 10), (0.6, 20), (0.95, 40)]
)
def test_a_target_is_reached_once_and_never_is_one_interval_more(target, step):
    assert reached(target, [0, 10, 20, 30], [0.1, 0.5, 0.9, 0.55]) == step
