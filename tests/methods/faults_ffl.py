"""Planted faults that `test_ffl.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "fused answer from unequal maps",
        "branches.py",
        "return self.fusion(torch.cat(same, 1))",
        "return self.fusion(torch.cat(same[::-1], 1))",
    ),
    Fault(
        "maps not averaged to one size",
        "branches.py",
        "F.adaptive_avg_pool2d(m, size)",
        "F.interpolate(m, size)",
    ),
    Fault(
        "fusion is not depthwise",
        "branches.py",
        "groups=c, ",
        "",
    ),
    Fault(
        "FFL: T^2 dropped",
        "methods/ffl.py",
        "ramp_up(progress, ramp) * T**2",
        "ramp_up(progress, ramp)",
    ),
    Fault(
        "FFL: arrow turned",
        "methods/ffl.py",
        "kl(z_f, z, T).sum()",
        "kl(z, z_f.expand(z.shape), T).sum()",
    ),
    Fault(
        "FFL: the mean of the probabilities",
        "methods/ffl.py",
        "kl(z.mean(0), z_f, T)",
        "kl(T * (z / T).softmax(-1).mean(0).log(), z_f, T)",
    ),
    Fault(
        "FFL: fused classifier without labels",
        "methods/ffl.py",
        '"fused": cross_entropy(z_f, batch.y)',
        '"fused": 0 * cross_entropy(z_f, batch.y)',
    ),
]
