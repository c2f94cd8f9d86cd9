"""Rows of an experiment beside those of one recorded seed."""

import pandas as pd

from kdsurvey import records


def check_like_recorded(name: str, rows: list[dict]) -> None:
    """Check that rows have the arms, in their order, and each the columns, of the
    recorded ones; how well the nets do is another matter.
    """
    kept = records.recorded(name)
    kept = kept[kept["seed"] == kept["seed"].iloc[0]]
    assert [row["arm"] for row in rows] == kept["arm"].tolist()
    columns = [row.dropna().index for _, row in kept.iterrows()]
    for row, wanted in zip(pd.DataFrame(rows).iloc, columns, strict=True):
        assert set(row.dropna().index) == set(wanted), row["arm"]
