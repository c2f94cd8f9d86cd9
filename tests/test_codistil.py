"""The command for codistillation: what stops it is said in a sentence."""

import os
import socket
import subprocess
import sys

import pytest

PROGRAM = (
    "from kdsurvey import codistil; codistil.PATIENCE = 2; "
    "import sys; sys.argv[0] = 'codistil'; codistil.main()"
)


def ended(*words: str, **variables: str) -> str:
    """Run one process of it, which must fail; returns what it says last."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 1, run.stderr
    assert "Traceback" not in run.stderr, run.stderr
    return run.stderr.strip().splitlines()[-1]


@pytest.fixture
def port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()[1], listener


def joining(port: int, rank: int = 0) -> dict[str, str]:
    return {
        "RANK": str(rank),
        "WORLD_SIZE": "2",
        "LOCAL_RANK": str(rank),
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }


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
