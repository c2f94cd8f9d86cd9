"""Born-Again Networks, Furlanello, Lipton, Tschannen, Itti & Anandkumar, ICML 2018,
arXiv 1805.04770.
"""

from collections.abc import Callable, Iterator

import torch
from torch import nn

from kdsurvey.losses import cross_entropy, cwtm, soft_cross_entropy, soften
from kdsurvey.methods.permuted import Permuted
from kdsurvey.nets import Ensemble, distinct
from kdsurvey.stage import Loss, Stage, Teacher

TARGETS = ("ban", "ban+l", "cwtm", "dkpp")


def ban(
    make_student: Callable[[], nn.Module],
    teacher: nn.Module | Teacher,
    *,
    generations: int = 1,
    target: str = "ban",
    redrawn: bool = False,
    generator: torch.Generator | None = None,
) -> Iterator[Stage]:
    """Generation k learns from generation k - 1: H(p, q), with "ban+l" H(y, q) + H(p,
    q); no temperature, p of the net before

    Furlanello et al. 2018, arXiv 1805.04770, section 3. "cwtm" learns from labels
    weighted by the teacher's confidence, sum_s max p_s / sum_u max p_u H(y_s, q_s);
    "dkpp" from p with all but its largest probability permuted.

    make_student: () -> a net with fresh initial weights, from x (n, ...) to logits (n,
    c). teacher: the net of generation 0; it is copied and frozen. generations >= 1.
    redrawn: with "dkpp" a new permutation at every step, else one an image, as
    generator (None: seed 0) draws them. Each stage, of all Config.epochs, scores its
    own generation and the ensemble of all so far. Raises ValueError for a target not in
    TARGETS, generations below 1, and a student that is its own teacher or its equal.
    Departures: none; the paper does not say when the permutation is drawn.
    """
    if target not in TARGETS or generations < 1:
        raise ValueError(
            f"ban: needs a target of {TARGETS} and generations >= 1, got {target!r} and {generations}"
        )
    permuted = Permuted(generator or torch.Generator().manual_seed(0), redrawn)
    born = []
    for k in range(1, generations + 1):
        v, student = Teacher(teacher), make_student()
        distinct([v.net, student])
        born.append(student)
        scores = {f"generation {k}": student, f"generations 1-{k}": Ensemble(born)}
        yield Stage(
            f"generation {k}",
            {student: _loss(student, v, target, permuted)},
            score=scores,
        )
        teacher = student


def _loss(
    student: nn.Module, teacher: Teacher, target: str, permuted: Permuted
) -> Loss:
    def loss(batch, progress):
        z, v = student(batch.x), teacher(batch)  # (n, c) each
        if target == "cwtm":
            return {"weighted": cwtm(z, v, batch.y)}
        if target == "dkpp":
            return {"permuted": soft_cross_entropy(permuted(batch, soften(v)).log(), z)}
        return {"soft": soft_cross_entropy(v, z)} | (
            {"hard": cross_entropy(z, batch.y)} if target == "ban+l" else {}
        )

    return loss
