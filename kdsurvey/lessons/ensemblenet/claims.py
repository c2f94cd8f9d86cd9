"""What notebook 12 reads off methods at equal training multiply-adds: the best try
within a budget, verdicts, a picture.
"""

import numpy as np
import pandas as pd

from kdsurvey import plots, verdicts
from kdsurvey.lessons.ensemblenet.budgets import (
    ALONE,
    ARMS,
    BUDGETS,
    SETTINGS,
    SMOOTH,
    cost,
    epochs,
)
from kdsurvey.pictures import Axis, Chart, Line, Picture, Points
from kdsurvey.verdicts import Verdict, judge_rows

# on test, on validation images
ONE_ANSWERS = ("accuracy", "validation accuracy")
ALL_ANSWER = ("average", "validation average")
EPOCHS = 15  # of every arm where steps are equal
# there are eight arms
COLOURS = (*plots.COLOURS, "#777777")
MARKERS = (*plots.MARKERS, "*")


def best(rows: pd.DataFrame, budget: int, joint: bool = False) -> pd.DataFrame:
    """Of all tries within the budget an arm's best on validation images, for one served
    net or, `joint`, for the mean of all.
    """
    tries = rows[rows["budget"] <= budget]
    tries = tries.assign(
        tried=tries["setting"] + ", " + tries["epochs"].astype(str) + " epochs"
    )
    return verdicts.chosen(
        tries, "tried", column=(ALL_ANSWER if joint else ONE_ANSWERS)[1]
    )


def equal_steps(rows: pd.DataFrame, joint: bool = False) -> pd.DataFrame:
    """The best of those tries of an arm that make 15 epochs, whatever they cost; the
    default rate, which not all have, is out.
    """
    tries = rows[(rows["epochs"] == EPOCHS) & (rows["setting"] != next(iter(SETTINGS)))]
    return verdicts.chosen(
        tries, "setting", column=(ALL_ANSWER if joint else ONE_ANSWERS)[1]
    )


def above(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *names: str,
    where: str,
    claim: str = "P10",
    joint: str = "",
) -> Verdict:
    """The claim that the first of two arms, each with its rows, is above the second;
    `joint`: which of them answer together.

    joint: "" for none, "a" for the first or "ab" for both. where: ends the line.
    """
    parts = [rows[rows["arm"] == arm] for rows, arm in zip((a, b), names)]
    columns = [ALL_ANSWER[0] if which in joint else ONE_ANSWERS[0] for which in "ab"]
    named = [
        f"{arm}, together" if which in joint and arm != ALONE else arm
        for which, arm in zip("ab", names)
    ]
    pair = [
        part[["seed"]].assign(arm=side, share=part[column])
        for side, part, column in zip("ab", parts, columns)
    ]
    return judge_rows(
        claim,
        pd.concat(pair),
        "share",
        a="a",
        b="b",
        what=f"{named[0]} - {named[1]}, {where}",
    )


def served(
    rows: pd.DataFrame, budget: int, *arms: str, than: str = ALONE
) -> list[Verdict]:
    """O10: within the budget the one net that an arm serves is above one net of arm `than`."""
    kept = best(rows, budget)
    return [
        above(kept, kept, arm, than, where=f"budget {budget}", claim="O10")
        for arm in arms
    ]


def together(
    rows: pd.DataFrame, budget: int, *arms: str, than: str = ALONE
) -> list[Verdict]:
    """O12: within the budget the branches of an arm together are above one net of arm
    `than`, or above those of another arm.
    """
    kept, joint = best(rows, budget), best(rows, budget, joint=True)
    others = (kept, "a") if than in (ALONE, SMOOTH) else (joint, "ab")
    return [
        above(
            joint,
            others[0],
            arm,
            than,
            where=f"budget {budget}",
            claim="O12",
            joint=others[1],
        )
        for arm in arms
    ]


def claims(rows: pd.DataFrame) -> list[Verdict]:
    """O10 and O12 in short: methods beside one net at the least and at the middle budget."""
    methods = ARMS[2:7]
    return [
        *served(rows, BUDGETS[0], *methods[1:]),
        *served(rows, BUDGETS[1], SMOOTH, *methods[1:]),
        *together(rows, BUDGETS[1], *methods),
        *together(rows, BUDGETS[1], "DML", "ONE", "EnsembleNet", than=methods[0]),
    ]


def table(rows: pd.DataFrame, joint: bool = False) -> pd.DataFrame:
    """One line an arm: accuracy in per cent at its best within each budget, what an
    answer costs, what it chose and spent.
    """
    kept, (column, _), price = (
        {b: best(rows, b, joint) for b in _budgets(rows)},
        *_looked_at(joint),
    )
    lines = {}
    for arm in ARMS:
        runs = {budget: of[of["arm"] == arm] for budget, of in kept.items()}
        last = runs[max(runs)].iloc[0]
        lines[arm] = {
            f"budget {budget}, %": _said(of[column]) for budget, of in runs.items()
        }
        lines[arm] |= {
            "an answer, 1000s": round(last[price] / 1e3),
            "its best try": f"{last['setting']}, {_epochs(last['epochs'])}",
        }
    return pd.DataFrame(lines).T


def table_of_equal_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """One line an arm: accuracies in per cent after 15 epochs of its own, and the
    multiply-adds of the training.
    """
    single, joint = equal_steps(rows), equal_steps(rows, joint=True)
    lines = {}
    for arm in ARMS:
        one, all_ = (of[of["arm"] == arm] for of in (single, joint))
        spent = f"{one['training'].mean() / 1e9:.1f}"
        lines[arm] = {
            "one net, %": _said(one["accuracy"]),
            "all, %": _said(all_["average"]),
            "training, 10^9": spent,
        }
    return pd.DataFrame(lines).T


def prices() -> pd.DataFrame:
    """What an arm's step costs for each image, there and back, and how many epochs of
    it each budget allows.
    """
    lines = {
        arm: {
            "a step, 1000s": round(cost(arm) / 1e3),
            "of one net": f"{cost(arm) / cost(ALONE):.2f}",
        }
        | {f"budget {budget}": _epochs(epochs(arm, budget)) for budget in BUDGETS}
        for arm in ARMS
    }
    return pd.DataFrame(lines).T


def _budgets(rows: pd.DataFrame) -> list[int]:
    """Those of BUDGETS that were recorded."""
    return [budget for budget in BUDGETS if budget in set(rows["budget"])]


def _looked_at(joint: bool) -> tuple[tuple[str, str], str]:
    """Accuracy on test and on validation images, and multiply-adds, of one net or of all."""
    return (ALL_ANSWER, "all answer") if joint else (ONE_ANSWERS, "one answers")


def _epochs(n: int) -> str:
    return f"{n} epoch" if n == 1 else f"{n} epochs"


def _said(shares: pd.Series) -> str:
    return f"{100 * shares.mean():.1f} ± {100 * shares.std():.1f}"


def by_budget(rows: pd.DataFrame, joint: bool = False) -> dict[str, np.ndarray]:
    """(seeds, budgets) of each arm: test accuracy in per cent at its best within each budget."""
    kept, ((column, _), _) = (
        [best(rows, budget, joint) for budget in _budgets(rows)],
        _looked_at(joint),
    )

    def of(arm: str) -> np.ndarray:
        return np.stack(
            [
                100 * found[found["arm"] == arm].sort_values("seed")[column]
                for found in kept
            ],
            1,
        )

    return {arm: of(arm) for arm in ARMS}


def picture(rows: pd.DataFrame, budget: int) -> Picture:
    """Draw accuracy against the training budget, and within one budget against serving.

    On the left the one net that is served; on the right one net and all together.
    """
    left, trained = _training(rows)
    right, served = _serving(rows, budget)
    words = f"one net served, {trained}; within a budget of {budget} epochs, {served}"
    about = f"Accuracy on test images (%) against costs in multiply-adds: {words}."
    charts = {"training": left, "serving": right}
    return Picture(charts, width=1104, height=442, about=about)


def _training(rows: pd.DataFrame) -> tuple[Chart, str]:
    """Draw one net served at every budget, mean and s.d., arms side by side; and in words."""
    marks, words, budgets = [], [], _budgets(rows)
    for k, (arm, values) in enumerate(by_budget(rows).items()):
        mean = values.mean(0)
        places = np.arange(len(budgets)) + (k - len(ARMS) / 2 + 0.5) * 0.09
        look = {"marker": MARKERS[k], "colour": COLOURS[k], "size": 8}
        marks.append(Points(places, mean, spread=values.std(0, ddof=1), **look))
        words.append(f"{arm} {', '.join(f'{v:.1f}' for v in mean)}")
    x = "training budget (as many epochs of one net)"
    chart = Chart(
        marks,
        Axis(x, ticks=range(len(budgets)), names=budgets),
        Axis("test accuracy (%)"),
        title="One net served",
    )
    epochs = f"training budgets of {', '.join(map(str, budgets))} epochs of one net"
    return chart, f"{epochs}: {'; '.join(words)}"


def _serving(rows: pd.DataFrame, budget: int) -> tuple[Chart, str]:
    """Draw one net, filled, and all together, hollow, against the cost of an answer.

    Returns the same in words too: where they lie.
    """
    marks, words = [], []
    for k, arm in enumerate(ARMS):
        points = _served(rows, budget, arm)
        one, together = points
        look = {"marker": MARKERS[k], "colour": COLOURS[k], "size": 10}
        between = {"marker": "", "style": ":", "colour": COLOURS[k], "width": 1.3}
        marks += [
            Line(*zip(*points), **between),
            Points(*zip(one), **look),
            Points(*zip(together), hollow=True, legend=arm, **look),
        ]
        several = together[0] != one[0]
        places = [f"{y:.1f} % for {x:.0f}" for x, y in points]
        words.append(f"{arm}: {' and '.join(places if several else places[:1])}")
    chart = Chart(
        marks,
        Axis("multiply-adds of an answer (thousands)"),
        Axis("test accuracy (%)"),
        title=f"One net, and all together: budget {budget}",
        legend="right",
        heading="filled: one net\nhollow: all",
    )
    return chart, f"thousands for an answer: {'; '.join(words)}"


def _served(rows: pd.DataFrame, budget: int, arm: str) -> list[tuple[float, float]]:
    """Return (thousands of multiply-adds, accuracy in %) of one net and of all together."""
    points = []
    for joint in (False, True):
        (column, _), price = _looked_at(joint)
        chosen = best(rows, budget, joint)
        chosen = chosen[chosen["arm"] == arm]
        points.append((chosen[price].iloc[0] / 1e3, 100 * chosen[column].mean()))
    return points
