"""What processes that train side by side tell each other: their weights, or their predictions."""

import copy
from collections.abc import Callable

import torch
import torch.distributed as dist
from torch import Tensor, nn

from kdsurvey.stage import Batch, Teacher


class Exchange:
    """The other processes' nets, as they were at the last `update`: one Teacher-like
    (batch) -> logits (n, c) for each.

    what: "weights", for nets of one architecture, which may have data of their own;
    "predictions" on all training images, for nets of any kind that share these.
    torch.distributed must be initialised, as `python -m kdsurvey.codistil` does it.
    Raises ValueError where it is not, or where the others' nets or images do not fit;
    RuntimeError when another has ended.
    """

    def __init__(self, net: nn.Module, what: str):
        if (
            what not in ("weights", "predictions")
            or not dist.is_initialized()
            or dist.get_world_size() < 2
        ):
            raise ValueError(
                f'codistil: exchange is "weights" or "predictions", got {what!r}, between 2 processes or more, which torchrun '
                "starts: torchrun --nproc-per-node=2 -m kdsurvey.codistil"
            )
        self._net, self._what = net, what
        self.others: list[Callable[[Batch], Tensor]] = []

    def update(self, inputs: Tensor) -> None:
        """Tells the others and hears from them; every process must call it at the same step."""
        tables = self._gathered(
            self._weights()
            if self._what == "weights"
            else Teacher(self._net).logits(inputs)
        )
        self.others = [
            self._as_teacher(table, inputs)
            for rank, table in enumerate(tables)
            if rank != dist.get_rank()
        ]

    def _weights(self) -> Tensor:
        return torch.cat(
            [
                value.detach().flatten().double()
                for value in self._net.state_dict().values()
            ]
        )

    def _as_teacher(self, table: Tensor, inputs: Tensor) -> Callable[[Batch], Tensor]:
        if self._what == "predictions":
            return lambda batch: table[batch.i]
        net, state = copy.deepcopy(self._net), self._net.state_dict()
        parts = table.split([value.numel() for value in state.values()])
        net.load_state_dict(
            {name: part.view_as(state[name]) for name, part in zip(state, parts)}
        )
        net.eval().requires_grad_(False)
        return lambda batch: net(batch.x)

    def _gathered(self, own: Tensor) -> list[Tensor]:
        try:
            sizes = [
                torch.zeros(2, dtype=torch.long, device=own.device)
                for _ in range(dist.get_world_size())
            ]
            dist.all_gather(
                sizes, torch.tensor([own.numel(), own.ndim], device=own.device)
            )
            if any(not torch.equal(size, sizes[0]) for size in sizes):
                told = [int(size[0]) for size in sizes]
                raise ValueError(
                    f"codistil: the processes have {told} {self._what} to tell; they must be as many"
                )
            tables = [torch.empty_like(own) for _ in sizes]
            dist.all_gather(tables, own.contiguous())
            return tables
        except RuntimeError as error:
            raise RuntimeError(
                "codistil: another process has ended, so this one ends too; see its own message above"
            ) from error
