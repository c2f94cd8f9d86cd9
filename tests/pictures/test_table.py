"""A table renders itself: as text, as HTML, as JSON."""

import json
from xml.etree import ElementTree

import pytest

from kdsurvey.pictures import Table, plain

TABLE = Table("Errors <of> 2 nets", ["net", "errors"], [["a & b", 12], ["c\nd", "3.5"]])


def test_cells_are_strings():
    assert TABLE.head == ("net", "errors")
    assert TABLE.rows == (("a & b", "12"), ("c\nd", "3.5"))


def test_as_text_columns_are_aligned():
    assert TABLE.text().splitlines() == [
        "Errors <of> 2 nets",
        "  net  errors",
        "a & b      12",
        "  c d     3.5",
    ]
    assert repr(TABLE) == TABLE.text()


def test_as_html_it_is_escaped_and_screen_readers_know_what_a_name_is_of():
    html = TABLE.html()
    assert "Errors &lt;of&gt; 2 nets</caption>" in html and "a &amp; b</th>" in html
    assert html.count('scope="col"') == 2 and html.count('scope="row"') == 2
    assert html.count("<td") == 2 and ">12</td>" in html
    assert TABLE._repr_html_() == html


def test_as_html_it_holds_the_caption_and_the_cells_and_nothing_else():
    cells = ["net", "errors", "a & b", "12", "c\nd", "3.5"]
    tree = ElementTree.fromstring(TABLE.html())
    assert list(tree.itertext()) == [TABLE.caption, *cells]
    assert [cell.get("scope") for cell in tree.iter("td")] == [None] * 2


def test_quotes_cannot_leave_a_cell():
    assert '"' not in Table('"', ["'"]).html().split(">")[2].split("<")[0]


def test_json_there_and_back():
    text = plain.to_json(TABLE)
    assert plain.from_plain(json.loads(text), {"Table": Table}) == TABLE


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="has 3 cells"):
        Table("t", ["a", "b"], [[1, 2, 3]])


def test_a_table_without_rows():
    assert Table("t", ["a", "b"]).text() == "t\na  b"
    assert "<tbody></tbody>" in Table("t", ["a"]).html()
