"""The notebooks as files: which there are, in their order, and the lesson of each."""

from pathlib import Path


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
