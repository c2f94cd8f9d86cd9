"""Small real data for the panels to work on."""

import torch

from kdsurvey.data import Data

CLASSES = ("ant", "bee", "cat", "dog", "elk")


def squares_in_noise() -> Data:
    """300 images of 5 classes, each a bright square at its own place, in noise."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(300) % 5
    x = 0.5 * torch.rand(300, 1, 6, 6, generator=generator)
    for k in range(5):
        x[y == k, :, k : k + 2, k : k + 2] += 0.3
    parts = {
        "train": slice(0, 200),
        "test": slice(200, 250),
        "validation": slice(250, 300),
    }
    return Data(
        classes=CLASSES,
        source="squares in noise",
        **{name: (x[part], y[part]) for name, part in parts.items()},
    )
