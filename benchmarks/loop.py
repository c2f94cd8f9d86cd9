"""How fast the loop is: ours, a bare PyTorch loop, and the loop of the common
tutorials, on one job in one process.

The job: distil 784-1200-1200-10 into 784-800-800-10 at T = 4 with SGD, on MNIST-sized
images. Each round runs every loop once, in a new order; what is printed is the median
over rounds of the ratio to the bare loop of the same round, because the speed of a
machine drifts but hits all loops of a round alike. `python benchmarks/loop.py [--rounds
7] [--steps 60] [--threads 1]`.
"""

import argparse
import itertools
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from job import ALPHA, LR, MOMENTUM, T, bare, made_up, nets, ours
from torchvision import datasets, transforms

import kdsurvey as kd


def tutorial(folder: str, size: int, steps: int, workers: int) -> float:
    """A torchvision data set behind a DataLoader, the teacher run on every batch,
    loss.item() in every step.

    The published tutorial has two workers; on a small machine none may be faster. The
    clock starts with the epoch, since every epoch starts its workers anew.
    """
    teacher, student = nets()
    transform = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    )
    images = datasets.MNIST(folder, transform=transform)
    loader = torch.utils.data.DataLoader(
        images, batch_size=size, shuffle=True, num_workers=workers
    )
    optimiser = torch.optim.SGD(student.parameters(), lr=LR, momentum=MOMENTUM)
    hard = torch.nn.CrossEntropyLoss()
    running = 0.0
    clock = [time.perf_counter()]
    for inputs, labels in itertools.islice(loader, steps):
        optimiser.zero_grad()
        with torch.no_grad():
            teacher_logits = teacher(inputs)
        student_logits = student(inputs)
        p = F.softmax(teacher_logits / T, -1)
        log_q = F.log_softmax(student_logits / T, -1)
        soft = torch.sum(p * (p.log() - log_q)) / student_logits.size(0) * T**2
        loss = ALPHA * soft + (1 - ALPHA) * hard(student_logits, labels)
        loss.backward()
        optimiser.step()
        running += loss.item()
        clock.append(time.perf_counter())
    return (clock[-1] - clock[0]) / (len(clock) - 1)


def torchdistill_kd(data: kd.data.Data, size: int, steps: int) -> float:
    """torchdistill's KDLoss on tensors in a DataLoader, the teacher run on every batch;
    needs `pip install torchdistill`.
    """
    from torchdistill.losses.mid_level import KDLoss

    teacher, student = nets()
    criterion = KDLoss(
        "student", "output", "teacher", "output", temperature=T, alpha=1 - ALPHA
    )
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(*data.train), batch_size=size, shuffle=True
    )
    optimiser = torch.optim.SGD(student.parameters(), lr=LR, momentum=MOMENTUM)
    clock = []
    for x, y in itertools.islice(loader, steps):
        with torch.no_grad():
            v = teacher(x)
        outputs = {"output": {"output": student(x)}}, {"output": {"output": v}}
        loss = criterion(
            {"student": outputs[0]["output"]}, {"teacher": outputs[1]["output"]}, y
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        clock.append(time.perf_counter())
    return (clock[-1] - clock[0]) / (len(clock) - 1)


def idx_folder(data: kd.data.Data, folder: Path) -> str:
    """The images as the files that torchvision's MNIST reads."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, (x, y) in {"train": data.train, "t10k": data.test}.items():
        pixels, labels = (x[:, 0] * 255).byte().numpy(), y.byte().numpy()
        head = b"".join(np.array(n, ">i4").tobytes() for n in (2051, len(x), 28, 28))
        (raw / f"{part}-images-idx3-ubyte").write_bytes(head + pixels.tobytes())
        head = b"".join(np.array(n, ">i4").tobytes() for n in (2049, len(y)))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(head + labels.tobytes())
    return str(folder)


def compared(size: int, steps: int, rounds: int, folder: Path) -> None:
    data = made_up(size * steps)
    root = idx_folder(data, folder / str(size))
    loops = {
        "bare loop, logits remembered": lambda: bare(data, size),
        "kdsurvey.train": lambda: ours(data, size),
        "kdsurvey.train, bf16": lambda: ours(data, size, "bf16"),
        "tutorial loop, 2 workers": lambda: tutorial(root, size, steps, 2),
        "tutorial loop, no workers": lambda: tutorial(root, size, steps, 0),
    }
    try:
        import torchdistill  # noqa: F401

        loops["torchdistill, tensors in memory"] = lambda: torchdistill_kd(
            data, size, steps
        )
    except ImportError:
        print("(torchdistill is not installed: no row for it)")
    ratios: dict[str, list[float]] = {name: [] for name in loops}
    order = list(loops)
    for turn in range(rounds + 1):
        random.Random(turn).shuffle(order)
        seconds = {name: loops[name]() for name in order}
        if turn:  # the first round warms up
            for name in loops:
                ratios[name].append(
                    seconds[name] / seconds["bare loop, logits remembered"]
                )
    for name, values in ratios.items():
        print(
            f"batch {size:4}  {name:32} {statistics.median(values):5.2f}   "
            f"[{min(values):.2f}, {max(values):.2f}]"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    os.environ["KDSURVEY_THREADS"] = str(asked.threads)  # those of train
    torch.set_num_threads(asked.threads)  # those of the bare loop
    print(
        "seconds a step, relative to the bare loop of the same round; "
        f"median [range] of {asked.rounds} rounds"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size in (128, 512):
            compared(size, asked.steps, asked.rounds, Path(folder))


if __name__ == "__main__":
    main()
