"""Born-Again Networks, Furlanello, Lipton, Tschannen, Itti & Anandkumar, ICML 2018,
arXiv 1805.04770.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from kdsurvey import ranges
from kdsurvey.losses import cross_entropy, cwtm, soft_cross_entropy, soften
from kdsurvey.methods.ban.permuted import Permuted
from kdsurvey.nets import Ensemble, distinct
from kdsurvey.stage import Batch, Loss, Stage, Teacher, check_nets

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
    """H(p, q), with "ban+l" H(y, q) + H(p, q): generation k learns from generation k - 1

    Furlanello et al. 2018, arXiv 1805.04770, section 3; no temperature, p of the net
    before. "cwtm" learns from labels weighted by the teacher's confidence, sum_s max
    p_s / sum_u max p_u H(y_s, q_s); "dkpp" from p with all but its largest probability
    permuted.

    make_student: () -> a net with fresh initial weights, from x (n, ...) to logits (n,
    c). teacher: the net of generation 0; it is copied and frozen. generations >= 1.
    redrawn: with "dkpp" a new permutation at every step, else one an image, as
    generator (None: seed 0) draws them. Each stage, of all Config.epochs, scores its
    own generation and the ensemble of all so far. Raises ValueError for a target not in
    TARGETS, generations below 1, and a student that is its own teacher or its equal.
    Departures: none; the paper does not say when the permutation is drawn.
    """
    check_nets("ban", teacher=teacher)
    if isinstance(make_student, nn.Module) or not callable(make_student):
        raise ValueError(
            f"ban: make_student is {type(make_student).__name__}; give a function that "
            "returns a new net at every call, such as lambda: mlp(784, 100, 10)"
        )
    if not ranges.word(target, TARGETS) or not ranges.whole(generations, 1):
        raise ValueError(
            f"ban: needs a target of {TARGETS} and generations >= 1, "
            f"got {target!r} and {generations!r}"
        )

    def stages() -> Iterator[Stage]:
        permuted = Permuted(generator or torch.Generator().manual_seed(0), redrawn)
        before = teacher
        born: list[nn.Module] = []
        for k in range(1, generations + 1):
            v = Teacher(before)
            student = make_student()
            check_nets("ban", **{"what make_student returns": student})
            distinct([v.net, student])
            born.append(student)
            loss = _loss(student, v, target, permuted)
            score = {f"generation {k}": student, f"generations 1-{k}": Ensemble(born)}
            yield Stage(f"generation {k}", {student: loss}, score)
            before = student

    return stages()


def _loss(
    student: nn.Module, teacher: Teacher, target: str, permuted: Permuted
) -> Loss:
    def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        z = student(batch.x)  # (n, c)
        v = teacher(batch)  # (n, c)
        if target == "cwtm":
            return {"weighted": cwtm(z, v, batch.y)}
        if target == "dkpp":
            return {"permuted": soft_cross_entropy(permuted(batch, soften(v)).log(), z)}
        terms = {"soft": soft_cross_entropy(v, z)}
        if target == "ban+l":
            terms["hard"] = cross_entropy(z, batch.y)
        return terms

    return loss
