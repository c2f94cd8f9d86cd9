"""Every method at work on images of digits: what the checks on a GPU go through."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from kdsurvey import methods, sweeps
from kdsurvey.branches import Branches, branched, fusion, gate
from kdsurvey.nets import conv, mlp
from kdsurvey.stage import Stage

NOT_RUN = {"codistil": "it needs two processes"}
IMAGES = 64  # of a part of the training set that has labels, see "dml, few labels"


@dataclass
class Work:
    """A method at work: its stages, and the nets that learn in them."""

    stages: Iterator[Stage]
    learners: list[nn.Module]


def net(seed: int) -> nn.Sequential:
    """Build a small convolutional net with batch norm."""
    return conv(1, 8, 16, classes=10, seed=seed)


def taught(method: Callable, **options) -> Work:
    """Put a method to work that has one student and one teacher."""
    student = net(0)
    return Work(method(student, net(1), **options), [student])


def alone(method: Callable, **options) -> Work:
    """Put a method to work that has one net and no teacher."""
    learner = net(0)
    return Work(method(learner, **options), [learner])


def stacked() -> Work:
    """Two students in a stack, each with its own T and alpha, given on the CPU."""
    stack = sweeps.stack([mlp(784, 16, 10, seed=seed) for seed in range(2)])
    knobs = {"T": torch.tensor([1.0, 4.0]), "alpha": torch.tensor([0.5, 1.0])}
    return Work(methods.hinton(stack, net(1), **knobs), [stack])


def of_one_net(method: Callable) -> Callable[[], Work] | None:
    """Build an example of a method that takes a student and a teacher, or a net alone.

    None for a method that needs other things; such ones are written out below.
    """
    parameters = inspect.signature(method).parameters.values()
    asked = [p for p in parameters if p.kind is not p.VAR_KEYWORD]
    needed = [p.name for p in asked if p.default is p.empty]
    if needed == ["student", "teacher"]:
        return lambda: taught(method)
    if needed in (["student"], ["net"]):
        return lambda: alone(method)
    return None


def dml(**options) -> Work:
    """Three peers."""
    peers = [net(seed) for seed in range(3)]
    return Work(methods.dml(peers, **options), peers)


def ban(**options) -> Work:
    """Two generations."""
    students = [net(0), net(2)]
    born = iter(students).__next__
    return Work(methods.ban(born, net(1), generations=2, **options), students)


def branches() -> Branches:
    """Three branches that share the first block."""
    return branched(net, at=1, count=3)


def one() -> Work:
    """Three branches and their gate."""
    learner = branches()
    weighing = gate(8, 3, seed=0)
    return Work(methods.one(learner, weighing), [learner, weighing])


def ffl() -> Work:
    """Three branches and the module that fuses their maps."""
    learner = branches()
    fused = fusion(16, 16, 16, width=16, head=net(9)[-1], seed=0)
    return Work(methods.ffl(learner, fused), [learner, fused])


def ensemblenet() -> Work:
    """Three heads that are pulled to their ensemble."""
    learner = branches()
    return Work(methods.ensemblenet(learner, lam=2.0), [learner])


def few_labels() -> Work:
    """Peers that know every other label; which, is told on the CPU."""
    return dml(labelled=torch.arange(IMAGES, device="cpu") % 2 == 0)


HINTS = {"guided": 1, "hint": 1}
FLOW = {"pairs": ((1, 2),)}
WRITTEN: dict[str, Callable[[], Work]] = {
    "plain, smoothed labels": lambda: alone(methods.plain, smoothing=0.1),
    "hinton, a stack": stacked,
    "fitnets": lambda: taught(methods.fitnets, **HINTS),
    "joint hints": lambda: taught(methods.joint_hints, **HINTS),
    "fsp": lambda: taught(methods.fsp, **FLOW),
    "fsp, channels in another order": lambda: taught(
        methods.fsp, permutation={1: [7, 6, 5, 4, 3, 2, 1, 0]}, **FLOW
    ),
    "dml, by turns": dml,
    "dml, at once": lambda: dml(turns=False),
    "dml, few labels": few_labels,
    "ban": ban,
    "ban+l": lambda: ban(target="ban+l"),
    "ban, cwtm": lambda: ban(target="cwtm"),
    "ban, dkpp": lambda: ban(target="dkpp"),
    "ban, dkpp redrawn": lambda: ban(target="dkpp", redrawn=True),
    "apprentice, B": lambda: taught(methods.apprentice, scheme="B"),
    "apprentice, C": lambda: taught(methods.apprentice, scheme="C"),
    "ffl": ffl,
    "one": one,
    "ensemblenet": ensemblenet,
}
RUN = [name for name in methods.__all__ if name not in NOT_RUN]
PLAIN = {name: of_one_net(getattr(methods, name)) for name in RUN}
METHODS = {name: make for name, make in PLAIN.items() if make} | WRITTEN
