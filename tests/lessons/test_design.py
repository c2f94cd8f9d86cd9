"""Exercises that experiment: a design is judged over seeds, and the test images stay closed."""

import inspect
import time

import pytest
import torch
import torch.nn.utils.prune
from torch import nn

from kdsurvey import exercises, optimisers
from kdsurvey.data import Data
from kdsurvey.lessons.answering import refuse_more, refuse_unsteady
from kdsurvey.lessons.design import Design
from kdsurvey.surgery import lower

ALL = {
    f"{notebook}.{name}": task
    for notebook in exercises.NOTEBOOKS
    for name, task in vars(getattr(exercises, notebook)).items()
    if isinstance(task, Design)
}


N = 40  # images, each of which shows its class and its number
SIGNS = torch.cat([torch.eye(2)[torch.arange(N) % 2], torch.arange(N)[:, None] / N], 1)
IMAGES = SIGNS.reshape(N, 1, 1, 3)
LABELS = torch.arange(N) % 2


class Says(nn.Module):
    """A net that is right on so many images, those of the lowest numbers."""

    def __init__(self, right: float):
        super().__init__()
        self.right = nn.Parameter(torch.tensor(float(right)))

    def forward(self, x):
        z = x.flatten(1)[:, :2]
        wrong = (N * x.flatten(1)[:, 2]).round() >= self.right
        return torch.where(wrong[:, None], -z, z)


class Hides(Says):
    """A net that asks another one, whose weights are not among its own."""

    def __init__(self):
        super().__init__(20)
        self.others = [nn.Linear(3, 2, bias=False)]

    def forward(self, x):
        return super().forward(x) + 0 * self.others[0](x.flatten(1))


class ByPlace(Says):
    """A net that knows where in the batch an image stands."""

    def __init__(self):
        super().__init__(20)

    def forward(self, x):
        return super().forward(x) * (1 + torch.arange(len(x))[:, None])


class ByChance(Says):
    """A net that drops what it likes, in eval mode too."""

    def __init__(self):
        super().__init__(20)

    def forward(self, x):
        return nn.functional.dropout(super().forward(x))


class Compares(Says):
    """A net that answers by the mean of the batch."""

    def __init__(self):
        super().__init__(20)

    def forward(self, x):
        return super().forward(x) - x.mean()


class Pair(Says):
    """A net that returns more than logits."""

    def __init__(self):
        super().__init__(20)

    def forward(self, x):
        return super().forward(x), x


SHARED = Says(20)


@pytest.fixture
def design():
    """20 validation images and 40 test images; the rival is right on about ten."""
    made = Design(title="Ants and bees", hints=("a", "b", "c"), weights=1, margin=5)

    @made.deals
    def _(seed):
        part, few = (IMAGES, LABELS), (IMAGES[:20], LABELS[:20])
        return Data(part, part, ("ant", "bee"), "signs", few), Says(16)

    @made.rival
    def _(data, teacher, seed):
        return Says(10 + seed % 2)

    return made


def better(data, teacher, seed):
    return Says(teacher.right.item() + 2 * (seed % 2))


def test_it_is_judged_on_validation_images_first_then_on_test_images(design):
    checked = design.check(better)
    assert str(checked).startswith("Ants and bees on validation images: solved")
    assert "HOLDS  yours - the rival, validation images: +" in str(checked)
    opened = design.open()
    assert str(opened).startswith("Ants and bees on test images: solved")
    assert "looked at once" in str(opened) and "look 2" in str(design.open())
    validation, test = (
        design.verdict(design.committed, part) for part in ("validation", "test")
    )
    assert validation.n == test.n == len(design.seeds) == 3
    assert validation.effect == pytest.approx(2 * test.effect)  # of half as many images


def test_a_net_is_judged_as_it_is_served(design):
    design.served_as(lambda net: Says(net.right.item() - 12))
    assert "FAILS" in str(design.check(better))


def test_a_design_that_is_no_better_is_not_opened(design):
    checked = design.check(lambda data, teacher, seed: Says(10))
    assert not checked.solved and "HOLDS" not in str(checked)
    assert "not yet" in str(checked)
    with pytest.raises(ValueError, match="nothing to judge"):
        design.open()


def test_one_that_does_less_than_the_margin_is_not_enough(design):
    design.margin = 60
    assert not design.check(better).solved


def test_the_test_images_are_not_handed_out_and_nothing_can_be_changed(design):
    seen = []

    def answer(data, teacher, seed):
        seen.append(data)
        data.train[0].zero_()
        net = better(data, teacher, seed)
        with torch.no_grad():
            teacher.right.zero_()
        return net

    first, second = design.check(answer), design.check(better)
    assert first.solved and str(first) == str(second)
    for data in seen:
        assert torch.equal(data.test[1], data.validation[1]) and len(data.test[1]) == 20


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda data, teacher, seed: None, "seed 0: it returns NoneType, not a net"),
        (lambda data, teacher, seed: nn.Linear(2, 2), "this net has 6 weights"),
        (lambda data, teacher, seed: 1 / seed, "seed 0: ZeroDivisionError"),
        (lambda data, teacher: Says(1.0), "seed 0: TypeError"),
        (lambda data, teacher, seed: nn.Flatten(0), "gives (6,), not logits"),
        (lambda data, teacher, seed: Hides(), "and answers with 6 numbers more that"),
        (lambda data, teacher, seed: ByPlace(), "it answers one image in several ways"),
        (
            lambda data, teacher, seed: ByChance(),
            "F.dropout(x, training=self.training)",
        ),
        (lambda data, teacher, seed: Compares(), "or the images beside it"),
        (
            lambda data, teacher, seed: SHARED,
            "seed 1: it returns the net of seed 0 again",
        ),
        (lambda data, teacher, seed: Pair(), "returns tuple, not logits (n, c) alone"),
    ],
)
def test_what_is_no_design_is_said(design, answer, says):
    report = design.check(answer)
    assert not report.solved and says in str(report)
    assert "nothing to judge yet" in str(report) and design.committed == []


@pytest.mark.parametrize("SGD", [torch.optim.SGD, optimisers.SGD])
def test_steps_are_bounded_each_seed_by_its_own_count(design, SGD):
    design.steps = 3

    def stepping(steps):
        def answer(data, teacher, seed):
            net = better(data, teacher, seed)
            for _ in range(steps):
                SGD(net.parameters(), lr=0.1).step()
            return net

        return answer

    fits = design.check(stepping(3))
    assert fits.solved and "at most 1 weights in at most 3 steps for" in str(fits)
    assert "(seed 0: it takes 4 steps)" in str(design.check(stepping(4)))


def test_a_net_that_is_to_grow_has_to(design):
    design.weights, design.least = 3, 2
    report = str(design.check(better))
    assert "a net of 2 to 3 weights for every seed  (seed 0: this net has 1 w" in report


def test_weights_that_have_no_part_in_the_answer_are_no_growth(design):
    design.weights, design.least = 3, 2

    def padded(data, teacher, seed):
        net = better(data, teacher, seed)
        net.idle = nn.Parameter(torch.zeros(2))
        return net

    report = str(design.check(padded))
    assert "seed 0: 2 of the 3 weights have no part in the answer" in report


def test_rivals_are_trained_before_the_readers_code_runs(design):
    trained = []
    rival = design._rival

    @design.rival
    def _(data, teacher, seed):
        trained.append(seed)
        return rival(data, teacher, seed)

    def answer(data, teacher, seed):
        assert trained == list(design.seeds)
        return better(data, teacher, seed)

    assert design.check(answer).solved


def in_low_precision(net):
    return lower(net, ends=True, weight_bits=2, activation_bits=2)


def pruned(net):
    nn.utils.prune.l1_unstructured(net[1], "weight", 0.5)


def centred(net):
    return nn.Sequential(Centred(), net)


class Centred(nn.Module):
    """The images, less what they are on the mean."""

    def forward(self, x):
        return (x - torch.tensor(0.1307)) / 0.3081


@pytest.mark.parametrize("change", [nn.Module.train, in_low_precision, pruned, centred])
def test_honest_nets_are_not_refused(change):
    """In train mode, with rounded activations, pruned, with constants, on any layer."""
    torch.manual_seed(0)
    body = [nn.Flatten(), nn.Linear(196, 16), nn.BatchNorm1d(16), nn.ReLU()]
    net = nn.Sequential(*body, nn.Dropout(0.5), nn.Linear(16, 10))
    size = sum(weights.numel() for weights in net.parameters())
    changed = change(net) or net
    x = torch.rand(64, 1, 14, 14)
    refuse_more(changed, x[:2], size, size)
    refuse_unsteady(changed, x)


def test_an_empty_design_is_nothing_yet(design):
    def empty(data, teacher, seed):
        raise NotImplementedError

    assert "(nothing written yet)" in str(design.check(empty))


def test_its_time_is_bounded(design):
    design.seconds = 0.3

    def slow(data, teacher, seed):
        time.sleep(20)

    assert "stopped after 0.3 seconds" in str(design.check(slow))


@pytest.mark.parametrize("name", ALL)
def test_the_solution_does_on_both_parts_and_wrong_designs_do_not(name):
    design = ALL[name]
    assert len(design.hints) == 3 and len(design.wrong_answers) >= 3
    for wrong in design.wrong_answers:
        report = design.check(wrong)
        assert not report.solved, inspect.getsource(wrong)
        assert not any("Error" in why for _, _, why in report.held), report
        with pytest.raises(ValueError, match="nothing to judge"):
            design.open()
    checked = design.check(design.solve)
    assert checked.solved, checked
    opened = design.open()
    assert opened.solved, opened
