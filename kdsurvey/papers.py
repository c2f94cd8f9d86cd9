"""The surveyed papers, and the figures of theirs that may be printed.

Only figures that were checked against the paper, or are quoted from it by others. They
stand in `papers.toml` beside this module.
"""

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Paper:
    """One reference; `arxiv` is None where no identifier was verified."""

    authors: str
    title: str
    year: int
    venue: str = ""
    arxiv: str | None = None

    def __str__(self) -> str:
        place = f"{self.venue} {self.year}" if self.venue else str(self.year)
        number = f", arXiv {self.arxiv}" if self.arxiv else ""
        return f"{self.authors}. {self.title}. {place}{number}"


@dataclass(frozen=True)
class Figure:
    """A figure as a paper gives it; several values where `value` is a tuple.

    mark: V1, in the paper's own text or table; V2, quoted from the paper by others.
    """

    value: float | tuple[float, ...]
    unit: str
    what: str  # measured on what
    source: str
    of: int | None = None  # of how many, where it is a count
    mark: str = "V1"

    def __str__(self) -> str:
        quoted = "" if self.mark == "V1" else ", as quoted by others,"
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        *first, last = [f"{value:,}" for value in values]
        numbers = f"{', '.join(first)} and {last}" if first else last
        unit = f"{self.unit} of {self.of:,}" if self.of else self.unit
        return f"the paper{quoted} reports {numbers} {unit} ({self.source})"


def _read() -> tuple[dict[str, Paper], dict[str, dict[str, Figure]]]:
    text = (files("kdsurvey") / "papers.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    papers = {name: Paper(**entry) for name, entry in tables["papers"].items()}
    figures = {
        paper: {key: _figure(**entry) for key, entry in entries.items()}
        for paper, entries in tables["figures"].items()
    }
    return papers, figures


def _figure(value: float | list[float], **entry) -> Figure:
    return Figure(tuple(value) if isinstance(value, list) else value, **entry)


PAPERS, FIGURES = _read()


def cite(paper: str) -> str:
    """Write the reference of a surveyed paper in one line, such as cite("hinton").

    Raises ValueError for a paper not surveyed.
    """
    if paper not in PAPERS:
        raise ValueError(
            f"cite: {paper!r} is not among the surveyed papers {sorted(PAPERS)}"
        )
    return str(PAPERS[paper])


def reported(paper: str, key: str) -> Figure:
    """Look up what a paper reports, such as reported("hinton", "distilled").

    Returns a Figure, which prints as a clause and holds its value. Raises ValueError,
    "not available", for a figure that was not verified: then no number is printed.
    """
    cite(paper)
    known = FIGURES.get(paper, {})
    if key not in known:
        raise ValueError(
            f"reported: {key!r} of {paper!r} is not available; verified figures: "
            f"{sorted(known) or 'none'}"
        )
    return known[key]
