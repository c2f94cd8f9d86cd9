"""Nets that were trained elsewhere, which a panel is given to show: checked first."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from kdsurvey import ranges
from kdsurvey.data import Data
from kdsurvey.panels.race.arm import SCORE, TESTED
from kdsurvey.stage import in_eval, logits_of
from kdsurvey.suggest import unknown

# arm -> its net, trained, and the rows that `train` returned for it
Finished = Mapping[str, tuple[nn.Module, Sequence[dict]]]


def refuse_runs(panel: str, finished: object) -> None:
    """Raise ValueError, with the panel's name, for what is not `Finished`."""
    if not isinstance(finished, Mapping):
        raise ValueError(
            f"{panel}: finished is of the type {type(finished).__name__}; give "
            "{arm: (its net, the rows that train returned)}"
        )
    for name, run in finished.items():
        refuse_run(f"{panel}: finished[{name!r}]", run)


def refuse_run(what: str, run: object) -> None:
    """Raise ValueError for what is no net, trained, with the rows that `train` returned."""
    net, rows = run if isinstance(run, tuple | list) and len(run) == 2 else (run, None)
    parts = list(net) if isinstance(net, nn.ModuleList) else [net]
    if not isinstance(net, nn.Module) or not parts:
        held = "no net at all" if not parts else type(net).__name__
        raise ValueError(f"{what} has {held} for its net; give (net, rows of train)")
    if not isinstance(rows, list | tuple):
        raise ValueError(
            f"{what} has {type(rows).__name__} for its rows; give (net, rows of train)"
        )
    for row in rows:
        if not isinstance(row, Mapping) or not _is_of_train(row):
            raise ValueError(
                f"{what} has the row {row!r}, which train cannot have returned: it has "
                "a stage, an epoch and shares in [0, 1]"
            )


def _is_of_train(row: Mapping) -> bool:
    shares = [row[name] for name in row if str(name).endswith((SCORE, TESTED))]
    counted = ranges.whole(row.get("epoch"), 1) and "stage" in row
    return counted and all(map(ranges.share, shares))


def refuse_arms(panel: str, finished: Mapping, arms: Mapping) -> None:
    """Raise ValueError for an arm that does not run in a panel."""
    for name in finished:
        if name not in arms:
            raise ValueError(f"{panel}: finished has {unknown('arm', name, arms)}")


@torch.no_grad()
def refuse_unfit(what: str, net: nn.Module, data: Data) -> None:
    """Raise ValueError for a net, or one of a ModuleList, that cannot answer the data."""
    x = data.held_out[0][:1]
    for part in net if isinstance(net, nn.ModuleList) else [net]:
        with in_eval(part):
            z = logits_of(part, x)
        if z.shape[-1:] != (len(data.classes),):
            raise ValueError(
                f"{what} answers an image by {tuple(z.shape)}; the data has "
                f"{len(data.classes)} classes"
            )
