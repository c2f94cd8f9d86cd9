"""A panel's whole state as one short string, and back: paste it, and the same controls
make the same picture.

`kd1.KIND.LETTERS`: JSON of the state and of the versions that drew it, packed with
zlib, whose own checksum finds a string that was cut or mistyped, in letters that
survive a mail and an address.
"""

import base64
import json
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from typing import (
    TYPE_CHECKING,
    Any,
    NamedTuple,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FORMAT = "kd1"
PACKAGES = ("kdsurvey", "torch")
# What most strings hold, so that a short one need not spell it out. Never change it:
# older strings could not be read.
KNOWN = (
    b'"changes":[["alpha","T","lr"],"until","width","data","seeds","image","left","right",'
    b'"epoch","seed":0,"T":4.0,"alpha":0.'
)
AROUND = "\"'`<>()[]{}.,;:!?\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"  # of a string in a text
LONGEST = 100_000  # bytes of a state, unpacked: nobody can make a kernel swallow more
Made = TypeVar("Made", bound="DataclassInstance")


class Link(NamedTuple):
    """What a permalink holds."""

    kind: str  # of the panel
    state: dict
    versions: dict[str, str]


def write(kind: str, state: Mapping) -> str:
    """Return the string for a panel of this kind in this state, a mapping that JSON can
    hold.
    """
    versions = [version(name) for name in PACKAGES]
    content = [dict(state), versions]
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    packer = zlib.compressobj(9, zdict=KNOWN)
    packed = packer.compress(text.encode()) + packer.flush()
    letters = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"{FORMAT}.{kind}.{letters}"


def read(text: str) -> Link:
    """Return what `write` was given, and the versions it was written with.

    What mails and pages put around or into a string is taken away: line breaks, quotes, a
    full stop, the address of the app. Raises ValueError for anything that `write` never wrote.
    """
    try:
        bare = "".join(text.split()).rpartition("?kd=")[2].strip(AROUND)
        start, kind, letters = bare.split(".")
        padded = letters + "=" * (-len(letters) % 4)
        packed = base64.b64decode(padded, altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj(zdict=KNOWN)
        content = unpacker.decompress(packed, LONGEST)
        state, versions = json.loads(content)
        if start != FORMAT or not unpacker.eof or not isinstance(state, dict):
            raise ValueError
        return Link(kind, state, dict(zip(PACKAGES, versions)))
    except (ValueError, zlib.error, RecursionError, TypeError):
        shown = text.strip()[:40]
        raise ValueError(
            f"{shown!r} is no permalink; "
            f"copy the whole string, from {FORMAT}. to its last letter"
        ) from None


def other_versions(link: Link) -> str:
    """Say which versions differ from the ones here; empty where none does."""
    differ = [
        f"{name} {made} (here {version(name)})"
        for name, made in link.versions.items()
        if made != version(name)
    ]
    if not differ:
        return ""
    return f"Made with {', '.join(differ)}: the last digits may differ."


# How a run was made, as a dataclass, in a permalink: `pack` and `unpack`.


def number(low: float = 0, high: float = sys.float_info.max) -> dict:
    """Return the metadata of a field that holds a number from low to high."""
    return {"range": (low, high)}


def one_of(*options: str) -> dict:
    """Return the metadata of a field that holds one of these names."""
    return {"options": options}


def place_among(*options: str) -> dict:
    """Return the metadata of a field that holds one of these names, kept as its place."""
    return {"places": options}


def pack(made: Any) -> list:
    """Turn a dataclass into a list that JSON can hold: a value a field, in their order.

    Fields are numbers, names, dicts, other such dataclasses, and tuples of these.
    """
    packed = []
    for entry in fields(made):
        value = getattr(made, entry.name)
        places = entry.metadata.get("places")
        packed.append(places.index(value) if places else _plain(value))
    return packed


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return pack(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


def unpack(kind: type[Made], packed: Any) -> Made:
    """Return the dataclass that `pack` turned into this list, or of which a mapping holds
    the fields by their names.

    Numbers are at least 0 unless `number` says otherwise. Raises ValueError for another
    number of fields, other names, types, and numbers out of range.
    """
    try:
        return _unpacked(kind, packed)
    except (ValueError, TypeError, IndexError, KeyError):
        raise impossible(packed) from None


def settings_of(made: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and values in a dataclass of a run, and in those inside it.

    One with a `name` and a `value` of its own, as a knob that was turned, is such a pair.
    """
    names = {entry.name for entry in fields(made)}
    if {"name", "value"} <= names:
        yield made.name, made.value
    for name in names:
        value = getattr(made, name)
        yield name, value
        for part in value if isinstance(value, tuple) else (value,):
            if is_dataclass(part):
                yield from settings_of(part)


def impossible(packed: Any) -> ValueError:
    """Return the error that refuses a run."""
    return ValueError(
        f"this permalink has no run that this panel could make again: {str(packed)[:80]}"
    )


def _unpacked(kind: type[Made], packed: Any) -> Made:
    names = [entry.name for entry in fields(kind)]
    if isinstance(packed, Mapping):
        values = [packed[name] for name in names]
    elif isinstance(packed, list):
        values = packed
    else:
        raise TypeError
    if len(packed) != len(names):
        raise ValueError
    types = get_type_hints(kind)
    read_values = [
        _value(types[entry.name], value, entry.metadata)
        for entry, value in zip(fields(kind), values)
    ]
    return kind(*read_values)


def _value(kind: Any, value: Any, limits: Mapping) -> Any:
    """Check one value against the type and the limits of its field."""
    if isinstance(kind, type) and is_dataclass(kind):
        return _unpacked(kind, value)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise TypeError
        return tuple(_value(get_args(kind)[0], part, limits) for part in value)
    if "places" in limits:
        return limits["places"][_number(int, value, {})]
    if "options" in limits and value not in limits["options"]:
        raise ValueError
    if kind in (int, float):
        return _number(kind, value, limits)
    if type(value) is not kind:
        raise TypeError
    return value


def _number(kind: type, value: Any, limits: Mapping) -> float:
    low, high = limits.get("range", (0, sys.float_info.max))
    fits = type(value) is int or (kind is float and type(value) is float)
    if not fits or not low <= value <= high:
        raise ValueError
    return value
