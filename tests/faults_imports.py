"""Planted faults that `test_imports.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the loop knows a method",
        "training.py",
        "import torch\n" "from",
        "import torch\n" "import kdsurvey.methods\n" "from",
    ),
    Fault(
        "verdicts know torch",
        "verdicts.py",
        "import numpy as np\n",
        "import numpy as np\n" "import torch\n",
    ),
]
