"""What tests of lessons share: rows in the place of those that were recorded."""

import pandas as pd
import pytest

from kdsurvey import records


@pytest.fixture
def recorded(monkeypatch):
    """Put rows in the place of those that were recorded."""

    def put(rows: list[dict]) -> None:
        monkeypatch.setattr(records, "recorded", lambda name: pd.DataFrame(rows))

    return put
