"""A panel's whole state as one short string, and back: paste it, and the same controls
make the same picture.

`kd1.KIND.LETTERS`: JSON of the state and of the versions that drew it, packed with
zlib, whose own checksum finds a string that was cut or mistyped, in letters that
survive a mail and an address.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from importlib.metadata import version
from typing import NamedTuple

FORMAT = "kd1"
PACKAGES = ("kdsurvey", "torch")
# What most strings hold, so that a short one need not spell it out. Never change it:
# older strings could not be read.
KNOWN = b'"changes":[["alpha","T","lr"],"until","width","data","seeds","image","left","right","epoch","seed":0,"T":4.0,"alpha":0.'
LONGEST = 100_000  # bytes of a state, unpacked: nobody can make a kernel swallow more


class Link(NamedTuple):
    """What a permalink holds."""

    kind: str  # of the panel
    state: dict
    versions: dict[str, str]


def write(kind: str, state: Mapping) -> str:
    """The string for a panel of this kind in this state, a mapping that JSON can hold."""
    versions = [version(name) for name in PACKAGES]
    said = json.dumps(
        [dict(state), versions], separators=(",", ":"), allow_nan=False
    ).encode()
    packer = zlib.compressobj(9, zdict=KNOWN)
    return f"{FORMAT}.{kind}.{base64.urlsafe_b64encode(packer.compress(said) + packer.flush()).decode().rstrip('=')}"


def read(text: str) -> Link:
    """What `write` was given, and the versions it was written with. Raises ValueError
    for anything that `write` never wrote.
    """
    try:
        start, kind, letters = text.strip().split(".")
        packed = base64.b64decode(
            letters + "=" * (-len(letters) % 4), altchars=b"-_", validate=True
        )
        unpacker = zlib.decompressobj(zdict=KNOWN)
        said = unpacker.decompress(packed, LONGEST)
        state, versions = json.loads(said)
        if start != FORMAT or not unpacker.eof or not isinstance(state, dict):
            raise ValueError
        return Link(kind, state, dict(zip(PACKAGES, versions)))
    except (ValueError, zlib.error, RecursionError, TypeError):
        shown = text.strip()[:40]
        raise ValueError(
            f"{shown!r} is no permalink; copy the whole string, from {FORMAT}. to its last letter"
        ) from None


def other_versions(link: Link) -> str:
    """A sentence about the versions that differ from the ones here, empty where none does."""
    differ = [
        f"{name} {made} (here {version(name)})"
        for name, made in link.versions.items()
        if made != version(name)
    ]
    return (
        f"Made with {', '.join(differ)}: the last digits may differ." if differ else ""
    )
