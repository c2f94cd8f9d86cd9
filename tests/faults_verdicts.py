"""Planted faults that `test_verdicts.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "one-sided interval",
        "verdicts.py",
        "(1 + confidence) / 2",
        "confidence",
    ),
    Fault(
        "normal in place of t",
        "verdicts.py",
        "(1 + confidence) / 2, n - 1)",
        "(1 + confidence) / 2, 10**9)",
    ),
    Fault(
        "one degree of freedom too many",
        "verdicts.py",
        "(1 + confidence) / 2, n - 1)",
        "(1 + confidence) / 2, n)",
    ),
    Fault(
        "deviation over n",
        "verdicts.py",
        ".std(ddof=1)",
        ".std(ddof=0)",
    ),
    Fault(
        "margin ignored",
        "verdicts.py",
        '"HOLDS" if low > margin',
        '"HOLDS" if low > 0',
    ),
    Fault(
        "the mean decides",
        "verdicts.py",
        '"HOLDS" if low > margin',
        '"HOLDS" if effect > margin',
    ),
    Fault(
        "never fails",
        "verdicts.py",
        "high < -margin",
        "high < -math.inf",
    ),
    Fault(
        "seeds not paired",
        "verdicts.py",
        "[arm[seed] for seed in seeds] for arm",
        "list(arm.values()) for arm",
    ),
    Fault(
        "unpaired seeds accepted",
        "verdicts.py",
        "set(of_a) ^ set(of_b)",
        "set(of_b) - set(of_a)",
    ),
    Fault(
        "choice: the worst setting",
        "verdicts.py",
        "ascending=least",
        "ascending=not least",
    ),
    Fault(
        "choice: of equals the last",
        "verdicts.py",
        "best = means.sort_values(",
        "best = means[::-1].sort_values(",
    ),
    Fault(
        "choice: one for all arms",
        "verdicts.py",
        "isin(kept)",
        "get_level_values(-1).isin(kept.get_level_values(-1))",
    ),
    Fault(
        "choice: the first of the rows in place of the mean",
        "verdicts.py",
        "[column].mean().rename",
        "[column].first().rename",
    ),
    Fault(
        "choice: no value is a value",
        "verdicts.py",
        'if best["mean"].isna().any()',
        "if False",
    ),
    Fault(
        "chosen rows forget what made them",
        "verdicts.py",
        "table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)",
        "table = pd.DataFrame(rows)",
    ),
]
