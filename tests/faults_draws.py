"""Planted faults that `test_draws.py` must notice."""

from mutate import Fault

DRAWS = "draws.py"
FAULTS = [
    Fault(
        "a seed anew at every entry",
        DRAWS,
        "        if device not in self._generators:\n",
        "        if True:\n",
    ),
    Fault(
        "one generator for all seeds",
        DRAWS,
        "torch.Generator(device).manual_seed(self._seed)",
        "torch.Generator(device).manual_seed(0)",
    ),
    Fault(
        "a given generator is not used",
        DRAWS,
        "if any(isinstance(a, torch.Generator)",
        "if all(isinstance(a, torch.Generator)",
    ),
    Fault(
        "operations with no generator draw from the global one",
        DRAWS,
        '== names | {"generator"}:',
        "== names:",
    ),
    Fault(
        "fused attention draws from the global generator",
        DRAWS,
        "            refuse_fused(func, args, kwargs)\n",
        "",
    ),
    Fault(
        "fused kernels are refused in eval mode too",
        DRAWS,
        'if share and given.get("train", True):',
        "if share:",
    ),
    Fault("dropout not scaled up", DRAWS, "else 1 / (1 - p)), kept", "else 1), kept"),
    Fault(
        "a net of one's own is trusted",
        DRAWS,
        "or not is_known(type(part))",
        "",
    ),
    Fault("dropout is trusted", DRAWS, "isinstance(part, DRAWING) or", ""),
    Fault(
        "a loss of one's own is trusted",
        DRAWS,
        "    if not is_known(loss):\n        return True\n",
        "",
    ),
    Fault(
        "steps draw from the global generator",
        "training.py",
        "with draws, _precision(",
        "with _precision(",
    ),
]
