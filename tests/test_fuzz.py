"""Inputs drawn at random: a right value, or a ValueError or OSError that names what is wrong.

A few draws each here, 10,000 in all and more by `make fuzz`.
"""

import math
import os
import sys
import tempfile
import threading
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from panels.kit.test_permalink import KeptBar
from patterns import made_up, small
from PIL import Image
from torch import nn

from kdsurvey import exercises, packed
from kdsurvey.config import Config
from kdsurvey.data import Data, image_folder
from kdsurvey.lessons.exercise import Exercise
from kdsurvey.methods import hinton
from kdsurvey.nets import mlp
from kdsurvey.panels.kit import permalink
from kdsurvey.training import train

texts = st.text(max_size=12)
numbers = st.integers() | st.floats() | st.booleans() | st.none()
anything = st.recursive(
    numbers | texts | st.binary(max_size=6),
    lambda parts: (
        st.lists(parts, max_size=3) | st.dictionaries(texts, parts, max_size=3)
    ),
    max_leaves=6,
)
json_values = st.recursive(
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.none()
    | texts,
    lambda parts: (
        st.lists(parts, max_size=3) | st.dictionaries(texts, parts, max_size=3)
    ),
    max_leaves=6,
)


def draws(few: int, many: int) -> settings:
    """So many draws: a few in the tests, many by `make fuzz`."""
    count = many if settings.get_current_profile_name() == "fuzz" else few
    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    return settings(max_examples=count, suppress_health_check=slow)


@st.composite
def damaged(draw, whole: bytes) -> bytes:
    """Bytes that lost, gained or changed a few."""
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(whole)))
        new = draw(st.binary(max_size=4))
        whole = whole[:at] + new + whole[at + draw(st.integers(0, 8)) :]
    return whole


# Permalinks.

LINK = permalink.write("bar", {"height": 7.0})


@draws(60, 3000)
@given(st.data())
def test_a_changed_permalink(data):
    text = data.draw(damaged(LINK.encode())).decode("utf-8", "replace")
    try:
        link = permalink.read(text)
    except ValueError as error:
        assert "is no permalink; copy the whole string" in str(error)
    else:
        assert isinstance(link.kind, str) and isinstance(link.state, dict)


@cache
def bar() -> KeptBar:
    return KeptBar()


@draws(60, 2000)
@given(
    st.sampled_from(["bar", "live", ""]),
    st.dictionaries(st.just("height") | texts, json_values, max_size=2),
)
def test_a_state_that_is_pasted(kind, state):
    panel = bar()
    before = panel.state()
    try:
        panel.paste(permalink.write(kind, state))
    except ValueError:
        assert panel.state() == before
    else:
        height = state["height"]
        assert panel.state() == state and 0 <= height <= 20 and kind == "bar"


# Settings.

NAMES = [field.name for field in fields(Config)]


@draws(150, 3000)
@given(st.dictionaries(st.sampled_from(NAMES), anything, max_size=3))
def test_settings(changes):
    try:
        config = Config(**changes)
    except ValueError as error:
        assert str(error).startswith("Config: ") and "give" in str(error)
        return
    assert isinstance(config.epochs, int) and config.epochs >= 1
    assert 0 < config.lr < math.inf and 0 <= config.momentum < 1
    assert 0 <= config.first_seed < 2**63 and config.batch_size >= 1
    assert 0 <= config.factor(0.5) <= 1


# Folders of images.

MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F", "HSV", "YCbCr")
ENDINGS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".tif": "TIFF",
    ".bmp": "BMP",
    ".webp": "WEBP",
    ".pgm": "PPM",
    ".gif": "GIF",
}
names = st.text(
    st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=8
)


@st.composite
def pictures(draw) -> tuple[str, bytes]:
    """A file of an image folder: its ending, and what is in it, right or wrong."""
    ending = draw(st.sampled_from(sorted(ENDINGS)))
    kind = draw(st.sampled_from(sorted(ENDINGS.values())))
    mode = draw(st.sampled_from(MODES))
    side = draw(st.sampled_from([3, 3, 3, 3, 4]))
    image = Image.new("L", (3, side), draw(st.integers(0, 255)))
    options = {}
    if draw(st.booleans()):
        exif = Image.Exif()
        exif[0x0112] = draw(st.integers(0, 9))  # how it lies
        options["exif"] = exif
    if draw(st.integers(0, 9)) == 0:
        options |= {"save_all": True, "append_images": [Image.new("L", (3, side))]}
    with tempfile.TemporaryFile() as file:
        with suppress(Exception):  # a format that has no such mode
            image.convert(mode).save(file, kind, **options)
        file.seek(0)
        whole = file.read()
    return ending, draw(damaged(whole)) if draw(st.integers(0, 3)) == 0 else whole


@cache
def grey(value: int) -> bytes:
    with tempfile.TemporaryFile() as file:
        Image.new("L", (3, 3), value).save(file, "PNG")
        file.seek(0)
        return file.read()


@draws(25, 2000)
@given(st.dictionaries(names, pictures(), min_size=1, max_size=2), st.integers(0, 255))
def test_a_folder_of_odd_images(files, value):
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KDSURVEY_DATA", str(Path(place, "stored")))
        for part in ("train", "test"):
            Path(place, "pets", part, "cat").mkdir(parents=True)
            Path(place, "pets", part, "cat", "0.png").write_bytes(grey(value))
        for name, (ending, content) in files.items():
            with suppress(OSError):  # a name that this disk does not take
                Path(place, "pets", "train", "cat", name + ending).write_bytes(content)
        patch.setattr(warnings, "warn", lambda *words, **options: None)
        try:
            pets = image_folder(Path(place, "pets"))
        except (ValueError, OSError) as error:
            assert place in str(error)
            return
        x, _ = pets.train
        assert x.shape[1] in (1, 3) and 0 <= x.min() <= x.max() <= 1
        assert torch.equal(pets.test[0], torch.full_like(pets.test[0], value / 255))
        assert (x - value / 255).abs().flatten(1).amax(1).min() == 0


@draws(40, 2000)
@given(
    st.integers(0, 65535),
    st.sampled_from(["I;16", "I"]),
    st.sampled_from([".png", ".tif"]),
)
def test_images_of_16_bits_keep_their_grey(value, mode, ending):
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KDSURVEY_DATA", str(Path(place, "stored")))
        kind = np.uint16 if mode == "I;16" else np.int32
        assume(not (mode == "I" and ending == ".png"))  # which PNG writes as 16 bits
        for part in ("train", "test"):
            folder = Path(place, "pets", part, "cat")
            folder.mkdir(parents=True)
            Image.fromarray(np.full((2, 2), value, kind)).save(folder / f"0{ending}")
        x, _ = image_folder(Path(place, "pets")).train
        assert (x - value / 65535).abs().max() <= 0.5001 / 255


# Packed nets.


@cache
def saved() -> bytes:
    with tempfile.TemporaryDirectory() as place:
        packed.save(mlp(4, 3, 2, seed=1), Path(place, "net"))
        return Path(place, "net").read_bytes()


@draws(60, 3000)
@given(st.data(), st.booleans())
def test_a_changed_file_of_a_net(data, forged):
    """Also where its checksum agrees with what was changed."""
    whole = data.draw(damaged(saved()))
    if forged and len(whole) > 4:
        whole = whole[:-4] + zlib.crc32(whole[:-4]).to_bytes(4, "little")
    net = mlp(4, 3, 2, seed=5)
    before = [weight.clone() for weight in net.parameters()]
    handle, path = tempfile.mkstemp()
    try:
        os.write(handle, whole)
        packed.load(path, net)
    except ValueError as error:
        assert path in str(error)
        assert all(map(torch.equal, before, net.parameters()))
    else:
        assert net(torch.ones(1, 4)).shape == (1, 2)
    finally:
        os.close(handle)
        os.unlink(path)


# Exercises.

TASKS = [
    (notebook, name)
    for notebook in exercises.NOTEBOOKS
    for name, task in vars(getattr(exercises, notebook)).items()
    if isinstance(task, Exercise)
]


class Untold(Exception):
    """An error whose text cannot be made."""

    def __str__(self):
        raise RuntimeError


def raising(error: type[BaseException]) -> Callable:
    def answer(*arguments):
        raise error

    return answer


def constant(value: object) -> Callable:
    return lambda *arguments: value


def same(*arguments):
    return arguments[0]


errors = st.sampled_from(
    [ValueError, SystemExit, GeneratorExit, RecursionError, StopIteration, Untold]
)
shapes = st.lists(st.integers(0, 4), max_size=3)
answers = st.one_of(
    errors.map(raising),
    anything.map(constant),
    shapes.map(lambda shape: constant(torch.ones(shape))),
    shapes.map(lambda shape: constant(np.full(shape, math.nan))),
    st.just(same),
    st.just(partial(constant, 3)),
)


@draws(60, 2000)
@given(st.sampled_from(TASKS), answers, st.integers(0, 2**32 - 1))
def test_an_answer_that_is_none(task, answer, seed):
    notebook, name = task
    report = getattr(getattr(exercises, notebook), name).check(answer, seed)
    assert not report.solved and "not yet" in repr(report)


# Interrupts.


class Moment:
    """Raise KeyboardInterrupt at a line of the package, as a button of the notebook does."""

    def __init__(self, line: int):
        self.left = line

    def __call__(self, frame, event, argument):
        """Follow what the package itself does; a tracer of `sys.settrace`."""
        if "/kdsurvey/" not in frame.f_code.co_filename:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


def trained(toy: Data, net: nn.Module) -> list[dict]:
    config = Config(epochs=2, batch_size=48, lr=0.1, jitter=1, device="cpu")
    return train(hinton(net, small(seed=1)), toy, config, progress=False)


@draws(15, 1500)
@given(st.integers(1, 1200))
def test_an_interrupt_at_any_line_leaves_the_kernel_as_it_was(line):
    """The same training afterwards gives the same rows."""
    toy = made_up(train=48)
    wanted = trained(toy, small(dropout=0.2))
    before = torch.get_rng_state(), torch.get_num_threads(), threading.active_count()
    net = small(dropout=0.2)
    tracer = sys.gettrace()  # coverage's, where there is one
    sys.settrace(Moment(line))
    try:
        with suppress(KeyboardInterrupt):
            trained(toy, net)
    finally:
        sys.settrace(tracer)
    after = torch.get_rng_state(), torch.get_num_threads(), threading.active_count()
    assert torch.equal(after[0], before[0]) and after[1:] == before[1:]
    assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
    assert not any(part._forward_hooks for part in net.modules())
    assert trained(toy, small(dropout=0.2)) == wanted
