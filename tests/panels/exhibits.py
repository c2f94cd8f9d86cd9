"""Every panel as a reader finds it, and as it looks once there is something to show.

Runs are made up or a few batches long: they only have to differ from one another.
"""

from collections.abc import Callable
from functools import partial

import torch
from approved import plain
from panels.given import CLASSES, Projector, squares_in_noise
from panels.waiting import finished

from kdsurvey import data as sets
from kdsurvey import nets, panels, surgery
from kdsurvey.branches import branched
from kdsurvey.data import Data
from kdsurvey.lessons.branched_nets import small
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import Film
from kdsurvey.training import Config

SHORT = {
    "config": Config(
        epochs=3, batch_size=50, lr=0.05, schedule="constant", device="cpu"
    )
}


def teacher() -> torch.nn.Sequential:
    return nets.mlp(36, 16, 12, 5, seed=3)


def residual() -> torch.nn.Sequential:
    return nets.residual(1, 4, 6, blocks=2, classes=5, seed=3)


def rows(*scored: str, stage: str = "train", epochs: int = 3, start=0.3) -> list[dict]:
    """Make rows as `train` returns them; each epoch is a tenth better than the one before.

    scored: names of what the stage scores, each a little better than the one before it.
    """
    table = []
    for epoch in range(1, epochs + 1):
        row = {"stage": stage, "epoch": epoch, "hard": 2 / (epoch + 1)}
        for k, name in enumerate(scored):
            share = start + 0.1 * epoch + 0.02 * k
            row[f"{name} validation accuracy"] = share
            if epoch == epochs:
                row[f"{name} test accuracy"] = share - 0.04
        table.append(row)
    return table


def hints() -> Panel:
    thin = partial(nets.mlp, 36, 8, 8, 8, 5)
    silent = rows(stage="hint", epochs=1)
    guided = [*silent, *rows("student", stage="distil", epochs=2)]
    ran = {
        "labels": (thin(seed=1), rows("net")),
        "hints, then KD": (thin(seed=2), guided),
    }
    sizes = {"depth": 3, "width": 8}
    return panels.hints(squares_in_noise(), teacher(), finished=ran, **sizes, **SHORT)


def branches() -> Panel:
    make = partial(small, shape=(1, 6, 6), classes=5)
    scored = rows("branch 0", "ensemble", start=0.35)
    ran = {"alone": (make(1), rows("net")), "ONE": (branched(make, 1, 3, 2), scored)}
    return panels.branches(squares_in_noise(), finished=ran, **SHORT)


def flows() -> Panel:
    student = partial(nets.residual, 1, 4, 6, classes=5)
    flow = [*rows(stage="flow", epochs=1), *rows("net", stage="labels", epochs=2)]
    ran = {
        "labels alone": (student(seed=1), rows("net")),
        "flow, then labels": (student(seed=2), flow),
    }
    return panels.flows(squares_in_noise(), residual(), finished=ran, **SHORT)


def generations() -> Panel:
    family = [nets.mlp(36, 8, 5, seed=seed) for seed in range(6)]
    ran = {}
    for line, own in (("born again", family[:3]), ("alone", family[3:])):
        epochs = [*rows("net"), *rows("net", start=0.35)]
        epochs += rows("generation 2", "generations 1-2", start=0.45)
        ran[line] = torch.nn.ModuleList(own), epochs
    options = {"target": "CWTM", "generations": 2}
    return panels.generations(squares_in_noise(), finished=ran, **options, **SHORT)


def peers() -> Panel:
    group = [nets.mlp(36, 16, 5, seed=seed) for seed in range(3)]
    ran = {
        "alone": (group[0], rows("net")),
        "peers": (torch.nn.ModuleList(group[1:]), rows("peer 0", "peer 1")),
    }
    return panels.peers(squares_in_noise(), widths=(16,), finished=ran, **SHORT)


def precision() -> Panel:
    student = partial(nets.mlp, 36, 6, 6, 6, 5, norm=True)
    low = surgery.lower(student(seed=2), weight_bits=2, activation_bits=8)
    ran = {
        "full precision": (student(seed=1), rows("net")),
        "no teacher": (low, rows("net", start=0.2)),
    }
    sizes = {"depth": 3, "width": 6}
    data = squares_in_noise()
    return panels.precision(data, teacher(), finished=ran, **sizes, **SHORT)


def growing() -> Panel:
    thin = nets.mlp(36, 6, 4, 5, seed=1)
    wide = surgery.widen(thin, 1, 9)
    ran = (thin, rows("net")), (wide, rows("net", epochs=2, start=0.5))
    return panels.growing(squares_in_noise(), finished=ran)


def forgotten() -> Panel:
    recall = [0.97, 0.9, 0.95, 0.02, 0.93, 0.1, 0.96, 0.91, 0.94, 0.92]
    better = [0.96, 0.9, 0.94, 0.82, 0.93, 0.7, 0.95, 0.91, 0.94, 0.92]
    ran = {"errors": 207, "per_class": recall, "n": 1000}
    ran |= {"errors_corrected": 63, "per_class_corrected": better}
    return panels.forgotten(dict, removed=(3, 5), T=4.0, finished=ran)


def compare() -> Panel:
    options = {"width": 8, "seeds": 2}
    return finished(panels.compare(squares_in_noise(), teacher(), **options, **SHORT))


def live() -> Panel:
    options = {"width": 8, "pace": None}
    data = squares_in_noise()
    return finished(panels.live_training(data, teacher(), **options, **SHORT))


def take(film: Film) -> None:
    """Film a student that learns five of ten images in three epochs, and forgets one."""
    y = torch.arange(10) % 5
    x = squares_in_noise().train[0][:10]
    v = 3 * torch.eye(5)[y] + torch.arange(50).reshape(10, 5).sin()
    film.begin(x, y, v, CLASSES)
    for epoch, right in enumerate(([0, 1], [0, 1, 2, 3], [0, 2, 3, 7]), 1):
        z = torch.arange(50).reshape(10, 5).cos()
        z[right, y[right]] += 1 + epoch
        film.add(epoch, z, {"hard": 1 / epoch, "soft": 2 / epoch})
    film.end()


def rewind() -> Panel:
    source = Projector()
    panel = panels.rewind(source, image=2)
    take(source.film)
    return panel


def temperature() -> Panel:
    v = torch.tensor([[4.0, 1.0, 0.0], [0.0, 2.0, -1.0]])
    z = torch.tensor([[1.0, 0.5, -0.5], [0.3, 0.1, 0.0]])
    x = squares_in_noise().test[0][:2]
    return panels.temperature(x, torch.tensor([0, 1]), v, z)


def digits() -> Data:
    return sets.mnist_5k().hold_out(500)


def pad() -> Panel:
    pair = nets.mlp(784, 40, 10, seed=0), nets.mlp(784, 10, 10, seed=1)
    return panels.pad(*pair, digits())


def predict() -> Panel:
    return panels.predict("Which is more?", ["one", "two"], "two")


def quizzes() -> Panel:
    options = [("yes", "It is.", True), ("no", "It is not.", False)]
    return panels.quizzes(("Is it?", options), ("And now?", options[::-1]))


def found(panel: Panel) -> dict:
    """What a reader finds: the controls, what is said, and what is drawn."""
    about = {"says": [repr(panel), panel.about, panel.status], "page": panel.box}
    if panel.declared:
        about["state"] = panel.state()
        about["sentence"] = panel.words(panel.settings)
    return about | {"picture": panel.picture}


def drawn(panel: Panel) -> dict:
    """What is drawn when there is something to show, and said of it."""
    return {"says": [panel.status], "picture": panel.picture}


def exhibit(make: Callable[[], Panel], of: Callable[[Panel], dict]) -> object:
    """What there is of a panel; it is closed then."""
    panel = make()
    panel.settle()
    panel.check()
    shown = plain(of(panel))
    panel.close()
    return shown


RESTING = {
    "branches": lambda: panels.branches(squares_in_noise()),
    "compare": lambda: panels.compare(squares_in_noise(), teacher()),
    "flows": lambda: panels.flows(squares_in_noise(), residual()),
    "forgotten": lambda: panels.forgotten(dict),
    "generations": lambda: panels.generations(squares_in_noise()),
    "growing": lambda: panels.growing(squares_in_noise()),
    "hints": lambda: panels.hints(squares_in_noise(), teacher()),
    "landscape": lambda: panels.landscape(squares_in_noise()),
    "live": lambda: panels.live_training(squares_in_noise(), teacher()),
    "pad": pad,
    "peers": lambda: panels.peers(squares_in_noise()),
    "pick": panels.pick,
    "precision": lambda: panels.precision(squares_in_noise(), teacher()),
    "predict": predict,
    "quizzes": quizzes,
    "rerun": lambda: panels.rerun("widths", width=30),
    "rewind": lambda: panels.rewind(Projector()),
    "temperature": temperature,
}
SHOWING = {
    "branches": branches,
    "compare": compare,
    "flows": flows,
    "forgotten": forgotten,
    "generations": generations,
    "growing": growing,
    "hints": hints,
    "landscape": lambda: panels.landscape(digits()),
    "live": live,
    "peers": peers,
    "precision": precision,
    "rewind": rewind,
}
EXHIBITS = {name: partial(exhibit, make, found) for name, make in RESTING.items()}
EXHIBITS |= {
    f"{name}_shown": partial(exhibit, make, drawn) for name, make in SHOWING.items()
}
