"""Importing this lets a bare machine, with torch and numpy alone, import kdsurvey.

The checkout comes first on the path, whatever is installed. Small packages that are
not there come out of the wheels that `make wheels` fetched where there is a network.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WHEELS = ROOT / "wheels"
NEEDED = ("platformdirs", "tqdm")  # by the core, besides torch and numpy


def wheels(folder: Path = WHEELS) -> list[str]:
    """List the wheels in place of the packages of NEEDED that are not installed.

    Raises SystemExit, with the remedy, where one is in neither place.
    """
    paths = []
    for name in NEEDED:
        if find_spec(name):
            continue
        carried = sorted(folder.glob(f"{name}-*.whl"))
        if not carried:
            raise SystemExit(
                f"{name} is not installed, and {folder} has no wheel of it: run "
                "`make wheels` where there is a network, and carry that folder along"
            )
        paths.append(str(carried[-1]))
    return paths


sys.path.insert(0, str(ROOT))
sys.path.extend(wheels())
