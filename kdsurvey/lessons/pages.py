"""The recorded results as pages: what README and docs/verdicts.md print, made from
the recorded rows so that it cannot drift from them.
"""

from pathlib import Path

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import ledger
from kdsurvey.lessons.distilling_mnist import full_mnist
from kdsurvey.verdicts import Verdict

START, END = "<!-- results -->", "<!-- /results -->"
ROOT = Path(__file__).parents[2]  # of a checkout
WORDS = ("HOLDS", "NOT RESOLVED", "FAILS")
ABOUT = (
    "What the recorded rows under `kdsurvey/results/` say, by the functions that the notebooks call. A line has the claim's id, the "
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


def markdown() -> str:
    """The block of the README: full MNIST, and how often each claim holds."""
    head = "Full MNIST, recorded with the notebooks' functions; the paper is Hinton, Vinyals & Dean 2015:"
    every = (
        "What a laptop repeats in minutes, mostly on the 5,000 digits that come with it (1,000 of them for the test). "
        "So many verdicts on each claim of the survey HOLD, are NOT RESOLVED, or FAIL; [what they compare](docs/verdicts.md) "
        "matters more than how many they are."
    )
    return f"{head}\n\n{_table(full_mnist.table())}\n\n{every}\n\n{_table(counts())}"


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
        path = ROOT / name
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
