"""What notebook 08 answers, on born-again nets and their controls."""

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import judging
from kdsurvey.lessons.judging import Claims, edge_note, primary
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.verdicts import Verdict

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

NOISY = "a fifth redrawn"  # labels, of which a net learns the wrong ones
CLEAN = "clean"
LONG = "40 epochs"
TUNED = "{a} - {b}, tuned, labels right"
EDGES = {  # of what an arm may choose from
    LONG: "the longest tried",
    "5 epochs": "the shortest tried",
    "40 epochs, strong decay": "the strongest tried",
    "12 epochs, weight decay 0.003": "the most tried",
}


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each arm's rows at its best setting on validation images, on the mean over
    seeds; apart for each kind of labels.
    """
    return tuned(rows, "setting", by=["labels", "arm"])


def best_models(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each language model's rows at its best setting on validation text."""
    return tuned(rows, "setting", column="validation perplexity", least=True)


def gain(
    claim: str,
    rows: pd.DataFrame,
    a: str,
    b: str,
    labels: str = NOISY,
    setting: str | None = LONG,
) -> Verdict:
    """Judge a control: arm a is right more often than arm b on test images.

    claim: the row that it stands beside. setting: None has each arm at its best, see
    `best`. Rows without settings (generations, teachers) have one for all.
    """
    runs = at(rows, labels=labels)
    where = "labels right" if labels == CLEAN else f"labels {labels}"
    if "setting" in rows:
        runs = at(runs, setting=setting) if setting else best(runs)
        where = f"{setting or 'tuned'}, {where}"
    return judging.above(claim, runs, a, b, f"{{a}} - {{b}}, {where}")


def lower_perplexity(
    claim: str, rows: pd.DataFrame, a: str, b: str, setting: str | None = None
) -> Verdict:
    """Judge a control: language model a has a lower perplexity on held-out text than
    model b.

    claim: the row that it stands beside. setting: None has each at its best on
    validation text; the line then says of how many settings that is: a model alone had
    more to choose from.
    """
    tries = rows.groupby("arm")["setting"].nunique()
    where = setting or f"the best of {tries[b]} settings and of {tries[a]}"
    runs = at(rows, setting=setting) if setting else best_models(rows)
    sentence = f"perplexity of {{b}} - {{a}}, {where}"
    unit = "of perplexity"
    return judging.below(claim, runs, a, b, sentence, column="perplexity", unit=unit)


def _targets() -> pd.DataFrame:
    return records.recorded("ban_targets")


def _models() -> pd.DataFrame:
    names = "ban_language", "ban_language_alone"
    return pd.concat([records.recorded(name) for name in names], ignore_index=True)


def _generations() -> pd.DataFrame:
    return records.recorded("ban_generations")


def answered(id: str, a: str, b: str) -> Verdict:
    """Answer a row by two arms at their best settings, with every label right."""
    rows = at(best(_targets()), labels=CLEAN)
    note = edge_note(rows, (a, b), EDGES, "setting")
    return primary(id, rows, a, b, TUNED, note=note)


def answered_by_generations(id: str, a: str, b: str) -> Verdict:
    """Answer a row by generations of 40 epochs, with every label right."""
    rows = at(_generations(), labels=CLEAN)
    return primary(id, rows, a, b, "{a} - {b}, 40 epochs, labels right")


@CLAIMS.row("P6a")
def _born_again_or_alone() -> Verdict:
    return answered("P6a", "BAN", "alone")


@CLAIMS.row("P6b")
def _without_labels() -> Verdict:
    return answered("P6b", "BAN", "BAN+L")


@CLAIMS.row("P6c")
def _generations_saturate() -> Verdict:
    return answered_by_generations("P6c", "generation 3", "generation 1")


@CLAIMS.row("P6d")
def _generations_together() -> Verdict:
    return answered_by_generations("P6d", "generations 1-3", "3 nets alone")


@CLAIMS.row("P6e")
def _weighted_labels() -> Verdict:
    return answered("P6e", "CWTM", "alone")


@CLAIMS.row("P6f")
def _permuted_answers() -> Verdict:
    return answered("P6f", "DKPP", "alone")


@CLAIMS.row("P6g")
def _in_language() -> Verdict:
    rows = best_models(_models())
    what = "perplexity, {a} (the best of 7 settings) - {b} (the best of 2)"
    note = edge_note(rows, ("alone", "BAN+L"), EDGES, "setting")
    return primary("P6g", rows, "alone", "BAN+L", what, column="perplexity", note=note)


@CLAIMS.row("O7c")
def _which_wrong_class() -> Verdict:
    return answered("O7c", "DKPP", "BAN")


@CLAIMS.row("O7d")
def _how_sure() -> Verdict:
    return answered("O7d", "CWTM", "BAN")


@CLAIMS.row("O10d")
def _alone_as_well() -> Verdict:
    return answered("O10d", "alone", "BAN")


@CLAIMS.group("40 epochs")
def _as_the_reader_runs_it() -> list[Verdict]:
    return [gain("P6a", _targets(), "BAN", "alone")]


@CLAIMS.group("labels redrawn")
def _redrawn() -> list[Verdict]:
    rows = _targets()
    return [
        gain("P6a", rows, "BAN", "teacher"),
        gain("P6b", rows, "BAN", "BAN+L"),
        gain("P6b", rows, "BAN", "BAN+L, halves"),
        gain("P6e", rows, "CWTM", "alone"),
        gain("P6f", rows, "DKPP", "alone"),
        gain("O7c", rows, "DKPP", "BAN"),
        gain("O7d", rows, "CWTM", "BAN"),
    ]


@CLAIMS.group("labels redrawn, tuned")
def _redrawn_tuned() -> list[Verdict]:
    rows = _targets()
    pairs = {
        "P6a": ("BAN", "alone"),
        "P6b": ("BAN", "BAN+L"),
        "P6e": ("CWTM", "alone"),
        "P6f": ("DKPP", "alone"),
        "O7c": ("DKPP", "BAN"),
        "O7d": ("CWTM", "BAN"),
    }
    return [gain(id, rows, a, b, setting=None) for id, (a, b) in pairs.items()]


@CLAIMS.group("a gradient twice as large")
def _twice_the_gradient() -> list[Verdict]:
    rates = records.recorded("ban_rates")
    rows = pd.concat([_targets(), rates], ignore_index=True)
    return [
        gain("P6b", rows, "BAN", "BAN+L, halves", CLEAN, setting=None),
        gain("P6b", rows, "BAN+L", "alone", CLEAN),
        gain("P6b", rows, "BAN+L", "alone, twice the rate", CLEAN),
    ]


@CLAIMS.group("10 epochs")
def _ten_epochs() -> list[Verdict]:
    rows = _targets()
    arms = {"P6a": "BAN", "P6e": "CWTM", "P6f": "DKPP"}
    return [
        gain(id, rows, arm, "alone", setting="10 epochs") for id, arm in arms.items()
    ]


@CLAIMS.group("smoothing")
def _smoothing() -> list[Verdict]:
    """Labels smoothed to the teacher's mean confidence: matched to the target of BAN and
    of DKPP, and not tuned.
    """
    rows = _targets()
    return [
        gain("O7b", rows, "label smoothing", "BAN"),
        gain("O7b", rows, "label smoothing", "BAN", CLEAN),
        gain("O7b", rows, "label smoothing", "alone", setting=None),
        gain("O7e", rows, "label smoothing", "DKPP"),
        gain("O7e", rows, "label smoothing", "DKPP", CLEAN),
    ]


@CLAIMS.group("generations")
def _more_generations() -> list[Verdict]:
    rows = _generations()
    pairs = {
        ("generation 4", "generation 1"): "P6c",
        ("generations 1-4", "generation 4"): "P6d",
        ("generations 1-4", "4 nets alone"): "P6d",
    }
    return [
        gain(id, rows, *pair, labels)
        for pair, id in pairs.items()
        for labels in (NOISY, CLEAN)
    ]


@CLAIMS.group("nets alone together")
def _together() -> list[Verdict]:
    rows = _generations()
    return [
        gain("P6d", rows, "generations 1-4", "4 nets, 10 epochs"),
        gain("O12a", rows, "4 nets alone", "alone 1"),
    ]


def with_best_alone(teachers: pd.DataFrame) -> pd.DataFrame:
    """Return rows of students of several teachers, and "alone, at its best".

    The nets alone of ban_targets and ban_rates have the same seeds and images, and
    twelve settings.
    """
    alone = at(_targets(), arm="alone")
    alone = pd.concat([alone, records.recorded("ban_rates")], ignore_index=True)
    setting = alone["setting"] + ", " + alone["arm"]
    alone = best(alone.assign(setting=setting, arm="alone, at its best"))
    return pd.concat([teachers, alone.drop(columns="setting")], ignore_index=True)


@CLAIMS.group("teachers")
def _other_teachers() -> list[Verdict]:
    rows = with_best_alone(records.recorded("ban_teachers"))
    weak = "BAN+L, halves, one epoch"
    return [
        gain("O7a", rows, "BAN, 8 units", "alone"),
        gain("O7a", rows, "BAN, 8 units", "teacher, 8 units"),
        gain("O7a", rows, weak, "alone"),
        gain("O7a", rows, weak, "alone, at its best"),
        gain("P6a", rows, "BAN, 10 epochs", "teacher, 10 epochs"),
        gain("P6a", rows, "BAN, conv", "alone"),
    ]


@CLAIMS.group("a teacher that knows nothing")
def _ignorant_teacher() -> list[Verdict]:
    rows = records.recorded("ban_teachers")
    return [gain("O7a", rows, "BAN, one epoch", "alone")]


@CLAIMS.group("language")
def _language() -> list[Verdict]:
    rows = _models()
    chosen = best_models(rows)
    more = "share of characters right, {a} - {b}, at their best by perplexity"
    return [
        lower_perplexity("P6g", rows, "BAN+L", "alone", "12 epochs"),
        lower_perplexity("P6g", rows, "BAN", "alone", "12 epochs"),
        lower_perplexity("P6g", rows, "BAN+L, halves", "BAN", "12 epochs"),
        lower_perplexity("P6g", rows, "BAN+L, halves", "alone"),
        lower_perplexity("P6g", rows, "BAN", "alone"),
        judging.above("P6g", chosen, "BAN+L", "alone", more),
    ]
