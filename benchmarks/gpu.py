"""What one wants to know about the package on one CUDA GPU, in one run of minutes.

`python benchmarks/gpu.py` needs torch and numpy, and no network. It checks every method
against the CPU, finds those that wait for the GPU in the middle of an epoch, times the
loop, stacks of students and the distillation of full MNIST, and keeps the figures in
benchmarks/gpu.json. A part of the run that fails, or runs out of its time, says so there.
`--dry-run cpu` goes through everything once, tiny, on the CPU.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from bare_machine import ROOT  # before the package: it lets a bare machine import it
from battery import IMAGES, METHODS, NOT_RUN, Work
from gpu_table import REPORT
from job import bare, made_up, nets, ours, wait_for
from torch import Tensor, nn

import kdsurvey
from kdsurvey import data, store, sweeps
from kdsurvey.methods import hinton, plain
from kdsurvey.nets import mlp
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config, Step, accuracy, train

Row = dict[str, object]


@dataclass(frozen=True)
class Size:
    """How much is run. The grid is the landscape's, MNIST as the lesson on it has it."""

    convolutions: tuple[str, ...] = ("ieee", "default")  # default: torch allows TF32
    jitters: tuple[int, ...] = (0, 2)
    batches: tuple[int, ...] = (128, 512, 4096)
    steps: int = 100
    rounds: int = 9
    grid_images: int = 3500
    grid_epochs: int = 12
    grid_seeds: int = 10
    grid_rounds: int = 3
    mnist_seeds: int = 3
    teacher_epochs: int = 80
    student_epochs: int = 40


TINY = Size(
    convolutions=("ieee",),
    jitters=(2,),
    batches=(16,),
    steps=3,
    rounds=2,
    grid_images=64,
    grid_epochs=1,
    grid_seeds=2,
    grid_rounds=2,
    mnist_seeds=1,
    teacher_epochs=1,
    student_epochs=1,
)


class OutOfTime(Exception):
    """Raised where a part would overrun its share of the time."""


class Deadline:
    """When a part has to end."""

    def __init__(self, seconds: float):
        self.end = time.perf_counter() + seconds

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return time.perf_counter() > self.end

    def check(self) -> None:
        """Raise OutOfTime when the time is up. To be called where more is to be done."""
        if self.passed:
            raise OutOfTime


@dataclass
class Run:
    """What a part is given: where it runs, how much of it, and until when."""

    device: torch.device
    size: Size
    deadline: Deadline

    @property
    def tiny(self) -> bool:
        """Whether this run only tries the program."""
        return self.size == TINY


def agreement(run: Run) -> Iterator[Row]:
    """Compare one step of every stage of every method with the same step on the CPU."""
    for kind, (name, make) in product(run.size.convolutions, METHODS.items()):
        run.deadline.check()
        with convolutions(kind):
            row = attempt(deviations, make, run.device)
        yield {"method": name, "convolutions": kind} | row
    yield from ({"method": name, "not run": why} for name, why in NOT_RUN.items())


def convolutions(kind: str) -> AbstractContextManager:
    """Let cuDNN compute in full precision ("ieee") inside the block, or by default."""
    if kind == "default":
        return nullcontext()
    return torch.backends.cudnn.flags(enabled=True, allow_tf32=False)


def deviations(make: Callable[[], Work], device: torch.device) -> Row:
    """Compare the loss terms, and the weights after the step, with those of the CPU."""
    here = after_one_step(make(), torch.device("cpu"))
    there = after_one_step(make(), device)
    pairs = zip(("terms", "weights"), here, there)
    return {kind: largest(expected, values) for kind, expected, values in pairs}


def after_one_step(work: Work, device: torch.device) -> list[dict[str, Tensor]]:
    """Train every stage for one step; return all loss terms, and all weights."""
    terms = {}

    def on_batch(step: Step) -> None:
        for name, term in step.terms.items():
            terms[f"{step.stage}: {name}"] = term.cpu().double()

    config = Config(
        epochs=1, batch_size=IMAGES, lr=0.05, schedule="constant", device=str(device)
    )
    stages = (replace(stage, epochs=1.0) for stage in work.stages)  # a step each
    train(stages, made_up(IMAGES), config, on_batch=on_batch, progress=False)
    weights = {
        f"net {k}: {name}": values.double()
        for k, learner in enumerate(work.learners)
        for name, values in learner.state_dict().items()
        if values.is_floating_point()
    }
    return [terms, weights]


def largest(expected: dict[str, Tensor], values: dict[str, Tensor]) -> dict[str, float]:
    """Find the largest deviation: absolute, and in units of its tensor's largest number.

    Raises ValueError where the two do not have the same names.
    """
    if expected.keys() != values.keys():
        raise ValueError(f"{[*expected]} on the CPU, but {[*values]} on the device")
    gaps = {name: (values[name] - expected[name]).abs().max() for name in expected}
    tiny = torch.finfo(torch.float32).tiny
    shares = [gaps[name] / expected[name].abs().max().clamp(tiny) for name in gaps]
    return {"absolute": float(max(gaps.values())), "relative": float(max(shares))}


def waits(run: Run) -> Iterator[Row]:
    """Find the methods that wait for the GPU between two batches of an epoch."""
    for jitter, (name, make) in product(run.size.jitters, METHODS.items()):
        run.deadline.check()
        row = attempt(watched, make, jitter, run.device)
        yield {"method": name, "jitter": jitter} | row
    yield from ({"method": name, "not run": why} for name, why in NOT_RUN.items())


def watched(make: Callable[[], Work], jitter: int, device: torch.device) -> Row:
    """Train with an alarm on waiting, from the first to the last batch of an epoch.

    The first epoch of a stage warms up; the end of an epoch, which reads the means of
    the loss terms from the device, is not watched.
    """
    config = Config(
        epochs=6, batch_size=IMAGES // 4, lr=0.01, jitter=jitter, device=str(device)
    )
    alarm = Alarm(device, steps=4)
    stages, images = make().stages, made_up(IMAGES)
    try:
        train(stages, images, config, on_batch=alarm.on_batch, progress=False)
    except RuntimeError as error:
        first = first_of(error)
        if "synchroniz" not in str(first):
            raise
        return {"waits": True, "where": place_of(first), "message": described(first)}
    finally:
        alarm.set("default")
    return {"waits": False, "steps": alarm.watched}


class Alarm:
    """Make torch raise where the host waits for the GPU, inside of epochs only."""

    def __init__(self, device: torch.device, steps: int):
        self.device, self.steps = device, steps  # of an epoch
        self.done = self.watched = 0

    def set(self, mode: str) -> None:
        """Set torch's mode: "error" or "default"."""
        if self.device.type == "cuda":
            torch.cuda.set_sync_debug_mode(mode)

    def on_batch(self, step: Step) -> None:
        """Switch after the first and after the last step of an epoch."""
        self.done += 1
        place = (self.done - 1) % self.steps  # of this step in its epoch
        if step.epoch == 1:
            return
        self.watched += place > 0
        if place == 0:
            self.set("error")
        if place == self.steps - 1:
            self.set("default")


def first_of(error: BaseException) -> BaseException:
    """Find the error that came first: while it is cleaned up after, others may come."""
    while error.__context__ is not None:
        error = error.__context__
    return error


def place_of(error: BaseException) -> str:
    """Say which line of the package an error came through last."""
    inner = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).is_relative_to(ROOT / "kdsurvey"):
            path = Path(frame.filename).relative_to(ROOT)
            inner = f"{path}:{frame.lineno}: {frame.line}"
    return inner


def loop(run: Run) -> Iterator[Row]:
    """Time a step of `kd.train` and of a bare loop: pairs of runs that take turns."""
    settings = (("fp32", False), ("bf16", False), ("fp32", True))
    for batch, (precision, compiled) in product(run.size.batches, settings):
        run.deadline.check()
        row = attempt(paired, run, batch, precision, compiled)
        yield {"batch": batch, "precision": precision, "compiled": compiled} | row


def paired(run: Run, batch: int, precision: str, compiled: bool) -> Row:
    """Time both loops in turn on the same nets; the first round warms up."""
    images = made_up(batch * run.size.steps, run.device)
    teacher, student = (net.to(run.device) for net in nets())
    if compiled:
        torch._dynamo.reset()
        backend = "eager" if run.tiny else "inductor"
        student = torch.compile(student, dynamic=False, backend=backend)
    job = images, batch, precision, (teacher, student)
    timed = {"kdsurvey": partial(ours, *job), "bare": partial(bare, *job)}
    seconds = in_turn(timed, run.size.rounds, run.deadline)
    ratios = [a / b for a, b in zip(seconds["kdsurvey"], seconds["bare"])]
    milliseconds = {
        f"{name}, ms": spread([1000 * each for each in values])
        for name, values in seconds.items()
    }
    return {"ratio": spread(ratios), **milliseconds, "rounds": len(ratios)}


def in_turn(
    timed: dict[str, Callable[[], float]], rounds: int, deadline: Deadline
) -> dict[str, list[float]]:
    """Call every function once a round, in an order that turns round; a round warms up.

    Returns the seconds of each. After one round that counts, a passed deadline ends it.
    """
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    names = [*timed]
    for number in range(rounds + 1):
        if number > 1 and deadline.passed:
            break
        for name in names:
            elapsed = timed[name]()
            if number:
                seconds[name].append(elapsed)
        names.reverse()
    return seconds


def spread(values: Sequence[float]) -> dict[str, float]:
    """Give the median of some values and their range."""
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
    }


TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # the landscape's
ALPHAS = (0.25, 0.5, 0.75, 0.9, 1.0)
CELLS = tuple(product(TEMPERATURES, ALPHAS))


def stacks(run: Run) -> Iterator[Row]:
    """Time the landscape's students: a stack a seed, and all seeds in one stack."""
    images = made_up(run.size.grid_images, run.device)
    teacher = Teacher(mlp(784, 300, 300, 10, seed=0))
    seeds = range(run.size.grid_seeds)

    def grid(*seeds: int) -> None:
        students = [mlp(784, 16, 10, seed=seed) for seed in seeds for _ in CELLS]
        T, alpha = torch.tensor(CELLS * len(seeds)).T
        config = Config(
            epochs=run.size.grid_epochs,
            seed=tuple(seed for seed in seeds for _ in CELLS),
            device=str(run.device),
        )
        if len(seeds) == 1:  # one order of images for all members
            config = replace(config, seed=seeds[0])
        stages = hinton(sweeps.stack(students), teacher, T=T, alpha=alpha)
        train(stages, images, config, progress=False)

    ways = {
        "seed by seed": lambda: [grid(seed) for seed in seeds],
        "all seeds in one stack": lambda: grid(*seeds),
    }
    timed = {name: partial(timing, way, run.device) for name, way in ways.items()}
    for name, values in in_turn(timed, run.size.grid_rounds, run.deadline).items():
        students = len(CELLS) * len(seeds)
        yield {"how": name, "students": students, "seconds": spread(values)}


def timing(work: Callable[[], object], device: torch.device) -> float:
    """Time some work on a device, in seconds."""
    start = time.perf_counter()
    work()
    wait_for(device)
    return time.perf_counter() - start


def full_mnist(run: Run) -> Iterator[Row]:
    """Distil on full MNIST as the lesson does: test errors and seconds of each net."""
    if run.tiny:
        images = made_up(512, run.device)
    elif on_disk("MNIST"):
        images = data.mnist().to(run.device)
    else:
        yield {"not run": f"no data: {store.data_dir()} has no MNIST/raw; see --data"}
        return
    for seed in range(run.size.mnist_seeds):
        run.deadline.check()
        yield from distilled(images, seed, run)


def on_disk(name: str) -> bool:
    """Whether the published files of a data set lie in the data folder."""
    folder = store.data_dir() / name / "raw"
    return all((folder / file).is_file() for file in store.IDX[name])


def distilled(images: data.Data, seed: int, run: Run) -> Iterator[Row]:
    """Train a teacher, a student alone and a student on soft targets at T = 20."""
    small = Config(
        epochs=run.size.student_epochs,
        batch_size=256,
        precision="bf16",
        seed=seed,
        device=str(run.device),
    )
    big = replace(small, epochs=run.size.teacher_epochs, lr=0.2, jitter=2)
    teacher = mlp(784, 1200, 1200, 10, dropout=0.5, seed=seed).to(run.device)
    row = learnt(teacher, plain(teacher), images, big, run)
    yield {"seed": seed, "net": "teacher"} | row
    taught = Teacher(teacher)
    arms = {
        "student alone": plain,
        "student distilled": lambda net: hinton(net, taught, T=20.0, alpha=1.0),
    }
    for name, method in arms.items():
        net = mlp(784, 800, 800, 10, seed=seed).to(run.device)
        row = learnt(net, method(net), images, small, run)
        yield {"seed": seed, "net": name} | row


def learnt(
    net: nn.Module, stages: Iterator[Stage], images: data.Data, config: Config, run: Run
) -> Row:
    """Train a net; return its seconds and test errors. Raises OutOfTime."""

    def training() -> None:
        train(
            stages,
            images,
            config,
            on_epoch=lambda row: run.deadline.check(),
            progress=False,
        )

    seconds = timing(training, run.device)
    n = len(images.test[0])
    errors = round((1 - accuracy(net, *images.test)) * n)
    return {"seconds": seconds, "errors": errors, "of": n, "data": images.source}


@dataclass(frozen=True)
class Part:
    """One subject of a run: what makes its rows, and its share of the time."""

    rows: Callable[[Run], Iterator[Row]]
    share: float


PARTS = {
    "agreement": Part(agreement, 60),
    "waits": Part(waits, 60),
    "loop": Part(loop, 120),
    "stacks": Part(stacks, 60),
    "full MNIST": Part(full_mnist, 120),
}


def attempt(work: Callable[..., Row], *arguments) -> Row:
    """Do one row's work; an error becomes the row, so that the others can follow."""
    try:
        return work(*arguments)
    except OutOfTime:
        raise
    except Exception as error:
        return {"error": described(error), "where": place_of(error)}


def described(error: BaseException) -> str:
    """Put an error in a line."""
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:300]}"


def collected(name: str, part: Part, run: Run) -> Row:
    """Run a part: its rows, seconds and peak of memory, and what cut it short."""
    rows: list[Row] = []
    record: Row = {"rows": rows}
    on_gpu = run.device.type == "cuda"
    if on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(run.device)
    start = time.perf_counter()
    try:
        for row in part.rows(run):
            rows.append(row)
            print(f"{name}: {json.dumps(row)}", flush=True)
    except OutOfTime:
        record["cut short"] = f"its time was up after {len(rows)} rows"
    except Exception as error:
        record["error"] = described(error)
        record["where"] = place_of(error)
    record["seconds"] = round(time.perf_counter() - start, 1)
    record["peak bytes"] = (
        torch.cuda.max_memory_allocated(run.device) if on_gpu else None
    )
    ended = {key: value for key, value in record.items() if key != "rows"}
    print(f"{name}: {json.dumps(ended)}", flush=True)
    return record


def report(device: torch.device, size: Size, seconds: float, out: Path) -> Row:
    """Run all parts, and write the file after each, so that a run cut off is not lost.

    What a part leaves of its share of the time, the others have.
    """
    whole: Row = about(device) | {"size": asdict(size), "parts": {}}
    overall = Deadline(seconds)
    shares = sum(part.share for part in PARTS.values())
    for name, part in PARTS.items():
        left = overall.end - time.perf_counter()
        run = Run(device, size, Deadline(left * part.share / shares))
        shares -= part.share
        whole["parts"][name] = collected(name, part, run)
        write(whole, out)
    return whole


def write(whole: Row, out: Path) -> None:
    """Put the report in its place in one step."""
    with store.replacing(out) as file:
        file.write(json.dumps(whole, indent=1).encode() + b"\n")


def about(device: torch.device) -> Row:
    """Say what ran, on what, and when."""
    ask_driver = "nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"
    versions = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "kdsurvey": kdsurvey.__version__,
        "cuda": torch.version.cuda,
        "driver": line_of(*ask_driver),
    }
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "device": gpu or f"{device.type} (a dry run, no measurement)",
        "versions": versions,
        "commit": line_of("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "fp32 products": torch.get_float32_matmul_precision(),
    }


def line_of(*command: str) -> str | None:
    """Give the first line that a program prints; None where it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.splitlines()
    return lines[0].strip() if lines and not done.returncode else None


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="the file to write")
    parser.add_argument("--data", type=Path, help="folder that holds MNIST/raw")
    parser.add_argument("--seconds", type=float, default=420, help="the whole run has")
    parser.add_argument(
        "--dry-run", metavar="DEVICE", help="all parts, tiny: cpu, cuda"
    )
    asked = parser.parse_args()
    if asked.data:
        os.environ["KDSURVEY_DATA"] = str(asked.data.resolve())
    if not asked.dry_run and not torch.cuda.is_available():
        raise SystemExit("torch sees no CUDA GPU here; --dry-run cpu tries the program")
    out = asked.out or REPORT
    if asked.dry_run and not asked.out:
        out = Path(tempfile.mkdtemp(prefix="kdsurvey-")) / "gpu.json"
    device = torch.device(asked.dry_run or "cuda")
    report(device, TINY if asked.dry_run else Size(), asked.seconds, out)
    print(f"written: {out}")


if __name__ == "__main__":
    main()
