"""The threads of a run: one unless asked for, and the caller's number after it."""

import pytest
import torch
from processes import run

from kdsurvey import threads
from kdsurvey.methods import plain
from kdsurvey.nets import mlp
from kdsurvey.training import Config, accuracy, epochs, train

CONFIG = Config(epochs=2, device="cpu")


@pytest.fixture
def three():
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(1)


def test_importing_the_package_changes_nothing():
    lines = (
        "import torch",
        "torch.set_num_threads(3)",
        "before = torch.get_rng_state().clone()",
        "import kdsurvey, kdsurvey.lessons, kdsurvey.panels, kdsurvey.exercises",
        "assert torch.equal(before, torch.get_rng_state())",
        "print(torch.get_num_threads())",
    )
    assert run("\n".join(lines)).stdout == "3\n"


@pytest.mark.parametrize(("asked", "expected"), [(None, 1), ("2", 2)])
def test_a_run_has_its_threads_and_the_caller_has_his_again(
    asked, expected, three, toy, monkeypatch
):
    monkeypatch.delenv("KDSURVEY_THREADS", raising=False)
    if asked:
        monkeypatch.setenv("KDSURVEY_THREADS", asked)
    seen = []
    net = mlp(128, 8, 3, seed=0)
    hook = net.register_forward_hook(lambda *_: seen.append(torch.get_num_threads()))
    train(plain(net), toy, CONFIG, progress=False)
    for _ in epochs(plain(net), toy, CONFIG):
        assert torch.get_num_threads() == 3
    accuracy(net, *toy.test)
    hook.remove()
    assert set(seen) == {expected} and torch.get_num_threads() == 3


def test_a_run_that_fails_gives_them_back_too(three, toy):
    with pytest.raises(FloatingPointError):
        train(plain(mlp(128, 8, 3)), toy, Config(lr=1e30, device="cpu"), progress=False)
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize("asked", ["0", "two", "-1", " ", "10000", "9" * 50, "٣", "²"])
def test_another_number_is_refused(asked, monkeypatch):
    monkeypatch.setenv("KDSURVEY_THREADS", asked)
    with pytest.raises(ValueError, match="give a whole number of 1 or more") as caught:
        threads.number()
    assert f"KDSURVEY_THREADS = {asked!r}" in str(caught.value)


def test_an_empty_variable_is_unset(monkeypatch):
    monkeypatch.setenv("KDSURVEY_THREADS", "")
    assert threads.number() == 1
