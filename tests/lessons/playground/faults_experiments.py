"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the control has a teacher",
        "lessons/playground/experiments.py",
        "(1.0, 0.0)]).T",
        "(1.0, 1.0)]).T",
    ),
    Fault(
        "tuned on the test images",
        "lessons/playground/experiments.py",
        'row["net validation accuracy"]',
        'row["net test accuracy"]',
    ),
    Fault(
        "all seeds draw the same images",
        "lessons/playground/experiments.py",
        "data.fraction(setting.share, seed)",
        "data.fraction(setting.share, 0)",
    ),
    Fault(
        "fewer images, fewer steps",
        "lessons/playground/experiments.py",
        "round(config.epochs * all_steps / steps)",
        "config.epochs",
    ),
    Fault(
        "the teacher knows more",
        "lessons/playground/experiments.py",
        "teacher is None or setting.teacher == TEACHERS[1]",
        "teacher is None",
    ),
    Fault(
        "thirty looks, no correction",
        "lessons/playground/experiments.py",
        "1 - 0.05 / cells",
        "0.95",
    ),
    Fault(
        "what chose judges",
        "lessons/playground/claims.py",
        "chart.table.iloc[half:]",
        "chart.table",
    ),
    Fault(
        "half-trained students counted",
        "lessons/playground/experiments.py",
        "for row in epochs(stages, data, config, on_batch=on_batch):",
        "for row in __import__('kdsurvey').train(stages, data, config, "
        "on_batch=on_batch, progress=False):",
    ),
    Fault(
        "one map's best cell for both",
        "lessons/playground/claims.py",
        "        best, rest = best_cell(chart)\n        gains.append",
        "        best, rest = best_cell(one)[0], best_cell(chart)[1]\n        gains.append",
    ),
]
