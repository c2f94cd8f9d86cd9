"""Environment variables are checked where they are read, their limits included."""

from pathlib import Path

import pytest

from kdsurvey import variables

NAME = "KDSURVEY_TRIED"


@pytest.mark.parametrize(
    ("text", "number"), [("", 5), ("3", 3), ("007", 7), ("9", 9)], ids=str
)
def test_whole_numbers_within_limits_are_taken(text, number, monkeypatch):
    monkeypatch.setenv(NAME, text)
    assert variables.whole(NAME, 5, least=3, most=9) == number


@pytest.mark.parametrize("text", ["2", "10", "-3", "4.0", "four", " 4", "4" * 21])
def test_others_are_refused_with_the_remedy(text, monkeypatch):
    monkeypatch.setenv(NAME, text)
    remedy = "give a whole number of 3 or more, at most 9, or unset it"
    with pytest.raises(ValueError) as refused:
        variables.whole(NAME, 5, least=3, most=9)
    assert str(refused.value) == f"{NAME} = {text!r}: {remedy}"


def test_unset_is_the_default_and_no_folder(monkeypatch):
    monkeypatch.delenv(NAME, raising=False)
    assert variables.whole(NAME, 5, least=3, most=9) == 5
    assert variables.folder(NAME) is None and variables.absolute_folder(NAME) is None


def test_a_folder_may_begin_at_home(monkeypatch):
    monkeypatch.setenv(NAME, "~/data")
    assert variables.folder(NAME) == variables.absolute_folder(NAME)
    assert variables.folder(NAME) == Path.home() / "data"


def test_a_home_that_nobody_has_is_named(monkeypatch):
    monkeypatch.setenv(NAME, "~nobody-has-this/data")
    with pytest.raises(
        ValueError, match=f"^{NAME} = '~nobody-has-this/data': the home"
    ):
        variables.folder(NAME)


def test_an_absolute_folder_does_not_depend_on_where_one_is(monkeypatch):
    monkeypatch.setenv(NAME, "data")
    assert variables.folder(NAME) == Path("data")
    with pytest.raises(ValueError, match=f"^{NAME} = 'data' depends on the working"):
        variables.absolute_folder(NAME)
