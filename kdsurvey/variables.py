"""The environment variables that the package reads, each checked where it is read.

A variable that is empty counts as unset. Errors name the variable, its value and the
remedy.
"""

import os
import re
from pathlib import Path


def whole(name: str, default: int, least: int, most: int) -> int:
    """Return the whole number that a variable holds, or the default where it is unset.

    Raises ValueError for anything else than a number from `least` to `most`.
    """
    text = os.environ.get(name, "")
    if not text:
        return default
    if re.fullmatch(r"[0-9]{1,20}", text) and least <= int(text) <= most:
        return int(text)
    raise ValueError(
        f"{name} = {text!r}: give a whole number of {least} or more, at most {most}, or "
        "unset it"
    )


def folder(name: str) -> Path | None:
    """Return the folder that a variable names, None where it is unset; ~ is the home.

    Raises ValueError where the home of a user is not known.
    """
    text = os.environ.get(name, "")
    return home(text, f"{name} = ") if text else None


def home(text: str | Path, what: str = "") -> Path:
    """Write a path out where it begins with ~.

    Raises ValueError, which begins with `what`, where the home is not known.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError(
            f"{what}{str(text)!r}: the home folder of that user is not known; give the whole "
            "path"
        ) from error


def absolute_folder(name: str) -> Path | None:
    """Return the folder that a variable names, from the root: None where it is unset.

    A path from the working directory would be another folder in every notebook. Raises
    ValueError for it.
    """
    path = folder(name)
    if path is not None and not path.is_absolute():
        raise ValueError(
            f"{name} = {str(path)!r} depends on the working directory; give the whole "
            f"path, such as {path.absolute()}"
        )
    return path
