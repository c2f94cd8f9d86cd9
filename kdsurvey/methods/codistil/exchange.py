"""The exchange between processes that train side by side: weights, or predictions."""

import copy
from collections.abc import Callable

import torch
import torch.distributed as dist
from torch import Tensor, nn

from kdsurvey.stage import Batch, Teacher


class Exchange:
    """The other processes' nets, as they were at the last `update`.

    `others` has a function from a Batch to logits (n, c) for each of them. what:
    "weights", for nets of one architecture, which may have data of their own;
    "predictions" on all training images, for nets of any kind that share these.
    torch.distributed must be initialised, as `python -m kdsurvey.codistil` does it.
    Raises ValueError where it is not, or where the others' nets or images do not fit;
    RuntimeError when another has ended.
    """

    def __init__(self, net: nn.Module, what: str):
        among_processes = dist.is_initialized() and dist.get_world_size() >= 2
        if what not in ("weights", "predictions") or not among_processes:
            raise ValueError(
                f'codistil: exchange is "weights" or "predictions", got {what!r}, '
                "between 2 processes or more, which torchrun starts: "
                "torchrun --nproc-per-node=2 -m kdsurvey.codistil"
            )
        self._net = net
        self._what = what
        self.others: list[Callable[[Batch], Tensor]] = []

    def update(self, inputs: Tensor) -> None:
        """Send this process's table and receive the others'.

        Every process must call it at the same step.
        """
        if self._what == "weights":
            own = self._weights()
        else:
            own = Teacher(self._net).logits(inputs)
        self.others = [
            self._as_teacher(table)
            for rank, table in enumerate(self._gathered(own))
            if rank != dist.get_rank()
        ]

    def _weights(self) -> Tensor:
        state = self._net.state_dict()
        return torch.cat(
            [value.detach().flatten().double() for value in state.values()]
        )

    def _as_teacher(self, table: Tensor) -> Callable[[Batch], Tensor]:
        if self._what == "predictions":
            return lambda batch: table[batch.i]
        net = copy.deepcopy(self._net)
        state = net.state_dict()
        parts = table.split([value.numel() for value in state.values()])
        net.load_state_dict({k: v.view_as(state[k]) for k, v in zip(state, parts)})
        net.eval().requires_grad_(False)
        return lambda batch: net(batch.x)

    def _gathered(self, own: Tensor) -> list[Tensor]:
        size = torch.tensor([own.numel(), own.ndim], device=own.device)
        sizes = [torch.zeros_like(size) for _ in range(dist.get_world_size())]
        tables = [torch.empty_like(own) for _ in sizes]
        try:
            dist.all_gather(sizes, size)
            if any(not torch.equal(other, sizes[0]) for other in sizes):
                counts = [int(other[0]) for other in sizes]
                raise ValueError(
                    f"codistil: the processes have {counts} {self._what} to tell; "
                    "they must be as many"
                )
            dist.all_gather(tables, own.contiguous())
        except RuntimeError as error:
            raise RuntimeError(
                "codistil: another process has ended, so this one ends too; see its message above"
            ) from error
        return tables
