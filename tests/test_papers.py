"""Citations and figures: what is printed was verified, and nothing else is."""

import re

import pytest

from kdsurvey import methods, papers

HINTON = {  # read from the paper, apart from the module
    "big": 67,
    "small": 146,
    "distilled": 74,
    "jitter": 2,
    "T": 20,
    "wide T": 8,
    "narrow T": (2.5, 4),
    "no 3": 206,
    "no 3, on 3s": 133,
    "no 3, bias": 3.5,
    "no 3, corrected": 109,
    "no 3, corrected, on 3s": 14,
    "no 3, corrected, right": 98.6,
    "only 7 and 8": 47.3,
    "only 7 and 8, bias": 7.6,
    "only 7 and 8, corrected": 13.2,
    "speech T": (1, 2, 5, 10),
    "speech hard weight": 0.5,
    "speech baseline": 58.9,
    "speech baseline WER": 10.9,
    "speech ensemble": 61.1,
    "speech ensemble WER": 10.7,
    "speech distilled": 60.8,
    "speech distilled WER": 10.7,
    "hard 100 %, train": 63.4,
    "hard 100 %": 58.9,
    "hard 3 %, train": 67.3,
    "hard 3 %": 44.5,
    "soft 3 %, train": 65.4,
    "soft 3 %": 57.0,
    "specialists": 61,
    "specialists gain": 4.4,
    "specialists top-1": (25.0, 26.1),
}
QUOTED = {
    "speech ensemble",
    "speech ensemble WER",
    "speech distilled",
    "speech distilled WER",
    "hard 100 %, train",
    "hard 3 %, train",
    "soft 3 %, train",
    "specialists top-1",
}


FITNETS = {
    "teacher": 0.55,
    "plain": 1.9,
    "kd": 0.65,
    "hints": 0.51,
    "depth plain": 5,
    "depth kd": 7,
    "depth hints": 13,
    "hints, 7 layers": (89.45, 90.1),
    "cifar10 teacher": 90.18,
    "cifar10 hints": 91.61,
}
FSP = {
    "teacher": 91.75,
    "teacher ensemble": 93.48,
    "third": 90.64,
    "third ensemble": 92.6,
    "copied": 92.04,
    "copied ensemble": 92.71,
    "fitnet": 91.72,
    "fitnet ensemble": 92.98,
    "fsp": 92.14,
    "fsp ensemble": 93.26,
    "shuffled": 92.08,
    "shuffled ensemble": 93.67,
    "small alone": 87.91,
    "small fitnet": 88.57,
    "small fsp": 88.7,
    "small alone, 100": 58.65,
    "small fitnet, 100": 61.28,
    "small fsp, 100": 63.33,
    "transfer teacher": 77.72,
    "transfer teacher alone": 47.53,
    "transfer alone": 47.73,
    "transfer fitnet": 70.19,
    "transfer fsp": 74.26,
}
NETS = {  # table 1 of FSP, net by net
    "teacher": (91.61, 91.56, 92.09),
    "third": (90.47, 90.83, 90.62),
    "copied": (91.84, 92.26, 92.01),
    "fitnet": (91.69, 91.85, 91.64),
    "fsp": (92.28, 92.08, 92.07),
    "shuffled": (92.28, 91.89, 92.08),
}


DML = {
    "resnet": 68.99,
    "resnets, mutual": (71.19, 70.75),
    "wide resnet": 78.69,
    "wide resnets, mutual": (80.28, 80.08),
    "unequal, mutual": (78.96, 70.73),
    "unequal, one way": 69.48,
    "one way, equal": 45.16,
    "equal, alone": 46.07,
    "equal, mutual": (52.95, 51.26),
    "entropy": (1.71, 0.26),
}
BAN = {
    "teacher": (18.25, 17.69, 17.16, 16.87),
    "ban": (16.95, 16.69, 16.36, 16.0),
    "ban+l": (17.68, 16.93, 16.5, 16.41),
    "cwtm": (17.84, 17.42, 17.16, 17.12),
    "dkpp": (17.84, 17.43, 16.84, 16.34),
    "ban-1": (17.61, 16.62, 16.26, 16.13),
    "ban-2": (17.22, 16.44, 16.3, 16.13),
    "ensemble of 2": (15.77, 15.39, 15.46, 15.13),
    "ensemble of 3": (15.68, 15.74, 15.14, 14.9),
    "cifar10 teacher": (6.69, 5.06, 4.13, 3.77, 3.84, 3.81, 3.48, 3.37),
    "cifar10 ban": (6.64, 4.86, 4.03, 3.86, 3.61, 3.5, 3.49, 3.54),
    "language teacher": (80.05, 71.87),
    "language ban+l": (76.97, 68.56),
    "wrn teacher": (30.05, 25.32, 20.88, 19.08),
    "wrn ban": (29.43, 24.38, 20.93, 18.25),
    "wrn to densenet": (24.93, 18.49, 17.52, 16.79),
}
APPRENTICE = {  # all of it quoted
    "ternary": 33.4,
    "ternary, A": 31.5,
    "full": 23.8,
    "8A 4W": 28.5,
    "8A 4W, A or B": 25.5,
    "8A 4W, C": 25.1,
    "32A 2W, A or B": 25.3,
    "32A 2W, C": 24.7,
    "epochs, A": 105,
    "epochs, B": (80, 85),
}
ONE = {
    "T": 3,
    "alone": 25.33,
    "one": 21.62,
    "imagenet": (30.48, 29.45),
    "no distillation": 24.73,
    "no distillation, more": 3.11,
    "no sharing, more": 0.83,
    "no sharing, cost": 83,
    "no gate, more": 0.64,
}
KNOWN = {
    "hinton": HINTON,
    "fitnets": FITNETS,
    "fsp": FSP,
    "net2net": {"rate": 0.1},
    "dml": DML,
    "ban": BAN,
    "apprentice": APPRENTICE,
    "one": ONE,
}


def test_only_these_papers_have_figures():
    assert set(papers.FIGURES) == set(KNOWN)


@pytest.mark.parametrize(("paper", "known"), KNOWN.items())
def test_the_figures_of_a_paper(paper, known):
    assert {key: figure.value for key, figure in papers.FIGURES[paper].items()} == known


@pytest.mark.parametrize("key", NETS)
def test_a_mean_of_three_nets_is_one(key):
    assert (
        abs(sum(NETS[key]) / 3 - papers.reported("fsp", key).value) <= 0.01
    )  # cut or rounded


def test_the_figures_agree_with_each_other():
    """Arithmetic the paper itself invites: 14 errors of 1,010 are 98.6 % right."""
    wrong = papers.reported("hinton", "no 3, corrected, on 3s")
    assert (
        round(100 * (1 - wrong.value / wrong.of), 1)
        == papers.reported("hinton", "no 3, corrected, right").value
    )
    below, above = papers.reported("hinton", "specialists top-1").value
    assert (
        round(100 * (above / below - 1), 1)
        == papers.reported("hinton", "specialists gain").value
    )


@pytest.mark.parametrize(
    ("paper", "key"),
    [(paper, key) for paper, known in papers.FIGURES.items() for key in known],
)
def test_a_figure_says_where_it_is_from_and_who_quotes_it(paper, key):
    figure = papers.reported(paper, key)
    quoted = key in {
        "hinton": QUOTED,
        "net2net": {"rate"},
        "dml": {"entropy"},
        "apprentice": APPRENTICE,
        "one": set(ONE) - {"T"},
    }.get(paper, ())
    assert figure.mark == ("V2" if quoted else "V1")
    assert ("as quoted by others" in str(figure)) == quoted
    assert figure.source and figure.what and str(figure).endswith(f"({figure.source})")


def test_what_the_text_of_born_again_networks_says_beyond_its_tables():
    """Three of eight rows on CIFAR-10 are worse than their teacher; CWTM ties where it
    is said to help; seeds differ by 0.66.
    """
    value = {key: papers.reported("ban", key).value for key in papers.FIGURES["ban"]}
    assert (
        sum(b > a for a, b in zip(value["cifar10 teacher"], value["cifar10 ban"])) == 3
    )
    assert (
        value["cwtm"][2] == value["teacher"][2]
        and value["cwtm"][3] > value["teacher"][3]
    )
    assert max(
        abs(a - b) for a, b in zip(value["ban"], value["ban-1"])
    ) == pytest.approx(0.66)


def test_what_others_say_of_apprentice_fits_its_figures():
    """Scheme C is said to end 0.9 and 1.3 points from full precision."""
    value = {
        key: papers.reported("apprentice", key).value
        for key in papers.FIGURES["apprentice"]
    }
    assert value["32A 2W, C"] - value["full"] == pytest.approx(0.9) and value[
        "8A 4W, C"
    ] - value["full"] == pytest.approx(1.3)


def test_a_figure_prints_as_a_clause():
    assert (
        str(papers.reported("hinton", "distilled"))
        == "the paper reports 74 errors of 10,000 (section 3)"
    )
    assert (
        str(papers.reported("hinton", "no 3, on 3s"))
        == "the paper reports 133 errors on test 3s of 1,010 (section 3)"
    )
    assert "1, 2, 5 and 10 as" in str(papers.reported("hinton", "speech T"))
    quoted = "the paper, as quoted by others, reports 10.7 % word error (table 1)"
    assert str(papers.reported("hinton", "speech distilled WER")) == quoted


@pytest.mark.parametrize(
    ("paper", "key"),
    [("hinton", "best speech T"), ("ensemblenet", "accuracy"), ("ffl", "big")],
)
def test_what_is_not_verified_is_not_available_and_gives_no_number(paper, key):
    with pytest.raises(ValueError, match="not available") as error:
        papers.reported(paper, key)
    assert "74" not in str(error.value)


SURVEYED = {"fitnets", "hinton", "fsp", "net2net", "dml"} | {
    "ban",
    "apprentice",
    "ffl",
    "one",
    "ensemblenet",
}


def test_the_ten_papers_and_those_of_further_methods():
    assert set(papers.PAPERS) >= SURVEYED
    assert set(papers.PAPERS) - SURVEYED <= set(methods.__all__)
    assert set(papers.FIGURES) <= set(papers.PAPERS)


def test_identifiers_are_ones():
    cited = [paper for paper in papers.PAPERS.values() if paper.arxiv]
    numbers = [paper.arxiv for paper in cited]
    assert all(re.fullmatch(r"\d{4}\.\d{4,5}", number) for number in numbers)
    assert len(set(numbers)) == len(papers.PAPERS) - 1  # FSP has none
    for paper in cited:
        # its first digits are the year and month: none is newer than the venue
        assert 2000 + int(paper.arxiv[:2]) <= paper.year


@pytest.mark.parametrize("paper", papers.PAPERS)
def test_a_citation_is_one_line(paper):
    line = papers.cite(paper)
    known = papers.PAPERS[paper]
    assert (
        "\n" not in line
        and known.authors in line
        and known.title in line
        and str(known.year) in line
    )
    assert (f"arXiv {known.arxiv}" in line) if known.arxiv else ("arXiv" not in line)


def test_cite():
    reference = "Zhang, Xiang, Hospedales, Lu. Deep Mutual Learning. CVPR 2018, arXiv 1706.00384"
    assert papers.cite("dml") == reference
    with pytest.raises(
        ValueError, match=r"'nobody' is not among the surveyed papers.*'ban'"
    ):
        papers.cite("nobody")
    with pytest.raises(ValueError, match="not among the surveyed"):
        papers.reported("nobody", "big")


def test_what_one_loses_without_its_divergence_is_a_difference():
    value = {key: figure.value for key, figure in papers.FIGURES["one"].items()}
    assert value["no distillation"] - value["one"] == pytest.approx(
        value["no distillation, more"]
    )
