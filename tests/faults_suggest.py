"""Planted faults that `test_suggest.py` must notice."""

from mutate import Fault

SUGGEST = "suggest.py"
FAULTS = [
    Fault("no name is alike", SUGGEST, "public, n=3)", "[], n=3)"),
    Fault(
        "what is private is offered",
        SUGGEST,
        'if known[0] != "_"',
        'if known[0] == "_"',
    ),
    Fault(
        "exercises of a lesson do not answer",
        "exercises.py",
        "    suggest_in(module)\n",
        "",
    ),
    Fault(
        "dir lists what the package uses",
        "__init__.py",
        "{*special, *__all__}",
        "{*globals(), *__all__}",
    ),
]
