"""Functions that a notebook calls with a word answer a wrong one in a sentence, with those
that are alike.
"""

import pandas as pd
import pytest

from kdsurvey import page, panels, plots
from kdsurvey.lessons.born_again import claims as born_again
from kdsurvey.lessons.born_again import experiments
from kdsurvey.lessons.born_again import pictures as generations
from kdsurvey.lessons.ensemblenet import claims as ensemblenet
from kdsurvey.lessons.feature_fusion import pictures as fusion
from kdsurvey.lessons.fitnets import claims as fitnets
from kdsurvey.lessons.fsp import pictures as fsp
from kdsurvey.lessons.low_precision import pictures as low_precision
from kdsurvey.lessons.mutual_learning import pictures as mutual
from kdsurvey.lessons.net2net import pictures as net2net
from kdsurvey.lessons.rows import at, by_seed, percent, table
from kdsurvey.lessons.what_would_you_pick import pictures as pick
from kdsurvey.lessons.what_would_you_pick.served import latency, net_of

ROWS = pd.DataFrame(
    {
        "arm": ["alone", "taught"],
        "seed": [0, 0],
        "labels": ["clean", "clean"],
        "choice": ["short", "short"],
        "budget": [15, 15],
        "setting": ["as it is", "as it is"],
        "accuracy": [0.5, 0.6],
    }
)


CALLS = {
    "labels": (
        lambda toy: experiments.few(toy, 0, "cleen"),
        "no kind of labels 'cleen'",
    ),
    "arm": (lambda toy: experiments.method("Ban", None, None, toy, 0), "mean BAN?"),
    "word": (
        lambda toy: at(ROWS, labels="cleen"),
        "no labels 'cleen'; did you mean cl",
    ),
    "number": (lambda toy: at(ROWS, seed=1), "no seed 1; there are: 0"),
    "column": (lambda toy: at(ROWS, label="clean"), "'label'; did you mean labels?"),
    "arm of rows": (lambda toy: by_seed(ROWS, ["tought"]), "did you mean taught?"),
    "column by seed": (lambda toy: by_seed(ROWS, [], "acuracy"), "mean accuracy?"),
    "share": (lambda toy: percent(ROWS, "acuracy"), "did you mean accuracy?"),
    "across": (lambda toy: table(ROWS, "choise"), "did you mean choice?"),
    "means": (lambda toy: page.means(ROWS, ["acuracy"]), "did you mean accuracy?"),
    "by": (lambda toy: page.means(ROWS, ["accuracy"], by="arms"), "mean arm?"),
    "live": (lambda toy: page.live([3], toy), "list names no net to measure"),
    "label": (lambda toy: page.live({"a": 3}, toy, label="3"), "no test image has"),
    "arms": (lambda toy: plots.arms(ROWS, "acuracy", "", ""), "mean accuracy?"),
    "order": (
        lambda toy: plots.arms(ROWS, "accuracy", "", "", order=["tought"]),
        "mean taught?",
    ),
    "rerun": (lambda toy: panels.rerun("dml_why", "acuracy"), "mean accuracy?"),
    "claims": (lambda toy: born_again.CLAIMS.answer("P6z"), "there is no row 'P6z'"),
    "generations": (lambda toy: generations.by_generation(ROWS, "right"), "'right'"),
    "paper": (
        lambda toy: fsp.beside_the_paper("a small student"),
        "a smaller student?",
    ),
    "fitnets": (lambda toy: fitnets.table(ROWS, "dept"), "no column 'dept'"),
    "grid": (lambda toy: low_precision.grid(ROWS, "tought"), "mean taught?"),
    "gains": (lambda toy: mutual.gains(ROWS, "aloan"), "mean alone?"),
    "than": (lambda toy: fusion.gains(ROWS, [], "x", "shrt"), "did you mean short?"),
    "curves": (lambda toy: net2net.curves(ROWS, ["aloan"], ""), "mean alone?"),
    "budget": (
        lambda toy: ensemblenet.best(ROWS.assign(epochs=1), "15"),
        "budget = '15'; give a whole",
    ),
    "budgets": (lambda toy: pick.over_budgets(ROWS[["arm"]]), "no column 'budget'"),
    "served": (lambda toy: net_of("ONEE"), "no arm 'ONEE'; did you mean ONE?"),
    "latency": (lambda toy: latency(None, "1"), "images = '1', runs = 200; give 1"),
    "pick": (lambda toy: panels.pick(3), "rows of the type int; give a table"),
    "pick rows": (lambda toy: panels.pick(ROWS), "there is no column 'epochs'"),
    "pick limit": (lambda toy: panels.pick(adds="x"), "'x' must lie in [30, 400]"),
    "pick nan": (lambda toy: panels.pick(size=float("nan")), "nan must lie in"),
}


@pytest.mark.parametrize("word", CALLS)
def test_a_wrong_word_is_answered_in_a_sentence(word, toy):
    call, says = CALLS[word]
    with pytest.raises(ValueError) as refusal:
        call(toy)
    assert says in str(refusal.value)
