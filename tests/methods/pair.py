"""One of two processes that codistil on made-up patterns: torchrun ... pair.py FOLDER
EXCHANGE EVERY WEIGHT [WIDTH [half]].

WIDTH: of the net of rank 1. half: each process has half of the training images, and
meets them in the order of seed 0.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

import torch
import torch.distributed as dist

sys.path.insert(0, str(Path(__file__).parents[1]))
from patterns import made_up

from kdsurvey.methods import codistil
from kdsurvey.nets import mlp
from kdsurvey.training import Config, train

folder, exchange, every, weight, *other = sys.argv[1:]
half = other[1:] == ["half"]
dist.init_process_group("gloo")
rank = dist.get_rank()
net = mlp(128, int(other[0]) if other and rank else 8, 3, norm=True, seed=rank).double()
toy = made_up()
if half:
    toy = replace(toy, train=tuple(part.chunk(2)[rank] for part in toy.train))
for x, _ in (toy.train, toy.test, toy.validation):
    x.data = x.data.double()
config = Config(
    epochs=4,
    batch_size=16,
    lr=0.05,
    schedule="constant",
    seed=0 if half else rank,
    device="cpu",
)
stages = codistil(
    net, exchange=exchange, every=int(every), weight=float(weight), burn_in=0.25, T=2.0
)
rows = train(stages, toy, config, progress=False)
torch.save(
    {"net": net.state_dict(), "terms": [sorted(row) for row in rows]},
    f"{folder}/{rank}.pt",
)
dist.destroy_process_group()
os._exit(0)  # as kdsurvey/codistil.py
