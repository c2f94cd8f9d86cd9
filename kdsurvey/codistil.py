"""Codistillation: torchrun --nproc-per-node=2 -m kdsurvey.codistil

Each process trains a net, and they learn from each other.

On the CPU the processes talk by gloo, on GPUs by nccl. Every process says when it is
there, and how well its net does in the end; --out keeps its rows.
"""

import argparse
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from kdsurvey import data, methods, nets
from kdsurvey.store import refuse_unwritable, replacing
from kdsurvey.training import Config, train

PATIENCE = 60  # seconds to wait for another process
ELSEWHERE = "give --out a folder that you can write to"
OF_TORCHRUN = (
    "RANK",
    "WORLD_SIZE",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
)


def main() -> None:
    """Read the options, train, print the accuracy on the test images."""
    asked = _asked()
    try:
        if asked.out:
            refuse_unwritable(asked.out / "rank0.json", ELSEWHERE)
        rank = _joined()
        _say(f"process {rank} of {dist.get_world_size()} is there")
        rows = _trained(asked, rank)
        _say(f"process {rank}: test accuracy {rows[-1]['net test accuracy']:.4f}")
    except (ValueError, OSError, FloatingPointError) as error:
        raise SystemExit(f"codistil: {error}") from error
    except RuntimeError as error:
        if not _is_of_the_others(error):
            raise
        raise SystemExit(
            f"codistil: the other processes stopped or do not answer any more "
            f"({_first_line(error)}); start all of them anew"
        ) from error
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="torchrun --nproc-per-node=2 -m kdsurvey.codistil", description=__doc__
    )
    parser.add_argument(
        "--exchange",
        default="weights",
        choices=("weights", "predictions"),
        help="what the processes tell",
    )
    parser.add_argument(
        "--every", type=int, default=50, help="steps between two exchanges"
    )
    parser.add_argument(
        "--burn-in",
        type=float,
        default=0.2,
        help="share of the steps without the others",
    )
    parser.add_argument("--weight", type=float, default=1.0, help="of the mutual term")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument(
        "--width", type=int, default=128, help="of the two hidden layers"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="process k takes this seed + k for its weights and order",
    )
    parser.add_argument(
        "--out", type=Path, help="folder for rank0.json, rank1.json, ..."
    )
    return parser.parse_args()


def _is_of_the_others(error: RuntimeError) -> bool:
    """Whether an error comes from talking with the other processes."""
    return isinstance(error, dist.DistError) or "gloo" in str(error).lower()


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]


def _say(line: str) -> None:
    """Write a line and its end at once, so that the lines of two processes stay apart.

    print may write twice.
    """
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _joined() -> int:
    """Join the processes that torchrun started; return the rank of this one."""
    absent = [name for name in OF_TORCHRUN if not os.environ.get(name)]
    if absent:
        raise SystemExit(
            "codistil: start it with torchrun --nproc-per-node=2 -m kdsurvey.codistil, "
            f"which sets {', '.join(absent)}"
        )
    processes = int(os.environ["LOCAL_WORLD_SIZE"])
    gpu = torch.cuda.is_available() and torch.cuda.device_count() >= processes
    if gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    patience = timedelta(seconds=PATIENCE)
    try:
        dist.init_process_group("nccl" if gpu else "gloo", timeout=patience)
    except (dist.DistError, RuntimeError) as error:
        raise SystemExit(_unmet(error)) from error
    return dist.get_rank()


def _unmet(error: Exception) -> str:
    """Write in a sentence why the processes have not met, with the remedy."""
    place = "{MASTER_ADDR}:{MASTER_PORT}".format_map(os.environ)
    if "EADDRINUSE" in str(error) or "in use" in str(error):
        return (
            f"codistil: {place} is in use by another program; choose another port, as "
            "torchrun --master-port=29501 does, or let torchrun choose: --standalone"
        )
    return (
        f"codistil: the {os.environ['WORLD_SIZE']} processes have not met at {place} within "
        f"{PATIENCE} seconds ({_first_line(error)}); start all of them, as torchrun "
        "--nproc-per-node=2 -m kdsurvey.codistil does"
    )


def _trained(asked: argparse.Namespace, rank: int) -> list[dict]:
    digits = data.mnist_5k().hold_out(500)
    device = "cpu"
    if dist.get_backend() == "nccl":
        device = f"cuda:{torch.cuda.current_device()}"
    net = nets.mlp(784, asked.width, asked.width, 10, seed=asked.seed + rank)
    config = Config(epochs=asked.epochs, seed=asked.seed + rank, device=device)
    stages = methods.codistil(
        net,
        every=asked.every,
        burn_in=asked.burn_in,
        exchange=asked.exchange,
        weight=asked.weight,
    )
    rows = train(stages, digits, config, progress=rank == 0)
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        with replacing(asked.out / f"rank{rank}.json", ELSEWHERE) as file:
            file.write(json.dumps(rows).encode())
    return rows


if __name__ == "__main__":
    main()
    # All is written. At an orderly end gloo's threads abort the process now and then,
    # on a busy machine
    os._exit(0)
