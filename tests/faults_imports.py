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
        "the first step waits for the compiler",
        "optimisers.py",
        "    zero_grad = unwrap(torch.optim.SGD.zero_grad)\n",
        "",
    ),
    Fault(
        "Adam's first step waits for the compiler",
        "optimisers.py",
        "unwrap(torch.optim.Adam.add_param_group)",
        "torch.optim.Adam.add_param_group",
    ),
    Fault(
        "verdicts know torch",
        "verdicts.py",
        "import numpy as np\n",
        "import numpy as np\nimport torch\n",
    ),
    Fault(
        "training needs matplotlib",
        "training.py",
        "from kdsurvey import optimisers, threads",
        "from kdsurvey import optimisers, plots, threads",
    ),
    Fault(
        "what is imported on first use is not listed",
        "__init__.py",
        "return sorted({*special, *__all__})",
        "return sorted(globals())",
    ),
    Fault(
        "a lesson knows the panels",
        "lessons/branched_nets.py",
        "import torch\nfrom",
        "import torch\nimport kdsurvey.panels\nfrom",
    ),
    Fault(
        "a picture knows the losses",
        "pictures/marks.py",
        "from dataclasses import",
        "import kdsurvey.losses\nfrom dataclasses import",
    ),
    Fault(
        "the first draw waits for the compiler",
        "draws.py",
        "        return False\n\n\nclass OwnDraws",
        "        return True\n\n\nclass OwnDraws",
    ),
]
