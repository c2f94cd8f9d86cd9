"""What notebook 07 answers, on peers."""

from collections.abc import Iterable

import pandas as pd
import torch

from kdsurvey import records
from kdsurvey.lessons import judging
from kdsurvey.lessons.flatness import MATCHED
from kdsurvey.lessons.judging import Claims, edge_note, primary, primary_values
from kdsurvey.lessons.mutual_learning.experiments import DECAYED
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.losses import kl
from kdsurvey.verdicts import Exact, Verdict

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

CONTROLS = ("alone", "one-way", "label smoothing")
SIZES = "small", "big"
TUNED = "{a} - {b}, tuned, labels right"
EDGES = {
    "40 epochs": "the longest tried",
    "5 epochs": "the shortest tried",
    "strong decay": "the strongest tried",
}
LONG = "40 epochs, labels redrawn"
TUNED_WRONG = "tuned, labels redrawn"
AFTER_COLUMN = {"accuracy": "", "ensemble": ", ensembles"}
RISES = {
    "rise at 0.05": "rise of the loss at noise 0.05",
    "rise at 0.1": "rise of the loss at noise 0.1",
    "rise, relative": "rise of the loss at relative noise",
}


def above(
    rows: pd.DataFrame,
    a: str,
    b: str,
    where: str,
    *,
    claim: str = "P5a",
    column: str = "accuracy",
) -> Verdict:
    """Judge a control: arm a is above arm b on test images.

    claim: the row that it stands beside. where: the end of the line, which settings were compared.
    """
    counted = AFTER_COLUMN.get(column, f", {column}")
    sentence = f"{{a}} - {{b}}{counted}, {where}"
    return judging.above(claim, rows, a, b, sentence, column=column)


def above_each(
    rows: pd.DataFrame, a: str, others: Iterable[str], where: str, claim: str = "P5a"
) -> list[Verdict]:
    """Judge that arm a is above each of the others, see `above`."""
    return [above(rows, a, b, where, claim=claim) for b in others]


def softer(rows: pd.DataFrame, a: str, b: str, column: str = "entropy") -> Verdict:
    """Judge that arm a has more entropy, or a larger rise of the loss, than arm b."""
    sentence = f"{RISES.get(column, column)}, {{a}} - {{b}}"
    return judging.above("P5f", rows, a, b, sentence, column=column, unit="nats")


def any_weight(number: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which the weight of the mutual term is part of an arm's choice.

    Every number of peers is then one arm, "K = 2" for instance.
    """
    peers = "K = " + number["K"].astype(str)
    return number.assign(arm=peers, choice=number["choice"] + ": " + number["arm"])


def _long(name: str = "dml_peers", choice: str = "40 epochs") -> pd.DataFrame:
    return at(records.recorded(name), choice=choice)


def _tuned(name: str = "dml_peers") -> pd.DataFrame:
    return tuned(records.recorded(name))


def answered(
    id: str, rows: pd.DataFrame, a: str, b: str, what: str = TUNED, **options
) -> Verdict:
    """Answer a row by two arms at their best settings."""
    note = edge_note(rows, (a, b), EDGES)
    return primary(id, rows, a, b, what, note=note, **options)


@CLAIMS.row("P5a")
def _peers_or_alone() -> Verdict:
    return answered("P5a", _tuned("dml_clean"), "DML", "alone")


@CLAIMS.row("P5b")
def _peer_or_teacher() -> Verdict:
    return answered("P5b", _tuned("dml_clean"), "DML", "one-way")


@CLAIMS.row("P5c")
def _who_gains() -> Verdict:
    rows = _tuned("dml_unequal")
    accuracy = rows.pivot(index="seed", columns="arm", values="accuracy")
    gain = {
        size: accuracy[f"{size}, DML"] - accuracy[f"{size}, alone"] for size in SIZES
    }
    arms = [f"{size}, {arm}" for size in SIZES for arm in ("DML", "alone")]
    note = edge_note(rows, arms, EDGES)
    what = (
        "gain of the small net - gain of the big one, tuned, a fifth of labels redrawn"
    )
    return primary_values("P5c", gain["small"], gain["big"], what, note=note)


@CLAIMS.row("P5d")
def _more_peers() -> Verdict:
    means = at(records.recorded("dml_number"), weight=1.0)
    what = "{a} - {b}, tuned, a fifth of labels redrawn"
    return answered("P5d", tuned(means), "K = 5, mean", "K = 2, mean", what)


@CLAIMS.row("P5e")
def _mean_of_divergences() -> Exact:
    what = "the mean of divergences and the divergence from the mean have one slope"
    return Exact("P5e", what, error=slopes_apart(), tolerance=1e-12)


@CLAIMS.row("P5f")
def _flatter() -> Verdict:
    rows = records.recorded("dml_why")
    what = "rise of the loss at relative noise, {a} - {b}"
    return primary("P5f", rows, MATCHED, "DML", what, column="rise, relative")


@CLAIMS.row("O10c")
def _alone_as_well() -> Verdict:
    return answered("O10c", _tuned("dml_clean"), "alone", "DML")


def slopes_apart(K: int = 3, seed: int = 0) -> float:
    """Compute how far the slope, in a learner's logits, of the mean of its divergences
    from K answers is from that of its divergence from their mean: the largest entry.
    """
    g = torch.Generator().manual_seed(seed)
    answers = torch.randn(K, 5, 10, generator=g, dtype=torch.float64)
    z = torch.randn(5, 10, generator=g, dtype=torch.float64, requires_grad=True)
    mean = answers.softmax(-1).mean(0).log()
    divergences = torch.stack([kl(v, z) for v in answers]).mean(), kl(mean, z)
    one, other = (torch.autograd.grad(value, z)[0] for value in divergences)
    return (one - other).abs().max().item()


@CLAIMS.group("40 epochs")
def _forty_epochs() -> list[Verdict]:
    return above_each(_long(), "DML", ("alone", "one-way"), LONG)


@CLAIMS.group("40 epochs: controls")
def _forty_epochs_controls() -> list[Verdict]:
    rows = _long()
    return [
        above(rows, "DML", "label smoothing", LONG),
        above(rows, "one-way", "alone", LONG),
        above(rows, "label smoothing", "alone", LONG),
        above(rows, "DML", "alone", LONG, column="ensemble"),
    ]


@CLAIMS.group("tuned")
def _wrong_labels_tuned() -> list[Verdict]:
    rows = _tuned()
    return above_each(rows, "DML", CONTROLS, TUNED_WRONG)


@CLAIMS.group("labels right: controls")
def _labels_right_controls() -> list[Verdict]:
    where = "labels right"
    return [
        above(_tuned("dml_clean"), "DML", "label smoothing", f"tuned, {where}"),
        above(_long("dml_clean"), "DML", "alone", f"40 epochs, {where}"),
    ]


@CLAIMS.group("turns")
def _turns() -> list[Verdict]:
    return [
        above(_long(), "DML", "DML at once", LONG),
        above(_tuned(), "DML", "DML at once", TUNED_WRONG),
    ]


@CLAIMS.group("number of peers")
def _number() -> list[Verdict]:
    rows = _long("dml_number", "20 epochs")
    return [
        above(rows, "K = 5, mean", "K = 2, mean", "20 epochs", claim="P5d"),
        above(rows, "K = 5, sum", "K = 2, mean", "20 epochs", claim="P5d"),
        above(rows, "K = 5, sum", "K = 2, weight 4", "20 epochs", claim="P5d"),
    ]


@CLAIMS.group("number of peers, 10 epochs")
def _number_short() -> list[Verdict]:
    rows = _long("dml_number", "10 epochs")
    return [above(rows, "K = 5, sum", "K = 2, weight 4", "10 epochs", claim="P5d")]


@CLAIMS.group("number of peers, any weight")
def _number_tuned() -> list[Verdict]:
    rows = tuned(any_weight(records.recorded("dml_number")))
    return [above(rows, "K = 5", "K = 2", "tuned, weight too", claim="P5d")]


@CLAIMS.group("five peers or one")
def _five_or_one() -> list[Verdict]:
    rows = tuned(any_weight(records.recorded("dml_number")))
    return [above(rows, "K = 5", "K = 1", "tuned, weight too", claim="P5d")]


@CLAIMS.group("small and big: gains")
def _unequal_gains() -> list[Verdict]:
    rows = _tuned("dml_unequal")
    return [
        above(rows, f"{size}, DML", f"{size}, {arm}", "tuned", claim="P5c")
        for size in SIZES
        for arm in CONTROLS
    ]


@CLAIMS.group("small and big, 40 epochs")
def _unequal_long() -> list[Verdict]:
    rows = _long("dml_unequal")
    pairs = ("small, one-way", "small, alone"), ("small, DML", "small, one-way")
    return [above(rows, a, b, "40 epochs", claim="P5c") for a, b in pairs]


@CLAIMS.group("small and big: controls")
def _unequal_controls() -> list[Verdict]:
    rows = _long("dml_unequal")
    pairs = [(size, arm) for size in SIZES for arm in CONTROLS]
    pairs.remove(("small", "one-way"))
    return [
        above(rows, f"{size}, DML", f"{size}, {arm}", "40 epochs", claim="P5c")
        for size, arm in pairs
    ]


@CLAIMS.group("few labels")
def _few_labels() -> list[Verdict]:
    where = "a tenth of the labels, tuned"
    return [above(_tuned("dml_semi"), "DML, all images", "alone", where)]


@CLAIMS.group("few labels: controls")
def _few_labels_controls() -> list[Verdict]:
    others = "label smoothing", "same batches", "soft targets, all images"
    where = "few labels, tuned"
    return above_each(_tuned("dml_semi"), "DML, all images", others, where)


@CLAIMS.group("why")
def _why() -> list[Verdict]:
    rows = records.recorded("dml_why")
    return [
        softer(rows, "DML", "alone"),
        softer(rows, "DML", MATCHED),
        softer(rows, MATCHED, "DML", "rise at 0.05"),
        softer(rows, MATCHED, "DML", "rise at 0.1"),
        softer(rows, "DML", "one-way", "rise, relative"),
        softer(rows, "DML", "one-way", "rise at 0.05"),
        softer(rows, DECAYED, "DML", "rise at 0.05"),
    ]


@CLAIMS.group("why: accuracy")
def _why_accuracy() -> list[Verdict]:
    rows = records.recorded("dml_why")
    return [above(rows, "DML", MATCHED, "40 epochs", claim="P5f")]


@CLAIMS.group("10 epochs")
def _ten_epochs() -> list[Verdict]:
    number = _long("dml_number", "10 epochs")
    return [
        above(_long(choice="10 epochs"), "DML", "alone", "10 epochs, labels redrawn"),
        above(number, "K = 2, weight 4", "K = 1", "10 epochs, labels redrawn"),
    ]
