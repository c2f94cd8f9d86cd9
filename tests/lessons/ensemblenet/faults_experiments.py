"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "heads: probabilities for logits",
        "lessons/ensemblenet/experiments.py",
        'if average == "logits" else log_q_i.exp()',
        'if average != "logits" else log_q_i.exp()',
    ),
    Fault(
        "heads: divergence turned round",
        "lessons/ensemblenet/experiments.py",
        "(log_q.exp() * (log_q - log_q_i))",
        "(log_q_i.exp() * (log_q_i - log_q))",
    ),
    Fault(
        "heads: a gap that is always 0",
        "lessons/ensemblenet/experiments.py",
        "(self.heads - self.together - self.apart)",
        "(0 * self.heads)",
    ),
    Fault(
        "heads: ambiguity about 0",
        "lessons/ensemblenet/experiments.py",
        "(f - f.mean(0)).square()",
        "f.square()",
    ),
    Fault(
        "heads: slope through the heads too",
        "lessons/ensemblenet/experiments.py",
        "log_q - z.detach().log_softmax(-1)",
        "log_q - made_of.log_softmax(-1)",
    ),
    Fault(
        "heads: a sum without its weight decay",
        "lessons/arms.py",
        "config.weight_decay / factor",
        "config.weight_decay",
    ),
    Fault(
        "heads: thin trunk, wide heads",
        "lessons/ensemblenet/experiments.py",
        "branched_nets.SHAPE, 8, THIN, hidden",
        "branched_nets.SHAPE, THIN, 8, hidden",
    ),
    Fault(
        "heads: one rate for all",
        "lessons/ensemblenet/experiments.py",
        "lr=CONFIG.lr * rate.times",
        "lr=CONFIG.lr",
    ),
    Fault(
        "heads: clean labels redrawn",
        "lessons/ensemblenet/experiments.py",
        "data = clean_digits(data, seed)",
        "data = branched_nets.digits(data, seed)",
    ),
    Fault(
        "budgets: over the budget",
        "lessons/ensemblenet/budgets.py",
        "max(1, int(budget",
        "max(1, 1 + int(budget",
    ),
    Fault(
        "budgets: steps for multiply-adds",
        "lessons/ensemblenet/budgets.py",
        "* cost(ALONE) / cost(arm)",
        "* cost(ALONE) / cost(ALONE)",
    ),
    Fault(
        "budgets: peers by turns",
        "lessons/branched_nets.py",
        "dml(peers, turns=False)",
        "dml(peers)",
    ),
    Fault(
        "budgets: a mean beside sums",
        "lessons/ensemblenet/budgets.py",
        "make=partial(parted, shared=0), times=COUNT",
        "make=partial(parted, shared=0)",
    ),
    Fault(
        "budgets: labels not smoothed",
        "lessons/ensemblenet/budgets.py",
        "Separate(SMOOTH, smoothed",
        "Separate(SMOOTH, labels",
    ),
    Fault(
        "budgets: all answer for the price of one",
        "lessons/ensemblenet/budgets.py",
        '"all answer": branched_nets.serving_cost(joint)',
        '"all answer": branched_nets.serving_cost(branches[0])',
    ),
    Fault(
        "budgets: the default rate in long training",
        "lessons/ensemblenet/budgets.py",
        "[budget >= LONG :]",
        "[budget > LONG :]",
    ),
]
