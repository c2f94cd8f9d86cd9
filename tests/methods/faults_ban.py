"""Planted faults that `test_ban.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "generations: always the first teacher",
        "methods/ban.py",
        "        teacher = student\n",
        "",
    ),
    Fault(
        "generations: BAN+L without labels",
        "methods/ban.py",
        'if target == "ban+l" else {}',
        'if target == "ban" else {}',
    ),
    Fault(
        "generations: ensemble of one",
        "methods/ban.py",
        "Ensemble(born)",
        "Ensemble(born[-1:])",
    ),
    Fault(
        "generations: the student as its teacher",
        "methods/ban.py",
        "        distinct([v.net, student])\n",
        "",
    ),
    Fault(
        "CWTM: not normalised",
        "losses.py",
        "w / w.sum(-1, keepdim=True)",
        "w",
    ),
    Fault(
        "CWTM: minimum",
        "losses.py",
        "w = soften(v).amax(-1)",
        "w = soften(v).amin(-1)",
    ),
    Fault(
        "CWTM: mean once more",
        "losses.py",
        ".gather(-1, labelled).squeeze(-1)).sum(-1)",
        ".gather(-1, labelled).squeeze(-1)).mean(-1)",
    ),
    Fault(
        "weights not detached",
        "losses.py",
        "(w.detach() * torch",
        "(w * torch",
    ),
    Fault(
        "DKPP: the largest moves too",
        "losses.py",
        "keys.scatter(-1, top, -1).argsort(-1)",
        "keys.argsort(-1)",
    ),
    Fault(
        "DKPP: nothing is permuted",
        "losses.py",
        "for keys in (steady, noise)",
        "for keys in (steady, steady)",
    ),
    Fault(
        "DKPP: one order for all rows",
        "losses.py",
        "(steady, noise)",
        "(steady, noise[:1].expand(p.shape))",
    ),
    Fault(
        "DKPP: redrawn always",
        "methods/permuted.py",
        "if self._redrawn:",
        "if True:",
    ),
    Fault(
        "DKPP: the order of the batch",
        "methods/permuted.py",
        "self._noise[batch.i]",
        "self._noise[: len(batch.i)]",
    ),
]
