"""The recall of every digit, before and after the bias of missing classes is corrected."""

from collections.abc import Collection, Mapping

import numpy as np

from kdsurvey.pictures import Axis, Bars, Chart, Picture, Table, limits

# column of a result -> (name, role, hatch)
LOOKS = {
    "per_class": ("before", 1, "///"),
    "per_class_corrected": ("after the correction", 0, ""),
}


def picture(
    result: Mapping | None, digits: int, removed: Collection[int], T: float
) -> Picture:
    """Draw two bars per digit; result: what the last run returned, None before it.

    removed: the digits that it left out, at temperature T.
    """
    nothing = [np.nan] * digits
    recalls = {
        column: 100 * np.asarray(result[column] if result else nothing, float)
        for column in LOOKS
    }
    left_out = [bool(result) and k in removed for k in range(digits)]
    counts = "press Run"
    if result:
        errors = f"{result['errors']} → {result['errors_corrected']} of {result['n']}"
        counts = f"errors {errors}, T = {T:g}"
    # the second line is there before a digit is left out, so that nothing moves then
    names = [f"{k}\n{'left out' if out else ' '}" for k, out in enumerate(left_out)]
    chart = Chart(
        [mark for k, column in enumerate(LOOKS) for mark in _bars(column, recalls, k)],
        Axis("digit", (-0.6, digits - 0.4), ticks=range(digits), names=names),
        Axis("recall (%)", (0, 125), ticks=range(0, 101, 25)),
        title=f"Recall of each digit on test images: {counts}",
        columns=2,
    )
    rows = [
        [f"{k}{', left out' if out else ''}", *_cells(recalls, k)]
        for k, out in enumerate(left_out)
    ]
    table = Table(f"Recall: {counts}", ["digit", "before", "after correction"], rows)
    return Picture({"recall": chart}, height=260, tables=[table])


def _bars(column: str, recalls: Mapping[str, np.ndarray], k: int) -> list[Bars]:
    """Return the k-th bars of all digits."""
    name, role, hatch = LOOKS[column]
    heights = recalls[column]
    places = np.arange(len(heights)) + 0.42 * k - 0.21
    words = [limits.short(height, ".0f") for height in heights]
    return [
        Bars(
            places,
            heights,
            role=role,
            words=words,
            width=0.4,
            hatch=hatch,
            edge=False,
            legend=name,
        )
    ]


def _cells(recalls: Mapping[str, np.ndarray], k: int) -> list[str]:
    """Return the recalls of one digit for the table."""
    values = [recall[k] for recall in recalls.values()]
    return ["–" if np.isnan(value) else f"{value:.1f} %" for value in values]
