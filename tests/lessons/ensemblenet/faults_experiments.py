"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "heads: probabilities for logits",
        "lessons/ensemblenet/experiments.py",
        'if average == "logits" else log_p_i.exp()',
        'if average != "logits" else log_p_i.exp()',
    ),
    Fault(
        "heads: divergence turned round",
        "lessons/ensemblenet/experiments.py",
        "(log_p.exp() * (log_p - log_p_i))",
        "(log_p_i.exp() * (log_p_i - log_p))",
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
        "log_p - z.detach().log_softmax(-1)",
        "log_p - made_of.log_softmax(-1)",
    ),
    Fault(
        "heads: a sum without its weight decay",
        "lessons/ensemblenet/experiments.py",
        "weight_decay=config.weight_decay / m",
        "weight_decay=config.weight_decay",
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
        "net, config = make(seed), replace(CONFIG, seed=seed, lr=CONFIG.lr * "
        "RATES[rate])",
        "net, config = make(seed), replace(CONFIG, seed=seed)",
    ),
    Fault(
        "heads: smoothing forgotten",
        "lessons/ensemblenet/experiments.py",
        "train(plain(net, smoothing=smoothing), replace",
        "train(plain(net), replace",
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
        "lessons/ensemblenet/budgets.py",
        ", turns=False)",
        ")",
    ),
    Fault(
        "budgets: a mean beside sums",
        "lessons/ensemblenet/budgets.py",
        "summed(config) if arm in MEAN",
        "summed(config) if not MEAN",
    ),
    Fault(
        "budgets: labels not smoothed",
        "lessons/ensemblenet/budgets.py",
        "                if arm == ALONE:",
        "                if not arm:",
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
