"""One image at one temperature: probabilities, entropy, and the gradient of the loss."""

from typing import NamedTuple

import numpy as np
from torch import Tensor

from kdsurvey.losses import entropy, soften


class Softened(NamedTuple):
    """What a temperature makes of the logits for one image."""

    p: np.ndarray  # (c,) teacher
    q: np.ndarray | None  # (c,) student
    g: (
        np.ndarray | None
    )  # (c,) gradient at the student's logits: (q - p) / T, or T (q - p)
    nats: float  # entropy of p
    share: float  # of log c


def softened(v: Tensor, z: Tensor | None, T: float, squared: bool) -> Softened:
    """Soften the logits for one image.

    v: (c,) teacher's; z: (c,) student's or None; squared: the loss is multiplied by T^2.
    """
    p = soften(v, T)
    nats = float(entropy(v, T))
    share = nats / np.log(len(v))
    if z is None:
        return Softened(p.numpy(), None, None, nats, share)
    q = soften(z, T)
    factor = T**2 if squared else 1
    g = (q - p) / T * factor
    return Softened(p.numpy(), q.numpy(), g.numpy(), nats, share)
