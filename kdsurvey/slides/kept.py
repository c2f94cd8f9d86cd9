"""The numbers behind a notebook's pictures, kept so that slides can draw them larger.

A notebook stores its pictures as they are on a page. `keep` runs the core of a notebook
once more and writes what its pictures draw to numbers/NOTEBOOK.json; `parts` reads it. What
was kept for another run than the notebook's is left alone: its words differ.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from kdsurvey import store
from kdsurvey.pictures import Picture
from kdsurvey.pictures.projected import projected
from kdsurvey.slides.notebook import read

FOLDER = Path(str(files("kdsurvey.slides") / "numbers"))
KEY = "kdsurvey"  # of an output's metadata, while its notebook runs
WATCH = "from kdsurvey.slides import kept\n\nkept.watch()"
VARIES = "nbval-ignore-output"  # the tag of a cell that no two runs show alike
TIMING = re.compile(r"[\d.]+ ms")
MINE = "use a checkout that is yours"  # the remedy where nothing can be written
SECONDS = 600  # that a cell may take
DIGITS = 5  # of a number


def parts(stem: str, cell: dict, number: int) -> list[Picture]:
    """Return a picture of a notebook in parts for slides; [] where none is kept.

    cell: the one that shows it. number: of its output.
    """
    path = FOLDER / f"{stem}.json"
    if not path.exists():
        return []
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        entry = known.get(cell.get("id"), {}).get(str(number))
        if entry is None:
            return []
        kept, pictures = entry["says"], parts_of(entry)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is damaged, {error}; a checkout writes it anew with kdsurvey keep "
            f"{stem[:2]}; without the file the stored pictures are shown"
        ) from error
    same = kept == says(cell["outputs"][number])
    return pictures if same or VARIES in cell["metadata"].get("tags", []) else []


def parts_of(entry: Mapping[str, Any]) -> list[Picture]:
    """Return the parts of a picture that is kept."""
    whole = [Picture.of_json(json.dumps(part)) for part in entry["parts"]]
    return [part for picture in whole for part in projected(picture)]


def says(output: dict) -> str:
    """Return the words of a picture that is stored in a notebook, without timings."""
    look = output.get("metadata", {}).get("image/png", {})
    words = look.get("alt") or "".join(output["data"].get("text/plain", ""))
    return TIMING.sub("some ms", words)


def keep(path: Path) -> Path:
    """Run the core of a notebook, and keep the numbers of its pictures; returns the file.

    Raises ValueError where a cell fails: what was kept before stays.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellControlSignal, DeadKernelError

    notebook = read(path)
    cells = [c for c in notebook.cells if "core" in c.metadata.get("tags", [])]
    notebook.cells = [nbformat.v4.new_code_cell(WATCH), *cells]
    where = {"metadata": {"path": str(path.parent)}}
    try:
        NotebookClient(notebook, timeout=SECONDS, resources=where).execute()
    except (CellControlSignal, DeadKernelError) as error:
        reason = getattr(error, "evalue", "") or str(error).strip().split("\n")[-1]
        raise ValueError(
            f"{path}: its core cannot be run, {reason}; run the notebook and mend it"
        ) from error
    found: dict[str, dict[str, Any]] = {}
    for cell in notebook.cells:
        for number, output in enumerate(cell.get("outputs", [])):
            drawn = output.get("metadata", {}).get(KEY)
            if drawn:
                entry = {"says": says(output), "parts": drawn}
                found.setdefault(cell.id, {})[str(number)] = entry
    file = FOLDER / f"{path.stem}.json"
    store.write(file, json.dumps(found, ensure_ascii=False, indent=0) + "\n", MINE)
    return file


def watch() -> None:
    """In a kernel: put the numbers of every picture that is shown into its metadata."""
    from IPython import get_ipython

    bundles = get_ipython().display_formatter.mimebundle_formatter
    bundles.for_type(Picture, with_numbers)
    bundles.for_type_by_name("kdsurvey.panels.kit.panel", "Panel", with_numbers)


def with_numbers(shown, include=None, exclude=None):
    """Return what a picture, or a panel, shows in a notebook, its numbers in the metadata."""
    data, about = shown._repr_mimebundle_()
    picture = shown if isinstance(shown, Picture) else shown.still
    if "image/png" in data and picture is not None:
        about[KEY] = [_plain(part) for part in picture.parts or [picture]]
    return data, about


def _plain(part: Picture) -> dict:
    small = replace(part, about="", tables=(), parts=())
    return json.loads(small.json(), parse_float=_rounded)


def _rounded(text: str) -> float:
    return float(f"{float(text):.{DIGITS}g}")
