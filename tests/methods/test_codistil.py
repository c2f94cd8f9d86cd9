"""Codistillation over real processes: what they learn is what one process would make of
both; one that dies ends the other.
"""

import copy
import importlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from panels.waiting import until
from patterns import made_up
from processes import start_pair

from kdsurvey import codistil as command
from kdsurvey.batches import Batches
from kdsurvey.methods import codistil
from kdsurvey.nets import mlp
from kdsurvey.stage import Batch

# What it does is tested between two processes, below
DEFAULTS = {
    "codistil": {
        "every": 50,
        "burn_in": 0.2,
        "exchange": "weights",
        "T": 1.0,
        "weight": 1.0,
    },
}
REFUSED = {
    "every = 0": lambda: codistil(mlp(4, 3, 2), every=0),
    "burn_in = 1": lambda: codistil(mlp(4, 3, 2), burn_in=1.0),
    "weight below 0": lambda: codistil(mlp(4, 3, 2), weight=-1.0),
    "T = 0": lambda: codistil(mlp(4, 3, 2), T=0.0),
    "another exchange": lambda: codistil(mlp(4, 3, 2), exchange="letters"),
    "one process": lambda: codistil(mlp(4, 3, 2)),
}

HERE = Path(__file__).parent
PAIR = f"import runpy; runpy.run_path({str(HERE / 'pair.py')!r})"
TORCHRUN = [
    sys.executable,
    "-m",
    "torch.distributed.run",
    "--standalone",
    "--nproc-per-node=2",
]
ENV = os.environ | {"PYTHONPATH": str(HERE.parents[1]), "OMP_NUM_THREADS": "1"}


def torchrun(*arguments) -> subprocess.CompletedProcess:
    command = [*TORCHRUN, *map(str, arguments)]
    return subprocess.run(command, env=ENV, capture_output=True, text=True, timeout=120)


def in_one_process(every: int, weight: float) -> list[torch.nn.Module]:
    """The same by hand: two nets, each with its own order; after a quarter of the steps
    stale copies of each other.
    """
    toy, steps = made_up(), 24
    (x, y), nets = (
        toy.train,
        [mlp(128, 8, 3, norm=True, seed=k).double() for k in range(2)],
    )
    x = x.double()
    batches = [
        [b for e in range(4) for b in made.of_epoch(x, y)]
        for made in (Batches(16, 0, k, x.device) for k in range(2))
    ]
    optimisers = [
        torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9) for net in nets
    ]
    stale, since = None, 0
    for step in range(steps):
        if step / steps >= 0.25:
            if since % every == 0:
                stale = [copy.deepcopy(net).eval() for net in nets]
            since += 1
        for k in range(2):
            batch, other = batches[k][step], None if stale is None else stale[1 - k]
            z = nets[k](batch.x)
            loss = F.cross_entropy(z, batch.y)
            if other is not None:
                p = torch.softmax(other(batch.x).detach() / 2, 1)
                loss = (
                    loss
                    + weight
                    * 4
                    * (p * (p.log() - torch.log_softmax(z / 2, 1))).sum(1).mean()
                )
            optimisers[k].zero_grad()
            loss.backward()
            optimisers[k].step()
    return nets


@pytest.mark.parametrize(
    ("exchange", "every", "weight"), [("weights", 5, 1.0), ("predictions", 1, 0.5)]
)
def test_two_processes_do_what_one_would(exchange, every, weight, tmp_path):
    for program in start_pair(PAIR, tmp_path, exchange, every, weight):
        assert program.ended() == 0, program.stderr
    for rank, net in enumerate(in_one_process(every, weight)):
        kept = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        for name, value in net.state_dict().items():
            torch.testing.assert_close(kept["net"][name], value, rtol=1e-6, atol=1e-9)
        assert ["mutual" in row for row in kept["terms"]] == [False, True, True, True]


def test_nets_of_two_shapes_tell_predictions_but_not_weights(tmp_path):
    for program in start_pair(PAIR, tmp_path, "predictions", 3, 1.0, 5):
        assert program.ended() == 0, program.stderr
    for program in start_pair(PAIR, tmp_path, "weights", 3, 1.0, 5):
        assert program.ended() == 1 and re.search(
            r"the processes have \[\d+, \d+\] weights to tell; they must be as many",
            program.stderr,
        )


def test_the_command_trains_real_digits(tmp_path):
    done = torchrun(
        "-m",
        "kdsurvey.codistil",
        "--epochs",
        2,
        "--width",
        16,
        "--every",
        10,
        "--out",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    said = sorted(
        re.findall(r"^process (\d): test accuracy (0\.\d+)$", done.stdout, re.M)
    )
    assert [rank for rank, _ in said] == ["0", "1"] and min(
        float(share) for _, share in said
    ) > 0.5
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "rank0.json",
        "rank1.json",
    ]


def test_a_line_and_its_end_are_one_write(monkeypatch):
    """Two processes share one pipe: lines in two writes run into each other, as they did."""
    written = []
    monkeypatch.setattr(
        command,
        "sys",
        SimpleNamespace(
            stdout=SimpleNamespace(write=written.append, flush=lambda: None)
        ),
    )
    command._say("process 0 of 2 is there")
    assert written == ["process 0 of 2 is there\n"]


def test_a_process_that_is_killed_ends_the_other_with_a_message():
    """Without torchrun, which would end the other itself."""
    options = ["--epochs", "10000", "--width", "16", "--every", "5", "--burn-in", "0"]
    pair = start_pair("from kdsurvey import codistil; codistil.main()", *options)
    try:
        until(lambda: all(program.stdout for program in pair))
        assert [program.stdout for program in pair] == [
            "process 0 of 2 is there\n",
            "process 1 of 2 is there\n",
        ]
        time.sleep(1)
        assert all(program.process.is_alive() for program in pair)
        pair[1].process.kill()
        assert pair[0].ended() == 1
        message = "codistil: another process has ended, so this one ends too"
        assert message in pair[0].stderr
    finally:
        for program in pair:
            program.process.kill()


def test_torchrun_ends_when_one_is_killed():
    command = [
        *TORCHRUN,
        "-m",
        "kdsurvey.codistil",
        "--epochs",
        "10000",
        "--width",
        "16",
    ]
    run = subprocess.Popen(
        command, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        there = [
            next(line for line in run.stdout if "is there" in line) for _ in range(2)
        ]
        assert len(set(there)) == 2
        found = subprocess.run(
            ["pgrep", "-P", str(run.pid)], capture_output=True, text=True, check=True
        )
        workers = [int(pid) for pid in found.stdout.split()]
        assert len(workers) == 2
        os.kill(workers[1], signal.SIGKILL)
        said, _ = run.communicate(timeout=60)
        assert run.returncode != 0 and "Signal 9 (SIGKILL)" in said
    finally:
        run.kill()


class Told:
    """An exchange without processes: two others that always answer the same."""

    def __init__(self, net, what):
        self.others = []
        self.updates = 0

    def update(self, inputs):
        self.updates += 1
        self.others = [lambda batch: batch.x[:, :2], lambda batch: -batch.x[:, :2]]


def stage_of_one_process(monkeypatch, **options):
    """The net, the loss and the exchange of a stage, without other processes."""
    exchanges = []

    def told(net, what):
        exchanges.append(Told(net, what))
        return exchanges[0]

    module = importlib.import_module("kdsurvey.methods.codistil")
    monkeypatch.setattr(module, "Exchange", told)
    stage = next(codistil(mlp(4, 3, 2, seed=0), **options))
    ((net, loss),) = stage.learn.items()
    return net, loss, exchanges[0]


def of_four(x: torch.Tensor) -> Batch:
    return Batch(x, torch.tensor([0, 1, 1, 0]), torch.arange(4), x)


def test_it_exchanges_first_after_the_burn_in_and_then_every_so_many_steps(monkeypatch):
    _, loss, exchange = stage_of_one_process(monkeypatch, every=3, burn_in=0.25)
    updates, mutual = [], []
    for step in range(16):
        mutual.append("mutual" in loss(of_four(torch.randn(4, 4)), step / 16))
        updates.append(exchange.updates)
    assert updates == [0] * 4 + [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3
    assert mutual == [False] * 4 + [True] * 12


def test_without_a_burn_in_the_first_step_exchanges(monkeypatch):
    _, loss, exchange = stage_of_one_process(monkeypatch, burn_in=0.0)
    assert "mutual" in loss(of_four(torch.randn(4, 4)), 0.0) and exchange.updates == 1


def test_the_mutual_term_is_the_mean_over_the_others(monkeypatch):
    options = {"burn_in": 0.0, "T": 3.0, "weight": 0.5}
    net, loss, _ = stage_of_one_process(monkeypatch, **options)
    batch = of_four(torch.randn(4, 4))
    z, v = net(batch.x), batch.x[:, :2]
    terms = loss(batch, 0.0)
    divergences = [
        F.kl_div(F.log_softmax(z / 3, 1), F.softmax(w / 3, 1), reduction="batchmean")
        for w in (v, -v)
    ]
    torch.testing.assert_close(terms["mutual"], 0.5 * 9 * sum(divergences) / 2)
    torch.testing.assert_close(terms["hard"], F.cross_entropy(z, batch.y))


def test_alone_or_with_values_out_of_range_it_says_what_to_do():
    net = mlp(4, 3, 2, seed=0)
    with pytest.raises(
        ValueError,
        match=r"between 2 processes or more, which torchrun starts: torchrun --nproc-per-node=2",
    ):
        codistil(net)
    for options in ({"every": 0}, {"burn_in": 1.0}, {"weight": -1.0}):
        with pytest.raises(
            ValueError, match=r"every >= 1, burn_in in \[0, 1\) and weight >= 0, got"
        ):
            codistil(net, **options)
