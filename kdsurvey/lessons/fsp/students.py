"""Notebook 05, continued: students of FSP that are smaller, have another task, or are several."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import torch
from torch import nn

from kdsurvey import nets
from kdsurvey.data import Data, mnist_5k
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.fsp.experiments import flow, residual, teach, trained, untrained
from kdsurvey.measures import top1_agreement
from kdsurvey.methods import fitnets, hinton, plain
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config, accuracy, train
from kdsurvey.verdicts import Verdict, judge_rows

SMALL = Config(epochs=18, batch_size=64, lr=0.1, schedule="cosine")
TRANSFER = Config(epochs=45, batch_size=20, lr=0.05, schedule="cosine")
TUNE = replace(TRANSFER, epochs=30, lr=0.02)  # the teacher goes on, on the new task
RATES = (0.5, 2.0)  # of Config.lr: the two rates of every arm
FIRST = 1 / 3  # the first stage's share of the epochs
FEW = 0.1  # share of the images in `fsp_small` and `fsp_ensembles`
HINT_LR = 0.0003  # the rate of a stage of hints, chosen as FLOW_LR was


def hints(student: nn.Sequential, teacher: nn.Sequential, lr: float) -> Iterator[Stage]:
    """FitNets: the end of the middle section as hint, then distillation."""
    guided, hint = (nets.sections(net)[1][1] for net in (student, teacher))
    return fitnets(
        student,
        teacher,
        guided=guided,
        hint=hint,
        hint_epochs=FIRST,
        hint_lr=HINT_LR / lr,
    )


def hints_then_labels(
    student: nn.Sequential, teacher: nn.Sequential, lr: float
) -> Iterator[Stage]:
    """The first stage of FitNets, and a second with the labels alone, as FSP has it."""
    yield next(hints(student, teacher, lr))
    (labels,) = plain(student)
    yield replace(labels, epochs=1 - FIRST)


def fsp_small(data: Data, seed: int) -> list[dict]:
    """What is distilled, output, layer or flow: one teacher, a smaller student, a tenth
    of the images, two rates an arm.
    """
    data = data.halved().fraction(FEW, seed)
    teacher = teach(data, seed, replace(SMALL, epochs=2 * SMALL.epochs))
    smoothing = smoothing_of(teacher, data)
    methods = {
        "plain, steps of stage 2": lambda net, lr: plain(net),
        "plain": lambda net, lr: plain(net),
        "label smoothing": lambda net, lr: plain(net, smoothing=smoothing),
        "KD (output)": lambda net, lr: hinton(net, teacher, T=4.0, alpha=0.9),
        "FitNets (layer, then output)": lambda net, lr: hints(net, teacher, lr),
        "hint, then labels (layer)": lambda net, lr: hints_then_labels(
            net, teacher, lr
        ),
        "FSP (flow)": lambda net, lr: flow(net, teacher, lr, FIRST),
        "FSP, untrained teacher": lambda net, lr: flow(
            net, untrained(data, seed), lr, FIRST
        ),
    }
    return [
        outcome("teacher", data, seed, teacher),
        *students(methods, data, seed, SMALL),
    ]


def students(
    methods: dict[str, Callable], data: Data, seed: int, config: Config
) -> list[dict]:
    """A small student for each method at each of the two rates: equal initial weights,
    order and steps.

    One "steps of stage 2" has only those, at a rate between. A run that diverges is a
    row like any other.
    """
    rows = []
    for start, method in methods.items():
        shorter = "steps of stage 2" in start
        epochs, factors = (
            (round(config.epochs * (1 - FIRST)), (1.0,))
            if shorter
            else (config.epochs, RATES)
        )
        for lr in (config.lr * factor for factor in factors):
            net = residual(1, seed, len(data.classes))
            settings = replace(config, epochs=epochs, lr=lr, seed=seed)
            with suppress(FloatingPointError):
                train(
                    method(net, lr),
                    replace(data, validation=None),
                    settings,
                    progress=False,
                )
            rows.append(outcome(start, data, seed, net, lr))
    return rows


def outcome(
    start: str, data: Data, seed: int, net: nn.Module, rate: float = 0.0
) -> dict:
    """What is kept of a finished net."""
    arm = {
        "arm": f"{start}, {rate:g}" if rate else start,
        "start": start,
        "rate": rate,
        "seed": seed,
    }
    return {
        **arm,
        "validation": accuracy(net, *data.validation),
        "accuracy": accuracy(net, *data.test),
    }


def fsp_transfer(data: Data, seed: int) -> list[dict]:
    """From the digits 0 to 4, of which there are many, to 5 to 9, of which there are 20 each."""
    data = data.halved()
    return transferred(task(data, range(5)), task(data, range(5, 10)), seed)


def fsp_fashion(data: Data, seed: int) -> list[dict]:
    """From digits to clothes, Fashion-MNIST (`data`), of which there are 20 images a class."""
    return transferred(mnist_5k().hold_out(500).halved(), data.halved(), seed)


def transferred(source: Data, target: Data, seed: int, each: int = 20) -> list[dict]:
    """Students of a target task with `each` images a class; the teacher knows the
    source task, or, as control, nothing else.

    The fine-tuned teacher keeps its head, whose classes get new meanings: source and
    target have equally many.
    """
    few = target.fraction(each * len(target.classes) / len(target.train[0]), seed)
    tuned_teacher = trained(teach(source, seed), few, replace(TUNE, seed=seed))
    scratch = teach(few, seed, TRANSFER)
    methods = {
        "plain": lambda net, lr: plain(net),
        "FitNets": lambda net, lr: hints(net, tuned_teacher, lr),
        "FSP": lambda net, lr: flow(net, tuned_teacher, lr, FIRST),
        "FSP, teacher from scratch": lambda net, lr: flow(net, scratch, lr, FIRST),
    }
    teachers = {"teacher, fine-tuned": tuned_teacher, "teacher, from scratch": scratch}
    kept = [outcome(name, few, seed, net) for name, net in teachers.items()]
    return kept + students(methods, few, seed, TRANSFER)


def task(data: Data, labels: range) -> Data:
    """The images of some labels, as a task of their own with classes from 0, in every part."""
    parts = {}
    for part in ("train", "validation", "test"):
        x, y = getattr(data, part)
        kept = (y >= labels.start) & (y < labels.stop)
        parts[part] = x[kept], y[kept] - labels.start
    classes = data.classes[labels.start : labels.stop]
    return replace(
        data,
        **parts,
        classes=classes,
        source=f"{data.source}; only {', '.join(classes)}",
    )


def above(
    rows: pd.DataFrame,
    better: str,
    than: str,
    claim: str = "P3",
    column: str = "accuracy",
) -> Verdict:
    """The claim that one arm's test accuracy, or another column, is above another's."""
    what = (
        f"{column} of {better} - {than}"
        if column != "accuracy"
        else f"{better} - {than}"
    )
    return judge_rows(claim, rows, column, a=better, b=than, what=what)


def fsp_ensembles(data: Data, seed: int, k: int = 3) -> list[dict]:
    """Ensembles of k nets as large as the teacher: without it, by its flow, by its flow
    shuffled for each, from its weights.
    """
    data = data.halved().fraction(FEW, seed)
    teacher = teach(data, seed, replace(SMALL, epochs=2 * SMALL.epochs))
    rows = []
    for arm in ("plain", "FSP", "FSP, shuffled", "teacher's weights copied"):
        members = [member(arm, data, 1000 * (j + 1) + seed, teacher) for j in range(k)]
        rows.append(together(arm, seed, members, data))
    return rows


def member(arm: str, data: Data, seed: int, teacher: nn.Sequential) -> nn.Sequential:
    """One net of an ensemble; seed: its initial weights, the order of its images and of
    the teacher's channels.
    """
    net = copy.deepcopy(teacher) if "copied" in arm else residual(2, seed)
    order = shuffled(teacher, seed) if "shuffled" in arm else None
    config = replace(
        SMALL,
        seed=seed,
        epochs=round(SMALL.epochs * (1 - FIRST)) if "copied" in arm else SMALL.epochs,
    )
    stages = (
        flow(net, teacher, config.lr, FIRST, permutation=order)
        if arm.startswith("FSP")
        else plain(net)
    )
    train(stages, replace(data, validation=None), config, progress=False)
    return net


def shuffled(net: nn.Sequential, seed: int) -> dict[int, list[int]]:
    """A new order of the channels of each section, {block: order}: one order along a
    section, as its blocks add to its start.
    """
    generator, order = torch.Generator().manual_seed(seed), {}
    for start, end in nets.sections(net):
        order[start] = order[end] = torch.randperm(
            len(net[start - 1][0].weight), generator=generator
        ).tolist()
    return order


def together(arm: str, seed: int, members: Sequence[nn.Module], data: Data) -> dict:
    """Mean accuracy of the members, accuracy of their ensemble, and the share of test
    images on which two members differ.
    """
    (x, y), z = data.test, [Teacher(net).logits(data.test[0]) for net in members]
    single = float(np.mean([accuracy(net, x, y) for net in members]))
    ensemble = accuracy(nets.Ensemble(members), x, y)
    differ = float(
        np.mean([1 - top1_agreement(a, b).item() for a, b in combinations(z, 2)])
    )
    found = {
        "single": single,
        "ensemble": ensemble,
        "gain": ensemble - single,
        "disagreement": differ,
    }
    return {
        "arm": arm,
        "seed": seed,
        **{name: round(value, 4) for name, value in found.items()},
    }
