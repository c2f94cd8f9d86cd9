"""Answers to misspelt names: `methods.hintn` says that `hinton` may be meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from types import ModuleType


def meant(name: str, known: Iterable[str], n: int = 3) -> str:
    """Write "did you mean a or b?" of the names that are alike, n at most; "" for none."""
    similar = " or ".join(get_close_matches(name, known, n=n))
    return f"did you mean {similar}?" if similar else ""


class Suggesting(ModuleType):
    """A module that names what is alike where it has no attribute of a name."""

    def __getattr__(self, name: str) -> object:
        """Raise AttributeError for a name that the module does not have."""
        public = {known.lower(): known for known in dir(self) if known[0] != "_"}
        close = get_close_matches(name.lower(), public, n=3)
        similar = " or ".join(public[known] for known in close)
        advice = f"; did you mean {similar}?" if similar else ""
        message = f"{self.__name__} has no {name!r}{advice}"
        # obj: nothing, or Python would add a suggestion of its own
        raise AttributeError(message, name=name, obj=None)


def suggest_in(*modules: ModuleType) -> None:
    """Let modules answer misspelt names, with what their own `__getattr__` finds first."""
    for module in modules:
        module.__class__ = Suggesting
