"""Planted faults that `test_records.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "numbers that are too large are read",
        "records.py",
        "if not math.isfinite(number):",
        "if False:",
    ),
    Fault(
        "a header of another kind is read",
        "records.py",
        "if tables or words:",
        "if False:",
    ),
    Fault(
        "seconds may be words",
        "records.py",
        'return plain and ranges.weight(run.get("seconds"))',
        'return plain and "seconds" in run',
    ),
    Fault(
        "a silent bar silences the next ones",
        "progress.py",
        "if not self.disable:",
        "if True:",
    ),
    Fault(
        "a bar that is over is closed under its page",
        "progress.py",
        "super().display(msg, pos, **options)",
        "super().display(msg, pos, close, **options)",
        also="test_progress.py",
    ),
    Fault(
        "rows of other settings join",
        "records.py",
        "kept.refuse_others(header, path)",
        "pass",
    ),
    Fault(
        "several recorders at once lose rows",
        "records.py",
        "with _lock(path):",
        "if True:",
    ),
    Fault(
        "a seed again doubles its rows",
        "records.py",
        '[row for row in self.rows if row["seed"] != seed] + rows',
        "self.rows + rows",
    ),
    Fault(
        "new rows go beside the package",
        "records.py",
        "Path(folder or results_dir())",
        "Path(folder or SHIPPED)",
    ),
    Fault(
        "functions among settings lose what they enclose",
        "provenance.py",
        "getclosurevars(function).nonlocals if isfunction(function) else {}",
        "{}",
    ),
    Fault(
        "partial functions among settings lose their arguments",
        "provenance.py",
        "arguments | value.keywords",
        "arguments",
    ),
    Fault(
        "lambdas among settings are all alike",
        "provenance.py",
        "name = lambda_text(function)",
        "name = 'lambda'",
    ),
    Fault(
        "the versions are not those of the seed",
        "records.py",
        'table.attrs["versions"] = _agreed([run["versions"] for run in runs])',
        'table.attrs["versions"] = provenance.versions()',
    ),
    Fault(
        "changes since the commit are hidden",
        "provenance.py",
        '("-dirty" if changed else "")',
        '""',
    ),
    Fault(
        "an experiment runs where nothing can be written",
        "records.py",
        "refuse_unwritable(path, ELSEWHERE)",
        "pass",
    ),
    Fault(
        "a full disk is blamed on the folder of data",
        "records.py",
        "with replacing(path, ELSEWHERE) as file:",
        "with replacing(path) as file:",
    ),
    Fault("a part of a seed is read", "records.py", "if apart:", "if False:"),
    Fault(
        "what is no number is recorded",
        "records.py",
        "allow_nan=False",
        "allow_nan=True",
    ),
    Fault(
        "what is no number is read",
        "records.py",
        "parse_constant=_refuse_constant",
        "parse_constant=None",
    ),
    Fault(
        "the collected experiments can be changed",
        "lessons/__init__.py",
        "return dict(_collected())",
        "return _collected()",
    ),
    Fault(
        "settings are copied at every step",
        "records.py",
        'memo: dict) -> "_Shared":\n        return self',
        'memo: dict) -> "_Shared":\n        return _Shared(self)',
    ),
    Fault(
        "seconds are copied at every step",
        "records.py",
        '("parts", "settings", "versions", "seconds")',
        '("parts", "settings", "versions")',
    ),
]
