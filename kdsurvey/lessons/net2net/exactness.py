"""Growing changes nothing: by hand on two units, and measured on every kind of net."""

import copy

import torch
from torch import Tensor, nn

from kdsurvey import nets, surgery
from kdsurvey.lessons.net2net.experiments import WIDTHS, difference


def by_hand() -> tuple[nn.Sequential, nn.Sequential]:
    """Return a net of two inputs, two units and one output, and the same with a third
    unit, a copy of the first.
    """
    small = nn.Sequential(
        nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False)
    )
    small[0].weight.data = torch.tensor([[1.0, 3.0], [-2.0, 1.0]])
    small[2].weight.data = torch.tensor([[4.0, 6.0]])
    return small, surgery.widen(small, 0, 3, generator=torch.Generator().manual_seed(0))


def kinds(teacher: nn.Sequential, x: Tensor) -> dict[str, nn.Sequential]:
    """Return three nets with batch norm that has seen images x (n, 1, h, w): the teacher, an
    MLP, and one with a Flatten in between.
    """
    flat = nets.conv(1, 4, 8, seed=0)[:-1]
    outputs = nn.Sequential(nn.Flatten(), nn.Linear(flat(x).flatten(1).shape[1], 10))
    made = {
        "conv": copy.deepcopy(teacher),
        "mlp": nets.mlp(x[0].numel(), 32, 32, 10, norm=True, seed=0),
    }
    made["conv, then flatten"] = nn.Sequential(*flat, outputs)
    for net in made.values():
        net.train()(x)
    return made


def largest_changes(net: nn.Sequential, x: Tensor, layer: int) -> dict[str, float]:
    """Measure the largest change of a logit when block `layer` gets twice as wide, or one block
    more, in double precision.

    x (n, ...): the batch that the change is measured on, and that the new batch norm is
    calibrated on.
    """
    net, x = copy.deepcopy(net).double(), x.double()
    first = next(
        part for part in net[layer].modules() if isinstance(part, surgery.WEIGHTED)
    )
    width = 2 * len(first.weight)
    generator = torch.Generator().manual_seed(0)
    grown = {
        "wider": surgery.widen(net, layer, width, generator=generator),
        "deeper": surgery.deepen(net, layer, data=x),
    }
    return {
        f"{how}, {'train' if train else 'eval'} mode": difference(net, new, x, train)
        for how, new in grown.items()
        for train in (False, True)
    }


def largest_change() -> float:
    """Measure the largest of `largest_changes`, over all `kinds` of nets: new ones, on
    random images.
    """
    x = torch.rand(64, 1, 14, 14, generator=torch.Generator().manual_seed(0))
    made = kinds(nets.conv(1, *WIDTHS, seed=0), x)
    return max(max(largest_changes(net, x, 1).values()) for net in made.values())
