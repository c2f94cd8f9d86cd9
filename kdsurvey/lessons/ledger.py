"""What the recorded rows say of every claim, notebook by notebook: one verdict line each."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import notebooks
from kdsurvey.lessons.born_again import claims as inheritance
from kdsurvey.lessons.ensemblenet import claims as online_budgets
from kdsurvey.lessons.ensemblenet import experiments as ensemble_heads
from kdsurvey.lessons.feature_fusion import claims as fusion_claims
from kdsurvey.lessons.fsp import experiments as fsp
from kdsurvey.lessons.fsp import students as fsp_students
from kdsurvey.lessons.low_precision import claims as precision_claims
from kdsurvey.lessons.low_precision import compression
from kdsurvey.lessons.native_ensemble import claims as native
from kdsurvey.lessons.net2net import claims as growth
from kdsurvey.lessons.playground import experiments as playground
from kdsurvey.verdicts import Verdict, judge_rows


def verdicts() -> dict[str, list[Verdict]]:
    """Notebook, by its file's name -> the claims that its recorded rows decide, in the
    order of the page.
    """
    judged = {}
    for page in notebooks.stems():
        lesson = notebooks.lesson_of(page)
        judge = _judge(lesson) or _TO_MOVE.get(lesson)
        if judge:
            judged[page] = judge()
    return judged


def _judge(lesson: str) -> Callable[[], list[Verdict]] | None:
    """Return `claims.verdicts` of a lesson, None where it has no claims."""
    module = f"kdsurvey.lessons.{lesson}.claims"
    if find_spec(module) is None:
        return None
    judge = getattr(import_module(module), "verdicts", None)
    return judge if callable(judge) else None


def _heads() -> list[Verdict]:
    """Notebook 12."""
    names = "ensemble_lambda", "ensemble_thin", "online_compared"
    lambdas, thin, budgets = (records.recorded(name) for name in names)
    return [*ensemble_heads.claims(lambdas, thin), *online_budgets.claims(budgets)]


def _maps() -> list[Verdict]:
    """Notebook 14."""
    maps = records.recorded("playground")
    return [
        *playground.claims(maps),
        *playground.against_controls(maps, "64 units"),
        *playground.against_controls(maps, "10 % of the images"),
    ]


def _told(verdict: Verdict, where: str) -> Verdict:
    """The verdict, and where it was found."""
    return replace(verdict, what=f"{verdict.what}, {where}")


def _flows() -> list[Verdict]:
    """Notebook 05."""
    faster = fsp.tuned(
        fsp.with_targets(records.recorded("fsp_faster")), "steps to 93%", least=True
    )
    names = "fsp_small", "fsp_ensembles", "fsp_transfer", "fsp_fashion"
    small, several, digits, clothes = (records.recorded(name) for name in names)
    rivals = "plain", "FSP, teacher from scratch", "FitNets"
    small, *moved = (fsp.tuned(rows, "validation") for rows in (small, digits, clothes))
    return [
        *(
            fsp.sooner(faster, count, "FSP", "plain")
            for count in ("steps to 90%", "in all to 90%", "in all to 93%")
        ),
        fsp.sooner(faster, "in all to 93%", "FSP, short stage 1", "plain"),
        fsp_students.above(small, "FSP (flow)", "plain"),
        *(
            fsp_students.above(small, "FSP (flow)", than, claim="O8")
            for than in ("KD (output)", "FitNets (layer, then output)")
        ),
        *(
            fsp_students.above(several, "FSP", than, column="ensemble")
            for than in ("plain", "teacher's weights copied")
        ),
        fsp_students.above(several, "FSP, shuffled", "FSP", column="ensemble"),
        *(
            _told(fsp_students.above(rows, "FSP", than), where)
            for rows, where in zip(moved, ("new digits", "clothes"))
            for than in rivals
        ),
    ]


def _growth() -> list[Verdict]:
    """Notebook 06."""
    deep, wide, few = (
        records.recorded(name)
        for name in ("net2net_deeper", "net2net_wider", "copy_tune_distil")
    )
    return [
        *(
            growth.sooner("P4", deep, "Net2Net", than)
            for than in ("random layers", "from scratch")
        ),
        *(
            growth.higher("P4", deep, "Net2Net", than)
            for than in ("from scratch", "from scratch, 12 epochs")
        ),
        growth.sooner("P4", wide, "Net2Net", "random padding"),
        growth.higher("P4", wide, "Net2Net", "random padding"),
        judge_rows("P4", deep, "accuracy", a="Net2Net, 0.1x", b="Net2Net, 1x"),
        growth.higher("P4", deep, "teacher prediction layers", "from scratch"),
        growth.higher("O14", few, "copied and tuned", "copied, not trained"),
        growth.higher("O14", few, "copied and tuned", "distilled"),
        growth.higher("O14", few, "small, distilled", "small, label smoothing"),
    ]


def _low_precision() -> list[Verdict]:
    """Notebook 09."""
    names = (
        "precision_schemes",
        "precision_clothes",
        "precision_teachers",
        "compression_orders",
    )
    runs, clothes, teachers, orders = (records.recorded(name) for name in names)
    tuned, above = precision_claims.tuned(runs), precision_claims.above
    pairs = (
        ("full precision", "no teacher"),
        ("A", "no teacher"),
        ("B", "no teacher"),
        ("B", "A"),
        ("C", "B"),
    )
    causes = (
        ("C", "no teacher"),
        ("C", "C, no teacher"),
        ("C, no teacher", "no teacher, 2E"),
        ("B", "label smoothing"),
    )
    return [
        *(above(tuned, a, b, where=", 8 units, digits") for a, b in (*pairs, *causes)),
        above(tuned, "C", "no teacher, 2E", claim="O10", where=", 8 units, digits"),
        precision_claims.sooner(runs, "B", "A", 0.8),
        *(
            above(clothes, a, b, where=", 16 units, clothes")
            for a, b in (
                ("full precision", "no teacher"),
                ("B", "no teacher"),
                *causes[:3],
            )
        ),
        above(
            teachers,
            "full precision, 2 layers",
            "ternary, 6 layers",
            where=" as teachers",
        ),
        *(
            compression.above(orders, a, b)
            for a, b in (
                ("D", "DQ"),
                ("D", "DP"),
                ("D", "DPQ"),
                ("DPQ", "LPQ"),
                ("DPQ", "DQP"),
            )
        ),
        *(compression.above(orders, a, b) for a, b in (("DPQ", "PQD"), ("DQ", "Q"))),
    ]


def _native() -> list[Verdict]:
    """Notebook 11."""
    parts, more, clean, why = (
        records.recorded(f"one_{name}") for name in ("parts", "seeds", "clean", "why")
    )
    rows = native.longest(parts, more)
    long = "15 epochs"
    best = "best of four settings"
    right = "clean labels, best of two"
    divergence, _, gate, *order = native.losses(rows, long)
    return [
        native.above(rows, "ONE", "alone", long),
        native.within(rows, "ONE", "together", "accuracy", f"ONE-E - one branch, {long}"),
        native.above(rows, "ONE", "alone", long, column="together"),
        divergence, gate, *order,
        native.above(rows, "ONE", "no gate", long, column="together"),
        *(native.tuned(parts, "ONE", than, best, claim=claim) for than, claim in (("alone", "O10"), ("label smoothing", "O7"))),
        native.tuned(parts, "ONE", "alone", best, column="together", claim="O12"),
        native.tuned(clean, "ONE", "alone", right),
        *(native.rises(why, "alone, equal training loss", "ONE", rise) for rise in ("rise at 0.1", "rise, relative")),
    ]  # fmt: skip


_TO_MOVE = {  # until each lesson has `claims.verdicts`
    "fsp": _flows,
    "net2net": _growth,
    "born_again": inheritance.ledger,
    "low_precision": _low_precision,
    "feature_fusion": fusion_claims.ledger,
    "native_ensemble": _native,
    "ensemblenet": _heads,
    "playground": _maps,
}
