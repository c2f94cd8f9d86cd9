"""Exercises that experiment: the reader designs a training, and it is judged over seeds
against a rival, first on validation images and then, once, on test images.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from kdsurvey.data import Data, Pair
from kdsurvey.lessons.answering import asked, refuse_more, refuse_unsteady
from kdsurvey.lessons.arms import Net
from kdsurvey.lessons.exercise import Report, Task
from kdsurvey.lessons.trial import Clock, Said, bounded, in_words
from kdsurvey.stage import copied, in_eval, logits_of
from kdsurvey.training import accuracy
from kdsurvey.verdicts import Verdict, judge

SEEDS = (0, 1, 2)
ASKED = 256  # validation images that show how a net answers
Inputs = tuple[Any, ...]  # what the reader's function gets before the seed; data first
Plan = Callable[..., nn.Module]  # (*inputs, seed) -> trained net
Serve = Callable[[nn.Module], nn.Module]  # a trained net -> the one that answers


@dataclass(kw_only=True)
class Design(Task):
    """An experiment for the reader to design: a function that trains a net, to beat a
    rival over seeds by `margin` percentage points, with at most `weights` weights.

    least: weights that the net must have, where it is to be a grown one. steps: of
    optimisers that a training may take, all stages together; None is as many as the
    time allows. It is enough that the function returns a net: one whose bias was
    changed by hand has taken no step. It answers every image for itself, with its own
    weights alone, and each seed has a net of its own.

    A lesson declares one and adds to it with decorators:

        few = Design(title="Few labels", hints=("...", "...", "..."), weights=90_000)

        @few.deals
        def _(seed):
            return data, teacher

        @few.rival
        def _(data, teacher, seed):
            return net

        @few.solved_by
        def _(data, teacher, seed): ...

        @few.refuses
        def _(data, teacher, seed): ...

    What is dealt, and the rival, are made once a seed. The reader's function gets data
    whose test part is its validation part: the test images stay closed until `open`.
    A net that is not served as it is trained has a function under `served_as`.
    """

    weights: int
    least: int = 0
    steps: int | None = None
    margin: float = 1.0
    seeds: tuple[int, ...] = SEEDS
    seconds: float = 120.0  # the solution takes a sixth of it
    committed: list[nn.Module] = field(default_factory=list)  # the nets judged last
    opened: int = 0  # times the test images were looked at
    _deal: Callable[[int], Inputs] | None = None
    _rival: Plan | None = None
    _serve: Serve | None = None
    _made: dict[int, tuple[Inputs, nn.Module]] = field(default_factory=dict)

    def deals(self, deal: Callable[[int], Inputs]) -> Callable[[int], Inputs]:
        """Tell what a seed deals: data with a validation part, then what else is given."""
        self._deal = deal
        return deal

    def rival(self, train: Plan) -> Plan:
        """Tell how the net is trained that is to be beaten."""
        self._rival = train
        return train

    def served_as(self, serve: Serve) -> Serve:
        """Tell what is done to a copy of the reader's net before it is judged."""
        self._serve = serve
        return serve

    def check(self, answer: Plan) -> Report:
        """Train by the reader's design for every seed, and judge it on validation images.

        The nets are kept, for `open` to judge. All rivals are trained before the
        reader's code runs: whatever that changes, it does not change them.
        """
        self.committed = []
        for seed in self.seeds:
            self._of(seed)
        nets: list[nn.Module] = []
        with torch.enable_grad(), bounded(self.seconds) as clock:
            lines = [
                (self._limits(), *clock.attempt(partial(self._trains, answer, nets))),
                self._line(clock, nets, "validation"),
            ]
        if all(holds for _, holds, _ in lines):
            self.committed = nets
        return Report(self, tuple(lines), " on validation images")

    def open(self) -> Report:
        """Judge the nets of the last check, if they did on validation images, on test images.

        Every look is counted: a design that was chosen by its test has none left.
        """
        if not self.committed:
            raise ValueError(
                f"{self.title}: there is nothing to judge; check a design first, until it "
                "does on validation images"
            )
        self.opened += 1
        with bounded(self.seconds) as clock:
            line = self._line(clock, self.committed, "test")
        looks = "looked at once" if self.opened == 1 else f"look {self.opened}"
        what, holds, why = line
        return Report(self, ((f"{what}, {looks}", holds, why),), " on test images")

    def verdict(self, nets: list[nn.Module], part: str) -> Verdict:
        """Judge nets, one a seed, against the rival on "validation" or "test" images."""
        given = {seed: self._of(seed) for seed in self.seeds}
        pairs = {seed: _part(inputs[0], part) for seed, (inputs, _) in given.items()}
        rivals = [accuracy(given[seed][1], *pairs[seed]) for seed in self.seeds]
        yours = [accuracy(net, *pairs[s]) for net, s in zip(nets, self.seeds)]
        what = f"yours - the rival, {part} images"
        return judge(self.title, yours, rivals, what=what, margin=self.margin)

    def _limits(self) -> str:
        """Say in words what a net has to keep to."""
        size = f"at most {self.weights:,}"
        if self.least:
            size = f"{self.least:,} to {self.weights:,}"
        steps = f" in at most {self.steps:,} steps" if self.steps else ""
        return f"a net of {size} weights{steps} for every seed"

    def _line(self, clock: Clock, nets: list, part: str) -> tuple[str, bool, str]:
        """Say in a line of the report whether the nets are above the rival."""
        points = "point" if self.margin == 1 else "points"
        what = f"above the rival by {self.margin:g} {points} on {part} images"
        if len(nets) < len(self.seeds):
            return what, False, "nothing to judge yet"
        judged: list[Verdict] = []

        def judging() -> bool:
            judged.append(self.verdict(nets, part))
            return True

        done, why = clock.attempt(judging)
        if not done:
            return what, False, why
        (verdict,) = judged
        return (
            what,
            verdict.word == "HOLDS",
            verdict.line.removeprefix(self.title).strip(),
        )

    def _trains(self, answer: Plan, nets: list[nn.Module]) -> bool:
        """Train a net for every seed, into `nets`; say what does not fit."""
        # where weights lie -> the seed whose net has them, and that net, which stays there
        known: dict[int, tuple[int, nn.Module]] = {}
        for seed in self.seeds:
            data, *others = self._of(seed)[0]
            given = _sealed(data), *copy.deepcopy(others)
            with _counted() as taken, torch.enable_grad():
                net = _of_seed(seed, partial(answer, *given, seed))
            if self.steps and taken["steps"] > self.steps:
                raise Said(f"seed {seed}: it takes {taken['steps']:,} steps")
            _of_seed(seed, partial(self._fits, net, data))
            _refuse_shared(net, seed, known)
            nets.append(self._serve(copied(net)) if self._serve else net)
        return True

    def _fits(self, net: Any, data: Data) -> None:
        """Raise Said for what is no net within the limits, that answers images alike."""
        if not isinstance(net, nn.Module):
            raise Said(f"it returns {type(net).__name__}, not a net")
        x = asked(net.eval(), data.held_out[0][:ASKED])
        refuse_more(net, x[:2], self.least, self.weights)
        with torch.no_grad(), in_eval(net):
            shape = tuple(logits_of(net, x[:2]).shape)
        if shape != (2, len(data.classes)):
            raise Said(f"for two images it gives {shape}, not logits")
        refuse_unsteady(net, x)

    def _of(self, seed: int) -> tuple[Inputs, nn.Module]:
        """Return what a seed deals and the trained rival, made at the first call."""
        if seed not in self._made:
            assert self._deal is not None and self._rival is not None
            inputs = self._deal(seed)
            self._made[seed] = inputs, self._rival(*inputs, seed)
        return self._made[seed]


@contextmanager
def _counted() -> Iterator[Counter]:
    """Count the steps of all optimisers meanwhile."""
    taken: Counter = Counter()
    hook = register_optimizer_step_post_hook(lambda *_: taken.update(steps=1))
    try:
        yield taken
    finally:
        hook.remove()


def _of_seed(seed: int, call: Callable[[], Any]) -> Any:
    """Call what runs the reader's code; its error says for which seed it was."""
    try:
        return call()
    except NotImplementedError:
        raise
    except Exception as error:
        raise Said(f"seed {seed}: {in_words(error)}") from None


def _refuse_shared(
    net: nn.Module, seed: int, known: dict[int, tuple[int, nn.Module]]
) -> None:
    """Raise Said for a net that shares weights with one of another seed, whose images
    are in part those that it is judged on; note where its weights lie.
    """
    places = [w.data_ptr() for w in net.parameters() if w.numel()]
    for place in places:
        if place in known:
            before, _ = known[place]
            raise Said(
                f"seed {seed}: it returns the net of seed {before} again, which has "
                "seen images that this one is judged on; make a net inside the function"
            )
    known |= dict.fromkeys(places, (seed, net))


def best(nets: Iterable[Net], data: Data) -> Net:
    """Return the net that is right most often on the validation images."""
    return max(nets, key=lambda net: accuracy(net, *data.held_out))


def _sealed(data: Data) -> Data:
    """Return a copy of data without its test images: validation images stand there."""
    return copy.deepcopy(replace(data, test=data.held_out))


def _part(data: Data, part: str) -> Pair:
    return data.held_out if part == "validation" else data.test
