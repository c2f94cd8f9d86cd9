"""What notebook 13 draws and lists: accuracies of what each method serves, beside what an
answer and a training cost.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from kdsurvey import plots
from kdsurvey.intervals import of_mean
from kdsurvey.lessons.ensemblenet.budgets import (
    ALONE,
    ARMS,
    BUDGETS,
    CONFIG,
    SETTINGS,
    cost,
    epochs,
)
from kdsurvey.lessons.ensemblenet.claims import all_of, best, equal_steps
from kdsurvey.lessons.rows import at, columns, spread
from kdsurvey.lessons.what_would_you_pick.served import (
    Answer,
    answers,
    latency,
    net_of,
)
from kdsurvey.pictures import (
    Axis,
    Chart,
    Picture,
    Points,
    Rule,
    Table,
    Text,
    between_rows,
    row_axis,
)
from kdsurvey.pictures.palette import FAINT, roles

# there are eight arms
COLOURS = (*plots.COLOURS, "#777777")
MARKERS = (*plots.MARKERS, "*")
ROLES = dict(zip(ARMS, roles(list(ARMS))))
ROW = 25  # CSS pixels of an answer


def tried(
    rows: pd.DataFrame, budget: int, lr: float, decay: float, arms: Sequence[str]
) -> pd.DataFrame | None:
    """Return recorded runs of one budget and setting, as what is served: one net of each
    arm, and all its branches as "DML, together"; None where that was not recorded.

    arms: the answers wanted, in their order.
    """
    setting = _setting(lr, decay)
    same = rows[(rows["budget"] == budget) & (rows["setting"] == setting)]
    if same.empty:
        return None
    single = same.assign(accuracy=same["branch 0"])
    several = same.assign(arm=same["arm"].map(all_of), accuracy=same["average"])
    served = pd.concat([single, several])
    return pd.concat([at(served, arm=arm) for arm in arms], ignore_index=True)


def _setting(lr: float, decay: float) -> str | None:
    """Return the name of a setting with this rate and weight decay; None for no other."""
    for name, changes in SETTINGS.items():
        rate = changes.get("lr", CONFIG.lr)
        if np.isclose([lr, decay], [rate, changes.get("weight_decay", 0.0)]).all():
            return name
    return None


def equal(rows: pd.DataFrame) -> Picture:
    """Draw the one net served of each arm after equally many epochs, a dot a seed."""
    runs = equal_steps(rows)
    marks, words = [], []
    for k, arm in enumerate(ARMS):
        values = 100 * at(runs, arm=arm)["accuracy"].to_numpy(float)
        marks += _seeds(k, COLOURS[ROLES[arm]], values)
        words.append(f"{arm} {values.mean():.1f}")
    title = "One net served, after equally many epochs"
    chart = Chart(
        marks,
        Axis("test accuracy (%); a dot a seed, a bar their mean"),
        row_axis(list(ARMS)),
        title=title,
    )
    about = f"{title}, mean test accuracy (%): {'; '.join(words)}."
    return Picture({"equal": chart}, width=690, height=70 + 34 * len(ARMS), about=about)


def _seeds(k: int, colour: str, values: np.ndarray) -> list:
    """Return the dots of an arm in row k, and a bar through their mean."""
    dots = Points(
        values, [k] * len(values), marker="o", size=7, alpha=0.7, colour=colour
    )
    mean = values.mean()
    return [dots, Text(mean, k, "|", ha="center", va="center", bold=True, size=20)]


def priced(rows: pd.DataFrame, budget: int, images: int = 1) -> Picture:
    """Draw the accuracy of everything that can be served, at its best within a training
    budget, beside what an answer costs: multiply-adds, bytes, and the time that one to so
    many images takes here and now.

    The accuracies are recorded, mean and 95 % interval; the times are measured.
    """
    served = answers()
    accuracies = accuracies_of(best_tries(rows, budget), served)
    times = [latency(net_of(answer.arm, answer.joint), images) for answer in served]
    costs = {
        "multiply-adds (1000s)": [answer.adds / 1e3 for answer in served],
        "kilobytes": [answer.bytes / 1e3 for answer in served],
        f"ms for {images}, here": times,
    }
    charts = {"accuracy": accuracy_chart(served, accuracies)}
    charts |= {name: cost_chart(served, name, values) for name, values in costs.items()}
    lines = [
        f"{answer.name}: {accuracies[answer.name].mean():.1f} %, {answer.adds / 1e3:.0f} "
        f"thousand multiply-adds, {answer.bytes / 1e3:.0f} kB, took {time:.2f} ms"
        for answer, time in zip(served, times)
    ]
    about = f"Within a budget of {budget} epochs of one net: {'; '.join(lines)}."
    return Picture(
        charts,
        mosaic=[list(charts)],
        widths=(2.2, 1, 1, 1),
        width=1000,
        height=90 + ROW * len(served),
        about=about,
        tables=[_table(served, accuracies, times, images)],
    )


def best_tries(rows: pd.DataFrame, budget: int) -> dict[bool, pd.DataFrame]:
    """Return the runs of each arm's best try within the budget, by whether all its
    branches answer together.
    """
    return {joint: best(rows, budget, joint) for joint in (False, True)}


def accuracies_of(
    tries: Mapping[bool, pd.DataFrame], served: Sequence[Answer]
) -> dict[str, np.ndarray]:
    """Return name -> (seeds,), the test accuracies in per cent of what is served.

    tries: what `best_tries` returned.
    """
    accuracies = {}
    for answer in served:
        column, _ = _answer(answer.joint)
        runs = at(tries[answer.joint], arm=answer.arm).sort_values("seed")
        accuracies[answer.name] = 100 * runs[column].to_numpy(float)
    return accuracies


def accuracy_chart(
    served: Sequence[Answer],
    accuracies: Mapping[str, np.ndarray],
    affordable: Sequence[bool] | None = None,
) -> Chart:
    """Draw mean and 95 % interval of each answer, a row each; one net filled, all together
    hollow, and faint what is not affordable.
    """
    within = affordable or [True] * len(served)
    marks: list = []
    for k, (answer, may) in enumerate(zip(served, within)):
        values = accuracies[answer.name]
        low, high = of_mean(values, 0.95)
        look = _look(answer) | ({} if may else {"colour": FAINT})
        half = [(high - low) / 2]
        marks.append(Points([values.mean()], [k], spread=half, across=True, **look))
    return Chart(
        [*marks, *between_rows(len(served))],
        Axis("test accuracy (%), 95 % interval"),
        row_axis([answer.name for answer in served]),
        title="Accuracy",
    )


def _look(answer: Answer) -> dict:
    role = ROLES[answer.arm]
    return {
        "colour": COLOURS[role],
        "marker": MARKERS[role],
        "hollow": answer.joint,
        "size": 9,
    }


def cost_chart(
    served: Sequence[Answer], name: str, values: Sequence[float], *more: Rule
) -> Chart:
    """Draw one of the costs of each answer, from 0; more: other marks."""
    marks: list = [
        Points([value], [k], **_look(answer))
        for k, (answer, value) in enumerate(zip(served, values))
    ]
    return Chart(
        [*marks, *more, *between_rows(len(served))],
        Axis(name, (0, 1.15 * max(values)), most=4),
        Axis("", (len(served) - 0.5, -0.5), ticks=(), shown=False),
        title="",
    )


def _table(
    served: Sequence[Answer],
    accuracies: dict[str, np.ndarray],
    times: Sequence[float],
    images: int,
) -> Table:
    head = ["", "accuracy, %", "multiply-adds", "bytes", f"ms for {images}"]
    lines = [
        [
            answer.name,
            f"{accuracies[answer.name].mean():.1f}",
            f"{answer.adds:,}",
            f"{answer.bytes:,}",
            f"{time:.2f}",
        ]
        for answer, time in zip(served, times)
    ]
    return Table("What is served, the cheapest first", head, lines)


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
    columns(rows, "budget")
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


def over_budgets(rows: pd.DataFrame) -> Picture:
    """Draw one net served at every budget, mean and s.d., arms side by side."""
    marks, words, budgets = [], [], _budgets(rows)
    for k, (arm, values) in enumerate(by_budget(rows).items()):
        mean = values.mean(0)
        places = np.arange(len(budgets)) + (k - len(ARMS) / 2 + 0.5) * 0.09
        points = Points(
            places,
            mean,
            spread=values.std(0, ddof=1),
            marker=MARKERS[ROLES[arm]],
            colour=COLOURS[ROLES[arm]],
            size=8,
            legend=arm,
        )
        marks.append(points)
        words.append(f"{arm} {', '.join(f'{v:.1f}' for v in mean)}")
    x = "training budget (as many epochs of one net)"
    chart = Chart(
        marks,
        Axis(x, ticks=range(len(budgets)), names=budgets),
        Axis("test accuracy (%)"),
        title="One net served",
        legend="right",
    )
    about = (
        f"Test accuracy (%) of one net served, within training budgets of "
        f"{', '.join(map(str, budgets))} epochs of one net: {'; '.join(words)}."
    )
    return Picture({"training": chart}, width=860, height=400, about=about)
