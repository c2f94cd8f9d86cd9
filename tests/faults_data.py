"""Planted faults that `test_data.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "images may hold NaN",
        "labelled.py",
        "if not finite.is_finite([x]):",
        "if False:",
    ),
    Fault(
        "images as files hold them pass without a word",
        "labelled.py",
        "if x.ndim == 4 and least >= 0 and most > UNSCALED:",
        "if False:",
    ),
    Fault(
        "standardised images are warned of",
        "labelled.py",
        "if x.ndim == 4 and least >= 0 and most > UNSCALED:",
        "if x.ndim == 4 and most > UNSCALED:",
    ),
    Fault(
        "a test part that is missing passes",
        "data.py",
        'parts = {"train": self.train, "test": self.test}',
        'parts = {"train": self.train} | ({"test": self.test} if self.test else {})',
    ),
    Fault(
        "a packed file put there is not looked at",
        "store.py",
        "        if algorithm.hexdigest() != expected:",
        "        if False:",
    ),
    Fault(
        "the folder of data depends on the working directory",
        "variables.py",
        "if path is not None and not path.is_absolute():",
        "if False:",
    ),
    Fault(
        "dealt: classes are not kept apart",
        "labelled.py",
        "left = [shuffled[labels == c] for",
        "left = [shuffled for",
    ),
    Fault(
        "dealt: the same deal with every seed",
        "labelled.py",
        "generator=torch.Generator().manual_seed(seed))\n    labels = y.cpu()",
        "generator=torch.Generator().manual_seed(0))\n    labels = y.cpu()",
    ),
    Fault(
        "dealt: an example twice",
        "labelled.py",
        "left = [places[n:] for",
        "left = [places for",
    ),
]
