"""Planted faults that `test_ban.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "generations: always the first teacher",
        "methods/ban/__init__.py",
        "            before = student\n",
        "",
    ),
    Fault(
        "generations: BAN+L without labels",
        "methods/ban/__init__.py",
        'if target == "ban+l":',
        'if target == "ban":',
    ),
    Fault(
        "generations: ensemble of one",
        "methods/ban/__init__.py",
        "Ensemble(born)",
        "Ensemble(born[-1:])",
    ),
    Fault(
        "generations: the student as its teacher",
        "methods/ban/__init__.py",
        "            distinct([v.net, student])\n",
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
        "_log_of_label(z, y)).sum(-1)",
        "_log_of_label(z, y)).mean(-1)",
    ),
    Fault(
        "weights not detached",
        "losses.py",
        "(w.detach() * _log",
        "(w * _log",
    ),
    Fault(
        "DKPP: the largest moves too",
        "losses.py",
        "noise.scatter(-1, top, -1).argsort(-1)",
        "noise.argsort(-1)",
    ),
    Fault(
        "DKPP: nothing is permuted",
        "losses.py",
        "drawn = noise",
        "drawn = steady",
    ),
    Fault(
        "DKPP: one order for all rows",
        "losses.py",
        "noise.scatter",
        "noise[:1].expand(p.shape).scatter",
    ),
    Fault(
        "DKPP: redrawn always",
        "methods/ban/permuted.py",
        "if self._redrawn:",
        "if True:",
    ),
    Fault(
        "DKPP: the order of the batch",
        "methods/ban/permuted.py",
        "self._noise[batch.i]",
        "self._noise[: len(batch.i)]",
    ),
]
