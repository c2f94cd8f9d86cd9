"""Planted faults that `test_draw.py` must notice."""

from mutate import Fault

ARTISTS, DRAW = "pictures/artists.py", "pictures/draw.py"
FAULTS = [
    Fault(
        "names are read as mathematics",
        ARTISTS,
        'look |= {"parse_math": False, "fontsize"',
        'look |= {"parse_math": True, "fontsize"',
    ),
    Fault(
        "the reader's settings are used",
        DRAW,
        "    with matplotlib.rc_context(changed):\n",
        "    with matplotlib.rc_context():\n",
    ),
    Fault(
        "a background is kept too long",
        DRAW,
        "if self._background is None or self._background.still != still:",
        "if self._background is None:",
    ),
    Fault(
        "any background on the shelf will do",
        DRAW,
        "            if background.still == still:\n",
        "            if True:\n",
    ),
    Fault(
        "the oldest background on the shelf goes, whether it is used or not",
        DRAW,
        "                self._shelf.remove(background)\n                break\n",
        "                return background\n",
    ),
    Fault(
        "words of the background before",
        DRAW,
        "            self._said = None\n            self._background = background\n",
        "            self._background = background\n",
    ),
    Fault(
        "the layout depends on words",
        "pictures/dress.py",
        'return "\\n".join(TALL for _ in text.split("\\n")) if text else ""',
        "return text",
    ),
    Fault("half the size", DRAW, "SCALE = 2  # PNG", "SCALE = 1  # PNG"),
    Fault("hollow bars", ARTISTS, "facecolor=mark.colour,", 'facecolor="none",'),
    Fault(
        "shares of the chart are data",
        ARTISTS,
        '"x": axes.get_xaxis_transform(),',
        '"x": axes.transData,',
    ),
    Fault(
        "a gap in a band is bridged",
        ARTISTS,
        "there = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)",
        "there = np.isfinite(x)",
    ),
]
