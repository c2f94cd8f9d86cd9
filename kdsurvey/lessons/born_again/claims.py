"""What notebook 08 decides, on born-again nets and their controls."""

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import judging
from kdsurvey.lessons.judging import Claims
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.verdicts import Verdict

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

NOISY = "a fifth redrawn"  # labels, of which a net learns the wrong ones
LONG = "40 epochs"


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each arm's rows at its best setting on validation images, on the mean over
    seeds; apart for each kind of labels.
    """
    return tuned(rows, "setting", by=["labels", "arm"])


def gain(
    claim: str,
    rows: pd.DataFrame,
    a: str,
    b: str,
    labels: str = NOISY,
    setting: str | None = LONG,
) -> Verdict:
    """Judge the claim that arm a is right more often than arm b on test images.

    setting: None has each arm at its best, see `best`. Rows without settings
    (generations, teachers) have one for all.
    """
    runs = at(rows, labels=labels)
    where = f"labels {labels}" if labels == NOISY else f"{labels} labels"
    if "setting" in rows:
        runs = at(runs, setting=setting) if setting else best(runs)
        where += f", {setting or 'each at its best setting'}"
    return judging.above(claim, runs, a, b, f"{{a}} - {{b}}, {where}")


def lower_perplexity(
    claim: str, rows: pd.DataFrame, a: str, b: str, setting: str | None = None
) -> Verdict:
    """Judge the claim that language model a has a lower perplexity on held-out text
    than model b.

    setting: None has each at its best on validation text; the line then says of how
    many settings that is: a model alone had more to choose from.
    """
    tries = rows.groupby("arm")["setting"].nunique()
    where = setting or f"the best of {tries[b]} settings and of {tries[a]}"
    column = "validation perplexity"
    best_rows = tuned(rows, "setting", column=column, least=True)
    runs = at(rows, setting=setting) if setting else best_rows
    sentence = f"perplexity of {{b}} - {{a}}, {where}"
    unit = "in perplexity"
    return judging.below(claim, runs, a, b, sentence, column="perplexity", unit=unit)


def _targets() -> pd.DataFrame:
    return records.recorded("ban_targets")


@CLAIMS.group("targets")
def _of_targets() -> list[Verdict]:
    """P6: what a generation may learn from the one before; each for 40 epochs."""
    rows = _targets()
    return [
        gain("P6", rows, "BAN", "alone"),
        gain("P6", rows, "BAN", "teacher"),
        gain("P6", rows, "BAN", "BAN+L, halves"),
        gain("P6", rows, "CWTM", "alone"),
        gain("P6", rows, "DKPP", "alone"),
        gain("P6", rows, "BAN", "DKPP"),
        gain("P6", rows, "BAN", "alone", "clean"),
        gain("P6", rows, "BAN+L", "alone", "clean"),
    ]


@CLAIMS.group("targets beside labels", counted=False)
def _beside_labels() -> list[Verdict]:
    rows = _targets()
    return [gain("P6", rows, arm, "BAN+L") for arm in ("BAN", "CWTM", "DKPP")]


@CLAIMS.group("10 epochs", counted=False)
def _ten_epochs() -> list[Verdict]:
    rows = _targets()
    return [
        gain("P6", rows, arm, "alone", setting="10 epochs")
        for arm in ("BAN", "CWTM", "DKPP")
    ]


@CLAIMS.group("controls")
def _of_controls() -> list[Verdict]:
    """O7 and O10: smoothed labels; twice the rate; each at its best."""
    rates = records.recorded("ban_rates")
    rows = pd.concat([_targets(), rates], ignore_index=True)
    return [
        gain("O7", rows, "BAN", "label smoothing"),
        gain("O7", rows, "BAN", "label smoothing", "clean"),
        gain("O7", rows, "DKPP", "label smoothing"),
        gain("O10", rows, "BAN+L", "alone, twice the rate", "clean"),
        gain("O10", rows, "BAN", "alone", setting=None),
        gain("O10", rows, "DKPP", "alone", setting=None),
        gain("O10", rows, "label smoothing", "alone", setting=None),
    ]


@CLAIMS.group("generations")
def _of_generations() -> list[Verdict]:
    """P6 and O12: later generations, and several together."""
    rows = records.recorded("ban_generations")
    pairs = (
        ("generation 4", "generation 1"),
        ("generations 1-4", "generation 4"),
        ("generations 1-4", "4 nets alone"),
    )
    judged = [
        gain("P6", rows, *pair, labels) for pair in pairs for labels in (NOISY, "clean")
    ]
    return [*judged, gain("O12", rows, "4 nets alone", "alone 1")]


@CLAIMS.group("generations, stopped early", counted=False)
def _stopped_early() -> list[Verdict]:
    rows = records.recorded("ban_generations")
    return [gain("O10", rows, "generations 1-4", "4 nets, 10 epochs")]


def with_best_alone(teachers: pd.DataFrame) -> pd.DataFrame:
    """Return rows of students of several teachers, and "alone, at its best".

    The nets alone of ban_targets and ban_rates have the same seeds and images, and six
    settings.
    """
    alone = at(_targets(), arm="alone")
    alone = pd.concat([alone, records.recorded("ban_rates")], ignore_index=True)
    setting = alone["setting"] + ", " + alone["arm"]
    alone = best(alone.assign(setting=setting, arm="alone, at its best"))
    alone = alone[alone["seed"].isin(teachers["seed"])].drop(columns="setting")
    return pd.concat([teachers, alone], ignore_index=True)


@CLAIMS.group("teachers")
def _of_teachers() -> list[Verdict]:
    """O7: whether a teacher has to be good: weak ones, and one that stopped in time."""
    rows = with_best_alone(records.recorded("ban_teachers"))
    weak = "BAN+L, halves, one epoch"
    return [
        gain("O7", rows, "BAN, 8 units", "alone"),
        gain("O7", rows, "BAN, 8 units", "teacher, 8 units"),
        gain("O7", rows, "BAN, one epoch", "alone"),
        gain("O7", rows, weak, "alone"),
        gain("O10", rows, weak, "alone, at its best"),
        gain("O7", rows, weak, "label smoothing, equal"),
        gain("O7", rows, weak, "label smoothing, 8 units"),
        gain("P6", rows, "BAN, 10 epochs", "teacher, 10 epochs"),
        gain("P6", rows, "BAN, conv", "alone"),
    ]


@CLAIMS.group("language")
def _of_language() -> list[Verdict]:
    """P6 for language models; the paper's gain is that of BAN+L."""
    language, alone = (
        records.recorded(name) for name in ("ban_language", "ban_language_alone")
    )
    rows = pd.concat([language, alone], ignore_index=True)
    halves, smooth = "BAN+L, halves", "label smoothing"
    return [
        lower_perplexity("P6", rows, "BAN+L", "alone", "12 epochs"),
        lower_perplexity("P6", rows, "BAN", "alone", "12 epochs"),
        lower_perplexity("O7", rows, halves, smooth, "12 epochs"),
        lower_perplexity("O10", rows, halves, "alone"),
        lower_perplexity("O10", rows, "BAN", "alone"),
    ]


@CLAIMS.group("language, in halves", counted=False)
def _language_halves() -> list[Verdict]:
    rows = records.recorded("ban_language")
    return [lower_perplexity("P6", rows, "BAN+L, halves", "BAN", "12 epochs")]
