"""python -m kdsurvey.lessons NAME ... [--seeds 0-9]: run recorded experiments again and
keep their rows under results/.
"""

import argparse
from pathlib import Path

from kdsurvey import data, records
from kdsurvey.lessons import EXPERIMENTS, NOT_EMBEDDED


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m kdsurvey.lessons", description=__doc__
    )
    parser.add_argument(
        "name",
        nargs="*",
        help=f"of {', '.join(EXPERIMENTS)}; all that need no download where none is given",
    )
    parser.add_argument("--seeds", default="0-9", help="FIRST-LAST, by default 0-9")
    parser.add_argument(
        "--folder",
        type=Path,
        default=records.FOLDER,
        help="where the rows go, by default results/",
    )
    asked = parser.parse_args()
    first, last = map(int, asked.seeds.split("-"))
    for name in asked.name or [n for n in EXPERIMENTS if n not in NOT_EMBEDDED]:
        images = (
            NOT_EMBEDDED[name]()
            if name in NOT_EMBEDDED
            else data.mnist_5k().hold_out(500)
        )
        print(
            records.record(
                name, EXPERIMENTS[name], images, range(first, last + 1), asked.folder
            )
        )


main()
