"""What a notebook shows besides pictures: the package's own source, text, and tables with
a text twin.
"""

import ast
import inspect
import textwrap
from collections.abc import Mapping

import pandas as pd
import torch
from torch import Tensor, nn

from kdsurvey import claims
from kdsurvey.data import Data
from kdsurvey.pictures import Picture
from kdsurvey.suggest import refuse_unknown, unknown
from kdsurvey.training import accuracy
from kdsurvey.yours import among

RAN = ("torch", "numpy", "python", "machine", "threads")  # what a page says ran


class Source:
    """The source of functions, shown rather than pasted, so that a notebook can never
    disagree with the package.

    Of a docstring only the first line is shown.
    """

    def __init__(self, *things):
        self.text = "\n".join(
            _without_docstring(textwrap.dedent(inspect.getsource(thing)))
            for thing in things
        )

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/markdown": f"```python\n{self.text}```", "text/plain": self.text}


def source(*things) -> Source:
    """The source of functions, as text and highlighted."""
    return Source(*things)


class Markdown:
    """Text that a page formats; where it cannot, the text as it is."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/markdown": self.text, "text/plain": self.text}


def _without_docstring(text: str) -> str:
    """The source with each docstring cut to its first line."""
    lines = text.splitlines()
    documented = [
        n
        for n in ast.walk(ast.parse(text))
        if isinstance(n, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(n)
    ]
    for node in sorted(documented, key=lambda n: -n.lineno):
        first, last = node.body[0].lineno - 1, node.body[0].end_lineno
        if last is not None and last - first > 1:
            lines[first:last] = [lines[first] + '"""']
    return "\n".join(lines) + "\n"


def questions(*ids: str) -> Markdown:
    """The card of a page: the rows of the table of claims that it answers, in words.

    Raises ValueError for an id that is not there.
    """
    rows = [claims.row(id) for id in ids]
    lines = [
        f"| **{row.id}** | {row.says} | {row.compares or 'algebra, to rounding'} |"
        for row in rows
    ]
    head = "| | the question | what is compared |\n|---|---|---|\n"
    return Markdown(head + "\n".join(lines))


class Wide:
    """A table whose cells are shown whole, aligned to the left."""

    def __init__(self, table: pd.DataFrame):
        self.table = table

    def __repr__(self) -> str:
        return self.table.to_string()

    def _repr_mimebundle_(self, include=None, exclude=None):
        with pd.option_context("display.max_colwidth", None):
            return {
                "text/html": self.table.to_html(justify="left", border=0),
                "text/plain": repr(self),
            }


def means(
    rows: pd.DataFrame, columns: list[str], by: str = "arm", digits: int = 1
) -> pd.DataFrame:
    """mean ± s.d. over seeds of each column, one line a value of `by`, in the order
    they come, and the number of seeds. Raises ValueError for a column that is not there.
    """
    for name in (by, *columns):
        refuse_unknown("page.means", "column", name, rows)
    groups = rows.groupby(by, sort=False)
    table = {
        c: groups[c].mean().round(digits).map("{:g}".format)
        + " ± "
        + groups[c].std().round(digits).map("{:g}".format)
        for c in columns
    }
    return pd.DataFrame({**table, "seeds": groups.size()})


def agreement(live: list[dict], rows: pd.DataFrame, column: str, slack: float) -> str:
    """Whether each arm of a live run lies where the recorded seeds lie: within 4 s.d.
    of their mean, or within `slack` of it.
    """
    lines = []
    for run in live:
        values = rows.loc[rows["arm"] == run["arm"], column]
        near = abs(run[column] - values.mean()) <= max(4 * values.std(), slack)
        lines.append(f"{run['arm']}: {'as recorded' if near else 'NOT AS RECORDED'}")
    return "\n".join(lines)


def live(
    nets: Mapping[str, nn.Module],
    data: Data,
    *,
    beside: pd.DataFrame | None = None,
    column: str = "accuracy",
    label: int | None = None,
    title: str = "Your run beside the recorded seeds",
) -> Picture:
    """Measure nets that you have trained on the test images, and draw each with its number
    beside the recorded seeds of the arm of its name.

    nets: arm -> net. beside: recorded rows, with "arm" and `column`, a share in [0, 1],
    or the number of "errors"; None draws yours alone. label: measure on test images of
    this class alone. Raises ValueError for no net, for a stack of nets, for a label that
    no test image has, and for rows without that column.
    """
    if not nets or not isinstance(nets, Mapping):
        raise ValueError(
            f"page.live: {type(nets).__name__} names no net to measure; give "
            "{'distilled': student}"
        )
    if beside is not None and column not in beside:
        columns = list(map(str, beside.columns))
        raise ValueError(f"page.live: rows have {unknown('column', column, columns)}")
    x, y = data.test if label is None else _of(data.test, label)
    shares = {arm: _share(arm, net, x, y) for arm, net in nets.items()}
    if column == "errors":
        errors = {arm: len(y) * (1 - share) for arm, share in shares.items()}
        return among(errors, beside, column, title, most=len(y))
    percent = {arm: 100 * share for arm, share in shares.items()}
    named = "test accuracy, %" if label is None else f"test {label}s right, %"
    if beside is not None:
        beside = beside.assign(**{named: 100 * beside[column]})
    return among(percent, beside, named, title, most=100)


def _of(part: tuple[Tensor, Tensor], label: int) -> tuple[Tensor, Tensor]:
    """Return the images of one class and their labels."""
    x, y = part
    chosen = torch.as_tensor(y == label)  # a word is compared to one truth value
    if not chosen.any():
        raise ValueError(f"page.live(label={label!r}): no test image has this label")
    return x[chosen], y[chosen]


def _share(arm: str, net: nn.Module, x: Tensor, y: Tensor) -> float:
    share = accuracy(net, x, y)
    if isinstance(share, list):
        raise ValueError(
            f"page.live: {arm!r} is a stack of {len(share)} nets; give its members, "
            "sweeps.unstack(stack)[0] say"
        )
    return share


def settings(rows: pd.DataFrame) -> str:
    """One line on how recorded rows came about: the function, the data and whether each
    seed deals it anew, the versions and the time a seed took.
    """
    about = rows.attrs
    seconds = sorted(about["seconds"].values())
    time = f"{len(seconds)} seeds, {seconds[len(seconds) // 2]:.0f} s each"
    versions = ", ".join(f"{name} {about['versions'][name]}" for name in RAN)
    split = about["settings"].get("split")
    data = f"{about['data']}, {split}" if split else about["data"]
    return f"{about['experiment']} on {data}; {time}; {versions}"
