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
        "stdtrit(n - 1, (1 +",
        "stdtrit(10**9, (1 +",
    ),
    Fault(
        "one degree of freedom too many",
        "verdicts.py",
        "stdtrit(n - 1, (1 +",
        "stdtrit(n, (1 +",
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
        "if low > margin:",
        "if low > 0:",
    ),
    Fault(
        "the mean decides",
        "verdicts.py",
        "if low > margin:",
        "if effect > margin:",
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
        "[values[seed] for seed in seeds] for values",
        "list(values.values()) for values",
    ),
    Fault(
        "unpaired seeds accepted",
        "verdicts.py",
        "set(values_a) ^ set(values_b)",
        "set(values_b) - set(values_a)",
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
        "groups.mean().rename",
        "groups.first().rename",
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
