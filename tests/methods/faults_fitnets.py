"""Planted faults that `test_fitnets.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "hints: T^2 put in",
        "methods/fitnets.py",
        "now * soft_cross_entropy(v, z, T)",
        "now * T**2 * soft_cross_entropy(v, z, T)",
    ),
    Fault(
        "hints: T not passed on",
        "methods/fitnets.py",
        "soft_cross_entropy(v, z, T)",
        "soft_cross_entropy(v, z)",
    ),
    Fault(
        "hints: teacher and student swapped",
        "methods/fitnets.py",
        "soft_cross_entropy(v, z, T)",
        "soft_cross_entropy(z, v, T)",
    ),
    Fault(
        "lam constant",
        "methods/fitnets.py",
        "lam[0] + (lam[1] - lam[0]) * progress",
        "lam[0]",
    ),
    Fault(
        "lam rises",
        "methods/fitnets.py",
        "lam[0] + (lam[1] - lam[0]) * progress",
        "lam[1] + (lam[0] - lam[1]) * progress",
    ),
    Fault(
        "the first stage trains the whole student",
        "methods/fitnets.py",
        "v_g = upto(student, guided,",
        "v_g = upto(student, len(student),",
    ),
    Fault(
        "hint one block late",
        "methods/fitnets.py",
        "upto(teacher, hint,",
        "upto(teacher, hint + 1,",
    ),
    Fault(
        "regressor does not learn",
        "methods/fitnets.py",
        "nn.ModuleList([v_g, r]): loss",
        "v_g: loss",
        also="methods/test_contract.py",
    ),
    Fault(
        "a regressor of one's own ignored",
        "methods/fitnets.py",
        "if regressor is None else regressor",
        "if True else regressor",
    ),
    Fault(
        "regressor kept",
        "methods/fitnets.py",
        "    def kd_loss(batch, progress):",
        "    regressor = regressor or Regressor(seed, "
        "next(v_g.parameters()).dtype)\n\n    def kd_loss(batch, progress):",
    ),
    Fault(
        "seed of the regressor ignored",
        "methods/fitnets.py",
        "Regressor(seed, dtype)",
        "Regressor(0, dtype)",
    ),
    Fault(
        "hints from the student",
        "methods/fitnets.py",
        "u_h(batch), v_g(batch.x)",
        "v_g(batch.x), v_g(batch.x)",
    ),
    Fault(
        "hint rate of a map for all",
        "methods/fitnets.py",
        "isinstance(part, nn.Conv2d)",
        "isinstance(part, nn.Module)",
    ),
    Fault(
        "hint rate not passed on",
        "methods/fitnets.py",
        "lr=usual if lr is None else lr",
        "lr=usual",
    ),
    Fault(
        "second stage as long as one run",
        "methods/fitnets.py",
        "epochs=1 - hint_epochs)",
        "epochs=1.0)",
    ),
    Fault(
        "one stage only",
        "methods/fitnets.py",
        "    yield _hint(v_g",
        "    _hint(v_g",
    ),
    Fault(
        "no ReLU after the regressor",
        "methods/regressor.py",
        "torch.relu(F.conv2d",
        "(F.conv2d",
    ),
    Fault(
        "regressor: kernel turned",
        "methods/regressor.py",
        "zip(guided[2:], hint[2:])]",
        "zip(guided[:1:-1], hint[:1:-1])]",
    ),
    Fault(
        "regressor from the common generator",
        "methods/regressor.py",
        ", generator=generator)",
        ")",
    ),
    Fault(
        "regressor: weights of another size",
        "methods/regressor.py",
        "(guided[1] * math.prod(kernel))",
        "(hint[1] * math.prod(kernel))",
    ),
    Fault(
        "a larger hint accepted",
        "methods/regressor.py",
        " or min(kernel, default=1) < 1",
        "",
    ),
    Fault(
        "blocks: any number taken",
        "stage.py",
        "not 1 <= block <= len(net)",
        "False",
    ),
    Fault(
        "blocks without weights taken",
        "stage.py",
        " or not any(True for _ in net[:block].parameters())",
        "",
    ),
    Fault(
        "blocks: copied",
        "stage.py",
        "    return net[:block]",
        "    return copy.deepcopy(net[:block])",
    ),
]
