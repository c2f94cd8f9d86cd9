"""Citations and figures: what is printed was verified, and nothing else is."""

import re

import pytest

from kdsurvey import papers

HINTON = {  # read from the paper, apart from the module
    "big": 67, "small": 146, "distilled": 74, "jitter": 2, "T": 20, "wide T": 8, "narrow T": (2.5, 4),
    "no 3": 206, "no 3, on 3s": 133, "no 3, bias": 3.5, "no 3, corrected": 109, "no 3, corrected, on 3s": 14,
    "no 3, corrected, right": 98.6, "only 7 and 8": 47.3, "only 7 and 8, bias": 7.6, "only 7 and 8, corrected": 13.2,
    "speech T": (1, 2, 5, 10), "speech hard weight": 0.5, "speech baseline": 58.9, "speech baseline WER": 10.9,
    "speech ensemble": 61.1, "speech ensemble WER": 10.7, "speech distilled": 60.8, "speech distilled WER": 10.7,
    "hard 100 %, train": 63.4, "hard 100 %": 58.9, "hard 3 %, train": 67.3, "hard 3 %": 44.5,
    "soft 3 %, train": 65.4, "soft 3 %": 57.0, "specialists": 61, "specialists gain": 4.4, "specialists top-1": (25.0, 26.1),
}  # fmt: skip
QUOTED = {
    "speech ensemble", "speech ensemble WER", "speech distilled", "speech distilled WER", "hard 100 %, train",
    "hard 3 %, train", "soft 3 %, train", "specialists top-1",
}  # fmt: skip


def test_the_figures_of_hinton():
    assert {key: figure.value for key, figure in papers.FIGURES["hinton"].items()} == HINTON


def test_the_figures_agree_with_each_other():
    """Arithmetic the paper itself invites: 14 errors of 1,010 are 98.6 % right."""
    wrong = papers.reported("hinton", "no 3, corrected, on 3s")
    assert round(100 * (1 - wrong.value / wrong.of), 1) == papers.reported("hinton", "no 3, corrected, right").value
    below, above = papers.reported("hinton", "specialists top-1").value
    assert round(100 * (above / below - 1), 1) == papers.reported("hinton", "specialists gain").value


@pytest.mark.parametrize("key", HINTON)
def test_a_figure_says_where_it_is_from_and_who_quotes_it(key):
    figure = papers.reported("hinton", key)
    assert figure.mark == ("V2" if key in QUOTED else "V1")
    assert ("as quoted by others" in str(figure)) == (key in QUOTED)
    assert figure.source and figure.what and str(figure).endswith(f"({figure.source})")


def test_a_figure_prints_as_a_clause():
    assert str(papers.reported("hinton", "distilled")) == "the paper reports 74 errors of 10,000 (section 3)"
    assert str(papers.reported("hinton", "no 3, on 3s")) == "the paper reports 133 errors on test 3s of 1,010 (section 3)"
    assert "1, 2, 5 and 10 as" in str(papers.reported("hinton", "speech T"))
    quoted = "the paper, as quoted by others, reports 10.7 % word error (table 1)"
    assert str(papers.reported("hinton", "speech distilled WER")) == quoted


@pytest.mark.parametrize(("paper", "key"), [("hinton", "best speech T"), ("ensemblenet", "accuracy"), ("ffl", "big")])
def test_what_is_not_verified_is_not_available_and_gives_no_number(paper, key):
    with pytest.raises(ValueError, match="not available") as error:
        papers.reported(paper, key)
    assert "74" not in str(error.value)


def test_the_ten_papers():
    assert set(papers.PAPERS) == {
        "fitnets", "hinton", "fsp", "net2net", "dml", "ban", "apprentice", "ffl", "one", "ensemblenet",
    }  # fmt: skip
    assert set(papers.FIGURES) <= set(papers.PAPERS)
    numbers = [paper.arxiv for paper in papers.PAPERS.values() if paper.arxiv]
    assert all(re.fullmatch(r"\d{4}\.\d{4,5}", number) for number in numbers) and len(set(numbers)) == 9
    for paper in papers.PAPERS.values():  # an identifier's first digits are the year and month: none is newer than the venue
        assert not paper.arxiv or 2000 + int(paper.arxiv[:2]) <= paper.year


@pytest.mark.parametrize("paper", papers.PAPERS)
def test_a_citation_is_one_line(paper):
    line = papers.cite(paper)
    known = papers.PAPERS[paper]
    assert "\n" not in line and known.authors in line and known.title in line and str(known.year) in line
    assert (f"arXiv {known.arxiv}" in line) if known.arxiv else ("arXiv" not in line)


def test_cite():
    reference = "Zhang, Xiang, Hospedales, Lu. Deep Mutual Learning. CVPR 2018, arXiv 1706.00384"
    assert papers.cite("dml") == reference
    with pytest.raises(ValueError, match=r"'nobody' is not among the surveyed papers.*'ban'"):
        papers.cite("nobody")
    with pytest.raises(ValueError, match="not among the surveyed"):
        papers.reported("nobody", "big")
