"""What notebook 08 reads off its rows, and what it draws."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from torch import Tensor

from kdsurvey import plots, verdicts
from kdsurvey.lessons.born_again import GENERATIONS, split
from kdsurvey.verdicts import Verdict, judge_rows

NOISY, LONG = "a fifth redrawn", "40 epochs"  # where a net learns wrong labels


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of each arm at the setting that did best on validation images, on the mean over seeds; apart for each "labels"."""
    return verdicts.chosen(rows, "setting", by=["labels", "arm"])


def gain(claim: str, rows: pd.DataFrame, a: str, b: str, labels: str = NOISY, setting: str | None = LONG) -> Verdict:
    """The claim that arm a is right more often than arm b on test images. setting: None has each arm at its best, see `best`.

    Rows without settings (generations, teachers) have one for all.
    """
    of, said = rows[rows["labels"] == labels], f"labels {labels}" if labels == NOISY else f"{labels} labels"
    if "setting" in rows:
        of = of[of["setting"] == setting] if setting else best(of)
        said += f", {setting or 'each at its best setting'}"
    return judge_rows(claim, of, "accuracy", a=a, b=b, what=f"{a} - {b}, {said}")


def less_torn(claim: str, rows: pd.DataFrame, a: str, b: str, setting: str | None = None) -> Verdict:
    """The claim that language model a has a lower perplexity on held-out text than model b. setting: None as for `gain`.

    The verdict says of how many settings each was the best: a model alone had more to choose from, see `ban_language_alone`.
    """
    of = rows[rows["setting"] == setting] if setting else least(rows)
    choice = rows.groupby("arm")["setting"].nunique()
    what = f"perplexity of {b} - {a}, {setting or f'the best of {choice[b]} settings and of {choice[a]}'}"
    return judge_rows(claim, of, "perplexity", a=b, b=a, what=what, unit="in perplexity")


def least(rows: pd.DataFrame) -> pd.DataFrame:
    """`best` for language models: the lowest perplexity on validation text."""
    return verdicts.chosen(rows, "setting", column="validation perplexity", least=True)


def seed_noise(rows: pd.DataFrame) -> pd.DataFrame:
    """How far two nets alone that differ by their seed lie apart, in points, over the pairs: mean and largest."""
    table = rows[rows["arm"].isin(("teacher", "alone"))].pivot(
        index=["labels", "setting", "seed"], columns="arm", values="accuracy"
    )
    apart = 100 * (table["teacher"] - table["alone"]).abs()
    return apart.groupby(["labels", "setting"], sort=False).agg(mean="mean", largest="max", n="count")


def by_generation(rows: pd.DataFrame, labels: str, *, ensembles: bool = False) -> dict[str, np.ndarray]:
    """Test accuracies in % for plots.lines, each (seeds, 4); of ensembles (seeds, 3), of 2 to 4 members."""
    first = 2 if ensembles else 1
    names = {"born again": "generations 1-{}", "alone": "{} nets alone", "alone, 10 epochs": "{} nets, 10 epochs"}
    if not ensembles:
        names = {"born again": "generation {}", "alone": "alone {}", "alone, 10 epochs": "10 epochs {}"}
    table = 100 * rows[rows["labels"] == labels].pivot(index="seed", columns="arm", values="accuracy")
    members = range(first, GENERATIONS + 1)
    return {name: table[[arm.format(k) for k in members]].to_numpy() for name, arm in names.items()}


def halves(z: Tensor, v: Tensor, y: Tensor, x: Tensor, which: Sequence[int], classes: Sequence[str]) -> plots.Picture:
    """The gradient by the logits of some images x (n, 1, h, w), in the parts that `split` gives: each image beside its bars."""
    truth, dark = split(z, v, y)
    figure, axes = plots.canvas(7.2, 1.5 * len(which) + 0.6, len(which), 2, squeeze=False, width_ratios=(1, 4), sharex="col")
    for (left, right), k in zip(axes, which):
        left.imshow(x[k, 0].numpy(), cmap="gray_r", vmin=0, vmax=1)
        left.set(xticks=[], yticks=[], title=f"label {classes[y[k]]}")
        right.bar(range(len(classes)), truth[k].numpy(), color=plots.COLOURS[0], label="ground truth")
        right.bar(
            range(len(classes)), dark[k].numpy(), color=plots.COLOURS[1], hatch="//", edgecolor="white", label="dark knowledge"
        )
        right.axhline(0, color="black", lw=0.6)
        right.set_ylabel("q - p")
    right.set(xticks=range(len(classes)), xlabel="class")
    right.set_xticklabels(classes)
    axes[0, 1].legend(fontsize=8, frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    title = "The gradient of H(p, q) by the logits, in two parts"
    figure.suptitle(title, fontsize=11)
    shown = ", ".join(classes[y[k]] for k in which)
    return plots.Picture(
        figure, f"{title}: q - p against class, ground truth at the label, dark knowledge elsewhere; labels {shown}."
    )


def claims(targets: pd.DataFrame, rates: pd.DataFrame, generations: pd.DataFrame) -> list[Verdict]:
    """P6, O7 and O10, from the recorded rows ban_targets, ban_rates and ban_generations."""
    targets = pd.concat([targets, rates], ignore_index=True)
    return [
        gain("P6", targets, "BAN", "alone"),
        gain("P6", targets, "BAN", "teacher"),
        gain("O10", targets, "BAN", "alone", setting=None),
        gain("P6", targets, "BAN", "alone", "clean"),
        gain("P6", targets, "BAN", "BAN+L, halves"),
        gain("P6", targets, "BAN+L", "alone", "clean"),
        gain("O10", targets, "BAN+L", "alone, twice the rate"),
        gain("O10", targets, "BAN+L", "alone, twice the rate", "clean"),
        gain("P6", targets, "CWTM", "alone"),
        gain("P6", targets, "DKPP", "alone"),
        gain("P6", targets, "BAN", "DKPP"),
        gain("O7", targets, "BAN", "label smoothing"),
        gain("O7", targets, "BAN", "label smoothing", "clean"),
        gain("P6", generations, "generation 4", "generation 1"),
        gain("P6", generations, "generation 4", "generation 1", "clean"),
        gain("P6", generations, "generations 1-4", "4 nets alone"),
        gain("O10", generations, "generations 1-4", "4 nets, 10 epochs"),
    ]


def of_teachers(teachers: pd.DataFrame, targets: pd.DataFrame, rates: pd.DataFrame) -> list[Verdict]:
    """O7, whether a teacher has to be good, from the recorded rows ban_teachers: weak ones, and one that stopped in time.

    targets, rates: those of ban_targets and ban_rates, whose nets alone have the same seeds and images, and six settings.
    """
    alone = pd.concat([targets[targets["arm"] == "alone"], rates], ignore_index=True)
    alone = alone.assign(setting=alone["setting"] + ", " + alone["arm"], arm="alone, at its best")
    alone = best(alone).drop(columns="setting")
    teachers = pd.concat([teachers, alone[alone["seed"].isin(teachers["seed"])]], ignore_index=True)
    return [
        gain("O7", teachers, "BAN, 8 units", "alone"),
        gain("O7", teachers, "BAN, 8 units", "label smoothing, 8 units"),
        gain("O7", teachers, "BAN, one epoch", "alone"),
        gain("O7", teachers, "BAN+L, halves, one epoch", "alone"),
        gain("O10", teachers, "BAN+L, halves, one epoch", "alone, at its best"),
        gain("O10", teachers, "BAN+L, halves, one epoch", "alone, at its best", "clean"),
        gain("O7", teachers, "BAN+L, halves, one epoch", "label smoothing, equal"),
        gain("P6", teachers, "BAN, 10 epochs", "teacher, 10 epochs"),
        gain("P6", teachers, "BAN, conv", "alone"),
    ]


def of_language(language: pd.DataFrame, alone: pd.DataFrame) -> list[Verdict]:
    """P6 for language models, from the recorded rows ban_language and ban_language_alone; the paper's gain is that of BAN+L."""
    language = pd.concat([language, alone], ignore_index=True)
    return [
        less_torn("P6", language, "BAN+L", "alone", "12 epochs"),
        less_torn("P6", language, "BAN+L, halves", "alone", "12 epochs"),
        less_torn("P6", language, "BAN", "alone", "12 epochs"),
        less_torn("P6", language, "BAN+L, halves", "BAN", "12 epochs"),
        less_torn("O7", language, "BAN+L, halves", "label smoothing", "12 epochs"),
        less_torn("O10", language, "BAN+L, halves", "alone"),
        less_torn("O10", language, "BAN", "alone"),
    ]
