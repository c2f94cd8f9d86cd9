"""What tests share: one thread, real digits, and a toy set small enough to train on many times."""

import os
import sys

import pytest
import torch
from hypothesis import Phase, settings
from patterns import made_up
from slow import listed

from kdsurvey import data

# so that their assertions, too, say what they compared
SHARED = (
    "browser.steps",
    "lessons.favoured",
    "lessons.kept",
    "panels.waiting",
    "processes",
)
pytest.register_assert_rewrite(*SHARED)
torch.set_num_threads(1)
# jsonschema would build the grammars of all kinds of addresses, which takes seconds, to
# check formats that no notebook has
sys.modules["rfc3987_syntax"] = None
# Fixtures of a whole file: whichever test comes first waits for them
SLOW_TO_MAKE = {"dry", "rendered", "wheel", "installed"}
settings.register_profile("kdsurvey", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, print_blob=True)
# to notice a fault, not to show it with the smallest numbers
quick = [phase for phase in Phase if phase is not Phase.shrink]
settings.register_profile("faults", settings.get_profile("kdsurvey"), phases=quick)
settings.load_profile(os.environ.get("TESTS_PROFILE", "kdsurvey"))


def pytest_collection_modifyitems(items):
    """Mark the slow tests, which `make quick` leaves out."""
    slow = listed()
    for item in items:
        made = SLOW_TO_MAKE.intersection(item.fixturenames)
        if made or item.nodeid.split("[")[0] in slow:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def toy() -> data.Data:
    return made_up()


@pytest.fixture(scope="session")
def digits() -> data.Data:
    """The real digits that come with the package."""
    return data.mnist_5k()


@pytest.fixture(autouse=True)
def _same_start():
    # torch.manual_seed would keep the whole stack for a GPU, a millisecond a test
    torch.default_generator.manual_seed(1234)
