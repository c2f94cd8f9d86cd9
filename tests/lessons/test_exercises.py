"""Every exercise: its solution passes, an empty answer and plausible wrong ones do not,
and no answer makes the check raise.
"""

import math

import pytest
import torch

from kdsurvey import exercises
from kdsurvey.exercises import Exercise

ALL = {
    f"{module}.{name}": exercise
    for module in (
        "start_here",
        "temperature",
        "distilling_mnist",
        "missing_three",
        "fitnets",
        "fsp",
        "net2net",
        "mutual_learning",
        "born_again",
        "low_precision",
        "feature_fusion",
        "native_ensemble",
        "ensemblenet",
        "playground",
    )
    for name, exercise in vars(getattr(exercises, module)).items()
    if isinstance(exercise, Exercise)
}


def _one(z, z_e, y, T):
    """The teacher is not detached."""
    F = torch.nn.functional
    soft = [
        F.kl_div((z_i / T).log_softmax(1), (z_e / T).softmax(1), reduction="batchmean")
        for z_i in z
    ]
    return (
        sum(F.cross_entropy(z_i, y) for z_i in z)
        + F.cross_entropy(z_e, y)
        + T**2 * sum(soft)
    )


WRONG = {  # an answer that a reader may well give
    "start_here.weights": lambda widths: sum(m * n for m, n in zip(widths, widths[1:])),
    "start_here.spread": lambda p: -(p * p.log()).sum(),
    "start_here.share": lambda alone, distilled, teacher: (alone - distilled) / alone,
    "temperature.soften": lambda z, T: (
        torch.exp(z / T) / torch.exp(z / T).sum(-1, keepdim=True)
    ),
    "temperature.gradient": lambda z, v, T: (
        torch.softmax(z / T, -1) - torch.softmax(v / T, -1)
    ),
    "temperature.balance": lambda alpha, T: alpha / T**2,
    "distilling_mnist.loss": lambda z, v, y, T, alpha: (
        (1 - alpha) * torch.nn.functional.cross_entropy(z, y)
        + alpha
        * T**2
        * torch.nn.functional.kl_div(
            (z / T).log_softmax(-1), (v / T).softmax(-1), reduction="mean"
        )
    ),
    "distilling_mnist.smoothing": lambda confidence, classes: 1 - confidence,
    "distilling_mnist.together": lambda members: torch.stack(
        [m.softmax(-1) for m in members]
    ).mean(0),
    "missing_three.recall": lambda z, y: (z.argmax(1) == y).float().mean().expand(10),
    "missing_three.correction": lambda z, y, k: 20.0,
    "missing_three.carries": lambda v, k, T: v[:, k] / T,
    "fitnets.regressor": lambda g, h: (
        (k := g[1] - h[1] + 1, k),
        k * k * h[0],
        g[0] * g[1] * g[2] * h[0] * h[1] * h[2],
    ),
    "fitnets.hint_loss": lambda u, v, W, b: (
        (u - torch.relu(v @ W.T + b)).square().mean()
    ),
    "fitnets.schedule": lambda p, first, last: (
        first * (last / first) ** p if first else last * p
    ),
    "fsp.matrix": lambda a, b: (
        torch.einsum(
            "nist,njst->nij", a, torch.nn.functional.adaptive_avg_pool2d(b, a.shape[2:])
        )
        / 24
    ),
    "fsp.shuffle": lambda g, order: g[:, order],
    "fsp.weight": lambda t, s: 1 / t.square().sum((1, 2)).mean(),
    "net2net.widen": lambda W, W2, g: (W[:, g], W2[g]),
    "net2net.identity": lambda n, k: torch.zeros(n, n, k, k).index_fill_(
        2, torch.tensor(k // 2), 1.0
    ),
    "net2net.undo": lambda a, eps: (a.std(0), a.mean(0)),
    "born_again.split": lambda z, v, y: (
        (g := z.softmax(1) - v.softmax(1))
        * (top := torch.nn.functional.one_hot(v.argmax(1), z.shape[1])),
        g * (1 - top),
    ),
    "born_again.weights": lambda v: v.softmax(1).amax(1) / len(v),
    "born_again.permute": lambda p, order: torch.cat(
        [p.max()[None], p[p != p.max()][order]]
    ),
    "mutual_learning.peer_loss": lambda z, peers, y: (
        torch.nn.functional.cross_entropy(z, y)
        + sum(
            torch.nn.functional.kl_div(
                z.log_softmax(1), v.softmax(1), reduction="batchmean"
            )
            for v in peers
        )
    ),
    "mutual_learning.slope": lambda z, peers: (
        (z.softmax(1) - peers.mean(0).softmax(1)) / len(z)
    ),
    "mutual_learning.passes": lambda K, turns: (2 * K if turns else K, K),
    "low_precision.quantiser": lambda w, bits: (
        (2**bits - 1) ** -1 * ((2**bits - 1) * w.clamp(-1, 1)).round()
    ),
    "low_precision.straight": lambda w, above: above,
    "low_precision.size": lambda n, k, zeros: k * (n - zeros) // 8,
    "feature_fusion.size": lambda channels, width: (
        9 * sum(channels),
        9 * sum(channels) * width,
    ),
    "feature_fusion.loss": lambda z, z_f, y, T, w: (
        sum(torch.nn.functional.cross_entropy(z_k, y) for z_k in (*z, z_f))
        + w
        * T**2
        * sum(
            torch.nn.functional.kl_div(
                (q / T).log_softmax(-1), (v / T).softmax(-1), reduction="batchmean"
            )
            for v, q in ((z.mean(0), z_f), *((z_f, z_k) for z_k in z))
        )
    ),
    "feature_fusion.ramp": lambda t, t_r: math.exp(-5 * (1 - t / t_r) ** 2),
    "ensemblenet.split": lambda z, y: (
        (
            heads := torch.stack(
                [torch.nn.functional.cross_entropy(z_i, y) for z_i in z]
            ).mean()
        ),
        (together := torch.nn.functional.nll_loss(z.softmax(-1).mean(0).log(), y)),
        heads - together,
    ),
    "ensemblenet.slope": lambda z, y, lam: (
        lam * (z.softmax(-1) - torch.nn.functional.one_hot(y, z.shape[-1])) / z.shape[1]
        + (1 - lam)
        * (z.mean(0).softmax(-1) - torch.nn.functional.one_hot(y, z.shape[-1]))
        / z.shape[1]
    ),
    "ensemblenet.price": lambda trunk, branch, m: (
        trunk + branch,
        m * (trunk + branch),
        3 * m * (trunk + branch),
    ),
    "native_ensemble.weights": lambda a: a.softmax(1).relu(),
    "native_ensemble.one_loss": lambda z, g, y, T: _one(
        z, torch.einsum("nm,mnc->nc", g, z), y, T
    ),
    "native_ensemble.cost": lambda trunk, branch, m: (
        trunk + branch,
        m * (trunk + branch),
        m * (trunk + branch),
    ),
    "playground.interval": lambda a, b: (
        (a - b).mean() - (a - b).std(),
        (a - b).mean() + (a - b).std(),
    ),
    "playground.corrected": lambda ps: [p < 0.05 for p in ps],
    "playground.calibration": lambda confidence, correct: (
        confidence.mean() - correct.double().mean()
    ).abs(),
}


def test_three_to_a_notebook():
    assert len(ALL) == 3 * len({name.split(".")[0] for name in ALL}) and set(
        WRONG
    ) == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_the_solution_passes(name):
    scope = {"torch": torch}
    exec(ALL[name].solution, scope)
    assert ALL[name].check(scope["answer"]).solved, ALL[name].check(scope["answer"])


@pytest.mark.parametrize("name", ALL)
def test_a_wrong_answer_is_told_so(name):
    report = ALL[name].check(WRONG[name])
    assert not report.solved
    assert any(holds for _, holds, _ in report.held) or name == "missing_three.carries"


@pytest.mark.parametrize("name", ALL)
def test_an_empty_answer_is_no_answer(name):
    def empty(*args, **kwargs):
        raise NotImplementedError

    report = ALL[name].check(empty)
    assert not any(holds for _, holds, _ in report.held)
    assert "nothing written yet" in repr(report)
