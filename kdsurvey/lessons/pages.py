"""The pages that are written by `kdsurvey pages`: blocks of the README, docs/verdicts.md
and the picture of the ledger, made from the recorded rows and from the notebooks so that
they cannot drift from them; and the map that notebook 00 shows when it runs.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import pandas as pd
from PIL import Image, PngImagePlugin

from kdsurvey import claims, ledger_map, store
from kdsurvey.claims import CLAIMS, ROWS, Claim, Row
from kdsurvey.lessons import ledger, notebooks
from kdsurvey.lessons.distilling_mnist import full_mnist
from kdsurvey.lessons.notebooks import Notebook
from kdsurvey.pictures import Picture
from kdsurvey.pictures.stored import smaller
from kdsurvey.verdicts import WORDS

ROOT = Path(__file__).parents[2]  # of a checkout
MAP = "00_start_here"  # the notebook that has a map of all
PICTURE = "docs/ledger.png"  # the words of all rows
MARKS = "Description"  # of the picture, in words, inside its file
ABOUT = (
    "The survey's claims, taken apart into questions. A line without an indent answers a "
    "question by its primary comparison a - b, which was named before it was run; the "
    "controls and diagnostics beside it are indented and never counted. HOLDS, FAILS and "
    "NOT RESOLVED follow from the 95 % interval, the kind of claim and its margin, and, for "
    "the primary comparisons, are corrected for the other questions of the claim (Holm). "
    "Intervals cover training (start, order, and what else a seed draws), paired by seed; "
    "the test images of the digits are one draw. The rows lie under `kdsurvey/results/`; "
    "`kdsurvey pages` writes this page, and a test compares."
)
DOUBT = "A doubt of the survey: HOLDS means that the doubt is right."


def results() -> str:
    """Return the README's block of results: one picture, and two tables folded."""
    says = (
        f"The survey's {len(CLAIMS)} claims, taken apart into {len(ROWS)} questions: "
        f"{_counts()}. HOLDS means that the sentence is right *here*, on small nets and "
        "mostly on the 5,000 digits that come with the package; FAILS, that its opposite "
        "is; NOT RESOLVED, that so many seeds cannot tell; EXACT, that it is algebra, "
        "and was computed; NOT RUN, that no lesson asks it. O7, O9, O10 and O11 are "
        "doubts of the survey, and HOLDS means that the doubt is right. "
        "[Every comparison](docs/verdicts.md), with its interval, controls and regime."
    )
    picture = f"![The words of all questions, claim by claim: {_counts()}]({PICTURE})"
    mnist = (
        "Full MNIST, recorded with the notebooks' functions; the paper is Hinton, "
        f"Vinyals & Dean 2015.\n\n{_of_frame(full_mnist.table())}"
    )
    tables = [
        _folded("The same in words", _of_frame(words())),
        _folded("Full MNIST, beside the paper", mnist),
    ]
    return "\n\n".join([picture, says, *tables])


def words() -> pd.DataFrame:
    """Return the words of the rows of each claim: "a HOLDS, b NOT RESOLVED"."""
    rows = {}
    for claim, about in CLAIMS.items():
        answers = ledger.answers(claim).values()
        said = [f"{a.claim.removeprefix(claim)} {a.word}" for a in answers]
        rows[claim] = [about.says, ", ".join(said)]
    columns = ["what the survey says", "its questions, here"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis("claim")


def _counts() -> str:
    """Count the words of all rows: "20 HOLDS, 5 FAILS, ..."."""
    said: list[str] = [answer.word for answer in ledger.every_answer().values()]
    return ", ".join(f"{said.count(word)} {word}" for word in WORDS)


def picture() -> Picture:
    """Draw the words of all rows."""
    return ledger_map.ledger(
        ledger.every_answer(), "Every question, and its answer here"
    )


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


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
    """Return docs/verdicts.md: every row, its answer, and what stands beside it."""
    parts = [_of_claim(claim) for claim in CLAIMS.values()]
    return f"# Every verdict\n\n{ABOUT}\n\n" + "\n".join(parts)


def _of_claim(claim: Claim) -> str:
    places = ledger.places()
    rows = claims.rows_of(claim.id)
    answered = {row.id: places.get(row.same or row.id) for row in rows}
    pages = dict.fromkeys(page for page in answered.values() if page)
    links = ", ".join(f"[{page}](../notebooks/{page}.ipynb)" for page in pages)
    about = [
        f"Here: {claim.regime}.",
        claim.limits,
        DOUBT if claim.doubt else "",
        f"Answered in {links}." if links else "",
    ]
    lines = "\n".join(line for row in rows for line in _of_row(row))
    said = " ".join(filter(None, about))
    return f"## {claim.id} · {claim.says}\n\n{said}\n\n```\n{lines}\n```\n"


def _of_row(row: Row) -> list[str]:
    """Return the lines of a row: what it asks, its answer, what stands beside it."""
    beside = [
        f"      {verdict.line.removeprefix(row.id).strip()}"
        for _, verdict in ledger.beside()[row.id]
    ]
    return [f"# {row.id}: {row.says}", ledger.answer(row.id).line, *beside]


def pages() -> dict[str, str]:
    """Return file, from the repository's root -> its whole text, with all that is
    written anew.
    """
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = replaced(readme, "notebooks", table_of_notebooks())
    readme = replaced(readme, "results", results())
    return {"README.md": readme, "docs/verdicts.md": page_of_verdicts()}


def write() -> None:
    """Write the pages and the picture of the ledger into a checkout."""
    for name, text in pages().items():
        store.write(ROOT / name, text, "use a checkout that is yours")
    drawn = picture()
    about = PngImagePlugin.PngInfo()
    about.add_text(MARKS, drawn.about)
    with Image.open(BytesIO(smaller(drawn.png()))) as image:
        image.save(ROOT / PICTURE, pnginfo=about, optimize=True)


def kept_picture() -> str:
    """Return the words that the picture in the checkout was drawn with."""
    with Image.open(ROOT / PICTURE) as image:
        return image.info[MARKS]


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
