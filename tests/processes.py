"""Programs in processes of their own, which begin with torch imported: that takes seconds.

All are forks of one server that has imported torch, and nothing of the package.
"""

import multiprocessing
import os
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["torch"])
FOLDERS = tempfile.TemporaryDirectory()  # removed with all in it at the end
SECONDS = 500  # until a program that does not end fails its test


@dataclass(frozen=True)
class Program:
    """A program that runs, and the folder of what it writes."""

    process: BaseProcess
    folder: Path

    @property
    def stdout(self) -> str:
        return self._written("stdout")

    @property
    def stderr(self) -> str:
        return self._written("stderr")

    def _written(self, name: str) -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def ended(self) -> int:
        """Wait for the end; return the exit status."""
        self.process.join(SECONDS)
        if self.process.exitcode is None:
            self.process.kill()
            raise TimeoutError(f"no end after {SECONDS} seconds: {self.stderr}")
        return self.process.exitcode


def start(code: str, *words: object, **variables: str) -> Program:
    """Start a program, as `python -c code words` does, with more environment variables."""
    folder = Path(tempfile.mkdtemp(dir=FOLDERS.name))
    environment = {**os.environ, **variables}
    arguments = code, [*map(str, words)], folder, environment
    process = CONTEXT.Process(target=_program, args=arguments, daemon=True)
    process.start()
    return Program(process, folder)


def run(code: str, *words: object, **variables: str) -> Program:
    """Run a program that must succeed."""
    program = start(code, *words, **variables)
    assert program.ended() == 0, program.stderr
    return program


def _program(
    code: str, words: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(folder / name, os.O_CREAT | os.O_WRONLY)
        os.dup2(file, number)
    sys.argv = ["-c", *words]
    exec(code, {"__name__": "__main__"})


def start_pair(code: str, *words: object) -> list[Program]:
    """Start a program twice, in two processes that meet as torchrun's do."""
    port = free_port()
    return [start(code, *words, **joining(port, rank)) for rank in range(2)]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def joining(port: int, rank: int = 0) -> dict[str, str]:
    """The variables by which torchrun tells a process of two where to meet the other."""
    return {
        "RANK": str(rank),
        "WORLD_SIZE": "2",
        "LOCAL_RANK": str(rank),
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
