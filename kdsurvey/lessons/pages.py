"""The recorded results as pages: what README and docs/verdicts.md print, made from
results/ so that it cannot drift from them.
"""

import pandas as pd

from kdsurvey import papers, records
from kdsurvey.lessons import ledger
from kdsurvey.verdicts import Verdict

START, END = "<!-- results -->", "<!-- /results -->"
WORDS = ("HOLDS", "NOT RESOLVED", "FAILS")
ABOUT = (
    "What the recorded rows under `results/` say, by the functions that the notebooks call. A line has the claim's id, the "
    "difference with its 95 % confidence interval, and HOLDS (the interval lies above zero), FAILS (below) or NOT RESOLVED. "
    "Written by `make refresh`; a test compares."
)
CLAIMS = {  # of the survey, as far as verdicts of recorded rows bear on them
    "P1": "FitNets: hints train thin nets that are too deep otherwise",
    "P2": "soft targets at a temperature make a better small net, which knows digits it never saw",
    "P3": "FSP: the flow between layers trains a net faster and better, and transfers",
    "P4": "Net2Net: a net that grows from a trained one trains faster",
    "P5": "mutual learning: peers without a teacher beat nets alone, and more peers more so",
    "P6": "born-again nets beat their equal teachers, generation by generation",
    "P7": "Apprentice: a teacher wins back what low precision loses",
    "P8": "FFL: fused features, taught by the branches and teaching them, beat both",
    "P9": "ONE: gated branches that teach themselves beat a net alone",
    "P10": "EnsembleNet: heads trained with their ensemble, in a smaller net",
    "O4": "soft targets may replace labels, and need no labelled images",
    "O5": "a distilled net can still be pruned and quantised",
    "O6": "soft targets regularise where images are few",
    "O7": "it is a teacher's knowledge, not just a smoother label",
    "O8": "what is distilled matters: outputs, a layer, the flow between layers",
    "O9": "the gain is distillation, not merely more data",
    "O10": "distilling beats a small net that was trained as well as possible",
    "O11": "a net with capacity to spare gains more than a compact one",
    "O12": "an ensemble helps, and can be distilled",
    "O14": "copying weights and fine-tuning, or distilling: what each is good for",
    "O16": "copies in other processes may be stale",
}


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
        (
            "no 3, one bias corrected",
            "no 3, T = 20",
            "errors corrected",
            "no 3, corrected",
        ),
        (
            "… on the 1,010 test 3s",
            "no 3, T = 20",
            "errors on removed corrected",
            "no 3, corrected, on 3s",
        ),
        ("only 7s and 8s", "only 7 and 8, T = 20", "errors", "only 7 and 8"),
        (
            "only 7s and 8s, one number corrected",
            "only 7 and 8, T = 20",
            "errors corrected",
            "only 7 and 8, corrected",
        ),
    ):
        values = rows.loc[rows["arm"] == arm, column]
        paper = (
            f"{(f := papers.reported('hinton', key)).value:g} {f.unit}"
            if key
            else "not reported"
        )
        lines.append(
            (label, f"{values.mean():.0f} ± {values.std():.0f}", len(values), paper)
        )
    return pd.DataFrame(
        lines, columns=["errors of 10,000", "here", "seeds", "the paper"]
    ).set_index("errors of 10,000")


def markdown() -> str:
    """The block of the README: full MNIST, and how often each claim holds."""
    head = "Full MNIST, recorded with the notebooks' functions; the paper is Hinton, Vinyals & Dean 2015:"
    every = (
        "What a laptop repeats in minutes, mostly on the 5,000 digits that come with it (1,000 of them for the test). "
        "So many verdicts on each claim of the survey HOLD, are NOT RESOLVED, or FAIL; [what they compare](docs/verdicts.md) "
        "matters more than how many they are."
    )
    return f"{head}\n\n{_table(full_mnist())}\n\n{every}\n\n{_table(counts())}"


def counts() -> pd.DataFrame:
    """How many verdicts on each claim hold, are not resolved, or fail."""
    judged = [verdict for of in ledger.verdicts().values() for verdict in of]
    rows = {}
    for claim, says in CLAIMS.items():
        words = [verdict.word for verdict in judged if verdict.claim == claim]
        rows[claim] = [says, *(words.count(word) for word in WORDS)]
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["which says", *WORDS]
    ).rename_axis("claim")


def pages() -> dict[str, str]:
    """File, from the repository's root -> what is to stand there, or in its block:
    README.md, docs/verdicts.md.
    """
    parts = [
        f"## [{name}](../notebooks/{name}.ipynb)\n\n```\n{_lines(of)}\n```\n"
        for name, of in ledger.verdicts().items()
    ]
    head = "# Every verdict\n\n" + ABOUT + "\n\n"
    return {"README.md": markdown(), "docs/verdicts.md": head + "\n".join(parts)}


def write() -> None:
    """Puts both pages where they belong."""
    for name, text in pages().items():
        path = records.FOLDER.parent / name
        if name == "README.md":
            before, rest = path.read_text().split(f"{START}\n")
            text = f"{before}{START}\n{text}\n{END}{rest.split(END)[1]}"
        path.write_text(text)


def _lines(judged: list[Verdict]) -> str:
    return "\n".join(verdict.line for verdict in judged)


def _table(table: pd.DataFrame) -> str:
    table = table.reset_index()
    rows = [table.columns, ["---"] * table.shape[1], *table.to_numpy()]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


if __name__ == "__main__":
    write()
