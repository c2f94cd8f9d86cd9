"""What an exercise is: it is checked by properties, so that every right answer passes
and none is given away.
"""

import html
from collections.abc import Callable
from dataclasses import dataclass

import torch

Property = tuple[
    str, Callable[[Callable], bool]
]  # what must be true, and whether it is of the reader's function


@dataclass(frozen=True)
class Exercise:
    """A task for the reader. `check` never raises: an answer that fails is told why.
    `solution` is code that defines `answer`.
    """

    title: str
    properties: tuple[Property, ...]
    hints: tuple[str, str, str]
    solution: str

    def check(self, answer: Callable) -> "Report":
        """Tries every property on the reader's function."""
        return Report(
            self,
            tuple((what, *_holds(prove, answer)) for what, prove in self.properties),
        )


@dataclass(frozen=True)
class Report:
    """Which properties hold: a line each, and below them, folded, the hints and the solution."""

    exercise: Exercise
    held: tuple[tuple[str, bool, str], ...]  # (property, holds, what went wrong)

    @property
    def solved(self) -> bool:
        return all(holds for _, holds, _ in self.held)

    def __repr__(self) -> str:
        head = f"{self.exercise.title}: {'solved' if self.solved else 'not yet'}"
        return "\n".join(
            [head]
            + [
                f"  {'yes' if holds else 'no '}  {what}{why}"
                for what, holds, why in self.held
            ]
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        steps = [
            (f"Hint {k}", html.escape(hint))
            for k, hint in enumerate(self.exercise.hints, 1)
        ]
        steps.append(
            ("Solution", f"<pre>{html.escape(self.exercise.solution.strip())}</pre>")
        )
        folded = "".join(
            f"<details><summary>{name}</summary>{text}</details>"
            for name, text in steps
        )
        return {
            "text/html": f"<pre>{html.escape(repr(self))}</pre>{folded}",
            "text/plain": repr(self),
        }


def _holds(prove: Callable, answer: Callable) -> tuple[bool, str]:
    try:
        return bool(prove(answer)), ""
    except NotImplementedError:
        return False, "  (nothing written yet)"
    except Exception as error:  # the reader's code may do anything
        return False, f"  ({type(error).__name__}: {error})"


def close(a, b, tolerance: float = 1e-5) -> bool:
    """Equal shapes and values to a relative and absolute tolerance; numbers count as
    tensors of no dimension.
    """
    a, b = (torch.as_tensor(t, dtype=torch.float64) for t in (a, b))
    return a.shape == b.shape and torch.allclose(a, b, rtol=tolerance, atol=tolerance)


def example(*shape: int, scale: float = 3.0, seed: int = 0) -> torch.Tensor:
    """Logits to try an answer on, always the same."""
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
