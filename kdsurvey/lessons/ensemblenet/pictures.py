"""What notebook 12 draws and lists: accuracy and diversity against lambda, sizes, and
what methods are worth at equal training multiply-adds.
"""

from functools import partial

import numpy as np
import pandas as pd

from kdsurvey import nets, plots
from kdsurvey.branches import Mixed
from kdsurvey.lessons.branched_nets import parted, serving_cost, small
from kdsurvey.lessons.ensemblenet.budgets import ALONE, ARMS, BUDGETS, cost, epochs
from kdsurvey.lessons.ensemblenet.claims import RATE, SLOW, best, equal_steps
from kdsurvey.lessons.ensemblenet.experiments import LAMBDAS, name, thin
from kdsurvey.lessons.rows import at, spread
from kdsurvey.pictures import Axis, Chart, Line, Picture, Points

COLUMNS = ["heads, %", "ensemble, %", "heads, train, %", "diversity, 1/100 nat"]
RECORDED = ["accuracy", "together", "train accuracy", "diversity"]  # as rows call them
TICKS = [8, 9, 10, 12, 15, 20, 30]  # of an axis of errors
# there are eight arms
COLOURS = (*plots.COLOURS, "#777777")
MARKERS = (*plots.MARKERS, "*")


def in_percent(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the columns COLUMNS, for tables: accuracies on test images in
    per cent, diversity in hundredths of a nat.
    """
    return rows.assign(**{to: 100 * rows[of] for to, of in zip(COLUMNS, RECORDED)})


def sweep(rows: pd.DataFrame) -> Picture:
    """Draw errors of heads and ensemble, and the diversity of the heads, against lambda.

    Means over seeds at two rates.
    """
    series: dict[str, dict] = {"error": {}, "diversity": {}}
    columns = ["accuracy", "together", "diversity"]
    for rate in (RATE, SLOW):
        means = at(rows, rate=rate).groupby("arm")[columns].mean()
        means = means.loc[[name(lam) for lam in LAMBDAS]]
        series["error"][f"heads, {rate}"] = 100 - 100 * means["accuracy"]
        series["error"][f"ensemble, {rate}"] = 100 - 100 * means["together"]
        series["diversity"][rate] = means["diversity"]
    lines = partial(plots.lines, LAMBDAS, logy=True, numbers=True)
    labels = "Errors", "lambda", "test error (%)"
    left = lines(series["error"], *labels, yticks=TICKS)
    labels = "Diversity", "lambda", "mean KL(q || q_i) (nats)"
    right = lines(series["diversity"], *labels)
    about = f"{left.about} {right.about}"
    return plots.beside([left, right], about, width=10.5, height=3.8)


def sizes(seed: int = 0) -> pd.DataFrame:
    """Count weights, and multiply-adds of an answer, of one net, of three heads like it
    on its trunk, of thin heads, and of one thin net.
    """
    heads = thin(seed)
    counted = {
        "one net": small(seed),
        "three heads": Mixed(parted(seed), None),
        "three thin heads": Mixed(heads, None),
        "one thin net": heads[0],
    }
    lines = {
        arm: {"weights": nets.parameters(net), "multiply-adds": serving_cost(net)}
        for arm, net in counted.items()
    }
    return pd.DataFrame(lines).T


def prices() -> pd.DataFrame:
    """List what an arm's step costs for each image, there and back, and how many epochs
    of it each budget allows.
    """
    lines = {}
    for arm in ARMS:
        lines[arm] = {
            "a step, 1000s": round(cost(arm) / 1e3),
            "of one net": f"{cost(arm) / cost(ALONE):.2f}",
        }
        for budget in BUDGETS:
            lines[arm][f"budget {budget}"] = _counted(epochs(arm, budget))
    return pd.DataFrame(lines).T


def table(rows: pd.DataFrame, joint: bool = False) -> pd.DataFrame:
    """List for each arm its accuracy in per cent at its best within each budget, what an
    answer costs, and which try was best.

    joint: of the mean of all branches, not of one net served.
    """
    column, price = _answer(joint)
    kept = {budget: best(rows, budget, joint) for budget in _budgets(rows)}
    lines = {}
    for arm in ARMS:
        runs = {budget: at(chosen, arm=arm) for budget, chosen in kept.items()}
        last = runs[max(runs)].iloc[0]
        line = {
            f"budget {budget}, %": spread(run[column]) for budget, run in runs.items()
        }
        line["an answer, 1000s"] = round(last[price] / 1e3)
        line["its best try"] = f"{last['setting']}, {_counted(last['epochs'])}"
        lines[arm] = line
    return pd.DataFrame(lines).T


def table_of_equal_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """List for each arm its accuracies in per cent after 15 epochs of its own, and the
    multiply-adds of the training.
    """
    single, joint = equal_steps(rows), equal_steps(rows, joint=True)
    lines = {}
    for arm in ARMS:
        one, together = at(single, arm=arm), at(joint, arm=arm)
        lines[arm] = {
            "one net, %": spread(one["accuracy"]),
            "all, %": spread(together["average"]),
            "training, 10^9": f"{one['training'].mean() / 1e9:.1f}",
        }
    return pd.DataFrame(lines).T


def _budgets(rows: pd.DataFrame) -> list[int]:
    """Return those of BUDGETS that were recorded."""
    return [budget for budget in BUDGETS if budget in set(rows["budget"])]


def _answer(joint: bool) -> tuple[str, str]:
    """Name the columns of an answer's accuracy on test images and of its multiply-adds."""
    return ("average", "all answer") if joint else ("accuracy", "one answers")


def _counted(n: int) -> str:
    return f"{n} epoch" if n == 1 else f"{n} epochs"


def by_budget(rows: pd.DataFrame, joint: bool = False) -> dict[str, np.ndarray]:
    """Return arm -> (seeds, budgets): test accuracy in per cent at its best within each
    budget.
    """
    column, _ = _answer(joint)
    kept = [best(rows, budget, joint).sort_values("seed") for budget in _budgets(rows)]
    return {
        arm: np.stack([100 * at(chosen, arm=arm)[column] for chosen in kept], 1)
        for arm in ARMS
    }


def trade(rows: pd.DataFrame, budget: int) -> Picture:
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
        points = Points(
            places,
            mean,
            spread=values.std(0, ddof=1),
            marker=MARKERS[k],
            colour=COLOURS[k],
            size=8,
        )
        marks.append(points)
        words.append(f"{arm} {', '.join(f'{v:.1f}' for v in mean)}")
    x = "training budget (as many epochs of one net)"
    chart = Chart(
        marks,
        Axis(x, ticks=range(len(budgets)), names=budgets),
        Axis("test accuracy (%)"),
        title="One net served",
    )
    of_one = f"training budgets of {', '.join(map(str, budgets))} epochs of one net"
    return chart, f"{of_one}: {'; '.join(words)}"


def _serving(rows: pd.DataFrame, budget: int) -> tuple[Chart, str]:
    """Draw one net, filled, and all together, hollow, against the cost of an answer.

    Returns the same in words too: where they lie.
    """
    marks, words = [], []
    for k, arm in enumerate(ARMS):
        points = _served(rows, budget, arm)
        one, together = points
        point = partial(Points, marker=MARKERS[k], colour=COLOURS[k], size=10)
        marks += [
            Line(*zip(*points), marker="", style=":", colour=COLOURS[k], width=1.3),
            point(*zip(one)),
            point(*zip(together), hollow=True, legend=arm),
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
        column, price = _answer(joint)
        chosen = at(best(rows, budget, joint), arm=arm)
        points.append((chosen[price].iloc[0] / 1e3, 100 * chosen[column].mean()))
    return points
