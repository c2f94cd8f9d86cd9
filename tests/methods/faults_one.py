"""Planted faults that `test_one.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "no ramp",
        "losses.py",
        "math.exp(-5 * max(",
        "math.exp(-0 * max(",
    ),
    Fault(
        "the trunk runs once a branch",
        "branches.py",
        "self.logits(self.trunk(x))",
        "torch.stack([self[k](x) for k in range(len(self))])",
    ),
    Fault(
        "branches of equal weights",
        "branches.py",
        "make(1000 * k + seed)",
        "make(seed)",
    ),
    Fault(
        "branch 0 with another trunk",
        "branches.py",
        "nets[0][:at]",
        "nets[-1][:at]",
    ),
    Fault(
        "gate unused",
        "branches.py",
        "if self.gate is None:",
        "if True:",
    ),
    Fault(
        "gate without ReLU",
        "branches.py",
        "nn.BatchNorm1d(branches), nn.ReLU(), nn.Softmax(1)",
        "nn.BatchNorm1d(branches), nn.Softmax(1)",
    ),
    Fault(
        "gate over the batch",
        "branches.py",
        "nn.Softmax(1)",
        "nn.Softmax(0)",
    ),
    Fault(
        "ONE: T^2 dropped",
        "methods/one.py",
        "ramp_up(progress, ramp) * T**2",
        "ramp_up(progress, ramp)",
    ),
    Fault(
        "ONE: mean over branches",
        "methods/one.py",
        "kl(z_e, z, T).sum()",
        "kl(z_e, z, T).mean()",
    ),
    Fault(
        "ONE: branches teach the ensemble",
        "methods/one.py",
        "kl(z_e, z, T).sum()",
        "kl(z, z_e.expand(z.shape), T).sum()",
    ),
    Fault(
        "ONE: no label for the ensemble",
        "methods/one.py",
        '"ensemble": cross_entropy(z_e, batch.y)',
        '"ensemble": 0 * cross_entropy(z_e, batch.y)',
    ),
    Fault(
        "ONE: no fading in",
        "methods/one.py",
        "ramp_up(progress, ramp)",
        "ramp_up(1.0, ramp)",
    ),
]
