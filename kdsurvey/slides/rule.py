"""Which cells of a notebook are slides: one rule, from the tags that its cells have.

The core is a row of slides, a cell each, to the right. A folded section is one more
slide to the right, its heading; the section's other cells are slides below it. A cell
stays on the slide of a heading that stands alone, and a few printed lines on that of the
text before. What shows nothing to an audience is no slide: a cell that prepares, an
exercise that waits for an answer.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from kdsurvey import store
from kdsurvey.slides.notebook import read

LIVE = "application/vnd.jupyter.widget-view+json"
EXERCISE = ".check("
PRINTED = 6  # lines at most that stay with the text before
LESSON = re.compile(r"page\.live\(|^def ", re.M)  # code that is the lesson


def kinds(cells: Sequence[dict]) -> list[str]:
    """Return the kind of each cell: "slide", "subslide", "-" or "skip".

    cells: of a notebook of format 4. The kinds are those of the metadata
    `slideshow.slide_type`; "-" stays on the slide of the cell before.
    """
    found = []
    before: dict | None = None  # the last cell that is shown
    for cell in cells:
        kind = _kind(cell, before)
        found.append(kind)
        before = before if kind == "skip" else cell
    return found


def _kind(cell: dict, before: dict | None) -> str:
    if not _shows_something(cell):
        return "skip"
    if before and not _is_heading(cell) and _stays(cell, before):
        return "-"
    deeper = "core" not in cell["metadata"].get("tags", [])
    return "subslide" if deeper and not _is_heading(cell) else "slide"


def _stays(cell: dict, before: dict) -> bool:
    """Whether a cell is on the slide of the one before it."""
    if _is_heading(before) and len(source_of(before).split("\n")) == 1:
        return True
    is_text = before["cell_type"] == "markdown" and cell["cell_type"] == "code"
    return is_text and not shows_code(cell) and all(map(_is_printed, cell["outputs"]))


def _is_printed(output: dict) -> bool:
    lines = "".join(output.get("text", "")).count("\n")
    return output["output_type"] == "stream" and lines <= PRINTED


def _is_heading(cell: dict) -> bool:
    is_markdown = cell["cell_type"] == "markdown"
    return is_markdown and source_of(cell).startswith(("# ", "## "))


def _shows_something(cell: dict) -> bool:
    if cell["cell_type"] != "code":
        return cell["cell_type"] == "markdown"
    if EXERCISE in source_of(cell):
        return False
    return shows_code(cell) or any(map(is_shown, cell["outputs"]))


def shows_code(cell: dict) -> bool:
    """Whether the code of a cell is projected: the method in the open, or a function."""
    return bool(LESSON.search(source_of(cell)))


def is_shown(output: dict) -> bool:
    """Whether an output is projected: what is live and leaves no picture is not."""
    data = output.get("data", {})
    return LIVE not in data or bool({"image/png", "text/html"} & set(data))


def source_of(cell: dict) -> str:
    """Return the text of a cell, which files keep as lines."""
    return "".join(cell["source"])


def stamp(path: Path) -> bool:
    """Write the rule's kinds into the metadata of a notebook; whether that changed it."""
    read(path)  # refuses what is no notebook
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    for cell, kind in zip(notebook["cells"], kinds(notebook["cells"])):
        cell["metadata"]["slideshow"] = {"slide_type": kind}
    stamped = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    if stamped != text:
        store.write(path, stamped, "use a checkout that is yours")
    return stamped != text
