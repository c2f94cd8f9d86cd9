"""Planted faults that `test_suggest.py` must notice."""

from mutate import Fault

SUGGEST = "suggest.py"
FAULTS = [
    Fault(
        "a name in another case is like none",
        "suggest.py",
        "get_close_matches(name.lower(), lowered, n=n)",
        "get_close_matches(name, lowered, n=n)",
    ),
    Fault(
        "a table of names answers with a KeyError",
        "suggest.py",
        'raise ValueError(f"there is {unknown(self.kind, name, self)}")',
        "raise KeyError(name)",
        also="lessons/test_words.py",
    ),
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
    Fault(
        "modules of the package do not suggest",
        SUGGEST,
        "if isinstance(value, ModuleType):",
        "if False:",
    ),
    Fault(
        "the command line waits for torch",
        "cli.py",
        "from kdsurvey import variables",
        "from kdsurvey import training, variables",
    ),
]
