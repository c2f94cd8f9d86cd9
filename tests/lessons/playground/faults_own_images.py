"""Planted faults that `test_own_images.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a class may be written outside the folder",
        "lessons/playground/own_images.py",
        "if not NAME.fullmatch(name):",
        "if False:",
    ),
    Fault(
        "half an image stays",
        "lessons/playground/own_images.py",
        "except (OSError, SyntaxError):",
        "except ZeroDivisionError:",
    ),
    Fault(
        "every image is written anew",
        "lessons/playground/own_images.py",
        "if not (path.exists() and _is(path, image)):",
        "if True:",
    ),
]
