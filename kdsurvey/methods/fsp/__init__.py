"""A Gift from Knowledge Distillation (FSP), Yim, Joo, Bae & Kim, CVPR 2017."""

from collections.abc import Iterator, Sequence

from torch import Tensor, nn

from kdsurvey import ranges
from kdsurvey.losses import cross_entropy, fsp_loss
from kdsurvey.methods.fsp.flow import Flow, Pairs
from kdsurvey.stage import Batch, Loss, Stage, Teacher


def fsp(
    student: nn.Sequential,
    teacher: nn.Sequential | Teacher,
    *,
    pairs: Pairs,
    teacher_pairs: Pairs | None = None,
    lam: float | None = None,
    permutation: dict[int, Sequence[int]] | None = None,
    flow_epochs: float = 1 / 3,
    flow_lr: float = 2.0,
) -> Iterator[Stage]:
    """L_FSP = lam sum_i ||G_i^T(x) - G_i^S(x)||^2 with G = sum_st F1_st F2_st' / (h w);
    then H(y, p_S)

    Yim et al. 2017 (CVPR; not on arXiv), equations 1 and 2. The first stage needs no
    labels, the second no teacher.

    student, teacher: nn.Sequentials of blocks, of equal channels where their pairs lie;
    the teacher is copied and frozen. pairs: (start, end), the first and the last block
    of a section, counted from 1: F1 is what net[:start] gives, F2 what net[:end] gives,
    maps (n, c, h, w), the larger max-pooled to the smaller. teacher_pairs: where they
    lie in the teacher, if it is deeper. lam: weight of every pair; None is 1 / mean of
    sum_i ||G_i^T||^2 + ||G_i^S||^2 in the first batch, so that the loss starts near 1.
    permutation: {block of the teacher: new order of its channels}, the same order all
    along a residual section. flow_epochs in (0, 1): the first stage's share of
    Config.epochs; the second takes the rest. flow_lr: its share of Config.lr. Raises
    ValueError, with the shapes, for pairs, channels and maps that do not fit, and for
    values out of their ranges. Departures: the paper has equal lam for all pairs and
    gives no value; ours replaces its lower rate (1/100) there.
    """
    flow_s = Flow(student, pairs)
    watched = Flow(teacher, teacher_pairs or pairs, permutation)
    shared = ranges.share(flow_epochs) and 0 < flow_epochs < 1
    if not shared or len(flow_s.pairs) != len(watched.pairs):
        raise ValueError(
            f"fsp: needs flow_epochs in (0, 1), got {flow_epochs!r}, and equally many "
            f"pairs, {pairs}, {teacher_pairs}"
        )

    def task_loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        return {"hard": cross_entropy(student(batch.x), batch.y)}

    def stages() -> Iterator[Stage]:
        flow_loss = _flow_loss(flow_s, Teacher(watched), lam)
        yield Stage("flow", {flow_s: flow_loss}, epochs=flow_epochs, lr=flow_lr)
        score = {"student": student}
        yield Stage("task", {student: task_loss}, score, epochs=1 - flow_epochs)

    return stages()


def _flow_loss(flow_s: Flow, flow_t: Teacher, lam: float | Tensor | None) -> Loss:
    of_teacher = flow_t.net
    assert isinstance(of_teacher, Flow)

    def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        nonlocal lam
        g_s = flow_s(batch.x)  # (n, all pairs)
        g_t = flow_t(batch)
        if lam is None:
            lam = 1 / (g_t.square().sum(1) + g_s.detach().square().sum(1)).mean()
        # G_s, G_t: (n, c_start, c_end) for each pair
        matrices = zip(flow_s.pairs, flow_s.split(g_s), of_teacher.split(g_t))
        return {
            f"flow {i}-{j}": lam * fsp_loss(G_t, G_s) for (i, j), G_s, G_t in matrices
        }

    return loss
