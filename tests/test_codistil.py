"""The command for codistillation: what stops it is said in a sentence."""

import json
import socket

import pytest
import torch
from processes import joining, start

from kdsurvey import codistil, methods, nets

PROGRAM = "from kdsurvey import codistil; codistil.PATIENCE = 2; codistil.main()"


def ended(*words: str, **variables: str) -> str:
    """Run one process of it, which must fail; returns what it says last."""
    program = start(PROGRAM, *words, **variables)
    assert program.ended() == 1, program.stderr
    assert "Traceback" not in program.stderr, program.stderr
    return program.stderr.strip().splitlines()[-1]


@pytest.fixture
def port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()[1], listener


def test_without_torchrun_it_says_how_to_start_it():
    assert "start it with torchrun" in ended(RANK="0", WORLD_SIZE="2")


def test_a_port_in_use_is_named(port):
    number, listener = port
    listener.listen()
    line = ended(**joining(number))
    assert f"127.0.0.1:{number} is in use" in line and "--standalone" in line


@pytest.mark.parametrize("rank", [0, 1])
def test_a_partner_that_never_comes_is_said(rank, port):
    number, listener = port
    listener.close()
    line = ended(**joining(number, rank))
    assert f"the 2 processes have not met at 127.0.0.1:{number} within 2" in line
    assert "start all of them" in line


def test_a_folder_that_cannot_be_written_is_said_before_anything_else(tmp_path):
    (tmp_path / "file").write_text("mine")
    line = ended("--out", str(tmp_path / "file"))
    assert "cannot write" in line and "--out" in line


@pytest.mark.parametrize("rank", [0, 1])
def test_every_process_has_its_own_net_and_order_and_the_options_asked_for(
    rank, monkeypatch, tmp_path
):
    asked = ["--every", "7", "--burn-in", "0.5", "--weight", "0.25", "--seed", "5"]
    asked += ["--epochs", "3", "--width", "6", "--exchange", "predictions"]
    out = tmp_path / "not yet" / "there"
    monkeypatch.setattr("sys.argv", ["codistil", *asked, "--out", str(out)])
    monkeypatch.setattr("torch.distributed.get_backend", lambda: "gloo")
    monkeypatch.setattr(methods, "codistil", lambda net, **options: (net, options))
    runs = []

    def trained(stages, data, config, progress):
        runs.append((stages, data, config, progress))
        return [{"epoch": 3}]

    monkeypatch.setattr(codistil, "train", trained)
    assert codistil._trained(codistil._asked(), rank) == [{"epoch": 3}]
    (((net, options), digits, config, progress),) = runs
    chosen = {"every": 7, "burn_in": 0.5, "exchange": "predictions", "weight": 0.25}
    assert options == chosen
    own = nets.mlp(784, 6, 6, 10, seed=5 + rank).state_dict()
    assert all(
        torch.equal(own[name], value) for name, value in net.state_dict().items()
    )
    assert (config.seed, config.epochs, config.device) == (5 + rank, 3, "cpu")
    assert [len(y) for _, y in (digits.train, digits.validation)] == [3500, 500]
    assert progress == (rank == 0)
    assert json.loads((out / f"rank{rank}.json").read_text()) == [{"epoch": 3}]


def test_without_options_these_are_taken(monkeypatch):
    monkeypatch.setattr("sys.argv", ["codistil"])
    assert vars(codistil._asked()) == {
        "exchange": "weights",
        "every": 50,
        "burn_in": 0.2,
        "weight": 1.0,
        "epochs": 10,
        "width": 128,
        "seed": 0,
        "out": None,
    }


def test_on_gpus_a_process_trains_on_its_own(monkeypatch):
    monkeypatch.setattr("sys.argv", ["codistil"])
    monkeypatch.setattr("torch.distributed.get_backend", lambda: "nccl")
    monkeypatch.setattr("torch.cuda.current_device", lambda: 1)
    monkeypatch.setattr(methods, "codistil", lambda net, **options: net)
    monkeypatch.setattr(codistil, "Config", dict)
    monkeypatch.setattr(codistil, "train", lambda *run, progress: [run[2]])
    (config,) = codistil._trained(codistil._asked(), 1)
    assert config["device"] == "cuda:1"
