"""The records that come with the package: still what the code does, and what the pages
print.
"""

from dataclasses import replace

import pytest

from kdsurvey import claims, data, provenance, records
from kdsurvey.lessons import experiments, ledger, pages
from kdsurvey.lessons.distilling_mnist import experiments as distilling_mnist
from kdsurvey.verdicts import WORDS, Verdict


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


@pytest.mark.parametrize("name", experiments())
def test_only_the_digits_that_come_with_the_package_need_no_download(name):
    experiment = experiments()[name]
    assert experiment.embedded == (experiment.data is records.digits)


def test_a_recorded_seed_can_be_had_again():
    """Seed 0 of the temperature sweep, 30 units: the errors of each arm, within what
    another CPU may change.
    """
    digits = data.mnist_5k().hold_out(500)
    table = records.recorded("widths")
    assert table.attrs["data"] == digits.source
    dealt = digits.dealt(0)
    before = table[(table["seed"] == 0) & (table["width"] == 30)].set_index("arm")[
        "errors"
    ]
    now = {
        row["arm"]: row["errors"]
        for row in distilling_mnist.temperature_by_width(dealt, 0, 30)
    }
    assert set(now) == set(before.index)
    assert all(abs(errors - before[arm]) <= 12 for arm, errors in now.items()), (
        now,
        before.to_dict(),
    )


@pytest.fixture(scope="module")
def rendered() -> dict[str, str]:
    return pages.pages()


@pytest.mark.parametrize("page", ["README.md", "docs/verdicts.md"])
def test_pages_print_what_is_recorded(page, rendered):
    assert rendered[page] == (pages.ROOT / page).read_text(), (
        "results or notebooks changed: kdsurvey pages writes the pages again"
    )


def test_every_page_that_is_written_is_compared(rendered):
    assert len(rendered) == 2


def test_the_picture_of_the_ledger_shows_what_is_recorded():
    assert pages.kept_picture() == pages.picture().about, (
        "the words of some rows changed: kdsurvey pages draws the picture again"
    )


def test_no_row_and_no_control_is_left_out(rendered):
    page = rendered["docs/verdicts.md"].splitlines()
    for id, answer in ledger.every_answer().items():
        assert answer.line in page
        for _, verdict in ledger.beside()[id]:
            line = verdict.line.removeprefix(id).strip()
            assert f"      {line}" in page, verdict.line


LINES = [
    (page, name)
    for page, lesson in ledger.lessons().items()
    for name in (*lesson.rows(), *lesson.groups())
]


@pytest.fixture(scope="module")
def printed() -> dict[str, list[str]]:
    """Row -> the lines that the page has for it, without its id."""
    lines: dict[str, list[str]] = {}
    for line in (pages.ROOT / "docs" / "verdicts.md").read_text().splitlines():
        if line.startswith("# "):
            id = line[2:].split(":")[0]
            lines[id] = []
        elif lines:
            lines[id].append(line.removeprefix(id).strip())
    return lines


@pytest.mark.parametrize(("page", "name"), LINES)
def test_a_lesson_judges_a_row_or_a_group_as_the_page_has_it(page, name, printed):
    """As the lesson alone judges; only the words of rows are corrected."""
    lesson = ledger.lessons()[page]
    if name in lesson.groups():
        judged = lesson.verdicts(name)
    else:
        answer = lesson.answer(name)
        if isinstance(answer, Verdict):
            answer = replace(answer, tries=ledger.answer(name).tries)
        judged = [answer]
    assert judged
    for one in judged:
        assert one.line.removeprefix(one.claim).strip() in printed[one.claim]


def test_the_readme_counts_every_row_once(rendered):
    said = pages.words()["its questions, here"].str.split(", ").explode()
    assert len(said) == len(claims.ROWS)
    for word in WORDS:
        count = said.str.endswith(f" {word}").sum()
        assert f"{count} {word}" in rendered["README.md"]


def test_every_lesson_answers_a_row():
    stems = {path.stem for path in (pages.ROOT / "notebooks").glob("*.ipynb")}
    others = {"00_start_here", "13_what_would_you_pick", "14_playground"}
    assert set(ledger.places().values()) == stems - others, (
        "a lesson's claims.py answers a row; one that never will is named here"
    )
