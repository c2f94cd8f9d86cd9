"""The pages that are written by `kdsurvey pages`: blocks of the README, and
docs/verdicts.md, made from the recorded rows and from the notebooks so that they cannot
drift from them; and the map that notebook 00 shows when it runs.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from kdsurvey.lessons import ledger, notebooks
from kdsurvey.lessons.distilling_mnist import full_mnist
from kdsurvey.lessons.notebooks import Notebook
from kdsurvey.verdicts import Verdict

ROOT = Path(__file__).parents[2]  # of a checkout
MAP = "00_start_here"  # the notebook that has a map of all
WORDS = ("HOLDS", "NOT RESOLVED", "FAILS")
ABOUT = (
    "What the recorded rows under `kdsurvey/results/` say, by the functions that the "
    "notebooks call. A line has the claim's id, the difference with its 95 % confidence "
    "interval, and HOLDS (the interval lies above zero), FAILS (below) or NOT RESOLVED. "
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


def results() -> str:
    """Return the README's block of results: full MNIST, and how often each claim holds."""
    head = (
        "Full MNIST, recorded with the notebooks' functions; the paper is Hinton, "
        "Vinyals & Dean 2015:"
    )
    every = (
        "What a laptop repeats in minutes, mostly on the 5,000 digits that come with it "
        "(1,000 of them for the test). So many verdicts on each claim of the survey "
        "HOLD, are NOT RESOLVED, or FAIL; [what they compare](docs/verdicts.md) matters "
        "more than how many they are."
    )
    tables = _of_frame(full_mnist.table()), _of_frame(counts())
    return f"{head}\n\n{tables[0]}\n\n{every}\n\n{tables[1]}"


def counts() -> pd.DataFrame:
    """Count the verdicts on each claim that hold, are not resolved, or fail."""
    judged = [v for of_page in ledger.verdicts().values() for v in of_page]
    rows = {}
    for claim, says in CLAIMS.items():
        words = [verdict.word for verdict in judged if verdict.claim == claim]
        rows[claim] = [says, *(words.count(word) for word in WORDS)]
    columns = ["which says", *WORDS]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis("claim")


def table_of_notebooks() -> str:
    """Return the README's table of notebooks."""
    head = ["notebook", "question", "claims", "minutes to read", "seconds to run"]
    return _table(head, map(_line_of_readme, notebooks.catalogue()))


def _line_of_readme(notebook: Notebook) -> list:
    link = f"[{notebook.name}](notebooks/{notebook.stem}.ipynb)"
    claims = ", ".join(notebook.claims)
    return [link, notebook.question, claims, notebook.minutes, notebook.seconds]


def map_of_notebooks() -> str:
    """Return the map that notebook 00 shows, which has its own line without a link."""
    head = ["notebook", "question", "minutes to read", "seconds to run"]
    return _table(head, map(_line_of_map, notebooks.catalogue()))


def _line_of_map(notebook: Notebook) -> list:
    place = f"[{notebook.name}]({notebook.stem}.ipynb)"
    if notebook.stem == MAP:
        place = f"**{notebook.name}**"
    return [place, notebook.question, notebook.minutes, notebook.seconds]


def page_of_verdicts() -> str:
    """Return docs/verdicts.md."""
    parts = [
        f"## [{name}](../notebooks/{name}.ipynb)\n\n```\n{_lines(judged)}\n```\n"
        for name, judged in ledger.verdicts().items()
    ]
    return f"# Every verdict\n\n{ABOUT}\n\n" + "\n".join(parts)


def pages() -> dict[str, str]:
    """Return file, from the repository's root -> its whole text, with all that is
    written anew.
    """
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = replaced(readme, "notebooks", table_of_notebooks())
    readme = replaced(readme, "results", results())
    return {"README.md": readme, "docs/verdicts.md": page_of_verdicts()}


def write() -> None:
    """Write the pages into a checkout."""
    for name, text in pages().items():
        (ROOT / name).write_text(text, encoding="utf-8")


def replaced(text: str, block: str, content: str) -> str:
    """Return the text with what stands between the marks of a block replaced.

    Raises ValueError where the marks are not there once each.
    """
    start, end = f"<!-- {block} -->\n", f"\n<!-- /{block} -->"
    if text.count(start) != 1 or text.count(end) != 1:
        raise ValueError(
            f"the text needs one line {start.strip()} and one line {end.strip()}; "
            f"it has {text.count(start)} and {text.count(end)}"
        )
    before, rest = text.split(start)
    _, after = rest.split(end)
    return f"{before}{start}{content}{end}{after}"


def _lines(judged: list[Verdict]) -> str:
    return "\n".join(verdict.line for verdict in judged)


def _of_frame(frame: pd.DataFrame) -> str:
    frame = frame.reset_index()
    return _table(
        frame.columns, frame.to_numpy(), rule="| " + "--- | " * frame.shape[1]
    )


def _table(head: Sequence, rows: Iterable[Sequence], rule: str | None = None) -> str:
    """Return a table in Markdown; rule: the line below its head."""
    rule = (rule or "|" + "---|" * len(head)).strip()
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]])
