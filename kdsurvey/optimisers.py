"""SGD and Adam of torch, without its compiler.

The first optimiser of a process imports that compiler, which takes as long as torch
itself, to mark a few methods as code that it must not compile. This package compiles
nets at most, never the loop around them.
"""

from inspect import unwrap

import torch


class SGD(torch.optim.SGD):
    """torch.optim.SGD whose first step does not wait for the compiler."""

    add_param_group = unwrap(torch.optim.SGD.add_param_group)
    zero_grad = unwrap(torch.optim.SGD.zero_grad)
    step = torch.no_grad()(unwrap(torch.optim.SGD.step))


class Adam(torch.optim.Adam):
    """torch.optim.Adam whose first step does not wait for the compiler."""

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    zero_grad = unwrap(torch.optim.Adam.zero_grad)
    step = torch.no_grad()(unwrap(torch.optim.Adam.step))
