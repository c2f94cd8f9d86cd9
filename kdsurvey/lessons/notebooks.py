"""The notebooks as files: which there are, in their order, the lesson of each, and what
the maps of README and notebook 00 say of them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

KEY = "kdsurvey"  # in a notebook's metadata, for what the maps say of it


@dataclass(frozen=True)
class Notebook:
    """What the maps say of a notebook; all but `stem` stands in its metadata."""

    stem: str  # of its file: "02_distilling_mnist"
    title: str  # "distilling MNIST"
    question: str
    claims: Sequence[str]  # of the survey, which it puts to the test
    minutes: int  # to read
    seconds: int  # to run

    @property
    def name(self) -> str:
        """Return the number and the title: "02 distilling MNIST"."""
        return f"{self.stem[:2]} {self.title}"


def folder() -> Path:
    """Return the folder of the notebooks: inside an installed package, or beside it in
    a checkout.
    """
    package = Path(__file__).parents[1]
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parent / "notebooks"


def stems() -> list[str]:
    """Return the notebooks' names without suffix, "02_distilling_mnist" say, by number."""
    return sorted(path.stem for path in folder().glob("[0-9][0-9]_*.ipynb"))


def lesson_of(stem: str) -> str:
    """Return the lesson of a notebook: its name without the number."""
    return stem[3:]


def catalogue() -> list[Notebook]:
    """Return what each notebook's metadata says of it, by number.

    Raises ValueError where a notebook says too little or too much.
    """
    return [_read(stem) for stem in stems()]


def _read(stem: str) -> Notebook:
    path = folder() / f"{stem}.ipynb"
    try:
        about = dict(json.loads(path.read_text(encoding="utf-8"))["metadata"][KEY])
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{path} is no notebook with {KEY!r} in its metadata: "
            f"{type(error).__name__} {error}"
        ) from error
    needed = [field.name for field in fields(Notebook) if field.name != "stem"]
    if set(about) != set(needed):
        raise ValueError(
            f"{path.name} has {sorted(about)} under {KEY!r} in its metadata; "
            f"the maps need {', '.join(needed)}"
        )
    return Notebook(stem, **about)
