"""Faults that tests/pictures/test_stored.py must notice; see tests/mutate.py."""

from mutate import Fault

FAULTS = [
    Fault(
        "frequent colours swallow the others",
        "pictures/stored.py",
        "Image.Quantize.FASTOCTREE",
        "Image.Quantize.MEDIANCUT",
    ),
    Fault("stored as it was drawn", "pictures/stored.py", "out.getvalue()", "png"),
]
