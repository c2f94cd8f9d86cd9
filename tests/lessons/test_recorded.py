"""The records that come with the package: still what the code does, and what the pages
print.
"""

import pytest

from kdsurvey import data, provenance, records
from kdsurvey.lessons import experiments, ledger, pages
from kdsurvey.lessons.distilling_mnist import experiments as distilling_mnist
from kdsurvey.verdicts import Verdict


@pytest.mark.parametrize("name", experiments())
def test_every_experiment_is_recorded_over_seeds(name):
    table = records.recorded(name)
    assert table.attrs["experiment"].endswith(f".{name}")
    assert table["seed"].nunique() >= {"learning_rates": 2, "full_mnist": 3}.get(
        name, 5
    )


@pytest.mark.parametrize("name", experiments())
def test_a_record_has_the_settings_of_its_experiment(name):
    """Rows of another setting would join it; one that changes needs its seeds anew."""
    kept = records.recorded(name).attrs
    now = provenance.plain(experiments()[name].settings)
    assert provenance.difference(kept["settings"], now, "settings") is None
    assert kept["lesson"] == experiments()[name].run.__module__.split(".")[2]


def test_a_recorded_seed_can_be_had_again():
    """Seed 0 of the temperature sweep, 30 units: the errors of each arm, within what
    another CPU may change.
    """
    digits = data.mnist_5k().hold_out(500)
    table = records.recorded("widths")
    assert table.attrs["data"] == digits.source
    before = table[(table["seed"] == 0) & (table["width"] == 30)].set_index("arm")[
        "errors"
    ]
    now = {
        row["arm"]: row["errors"]
        for row in distilling_mnist.temperature_by_width(digits, 0, 30)
    }
    assert set(now) == set(before.index)
    assert all(abs(errors - before[arm]) <= 12 for arm, errors in now.items()), (
        now,
        before.to_dict(),
    )


@pytest.fixture(scope="module")
def judged() -> dict[str, list[Verdict]]:
    """Every verdict, judged once for all tests here, as it takes seven seconds."""
    return ledger.verdicts()


@pytest.fixture(scope="module")
def written(judged) -> dict[str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "verdicts", lambda: judged)
        return pages.pages()


@pytest.mark.parametrize("page", ["README.md", "docs/verdicts.md"])
def test_pages_print_what_is_recorded(page, written):
    assert written[page] == (pages.ROOT / page).read_text(), (
        "results or notebooks changed: kdsurvey pages writes the pages again"
    )


def test_every_page_that_is_written_is_compared(written):
    assert len(written) == 2


def test_every_verdict_is_counted_once(judged, monkeypatch):
    monkeypatch.setattr(ledger, "verdicts", lambda: judged)
    counted = pages.counts()
    assert (
        counted[list(pages.WORDS)].to_numpy().sum()
        == sum(map(len, judged.values()))
        > 150
    )
    assert (counted[list(pages.WORDS)].sum(axis=1) > 0).all()
    stems = {path.stem for path in (pages.ROOT / "notebooks").glob("*.ipynb")}
    assert set(judged) == stems - {"00_start_here", "01_temperature"}
