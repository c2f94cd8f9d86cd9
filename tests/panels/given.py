"""What the panels are given to work on: small real data, and a panel with a film."""

import torch

from kdsurvey.data import Data
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import Film

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


class Projector(Panel):
    """A panel that has a film and nothing else."""

    def __init__(self):
        super().__init__()
        self.film = Film()
        self.arrange("Projector")

    def draw(self):
        return b"\x89PNG", ""
