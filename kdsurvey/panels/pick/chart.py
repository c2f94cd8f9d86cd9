"""The picture of the panel: what can be served, how good it is, and what it costs."""

from collections.abc import Mapping, Sequence

import numpy as np

from kdsurvey.lessons.what_would_you_pick.pictures import accuracy_chart, cost_chart
from kdsurvey.lessons.what_would_you_pick.served import Answer
from kdsurvey.pictures import Chart, Picture, Rule, Table


def picture(
    answers: Sequence[Answer],
    accuracies: Mapping[str, np.ndarray],
    affordable: Sequence[bool],
    adds: float,
    size: float,
) -> Picture:
    """Return the accuracies of all answers, faint where too dear, and both costs with
    their limits.

    accuracies: name of an answer -> (seeds,), test accuracies in per cent. adds, size:
    the limits, in thousands of multiply-adds and in kilobytes.
    """
    thousands = [answer.adds / 1e3 for answer in answers]
    kilobytes = [answer.bytes / 1e3 for answer in answers]
    charts = {
        "accuracy": accuracy_chart(answers, accuracies, affordable),
        "adds": _limited(answers, "multiply-adds (1000s)", thousands, adds),
        "bytes": _limited(answers, "kilobytes", kilobytes, size),
    }
    rows = [
        [
            answer.name,
            f"{accuracies[answer.name].mean():.1f}",
            f"{answer.adds / 1e3:.0f}",
            f"{answer.bytes / 1e3:.0f}",
            "yes" if may else "no",
        ]
        for answer, may in zip(answers, affordable)
    ]
    head = ["", "accuracy, %", "multiply-adds, 1000s", "kB", "within the limits"]
    table = Table("What can be served, the cheapest first", head, rows)
    return Picture(
        charts, mosaic=[list(charts)], widths=(2, 1, 1), height=440, tables=[table]
    )


def _limited(
    answers: Sequence[Answer], name: str, values: Sequence[float], limit: float
) -> Chart:
    """Return a chart of costs with a line at the limit."""
    return cost_chart(answers, name, values, Rule([limit], style="--"))
