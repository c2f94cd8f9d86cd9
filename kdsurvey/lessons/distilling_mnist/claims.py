"""What notebook 02 answers: soft targets beside labels and instead of them."""

from dataclasses import replace

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import judging
from kdsurvey.lessons.distilling_mnist.experiments import RATES as LARGE_RATES
from kdsurvey.lessons.distilling_mnist.softer_labels import RATES
from kdsurvey.lessons.judging import Claims, primary, primary_values
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.verdicts import Verdict

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

LABELS, HOT_LABELS, JITTERED = "hard only", "hard only, lr 0.3", "hard only, jittered"
SOFT = "soft only"
ONLY_LABELS, SOFT_ALONE, BOTH = "labels", "soft only", "soft + hard"  # `softer_labels`
SHIFTED, SMOOTHING = "labels, jittered", "label smoothing"
AT_EDGES = "the lowest rate tried", "the highest rate tried"
EDGES = dict(zip((min(RATES), max(RATES)), AT_EDGES))
LARGE_EDGES = dict(zip((min(LARGE_RATES), max(LARGE_RATES)), AT_EDGES))
FULL_SCALE = "full MNIST"


def shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of this lesson with the accuracy that their errors leave, in [0, 1]."""
    return rows.assign(accuracy=1 - rows["errors"] / rows["n"])


def recorded(name: str) -> pd.DataFrame:
    """Return the recorded rows of an experiment with their accuracy, see `shares`."""
    return shares(records.recorded(name))


def best_rates() -> dict[str, float]:
    """Return the best rate of each arm of `learning_rates`, by validation images."""
    best = tuned(records.recorded("learning_rates"), "lr")
    return best.groupby("arm")["lr"].first().to_dict()


def at_best_rates() -> pd.DataFrame:
    """Return soft and hard targets, each at its best rate, over all seeds there are.

    Raises ValueError where `nets_compared` has no arm at the rate that is best.
    """
    best = best_rates()
    arms = {(LABELS, 0.1): LABELS, (LABELS, 0.3): HOT_LABELS, (SOFT, 0.1): SOFT}
    lacking = set(best.items()) - set(arms)
    if lacking:
        raise ValueError(f"nets_compared has no arm for {lacking}; record one")
    rows = recorded("nets_compared")
    kept = [at(rows, arm=arms[item]).assign(arm=item[0]) for item in best.items()]
    return pd.concat(kept)


def above(
    claim: str, rows: pd.DataFrame, a: str, b: str, where: str = "", column="accuracy"
) -> Verdict:
    """Judge a control: arm a is above arm b. where: the end of the line."""
    what = f"{{a}} - {{b}}, {where}" if where else "{a} - {b}"
    return judging.above(claim, rows, a, b, what, column=column)


def gap_closed(rows: pd.DataFrame, where: str) -> Verdict:
    """Judge the share of the errors between small and big net that soft targets save,
    against a half.
    """
    errors = rows.pivot(index="seed", columns="arm", values="errors")
    gap = errors[LABELS] - errors["teacher"]
    share = (errors[LABELS] - errors[SOFT]) / gap
    what = f"share of the gap between big and small net closed - 0.5, {where}"
    return primary_values("P2a", share, 0.5, what)


def at_its_best() -> pd.DataFrame:
    """Return the rows of `softer_labels`, each arm at the setting that is best on
    validation images.
    """
    rows = records.recorded("softer_labels")
    return tuned(rows[rows["choice"] != ""])


def answered(id: str, a: str, b: str) -> Verdict:
    """Answer a row by two arms of `softer_labels`, each at its best setting."""
    rows = at_its_best()
    note = judging.edge_note(rows, (a, b), EDGES, "lr")
    return primary(id, rows, a, b, "{a} - {b}, each at its best", note=note)


def better_alone() -> str:
    """Return the better of soft targets alone and labels alone, by validation images."""
    rows = at_its_best()
    means = rows.groupby("arm")["validation accuracy"].mean()
    return means[[SOFT_ALONE, ONLY_LABELS]].idxmax()


@CLAIMS.row("O4a")
def _soft_or_labels() -> Verdict:
    return answered("O4a", SOFT_ALONE, ONLY_LABELS)


@CLAIMS.row("O4b")
def _both() -> Verdict:
    return answered("O4b", BOTH, better_alone())


@CLAIMS.row("O7a")
def _poor_teacher() -> Verdict:
    return answered("O7a", "poor teacher", SMOOTHING)


@CLAIMS.row("O7b")
def _softer_label() -> Verdict:
    return answered("O7b", SMOOTHING, BOTH)


@CLAIMS.row("O9a")
def _more_data() -> Verdict:
    return answered("O9a", SHIFTED, BOTH)


@CLAIMS.row("O9b")
def _nothing_left() -> Verdict:
    return answered("O9b", f"{BOTH}, jittered", SHIFTED)


@CLAIMS.row("O10a")
def _alone_as_well() -> Verdict:
    return answered("O10a", ONLY_LABELS, BOTH)


@CLAIMS.row("P2a")
def _gap() -> Verdict:
    return gap_closed(records.recorded("nets_compared"), "5,000 digits, one rate")


@CLAIMS.row("P2c")
def _wide() -> Verdict:
    rows = at(recorded("widths"), width=300)
    return primary("P2c", rows, "T = 20", "T = 8", "300 units, {a} - {b}, one rate")


@CLAIMS.row("O4d")
def _other_images() -> Verdict:
    rows = at(recorded("transfer_sets"), arm="soft only, scrambled images")
    what = "teacher's answers on scrambled images - chance"
    return primary_values("O4d", rows["accuracy"], 0.1, what)


@CLAIMS.row("O6b")
def _no_stop() -> Verdict:
    rows = recorded("few_labels")
    what = (
        "5 % of the images, soft to the end - hard stopped early, teacher of all images"
    )
    return primary("O6b", rows, SOFT, "hard only, stopped early", what)


@CLAIMS.row("O12a")
def _ensemble() -> Verdict:
    what = "{a} of five - {b}"
    return primary("O12a", recorded("ensemble"), "ensemble", "one member", what)


@CLAIMS.row("O12b")
def _distilled_ensemble() -> Verdict:
    rows = recorded("ensemble")
    return primary("O12b", rows, "distilled from the ensemble", "one member")


@CLAIMS.group("soft targets, one rate")
def _soft_targets() -> list[Verdict]:
    rows = recorded("nets_compared")
    where = "one rate"
    return [
        above("O4a", rows, SOFT, LABELS, where),
        above("O4b", rows, "soft + hard", SOFT, where),
        above("O4b", rows, "soft + hard", HOT_LABELS, "soft + hard not tuned"),
        above("O7b", rows, "label smoothing", SOFT, "smoothing not tuned"),
    ]


@CLAIMS.group("800 units, best of four rates")
def _large() -> list[Verdict]:
    rows = at_best_rates()
    line = above("O4a", rows, SOFT, LABELS, "2 × 800 units, each at its best rate")
    best = tuned(records.recorded("learning_rates"), "lr")
    return [
        replace(line, note=judging.edge_note(best, (SOFT, LABELS), LARGE_EDGES, "lr"))
    ]


@CLAIMS.group("at its best: controls")
def _at_its_best() -> list[Verdict]:
    rows = at_its_best()
    where = "each at its best"
    return [
        above("O7a", rows, "poor teacher", ONLY_LABELS, where),
        above("O7a", rows, BOTH, "poor teacher", where),
        above("O7b", rows, SMOOTHING, ONLY_LABELS, where),
        above("O7b", rows, "virtual teacher", BOTH, where),
        above("O7b", rows, "virtual teacher", SMOOTHING, where),
        above("O9a", rows, SHIFTED, ONLY_LABELS, where),
        above("O9a", rows, f"{BOTH}, jittered", BOTH, where),
    ]


@CLAIMS.group("jittered")
def _jittered() -> list[Verdict]:
    rows = recorded("nets_compared")
    return [above("O10a", rows, JITTERED, SOFT, "one rate")]


@CLAIMS.group(FULL_SCALE)
def _full_mnist() -> list[Verdict]:
    rows = recorded("full_mnist")
    return [
        gap_closed(rows, FULL_SCALE),
        above("O10a", rows, LABELS, SOFT, f"{FULL_SCALE}, one rate"),
        above("O10a", rows, HOT_LABELS, SOFT, f"{FULL_SCALE}, not tuned at that scale"),
        above("O10a", rows, JITTERED, SOFT, FULL_SCALE),
    ]


@CLAIMS.group("30 units, one rate")
def _narrow() -> list[Verdict]:
    rows = at(recorded("widths"), width=30)
    where = "30 units, one rate"
    others = "T = 1", "T = 20", "T = 50", "alone"
    return [above("P2b", rows, "T = 4", other, where) for other in others]


@CLAIMS.group("few labels")
def _few_labels() -> list[Verdict]:
    rows = recorded("few_labels")
    where = "5 % of the images, teacher of all"
    return [
        above("O6a", rows, SOFT, LABELS, where),
        above("O6b", rows, SOFT, "soft only, stopped early", where),
        above("O6b", rows, LABELS, "hard only, stopped early", where),
    ]


@CLAIMS.group("transfer sets")
def _transfer_sets() -> list[Verdict]:
    rows = recorded("transfer_sets")
    unlabelled, half = "soft only, all, no labels", "soft only, labelled half"
    hard = "hard only, labelled half"
    return [
        above("O4c", rows, unlabelled, half),
        above("O4c", rows, unlabelled, hard),
        above("O4d", rows, "soft only, scrambled images", hard),
    ]


@CLAIMS.group("ensemble: controls")
def _ensemble_controls() -> list[Verdict]:
    rows = recorded("ensemble")
    student = "distilled from the ensemble"
    return [
        above("O12b", rows, student, LABELS, "one start"),
        above("O12b", rows, student, "ensemble"),
    ]
