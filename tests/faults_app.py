"""Planted faults that `test_app.py` must notice."""

from mutate import Fault

SERVE = "app/serve.py"
FAULTS = [
    Fault(
        "one visitor too many",
        SERVE,
        "if kernels + waiting >= most:",
        "if kernels + waiting > most:",
    ),
    Fault(
        "visitors who arrive together are not counted",
        SERVE,
        "if kernels + waiting >= most:",
        "if kernels >= most:",
    ),
    Fault(
        "visitors are counted twice",
        SERVE,
        "sum(not other._headers_written for other in arriving)",
        "len(arriving)",
    ),
]
