"""What a panel is given to show: nets with the rows of their training, or a sentence."""

import pytest
import torch
from torch import nn

from kdsurvey import nets
from kdsurvey.data import Data
from kdsurvey.panels.growing.panel import _refuse
from kdsurvey.panels.race import finished

NET = nets.mlp(4, 3)
ROW = {"stage": "plain", "epoch": 1, "loss": 0.5, "net validation accuracy": 0.5}


def test_nets_with_rows_of_train_pass():
    pair = nn.ModuleList([NET, NET])
    finished.refuse_runs("race", {"alone": (NET, [ROW]), "peers": (pair, (ROW, ROW))})
    finished.refuse_runs("race", {"untrained": [NET, []]})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (3, "race: finished is of the type int; give {arm: (its net, the rows"),
        ("alone", "of the type str"),
        ([(NET, [ROW])], "of the type list"),
        (
            {"alone": None},
            "finished['alone'] has NoneType for its net; give (net, rows",
        ),
        ({"alone": NET}, "has NoneType for its rows"),
        ({"alone": (NET,)}, "has tuple for its net"),
        ({"alone": (None, [ROW])}, "has NoneType for its net"),
        ({"alone": (nn.ModuleList(), [ROW])}, "has no net at all for its net"),
        ({"alone": (NET, None)}, "has NoneType for its rows"),
        ({"alone": (NET, "rows")}, "has str for its rows"),
        ({"alone": (NET, [3])}, "has the row 3, which train cannot have returned"),
        ({"alone": (NET, [{}])}, "has the row {}"),
        ({"alone": (NET, [ROW | {"epoch": 0}])}, "has a stage, an epoch and shares"),
        ({"alone": (NET, [ROW | {"a test accuracy": float("nan")}])}, "nan"),
        ({"alone": (NET, [ROW | {"a test accuracy": "x"}])}, "shares in [0, 1]"),
    ],
)
def test_what_is_none_is_refused_in_a_sentence(given, says):
    with pytest.raises(ValueError) as refusal:
        finished.refuse_runs("race", given)
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("x", "of the type str; give a list of (net, rows of train)"),
        (NET, "of the type Sequential"),
        ([3], "finished[0] has int for its net"),
        ([(NET, [ROW])], "which lacks hard"),
    ],
)
def test_a_net_that_grew_comes_with_the_loss_of_its_epochs(given, says):
    with pytest.raises(ValueError) as refusal:
        _refuse(given)
    assert says in str(refusal.value)


def test_an_arm_that_does_not_run_is_answered_with_those_that_are_alike():
    with pytest.raises(ValueError, match=r"no arm 'Alone'; did you mean alone\? there"):
        finished.refuse_arms("race", {"Alone": 3}, {"alone": 1, "peers": 2})


def test_a_net_for_other_images_or_classes_is_refused():
    part = torch.rand(6, 1, 2, 2), torch.arange(6) % 3
    data = Data(part, part, ("a", "b", "c"), "made up", part)
    finished.refuse_unfit("race", nn.ModuleList([NET, NET]), data)
    with pytest.raises(ValueError, match="does not take inputs of shape"):
        finished.refuse_unfit("race", nets.mlp(5, 3), data)
    with pytest.raises(ValueError, match=r"by \(1, 2\); the data has 3 classes"):
        finished.refuse_unfit("race", nn.ModuleList([NET, nets.mlp(4, 2)]), data)
