"""Notebook 08: born-again language models, on the text of Python's own manual.
Furlanello et al. 2018, table 6, in small.
"""

import platform
from collections import Counter
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kdsurvey import nets
from kdsurvey.data import Data, Pair
from kdsurvey.lessons.born_again import experiments as born_again
from kdsurvey.losses import cross_entropy, soften
from kdsurvey.records import experiment
from kdsurvey.stage import Teacher
from kdsurvey.training import Config, accuracy

CONFIG = Config(epochs=12, batch_size=128, lr=0.03, schedule="cosine", nesterov=True)
SHORT = replace(CONFIG, epochs=4)
SETTINGS = {"12 epochs": CONFIG, "4 epochs": SHORT}
OTHERS = {  # that a model alone may choose from besides
    "7 epochs": replace(CONFIG, epochs=7),
    "4 epochs, twice the rate": replace(SHORT, lr=2 * SHORT.lr),
    **{
        f"12 epochs, weight decay {w:g}": replace(CONFIG, weight_decay=w)
        for w in (3e-4, 1e-3, 3e-3)
    },
}
ARMS = ("alone", "BAN", "BAN+L", "BAN+L, halves", "label smoothing")
CONTEXT, CHARACTERS = 16, 48
PARTS = {
    "train": (0, 60_000),
    "validation": (200_000, 210_000),
    "test": (300_000, 320_000),
}  # far apart: other topics
TEXT = {
    "context": CONTEXT,
    "characters": CHARACTERS,
    "parts": PARTS,
    "arms": born_again.ARMS,
}  # settings of both experiments


def text() -> Data:
    """Load Python's language manual as the examples (the last 16 characters, the next
    one); x (n, 16) are class numbers.

    In small letters, white space as single blanks, and the 48 commonest characters; any
    other is left out.
    """
    from pydoc_data.topics import topics

    whole = " ".join(" ".join(topics[name] for name in sorted(topics)).lower().split())
    kept = "".join(sorted(c for c, _ in Counter(whole).most_common(CHARACTERS)))
    codes = torch.tensor([k for c in whole if (k := kept.find(c)) >= 0])
    parts = {part: _examples(codes[start:end]) for part, (start, end) in PARTS.items()}
    version = ".".join(
        platform.python_version_tuple()[:2]
    )  # each has a manual of its own
    manual = f"the language manual of Python {version} (pydoc_data.topics)"
    source = f"{manual}, the character after every {CONTEXT}"
    return Data(**parts, classes=tuple(kept), source=source)


def _examples(codes: Tensor) -> Pair:
    return codes.unfold(0, CONTEXT, 1)[:-1].float(), codes[CONTEXT:].clone()


class Embedding(nn.Module):
    """Look up class numbers (n, k), given as floats: k vectors in a row, (n, k width)."""

    def __init__(self, classes: int, width: int, seed: int):
        super().__init__()
        drawn = torch.randn(
            classes, width, generator=torch.Generator().manual_seed(seed)
        )
        self.weight = nn.Parameter(drawn)

    def forward(self, x: Tensor) -> Tensor:
        return F.embedding(x.long(), self.weight).flatten(1)


def model(data: Data, seed: int, width: int = 16, hidden: int = 128) -> nn.Sequential:
    """Return a net that sees the last characters, each as a learnt vector, through one
    hidden layer. Bengio et al. 2003.
    """
    k, c = data.train[0].shape[1], len(data.classes)
    return nn.Sequential(
        Embedding(c, width, seed), *nets.mlp(k * width, hidden, c, seed=seed)
    )


def perplexity(net: nn.Module, x: Tensor, y: Tensor) -> float:
    """Compute the perplexity per character: exp of the mean cross-entropy, at least 1.
    x (n, k), y (n,).
    """
    return cross_entropy(Teacher(net).logits(x), y).exp().item()


def guesses(net: nn.Module, data: Data, text: str) -> Tensor:
    """Return the probabilities (c,) of the character after a text.

    Its last 16 characters count. Raises ValueError for fewer than 16 of the alphabet.
    """
    places = map("".join(data.classes).find, text.lower())
    codes = torch.tensor([place for place in places if place >= 0])
    if len(codes) < CONTEXT:
        raise ValueError(
            f"guesses: {text!r} has {len(codes)} characters of this alphabet; "
            f"give {CONTEXT} or more"
        )
    return soften(Teacher(net).logits(codes[None, -CONTEXT:].float()))[0]


def continued(net: nn.Module, data: Data, text: str, n: int = 60, seed: int = 0) -> str:
    """Return a text and n characters more, each drawn from the net's guesses."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(n):
        p = guesses(net, data, text)
        drawn = torch.multinomial(p, 1, generator=generator)
        text += data.classes[int(drawn)]
    return text


def trained(
    arm: str, teacher: Teacher | None, data: Data, seed: int, config: Config
) -> nn.Sequential:
    """Train the model of a seed as an arm of the lesson says, and return it."""
    return born_again.raised(arm, model(data, seed), teacher, data, seed, config)


@experiment(
    settings=TEXT | {"settings": SETTINGS, "trained": ARMS},
    data=text,
    embedded=False,
    dealt=False,
)
def ban_language(data: Data, seed: int) -> list[dict]:
    """Train every arm for 12 and for 4 epochs, with the teacher of as many; the seed
    draws half of the examples. data: see `text`.
    """
    rows = []
    half = data.fraction(0.5, seed)
    for setting, config in SETTINGS.items():
        teacher = Teacher(trained("alone", None, half, seed, config))
        rows.append(row("teacher", seed, teacher.net, half, setting))
        for arm in ARMS:
            student = trained(arm, teacher, half, 1000 + seed, config)
            rows.append(row(arm, seed, student, half, setting))
    return rows


@experiment(
    settings=TEXT | {"settings": OTHERS}, data=text, embedded=False, dealt=False
)
def ban_language_alone(data: Data, seed: int) -> list[dict]:
    """Train the model of "alone" in ban_language at five more settings: as well as it
    can be trained, chosen on validation text.
    """
    rows = []
    half = data.fraction(0.5, seed)
    for setting, config in OTHERS.items():
        net = trained("alone", None, half, 1000 + seed, config)
        rows.append(row("alone", seed, net, half, setting))
    return rows


def row(arm: str, seed: int, net: nn.Module, data: Data, setting: str) -> dict:
    """Return what is kept of a finished model: its accuracy and perplexities, per
    character.
    """
    parts = {
        "perplexity": data.test,
        "validation perplexity": data.held_out,
        "train perplexity": data.train,
    }
    kept = {name: round(perplexity(net, *pair), 4) for name, pair in parts.items()}
    return {
        "arm": arm,
        "seed": seed,
        "setting": setting,
        "accuracy": round(accuracy(net, *data.test), 4),
        **kept,
    }
