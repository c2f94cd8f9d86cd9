"""Small real things for the panels to work on: 300 images, a net as teacher."""

import gc

import pytest
from panels.given import squares_in_noise

from kdsurvey.nets import mlp
from kdsurvey.panels.kit import cells
from kdsurvey.panels.kit.panel import unchecked
from kdsurvey.training import Config


@pytest.fixture
def data():
    return squares_in_noise()


@pytest.fixture
def teacher():
    return mlp(36, 16, 5, seed=3)


@pytest.fixture
def config():
    return Config(epochs=4, batch_size=50, lr=0.1, schedule="constant", device="cpu")


@pytest.fixture
def close():
    """Panels that must not outlive the test: close(panel) -> panel."""
    panels = []
    yield lambda panel: panels.append(panel) or panel
    for panel in panels:
        panel.close()


@pytest.fixture
def cell(monkeypatch):
    """Say which cell runs, and which execution of it: cell("a", 1)."""
    place = {"now": (None, None)}
    monkeypatch.setattr(cells, "here", lambda: place["now"])
    return lambda *now: place.update(now=now)


@pytest.fixture(autouse=True, scope="module")
def heap_of_this_module():
    """Python's collector walks what this module makes, not what others left.

    A full walk of a long process takes a second, and would be measured as a panel's Stop.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def errors_are_asked_for():
    """What went wrong in a panel fails the test, unless the test asked for it with `check`."""
    unchecked.clear()
    yield
    assert not [(type(panel).__name__, panel.error) for panel in unchecked]
