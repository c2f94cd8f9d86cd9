"""The job of the benchmarks, on any device: distil 784-1200-1200-10 into 784-800-800-10.

Images are made up, since a loop costs the same on every image. Two loops are here: the
package's, and a bare PyTorch loop that remembers the teacher's logits as it does.
"""

import time
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import nn

import kdsurvey as kd

T, ALPHA, LR, MOMENTUM = 4.0, 0.9, 0.05, 0.9
Pair = tuple[nn.Module, nn.Module]  # teacher, student


def made_up(n: int, device: str | torch.device = "cpu") -> kd.data.Data:
    """Make up n images in the shape of MNIST's, with labels."""
    g = torch.Generator(device).manual_seed(0)
    x = torch.rand(n, 1, 28, 28, generator=g, device=device)
    y = torch.randint(0, 10, (n,), generator=g, device=device)
    digits = tuple("0123456789")
    return kd.data.Data((x, y), (x[:64], y[:64]), digits, "made-up images")


def nets() -> Pair:
    """Build the teacher and the student."""
    teacher = kd.nets.mlp(784, 1200, 1200, 10, seed=0)
    return teacher, kd.nets.mlp(784, 800, 800, 10, seed=1)


def wait_for(device: torch.device) -> None:
    """Wait until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Stopwatch:
    """Seconds a step, from the end of the first step to the end of the last.

    The first step also starts up what runs once. The device is waited for at these two
    ends alone, so that it may lag behind in between, as it does in a training.
    """

    def __init__(self, steps: int, device: torch.device):
        if steps < 2:
            raise ValueError(f"a stopwatch needs two steps or more, got {steps}")
        self.steps, self.device = steps, device
        self.done = 0
        self.ends: list[float] = []

    def tick(self) -> None:
        """Count a step that has just been taken."""
        self.done += 1
        if self.done in (1, self.steps):
            wait_for(self.device)
            self.ends.append(time.perf_counter())

    @property
    def seconds(self) -> float:
        """Seconds a step."""
        start, end = self.ends
        return (end - start) / (self.steps - 1)


def ours(
    data: kd.data.Data, size: int, precision: str = "fp32", pair: Pair | None = None
) -> float:
    """Time a step of `kd.train`, in seconds, on the device where the data lies.

    size: of a batch; the images are a multiple of it. pair: nets to use, else new ones.
    """
    teacher, student = pair or nets()
    x, _ = data.train
    watch = Stopwatch(len(x) // size, x.device)

    def on_batch(step: kd.training.Step) -> None:
        watch.tick()
        if watch.done == watch.steps:
            raise kd.StopTraining  # what comes after the last step is not timed

    config = kd.Config(
        epochs=1,
        batch_size=size,
        lr=LR,
        momentum=MOMENTUM,
        schedule="constant",
        device=str(x.device),
        precision=precision,
    )
    stages = kd.methods.hinton(student, kd.Teacher(teacher), T=T, alpha=ALPHA)
    kd.train(stages, data, config, on_batch=on_batch, progress=False)
    return watch.seconds


def bare(
    data: kd.data.Data, size: int, precision: str = "fp32", pair: Pair | None = None
) -> float:
    """Time a step of a loop over tensors in memory with remembered logits; see `ours`."""
    x, y = data.train
    device = x.device
    teacher, student = (net.to(device) for net in pair or nets())
    with torch.no_grad():
        v = torch.cat([teacher(part) for part in x.split(2048)])
    optimiser = torch.optim.SGD(
        student.parameters(), lr=LR, momentum=MOMENTUM, fused=True
    )
    context = nullcontext()
    if precision == "bf16":
        context = torch.autocast(device.type, torch.bfloat16)
    student.train()
    watch = Stopwatch(len(x) // size, device)
    for i in torch.randperm(len(x), device=device).split(size):
        with context:
            z = student(x[i])
            log_q = F.log_softmax(z / T, 1)
            p = F.softmax(v[i] / T, 1)
            soft = F.kl_div(log_q, p, reduction="batchmean") * T**2
            loss = (1 - ALPHA) * F.cross_entropy(z, y[i]) + ALPHA * soft
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        watch.tick()
    return watch.seconds
