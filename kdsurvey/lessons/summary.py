"""The recorded results in a few lines: what the README prints, made from results/ so that it cannot drift from them."""

import pandas as pd

from kdsurvey import papers, records
from kdsurvey.lessons import playground
from kdsurvey.lessons.missing_three import repaired
from kdsurvey.verdicts import Verdict, judge_rows


def fewer(claim: str, better: str, than: str, rows: pd.DataFrame, column: str = "errors") -> Verdict:
    """The claim that arm `better` makes fewer errors than arm `than`: a positive effect means that it does."""
    return judge_rows(claim, rows, column, a=than, b=better, what=f"errors of {than} - {better}", unit="errors")


def verdicts() -> list[Verdict]:
    """The claims that the recorded rows decide, in the order of the notebooks."""
    nets, widths, few, transfer, together, missing = (
        records.recorded(n) for n in ("nets_compared", "widths", "few_labels", "transfer_sets", "ensemble", "missing")
    )
    maps = records.recorded("playground")
    narrow = widths[widths["width"] == 30]
    return [
        fewer("P2", "soft only", "hard only", nets),
        fewer("O4", "soft + hard", "soft only", nets),
        fewer("O7", "soft only", "label smoothing", nets),
        fewer("O10", "soft only", "hard only, lr 0.3", nets),
        fewer("O10", "soft only", "hard only, jittered", nets),
        fewer("P2", "T = 4", "T = 50", narrow),
        fewer("O6", "soft only", "hard only", few),
        fewer("O4", "soft only, all, no labels", "soft only, labelled half", transfer),
        fewer("O12", "ensemble", "one member", together),
        fewer("O12", "distilled from the ensemble", "hard only", together),
        fewer("P2", "no 3, T = 20", "no 3, hard labels", missing, "errors on removed"),
        repaired(missing, "no 3, T = 20"),
        repaired(missing, "only 7 and 8, T = 20"),
        *playground.claims(maps),
        *playground.against_controls(maps, "64 units"),
        *playground.against_controls(maps, "10 % of the images"),
    ]


def full_mnist() -> pd.DataFrame:
    """Errors on the 10,000 official test images, beside the paper's."""
    rows = records.recorded("full_mnist")
    lines = []
    for label, arm, column, key in (
        ("big net", "teacher", "errors", "big"),
        ("small net alone", "hard only", "errors", "small"),
        ("small net alone, its own best rate", "hard only, lr 0.3", "errors", None),
        ("small net distilled, T = 20", "soft only", "errors", "distilled"),
        ("small net alone, jittered images", "hard only, jittered", "errors", None),
        ("no 3 in the transfer set", "no 3, T = 20", "errors", "no 3"),
        ("… on the 1,010 test 3s", "no 3, T = 20", "errors on removed", "no 3, on 3s"),
        ("no 3, one bias corrected", "no 3, T = 20", "errors corrected", "no 3, corrected"),
        ("… on the 1,010 test 3s", "no 3, T = 20", "errors on removed corrected", "no 3, corrected, on 3s"),
        ("only 7s and 8s", "only 7 and 8, T = 20", "errors", "only 7 and 8"),
        ("only 7s and 8s, one number corrected", "only 7 and 8, T = 20", "errors corrected", "only 7 and 8, corrected"),
    ):
        values = rows.loc[rows["arm"] == arm, column]
        paper = f"{(f := papers.reported('hinton', key)).value:g} {f.unit}" if key else "not reported"
        lines.append((label, f"{values.mean():.0f} ± {values.std():.0f}", len(values), paper))
    return pd.DataFrame(lines, columns=["errors of 10,000", "here", "seeds", "the paper"]).set_index("errors of 10,000")


def markdown() -> str:
    """The block of the README."""
    head = "Full MNIST, recorded with the notebooks' functions; the paper is Hinton, Vinyals & Dean 2015:"
    table = full_mnist().reset_index()
    rows = [table.columns, ["---"] * 4, *table.to_numpy()]
    lines = "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)
    said = "\n".join(verdict.line for verdict in verdicts())
    return f"{head}\n\n{lines}\n\nOn the 5,000 digits that come with it (1,000 of them for the test):\n\n```\n{said}\n```"
