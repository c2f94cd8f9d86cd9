"""Answers to misspelt names: `methods.hintn` says that `hinton` may be meant."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import ModuleType
from typing import TypeVar

Entry = TypeVar("Entry")


def meant(name: str, known: Iterable[str], n: int = 3) -> str:
    """Write "did you mean a or b?" of the names that are alike, n at most, in any case; ""
    for none.
    """
    lowered = {word.lower(): word for word in known}
    alike = get_close_matches(name.lower(), lowered, n=n)
    similar = " or ".join(lowered[word] for word in alike)
    return f"did you mean {similar}?" if similar else ""


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Write that there is none of this name, and which there are: "no arm 'x'; ..."."""
    names = list(map(str, known))
    advice = meant(str(name), names, n=1)
    return f"no {kind} {name!r}; {advice and f'{advice} '}there are: {', '.join(names)}"


def refuse_unknown(
    where: str, kind: str, name: object, known: Iterable[object]
) -> None:
    """Raise ValueError for a name that is none of those known."""
    names = list(map(str, known))
    if not (isinstance(name, str) and name in names):
        raise ValueError(f"{where}: there is {unknown(kind, name, names)}")


class Known(dict[str, Entry]):
    """A table of entries by name that answers a name which it lacks with a ValueError.

    kind: what it has, "arm" say.
    """

    def __init__(self, kind: str, entries: Mapping[str, Entry]):
        super().__init__(entries)
        self.kind = kind

    def __missing__(self, name: object) -> Entry:
        raise ValueError(f"there is {unknown(self.kind, name, self)}")


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


class SuggestingPackage(Suggesting):
    """A package that suggests, as all its modules do when they have been imported."""

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute: where an import sets a module, let it suggest."""
        if isinstance(value, ModuleType):
            suggest_in(value)
        super().__setattr__(name, value)


def suggest_in(module: ModuleType) -> None:
    """Let a module answer misspelt names, with what its own `__getattr__` finds first."""
    module.__class__ = Suggesting
