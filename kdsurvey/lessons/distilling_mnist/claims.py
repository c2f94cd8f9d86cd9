"""What notebook 02 decides: soft targets beside labels, in errors on test images."""

from kdsurvey import records
from kdsurvey.lessons.judging import Claims, below
from kdsurvey.lessons.rows import at
from kdsurvey.verdicts import Verdict

CLAIMS = Claims()
verdicts = CLAIMS.verdicts


@CLAIMS.group("soft targets")
def _soft_targets() -> list[Verdict]:
    rows = records.recorded("nets_compared")
    return [
        below("P2", rows, "soft only", "hard only"),
        below("O4", rows, "soft + hard", "soft only"),
        below("O7", rows, "soft only", "label smoothing"),
    ]


@CLAIMS.group("tuned")
def _tuned() -> list[Verdict]:
    rows = records.recorded("nets_compared")
    return [below("O10", rows, "soft only", "hard only, lr 0.3")]


@CLAIMS.group("jittered")
def _jittered() -> list[Verdict]:
    rows = records.recorded("nets_compared")
    return [below("O10", rows, "soft only", "hard only, jittered")]


@CLAIMS.group("full MNIST", counted=False)
def _full_mnist() -> list[Verdict]:
    rows = records.recorded("full_mnist")
    return [
        below("P2", rows, "soft only", "hard only"),
        below("O10", rows, "soft only", "hard only, lr 0.3"),
        below("O10", rows, "soft only", "hard only, jittered"),
    ]


@CLAIMS.group("30 units, hot")
def _hot() -> list[Verdict]:
    rows = at(records.recorded("widths"), width=30)
    return [below("P2", rows, "T = 4", "T = 50")]


@CLAIMS.group("30 units, cold", counted=False)
def _cold() -> list[Verdict]:
    rows = at(records.recorded("widths"), width=30)
    return [below("P2", rows, "T = 4", "T = 1")]


@CLAIMS.group("300 units", counted=False)
def _wide() -> list[Verdict]:
    rows = at(records.recorded("widths"), width=300)
    return [below("P2", rows, "T = 20", "T = 8")]


@CLAIMS.group("30 units, alone", counted=False)
def _alone() -> list[Verdict]:
    rows = at(records.recorded("widths"), width=30)
    return [below("O11", rows, "T = 4", "alone")]


@CLAIMS.group("few labels")
def _few_labels() -> list[Verdict]:
    return [below("O6", records.recorded("few_labels"), "soft only", "hard only")]


@CLAIMS.group("few labels, stopped early", counted=False)
def _stopped_early() -> list[Verdict]:
    rows = records.recorded("few_labels")
    return [below("O6", rows, "soft only, stopped early", "soft only")]


@CLAIMS.group("transfer sets")
def _transfer_sets() -> list[Verdict]:
    rows = records.recorded("transfer_sets")
    unlabelled, labelled = "soft only, all, no labels", "soft only, labelled half"
    return [below("O4", rows, unlabelled, labelled)]


@CLAIMS.group("scrambled images", counted=False)
def _scrambled() -> list[Verdict]:
    rows = records.recorded("transfer_sets")
    scrambled, hard = "soft only, scrambled images", "hard only, labelled half"
    return [below("O4", rows, scrambled, hard)]


@CLAIMS.group("ensemble")
def _ensemble() -> list[Verdict]:
    rows = records.recorded("ensemble")
    return [
        below("O12", rows, "ensemble", "one member"),
        below("O12", rows, "distilled from the ensemble", "hard only"),
    ]
