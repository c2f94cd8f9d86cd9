"""Folders of images: what each kind of file becomes, what is left out, what is refused."""

import os
import struct
import sys
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kdsurvey import data, folders, store

RAMP = np.arange(0, 64000, 4000, dtype=np.uint16).reshape(4, 4)  # dark to nearly white
BYTES = np.round(RAMP / 257).astype(int)
COLOURS = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("KDSURVEY_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def flowers(tmp_path):
    """Two classes of colour, 4 x 4, an image each in train and test."""
    for name in ("train/rose/a", "train/tulip/a", "test/rose/a", "test/tulip/a"):
        path = tmp_path / "flowers" / f"{name}.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(COLOURS).save(path)
    return tmp_path / "flowers"


def decoded(image: Image.Image, path: Path, channels=None, **how) -> np.ndarray:
    image.save(path, **how)
    return folders.images(path.parent, [str(path)], channels)[0].astype(int)


GREYS = {
    "16 bits": (Image.fromarray(RAMP), "a.png"),
    "16 bits, TIFF": (Image.fromarray(RAMP), "a.tif"),
    "32 bits": (Image.fromarray(RAMP.astype(np.int32)), "a.tif"),
    "16 bits, big-endian": (Image.fromarray(RAMP.astype(">u2")), "a.tif"),
    "8 bits": (Image.fromarray(BYTES.astype(np.uint8)), "a.png"),
    "with an opaque layer": (
        Image.fromarray(BYTES.astype(np.uint8)).convert("LA"),
        "a.png",
    ),
    "a palette of greys": (
        Image.fromarray(BYTES.astype(np.uint8)).convert("P"),
        "a.png",
    ),
}


@pytest.mark.parametrize("kind", GREYS)
def test_grey_images_are_scaled_right_and_have_one_channel(kind, tmp_path):
    image, name = GREYS[kind]
    assert (decoded(image, tmp_path / name) == BYTES[None]).all()


def test_an_image_of_one_bit_is_black_and_white(tmp_path):
    bits = BYTES > 100
    assert (
        decoded(Image.fromarray(bits), tmp_path / "a.png") == 255 * bits[None]
    ).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colours_come_as_they_are(mode, tmp_path):
    image = Image.fromarray(COLOURS).convert("RGBA" if mode == "RGBA" else "RGB")
    if mode == "P":
        image = image.quantize(16)
    assert (decoded(image, tmp_path / "a.png") == COLOURS.transpose(2, 0, 1)).all()


def test_printing_inks_become_light(tmp_path):
    inks = Image.new("CMYK", (4, 4), (255, 0, 0, 0))
    cyan = decoded(inks, tmp_path / "a.jpg", quality=100)[:, 0, 0]
    assert abs(cyan - [0, 255, 255]).max() < 8


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGBA", (4, 4), (9, 9, 9, 0)),
        Image.new("LA", (4, 4), (9, 128)),
        Image.new("F", (4, 4), 0.5),
        Image.fromarray(np.full((4, 4), 70000, np.int32)),
    ],
    ids=["transparent", "half transparent", "floating point", "more than 16 bits"],
)
def test_what_has_no_one_meaning_is_refused(image, tmp_path):
    name = "a.tif" if image.mode in ("F", "I") else "a.png"
    with pytest.raises(ValueError, match=rf"{name} cannot be decoded.*replace"):
        decoded(image, tmp_path / name)


@pytest.mark.parametrize("colour", [(0, 0, 0), 0])
def test_a_transparent_colour_is_refused(colour, tmp_path):
    image = Image.new("RGB" if colour else "L", (4, 4), colour)
    with pytest.raises(ValueError, match=r"a\.png.*transparent; put it on a"):
        decoded(image, tmp_path / "a.png", transparency=colour)


def test_a_transparent_grey_of_16_bits_is_refused_where_it_is_seen(tmp_path):
    image = Image.fromarray(RAMP)
    assert (decoded(image, tmp_path / "a.png", transparency=5) == BYTES[None]).all()
    with pytest.raises(ValueError, match=r"a\.png.*transparent; put it on a"):
        decoded(image, tmp_path / "a.png", transparency=4000)


def test_several_frames_are_refused(tmp_path):
    frames = [Image.new("RGB", (4, 4), (n, 0, 0)) for n in (0, 200)]
    with pytest.raises(ValueError, match=r"a\.tif.*several frames"):
        decoded(frames[0], tmp_path / "a.tif", save_all=True, append_images=frames[1:])


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
@pytest.mark.parametrize(
    "orientation, upright",
    [
        (1, lambda x: x),
        (2, lambda x: x[:, ::-1]),
        (3, lambda x: x[::-1, ::-1]),
        (4, lambda x: x[::-1]),
        (5, lambda x: x.transpose(1, 0)),
        (6, lambda x: np.rot90(x, -1)),
        (7, lambda x: np.rot90(x, 2).transpose(1, 0)),
        (8, lambda x: np.rot90(x)),
    ],
)
def test_photographs_are_upright(orientation, upright, name, tmp_path):
    stored = np.kron([[0, 60, 120], [180, 220, 250]], np.ones((8, 8))).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    (found,) = decoded(Image.fromarray(stored), tmp_path / name, exif=exif, quality=100)
    assert found.shape == upright(stored).shape
    assert abs(found - upright(stored).astype(int)).max() < 4


def test_a_folder_of_grey_images_has_one_channel_unless_three_are_asked_for(flowers):
    assert data.image_folder(flowers).train[0].shape == (2, 3, 4, 4)
    assert data.image_folder(flowers, channels=1).train[0].shape == (2, 1, 4, 4)
    paths = list(flowers.glob("*/*/*.png"))
    for path in paths[1:]:
        Image.fromarray(BYTES.astype(np.uint8)).save(path)
    assert data.image_folder(flowers).train[0].shape == (2, 3, 4, 4)  # one has colour
    Image.fromarray(BYTES.astype(np.uint8)).save(paths[0])
    assert data.image_folder(flowers).train[0].shape == (2, 1, 4, 4)
    assert data.image_folder(flowers, channels=3).train[0].shape == (2, 3, 4, 4)


@pytest.mark.parametrize("channels", [0, 2, 4, True, "RGB"])
def test_another_number_of_channels_is_refused(channels, flowers):
    with pytest.raises(ValueError, match=r"channels = .*give 1 for grey"):
        data.image_folder(flowers, channels=channels)


def test_what_an_older_decoder_stored_is_decoded_anew(root, flowers, monkeypatch):
    right = data.image_folder(flowers).train[0]
    (stored,) = root.glob("flowers-*.npz")
    arrays = dict(np.load(stored))
    monkeypatch.setattr(folders, "DECODER", folders.DECODER - 1)
    data.image_folder(flowers)
    older = dict(np.load(stored))
    np.savez_compressed(stored, x=arrays["x"] * 0, key=older["key"])
    monkeypatch.undo()
    monkeypatch.setenv("KDSURVEY_DATA", str(root))
    assert (data.image_folder(flowers).train[0] == right).all()


@pytest.mark.parametrize("hidden", [".ipynb_checkpoints", ".git", "__MACOSX"])
def test_hidden_folders_and_files_are_left_out(hidden, flowers):
    for place in ("train", "test", "train/rose"):
        (flowers / place / hidden).mkdir()
        Image.fromarray(COLOURS).save(flowers / place / hidden / "a-checkpoint.png")
    (flowers / "train/rose/._a.png").write_bytes(b"what macOS leaves")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = data.image_folder(flowers)
    assert found.classes == ("rose", "tulip") and len(found.train[1]) == 2


def test_files_that_are_passed_over_are_said(flowers):
    Image.fromarray(COLOURS).save(flowers / "train/rose/b.gif")
    (flowers / "train/notes.txt").write_text("mine")
    words = r"2 files \(\.gif, \.txt\) are passed over"
    with pytest.warns(UserWarning, match=words) as warned:
        assert len(data.image_folder(flowers).train[1]) == 2
    assert warned[0].filename == __file__  # the reader's line, not the package's


def refused(flowers: Path, *words: str) -> None:
    with pytest.raises(ValueError) as caught:
        data.image_folder(flowers)
    assert not [word for word in words if word not in str(caught.value)], caught.value


def test_a_broken_link_is_named(flowers):
    (flowers / "train/rose/b.png").symlink_to(flowers / "nowhere.png")
    refused(flowers, "b.png", "cannot be read", "replace or delete it")


def test_a_link_to_itself_is_named(flowers):
    (flowers / "train/rose/b.png").symlink_to(flowers / "train/rose/b.png")
    refused(flowers, "b.png", "replace or delete it")
    (flowers / "own").symlink_to(flowers / "own")
    refused(flowers / "own", "own")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_a_pipe_does_not_hang(flowers, monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("was opened"))
    os.mkfifo(flowers / "test/tulip/b.png")
    refused(flowers, "b.png", "is no file that holds an image", "replace or delete it")


def test_a_folder_inside_itself_is_named(flowers):
    (flowers / "train/rose/again").symlink_to(flowers / "train")
    refused(flowers, str(flowers / "train/rose/again"), "remove it")


def test_images_beside_a_link_to_them_are_read(flowers):
    (flowers / "train/rose/more").symlink_to(flowers / "test/rose")
    assert len(data.image_folder(flowers).train[1]) == 3


def huge(path: Path, side: int) -> None:
    """A small file whose header asks for side x side pixels."""
    Image.new("1", (1, 1)).save(path)
    whole = bytearray(path.read_bytes())
    whole[16:24] = struct.pack(">II", side, side)
    whole[29:33] = struct.pack(">I", zlib.crc32(whole[12:29]))
    path.write_bytes(whole)


@pytest.mark.parametrize("side", [5000, 12000, 20000])
def test_a_small_file_of_too_many_pixels_is_never_decoded(side, flowers, monkeypatch):
    for path in flowers.glob("*/*/*.png"):
        huge(path, side)
    monkeypatch.setattr(folders, "_pixels", lambda *_: pytest.fail("was decoded"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        refused(flowers, ".png", "pixels", "resize it")


def test_sizes_are_compared_before_anything_is_decoded(flowers, monkeypatch):
    Image.new("RGB", (9, 4)).save(flowers / "test/tulip/b.png")
    monkeypatch.setattr(folders, "_pixels", lambda *_: pytest.fail("was decoded"))
    refused(flowers, "b.png", "(4, 9)", "(4, 4)", "resize all")


def test_one_image_on_its_side_is_named(flowers):
    for path in flowers.glob("*/*/*.png"):
        Image.new("RGB", (9, 4)).save(path)
    Image.new("RGB", (4, 9)).save(flowers / "test/tulip/b.png")
    refused(flowers, "b.png", "(9, 4)", "(4, 9)", "resize all")


def test_more_images_than_memory_holds_are_refused(flowers, monkeypatch):
    monkeypatch.setattr(folders.os, "sysconf", lambda name: 10)
    refused(flowers, "as numbers", "resize them")


@pytest.mark.parametrize("error", [MemoryError(), OSError("no"), TypeError("no")])
def test_whatever_fails_names_the_file(error, flowers, monkeypatch):
    def fails(*_):
        raise error

    monkeypatch.setattr(Image.Image, "convert", fails)
    refused(flowers, ".png cannot be decoded", "replace or delete it")


@pytest.mark.skipif(
    sys.platform == "win32" or os.getuid() == 0, reason="every folder can be read"
)
def test_a_folder_that_cannot_be_read_is_named(flowers):
    (flowers / "train/rose").chmod(0)
    try:
        refused(flowers, "rose", "cannot be listed")
    finally:
        (flowers / "train/rose").chmod(0o755)


def test_what_a_killed_process_left_is_removed_after_a_day(root):
    root.mkdir()
    names = [f".{name}.{'0123456789abcdef' * 2}.part" for name in ("a.npz", "b.npz")]
    for name in names:
        (root / name).write_bytes(b"half")
    (root / ".part-dead").mkdir()
    (root / ".part-dead" / "train").write_bytes(b"half")
    (root / ".mine.part").write_bytes(b"another's")
    then = time.time() - 24 * 3600
    for name in (names[0], ".part-dead/train", ".part-dead", ".mine.part"):
        os.utime(root / name, (then - 60, then - 60))
    os.utime(root / names[1], (then + 60, then + 60))
    with store.replacing(root / "c.npz") as file:
        file.write(b"whole")
    assert sorted(path.name for path in root.iterdir()) == sorted(
        [names[1], ".mine.part", "c.npz"]
    )
