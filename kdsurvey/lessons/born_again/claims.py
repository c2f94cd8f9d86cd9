"""What notebook 08 reads off its rows, and what it draws."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from torch import Tensor

from kdsurvey import papers, plots, records, verdicts
from kdsurvey.data import Data
from kdsurvey.lessons.born_again.experiments import GENERATIONS, split
from kdsurvey.pictures import Axis, Bars, Chart, Image, Rule, image_chart
from kdsurvey.verdicts import Verdict, judge_rows

HALVES = "The gradient of H(p, q) by the logits, in two parts"
NOISY, LONG = "a fifth redrawn", "40 epochs"  # where a net learns wrong labels


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of each arm at the setting that did best on validation images, on the
    mean over seeds; apart for each "labels".
    """
    return verdicts.chosen(rows, "setting", by=["labels", "arm"])


def gain(
    claim: str,
    rows: pd.DataFrame,
    a: str,
    b: str,
    labels: str = NOISY,
    setting: str | None = LONG,
) -> Verdict:
    """The claim that arm a is right more often than arm b on test images. setting: None
    has each arm at its best, see `best`.

    Rows without settings (generations, teachers) have one for all.
    """
    of = rows[rows["labels"] == labels]
    said = f"labels {labels}" if labels == NOISY else f"{labels} labels"
    if "setting" in rows:
        of = of[of["setting"] == setting] if setting else best(of)
        said += f", {setting or 'each at its best setting'}"
    return judge_rows(claim, of, "accuracy", a=a, b=b, what=f"{a} - {b}, {said}")


def less_torn(
    claim: str, rows: pd.DataFrame, a: str, b: str, setting: str | None = None
) -> Verdict:
    """The claim that language model a has a lower perplexity on held-out text than
    model b. setting: None as for `gain`.

    The verdict says of how many settings each was the best: a model alone had more to
    choose from, see `ban_language_alone`.
    """
    of = rows[rows["setting"] == setting] if setting else least(rows)
    choice = rows.groupby("arm")["setting"].nunique()
    what = f"perplexity of {b} - {a}, {setting or f'the best of {choice[b]} settings and of {choice[a]}'}"
    return judge_rows(
        claim, of, "perplexity", a=b, b=a, what=what, unit="in perplexity"
    )


def least(rows: pd.DataFrame) -> pd.DataFrame:
    """`best` for language models: the lowest perplexity on validation text."""
    return verdicts.chosen(rows, "setting", column="validation perplexity", least=True)


def seed_noise(rows: pd.DataFrame) -> pd.DataFrame:
    """How far two nets alone that differ by their seed lie apart, in points, over the
    pairs: mean and largest.
    """
    table = rows[rows["arm"].isin(("teacher", "alone"))].pivot(
        index=["labels", "setting", "seed"], columns="arm", values="accuracy"
    )
    apart = 100 * (table["teacher"] - table["alone"]).abs()
    return apart.groupby(["labels", "setting"], sort=False).agg(
        mean="mean", largest="max", n="count"
    )


def of_the_paper() -> pd.DataFrame:
    """The paper's table 2 on CIFAR-100, errors in %: a line a net; at the end the gain
    of BAN, and how far it is from BAN-1.

    Those two columns are one setting with two seeds: what lies between them is noise.
    """
    keys = {
        "teacher": "teacher",
        "BAN": "ban",
        "BAN-1": "ban-1",
        "BAN+L": "ban+l",
        "CWTM": "cwtm",
        "DKPP": "dkpp",
    }
    table = pd.DataFrame(
        {name: papers.reported("ban", key).value for name, key in keys.items()}
    )
    table.index = pd.Index(["112-33", "90-60", "80-80", "80-120"], name="DenseNet")
    return table.assign(
        gain=table["teacher"] - table["BAN"],
        **{"BAN and BAN-1": (table["BAN"] - table["BAN-1"]).abs()},
    ).round(2)


def text_and_tables() -> list[str]:
    """What the paper's sentences say of its results, and what its tables say, counted."""
    before, after = (
        papers.reported("ban", f"cifar10 {key}").value for key in ("teacher", "ban")
    )
    table = of_the_paper()
    worse = sum(b > a for a, b in zip(before, after))
    better = table.index[table["CWTM"] < table["teacher"]]
    equal = table.index[table["CWTM"] == table["teacher"]]
    return [
        f"CIFAR-10, students 'systematically lower or equal' in error: {worse} of {len(before)} in table 1 are higher",
        f"CIFAR-100, CWTM improves 'all but the largest': in table 2 it improves {' and '.join(better)}, and ties at {equal[0]}",
    ]


def by_generation(
    rows: pd.DataFrame, labels: str, *, ensembles: bool = False
) -> dict[str, np.ndarray]:
    """Test accuracies in % for plots.lines, each (seeds, 4); of ensembles (seeds, 3),
    of 2 to 4 members.
    """
    first = 2 if ensembles else 1
    names = {
        "born again": "generations 1-{}",
        "alone": "{} nets alone",
        "alone, 10 epochs": "{} nets, 10 epochs",
    }
    if not ensembles:
        names = {
            "born again": "generation {}",
            "alone": "alone {}",
            "alone, 10 epochs": "10 epochs {}",
        }
    table = 100 * rows[rows["labels"] == labels].pivot(
        index="seed", columns="arm", values="accuracy"
    )
    members = range(first, GENERATIONS + 1)
    return {
        name: table[[arm.format(k) for k in members]].to_numpy()
        for name, arm in names.items()
    }


def lineages(rows: pd.DataFrame, *, ensembles: bool = False) -> plots.Picture:
    """Draw generations, or ensembles of them, beside nets alone.

    `by_generation` for both kinds of labels, side by side.
    """
    what = "Together" if ensembles else "One net"
    xlabel = "nets together" if ensembles else "generation"
    x = range(2 if ensembles else 1, GENERATIONS + 1)
    pictures = []
    for labels in (NOISY, "clean"):
        series = by_generation(rows, labels, ensembles=ensembles)
        words = f"{what}, labels {labels}", xlabel, "test accuracy (%)"
        pictures.append(plots.lines(x, series, *words, numbers=True))
    about = "\n".join(picture.about for picture in pictures)
    return plots.beside(pictures, about, width=11.5, height=3.6)


def halves(
    z: Tensor,
    v: Tensor,
    data: Data,
    which: Sequence[int],
    right: Tensor | None = None,
    title: str = HALVES,
) -> plots.Picture:
    """Draw the gradient by the logits of some training images, in the parts of `split`.

    Each image stands beside its bars. z, v: (N, c) logits of student and teacher for all
    training images; which: of them are shown; right: (N,) their right labels, where those
    that were given may be wrong.
    """
    (x, y), classes = data.train, data.classes
    truth, dark = split(z, v, y)
    names = [
        f"label {classes[y[k]]}{_corrected(y[k], right, k, classes)}" for k in which
    ]
    limit = 1.15 * (truth + dark)[list(which)].abs().max().item()
    charts, rows = {}, []
    for place, (k, name) in enumerate(zip(which, names)):
        last = place == len(which) - 1
        charts[f"image {place}"] = image_chart([Image(x[k, 0].numpy())], name)
        bars = _parts(truth[k], dark[k], legend=not place)
        charts[f"bars {place}"] = _of_classes(bars, limit, classes, last)
        rows.append([f"image {place}", f"bars {place}"])
    shown = ", ".join(name.removeprefix("label ") for name in names)
    parts = "ground truth at the label, dark knowledge elsewhere"
    return plots.Picture(
        charts,
        mosaic=rows,
        widths=(1, 4),
        width=691,
        height=144 * len(which) + 58,
        title=title,
        about=f"{title}: q - p against class, {parts}; labels {shown}.",
    )


def _parts(truth: Tensor, dark: Tensor, legend: bool) -> list[Bars]:
    """Return the bars of both parts of one gradient."""
    parts = {"ground truth": truth, "dark knowledge": dark}
    return [
        Bars(range(len(part)), part.numpy(), role=k, legend=name if legend else "")
        for k, (name, part) in enumerate(parts.items())
    ]


def _of_classes(
    bars: Sequence[Bars], limit: float, classes: Sequence[str], last: bool
) -> Chart:
    """Return a chart of bars, one per class; only the last chart names the classes."""
    zero = Rule([0], horizontal=True, style="-", colour="#000000", width=0.8)
    names = classes if last else [""] * len(classes)
    return Chart(
        [*bars, zero],
        Axis("class" if last else "", ticks=range(len(classes)), names=names),
        Axis("q - p", (-limit, limit), most=4),
        legend="above",
        columns=2,
    )


def _corrected(
    given: Tensor, right: Tensor | None, k: int, classes: Sequence[str]
) -> str:
    return (
        f" (a {classes[right[k]]})" if right is not None and right[k] != given else ""
    )


def of_targets(targets: pd.DataFrame) -> list[Verdict]:
    """P6, what a generation may learn from the one before, from the recorded rows
    ban_targets; each for 40 epochs.
    """
    pairs = (
        ("BAN", "alone"),
        ("BAN", "teacher"),
        ("BAN", "BAN+L, halves"),
        ("CWTM", "alone"),
        ("DKPP", "alone"),
        ("BAN", "DKPP"),
    )
    clean = ("BAN", "alone"), ("BAN+L", "alone")
    return [gain("P6", targets, *pair) for pair in pairs] + [
        gain("P6", targets, *pair, "clean") for pair in clean
    ]


def of_controls(targets: pd.DataFrame, rates: pd.DataFrame) -> list[Verdict]:
    """O7 and O10: smoothed labels, twice the rate, each at its best; from the recorded
    rows ban_targets and ban_rates.
    """
    targets = pd.concat([targets, rates], ignore_index=True)
    return [
        gain("O7", targets, "BAN", "label smoothing"),
        gain("O7", targets, "BAN", "label smoothing", "clean"),
        gain("O7", targets, "DKPP", "label smoothing"),
        gain("O10", targets, "BAN+L", "alone, twice the rate", "clean"),
        *(
            gain("O10", targets, arm, "alone", setting=None)
            for arm in ("BAN", "DKPP", "label smoothing")
        ),
    ]


def of_generations(generations: pd.DataFrame) -> list[Verdict]:
    """P6 and O12, from the recorded rows ban_generations: later generations, and several together."""
    pairs = (
        ("P6", "generation 4", "generation 1"),
        ("P6", "generations 1-4", "generation 4"),
        ("P6", "generations 1-4", "4 nets alone"),
    )
    found = [
        gain(claim, generations, *pair, labels)
        for claim, *pair in pairs
        for labels in (NOISY, "clean")
    ]
    return [*found, gain("O12", generations, "4 nets alone", "alone 1")]


def of_teachers(
    teachers: pd.DataFrame, targets: pd.DataFrame, rates: pd.DataFrame
) -> list[Verdict]:
    """O7, whether a teacher has to be good, from the recorded rows ban_teachers: weak
    ones, and one that stopped in time.

    targets, rates: those of ban_targets and ban_rates, whose nets alone have the same
    seeds and images, and six settings.
    """
    alone = pd.concat([targets[targets["arm"] == "alone"], rates], ignore_index=True)
    alone = alone.assign(
        setting=alone["setting"] + ", " + alone["arm"], arm="alone, at its best"
    )
    alone = best(alone).drop(columns="setting")
    teachers = pd.concat(
        [teachers, alone[alone["seed"].isin(teachers["seed"])]], ignore_index=True
    )
    return [
        gain("O7", teachers, "BAN, 8 units", "alone"),
        gain("O7", teachers, "BAN, 8 units", "teacher, 8 units"),
        gain("O7", teachers, "BAN, one epoch", "alone"),
        gain("O7", teachers, "BAN+L, halves, one epoch", "alone"),
        gain("O10", teachers, "BAN+L, halves, one epoch", "alone, at its best"),
        gain("O7", teachers, "BAN+L, halves, one epoch", "label smoothing, equal"),
        gain("O7", teachers, "BAN+L, halves, one epoch", "label smoothing, 8 units"),
        gain("P6", teachers, "BAN, 10 epochs", "teacher, 10 epochs"),
        gain("P6", teachers, "BAN, conv", "alone"),
    ]


def of_language(language: pd.DataFrame, alone: pd.DataFrame) -> list[Verdict]:
    """P6 for language models, from the recorded rows ban_language and
    ban_language_alone; the paper's gain is that of BAN+L.
    """
    language = pd.concat([language, alone], ignore_index=True)
    return [
        less_torn("P6", language, "BAN+L", "alone", "12 epochs"),
        less_torn("P6", language, "BAN", "alone", "12 epochs"),
        less_torn("O7", language, "BAN+L, halves", "label smoothing", "12 epochs"),
        less_torn("O10", language, "BAN+L, halves", "alone"),
        less_torn("O10", language, "BAN", "alone"),
    ]


def ledger() -> list[Verdict]:
    """What the README prints of notebook 08, from the recorded rows."""
    names = "targets", "rates", "generations", "teachers", "language", "language_alone"
    targets, rates, generations, teachers, *language = (
        records.recorded(f"ban_{name}") for name in names
    )
    first = [*of_targets(targets), *of_controls(targets, rates)]
    then = of_teachers(teachers, targets, rates)
    return [*first, *of_generations(generations), *then, *of_language(*language)]
