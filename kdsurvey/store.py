"""The folder of data, and how files get there.

Whole or not at all, and only with the bytes that were expected.
"""

import errno
import gzip
import hashlib
import os
import re
import shutil
import socket
import ssl
import tempfile
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.error import URLError

import numpy as np
from platformdirs import user_cache_dir

from kdsurvey import variables

Arrays = dict[str, np.ndarray]
# Hexadecimal digits of a checksum -> the algorithm that computes it
ALGORITHMS = {32: "md5", 64: "sha256"}
# Seconds without a byte before a download is given up: else it would wait for ever
PATIENCE = 20.0
# What is being written, or was when its process was killed; seconds until it is that
LEFT = re.compile(r"\..+\.[0-9a-f]{32}\.part|\.part-\w+")
STALE = 24 * 3600.0
ELSEWHERE = "set KDSURVEY_DATA to a folder that you can write to"
ROOM = 2**16  # bytes that a disk has left which is not full
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # errors of a disk without room
# Errors of a download; RuntimeError is torchvision's
NETWORK = (
    URLError,
    HTTPException,
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
    RuntimeError,
)
IDX = {  # SHA-256 of the published files, unpacked
    "MNIST": {
        "train-images-idx3-ubyte": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        ),
        "train-labels-idx1-ubyte": (
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        ),
        "t10k-images-idx3-ubyte": (
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        ),
        "t10k-labels-idx1-ubyte": (
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
    },
    "FashionMNIST": {
        "train-images-idx3-ubyte": (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        ),
        "train-labels-idx1-ubyte": (
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        ),
        "t10k-images-idx3-ubyte": (
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        "t10k-labels-idx1-ubyte": (
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
    },
}


def data_dir() -> Path:
    """Return the folder of data and caches, which may not exist yet.

    $KDSURVEY_DATA, read at every call, else the user's cache folder. Raises ValueError
    where the variable holds no whole path.
    """
    named = variables.absolute_folder("KDSURVEY_DATA")
    return named or Path(user_cache_dir("kdsurvey", appauthor=False))


def refuse_unwritable(path: Path, remedy: str) -> None:
    """Raise OSError with the remedy where nothing can be written at `path`, or nearly so."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent) as file:
            file.write(bytes(ROOM))
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    except OSError as error:
        raise _unwritable(path, error, remedy) from error


@contextmanager
def replacing(path: Path, remedy: str = ELSEWHERE) -> Iterator[BinaryIO]:
    """Open a binary file that takes the place of `path` in one step, at the block's end.

    After an error it is gone; what a killed process left beside it goes after a day.
    Two processes may do so at once: each fills a file of its own, and the last one
    stays. Raises OSError with the remedy, by default where else the data may lie, where
    nothing can be written.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear(path.parent)
        try:
            with open(part, "xb") as file:
                yield file
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error, remedy) from error


def write(path: Path, text: str, remedy: str = ELSEWHERE) -> None:
    """Write a text file in one step: the old one stays until the new one is whole.

    Raises OSError with the remedy where nothing can be written.
    """
    with replacing(path, remedy) as file:
        file.write(text.encode())


def cached(
    path: Path, make: Callable[[], Arrays], valid: Callable[[Arrays], bool]
) -> Arrays:
    """Load the arrays stored at `path`; where they are not `valid`, store make()'s.

    The file is a compressed .npz. One that is absent, damaged or outdated is written
    anew. Raises OSError with the remedy, before make() is called, where `path` cannot
    be written.
    """
    arrays = _load(path)
    if arrays is None or not valid(arrays):
        with replacing(path) as file:
            arrays = make()
            # NumPy's stub takes each array for `allow_pickle` too
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return arrays


def fingerprint(arrays: Arrays) -> str:
    """Compute the SHA-256 of the names, types, shapes and values of `arrays`.

    In hexadecimal.
    """
    digest = hashlib.sha256()
    for name, values in sorted(arrays.items()):
        digest.update(f"{name} {values.dtype.str} {values.shape}".encode())
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def check(path: Path, expected: str) -> None:
    """Raise ValueError unless the file `path` has the checksum `expected`.

    In hexadecimal: 32 digits MD5, 64 SHA-256.
    """
    algorithm = ALGORITHMS[len(expected)]
    with open(path, "rb") as file:
        actual = hashlib.file_digest(file, algorithm).hexdigest()
    if actual != expected:
        raise ValueError(
            f"{path} ({path.stat().st_size:,} bytes) is not the published file: its "
            f"{algorithm} is {actual}, expected {expected}; delete it, so that it is "
            "downloaded again, or put the published file in its place"
        )


def published(
    root: Path,
    inside: Path,
    checksums: dict[str, str],
    download: Callable[[Path], object],
) -> Path:
    """Return the folder root/inside with every file of `checksums` in it, checked.

    checksums: name -> checksum, see `check`. Files that are missing are downloaded:
    download(empty) lays the set out under `empty`, a new folder beside the final one,
    from which checked files move into place one by one; a file that is there is never
    overwritten, and one that is there as NAME.gz is unpacked. Raises FileNotFoundError
    where a file is missing and cannot be downloaded, ValueError for a file with other
    bytes, OSError where root cannot be written; each names the file and the remedy.
    """
    folder = root / inside
    for name, expected in checksums.items():
        if not (folder / name).is_file() and (folder / f"{name}.gz").is_file():
            _unpack(folder / f"{name}.gz", folder / name, expected)
    missing = {
        name: expected
        for name, expected in checksums.items()
        if not (folder / name).is_file()
    }
    for name, expected in checksums.items():
        if name not in missing:
            check(folder / name, expected)
    if missing:
        try:
            _fetch(root, inside, missing, download)
        except NETWORK as error:
            raise FileNotFoundError(_advice(root, inside, missing, error)) from error
        except OSError as error:
            raise _unwritable(folder, error) from error
    return folder


def _unpack(packed: Path, path: Path, expected: str) -> None:
    """Unpack a .gz that somebody has put there to `path`, if it holds the expected file.

    Raises ValueError, with its name, for one that is damaged or holds another file.
    """
    algorithm = hashlib.new(ALGORITHMS[len(expected)])
    with replacing(path) as file:
        try:
            with gzip.open(packed) as content:
                while block := content.read(2**20):
                    algorithm.update(block)
                    file.write(block)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(
                f"{packed} is damaged: {error}; delete it, so that it is downloaded again"
            ) from error
        if algorithm.hexdigest() != expected:
            raise ValueError(
                f"{packed} does not hold the published {path.name}: its {algorithm.name} "
                f"is {algorithm.hexdigest()}, expected {expected}; delete it, so that it "
                "is downloaded again"
            )


def _fetch(
    root: Path,
    inside: Path,
    missing: dict[str, str],
    download: Callable[[Path], object],
) -> None:
    root.mkdir(parents=True, exist_ok=True)
    _clear(root)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=root) as part:
        with _patience():
            download(Path(part))
        for name, expected in missing.items():
            check(Path(part, inside, name), expected)
        (root / inside).mkdir(parents=True, exist_ok=True)
        for name in missing:
            os.replace(Path(part, inside, name), root / inside / name)


@contextmanager
def _patience() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(before or PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _clear(folder: Path) -> None:
    """Remove what processes that were killed had begun to write here, days ago."""
    with suppress(OSError):
        for path in folder.iterdir():
            if LEFT.fullmatch(path.name) and time.time() - path.stat().st_mtime > STALE:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def _load(path: Path) -> Arrays | None:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except Exception:  # damage shows as seven types and more; each makes it useless
        return None


def _unwritable(path: Path, error: OSError, remedy: str = ELSEWHERE) -> OSError:
    reason = error.strerror or error
    advice = ""
    if error.errno in FULL:
        advice = "free some space, or "
    elif path.is_dir():
        advice = "remove that folder, or "
    return OSError(error.errno, f"cannot write {path}: {reason}; {advice}{remedy}")


def _advice(root: Path, inside: Path, missing: dict[str, str], error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return (
        f"{root / inside} lacks {', '.join(missing)}, and the download failed: "
        f"{reason}. Put the unpacked files there, or set KDSURVEY_DATA to a folder that "
        f"has them under {inside}, or use mnist_5k(), which needs no download"
    )
