"""What panels cost: redraws, the slowdown of a training that is shown, the time from
Stop to stopped, a whole landscape.

`python benchmarks/panel.py [--rounds 7]`. The training with the panel and the same
`train` call without it take turns in one process; the ratio is that of processor time,
round by round, because wall time on a busy machine measures the neighbours.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

import torch

import kdsurvey as kd
from kdsurvey import panels

CONFIG = kd.Config(schedule="constant", device="cpu")
STUDENTS = {
    (100,): 80,
    (800, 800): 8,
}  # hidden widths -> epochs, so that a run takes some seconds


def made_up(n: int = 3500) -> kd.data.Data:
    g = torch.Generator().manual_seed(0)
    x = torch.rand(n, 1, 28, 28, generator=g)
    y = torch.randint(0, 10, (n,), generator=g)
    return kd.data.Data(
        (x, y),
        (x[:64], y[:64]),
        tuple("0123456789"),
        "made-up images",
        (x[:500], y[:500]),
    )


def student(hidden: tuple[int, ...]):
    return lambda width, seed: kd.nets.mlp(784, *hidden, 10, seed=seed)


def without(data: kd.data.Data, teacher: kd.Teacher, make, config: kd.Config) -> float:
    knobs = {"T": torch.tensor(4.0), "alpha": torch.tensor(0.9)}
    start = time.process_time()
    kd.train(
        kd.methods.hinton(make(0, 0), teacher, **knobs), data, config, progress=False
    )
    return time.process_time() - start


def within(data: kd.data.Data, teacher: kd.Teacher, make, config: kd.Config) -> float:
    panel = panels.live_training(data, teacher, student=make, config=config, pace=None)
    start = time.process_time()
    panel.start.click()
    panel.wait()
    spent = time.process_time() - start
    panel.check()
    return spent


def redraw(panel: panels.Panel, times: int = 20) -> float:
    start = time.process_time()
    for _ in range(times):
        panel.redraw()
    return 1000 * (time.process_time() - start) / times


def stopping(data: kd.data.Data, teacher: kd.Teacher, make) -> float:
    panel = panels.live_training(
        data, teacher, student=make, config=replace(CONFIG, epochs=500), pace=None
    )
    panel.start.click()
    time.sleep(1.5)
    start = time.perf_counter()
    panel.stop.click()
    panel.wait()
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    data, net = made_up(), kd.nets.mlp(784, 300, 300, 10, seed=0)
    teacher = kd.Teacher(net)
    for hidden, epochs in STUDENTS.items():
        make, config = student(hidden), replace(CONFIG, epochs=epochs)
        pairs = [
            (within(data, teacher, make, config), without(data, teacher, make, config))
            for _ in range(rounds + 1)
        ][1:]
        slower = [100 * (a / b - 1) for a, b in pairs]
        stops = [stopping(data, teacher, make) for _ in range(3)]
        print(
            f"student {hidden}: slower by {statistics.median(slower):+.1f} % "
            f"[{min(slower):+.1f}, {max(slower):+.1f}]; ",
            end="",
        )
        print(f"Stop takes {statistics.median(stops):.0f} ms")
    for panel in every_panel(data, net):
        print(
            f"{panel.kind} panel: a redraw takes {redraw(panel):.0f} ms of processor time"
        )
    whole(panels.landscape(kd.data.mnist_5k().hold_out(500)))


def every_panel(data: kd.data.Data, net: torch.nn.Module) -> Iterator[panels.Panel]:
    """One of each kind; those that draw what a run has shown have run."""
    x, y = data.test
    v, small = net(x).detach(), data.halved()
    yield panels.live_training(data, net)
    yield panels.temperature(x, y, v, v)
    yield panels.pad(net, net, data)
    compared = finished(panels.compare(data, net))
    yield compared
    yield panels.rewind(compared)
    yield panels.landscape(kd.data.mnist_5k().hold_out(500))
    yield finished(panels.hints(data, net))
    yield finished(panels.peers(small))
    yield finished(panels.generations(small, config=replace(CONFIG, epochs=3)))
    yield finished(panels.growing(data, pace=None))
    yield finished(
        panels.precision(small, kd.nets.mlp(196, 64, 64, 10, norm=True, seed=0))
    )
    yield finished(panels.branches(small, config=replace(CONFIG, epochs=3)))
    yield finished(
        panels.flows(
            small,
            kd.nets.residual(1, 8, 16, 32, blocks=2, seed=0),
            config=replace(CONFIG, epochs=3, lr=0.01),
        )
    )


def finished(panel: panels.Panel) -> panels.Panel:
    """The panel after a run of its own."""
    panel.start.click()
    panel.wait()
    panel.check()
    return panel


def whole(panel: panels.Panel) -> None:
    """A landscape from Start to the end: 30 cells and a control, ten seeds, and the two
    other controls.
    """
    start, used = time.perf_counter(), time.process_time()
    finished(panel)
    seconds, processor = time.perf_counter() - start, time.process_time() - used
    print(
        f"landscape, 6 x 5 x 10 students and their controls: {seconds:.0f} s, "
        f"{processor:.0f} s of processor time"
    )


if __name__ == "__main__":
    main()
