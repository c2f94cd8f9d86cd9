"""Planted faults that `test_fitnets.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "hints: T^2 put in",
        "methods/fitnets/equations.py",
        "now * soft_cross_entropy(v, z, T)",
        "now * T**2 * soft_cross_entropy(v, z, T)",
    ),
    Fault(
        "hints: T not passed on",
        "methods/fitnets/equations.py",
        "soft_cross_entropy(v, z, T)",
        "soft_cross_entropy(v, z)",
    ),
    Fault(
        "hints: teacher and student swapped",
        "methods/fitnets/equations.py",
        "soft_cross_entropy(v, z, T)",
        "soft_cross_entropy(z, v, T)",
    ),
    Fault(
        "lam constant",
        "methods/fitnets/equations.py",
        "lam[0] + (lam[1] - lam[0]) * progress",
        "lam[0]",
    ),
    Fault(
        "lam rises",
        "methods/fitnets/equations.py",
        "lam[0] + (lam[1] - lam[0]) * progress",
        "lam[1] + (lam[0] - lam[1]) * progress",
    ),
    Fault(
        "the first stage trains the whole student",
        "methods/fitnets/__init__.py",
        "v_g = upto(student, guided,",
        "v_g = upto(student, len(student),",
    ),
    Fault(
        "hint one block late",
        "methods/fitnets/__init__.py",
        "upto(teacher, hint,",
        "upto(teacher, hint + 1,",
    ),
    Fault(
        "regressor does not learn",
        "methods/fitnets/__init__.py",
        "learner = nn.ModuleList([v_g, r])",
        "learner = v_g",
        also="methods/test_contract.py",
    ),
    Fault(
        "a regressor of one's own ignored",
        "methods/fitnets/__init__.py",
        "if regressor is None else regressor",
        "if True else regressor",
    ),
    Fault(
        "regressor kept",
        "methods/fitnets/__init__.py",
        "        frozen = Teacher(teacher)\n",
        "        frozen = Teacher(teacher)\n        r = regressor or Regressor(seed, "
        "next(v_g.parameters()).dtype)\n",
    ),
    Fault(
        "seed of the regressor ignored",
        "methods/fitnets/__init__.py",
        "Regressor(seed, dtype)",
        "Regressor(0, dtype)",
    ),
    Fault(
        "hints from the student",
        "methods/fitnets/equations.py",
        "u = u_h(batch)",
        "u = v_g(batch.x)",
    ),
    Fault(
        "hint rate of a map for all",
        "methods/fitnets/__init__.py",
        "isinstance(part, nn.Conv2d)",
        "isinstance(part, nn.Module)",
    ),
    Fault(
        "hint rate not passed on",
        "methods/fitnets/__init__.py",
        "rate = usual if lr is None else lr",
        "rate = usual",
    ),
    Fault(
        "second stage as long as one run",
        "methods/fitnets/__init__.py",
        "epochs=1 - hint_epochs)",
        "epochs=1.0)",
    ),
    Fault(
        "one stage only",
        "methods/fitnets/__init__.py",
        "            yield _hint(",
        "            _hint(",
    ),
    Fault(
        "no ReLU after the regressor",
        "methods/fitnets/regressor.py",
        "torch.relu(layer",
        "(layer",
    ),
    Fault(
        "regressor: kernel turned",
        "methods/fitnets/regressor.py",
        "zip(guided[2:], hint[2:])]",
        "zip(guided[:1:-1], hint[:1:-1])]",
    ),
    Fault(
        "regressor from the common generator",
        "methods/fitnets/regressor.py",
        ", generator=generator)",
        ")",
    ),
    Fault(
        "regressor: weights of another size",
        "methods/fitnets/regressor.py",
        "(guided[1] * math.prod(kernel))",
        "(hint[1] * math.prod(kernel))",
    ),
    Fault(
        "a larger hint accepted",
        "methods/fitnets/regressor.py",
        "not fits or min(kernel, default=1) < 1",
        "not fits",
    ),
    Fault(
        "blocks: any number taken",
        "stage.py",
        "not 1 <= block <= len(blocks)",
        "False",
    ),
    Fault(
        "blocks without weights taken",
        "stage.py",
        " or not any(True for _ in blocks[:block].parameters())",
        "",
    ),
    Fault(
        "blocks: copied",
        "stage.py",
        "    return blocks[:block]",
        "    return copy.deepcopy(blocks[:block])",
    ),
]
