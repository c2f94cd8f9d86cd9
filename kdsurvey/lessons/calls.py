"""Images beside what nets call them, for a first look."""

from collections.abc import Iterable, Sequence

import numpy as np
from torch import Tensor, nn

from kdsurvey.data import Data
from kdsurvey.stage import Teacher


def titles(classes: Sequence[str], y: Tensor, calls: Iterable[Tensor]) -> list[str]:
    """Write for each image its label and what each net calls it: "7: 7, 4".

    y: (n,) labels; calls: (n,) class indices of each net.
    """
    columns = zip(*(called.tolist() for called in calls))
    return [
        f"{classes[label]}: {', '.join(classes[k] for k in called)}"
        for label, called in zip(y.tolist(), columns)
    ]


def wrongly_labelled(
    data: Data, right: Tensor, nets: Sequence[nn.Module], n: int
) -> tuple[np.ndarray, list[str]]:
    """Return the first n training images (n, h, w) whose label is not the right one, and
    for each the label that it has and what each net calls it: see `titles`.
    """
    x, y = (part[data.train[1] != right][:n] for part in data.train)
    calls = [Teacher(net).logits(x).argmax(-1) for net in nets]
    return x[:, 0].numpy(), titles(data.classes, y, calls)
