"""Planted faults that `test_imports.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the loop knows a method",
        "training.py",
        "import torch\nfrom",
        "import torch\nimport kdsurvey.methods\nfrom",
    ),
    Fault(
        "verdicts know torch",
        "verdicts.py",
        "import numpy as np\n",
        "import numpy as np\nimport torch\n",
    ),
]
