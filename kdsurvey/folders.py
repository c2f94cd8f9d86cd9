"""Folders of images, a folder a class: what is in them, and their pixels.

Every kind of image is read right or refused by name, whatever has been decoded before.
"""

import errno
import hashlib
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kdsurvey import store
from kdsurvey.progress import bar

if TYPE_CHECKING:
    from PIL.Image import Image

# Of the reading below: stored images of another version are decoded anew
DECODER = 2
KINDS = (
    ".jpg",
    ".jpeg",
    ".png",
    ".ppm",
    ".bmp",
    ".pgm",
    ".tif",
    ".tiff",
    ".webp",
)
PIXELS = 2**24  # of the largest image that is read: 4096 x 4096
GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L")
COLOUR = ("P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV")
LAYOUT = "an image folder holds train/CLASS/*.jpg and test/CLASS/*.jpg"


def listing(folder: Path) -> tuple[tuple[str, ...], list[tuple[str, int]]]:
    """List the classes of an image folder, sorted, and its images.

    An image is (file, class number); they come in a fixed shuffled order. Hidden files
    and folders are no part of it; a warning says which other files are passed over.
    Raises FileNotFoundError where the folder or a class has no image, ValueError where
    a folder cannot be read or is inside itself by a link.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; {LAYOUT}")
    entries = _entries(folder)
    classes = sorted(entry.name for entry in entries if _is_folder(entry))
    found = [
        (file, c) for c, name in enumerate(classes) for file in _files(folder / name)
    ]
    loose = [entry.path for entry in entries if not _is_folder(entry)]
    samples = [(file, c) for file, c in found if _is_image(file)]
    empty = set(range(len(classes))) - {c for _, c in samples}
    if not samples or empty:
        lacking = ", ".join(classes[c] for c in sorted(empty)) or "any class"
        raise FileNotFoundError(
            f"{folder} has no image of {lacking}; put some there ({' '.join(KINDS)}), "
            f"or remove an empty folder; {LAYOUT}"
        )
    _say_passed_over(folder, loose + [file for file, _ in found if not _is_image(file)])
    order = np.random.default_rng(0).permutation(len(samples))
    return tuple(classes), [samples[i] for i in order]


def images(path: Path, files: list[str], channels: int | None = None) -> np.ndarray:
    """Decode the images `files` under `path`: uint8 (n, c, h, w).

    channels: 1 for grey, 3 for RGB; None is 1 where every file is grey, else 3. Once:
    they are cached until a file is added, removed or changed. Raises ValueError where
    sizes differ, where a file cannot be decoded or is too large, OSError where the data
    folder cannot be written.
    """
    if channels not in (None, 1, 3) or isinstance(channels, bool):
        raise ValueError(
            f"channels = {channels!r}: give 1 for grey, 3 for RGB, or None for grey "
            "where every image is grey"
        )
    states = [(os.path.relpath(file, path), _state(file)) for file in files]
    changes = [(name, state.st_size, state.st_mtime_ns) for name, state in states]
    what = repr((DECODER, channels, changes))
    key = hashlib.sha256(what.encode()).hexdigest()
    place = hashlib.sha256(bytes(path)).hexdigest()[:12]
    stored = store.data_dir() / f"{path.name}-{place}.npz"

    def valid(arrays: store.Arrays) -> bool:
        return arrays.keys() == {"x", "key"} and str(arrays["key"]) == key

    make = partial(_decoded, files, channels, np.array(key))
    return store.cached(stored, make, valid)["x"]


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if _is_open(entry)]
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _inside_itself(folder) from error
        raise ValueError(
            f"{folder} cannot be listed: {error.strerror}; give yourself the right to "
            "read it, or remove it"
        ) from error


def _is_open(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is not hidden: Jupyter, macOS and Git leave such beside images."""
    return not entry.name.startswith(".") and entry.name != "__MACOSX"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return os.path.isdir(entry.path)  # False for a link to itself, too


def _is_image(file: str) -> bool:
    return file.lower().endswith(KINDS)


def _files(folder: Path) -> list[str]:
    """All files under a class, folder by folder, each sorted."""
    below = dict(_walk(str(folder), ()))
    return [
        os.path.join(at, name) for at in sorted(below) for name in sorted(below[at])
    ]


def _walk(folder: str, above: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    real = os.path.realpath(folder)
    if real in above:
        raise _inside_itself(folder)
    entries = _entries(folder)
    yield folder, [entry.name for entry in entries if not _is_folder(entry)]
    for entry in entries:
        if _is_folder(entry):
            yield from _walk(entry.path, (*above, real))


def _inside_itself(folder: Path | str) -> ValueError:
    return ValueError(
        f"{folder} is a link to a folder that it lies in, without end; remove it"
    )


def _say_passed_over(folder: Path, others: list[str]) -> None:
    if not others:
        return
    kinds = sorted(
        {os.path.splitext(file)[1].lower() or "no ending" for file in others}
    )
    warnings.warn(
        f"{folder}: {len(others):,} files ({', '.join(kinds[:5])}) are passed over, "
        f"{others[0]} for one; images are CLASS/NAME with {' '.join(KINDS)}",
        stacklevel=4,  # the line that calls image_folder
    )


def _state(file: str) -> os.stat_result:
    try:
        state = os.stat(file)
    except OSError as error:
        raise ValueError(
            f"{file} cannot be read: {error.strerror}; replace or delete it"
        ) from error
    if not stat.S_ISREG(state.st_mode):
        raise ValueError(f"{file} is no file that holds an image; replace or delete it")
    return state


def _decoded(files: list[str], channels: int | None, key: np.ndarray) -> store.Arrays:
    height, width, grey = _agreed(files)
    channels = channels or (1 if grey else 3)
    _refuse_too_much(len(files) * channels * height * width, files[0])
    first = _pixels(files[0], channels)
    x = np.empty((len(files), *first.shape), dtype=np.uint8)  # (n, c, h, w)
    with bar(files, text="decoding images") as shown:
        for i, file in enumerate(shown):
            image = _pixels(file, channels) if i else first
            if image.shape != first.shape:
                raise _two_sizes(file, image.shape[1:], files[0], first.shape[1:])
            x[i] = image
    return {"x": x, "key": key}


def _agreed(files: list[str]) -> tuple[int, int, bool]:
    """Read the headers: the height and width of all, and whether every one is grey.

    A photograph may lie on its side; only decoding tells.
    """
    height, width, grey = _header(files[0])
    for file in files[1:]:
        *size, is_grey = _header(file)
        if sorted(size) != sorted((height, width)):
            raise _two_sizes(file, tuple(size), files[0], (height, width))
        grey = grey and is_grey
    return height, width, grey


def _header(file: str) -> tuple[int, int, bool]:
    from PIL import Image

    with _named(file), Image.open(file) as image:
        width, height = image.size
        if not 0 < width * height <= PIXELS:
            raise ValueError(
                f"it has {width} x {height} pixels, at most {PIXELS:,} are read"
            )
        if image.mode not in GREY + COLOUR:
            raise ValueError(f"its mode {image.mode} is not read; save it as RGB")
        if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
            raise ValueError("it has several frames; save the one that is meant")
        return height, width, _is_grey(image)


def _is_grey(image: "Image") -> bool:
    if image.mode == "P" and image.palette is not None:
        palette = np.array(image.getpalette("RGB")).reshape(-1, 3)
        return bool((palette == palette[:, :1]).all())
    return image.mode in GREY


def _refuse_too_much(values: int, file: str) -> None:
    """Raise ValueError where the images, as numbers of 4 bytes, are more than the memory."""
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names:
        return
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if 0 < memory < 4 * values:
        raise ValueError(
            f"the images beside {file} take {4 * values / 1e9:.3g} GB as numbers, this "
            f"machine has {memory / 1e9:.3g}; resize them, or give fewer"
        )


def _two_sizes(
    file: str, size: tuple[int, ...], first: str, other: tuple[int, ...]
) -> ValueError:
    return ValueError(
        f"{file} is {tuple(size)} pixels (h, w), but {first} is {tuple(other)}; resize "
        "all images to one size"
    )


@contextmanager
def _named(file: str) -> Iterator[None]:
    """Inside, whatever goes wrong with a file is a ValueError that names it."""
    try:
        yield
    except Exception as error:  # a damaged image shows as ten types and more
        reason = "too little memory" if isinstance(error, MemoryError) else error
        raise ValueError(
            f"{file} cannot be decoded as an image: {reason}; resize it, or replace or "
            "delete it"
        ) from error


def _pixels(file: str, channels: int) -> np.ndarray:
    """Decode one image, upright: uint8 (c, h, w)."""
    from PIL import Image, ImageOps

    with _named(file), Image.open(file) as image:
        upright = ImageOps.exif_transpose(image)
        plain = _opaque(_eight_bits(upright))
        pixels = np.asarray(plain.convert("L" if channels == 1 else "RGB"))
        return pixels.reshape(*pixels.shape[:2], channels).transpose(2, 0, 1)


def _eight_bits(image: "Image") -> "Image":
    """Bring a grey image of 16 bits to the nearest of 8."""
    from PIL import Image

    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.int64)
    if not 0 <= values.min() <= values.max() < 2**16:
        raise ValueError(
            f"its values from {values.min()} to {values.max()} are not of 16 bits"
        )
    if (values == image.info.get("transparency", -1)).any():
        raise ValueError("some of it is transparent; put it on a background")
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _opaque(image: "Image") -> "Image":
    """Return an image without its layer of transparency, of which nothing shows."""
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        if np.asarray(image)[..., 3].min() < 255:
            raise ValueError("some of it is transparent; put it on a background")
    return image
