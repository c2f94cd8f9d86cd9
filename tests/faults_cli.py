"""Planted faults that `test_cli.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "digits of other alphabets are seeds",
        "cli.py",
        'r"([0-9]{1,9})-([0-9]{1,9})"',
        'r"(\\d+)-(\\d+)"',
    ),
    Fault(
        "any number of seeds",
        "cli.py",
        "if last - first >= MOST_SEEDS:",
        "if False:",
    ),
    Fault("options may be cut", "cli.py", "allow_abbrev=False", "allow_abbrev=True"),
    Fault(
        "a misspelt option is passed on",
        "cli.py",
        'if name.startswith("--") and "." not in name and name not in names:',
        "if False:",
    ),
    Fault("any port", "cli.py", "or int(text) > LAST_PORT", ""),
    Fault(
        "a tilde is a folder of that name",
        "cli.py",
        "path = variables.home(text)",
        "path = Path(text)",
    ),
]
