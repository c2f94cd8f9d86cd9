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
import random
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torchvision import datasets, transforms

import kdsurvey as kd

T = 4.0
ALPHA = 0.9
LR = 0.05
MOMENTUM = 0.9


def made_up(n: int) -> kd.data.Data:
    """n made-up images: a loop costs the same on every image."""
    g = torch.Generator().manual_seed(0)
    x = torch.rand(n, 1, 28, 28, generator=g)
    y = torch.randint(0, 10, (n,), generator=g)
    return kd.data.Data((x, y), (x[:64], y[:64]), tuple("0123456789"), "made-up images")


def nets() -> tuple[torch.nn.Module, torch.nn.Module]:
    return kd.nets.mlp(784, 1200, 1200, 10, seed=0), kd.nets.mlp(
        784, 800, 800, 10, seed=1
    )


def ours(data: kd.data.Data, size: int, precision: str = "fp32") -> float:
    teacher, student = nets()
    stages = kd.methods.hinton(student, kd.Teacher(teacher), T=T, alpha=ALPHA)
    config = kd.Config(
        epochs=1,
        batch_size=size,
        lr=LR,
        momentum=MOMENTUM,
        schedule="constant",
        device="cpu",
        precision=precision,
    )
    clock = []
    kd.train(
        stages,
        data,
        config,
        on_batch=lambda step: clock.append(time.perf_counter()),
        progress=False,
    )
    return (clock[-1] - clock[0]) / (
        len(clock) - 1
    )  # the first step also runs the teacher once, as the bare loop does before it


def bare(data: kd.data.Data, size: int) -> float:
    """Tensors in memory, the teacher's logits computed once, nothing else."""
    teacher, student = nets()
    x, y = data.train
    with torch.no_grad():
        v = torch.cat([teacher(part) for part in x.split(2048)])
    optimiser = torch.optim.SGD(
        student.parameters(), lr=LR, momentum=MOMENTUM, fused=True
    )
    clock = []
    for i in torch.randperm(len(x)).split(size):
        z = student(x[i])
        soft = (
            F.kl_div(
                F.log_softmax(z / T, 1), F.softmax(v[i] / T, 1), reduction="batchmean"
            )
            * T**2
        )
        loss = (1 - ALPHA) * F.cross_entropy(z, y[i]) + ALPHA * soft
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        clock.append(time.perf_counter())
    return (clock[-1] - clock[0]) / (len(clock) - 1)


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
            f"batch {size:4}  {name:32} {statistics.median(values):5.2f}   [{min(values):.2f}, {max(values):.2f}]"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    print(
        f"seconds a step, relative to the bare loop of the same round; median [range] of {asked.rounds} rounds"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size in (128, 512):
            compared(size, asked.steps, asked.rounds, Path(folder))


if __name__ == "__main__":
    main()
