"""Plants faults in a copy of the package, one at a time, and shows that the tests notice each: `make mutate`.

A fault is a piece of text that occurs once in a file, and what it becomes. The script ends with 1 when a fault survives, when its
text is no longer there exactly once, or when the tests fail without any fault. What is given on the command line picks faults by
their file or their name: `python tests/mutate.py losses stage "one rate for all"`.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SECONDS = 120  # for the tests of one fault


class Fault(NamedTuple):
    what: str
    file: str  # in the package
    old: str
    new: str
    tests: str  # files expected to notice


LOSSES, STAGE, LOOP, NETS, CONFIG = "losses.py", "stage.py", "training.py", "nets.py", "config.py"
HINTON, BATCHES, VERDICTS, PAPERS = "methods/hinton.py", "batches.py", "verdicts.py", "papers.py"
OF_LOSSES, OF_LOOP, OF_NETS = "test_losses.py", "test_training.py", "test_nets.py"
OF_METHODS, OF_HINTON, OF_VERDICTS = "methods/test_contract.py", "methods/test_hinton.py", "test_verdicts.py"
OF_PAPERS, OF_IMPORTS = "test_papers.py", "test_imports.py"
MEASURES, OF_MEASURES, PLAY, OF_PLAY = "measures.py", "test_measures.py", "lessons/playground.py", "test_playground.py"
OF_LIVE = "panels/test_live_panel.py"
SURGERY, OF_SURGERY = "surgery/growing.py", "test_surgery.py"
FITNETS, FSP, FLOW, REGRESSOR = (f"methods/{name}.py" for name in ("fitnets", "fsp", "flow", "regressor"))
OF_FITNETS, OF_FSP = "methods/test_fitnets.py", "methods/test_fsp.py"
CODISTIL, EXCHANGE, OF_CODISTIL = "methods/codistil.py", "methods/exchange.py", "methods/test_codistil.py"
DML, BAN, OF_DML, OF_BAN = "methods/dml.py", "methods/ban.py", "methods/test_dml.py", "methods/test_ban.py"
HINTS, FLOWS, STUDENTS, NET2NET, GREW, COPY, PACE = (
    f"lessons/{name}.py" for name in ("fitnets", "fsp", "fsp_students", "net2net", "growth", "copy_tune_distil", "pace")
)
OF_HINTS, OF_FLOWS, OF_NET2NET = (f"test_{name}_lesson.py" for name in ("fitnets", "fsp", "net2net"))
RACE, RACE_HINTS, RACE_FLOWS, GROWING, GENERATIONS, LINEAGE = (
    f"panels/{name}.py" for name in ("race", "hints", "flows", "growing", "generations", "lineage")
)
OF_RACE, OF_RACE_FLOWS, OF_GROWING, OF_GENERATIONS = (
    f"panels/test_{name}_panel.py" for name in ("hints", "flows", "growing", "generations")
)
OF_PACE = "test_pace.py"
PRECISION, OF_PRECISION = "surgery/precision.py", "test_precision.py"
APPRENTICE, OF_APPRENTICE = "methods/apprentice.py", "methods/test_apprentice.py"
PACKED, PRUNING, OF_PACKED = "packed.py", "surgery/pruning.py", "test_packed.py"
LOWER, LOWER_CLAIMS, SMALLER, OF_LOWER = (
    *(f"lessons/{name}.py" for name in ("low_precision", "precision_claims", "compression")),
    "test_low_precision_lesson.py",
)
RACE_LOW, OF_RACE_LOW = "panels/precision.py", "panels/test_precision_panel.py"
PEERS, PEER_CLAIMS, PEERS_WHY, BORN, HEIRS, LANGUAGE = (
    f"lessons/{name}.py"
    for name in ("mutual_learning", "mutual_claims", "mutual_why", "born_again", "inheritance", "small_language")
)
BRANCHES, ONE, FFL, ENSEMBLENET = "branches.py", *(f"methods/{name}.py" for name in ("one", "ffl", "ensemblenet"))
OF_ONE, OF_FFL, OF_ENSEMBLENET = (f"methods/test_{name}.py" for name in ("one", "ffl", "ensemblenet"))
FUSE, FUSE_CLAIMS, FUSE_DRAWN = (f"lessons/{name}.py" for name in ("feature_fusion", "fusion_claims", "fusion_drawing"))
OF_FUSE = "test_feature_fusion_lesson.py"
HEADS, EQUAL, BUDGETS = (f"lessons/{name}.py" for name in ("ensemble_heads", "online_compared", "online_budgets"))
OF_HEADS = "test_ensemblenet_lesson.py"
RACE_BRANCHES, OF_RACE_BRANCHES = "panels/branches.py", "panels/test_branches_panel.py"
NATIVE, NATIVE_CLAIMS = "lessons/native_ensemble.py", "lessons/native_claims.py"
OF_NATIVE = "test_native_ensemble_lesson.py"
MNIST = "lessons/distilling_mnist.py"
OF_PEERS, OF_BORN = "test_mutual_lesson.py", "test_born_again_lesson.py"
COPIES, OF_COPIES = "lessons/codistilling.py", "test_codistilling_lesson.py"
RACE_PEERS, OF_RACE_PEERS = "panels/peers.py", "panels/test_peers_panel.py"

KL = "(log_p.exp() * (log_p - _log_soften(z, T)))"

FAULTS = [
    # the formulas
    Fault("soften forgets T", LOSSES, "torch.softmax(_cooled(z, T), -1)", "torch.softmax(_wide(z), -1)", OF_LOSSES),
    Fault("KL: mean over classes", LOSSES, f"{KL}.sum(-1).mean(-1)", f"{KL}.mean(-1).mean(-1)", OF_LOSSES),
    Fault("KL: direction swapped", LOSSES, KL, "(_log_soften(z, T).exp() * (_log_soften(z, T) - log_p))", OF_LOSSES),
    Fault("KL: target not detached", LOSSES, "_log_soften(target.detach(), T)", "_log_soften(target, T)", OF_LOSSES),
    Fault("KL: T^2 inside", LOSSES, f"return {KL}", f"return T**2 * {KL}", OF_LOSSES),
    Fault("cross-entropy: target at T = 1", LOSSES, "p = soften(target.detach(), T)", "p = soften(target.detach())", OF_LOSSES),
    Fault("cross-entropy: target not detached", LOSSES, "p = soften(target.detach(), T)", "p = soften(target, T)", OF_LOSSES),
    Fault("cross-entropy: labels of a stack", LOSSES, "y[..., None]).squeeze", "y.flip(-1)[..., None]).squeeze", OF_LOSSES),
    Fault("logarithm of a softmax", LOSSES, "torch.log_softmax(_cooled(z, T), -1)", "soften(z, T).log()", OF_LOSSES),
    Fault("half precision kept", LOSSES, "return z.float() if", "return z if", OF_LOSSES),
    Fault("temperatures of a stack mis-paired", LOSSES, "(T[..., None, None] if", "(T.flip(-1)[..., None, None] if", OF_LOSSES),
    Fault("bad T accepted", LOSSES, "math.isfinite(T) and T > 0", "math.isfinite(T)", OF_LOSSES),
    Fault("half_mse: no half", LOSSES, "return 0.5 * (target", "return (target", OF_LOSSES),
    Fault("half_mse: mean over features", LOSSES, ".flatten(1).sum(1).mean()", ".flatten(1).mean()", OF_LOSSES),
    Fault("half_mse: target not detached", LOSSES, "(target.detach() - f)", "(target - f)", OF_LOSSES),
    Fault("FSP: average pooling", LOSSES, "F.adaptive_max_pool2d(m", "F.adaptive_avg_pool2d(m", OF_LOSSES),
    Fault("FSP: not divided by the map", LOSSES, "a, b) / (h * w)", "a, b)", OF_LOSSES),
    Fault("FSP: norm not squared", LOSSES, ".sum((-2, -1)).mean()", ".sum((-2, -1)).sqrt().mean()", OF_LOSSES),
    Fault("FSP: target not detached", LOSSES, "(g_t.detach() - g_s)", "(g_t - g_s)", OF_LOSSES),
    # Hinton's method
    Fault("T^2 dropped", HINTON, "alpha * T**2 * kl(v, z, T)", "alpha * kl(v, z, T)", OF_HINTON),
    Fault("T in place of T^2", HINTON, "alpha * T**2 * kl(v, z, T)", "alpha * T * kl(v, z, T)", OF_HINTON),
    Fault("T not passed on", HINTON, "kl(v, z, T)", "kl(v, z)", OF_HINTON),
    Fault("teacher and student swapped", HINTON, "kl(v, z, T)", "kl(z, v, T)", OF_HINTON),
    Fault("alpha swapped", HINTON, "(1 - alpha) * cross_entropy", "alpha * cross_entropy", OF_HINTON),
    Fault("the student is its own teacher", HINTON, "teacher = Teacher(teacher)", "teacher = Teacher(student)", OF_HINTON),
    Fault("a loss that waits", HINTON, "z = student(batch.x)", "z = student(batch.x) + 0 * float(batch.x.sum())", OF_METHODS),
    # FitNets and FSP
    Fault("hints: T^2 put in", FITNETS, "now * soft_cross_entropy(v, z, T)", "now * T**2 * soft_cross_entropy(v, z, T)", OF_FITNETS),
    Fault("hints: T not passed on", FITNETS, "soft_cross_entropy(v, z, T)", "soft_cross_entropy(v, z)", OF_FITNETS),
    Fault("hints: teacher and student swapped", FITNETS, "soft_cross_entropy(v, z, T)", "soft_cross_entropy(z, v, T)", OF_FITNETS),
    Fault("lam constant", FITNETS, "lam[0] + (lam[1] - lam[0]) * progress", "lam[0]", OF_FITNETS),
    Fault("lam rises", FITNETS, "lam[0] + (lam[1] - lam[0]) * progress", "lam[1] + (lam[0] - lam[1]) * progress", OF_FITNETS),
    Fault("the first stage trains the whole student", FITNETS, "v_g, u_h, teacher = upto(student, guided,", "v_g, u_h, teacher = upto(student, len(student),", OF_FITNETS),
    Fault("hint one block late", FITNETS, "upto(teacher, hint,", "upto(teacher, hint + 1,", OF_FITNETS),
    Fault("regressor does not learn", FITNETS, "nn.ModuleList([v_g, r]): loss", "v_g: loss", f"{OF_FITNETS} {OF_METHODS}"),
    Fault("a regressor of one's own ignored", FITNETS, "if regressor is None else regressor", "if True else regressor", OF_FITNETS),
    Fault("regressor kept", FITNETS, "    def kd_loss(batch, progress):", "    regressor = regressor or Regressor(seed, next(v_g.parameters()).dtype)\n\n    def kd_loss(batch, progress):", OF_FITNETS),
    Fault("seed of the regressor ignored", FITNETS, "Regressor(seed, dtype)", "Regressor(0, dtype)", OF_FITNETS),
    Fault("hints from the student", FITNETS, "u_h(batch), v_g(batch.x)", "v_g(batch.x), v_g(batch.x)", OF_FITNETS),
    Fault("hint rate of a map for all", FITNETS, "isinstance(part, nn.Conv2d)", "isinstance(part, nn.Module)", OF_FITNETS),
    Fault("hint rate not passed on", FITNETS, "lr=usual if lr is None else lr", "lr=usual", OF_FITNETS),
    Fault("second stage as long as one run", FITNETS, "epochs=1 - hint_epochs)", "epochs=1.0)", OF_FITNETS),
    Fault("one stage only", FITNETS, "    yield _hint(v_g", "    _hint(v_g", OF_FITNETS),
    Fault("no ReLU after the regressor", REGRESSOR, "torch.relu(F.conv2d", "(F.conv2d", OF_FITNETS),
    Fault("regressor: kernel turned", REGRESSOR, "zip(guided[2:], hint[2:])]", "zip(guided[:1:-1], hint[:1:-1])]", OF_FITNETS),
    Fault("regressor from the common generator", REGRESSOR, ", generator=generator)", ")", OF_FITNETS),
    Fault("regressor: weights of another size", REGRESSOR, "(guided[1] * math.prod(kernel))", "(hint[1] * math.prod(kernel))", OF_FITNETS),
    Fault("a larger hint accepted", REGRESSOR, " or min(kernel, default=1) < 1", "", OF_FITNETS),
    Fault("blocks: any number taken", STAGE, "not 1 <= block <= len(net)", "False", OF_FITNETS),
    Fault("blocks without weights taken", STAGE, " or not any(True for _ in net[:block].parameters())", "", OF_FITNETS),
    Fault("blocks: copied", STAGE, "    return net[:block]", "    return copy.deepcopy(net[:block])", OF_FITNETS),
    Fault("flow: lam ignored", FSP, "lam * fsp_loss(G_t, G_s)", "fsp_loss(G_t, G_s)", OF_FSP),
    Fault("flow: teacher and student swapped", FSP, "lam * fsp_loss(G_t, G_s)", "lam * fsp_loss(G_s, G_t)", OF_FSP),
    Fault("flow: lam anew in every batch", FSP, "        nonlocal lam\n", "        nonlocal lam\n        lam = None\n", OF_FSP),
    Fault("flow: gradient through lam", FSP, "g_s.detach().square()", "g_s.square()", OF_FSP),
    Fault("flow: lam from the teacher alone", FSP, "(g_t.square().sum(1) + g_s.detach().square().sum(1))", "g_t.square().sum(1)", OF_FSP),
    Fault("flow: teacher's pairs ignored", FSP, "Teacher(Flow(teacher, teacher_pairs or pairs, permutation))", "Teacher(Flow(teacher, pairs, permutation))", OF_FSP),
    Fault("flow: permutation ignored", FSP, "teacher_pairs or pairs, permutation))", "teacher_pairs or pairs))", OF_FSP),
    Fault("flow: permutation on the student", FSP, "Flow(student, pairs), ", "Flow(student, pairs, permutation), ", OF_FSP),
    Fault("flow: the whole student learns", FSP, "{flow_s: _flow_loss", "{student: _flow_loss", f"{OF_FSP} {OF_METHODS}"),
    Fault("flow: teacher's flow from the student", FSP, "Teacher(Flow(teacher, ", "Teacher(Flow(student, ", OF_FSP),
    Fault("flow: rate not passed on", FSP, "epochs=flow_epochs, lr=flow_lr)", "epochs=flow_epochs)", OF_FSP),
    Fault("flow: second stage as long as one run", FSP, "epochs=1 - flow_epochs)", "epochs=1.0)", OF_FSP),
    Fault("flow: unequal numbers of pairs", FSP, " or len(pairs) != len(teacher_pairs or pairs)", "", OF_FSP),
    Fault("flow: maps one block early", FLOW, "fsp_matrix(maps[start], maps[end])", "fsp_matrix(maps[start - 1], maps[end - 1])", OF_FSP),
    Fault("flow: end against itself", FLOW, "fsp_matrix(maps[start], maps[end])", "fsp_matrix(maps[end], maps[end])", OF_FSP),
    Fault("flow: transposed", FLOW, "fsp_matrix(maps[start], maps[end])", "fsp_matrix(maps[end], maps[start])", f"{OF_FSP} {OF_METHODS}"),
    Fault("flow: a pass for every pair", FLOW, "        self.shapes = [g", "        self.blocks[0](x)\n        self.shapes = [g", OF_FSP),
    Fault("flow: order that is none", FLOW, "if sorted(order) != list(range(m.shape[1])):", "if False:", OF_FSP),
    Fault("flow: backward pairs taken", FLOW, "0 < start < end for", "0 < end for", OF_FSP),
    # mutual learning and born-again networks
    Fault("peers: T^2 dropped", DML, "weight * T**2 * mutual", "weight * mutual", OF_DML),
    Fault("peers: sum of the divergences", DML, "for z_l in others) / len(others)", "for z_l in others)", OF_DML),
    Fault("peers: direction swapped", DML, "kl(z_l, z_k, T)", "kl(z_k, z_l, T)", OF_DML),
    Fault("peers: mean of the logits", DML, "torch.log_softmax(torch.stack(others) / T, -1).logsumexp(0)", "(torch.stack(others) / T).mean(0)", OF_DML),
    Fault("peers: a peer watches itself", DML, "others = [other for other in peers if other is not peer]", "others = peers", OF_DML),
    Fault("peers: hard term on all", DML, "if labelled is None else labelled", "if True else labelled", OF_DML),
    Fault("peers: turns ignored", DML, "if turns else {nn.ModuleList", "if True else {nn.ModuleList", OF_DML),
    Fault("peers: equal ones accepted", DML, "    distinct(peers)\n", "", OF_DML),
    Fault("watching leaves a trace", STAGE, "buffer.clone() for name", "buffer for name", OF_DML),
    Fault("watching makes a gradient", STAGE, "@torch.no_grad()\ndef watched", "def watched", OF_DML),
    Fault("generations: always the first teacher", BAN, "        teacher = student\n", "", OF_BAN),
    Fault("generations: BAN+L without labels", BAN, 'if target == "ban+l" else {}', 'if target == "ban" else {}', OF_BAN),
    Fault("generations: ensemble of one", BAN, "Ensemble(born)", "Ensemble(born[-1:])", OF_BAN),
    Fault("generations: the student as its teacher", BAN, "        distinct([v.net, student])\n", "", OF_BAN),
    Fault("CWTM: not normalised", LOSSES, "w / w.sum(-1, keepdim=True)", "w", OF_BAN),
    Fault("CWTM: minimum", LOSSES, "w = soften(v).amax(-1)", "w = soften(v).amin(-1)", OF_BAN),
    Fault("CWTM: mean once more", LOSSES, ".gather(-1, labelled).squeeze(-1)).sum(-1)", ".gather(-1, labelled).squeeze(-1)).mean(-1)", OF_BAN),
    Fault("weights not detached", LOSSES, "(w.detach() * torch", "(w * torch", OF_BAN),
    Fault("DKPP: the largest moves too", LOSSES, "keys.scatter(-1, top, -1).argsort(-1)", "keys.argsort(-1)", OF_BAN),
    Fault("DKPP: nothing is permuted", LOSSES, "for keys in (steady, noise.to(p.device))", "for keys in (steady, steady)", OF_BAN),
    Fault("DKPP: one order for all rows", LOSSES, "noise.to(p.device))", "noise[:1].to(p.device).expand(p.shape))", OF_BAN),
    Fault("DKPP: redrawn always", "methods/permuted.py", "if self._redrawn:", "if True:", OF_BAN),
    Fault("DKPP: the order of the batch", "methods/permuted.py", "self._noise[batch.i]", "self._noise[: len(batch.i)]", OF_BAN),
    # codistillation
    Fault("codistil: T^2 dropped", CODISTIL, "weight * T**2 * sum", "weight * sum", OF_CODISTIL),
    Fault("codistil: no burn-in", CODISTIL, "if progress >= burn_in:", "if True:", OF_CODISTIL),
    Fault("codistil: heard but once", CODISTIL, "if step % every == 0:", "if step == 0:", OF_CODISTIL),
    Fault("codistil: learns from itself", EXCHANGE, "if rank != dist.get_rank()", "if rank == dist.get_rank()", OF_CODISTIL),
    Fault("codistil: a copy in train mode", EXCHANGE, "net.eval().requires_grad_(False)", "net.train().requires_grad_(False)", OF_CODISTIL),
    Fault("codistil: predictions by place in the batch", EXCHANGE, "table[batch.i]", "table[: len(batch.i)]", OF_CODISTIL),
    Fault("codistil: a line in two writes", "codistil.py", 'sys.stdout.write(f"{line}\\n")', "print(line)", OF_CODISTIL),
    Fault("codistil: a death goes unexplained", EXCHANGE, "except RuntimeError as error", "except KeyError as error", OF_CODISTIL),
    # teachers
    Fault("teacher in train mode", STAGE, "copy.deepcopy(net).eval()", "copy.deepcopy(net).train()", OF_LOOP),
    Fault("teacher not copied", STAGE, "self.net = copy.deepcopy(net).eval()", "self.net = net.eval()", OF_LOOP),
    Fault("teacher not copied, seen by the battery", STAGE, "= copy.deepcopy(net).eval()", "= net.eval()", OF_METHODS),
    Fault("logits remembered by position", STAGE, "(batch.inputs)[batch.i]", "(batch.inputs)[: batch.i.shape[-1]]", OF_LOOP),
    Fault("logits remembered though augmented", STAGE, "if not batch.augmented:", "if True:", OF_LOOP),
    Fault("never remembered", STAGE, "self._memory[:] = [known]", "pass", OF_LOOP),
    Fault("memory never renewed", STAGE, "known[0] is not inputs or known[1] != inputs._version", "known[0] is None", OF_LOOP),
    Fault("memory blind to change in place", STAGE, " or known[1] != inputs._version", "", OF_LOOP),
    Fault("memory not shared", STAGE, "self._memory = net.net, net._memory", "self._memory = net.net, []", OF_LOOP),
    Fault("teacher in half precision", STAGE, "enabled=False", "enabled=True, dtype=torch.bfloat16", OF_LOOP),
    # networks
    Fault("ensemble: sum", NETS, "zip(self.nets, homes)]).mean(0)", "zip(self.nets, homes)]).sum(0)", OF_NETS),
    Fault("a seed leaks out", NETS, "torch.Generator().manual_seed(seed)", "torch.manual_seed(seed)", OF_NETS),
    Fault("weights of another size", NETS, "layer.weight[0].numel() ** -0.5", "layer.weight.shape[0] ** -0.5", OF_NETS),
    Fault("dropout in the wrong amount", NETS, "nn.Dropout(dropout)", "nn.Dropout(dropout / 2)", OF_NETS),
    Fault("map halved from the first block", NETS, "blocks = [_conv_block(m, n, 2 if k else 1)", "blocks = [_conv_block(m, n, 2)", OF_NETS),
    Fault("conv_mlp: every block halves the map", NETS, "1 if k else 2", "2", OF_NETS),
    # low precision
    Fault("weights: as many levels as activations", PRECISION, "2 ** (self.weight_bits - 1) - 1", "2**self.weight_bits - 1", OF_PRECISION),
    Fault("weights: not clipped", PRECISION, "(w / s).clamp(-1, 1)", "(w / s)", OF_PRECISION),
    Fault("weights: gradient outside the range", PRECISION, "bound = math.inf if precision.scaled else 1", "bound = math.inf", OF_PRECISION),
    Fault("no gradient at the ends of the range", PRECISION, "(w >= low) & (w <= high)", "(w > low) & (w < high)", OF_PRECISION),
    Fault("no gradient at all", PRECISION, "rounded.detach() + (passing - passing.detach())", "rounded.detach() + 0 * passing", OF_PRECISION),
    Fault("values of the shadow weights", PRECISION, "rounded.detach() + (passing - passing.detach())", "passing", OF_PRECISION),
    Fault("activations: a level too many", PRECISION, "    n = 2**bits - 1\n", "    n = 2**bits\n", OF_PRECISION),
    Fault("activations: top forgotten", PRECISION, "(a.clamp(0, top) / top)", "a.clamp(0, 1)", OF_PRECISION),
    Fault("ternary: median weights for large ones", PRECISION, "(size * kept).sum() / kept.sum().clamp(min=1)", "size.mean()", OF_PRECISION),
    Fault("ternary: maximum for mean", PRECISION, 'if self.of == "mean" else size.max()', 'if self.of == "max" else size.max()', OF_PRECISION),
    Fault("first and last layer lowered too", PRECISION, "layers if ends else layers[1:-1]", "layers", OF_PRECISION),
    Fault("images rounded", PRECISION, "if layer is layers[0] else precision", "if False else precision", OF_PRECISION),
    Fault("inputs of a layer not rounded", PRECISION, "F.linear(self.precision.activations(x)", "F.linear(torch.relu(x)", OF_PRECISION),
    Fault("masks forgotten", PRECISION, "layer.weight_orig * layer.weight_mask if", "layer.weight_orig if", OF_PRECISION),
    Fault("batch norm measured with dropout", PRECISION, "    net.eval()\n", "    net.train()\n", OF_PRECISION),
    Fault("batch norm: measured a little", PRECISION, "norm.training, norm.momentum = True, 1.0", "norm.training = True", OF_PRECISION),
    Fault("batch norm: momentum not put back", PRECISION, "        norm.momentum = momentum\n", "        pass\n", OF_PRECISION),
    Fault("apprentice: alpha's term for all schemes", APPRENTICE, "if joint else {}\n", "if True else {}\n", OF_APPRENTICE),
    Fault("apprentice: alpha's term from the apprentice", APPRENTICE, "alpha * cross_entropy(z_T", "alpha * cross_entropy(z_A", OF_APPRENTICE),
    Fault("apprentice: beta and gamma swapped", APPRENTICE, '"soft": gamma * soft', '"soft": beta * soft', OF_APPRENTICE),
    Fault("apprentice: teacher and apprentice swapped", APPRENTICE, "else soft_cross_entropy(z_T, z_A)", "else soft_cross_entropy(z_A, z_T)", OF_APPRENTICE),
    Fault("apprentice: squares whatever is asked", APPRENTICE, 'if match == "mse" else', "if True else", OF_APPRENTICE),
    Fault("apprentice: the caller's teacher trains", APPRENTICE, "copy.deepcopy(teacher.net).requires_grad_(True)", "teacher.net.requires_grad_(True)", OF_APPRENTICE),
    Fault("apprentice: a teacher that does not learn", APPRENTICE, "nn.ModuleList([student, z]), ", "student, ", OF_APPRENTICE),
    Fault("apprentice: full precision", APPRENTICE, "    lower(student, weight_bits=weight_bits, activation_bits=activation_bits, **lowering)\n", "", OF_APPRENTICE),
    Fault("apprentice: options of lowering ignored", APPRENTICE, ", **lowering)", ")", OF_APPRENTICE),
    Fault("apprentice: batch norm left as it was", APPRENTICE, '[student] if scheme == "C" else []', "[]", OF_APPRENTICE),
    Fault("apprentice: batch norm measured at every step", APPRENTICE, "        while stale:  # once", "        stale.append(student)\n        while stale:  # once", OF_APPRENTICE),
    Fault("apprentice: C at the full rate", APPRENTICE, "lr=fine_lr if", "lr=1.0 if", OF_APPRENTICE),
    Fault("lesson: C from fresh weights", LOWER, "copy.deepcopy(first) if tuned else student", "student(data, seed, first[-1].in_features) if tuned else student", OF_LOWER),
    Fault("lesson: C without a teacher, batch norm left", LOWER, "    re_estimate(lower(net, **LOW), data.train[0])\n", "    lower(net, **LOW)\n", OF_LOWER),
    Fault("lesson: 2E is E", LOWER, "CONFIG.epochs * (2 if", "CONFIG.epochs * (1 if", OF_LOWER),
    Fault("lesson: C's first epochs not counted", LOWER, '"epochs": epochs + CONFIG.epochs * tuned', '"epochs": epochs', OF_LOWER),
    Fault("lesson: the control in full precision", LOWER, '"no teacher": lambda: plain(lower(net, **LOW))', '"no teacher": lambda: plain(net)', OF_LOWER),
    Fault("lesson: A from a trained teacher", LOWER, "apprentice(net, fresh_teacher(data, seed)", "apprentice(net, teacher", OF_LOWER),
    Fault("lesson: rounding the trained net itself", LOWER, "lower(copy.deepcopy(net), **(LOW | precision))", "lower(net, **(LOW | precision))", OF_LOWER),
    Fault("lesson: teachers of one precision", LOWER, "weight_bits=bits, activation_bits=32), data", "weight_bits=32, activation_bits=32), data", OF_LOWER),
    Fault("lesson: bits of the activations ignored", LOWER, '"weight_bits": weights, "activation_bits": activations}', '"weight_bits": weights}', OF_LOWER),
    Fault("lesson: sooner swapped", LOWER_CLAIMS, "for arm in (b, a)", "for arm in (a, b)", OF_LOWER),
    Fault("lesson: other bits not fixed", LOWER_CLAIMS, " & (rows[other] == at)]", "]", OF_LOWER),
    Fault("orders: P does not prune", SMALLER, "        prune(net, SHARE)\n", "        pass\n", OF_LOWER),
    Fault("orders: the teacher always there", SMALLER, 'if always or letter == "D" else None', 'if True else None', OF_LOWER),
    Fault("orders: the net of all arms changed", SMALLER, "net, teacher = copy.deepcopy(net), Teacher(teacher)", "teacher = Teacher(teacher)", OF_LOWER),
    Fault("orders: fewer steps for parts", SMALLER, 'part.rjust(3, "L")', "part", OF_LOWER),
    Fault("orders: sizes by the formula", SMALLER, "return packed.save(net, Path(folder) / \"net\")", "return packed.expected(net) + 1", OF_LOWER),
    Fault("panel: C as long as two runs", RACE_LOW, "        yield replace(stage, epochs=0.5)\n", "        yield stage\n", OF_RACE_LOW),
    Fault("panel: C without a teacher at the full rate", RACE_LOW, "yield replace(next(plain(net)), lr=0.1)", "yield next(plain(net))", OF_RACE_LOW),
    Fault("panel: A from the trained teacher", RACE_LOW, "apprentice(net, self._fresh(seed)", "apprentice(net, self._teacher", OF_RACE_LOW),
    Fault("panel: a control ignored", RACE_LOW, 'for name in ("weight_bits", "activation_bits", "threshold", "top")}', 'for name in ("weight_bits", "activation_bits", "top")}', OF_RACE_LOW),
    Fault("panel: the layer after", RACE_LOW, "self._panel.layer.value - 2]", "self._panel.layer.value - 3]", OF_RACE_LOW),
    Fault("panel: the shadow as the levels", RACE_LOW, "used(part).flatten().cpu().numpy(), limit", "w.flatten().cpu().numpy(), limit", OF_RACE_LOW),
    Fault("panel: shares of the levels that are none", RACE_LOW, "100 * counts / len(q)", "100 * counts / len(counts)", OF_RACE_LOW),
    # packed and pruned nets
    Fault("packed: a byte for every weight", PACKED, "else _bits(values, k)", "else _bits(values, 8)", OF_PACKED),
    Fault("packed: always dense", PACKED, "sparse = sizes[1] < sizes[0]", "sparse = False", OF_PACKED),
    Fault("packed: shadow weights", PACKED, "else _codes(layer)", "else (layer.weight.detach().flatten().sign(), torch.ones(()))", OF_PACKED),
    Fault("packed: scale forgotten", PACKED, "w / n * torch.tensor(s)", "w / n", OF_PACKED),
    Fault("packed: mask forgotten", PACKED, "layer.weight_orig * layer.weight_mask if", "layer.weight_orig if", OF_PACKED),
    Fault("packed: inputs not rounded", PACKED, "Precision(32, activation_bits, top=top)", "Precision(32, 32, top=top)", OF_PACKED),
    Fault("packed: signs swapped", PACKED, "2 * some - 1 if", "1 - 2 * some if", OF_PACKED),
    Fault("packed: damage not noticed", PACKED, "CHECK.pack(zlib.crc32(body)) != check", "False", OF_PACKED),
    Fault("packed: any net is filled", PACKED, "reader.take(CHECK.size) != CHECK.pack(_shape_of(net))", "reader.take(CHECK.size) == b''", OF_PACKED),
    Fault("packed: bits from the highest on", PACKED, 'packbits(numbers.astype(np.uint8), bitorder="little")', "packbits(numbers.astype(np.uint8))", OF_PACKED),
    Fault("packed: expected bytes without the sparse form", PACKED, "HEADER.size + min(dense, sparse)", "HEADER.size + dense", OF_PACKED),
    Fault("pruning: one layer only", PRUNING, "in weighted(net):", "in weighted(net)[:1]:", OF_PACKED),
    Fault("pruning: at random", PRUNING, "masks.l1_unstructured(", "masks.random_unstructured(", OF_PACKED),
    # surgery
    Fault("widen: only the copies divided", SURGERY, "(g[:, None] == g).sum(1)", "torch.where(torch.arange(len(g), device=g.device) < n, 1, (g[:, None] == g).sum(1))", OF_SURGERY),
    Fault("widen: not divided", SURGERY, "(n, -1))[:, g] / per_unit)", "(n, -1))[:, g])", OF_SURGERY),
    Fault("widen: every unit drawn", SURGERY, "torch.cat([torch.arange(n, device=device), torch.randint(n, (q - n,)", "torch.cat([torch.randint(n, (q,)", OF_SURGERY),
    Fault("widen: bias forgotten", SURGERY, '("weight", "bias", "running_mean", "running_var"):', '("weight", "running_mean", "running_var"):', OF_SURGERY),
    Fault("widen: running variance forgotten", SURGERY, '"running_mean", "running_var"):', '"running_mean"):\n        if hasattr(part, "running_var") and part.running_var is not None:\n            part.running_var = part.running_var.new_ones(len(part.running_var) // n * len(g))\n    for name in ("weight", "bias", "running_mean"):', OF_SURGERY),
    Fault("widen: batch norm forgotten", SURGERY, "for part in (first, *(part for part in parts if type(part) in NORMS)):", "for part in (first,):", OF_SURGERY),
    Fault("widen: pixels before units in W'", SURGERY, "lambda w: (w.unflatten(1, (n, -1))[:, g] / per_unit)", "lambda w: (w.unflatten(1, (-1, n)).transpose(1, 2)[:, g] / per_unit)", OF_SURGERY),
    Fault("widen: the given net changed", SURGERY, "return copy.deepcopy(net)", "return copy.copy(net)", OF_SURGERY),
    Fault("widen: frozen weights thawed", SURGERY, "nn.Parameter(value, old.requires_grad)", "nn.Parameter(value)", OF_SURGERY),
    Fault("noise ignored", SURGERY, "    if noise:\n", "    if False:\n", OF_SURGERY),
    Fault("noise on the first copies too", SURGERY, "w[n:] += noise * w[:n].square().mean().sqrt() * drawn.to(w)", "w += noise * w[:n].square().mean().sqrt() * torch.randn_like(w)", OF_SURGERY),
    Fault("noise on W'", SURGERY, "_perturb(first.weight, n, noise, generator)", "_perturb(last.weight, len(last.weight) // 2, noise, generator)", OF_SURGERY),
    Fault("deepen: off the centre", SURGERY, "U[(i, i, *centre)] = 1", "U[(i, i, *(c + (c > 0) for c in centre))] = 1", OF_SURGERY),
    Fault("deepen: units in reverse order", SURGERY, "U[(i, i, *centre)] = 1", "U[(i, i.flip(0), *centre)] = 1", OF_SURGERY),
    Fault("deepen: no padding", SURGERY, "kernel, padding=centre,", "kernel,", OF_SURGERY),
    Fault("deepen: gamma = 1", SURGERY, "undone.weight.copy_((var + norm.eps).sqrt())", "undone.weight.fill_(1)", OF_SURGERY),
    Fault("deepen: gamma without eps", SURGERY, "(var + norm.eps).sqrt()", "var.sqrt()", OF_SURGERY),
    Fault("deepen: beta = 0", SURGERY, "undone.bias.copy_(mu)", "undone.bias.zero_()", OF_SURGERY),
    Fault("deepen: running variance left at 1", SURGERY, "undone.running_var.copy_(var)", "pass", OF_SURGERY),
    Fault("deepen: measured in eval mode", SURGERY, "copy.deepcopy(below).train()", "copy.deepcopy(below).eval()", OF_SURGERY),
    Fault("deepen: block one too early", SURGERY, "nn.Sequential(*deep[:end], block, *deep[end:])", "nn.Sequential(*deep[: end - 1], block, *deep[end - 1 :])", OF_SURGERY),
    Fault("deepen: any activation accepted", SURGERY, "if type(part) is nn.ReLU and all(", "if type(part) in ELEMENTWISE and all(", OF_SURGERY),
    # the loop
    Fault("learner left in eval", LOOP, "                learner.train()", "                learner.train(epoch == 1)", OF_LOOP),
    Fault("rate not scheduled", LOOP, '.param_groups[0]["lr"] = lr', '.param_groups[0]["lr"] = config.lr', OF_LOOP),
    Fault("stage's rate ignored", LOOP, "config.lr * stage.lr * factor(done)", "config.lr * factor(done)", OF_LOOP),
    Fault("stage's epochs ignored", LOOP, "round(config.epochs * stage.epochs)", "round(config.epochs)", OF_LOOP),
    Fault("schedule starts anew each epoch", LOOP, "(epoch - 1 + k / steps) / epochs", "k / steps", OF_LOOP),
    Fault("one-cycle peaks late", CONFIG, "0.96 * p / 0.3 if p < 0.3", "0.96 * p / 0.4 if p < 0.4", OF_LOOP),
    Fault("wrong momentum", LOOP, "momentum=config.momentum", "momentum=0.9", OF_LOOP),
    Fault("Nesterov ignored", LOOP, "nesterov=config.nesterov", "nesterov=False", OF_LOOP),
    Fault("weight decay ignored", LOOP, '"weight_decay": config.weight_decay', '"weight_decay": 0.0', OF_LOOP),
    Fault("Adam in place of SGD", LOOP, 'config.optimiser == "adam"', 'config.optimiser != "sgd "', OF_LOOP),
    Fault("gradient not cleared", LOOP, "        optimiser.zero_grad()\n", "", OF_LOOP),
    Fault("one term not learnt", LOOP, "total = sum(terms.values())", "total = next(iter(terms.values()))", OF_LOOP),
    Fault("a step that waits", LOOP, "total = sum(terms.values())", "total = sum(t for t in terms.values() if t == t)", OF_LOOP),
    Fault("test scored every epoch", LOOP, "last=epoch == epochs", "last=True", OF_LOOP),
    Fault("validation on the test images", LOOP, '{"validation": data.validation} if', '{"validation": data.test} if', OF_LOOP),
    Fault("scored in train mode", LOOP, "        learner.eval()\n", "        pass\n", OF_LOOP),
    Fault("accuracy leaves nets in train", STAGE, "part.training = mode", "part.training = True", OF_LOOP),
    Fault("accuracy in train mode", STAGE, "part.training = False", "pass", OF_LOOP),
    Fault("accuracy in percent", LOOP, ".double() / len(x))", ".double() * 100 / len(x))", OF_LOOP),
    Fault("batches weigh alike", LOOP, "zip(*((n, terms[name])", "zip(*((1, terms[name])", OF_LOOP),
    Fault("not finite, not noticed", LOOP, "    if broken:", "    if False:", OF_LOOP),
    Fault("dropout from another seed", CONFIG, "return self.seed[0] if", "return 0 * self.seed[0] if", OF_LOOP),
    Fault("dropout from one seed", CONFIG, "isinstance(self.seed, tuple) else self.seed\n", "isinstance(self.seed, tuple) else 0\n", OF_LOOP),
    Fault("randomness of others disturbed", LOOP, "self._fork.__exit__(*error)", "pass", OF_LOOP),
    Fault("runs that take turns mix", LOOP, "        self._own = self._state()\n        self._fork", "        self._fork", OF_LOOP),
    Fault("a list of stages taken", LOOP, "    _check(stages)\n", "", OF_LOOP),
    Fault("taken up at the next stage", LOOP, "stages.close()", "pass", OF_LOOP),
    Fault("a hook can change the rows", LOOP, "on_epoch(dict(row))", "on_epoch(row)", OF_LOOP),
    Fault("only the first learner learns", LOOP, "stage.learn.items())]", "stage.learn.items())][:1]", OF_LOOP),
    Fault("autocast off", LOOP, 'if config.precision == "bf16" else', 'if config.precision == "half" else', OF_LOOP),
    # batches
    Fault("order from one seed", BATCHES, "[torch.Generator().manual_seed(s)", "[torch.Generator().manual_seed(0)", OF_LOOP),
    Fault("every epoch in one order", BATCHES, "generator=g) for g in", "generator=g.clone_state()) for g in", OF_LOOP),
    Fault("labels of other examples", BATCHES, "y[i], i, x,", "y[i.flip(-1)], i, x,", OF_LOOP),
    Fault("jitter one pixel short", BATCHES, "torch.randint(0, 2 * pixels + 1,", "torch.randint(0, 2 * pixels,", OF_LOOP),
    Fault("one shift for the whole batch", BATCHES, "(2, n, 1), generator", "(2, 1, 1), generator", OF_LOOP),
    Fault("jitter without saying so", BATCHES, "augmented=self.pixels > 0", "augmented=False", OF_LOOP),
    Fault("jitter of a stack mis-paired", BATCHES, "zip(x, self.shift)", "zip(x, self.shift[::-1])", OF_LOOP),
    Fault("a stack shares an order", BATCHES, "(orders if self", "(orders[:1].expand_as(orders) if self", OF_LOOP),
    Fault("a batch of one kept", BATCHES, "if i.shape[-1] > 1 or", "if True or", OF_LOOP),
    # stacks
    Fault("a stack mis-paired", "sweeps.py", "return _stacked(list(nets))", "return _stacked(list(nets)[::-1])", OF_LOOP),
    # verdicts
    Fault("one-sided interval", VERDICTS, "(1 + confidence) / 2", "confidence", OF_VERDICTS),
    Fault("normal in place of t", VERDICTS, "(1 + confidence) / 2, n - 1)", "(1 + confidence) / 2, 10**9)", OF_VERDICTS),
    Fault("one degree of freedom too many", VERDICTS, "(1 + confidence) / 2, n - 1)", "(1 + confidence) / 2, n)", OF_VERDICTS),
    Fault("deviation over n", VERDICTS, ".std(ddof=1)", ".std(ddof=0)", OF_VERDICTS),
    Fault("margin ignored", VERDICTS, '"HOLDS" if low > margin', '"HOLDS" if low > 0', OF_VERDICTS),
    Fault("the mean decides", VERDICTS, '"HOLDS" if low > margin', '"HOLDS" if effect > margin', OF_VERDICTS),
    Fault("never fails", VERDICTS, "high < -margin", "high < -math.inf", OF_VERDICTS),
    Fault("seeds not paired", VERDICTS, "[arm[seed] for seed in seeds] for arm", "list(arm.values()) for arm", OF_VERDICTS),
    Fault("unpaired seeds accepted", VERDICTS, "set(of_a) ^ set(of_b)", "set(of_b) - set(of_a)", OF_VERDICTS),
    Fault("choice: the worst setting", VERDICTS, "ascending=least", "ascending=not least", OF_VERDICTS),
    Fault("choice: of equals the last", VERDICTS, "best = means.sort_values(", "best = means[::-1].sort_values(", OF_VERDICTS),
    Fault("choice: one for all arms", VERDICTS, "isin(kept)", "get_level_values(-1).isin(kept.get_level_values(-1))", OF_VERDICTS),
    Fault("choice: the first of the rows in place of the mean", VERDICTS, "[column].mean().rename", "[column].first().rename", OF_VERDICTS),
    Fault("choice: no value is a value", VERDICTS, 'if best["mean"].isna().any()', "if False", OF_VERDICTS),
    Fault("hints: one choice for all depths", HINTS, 'by=["arm", "seed", "depth", "start"]', 'by=["arm", "seed", "start"]', OF_HINTS),
    Fault("flows: the largest count is the best", FLOWS, ", least=least", "", OF_FLOWS),
    Fault("flows: one rate for all starts", FLOWS, 'by="start", column=column', 'by=[], column=column', OF_FLOWS),
    Fault("growth: one rate for all seeds", GREW, 'by=["start", "seed"]', 'by="start"', OF_NET2NET),
    Fault("inheritance: one setting for all labels", HEIRS, 'by=["labels", "arm"]', 'by="arm"', OF_BORN),
    Fault("inheritance: the most perplexity", HEIRS, ", least=True", "", OF_BORN),
    # measures
    Fault("edges in the bin above", MEASURES, "torch.bucketize(confidence, edges)", "torch.bucketize(confidence, edges, right=True)", OF_MEASURES),
    Fault("bins weigh alike", MEASURES, "(found.count * gap).sum(-1) / len(y)", "gap.mean(-1)", OF_MEASURES),
    Fault("gaps cancel", MEASURES, "(found.accuracy - found.confidence).abs()", "(found.accuracy - found.confidence)", OF_MEASURES),
    Fault("confusions transposed", MEASURES, "(y * classes + given)", "(given * classes + y)", OF_MEASURES),
    # the grid and its map
    Fault("the control has a teacher", PLAY, "(1.0, 0.0)]).T", "(1.0, 1.0)]).T", OF_PLAY),
    Fault("tuned on the test images", PLAY, 'row["net validation accuracy"]', 'row["net test accuracy"]', OF_PLAY),
    Fault("all seeds draw the same images", PLAY, "data.fraction(setting.share, seed)", "data.fraction(setting.share, 0)", OF_PLAY),
    Fault("fewer images, fewer steps", PLAY, "round(config.epochs * all_steps / steps)", "config.epochs", OF_PLAY),
    Fault("the teacher knows more", PLAY, "teacher is None or setting.teacher == TEACHERS[1]", "teacher is None", OF_PLAY),
    Fault("thirty looks, no correction", PLAY, "1 - 0.05 / cells", "0.95", OF_PLAY),
    Fault("what chose judges", PLAY, "found.table.iloc[half:]", "found.table", OF_PLAY),
    Fault("half-trained students counted", PLAY, "for row in epochs(stages, data, config, on_batch=on_batch):", "for row in __import__('kdsurvey').train(stages, data, config, on_batch=on_batch, progress=False):", OF_PLAY),
    # the lessons of hints, flow and growth
    Fault("hints: smoothing at another rate", HINTS, "rows[-12:-9]", "rows[-12:-11]", OF_HINTS),
    Fault("hints: a rate that is not taken", HINTS, 'lr=knob if name == "lr" else CONFIG.lr', "lr=CONFIG.lr", OF_HINTS),
    Fault("hints: one layer too early", HINTS, "return 1 + (len(net) - 2) // 2", "return (len(net) - 2) // 2", OF_HINTS),
    Fault("hints: soft targets beside the labels", HINTS, '"hints": lambda: fitnets(net, teacher, hint_lr=knob, lam=(0, 0), **shared)', '"hints": lambda: fitnets(net, teacher, hint_lr=knob, **shared)', OF_HINTS),
    Fault("hints: the untrained teacher is trained", HINTS, "fitnets(net, untrained(teacher), hint", "fitnets(net, teacher, hint", OF_HINTS),
    Fault("hints: the whole net in the first stage", HINTS, "*net[: middle(net)], nn.Linear", "*net[:-1], nn.Linear", OF_HINTS),
    Fault("hints: He's biases kept", HINTS, "layer.bias *= 0 if", "layer.bias *= 1 if", OF_HINTS),
    Fault("hints: Glorot's size for He's", HINTS, "layer.weight *= 6**0.5", "layer.weight *= 3**0.5", OF_HINTS),
    Fault("hints: dead nets averaged", HINTS, 'runs["validation accuracy"] > TRAINED, "accuracy"]', 'runs["validation accuracy"] > 0, "accuracy"]', OF_HINTS),
    Fault("hints: the shallowest net", HINTS, '.groupby(runs["seed"]).max()', '.groupby(runs["seed"]).min()', OF_HINTS),
    Fault("hints: spread after the wrong stage", HINTS, 'if row["stage"] == "hint":', 'if row["stage"] == "distil":', OF_HINTS),
    Fault("hints: another guided layer ignored", HINTS, "middle(net) if guided is None else 1 + guided", "middle(net)", OF_HINTS),
    Fault("spread: of one image", MEASURES, "x.var(0, correction=0)", "x.flatten(1).var(1, correction=0)", OF_MEASURES),
    Fault("spread: in train mode", MEASURES, "with in_eval(net):", "if True:", OF_MEASURES),
    Fault("pace: every stage counted", PACE, "if self._stage in (None, step.stage):", "if True:", OF_PACE),
    Fault("pace: measured before the step", PACE, "self._done % self._every == 0", "self._done % self._every == 1", OF_PACE),
    Fault("pace: never is at once", PACE, "at[-1] + at[-1] - at[-2]", "at[0]", OF_PACE),
    Fault("FSP: curve begins in stage 1", FLOWS, "pace.accuracies[first // EVERY :]", "pace.accuracies[0:]", OF_FLOWS),
    Fault("FSP: stage 1 not counted", FLOWS, 'steps + row["first"]', "steps", OF_FLOWS),
    Fault("FSP: copies train the teacher", FLOWS, 'copy.deepcopy(teacher) if "copied" in start', 'teacher if "copied" in start', OF_FLOWS),
    Fault("FSP: stage 1 follows stage 2's rate", FLOWS, "flow_lr=FLOW_LR / lr", "flow_lr=FLOW_LR / 0.02", OF_FLOWS),
    Fault("FSP: not calibrated", FLOWS, "part.momentum = None", "part.momentum = 0.1", OF_FLOWS),
    Fault("FSP: mean not taken away", FLOWS, "(g - g.mean(0)).flatten(1)", "g.flatten(1)", OF_FLOWS),
    Fault("FSP: an image is a pair with itself", FLOWS, "same.fill_diagonal_(False)", "same.fill_diagonal_(True)", OF_FLOWS),
    Fault("FSP: sooner swapped", FLOWS, "a=than, b=better", "a=better, b=than", OF_FLOWS),
    Fault("FSP: scratch teacher sees the source", STUDENTS, "scratch = teach(few,", "scratch = teach(source,", OF_FLOWS),
    Fault("FSP: a label too many", STUDENTS, "(y < labels.stop)", "(y <= labels.stop)", OF_FLOWS),
    Fault("FSP: best member", STUDENTS, "float(np.mean([accuracy(net, x, y)", "float(np.max([accuracy(net, x, y)", OF_FLOWS),
    Fault("FSP: agreement", STUDENTS, "1 - top1_agreement(a, b).item()", "top1_agreement(a, b).item()", OF_FLOWS),
    Fault("FSP: copies have a first stage", STUDENTS, 'if "copied" in arm else SMALL.epochs', 'if "never" in arm else SMALL.epochs', OF_FLOWS),
    Fault("padding leaves the copies", NET2NET, "            _draw(new, generator)\n    for old", "            pass\n    for old", OF_NET2NET),
    Fault("padding: seed unused", NET2NET, "surgery.widen(net, layer, width), torch.Generator().manual_seed(seed)", "surgery.widen(net, layer, width), torch.Generator().manual_seed(0)", OF_NET2NET),
    Fault("padding: batch norm keeps its statistics", NET2NET, "part.reset_parameters()\n    elif", "pass\n    elif", OF_NET2NET),
    Fault("random block shares the old net", NET2NET, "old = copy.deepcopy(net)\n    deep", "old = net\n    deep", OF_NET2NET),
    Fault("random block in train mode", NET2NET, "block.to(first.weight).train(net.training)", "block.to(first.weight)", OF_NET2NET),
    Fault("copies depend on the noise", NET2NET, "generator = torch.Generator().manual_seed(10 * seed + k)", "generator = torch.Generator().manual_seed(10 * seed + k + int(100 * noise))", OF_NET2NET),
    Fault("the rate is not applied", NET2NET, "lr=config.lr * rate", "lr=config.lr", OF_NET2NET),
    Fault("a run trains the start itself", NET2NET, "    net = copy.deepcopy(net)\n    pace", "    pace", OF_NET2NET),
    Fault("difference in one mode only", NET2NET, "copy.deepcopy(net).train(train)(x)", "copy.deepcopy(net).train(False)(x)", OF_NET2NET),
    Fault("best rate by test images", GREW, 'rows["accuracies"].str[-1]', 'rows["accuracy"]', OF_NET2NET),
    Fault("a rate chosen by its own seed", GREW, "found.drop(index=seed).mean()", "found.mean()", OF_NET2NET),
    Fault("the teacher's steps left out", GREW, "ours + before", "ours", OF_NET2NET),
    Fault("rounding misses a target", GREW, "- 1e-9", "+ 1e-9", OF_NET2NET),
    Fault("few images forgotten", COPY, "tuned(arm, data, few, seed, teacher, rate) for", "tuned(arm, data, data, seed, teacher, rate) for", OF_NET2NET),
    Fault("smoothing forgotten", COPY, '"smoothing" in arm', '"smooth " in arm', OF_NET2NET),
    # the lessons of peers and generations
    Fault("one-way weighs its targets as hinton does", PEERS, "alpha=0.5", "alpha=0.9", OF_PEERS),
    Fault("one-way forgets that decay doubles with the rate", PEERS, "weight_decay=config.weight_decay / 2", "weight_decay=config.weight_decay", OF_PEERS),
    Fault("peers at once take turns", PEERS, 'turns=arm == "DML"', "turns=True", OF_PEERS),
    Fault("a net is its own teacher", PEERS, "reversed(teachers or pair)", "teachers or pair", OF_PEERS),
    Fault("smoothing forgets the right class's share", MNIST, "data)) * c / (c - 1)", "data))", OF_PEERS),
    Fault("every seed has the same wrong labels", PEERS, "few.mislabelled(noise, seed)", "few.mislabelled(noise, 0)", OF_PEERS),
    Fault("a sum of divergences weighs as their mean", PEERS, "weight=weight, turns=False", "turns=False", OF_PEERS),
    Fault("peers of one seed are those of the next", PEERS, "1000 * k + seed", "k + seed", OF_PEERS),
    Fault("an ensemble of one", PEERS, "nets.Ensemble(group)", "nets.Ensemble(group[:1])", OF_PEERS),
    Fault("the images are not standardised", PEERS, "(of - x.mean()) / x.std()", "of", OF_PEERS),
    Fault("the target's temperature is lost", PEER_CLAIMS, "kl(T * p.log(), z, T)", "kl(p.log(), z, T)", OF_PEERS),
    Fault("relative noise is absolute", PEERS_WHY, "if relative else sigma", "if not relative else sigma", OF_PEERS),
    Fault("noise adds up over the draws", PEERS_WHY, "noisy = copy.deepcopy(net)", "noisy = net", OF_PEERS),
    Fault("weight decay that decays nothing", PEERS_WHY, "if arm == DECAYED else config", "if arm == MATCHED else config", OF_PEERS),
    Fault("a gain over another seed", PEER_CLAIMS, 'rows["seed"].map(base)', "base.mean()", OF_PEERS),
    Fault("weights are chosen arm by arm", PEER_CLAIMS, '.str.split(",").str[0]', "", OF_PEERS),
    Fault("a sum with the weight of the next", PEER_CLAIMS, "K = 2, weight {K - 1}", "K = 2, weight {max(2, K - 2)}", OF_PEERS),
    Fault("an exchange is worth what it is worth over smoothing", PEER_CLAIMS, 'by_arm[["never"]]', 'by_arm[["never, label smoothing"]]', OF_PEERS),
    Fault("steps that nobody counts", PEERS, "net.register_forward_hook(lambda net, x, z: seen.append(1))", "seen.append(1)", OF_PEERS),
    # codistillation in one process
    Fault("copies: fresh at every step", COPIES, "if step % every == 0:", "if True:", OF_COPIES),
    Fault("copies: no burn-in", COPIES, "if progress >= burn_in:", "if True:", OF_COPIES),
    Fault("copies: told after one has moved", COPIES, "if k == 0:", "if k == 1:", OF_COPIES),
    Fault("copies: each is its own teacher", COPIES, "seen[1 - k].logits(x)", "seen[k].logits(x)", OF_COPIES),
    Fault("copies: one half for both", COPIES, "for part in images[k])", "for part in images[0])", OF_COPIES),
    Fault("copies: T^2 dropped", COPIES, "weight * T**2 * kl", "weight * kl", OF_COPIES),
    Fault("copies: halves that overlap", COPIES, "order[: len(x) // 2 * 2].chunk(2)", "(order[: len(x) // 2], order[1 : len(x) // 2 + 1])", OF_COPIES),
    Fault("copies: both in one order", COPIES, "(x[order], y[order])", "(x, y)", OF_COPIES),
    Fault("copies: never is at every step", COPIES, "1.0 if every is None else BURN_IN", "BURN_IN", OF_COPIES),
    Fault("copies: the control takes twice the steps", COPIES, "config.epochs // 2", "config.epochs", OF_COPIES),
    Fault("copies: two runs from one start", COPIES, "(seed, seed + 100)", "(seed, seed)", OF_COPIES),
    Fault("copies: smoothed by their own certainty", COPIES, "zip(pair, reversed(alone), images)", "zip(pair, alone, images)", OF_COPIES),
    Fault("copies: the processes fail unheard", COPIES, "if done.returncode:", "if False:", OF_COPIES),
    Fault("born again: redrawn labels left as they were", BORN, "drawn.mislabelled(LABELS[labels], seed) if LABELS[labels] else drawn", "drawn", OF_BORN),
    Fault("born again: halves are not halves", BORN, "hinton(net, teacher, T=1.0, alpha=0.5)", "hinton(net, teacher, T=1.0, alpha=0.9)", OF_BORN),
    Fault("born again: smoothing without its own class", MNIST, "data)) * c / (c - 1)", "data))", OF_BORN),
    Fault("born again: DKPP never redrawn", BORN, 'target=TARGETS[arm], redrawn="redrawn" in arm', "target=TARGETS[arm], redrawn=False", OF_BORN),
    Fault("born again: every student permutes alike", BORN, "    generator = torch.Generator().manual_seed(seed)", "    generator = torch.Generator().manual_seed(0)", OF_BORN),
    Fault("born again: the order has another seed", BORN, "replace(config, seed=seed), progress=False", "replace(config, seed=0), progress=False", OF_BORN),
    Fault("born again: students with the teacher's seed", BORN, "born(arm, teacher, images, 1000 + seed, config), images", "born(arm, teacher, images, seed, config), images", OF_BORN),
    Fault("born again: every generation has the first teacher", BORN, 'born("BAN", line[-1], images', 'born("BAN", line[0], images', OF_BORN),
    Fault("born again: an ensemble with the teacher in it", BORN, "line[1 : k + 1]", "line[:k]", OF_BORN),
    Fault("born again: the doubled rate is not", BORN, "replace(config, lr=2 * config.lr)", "config", OF_BORN),
    Fault("inheritance: the gain of the wrong column", HEIRS, 'gain=table["teacher"] - table["BAN"]', 'gain=table["teacher"] - table["BAN-1"]', OF_BORN),
    Fault("inheritance: rows that are lower counted", HEIRS, "sum(b > a for a, b in zip(before, after))", "sum(b < a for a, b in zip(before, after))", OF_BORN),
    Fault("inheritance: the picture has one kind of labels", HEIRS, "series = by_generation(rows, labels, ensembles=ensembles)", "series = by_generation(rows, NOISY, ensembles=False)", OF_BORN),
    Fault("inheritance: a wrong label is not said", HEIRS, "if right is not None and right[k] != given else", "if right is None else", OF_BORN),
    Fault("inheritance: the images of others", HEIRS, "image.imshow(x[k, 0].numpy()", "image.imshow(x[0, 0].numpy()", OF_BORN),
    Fault("inheritance: language left out of the README", HEIRS, "*then, *of_language(*language)]", "*then]", OF_BORN),
    Fault("language: the first characters count", LANGUAGE, "codes[None, -CONTEXT:]", "codes[None, :CONTEXT]", OF_BORN),
    Fault("language: every text goes on alike", LANGUAGE, "torch.Generator().manual_seed(seed)\n    for _ in range(n):", "torch.Generator().manual_seed(0)\n    for _ in range(n):", OF_BORN),
    Fault("born again: the aim of BAN+L is the teacher alone", BORN, 'return (p + label) / 2 if "BAN+L" in arm else p, weight', "return p, weight", OF_BORN),
    Fault("born again: smoothing aims at the label", BORN, "return (1 - smoothing) * label + smoothing / len(data.classes), weight", "return label, weight", OF_BORN),
    Fault("born again: CWTM counts every image once", BORN, "return label, p.amax(-1) / p.amax(-1).mean()", "return label, weight", OF_BORN),
    Fault("born again: another permutation than the run's", BORN, "Permuted(torch.Generator().manual_seed(seed), redrawn=", "Permuted(torch.Generator().manual_seed(seed + 1), redrawn=", OF_BORN),
    Fault("born again: split at the student's answer", BORN, "one_hot(y, z.shape[-1])", "one_hot(z.argmax(-1), z.shape[-1])", OF_BORN),
    Fault("inheritance: more perplexity is better", HEIRS, '"perplexity", a=b, b=a', '"perplexity", a=a, b=b', OF_BORN),
    Fault("language: perplexity to the base 2", LANGUAGE, ".exp().item()", ".exp2().item()", OF_BORN),
    # branches that teach themselves
    Fault("native: no distillation, and it is there", NATIVE, "with_one(seed, weight=0.0)", "with_one(seed)", OF_NATIVE),
    Fault("native: no sharing, and all share", NATIVE, '"no sharing": (0, with_one)', '"no sharing": (1, with_one)', OF_NATIVE),
    Fault("native: no gate, and it is there", NATIVE, "with_one(seed, own_gate=False)", "with_one(seed)", OF_NATIVE),
    Fault("native: heads learn from the mean", NATIVE, 'summed(config) if arm == "heads, labels" else config', "config", OF_NATIVE),
    Fault("native: a sum whose decay is three times too strong", NATIVE, "weight_decay=config.weight_decay / COUNT", "weight_decay=config.weight_decay", OF_NATIVE),
    Fault("native: three nets that start alike", NATIVE, "several = [separate[k] for", "several = [separate[0] for", OF_NATIVE),
    Fault("native: smoothed as the first net is sure", NATIVE, "zip(several, teachers[0] if teachers else several)", "zip(several, [teachers[0][0]] * COUNT if teachers else several)", OF_NATIVE),
    Fault("native: smoothed as nets of another choice are sure", NATIVE, "        alone = None\n        for arm in arms:", "        alone = alone if choice != \"15 epochs\" else None\n        for arm in arms:", OF_NATIVE),
    Fault("native: every seed has one order", NATIVE, "replace(CHOICES[choice], seed=seed), alone", "CHOICES[choice], alone", OF_NATIVE),
    Fault("native: clean labels are redrawn", NATIVE, "digits(data, seed, noise=0), seed, CLEAN", "digits(data, seed), seed, CLEAN", OF_NATIVE),
    Fault("native: equal loss to the nets alone", NATIVE, 'why.training_loss(found["ONE"][1][0], data)', 'why.training_loss(found["alone"][1][0], data)', OF_NATIVE),
    Fault("native: a gate that is left in another mode", NATIVE, "with in_eval(parts):\n        return", "if True:\n        return", OF_NATIVE),
    Fault("native: the first step's gate without its batch", NATIVE, "parts.train(training)", "parts", OF_NATIVE),
    Fault("native: entropy in nats", NATIVE, "/ math.log(a.shape[1])", "", OF_NATIVE),
    Fault("native: watched after the first epoch", NATIVE, "seen[0].softmax(1), seen[-1]", "seen[1].softmax(1), seen[-1]", OF_NATIVE),
    Fault("native: alike and yet apart", NATIVE, "branched(lambda _: small(seed)", "branched(lambda k: small(k)", OF_NATIVE),
    Fault("native: detached after all", NATIVE, "(z_e / T).softmax(-1).expand_as(z)", "(z_e / T).softmax(-1).expand_as(z).detach()", OF_NATIVE),
    Fault("agreement of the first two nets", PEERS_WHY, "combinations(tests, 2)", "combinations(tests[:2], 2)", OF_NATIVE),
    Fault("the length furthest from the loss", PEERS_WHY, "best = min(tried", "best = max(tried", OF_NATIVE),
    Fault("native: chosen by another column", NATIVE_CLAIMS, "column=CHOSEN_BY[column]", "column=CHOSEN_BY[ONE]", OF_NATIVE),
    Fault("native: columns of a claim swapped", NATIVE_CLAIMS, "judge(claim, of[a], of[b]", "judge(claim, of[b], of[a]", OF_NATIVE),
    Fault("native: three nets for the price of one", NATIVE_CLAIMS, "step = COUNT * training_cost", "step = training_cost", OF_NATIVE),
    Fault("native: before and after swapped", NATIVE_CLAIMS, "zip(axes[1:], (before, after))", "zip(axes[1:], (after, before))", OF_NATIVE),
    # panels
    Fault("race: every arm has the config's seed", RACE, 'replace(self._config, seed=settings["seed"])', "self._config", OF_RACE),
    Fault("race: no gate between two batches", RACE, "on_batch=lambda step: run.gate()", "on_batch=lambda step: None", OF_RACE),
    Fault("race: the permalink has the controls of now", RACE, "if value != now[name]}", "if False}", OF_RACE),
    Fault("race: a stopped run is made again to its end", RACE, "if turn == until:", "if False:", OF_RACE),
    Fault("race: one score in place of several", RACE, "if len(found) == 1 else found", "if found else found", OF_RACE),
    Fault("hints: block and layer confused", RACE_HINTS, '"guided": guided + 1,', '"guided": guided,', OF_RACE),
    Fault("hints: KD with a hint stage", RACE_HINTS, "hint_epochs=0.0, **shared", "**shared", OF_RACE),
    Fault("race: all arms learn from the data as given", RACE, "self.images(settings)", "self._data", OF_RACE_PEERS),
    Fault("peers: every seed has the same wrong labels", RACE_PEERS, 'mislabelled(settings["noise"], settings["seed"])', 'mislabelled(settings["noise"], 0)', OF_RACE_PEERS),
    Fault("peers: the net alone starts elsewhere", RACE_PEERS, "for k in (0, *range", "for k in (9, *range", OF_RACE_PEERS),
    Fault("peers: T not passed on", RACE_PEERS, 'T=settings["T"], ', "", OF_RACE_PEERS),
    Fault("peers: always by turns", RACE_PEERS, 'turns=settings["turns"]', "turns=True", OF_RACE_PEERS),
    Fault("peers: entropy of the last one", RACE_PEERS, "entropy(z).mean().item()", "entropy(z[-1]).mean().item()", OF_RACE_PEERS),
    Fault("peers: agreement of the first two", RACE_PEERS, "combinations(some.given, 2)", "combinations(some.given[:2], 2)", OF_RACE_PEERS),
    Fault("peers: what was said before is lost", RACE_PEERS, "[*(arm.found or ()), Answers", "[Answers", OF_RACE_PEERS),
    Fault("flows: measured in train mode", RACE_FLOWS, "with in_eval(net):", "if True:", OF_RACE_FLOWS),
    Fault("flows: the rate is a share", RACE_FLOWS, 'settings["rate"] / self._config.lr', 'settings["rate"]', OF_RACE_FLOWS),
    Fault("growing: the rate stays", GROWING, "nets, self._factor = (self.net, net), growth.rate", "nets = (self.net, net)", OF_GROWING),
    Fault("growing: the same order again", GROWING, "seed=seed + len(self.grown))", "seed=seed)", OF_GROWING),
    Fault("growing: a growth lost from the permalink", GROWING, "self._record.growths.append((done, growth))", "pass", OF_GROWING),
    Fault("growth: noise forgotten", "panels/growth.py", "width, noise=growth.noise, generator", "width, generator", OF_GROWING),
    Fault("generations: always the first teacher", GENERATIONS, "self.nets[0 if self.name == SMOOTH else -1]", "self.nets[0]", OF_GENERATIONS),
    Fault("generations: smoothed as the net before is sure", GENERATIONS, "self.nets[0 if self.name == SMOOTH else -1]", "self.nets[-1]", OF_GENERATIONS),
    Fault("generations: one seed for all of them", GENERATIONS, "1000 * k + self._seed", "self._seed", OF_GENERATIONS),
    Fault("generations: the first teacher in the ensemble", GENERATIONS, "Ensemble(self.nets[1:])", "Ensemble(self.nets)", OF_GENERATIONS),
    Fault("generations: controls learn the target", GENERATIONS, "{BORN: settings[\"target\"], ALONE: ALONE,", "{BORN: settings[\"target\"], ALONE: settings[\"target\"],", OF_GENERATIONS),
    Fault("generations: labels of another draw", GENERATIONS, 'self._data.mislabelled(settings["noise"], settings["seed"])', 'self._data.mislabelled(settings["noise"], 0)', OF_GENERATIONS),
    Fault("generations: the answers of the first net", GENERATIONS, "arm._data.train[0][:IMAGES], arm.nets[-1]", "arm._data.train[0][:IMAGES], arm.nets[0]", OF_GENERATIONS),
    Fault("generations: the right labels shown as given", GENERATIONS, "*arm.aim, q, arm._data.train[1][:IMAGES].cpu())", "*arm.aim, q, self._data.train[1][:IMAGES].cpu())", OF_GENERATIONS),
    Fault("generations: the length of one", GENERATIONS, 'self._config.epochs * (1 + settings["count"])', "self._config.epochs", OF_GENERATIONS),
    Fault("generations: shows an image whose label is right", GENERATIONS, "(given != self._data.train[1])", "(given == self._data.train[1])", OF_GENERATIONS),
    Fault("lineage: the beginning of a generation", LINEAGE, 'if row["epoch"] == epochs:', 'if row["epoch"] == 1:', OF_GENERATIONS),
    Fault("lineage: always the first image", LINEAGE, "arms[0].found if arms else None, self._chosen()\n        right", "arms[0].found if arms else None, 0\n        right", OF_GENERATIONS),
    Fault("lineage: taught and given swapped", LINEAGE, "(shown.aim[i], shown.q[i]) if shown", "(shown.q[i], shown.aim[i]) if shown", OF_GENERATIONS),
    Fault("lineage: births in the middle", LINEAGE, "[self._epochs * k for k in range(count + 1)]", "[self._epochs * k // 2 for k in range(count + 1)]", OF_GENERATIONS),
    Fault("race: the axis follows a new beginning", RACE, "for epoch, shares in scored if epoch > half for", "for epoch, shares in scored for", OF_GENERATIONS),
    Fault("race: images as they came", RACE, 'config, data = replace(self._config, seed=settings["seed"]), self.images(settings)', 'config, data = replace(self._config, seed=settings["seed"]), self._data', OF_GENERATIONS),
    Fault("an ensemble on one device", NETS, "net(x.to(home)).to(x.device)", "net(x)", OF_NETS),
    Fault("a broken permalink believed", "panels/permalink.py", "or not unpacker.eof ", "", "panels/test_permalink.py"),
    Fault("a permalink that fills the memory", "panels/permalink.py", "(packed, LONGEST)", "(packed)", "panels/test_permalink.py"),
    Fault("a refused permalink half taken", "panels/base.py", "Panel.restore(self, before)", "pass", "panels/test_permalink.py"),
    Fault("an error kept quiet", "panels/base.py", "        self.error = error\n        unchecked", "        unchecked", "panels/test_panel_base.py"),
    Fault("a knob turned a batch late", "panels/timeline.py", "if done <= batches", "if done < batches", OF_LIVE),
    Fault("a link forgets the turns", "panels/timeline.py", "        self.changes += [", "        self.other = [", OF_LIVE),
    Fault("the film of the run before", "panels/film.py", "            self._snapshots.clear()\n", "", "panels/test_film.py"),
    Fault("a film that grows", "panels/film.py", "deque(maxlen=capacity)", "deque()", "panels/test_film.py"),
    Fault("one cell shown for another", "panels/landscape.py", "        self.cell = cell\n", "", "panels/test_landscape_panel.py"),
    Fault("a link loses the seeds that ran", "panels/landscape.py", "            self._start(ran)\n", "            pass\n", "panels/test_landscape_panel.py"),
    Fault("a drawing off centre", "panels/sketch.py", "round(CENTRE - at)", "round(CENTRE - at) + 2", "panels/test_sketch.py"),
    Fault("distances not exact", "panels/sketch.py", "distance = (flat[few].double() - image.flatten())", "distance = flat[few].double()", "panels/test_sketch.py"),
    # papers and architecture
    Fault("a figure misquoted", PAPERS, 'Figure(74, "errors"', 'Figure(75, "errors"', OF_PAPERS),
    Fault("a quotation passed off as read", PAPERS, 'if self.mark == "V1" else', 'if self.mark else', OF_PAPERS),
    Fault("the loop knows a method", LOOP, "import torch\nfrom", "import torch\nimport kdsurvey.methods\nfrom", OF_IMPORTS),
    Fault("verdicts know torch", VERDICTS, "import numpy as np\n", "import numpy as np\nimport torch\n", OF_IMPORTS),
    # feature fusion
    Fault("fused answer from unequal maps", BRANCHES, "return self.fusion(torch.cat(same, 1))", "return self.fusion(torch.cat(same[::-1], 1))", OF_FFL),
    Fault("the fused classifier runs every head", BRANCHES, "return self._fuse(self.maps(x))", "return self.parts(x)[1]", OF_FUSE),
    Fault("FFL: arrows taken away swapped", FUSE, '"FFL without ensemble KD": {"to_fused": 0.0}', '"FFL without ensemble KD": {"to_branches": 0.0}', OF_FUSE),
    Fault("FFL: one arrow is left", FUSE, '{"to_fused": 0.0, "to_branches": 0.0}', '{"to_fused": 0.0}', OF_FUSE),
    Fault("ONE: ramp forgotten", FUSE, "online.with_one(seed, ramp=RAMP)", "online.with_one(seed)", OF_FUSE),
    Fault("heads: mean of their losses", FUSE, "lr=online.COUNT * config.lr, weight_decay", "lr=config.lr, weight_decay", OF_FUSE),
    Fault("heads: weight decay grows with the rate", FUSE, "config.weight_decay / online.COUNT", "config.weight_decay", OF_FUSE),
    Fault("smoothing of nothing", FUSE, "smoothing_of(alone, data) if arm", "0.0 * smoothing_of(alone, data) if arm", OF_FUSE),
    Fault("a wider net that costs more", FUSE, "SHAPE, 8, 48, hidden=64", "SHAPE, 8, 48, hidden=128", OF_FUSE),
    Fault("clean labels that are not", FUSE, "data, seed, noise=0), seed, (", "data, seed), seed, (", OF_FUSE),
    Fault("one choice for all", FUSE, "data, CHOICES[choice], alone)", "data, CHOICES[LONG], alone)", OF_FUSE),
    Fault("smoothed by the net of another choice", FUSE, "        alone = None\n        for arm in arms:", "        alone = rows or None\n        for arm in arms:", OF_FUSE),
    Fault("a pair of equal nets", FUSE, "1000 * (k and first == second) + seed", "seed", OF_FUSE),
    Fault("right labels counted as learnt by heart", FUSE, "data.train[1] != right]", "data.train[1] == data.train[1]]", OF_FUSE),
    Fault("averages taken for fused answers", FUSE_CLAIMS, '"average": "average", "fused": "together"', '"average": "together", "fused": "average"', OF_FUSE),
    Fault("a fused answer chosen by its branches", FUSE_CLAIMS, '"fused": "validation together"', '"fused": "validation accuracy"', OF_FUSE),
    Fault("unequal tries", FUSE_CLAIMS, 'best(of[of["choice"].isin(shared)])', "best(of)", OF_FUSE),
    Fault("gains over another arm", FUSE_CLAIMS, "sub(table[than], axis=0)", "sub(table[arms[0]], axis=0)", OF_FUSE),
    Fault("an average without its heads", FUSE_CLAIMS, '"FFL (average)": Mixed(net, None)', '"FFL (average)": fused', OF_FUSE),
    Fault("a drawing without a branch", FUSE_DRAWN, '// shapes["last map of a branch"][1]', '// shapes["last map of a branch"][1] - 1', OF_FUSE),
    # heads, and methods at equal multiply-adds
    Fault("heads: probabilities for logits", HEADS, 'if average == "logits" else log_p_i.exp()', 'if average != "logits" else log_p_i.exp()', OF_HEADS),
    Fault("heads: divergence turned round", HEADS, "(log_p.exp() * (log_p - log_p_i))", "(log_p_i.exp() * (log_p_i - log_p))", OF_HEADS),
    Fault("heads: a gap that is always 0", HEADS, "(self.heads - self.together - self.apart)", "(0 * self.heads)", OF_HEADS),
    Fault("heads: ambiguity about 0", HEADS, "(f - f.mean(0)).square()", "f.square()", OF_HEADS),
    Fault("heads: slope through the heads too", HEADS, "log_p - z.detach().log_softmax(-1)", "log_p - made_of.log_softmax(-1)", OF_HEADS),
    Fault("heads: a sum without its weight decay", HEADS, "weight_decay=config.weight_decay / m", "weight_decay=config.weight_decay", OF_HEADS),
    Fault("heads: thin trunk, wide heads", HEADS, "online.SHAPE, 8, THIN, hidden", "online.SHAPE, THIN, 8, hidden", OF_HEADS),
    Fault("heads: one rate for all", HEADS, "net, config = make(seed), replace(CONFIG, seed=seed, lr=CONFIG.lr * RATES[rate])", "net, config = make(seed), replace(CONFIG, seed=seed)", OF_HEADS),
    Fault("heads: smoothing forgotten", HEADS, "train(plain(net, smoothing=smoothing), replace", "train(plain(net), replace", OF_HEADS),
    Fault("heads: clean labels redrawn", HEADS, "online.digits(data, seed, noise=0)", "online.digits(data, seed)", OF_HEADS),
    Fault("heads: a rate that not all have", HEADS, 'rows[rows["rate"] != "three times it"] if', 'rows if', OF_HEADS),
    Fault("heads: chosen on heads for the ensemble", HEADS, 'column=f"validation {column}"', 'column="validation accuracy"', OF_HEADS),
    Fault("budgets: over the budget", EQUAL, "max(1, int(budget", "max(1, 1 + int(budget", OF_HEADS),
    Fault("budgets: steps for multiply-adds", EQUAL, "* cost(ALONE) / cost(arm)", "* cost(ALONE) / cost(ALONE)", OF_HEADS),
    Fault("budgets: peers by turns", EQUAL, ", turns=False)", ")", OF_HEADS),
    Fault("budgets: a mean beside sums", EQUAL, "summed(config) if arm in MEAN", "summed(config) if not MEAN", OF_HEADS),
    Fault("budgets: labels not smoothed", EQUAL, "                if arm == ALONE:", "                if not arm:", OF_HEADS),
    Fault("budgets: all answer for the price of one", EQUAL, '"all answer": online.serving_cost(joint)', '"all answer": online.serving_cost(branches[0])', OF_HEADS),
    Fault("budgets: the default rate in long training", EQUAL, "[budget >= LONG :]", "[budget > LONG :]", OF_HEADS),
    Fault("budgets: dearer runs taken", BUDGETS, 'rows[rows["budget"] <= budget]', "rows", OF_HEADS),
    Fault("budgets: chosen on test images", BUDGETS, 'return verdicts.chosen(tries, "tried", column=(ALL_ANSWER if joint else ONE_ANSWERS)[1])', 'return verdicts.chosen(tries, "tried", column=(ALL_ANSWER if joint else ONE_ANSWERS)[0])', OF_HEADS),
    Fault("budgets: unequal steps", BUDGETS, 'rows[(rows["epochs"] == EPOCHS) & ', "rows[", OF_HEADS),
    Fault("budgets: one net answers for all", BUDGETS, "columns = [ALL_ANSWER[0] if which in joint", "columns = [ALL_ANSWER[0] if not which", OF_HEADS),
    Fault("chosen rows forget what made them", VERDICTS, "table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)", "table = pd.DataFrame(rows)", OF_VERDICTS),
    # branches on one trunk
    Fault("no ramp", LOSSES, "math.exp(-5 * max(", "math.exp(-0 * max(", OF_ONE),
    Fault("the trunk runs once a branch", BRANCHES, "self.logits(self.trunk(x))", "torch.stack([self[k](x) for k in range(len(self))])", OF_ONE),
    Fault("branches of equal weights", BRANCHES, "make(1000 * k + seed)", "make(seed)", OF_ONE),
    Fault("branch 0 with another trunk", BRANCHES, "nets[0][:at]", "nets[-1][:at]", OF_ONE),
    Fault("gate unused", BRANCHES, "if self.gate is None:", "if True:", OF_ONE),
    Fault("gate without ReLU", BRANCHES, "nn.BatchNorm1d(branches), nn.ReLU(), nn.Softmax(1)", "nn.BatchNorm1d(branches), nn.Softmax(1)", OF_ONE),
    Fault("gate over the batch", BRANCHES, "nn.Softmax(1)", "nn.Softmax(0)", OF_ONE),
    Fault("maps not averaged to one size", BRANCHES, "F.adaptive_avg_pool2d(m, size)", "F.interpolate(m, size)", OF_FFL),
    Fault("fusion is not depthwise", BRANCHES, "groups=c, ", "", OF_FFL),
    Fault("ONE: T^2 dropped", ONE, "ramp_up(progress, ramp) * T**2", "ramp_up(progress, ramp)", OF_ONE),
    Fault("ONE: mean over branches", ONE, "kl(z_e, z, T).sum()", "kl(z_e, z, T).mean()", OF_ONE),
    Fault("ONE: branches teach the ensemble", ONE, "kl(z_e, z, T).sum()", "kl(z, z_e.expand(z.shape), T).sum()", OF_ONE),
    Fault("ONE: no label for the ensemble", ONE, '"ensemble": cross_entropy(z_e, batch.y)', '"ensemble": 0 * cross_entropy(z_e, batch.y)', OF_ONE),
    Fault("ONE: no fading in", ONE, "ramp_up(progress, ramp)", "ramp_up(1.0, ramp)", OF_ONE),
    Fault("FFL: T^2 dropped", FFL, "ramp_up(progress, ramp) * T**2", "ramp_up(progress, ramp)", OF_FFL),
    Fault("FFL: arrow turned", FFL, "kl(z_f, z, T).sum()", "kl(z, z_f.expand(z.shape), T).sum()", OF_FFL),
    Fault("FFL: the mean of the probabilities", FFL, "kl(z.mean(0), z_f, T)", "kl(T * (z / T).softmax(-1).mean(0).log(), z_f, T)", OF_FFL),
    Fault("FFL: fused classifier without labels", FFL, '"fused": cross_entropy(z_f, batch.y)', '"fused": 0 * cross_entropy(z_f, batch.y)', OF_FFL),
    Fault("EnsembleNet: probabilities averaged", ENSEMBLENET, "cross_entropy(z.mean(0), batch.y)", "cross_entropy(z.softmax(-1).mean(0).log(), batch.y)", OF_ENSEMBLENET),
    Fault("EnsembleNet: sum over heads", ENSEMBLENET, "cross_entropy(z, batch.y).mean()", "cross_entropy(z, batch.y).sum()", OF_ENSEMBLENET),
    Fault("EnsembleNet: lam on both", ENSEMBLENET, "(1 - lam) * ensemble", "lam * ensemble", OF_ENSEMBLENET),
    Fault("depthwise counted as dense", MEASURES, "math.prod(w[1:])", "math.prod(w)", OF_MEASURES),
    # the panel of branches
    Fault("no net of the same start", RACE_BRANCHES, "alone, net = make(seed)", "alone, net = make(seed + 1)", OF_RACE_BRANCHES),
    Fault("the rate does nothing", RACE_BRANCHES, "lr=lr * stage.lr", "lr=stage.lr", OF_RACE_BRANCHES),
    Fault("the weight reaches one arrow", RACE_BRANCHES, "to_fused=weight, to_branches=weight", "to_branches=weight", OF_RACE_BRANCHES),
    Fault("ONE's T is fixed", RACE_BRANCHES, "one(net, weigh, T=T, weight=weight)", "one(net, weigh, weight=weight)", OF_RACE_BRANCHES),
    Fault("no gate although there is one", RACE_BRANCHES, 'if name == "ONE" else None', 'if name == "TWO" else None', OF_RACE_BRANCHES),
    Fault("measured in train mode", RACE_BRANCHES, "with in_eval(net), in_eval(weigh):", "if True:", OF_RACE_BRANCHES),
    Fault("only the last diversity", RACE_BRANCHES, "*(before.diversity if before else [])", "*[]", OF_RACE_BRANCHES),
    Fault("bars from the floor", RACE_BRANCHES, "below = below + heights", "below = below", OF_RACE_BRANCHES),
    Fault("scores of the last branch", RACE_BRANCHES, "{BRANCH: net[0]", "{BRANCH: net[len(net) - 1]", OF_RACE_BRANCHES),
]  # fmt: skip


def main(names: list[str]) -> int:
    """Prints one line a fault; returns how the script ends."""
    faults = [f for f in FAULTS if not names or any(name in f"{f.file}: {f.what}" for name in names)]
    with tempfile.TemporaryDirectory() as folder:
        if tested(Path(folder), " ".join(dict.fromkeys(f.tests for f in faults))) != 0:
            print((Path(folder) / "said.txt").read_text(), "The tests fail without any fault; mend that first.", sep="\n")
            return 1
    bad = 0
    for fault in faults:
        start, found = time.time(), result(fault)
        bad += found != "caught"
        print(f"{found:9} {fault.file:18} {fault.what} ({time.time() - start:.1f} s)", flush=True)
    print(f"{len(faults) - bad} of {len(faults)} faults caught.")
    return int(bad > 0)


def result(fault: Fault) -> str:
    """caught, SURVIVED, NOT THERE (the text does not occur once) or BROKEN (no test could run)."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        place(copy)
        path = copy / "kdsurvey" / fault.file
        text = path.read_text(encoding="utf-8")
        if text.count(fault.old) != 1:
            return "NOT THERE"
        path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        return {0: "SURVIVED", 1: "caught"}.get(tested(copy, fault.tests), "BROKEN")


def place(copy: Path) -> None:
    if not (copy / "tests").exists():
        for folder in ("kdsurvey", "results", "tests"):
            shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)


def tested(copy: Path, tests: str) -> int:
    """The exit code of pytest in the copy. A fork has torch imported already, which would take longer than most tests."""
    place(copy)
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 3
    try:
        signal.alarm(SECONDS)
        os.chdir(copy)
        sys.path.insert(0, str(copy))
        said = os.open("said.txt", os.O_CREAT | os.O_WRONLY)
        os.dup2(said, 1)
        os.dup2(said, 2)
        import kdsurvey

        if Path(kdsurvey.__file__).is_relative_to(copy):
            code = int(
                pytest.main(
                    [
                        "-x",
                        "-q",
                        "-p",
                        "no:cacheprovider",
                        "-W",
                        "ignore::pytest.PytestWarning",
                        *(f"tests/{name}" for name in tests.split()),
                    ]
                )
            )
    finally:
        os._exit(code)


if __name__ == "__main__":
    # Imported once, before the forks; nothing of the package itself
    import hypothesis  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import pandas  # noqa: F401
    import pytest
    import scipy.stats  # noqa: F401
    import torch
    import torchvision  # noqa: F401

    sys.dont_write_bytecode = True
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # importing them takes longer than most tests
    sys.path[:] = [place for place in sys.path if Path(place or ".").resolve() not in (ROOT, ROOT / "tests")]
    torch.set_num_threads(1)
    sys.exit(main(sys.argv[1:]))
