"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "inheritance: one setting for all labels",
        "lessons/born_again/claims.py",
        'by=["labels", "arm"]',
        'by="arm"',
    ),
    Fault(
        "inheritance: the most perplexity",
        "lessons/born_again/claims.py",
        ", least=True",
        "",
    ),
    Fault(
        "born again: redrawn labels left as they were",
        "lessons/born_again/experiments.py",
        "drawn.mislabelled(LABELS[labels], seed) if LABELS[labels] else drawn",
        "drawn",
    ),
    Fault(
        "born again: halves are not halves",
        "lessons/born_again/experiments.py",
        "hinton(net, lesson.teacher, T=1.0, alpha=0.5)",
        "hinton(net, lesson.teacher, T=1.0, alpha=0.9)",
    ),
    Fault(
        "born again: smoothing without its own class",
        "lessons/alone.py",
        "doubt * classes / (classes - 1)",
        "doubt",
    ),
    Fault(
        "born again: DKPP never redrawn",
        "lessons/born_again/experiments.py",
        'target="dkpp", redrawn=True',
        'target="dkpp", redrawn=False',
    ),
    Fault(
        "born again: every student permutes alike",
        "lessons/born_again/experiments.py",
        "return torch.Generator().manual_seed(self.seed)",
        "return torch.Generator().manual_seed(0)",
    ),
    Fault(
        "born again: the order has another seed",
        "lessons/born_again/experiments.py",
        "replace(config, seed=seed))",
        "replace(config, seed=0))",
    ),
    Fault(
        "born again: students with the teacher's seed",
        "lessons/born_again/experiments.py",
        "born(arm, teacher, images, 1000 + seed, config)",
        "born(arm, teacher, images, seed, config)",
    ),
    Fault(
        "born again: every generation has the first teacher",
        "lessons/born_again/experiments.py",
        'born("BAN", line[-1], images',
        'born("BAN", line[0], images',
    ),
    Fault(
        "born again: an ensemble with the teacher in it",
        "lessons/born_again/experiments.py",
        "line[1 : k + 1]",
        "line[:k]",
    ),
    Fault(
        "born again: the doubled rate is not",
        "lessons/born_again/experiments.py",
        "replace(config, lr=2 * config.lr)",
        "config",
    ),
    Fault(
        "inheritance: the gain of the wrong column",
        "lessons/born_again/pictures.py",
        'gain=table["teacher"] - table["BAN"]',
        'gain=table["teacher"] - table["BAN-1"]',
    ),
    Fault(
        "inheritance: rows that are lower counted",
        "lessons/born_again/pictures.py",
        "(after > before).sum()",
        "(after < before).sum()",
    ),
    Fault(
        "inheritance: the picture has one kind of labels",
        "lessons/born_again/pictures.py",
        "series = by_generation(rows, labels, ensembles=ensembles)",
        "series = by_generation(rows, NOISY, ensembles=False)",
    ),
    Fault(
        "inheritance: a wrong label is not said",
        "lessons/born_again/pictures.py",
        "if right is None or right[k] == given:",
        "if True:",
    ),
    Fault(
        "inheritance: the images of others",
        "lessons/born_again/pictures.py",
        "Image(x[k, 0].numpy())",
        "Image(x[0, 0].numpy())",
    ),
    Fault(
        "language: the first characters count",
        "lessons/born_again/language.py",
        "codes[None, -CONTEXT:]",
        "codes[None, :CONTEXT]",
    ),
    Fault(
        "language: every text goes on alike",
        "lessons/born_again/language.py",
        "torch.Generator().manual_seed(seed)\n    for _ in range(n):",
        "torch.Generator().manual_seed(0)\n    for _ in range(n):",
    ),
    Fault(
        "born again: the aim of BAN+L is the teacher alone",
        "lessons/born_again/experiments.py",
        "return (p + label) / 2",
        "return p",
    ),
    Fault(
        "born again: smoothing aims at the label",
        "lessons/born_again/experiments.py",
        "return (1 - smoothing) * label + smoothing / label.shape[-1]",
        "return label",
    ),
    Fault(
        "born again: CWTM counts every image once",
        "lessons/born_again/experiments.py",
        "return Aim(label, confidence / confidence.mean())",
        "return Aim(label, torch.ones_like(confidence))",
    ),
    Fault(
        "born again: another permutation than the run's",
        "lessons/born_again/experiments.py",
        "return Permuted(lesson.generator, redrawn=redrawn)",
        "return Permuted(torch.Generator().manual_seed(lesson.seed + 1), redrawn=redrawn)",
    ),
    Fault(
        "born again: split at the student's answer",
        "lessons/born_again/experiments.py",
        "one_hot(y, z.shape[-1])",
        "one_hot(z.argmax(-1), z.shape[-1])",
    ),
    Fault(
        "inheritance: more perplexity is better",
        "lessons/born_again/claims.py",
        'judging.below(claim, runs, a, b, sentence, column="perplexity"',
        'judging.above(claim, runs, a, b, sentence, column="perplexity"',
    ),
    Fault(
        "language: perplexity to the base 2",
        "lessons/born_again/language.py",
        ".exp().item()",
        ".exp2().item()",
    ),
]
