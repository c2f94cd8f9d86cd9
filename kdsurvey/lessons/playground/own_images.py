"""Images of one's own: digits written as an image folder, to be replaced by the reader's."""

import re
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from kdsurvey import ranges, store, variables
from kdsurvey.data import Data, Pair

NAME = re.compile(r"\w([\w .-]*[\w-])?")  # of a class, as every system takes it
EACH = 100, 50  # images of a class that are written, for training and for the test


def as_folder(
    data: Data, place: Path | str | None = None, each: tuple[int, int] = EACH
) -> Path:
    """Write images as PNG files, train/CLASS/0.png and test/CLASS/0.png, and return the
    folder: the layout that `kd.data.image_folder` reads.

    place: by default "my images" in the data folder; files of these names are
    overwritten. each: the first so many of a class, of train and of test. Raises
    ValueError, before anything is written, for images that are not grey (n, 1, h, w),
    for a class with fewer and for one whose name is no name of a folder, OSError where
    the folder cannot be written.
    """
    _check(data, each)
    if data.train[0].ndim != 4 or data.train[0].shape[1] != 1:
        shape = tuple(data.train[0].shape)
        raise ValueError(f"as_folder: images {shape}; give grey ones, (n, 1, h, w)")
    folder = store.data_dir() / "my images" if place is None else variables.home(place)
    images = {
        folder / part / name: _of(pair, k, n, name)
        for part, pair, n in zip(("train", "test"), (data.train, data.test), each)
        for k, name in enumerate(data.classes)
    }
    for place, shown in images.items():
        _write(place, shown)
    return folder


def _check(data: Data, each: tuple[int, int]) -> None:
    counts = list(each) if isinstance(each, tuple | list) else []
    if len(counts) != 2 or not all(ranges.whole(n, 1) for n in counts):
        raise ValueError(
            f"as_folder: each = {each!r}; give two whole numbers, such as {EACH}"
        )
    for name in data.classes:
        if not NAME.fullmatch(name):
            raise ValueError(
                f"as_folder: the class {name!r} cannot name a folder; give classes names "
                "of letters, digits, blanks, - and _"
            )


def _of(pair: Pair, k: int, n: int, name: str) -> Tensor:
    """Return the first n images of class k, (n, h, w)."""
    x, y = pair
    images = x[y == k][:n, 0]
    if len(images) < n:
        raise ValueError(f"as_folder: class {name} has {len(images)} images, not {n}")
    return images


def _write(folder: Path, images: Tensor) -> None:
    grey = (255 * images).round().to(torch.uint8).cpu().numpy()
    for i, pixels in enumerate(grey):
        path = folder / f"{i}.png"
        image = Image.fromarray(pixels)
        if not (path.exists() and _is(path, image)):
            with store.replacing(path, "name another folder") as file:
                image.save(file, "PNG")


def _is(path: Path, image: Image.Image) -> bool:
    """Return whether a file holds this image, which then keeps its date: it is not decoded
    anew.
    """
    try:
        with Image.open(path) as kept:
            return kept.mode == image.mode and kept.tobytes() == image.tobytes()
    except (OSError, SyntaxError):  # no image, or half of one
        return False
