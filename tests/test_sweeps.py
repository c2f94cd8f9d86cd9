"""Stacks: many small students in one pass, each as if it were alone."""

from dataclasses import replace

import pytest
import torch

from kdsurvey import nets, sweeps
from kdsurvey.methods import hinton, plain
from kdsurvey.training import Config, accuracy, train

SEEDS = (3, 5, 7)
TEMPERATURES = (1.0, 4.0, 20.0)
ALPHAS = (0.0, 0.5, 1.0)
CONFIG = Config(epochs=3, batch_size=32, lr=0.05, device="cpu")


def students() -> list[torch.nn.Sequential]:
    return [nets.mlp(128, 16, 12, 3, seed=seed) for seed in SEEDS]


def weights(net) -> torch.Tensor:
    return torch.cat([w.detach().flatten() for w in net.parameters()])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"optimiser": "adam", "lr": 0.003},
        {"nesterov": True, "weight_decay": 1e-3},
        {"jitter": 2},
    ],
    ids=str,
)
def test_a_stack_gives_the_weights_of_separate_runs(toy, options):
    """Own T, own alpha, own seed; equal to 1e-5 after three epochs."""
    config, teacher = replace(CONFIG, **options), nets.mlp(128, 20, 3, seed=1)
    alone = students()
    for net, seed, T, alpha in zip(alone, SEEDS, TEMPERATURES, ALPHAS):
        train(hinton(net, teacher, T=T, alpha=alpha), toy, replace(config, seed=seed))
    stack = sweeps.stack(students())
    knobs = {"T": torch.tensor(TEMPERATURES), "alpha": torch.tensor(ALPHAS)}
    rows = train(hinton(stack, teacher, **knobs), toy, replace(config, seed=SEEDS))
    for net, member in zip(alone, sweeps.unstack(stack)):
        assert (weights(net) - weights(member)).abs().max() < 1e-5
    assert [row["member"] for row in rows] == [0, 1, 2] * 3
    assert [row["student test accuracy"] for row in rows[-3:]] == [
        accuracy(net, *toy.test) for net in alone
    ]


def test_members_do_not_mix(toy):
    """Changing one member's temperature changes that member and no other, bit for bit."""
    ends = []
    for T in ([4.0, 4.0, 4.0], [4.0, 9.0, 4.0]):
        stack = sweeps.stack(students())
        train(
            hinton(stack, nets.mlp(128, 20, 3, seed=1), T=torch.tensor(T)),
            toy,
            replace(CONFIG, seed=SEEDS),
        )
        ends.append([weights(net) for net in sweeps.unstack(stack)])
    same = [torch.equal(a, b) for a, b in zip(*ends)]
    assert same == [True, False, True]


def test_one_seed_is_a_batch_that_all_share(toy):
    stack, net = sweeps.stack(students()), students()[1]
    train(plain(stack), toy, CONFIG)
    train(plain(net), toy, CONFIG)
    assert (weights(net) - weights(sweeps.unstack(stack)[1])).abs().max() < 1e-5


def test_unstack_gives_back_what_was_stacked(toy):
    nets_before = students()
    nets_after = sweeps.unstack(sweeps.stack(nets_before))
    x = toy.test[0]
    for before, after in zip(nets_before, nets_after):
        assert torch.equal(before(x), after(x)) and after is not before
    assert sweeps.stack(nets_before)(x).shape == (3, len(x), 3)


@pytest.mark.parametrize(
    "bad, said",
    [
        ([], "at least one"),
        ([nets.mlp(8, 4, 3), nets.mlp(8, 5, 3)], "2 shapes"),
        ([nets.mlp(8, 4, 3, dropout=0.5)] * 2, "Dropout cannot be stacked"),
    ],
)
def test_what_cannot_be_stacked_is_refused(bad, said):
    with pytest.raises(ValueError, match=said):
        sweeps.stack(bad)
