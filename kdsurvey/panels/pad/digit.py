"""What can be done to a drawing of a digit, and what can be asked about it: functions
of arrays, and no widgets.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from torch import Tensor

# MNIST: 28 x 28 pixels, the ink in a box of 20 x 20, its centre of mass at pixel (14, 14)
FIELD = 28
BOX = 20
CENTRE = 14.0
TURN = 5.0  # degrees
LEAST = 0.3  # the probability from which on a class is "almost" the answer
STEPS = {
    "left": (0, -1),
    "right": (0, 1),
    "up": (-1, 0),
    "down": (1, 0),
}  # rows down, columns to the right
TURNS = {"turn left": TURN, "turn right": -TURN}
CROSS = ndimage.generate_binary_structure(2, 1)
MORPHOLOGY = {"thicker": ndimage.grey_dilation, "thinner": ndimage.grey_erosion}
MOVES = (*STEPS, *TURNS, *MORPHOLOGY)


def as_mnist(ink) -> np.ndarray:
    """A drawing prepared as MNIST's digits were: its ink scaled so that the longer side
    is 20 pixels, then moved to the middle.

    ink: (h, w) grey values in [0, 1], 1 where there is ink. Returns (28, 28) float32
    with the centre of mass within half a pixel of pixel (14, 14), as in MNIST, unless
    ink would leave the field: then the ink touches its border. No ink gives zeros; an
    MNIST digit, whose longer side is 20, comes back as it was. Raises ValueError for
    another shape or other values.
    """
    ink, field = _grey(ink, "as_mnist"), np.zeros((FIELD, FIELD), np.float32)
    if not ink.any():
        return field
    box = _scaled(ink[_extent(ink.any(1)), _extent(ink.any(0))])
    mass = ndimage.center_of_mass(box)
    top, left = (
        int(np.clip(round(CENTRE - at), 0, FIELD - side))
        for at, side in zip(mass, box.shape)
    )
    field[top : top + box.shape[0], left : left + box.shape[1]] = box
    return field


def nudge(image, move: str) -> np.ndarray:
    """The image (28, 28) in [0, 1] after one small change, of the same shape and range;
    ink that leaves the field is lost.

    move: "left", "right", "up", "down" by one pixel; "turn left", "turn right" by 5
    degrees about the middle; "thicker", "thinner": halfway to the grey dilation or
    erosion with a cross of 5 pixels. Raises ValueError for another move or shape.
    """
    image = _field(image, "nudge")
    if move in STEPS:
        return ndimage.shift(image, STEPS[move], order=0)
    if move in TURNS:
        turned = ndimage.rotate(image, TURNS[move], reshape=False, order=3)
        return np.where(turned < 0.02, 0, turned).clip(0, 1)  # the spline overshoots
    if move in MORPHOLOGY:
        return (image + MORPHOLOGY[move](image, footprint=CROSS, mode="constant")) / 2
    raise ValueError(
        f"nudge: there is no move {move!r}; take one of {', '.join(MOVES)}"
    )


def mixed(a, b, share: float) -> np.ndarray:
    """(1 - share) a + share b of two images (28, 28) in [0, 1]. Raises ValueError for a
    share outside [0, 1] or another shape.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"mixed: share = {share} must lie in [0, 1]")
    a = _field(a, "mixed")
    b = _field(b, "mixed")
    share = np.float32(share)
    return (1 - share) * a + share * b


def squares(images: Tensor) -> Tensor:
    """||x||^2 of every image, (n,): what `nearest` can know about n images (n, ...)
    before it is asked.
    """
    return images.flatten(1).square().sum(1)


def nearest(
    image, images: Tensor, k: int, norms: Tensor | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The k images nearest to `image` in Euclidean distance over the pixels: their
    indices and distances, the nearest first.

    image: (28, 28); images: (n, 1, 28, 28) on the CPU; norms: squares(images), worked
    out where None. Candidates come from ||x||^2 - 2 <x, image>, one product of a matrix
    and a vector; their distances are then measured, so that they are exact. Raises
    ValueError when the shapes differ or k is not in 1 ... n.
    """
    image = torch.as_tensor(np.asarray(image, np.float32))
    if image.shape != images.shape[-2:] or images.ndim != 4 or images.shape[1] != 1:
        raise ValueError(
            f"nearest: image {tuple(image.shape)} needs images (n, 1, h, w) of its size, got {tuple(images.shape)}"
        )
    if not 1 <= k <= len(images):
        raise ValueError(
            f"nearest: k = {k} must lie in 1 ... {len(images)}, the number of images"
        )
    flat = images.flatten(1)  # (n, 784)
    score = (squares(images) if norms is None else norms) - 2 * (flat @ image.flatten())
    few = score.topk(min(k + 8, len(images)), largest=False).indices
    distance = (flat[few].double() - image.flatten()).norm(dim=1)
    order = distance.argsort(stable=True)[:k]
    return few[order].numpy(), distance[order].numpy()


class Verdict(NamedTuple):
    """How far a drawing has come towards "an a that is almost a b"."""

    share: float  # in [0, 1], 1 when it is done
    says: str  # what is missing, or "done"

    @property
    def done(self) -> bool:
        return self.share >= 1


def judge(
    p: Sequence[float],
    a: int,
    b: int,
    classes: Sequence[str] | None = None,
    *,
    least: float = LEAST,
) -> Verdict:
    """Is this an a that is almost a b? It is when p_a comes first, p_b second, and p_b >= least.

    p: (c,) probabilities, nan where nothing is drawn; a, b: class indices; classes: c
    names, the indices where None. The share done is the product of p_a / (the largest
    other), p_b / (the largest of the rest) and p_b / least, each at most 1. Raises
    ValueError when a or b is no class.
    """
    p = np.asarray(p, float)
    if not (0 <= a < len(p) and 0 <= b < len(p)):
        raise ValueError(f"judge: classes {a} and {b} must lie in 0 ... {len(p) - 1}")
    if a == b:
        return Verdict(0.0, "choose two classes that differ")
    if not np.isfinite(p).all():
        return Verdict(0.0, "nothing is drawn")
    names = classes or [str(k) for k in range(len(p))]
    first, second = _largest(p, [a]), _largest(p, [a, b])
    parts = [
        1.0 if p[x] >= needed else p[x] / needed
        for x, needed in ((a, first[1]), (b, second[1]), (b, least))
    ]
    missing = [
        f"the first answer is {names[first[0]]}, not {names[a]}",
        f"the second answer is {names[second[0]]}, not {names[b]}",
        f"{names[b]} has {min(p[b], least - 0.01):.2f} of the {least:.2f} it needs",
    ]
    return Verdict(
        float(np.prod(parts)),
        next((says for part, says in zip(parts, missing) if part < 1), "done"),
    )


def with_article(name: str) -> str:
    """'a 3', 'an 8', 'an ant'."""
    return f"{'an' if name[:1].lower() in tuple('aeiou8') or name in ('11', '18') else 'a'} {name}"


def written(image) -> str:
    """An image (28, 28) in [0, 1] as text, to the nearest 1/255: two hexadecimal digits
    a pixel, which a permalink packs.
    """
    return _bytes(_field(image, "written")).hex()


def read(text: str) -> np.ndarray:
    """The image (28, 28) that `written` made a text of. Raises ValueError for any other text."""
    try:
        return (
            np.frombuffer(bytes.fromhex(text), np.uint8)
            .reshape(FIELD, FIELD)
            .astype(np.float32)
            / 255
        )
    except (ValueError, TypeError):
        raise ValueError(
            f"{str(text)[:40]!r} is no drawing of {FIELD} x {FIELD} pixels; copy the whole text"
        ) from None


class Sketch:
    """The reader's image: chosen, drawn or nudged (`base`), with a share of another one mixed in.

    A drawing or a nudge takes what is seen as the new base, and nothing is mixed in any
    more. All grey values of the base are multiples of 1/255, so that a string of bytes
    holds it.
    """

    def __init__(self, base):
        self.choose(base)
        self.other, self.share = self.base, 0.0

    @property
    def image(self) -> np.ndarray:
        """(28, 28) in [0, 1]: what the nets see."""
        return mixed(self.base, self.other, self.share)

    def choose(self, image) -> None:
        """Starts from an image (28, 28); what is mixed in stays so."""
        self.base = read(written(image))

    def draw(self, ink) -> None:
        """Takes a drawing of any size, prepared by `as_mnist`."""
        self._take(as_mnist(ink))

    def nudge(self, move: str) -> None:
        """See the function `nudge`."""
        self._take(nudge(self.image, move))

    def clear(self) -> None:
        """Nothing but white."""
        self._take(np.zeros((FIELD, FIELD)))

    def mix(self, other, share: float) -> bool:
        """Mixes in a share of another image; True where that changes what is seen."""
        before = self.image
        self.other, self.share = _field(other, "mix"), share
        return not np.array_equal(before, self.image)

    def _take(self, image) -> None:
        self.choose(image)
        self.share = 0.0


def _scaled(box: np.ndarray) -> np.ndarray:
    """The box with its longer side 20 and its aspect kept: a smaller one averages
    pixels, a larger one interpolates.
    """
    share = BOX / max(box.shape)
    h, w = (max(1, round(share * side)) for side in box.shape)
    if (h, w) == box.shape:
        return box
    method = Image.Resampling.BOX if share < 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(box).resize((w, h), method)).clip(0, 1)


def _extent(there: np.ndarray) -> slice:
    """From the first to the last True of (n,)."""
    at = np.flatnonzero(there)
    return slice(at[0], at[-1] + 1)


def _largest(p: np.ndarray, without: list[int]) -> tuple[int, float]:
    """The class with the largest p among the others, and that p; 0 where no class is left."""
    others = np.delete(np.arange(len(p)), without)
    return max(
        ((int(k), p[k]) for k in others), key=lambda pair: pair[1], default=(0, 0.0)
    )


def _bytes(image: np.ndarray) -> bytes:
    return np.rint(255 * image).astype(np.uint8).tobytes()


def _field(image, name: str) -> np.ndarray:
    image = _grey(image, name)
    if image.shape != (FIELD, FIELD):
        raise ValueError(
            f"{name}: an image of shape ({FIELD}, {FIELD}) is needed, got {image.shape}; as_mnist makes one"
        )
    return image


def _grey(image, name: str) -> np.ndarray:
    image = np.asarray(image, np.float32)
    if image.ndim != 2 or not image.size:
        raise ValueError(
            f"{name}: one grey image of shape (h, w) is needed, got {image.shape}; pass one image, one channel"
        )
    if not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(
            f"{name}: grey values must lie in [0, 1], got {image.min():g} to {image.max():g}; divide bytes by 255"
        )
    return image
