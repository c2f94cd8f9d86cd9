"""What a notebook shows besides pictures: the package's own source, and tables with a text twin."""

import inspect

import pandas as pd


class Source:
    """The source of a function or class, shown rather than pasted, so that a notebook can never disagree with the package."""

    def __init__(self, *things):
        self.text = "\n".join(inspect.getsource(thing) for thing in things)

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/markdown": f"```python\n{self.text}```", "text/plain": self.text}


def source(*things) -> Source:
    """The source of functions, as text and highlighted."""
    return Source(*things)


def means(rows: pd.DataFrame, columns: list[str], by: str = "arm", digits: int = 1) -> pd.DataFrame:
    """mean ± s.d. over seeds of each column, one line a value of `by`, in the order they come, and the number of seeds."""
    groups = rows.groupby(by, sort=False)
    table = {
        c: groups[c].mean().round(digits).map("{:g}".format) + " ± " + groups[c].std().round(digits).map("{:g}".format)
        for c in columns
    }
    return pd.DataFrame({**table, "seeds": groups.size()})


def agreement(live: list[dict], rows: pd.DataFrame, column: str, slack: float) -> str:
    """Whether each arm of a live run lies where the recorded seeds lie: within 4 s.d. of their mean, or within `slack` of it."""
    lines = []
    for run in live:
        values = rows.loc[rows["arm"] == run["arm"], column]
        near = abs(run[column] - values.mean()) <= max(4 * values.std(), slack)
        lines.append(f"{run['arm']}: {'as recorded' if near else 'NOT AS RECORDED'}")
    return "\n".join(lines)


def settings(rows: pd.DataFrame) -> str:
    """One line on how recorded rows came about: the function, the data, the versions and the time a seed took."""
    about = rows.attrs
    seconds = sorted(about["seconds"].values())
    versions = ", ".join(f"{k} {v}" for k, v in about["versions"].items())
    return f"{about['experiment']} on {about['data']}; {len(seconds)} seeds, {seconds[len(seconds) // 2]:.0f} s each; {versions}"
