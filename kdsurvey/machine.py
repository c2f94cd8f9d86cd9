"""A check of the reader's machine: what was found, whether it will do, and what to do
about it where it will not.
"""

import os
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import torch

from kdsurvey import store, threads
from kdsurvey.data import mnist_5k


def check() -> pd.DataFrame:
    """One line a thing: what was found, "ok", "slow" or "mend", and what to do. Never
    raises: a broken part is a line.
    """
    lines = []
    for name, look in CHECKS.items():
        try:
            found, state, remedy = look()
        except Exception as error:  # a check of what may be broken must outlive it
            found = f"{type(error).__name__}: {error}"
            state = "mend"
            remedy = "read the message; it names the remedy"
        lines.append(
            {"what": name, "found": found, "state": state, "what to do": remedy}
        )
    return pd.DataFrame(lines).set_index("what")


def _python():
    fine = sys.version_info >= (3, 11)
    return (
        sys.version.split()[0],
        "ok" if fine else "mend",
        "" if fine else "install Python 3.11 or newer, then run make lab again",
    )


def _packages():
    names = (
        "torch",
        "torchvision",
        "matplotlib",
        "ipywidgets",
        "mlxtend",
        "scipy",
        "pandas",
    )
    missing = [n for n in names if find_spec(n) is None]
    found = ", ".join(f"{n} {version(n)}" for n in names if n not in missing)
    return (
        found,
        "mend" if missing else "ok",
        f"pip install {' '.join(missing)}" if missing else "",
    )


def _threads():
    n = threads.number()
    cores = os.cpu_count()
    if n > 1:
        return (
            f"{n} of {cores} cores",
            "slow",
            "small nets are faster on one thread: unset KDSURVEY_THREADS",
        )
    return f"{n} of {cores} cores", "ok", ""


def _memory():
    free = _free_bytes() / 2**30
    remedy = "close other programs: a notebook takes up to 1.5 GB" if free < 2 else ""
    return f"{free:.1f} GB free", "ok" if free >= 2 else "slow", remedy


def _free_bytes() -> int:
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        return next(
            int(line.split()[1]) * 1024
            for line in meminfo.read_text().splitlines()
            if line.startswith("MemAvailable")
        )
    import psutil  # comes with ipykernel

    return psutil.virtual_memory().available


def _device():
    device = torch.accelerator.current_accelerator(check_available=True)
    if device is None:
        return (
            "the CPU",
            "ok",
            "enough for every notebook; with a GPU, install the torch build for it",
        )
    return f"{device}", "ok", "Config(device='auto') takes it"


def _data():
    digits = mnist_5k()
    folder = str(store.data_dir()).replace(str(Path.home()), "~")
    return f"{digits.source}, in {folder}", "ok", ""


def _front_end():
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    if not shell or not hasattr(shell, "kernel"):
        return "no notebook", "slow", "open this page with: make lab"
    fine = find_spec("ipywidgets") is not None
    return (
        f"a kernel, ipywidgets {version('ipywidgets')}",
        "ok" if fine else "mend",
        "no slider below? reload the page in JupyterLab 4",
    )


CHECKS = {
    "Python": _python,
    "packages": _packages,
    "threads": _threads,
    "memory": _memory,
    "device": _device,
    "data": _data,
    "front end": _front_end,
}
