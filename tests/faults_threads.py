"""Planted faults that `test_threads.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "threads set at import",
        "threads.py",
        "\n\ndef number",
        "\n\ntorch.set_num_threads(1)\n\n\ndef number",
    ),
    Fault(
        "threads of a run not given back",
        "threads.py",
        "torch.set_num_threads(before)",
        "pass",
    ),
    Fault(
        "a run on the threads that are there",
        "training.py",
        "torch.enable_grad(), threads.of_a_run():",
        "torch.enable_grad():",
    ),
    Fault(
        "accuracy on the threads that are there",
        "training.py",
        "in_eval(predict), threads.of_a_run():",
        "in_eval(predict):",
    ),
    Fault(
        "any number of threads",
        "threads.py",
        "most=MOST",
        "most=10**30",
    ),
    Fault(
        "digits of other alphabets are numbers",
        "variables.py",
        'r"[0-9]{1,20}"',
        'r"\\d{1,20}"',
    ),
]
