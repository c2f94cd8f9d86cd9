"""Planted faults that `test_precision.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "weights: as many levels as activations",
        "surgery/precision.py",
        "2 ** (self.weight_bits - 1) - 1",
        "2**self.weight_bits - 1",
    ),
    Fault(
        "weights: not clipped",
        "surgery/precision.py",
        "(w / s).clamp(-1, 1)",
        "(w / s)",
    ),
    Fault(
        "weights: gradient outside the range",
        "surgery/precision.py",
        "bound = math.inf if precision.scaled else 1",
        "bound = math.inf",
    ),
    Fault(
        "no gradient at the ends of the range",
        "surgery/precision.py",
        "(w >= low) & (w <= high)",
        "(w > low) & (w < high)",
    ),
    Fault(
        "no gradient at all",
        "surgery/precision.py",
        "rounded.detach() + (passing - passing.detach())",
        "rounded.detach() + 0 * passing",
    ),
    Fault(
        "values of the shadow weights",
        "surgery/precision.py",
        "rounded.detach() + (passing - passing.detach())",
        "passing",
    ),
    Fault(
        "activations: a level too many",
        "surgery/precision.py",
        "    n = 2**bits - 1\n",
        "    n = 2**bits\n",
    ),
    Fault(
        "activations: top forgotten",
        "surgery/precision.py",
        "(a.clamp(0, top) / top)",
        "a.clamp(0, 1)",
    ),
    Fault(
        "ternary: median weights for large ones",
        "surgery/precision.py",
        "(size * kept).sum() / kept.sum().clamp(min=1)",
        "size.mean()",
    ),
    Fault(
        "ternary: maximum for mean",
        "surgery/precision.py",
        'if self.of == "mean" else size.max()',
        'if self.of == "max" else size.max()',
    ),
    Fault(
        "first and last layer lowered too",
        "surgery/precision.py",
        "layers if ends else layers[1:-1]",
        "layers",
    ),
    Fault(
        "images rounded",
        "surgery/precision.py",
        "reads_images if layer is layers[0] else precision",
        "reads_images if False else precision",
    ),
    Fault(
        "inputs of a layer not rounded",
        "surgery/precision.py",
        "F.linear(self.precision.activations(x)",
        "F.linear(torch.relu(x)",
    ),
    Fault(
        "masks forgotten",
        "surgery/precision.py",
        ' * layer.get_buffer("weight_mask")',
        "",
    ),
    Fault(
        "batch norm measured with dropout",
        "surgery/precision.py",
        "    net.eval()\n",
        "    net.train()\n",
    ),
    Fault(
        "batch norm: measured a little",
        "surgery/precision.py",
        "        norm.momentum = 1.0\n",
        "",
    ),
    Fault(
        "batch norm: momentum not put back",
        "surgery/precision.py",
        "        norm.momentum = momentum\n",
        "        pass\n",
    ),
]
