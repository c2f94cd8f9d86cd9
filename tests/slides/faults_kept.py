"""Planted faults that `test_kept.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "slides show the picture of another run",
        "slides/kept.py",
        'same = kept == says(cell["outputs"][number])',
        "same = True",
    ),
    Fault(
        "how long it took makes a picture another",
        "slides/kept.py",
        'return TIMING.sub("some ms", words)',
        "return words",
    ),
    Fault(
        "damaged numbers end in a traceback",
        "slides/kept.py",
        "except (ValueError, KeyError, TypeError, AttributeError) as error:",
        "except ZeroDivisionError as error:",
    ),
    Fault(
        "folded sections are run for slides",
        "slides/kept.py",
        'if "core" in c.metadata.get("tags", [])',
        'if "tags" in c.metadata',
    ),
]
