"""Planted faults that `test_folders.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault("16 bits are cut", "folders.py", "(values + 128) // 257", "values >> 8"),
    Fault(
        "photographs lie on their side",
        "folders.py",
        "upright = ImageOps.exif_transpose(image)",
        "upright = image",
    ),
    Fault(
        "hidden folders become classes",
        "folders.py",
        'not entry.name.startswith(".") and entry.name != "__MACOSX"',
        "bool(entry.name)",
    ),
    Fault(
        "what older decoders stored is served",
        "folders.py",
        "repr((DECODER, channels, changes))",
        "repr((channels, changes))",
    ),
    Fault(
        "one request for channels is served to another",
        "folders.py",
        "repr((DECODER, channels, changes))",
        "repr((DECODER, changes))",
    ),
    Fault(
        "what is transparent is read all the same",
        "folders.py",
        "if np.asarray(image)[..., 3].min() < 255:",
        "if False:",
    ),
    Fault(
        "a link to a folder above is followed",
        "folders.py",
        "if real in above:",
        "if False:",
    ),
    Fault(
        "a pipe is opened",
        "folders.py",
        "if not stat.S_ISREG(state.st_mode):",
        "if False:",
    ),
    Fault(
        "any number of pixels is decoded",
        "folders.py",
        "if not 0 < width * height <= PIXELS:",
        "if False:",
    ),
    Fault(
        "what is being written is removed",
        "store.py",
        "time.time() - path.stat().st_mtime > STALE",
        "path.name",
    ),
]
