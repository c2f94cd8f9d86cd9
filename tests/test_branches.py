"""Nets on one trunk: where they part, whose weights they have, what their sizes may be."""

import pytest
import torch
from torch import nn

from kdsurvey.branches import Branches, branched, fusion, gate
from kdsurvey.nets import mlp


def made(seed: int) -> nn.Sequential:
    return mlp(6, 5, 4, 3, seed=seed)  # 4 blocks


@pytest.mark.parametrize("at", [0, 1, 3])
def test_branches_part_before_a_block_and_draw_from_seeds_of_their_own(at):
    net = branched(made, at, 3, seed=7)
    assert len(net) == 3 and len(net.trunk) == at
    assert [len(branch) for branch in net.branches] == [4 - at] * 3
    x = torch.rand(2, 6, generator=torch.Generator().manual_seed(0))
    alone = [made(1000 * k + 7) for k in range(3)]
    assert torch.equal(net[0](x), alone[0](x))
    for branch, other in zip(net.sequentials, alone):
        mixed = nn.Sequential(*alone[0][:at], *other[at:])
        assert torch.equal(branch(net.trunk(x)), mixed(x))
    z = net(x)
    assert z.shape == (3, 2, 3) and torch.equal(z[2], net[2](x))


@pytest.mark.parametrize(
    ("at", "count", "answer"),
    [
        (4, 2, "at = 4, count = 2: the nets have 4 blocks to part"),
        (-1, 2, "at = -1, count = 2: the nets have 4 blocks"),
        (1, 0, "at = 1, count = 0: the nets have 0 blocks"),
        (1, 1, "got 1 branches"),
    ],
)
def test_nets_that_cannot_part_are_refused(at, count, answer):
    with pytest.raises(ValueError, match=rf"^branche[ds]: .*{answer}"):
        branched(made, at, count)


def test_branches_are_sequentials():
    with pytest.raises(ValueError, match=r"^branches: needs a trunk and 2 branches"):
        Branches(nn.Sequential(), [nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2))])
    with pytest.raises(ValueError, match=r"each an nn\.Sequential, got 2 branches"):
        Branches(nn.Linear(2, 2), [nn.Sequential(), nn.Sequential()])


def test_the_smallest_gate_and_the_smallest_fusion():
    weigh = gate(1, 2, seed=0).eval()
    weights = weigh(torch.rand(3, 1, 4, 4))
    assert weights.shape == (3, 2) and torch.allclose(weights.sum(1), torch.ones(3))
    assert gate(3, 2, size=2, seed=0)[2].weight.shape == (2, 12)
    head = nn.Flatten()
    fuse = fusion(1, width=1, head=head, seed=0).eval()
    assert fuse(torch.rand(3, 1, 4, 4)).shape == (3, 16) and fuse[-1] is head


@pytest.mark.parametrize(
    "sizes", [{"channels": 0}, {"size": 0}, {"branches": 1}], ids=str
)
def test_gates_of_no_size_are_refused(sizes):
    with pytest.raises(ValueError, match=r"^gate: needs channels and size >= 1"):
        gate(**({"channels": 2, "branches": 2} | sizes))


@pytest.mark.parametrize("channels, width", [((), 1), ((2, 0), 1), ((2,), 0)], ids=str)
def test_fusions_of_no_size_are_refused(channels, width):
    with pytest.raises(ValueError, match=r"^fusion: needs the channels of each branch"):
        fusion(*channels, width=width, head=nn.Identity())
