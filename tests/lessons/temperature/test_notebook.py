"""The loop that notebook 01 writes in bare PyTorch, as it stands there."""

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from kdsurvey.data import Data
from kdsurvey.methods import hinton
from kdsurvey.nets import mlp
from kdsurvey.training import Config, train

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "01_temperature.ipynb"


def written() -> str:
    """Return the source of the cell that defines the loop."""
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    (loop,) = [source for source in sources if source.startswith("def bare(")]
    return loop


@pytest.fixture
def few():
    """300 examples of 6 numbers and 4 classes: three batches, the last one smaller."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(300, 6, generator=generator)
    part = x, torch.randint(4, (300,), generator=generator)
    return Data(train=part, test=part, classes=tuple("abcd"), source="drawn")


@pytest.mark.parametrize(("T", "alpha", "seed"), [(20.0, 0.9, 0), (2.0, 0.3, 5)])
def test_it_gives_the_losses_of_the_package(few, T, alpha, seed):
    """Step by step, to rounding, and so the same net."""
    teacher = mlp(6, 5, 4, seed=9)
    student, same = (mlp(6, 8, 4, seed=1) for _ in range(2))
    how = Config(epochs=4, lr=0.1, seed=seed)
    stages, steps = hinton(student, teacher, T=T, alpha=alpha), []
    train(stages, few, how, on_batch=steps.append, progress=False)
    scope = {"torch": torch, "F": F, "few": few, "teacher": teacher, "how": how}
    scope |= {"T": T, "alpha": alpha, "lr": 0.1, "epochs": 4, "seed": seed}
    exec(written(), scope)
    losses = list(scope["bare"](same, T**2))
    package = [sum(step.terms.values()).item() for step in steps]
    assert losses == pytest.approx(package, rel=1e-5) and len(losses) == 12
    pairs = zip(student.parameters(), same.parameters())
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in pairs)


def test_the_factor_is_what_stands_for_the_square(few):
    """At T = 1 there is nothing to forget; above it, forgetting changes the loss."""
    how = Config(epochs=1, lr=0.1, seed=0)
    scope = {"torch": torch, "F": F, "few": few, "teacher": mlp(6, 5, 4, seed=9)}
    scope |= {"how": how, "alpha": 0.9, "lr": 0.1, "epochs": 1, "seed": 0, "T": 8.0}
    exec(written(), scope)
    kept, forgotten = (
        next(scope["bare"](mlp(6, 8, 4, seed=1), factor)) for factor in (64.0, 1.0)
    )
    assert kept > forgotten
