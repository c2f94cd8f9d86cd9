"""Labelled images: what x, y, their classes and their source must be, and what is said
where they are not.
"""

import warnings
from typing import Any

import torch
from torch import Tensor

from kdsurvey import finite, ranges

Pair = tuple[Tensor, Tensor]

# No image in [0, 1] reaches it, standardised or not, without a negative value
UNSCALED = 25


def check_words(classes: object, source: object) -> None:
    """Raise ValueError unless the classes are names, each its own, and the source a text."""
    names = list(classes) if isinstance(classes, tuple | list) else []
    if not names or len(set(map(str, names))) < len(names):
        raise ValueError(
            f"classes = {str(classes)[:80]}: give a tuple of names, each its own, such as "
            '("cat", "dog")'
        )
    if not isinstance(source, str):
        raise ValueError(f"source = {source!r}: give one sentence that says what it is")


def check_pair(part: str, pair: Any) -> None:
    """Raise ValueError unless a part of the data is two tensors."""
    two = isinstance(pair, tuple | list) and len(pair) == 2
    if not two or not all(isinstance(t, Tensor) for t in pair):
        kinds = [type(t).__name__ for t in pair] if two else type(pair).__name__
        raise ValueError(
            f"{part}: a pair of tensors (x, y) is needed, got {kinds}; "
            "torch.as_tensor makes one of an array"
        )


def check_part(part: str, x: Tensor, y: Tensor, classes: int) -> None:
    """Raise ValueError unless x (n, ...) are finite numbers, y (n,) labels of classes."""
    shapes = f"{part}: x is {x.dtype} {tuple(x.shape)}, y is {y.dtype} {tuple(y.shape)}"
    if y.ndim != 1 or x.ndim < 2 or len(x) != len(y) or not len(y):
        raise ValueError(
            f"{shapes}; give x (n, c, h, w) and one label for each of its n > 0 "
            "examples, y (n,)"
        )
    if not x.is_floating_point() or y.dtype != torch.int64:
        raise ValueError(
            f"{shapes}; make x float32 in [0, 1], as x.float() / 255 does, and y "
            "int64, as y.long() does"
        )
    if not finite.is_finite([x]):
        raise ValueError(
            f"{shapes}, and x holds NaN or infinity; find these images, as "
            "x.isfinite().flatten(1).all(1) does, and mend or drop them"
        )
    if (
        not y.is_meta and not 0 <= y.min() <= y.max() < classes
    ):  # a tensor on "meta" has no values
        raise ValueError(
            f"{shapes} with labels {y.min()} to {y.max()}; {classes} classes have the "
            f"labels 0 to {classes - 1}"
        )


def warn_unscaled(x: Tensor) -> None:
    """Warn where images look as files hold them, in 0 to 255.

    Pixels that were standardised have negative values; those stay without a word.
    """
    if not finite.has_values(x):
        return
    least, most = map(float, x.aminmax())
    if x.ndim == 4 and least >= 0 and most > UNSCALED:
        warnings.warn(
            f"train x reaches {most:.5g}: these look like images in 0 to 255; divide "
            "them by it, as x / 255 does, so that they lie in [0, 1]",
            stacklevel=4,
        )


def check_seed(seed: object) -> None:
    """Raise ValueError for a seed that no generator takes."""
    if not ranges.whole(seed, 0):
        raise ValueError(f"seed = {seed!r}: give a whole number of 0 or more")


def dealt(parts: dict[str, Pair], classes: int, seed: int) -> dict[str, Pair]:
    """Deal all examples anew to the parts, as many of each class to each as it has."""
    x, y = (torch.cat([pair[k] for pair in parts.values()]) for k in (0, 1))
    shuffled = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    labels = y.cpu()[shuffled]
    left = [shuffled[labels == c] for c in range(classes)]
    hands = {}
    for part, (_, of_part) in parts.items():
        counts = torch.bincount(of_part, minlength=classes).tolist()
        hand = torch.cat([places[:n] for places, n in zip(left, counts)])
        left = [places[n:] for places, n in zip(left, counts)]
        hand = hand.sort().values.to(y.device)
        hands[part] = x[hand], y[hand]
    return hands
