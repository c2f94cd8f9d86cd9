"""Drawings of a digit: changing them, finding images like them, writing them as text.

Functions of arrays, and no widgets.
"""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage
from torch import Tensor

# MNIST: 28 x 28 pixels, the ink in a box of 20 x 20, its centre of mass at pixel (14, 14)
FIELD = 28
BOX = 20
CENTRE = 14.0
TURN = 5.0  # degrees
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
    """Prepare a drawing as MNIST's digits were: scale its ink, move it to the middle.

    The longer side of the ink becomes 20 pixels.

    ink: (h, w) grey values in [0, 1], 1 where there is ink. Returns (28, 28) float32
    with the centre of mass within half a pixel of pixel (14, 14), as in MNIST, unless
    ink would leave the field: then the ink touches its border. No ink gives zeros; an
    MNIST digit, whose longer side is 20, comes back as it was. Raises ValueError for
    another shape or other values.
    """
    ink = _grey(ink, "as_mnist")
    field = np.zeros((FIELD, FIELD), np.float32)
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


def nudged(image, move: str) -> np.ndarray:
    """Change an image a little; ink that leaves the field is lost.

    image: (28, 28) in [0, 1]; the changed one has the same shape and range. move: one
    of MOVES. "left", "right", "up", "down": by one pixel; "turn left", "turn right": by
    5 degrees about the middle; "thicker", "thinner": halfway to the grey dilation or
    erosion with a cross of 5 pixels. Raises ValueError for another move or shape.
    """
    image = _field(image, "nudged")
    if move in STEPS:
        return ndimage.shift(image, STEPS[move], order=0)
    if move in TURNS:
        turned = ndimage.rotate(image, TURNS[move], reshape=False, order=3)
        return np.where(turned < 0.02, 0, turned).clip(0, 1)  # the spline overshoots
    if move in MORPHOLOGY:
        most = MORPHOLOGY[move](image, footprint=CROSS, mode="constant")
        return (image + most) / 2
    raise ValueError(
        f"nudged: there is no move {move!r}; take one of {', '.join(MOVES)}"
    )


def mixed(a, b, share: float) -> np.ndarray:
    """Mix two images (28, 28) in [0, 1]: (1 - share) a + share b.

    Raises ValueError for a share outside [0, 1] or another shape.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"mixed: share = {share} must lie in [0, 1]")
    a = _field(a, "mixed")
    b = _field(b, "mixed")
    weight = np.float32(share)
    return (1 - weight) * a + weight * b


def squares(images: Tensor) -> Tensor:
    """Compute ||x||^2 of each of n images (n, ...), which `nearest_images` can reuse."""
    return images.flatten(1).square().sum(1)


def nearest_images(
    image, images: Tensor, k: int, norms: Tensor | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Find the k images nearest to `image` in Euclidean distance over the pixels.

    image: (28, 28); images: (n, 1, 28, 28) on the CPU; norms: squares(images), computed
    where None. Returns their indices and distances, the nearest first. Candidates come
    from ||x||^2 - 2 <x, image>, one product of a matrix and a vector; their distances
    are then measured, so that they are exact. Raises ValueError when the shapes differ
    or k is not in 1 ... n.
    """
    image = torch.as_tensor(np.asarray(image, np.float32))
    if image.shape != images.shape[-2:] or images.ndim != 4 or images.shape[1] != 1:
        raise ValueError(
            f"nearest_images: image {tuple(image.shape)} needs images (n, 1, h, w) "
            f"of its size, got {tuple(images.shape)}"
        )
    if not 1 <= k <= len(images):
        raise ValueError(
            f"nearest_images: k = {k} must lie in 1 ... {len(images)}, "
            "the number of images"
        )
    flat = images.flatten(1)  # (n, 784)
    if norms is None:
        norms = squares(images)
    score = norms - 2 * (flat @ image.flatten())
    few = score.topk(min(k + 8, len(images)), largest=False).indices
    distance = (flat[few].double() - image.flatten()).norm(dim=1)
    order = distance.argsort(stable=True)[:k]
    return few[order].numpy(), distance[order].numpy()


def to_text(image) -> str:
    """Write an image (28, 28) in [0, 1] as text, to the nearest 1/255.

    Two hexadecimal digits for each pixel; a permalink packs them.
    """
    pixels = np.rint(255 * _field(image, "to_text")).astype(np.uint8)
    return pixels.tobytes().hex()


def from_text(text: str) -> np.ndarray:
    """Read the image (28, 28) that `to_text` wrote; ValueError for any other text."""
    try:
        pixels = np.frombuffer(bytes.fromhex(text), np.uint8)
        return pixels.reshape(FIELD, FIELD).astype(np.float32) / 255
    except (ValueError, TypeError):
        raise ValueError(
            f"{str(text)[:40]!r} is no drawing of {FIELD} x {FIELD} pixels; "
            "copy the whole text"
        ) from None


class Sketch:
    """The reader's image: a base, with a share of another image mixed in.

    The base is chosen, drawn or nudged. A drawing or a nudge takes what is seen as the
    new base, and nothing is mixed in any more. All grey values of the base are
    multiples of 1/255, so that a string of bytes holds it.
    """

    def __init__(self, base):
        self.choose(base)
        self.other, self.share = self.base, 0.0

    @property
    def image(self) -> np.ndarray:
        """Return what the nets see, (28, 28) in [0, 1]."""
        return mixed(self.base, self.other, self.share)

    def choose(self, image) -> None:
        """Start from an image (28, 28); what is mixed in stays so."""
        self.base = from_text(to_text(image))

    def draw(self, ink) -> None:
        """Take a drawing of any size, prepared by `as_mnist`."""
        self._take(as_mnist(ink))

    def nudge(self, move: str) -> None:
        """Change what is seen by one of MOVES, see `nudged`."""
        self._take(nudged(self.image, move))

    def clear(self) -> None:
        """Leave nothing but white."""
        self._take(np.zeros((FIELD, FIELD)))

    def mix(self, other, share: float) -> bool:
        """Mix in a share of another image; return whether what is seen changes."""
        before = self.image
        self.other, self.share = _field(other, "mix"), share
        return not np.array_equal(before, self.image)

    def _take(self, image) -> None:
        self.choose(image)
        self.share = 0.0


def _scaled(box: np.ndarray) -> np.ndarray:
    """Scale a box so that its longer side is 20; the aspect is kept.

    A large one averages pixels, a small one interpolates.
    """
    share = BOX / max(box.shape)
    h, w = (max(1, round(share * side)) for side in box.shape)
    if (h, w) == box.shape:
        return box
    if share < 1:
        # not Pillow's box filter, which drops a line of pixels on the edge of two parts
        pixels = torch.tensor(box)[None, None]
        return F.interpolate(pixels, (h, w), mode="area")[0, 0].numpy().clip(0, 1)
    large = Image.fromarray(box).resize((w, h), Image.Resampling.BILINEAR)
    return np.asarray(large).clip(0, 1)


def _extent(there: np.ndarray) -> slice:
    """Return the slice from the first to the last True of (n,)."""
    at = np.flatnonzero(there)
    return slice(at[0], at[-1] + 1)


def _field(image, name: str) -> np.ndarray:
    image = _grey(image, name)
    if image.shape != (FIELD, FIELD):
        raise ValueError(
            f"{name}: an image of shape ({FIELD}, {FIELD}) is needed, "
            f"got {image.shape}; as_mnist makes one"
        )
    return image


def _grey(image, name: str) -> np.ndarray:
    image = np.asarray(image, np.float32)
    if image.ndim != 2 or not image.size:
        raise ValueError(
            f"{name}: one grey image of shape (h, w) is needed, got {image.shape}; "
            "pass one image, one channel"
        )
    if not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(
            f"{name}: grey values must lie in [0, 1], got {image.min():g} to "
            f"{image.max():g}; divide bytes by 255"
        )
    return image
