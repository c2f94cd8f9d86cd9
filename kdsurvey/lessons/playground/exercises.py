"""Exercises of notebook 14."""

import torch
from scipy import stats

from kdsurvey import measures
from kdsurvey.lessons.exercise import Exercise, close, example

a, b = example(8, scale=1.0), example(8, scale=1.0, seed=1)
p = torch.softmax(example(200, 10), -1)
y = torch.arange(200) % 10
confidence, correct = p.max(-1).values, (p.argmax(-1) == y)

interval = Exercise(
    "The interval of a paired difference",
    (
        ("two numbers, the lower first", lambda f: len(f(a, b)) == 2 and f(a, b)[0] < f(a, b)[1]),
        ("the mean difference lies in the middle", lambda f: close(sum(f(a, b)) / 2, (a - b).mean())),
        ("what both arms gain alike changes nothing", lambda f: close(f(a + 5, b + 5), f(a, b))),
        ("swapped arms swap and negate the ends", lambda f: close(f(b, a), [-f(a, b)[1], -f(a, b)[0]])),
        ("it is Student's, of n - 1 degrees of freedom", lambda f: close(f(a, b), _by_scipy())),
    ),
    (
        "Only the differences matter: d = a - b.",
        "The half width is t times the standard error, s.d. / sqrt(n), with n - 1 in the s.d.",
        "scipy.stats.t.ppf(0.975, n - 1) is the t.",
    ),
    "from scipy import stats\n\ndef answer(a, b):\n    d = a - b\n    half = stats.t.ppf(0.975, len(d) - 1) * d.std() / len(d) ** 0.5\n"
    "    return d.mean() - half, d.mean() + half\n",
)  # fmt: skip

corrected = Exercise(
    "Thirty looks, one doubt",
    (
        (
            "one look needs no correction",
            lambda f: [bool(k) for k in f([0.04])] == [True],
        ),
        (
            "none of thirty values of 0.04 is a finding",
            lambda f: not any(f([0.04] * 30)),
        ),
        (
            "one of 0.001 among thirty is",
            lambda f: (
                [bool(k) for k in f([0.5] * 29 + [0.001])] == [False] * 29 + [True]
            ),
        ),
        ("a smaller value never does worse than a larger", lambda f: _ordered(f)),
        (
            "of a thousand maps of pure chance, fewer than 70 have a finding",
            lambda f: _false_alarms(f) < 70,
        ),
    ),
    (
        "With 30 honest cells of no effect, 1 - 0.95**30 = 79 % of the maps have a p below 0.05.",
        "Ask more of each cell the more cells you look at.",
        "Bonferroni: compare each p with 0.05 / len(ps). (Holm's way finds a little more, and passes too.)",
    ),
    "def answer(ps):\n    return [p < 0.05 / len(ps) for p in ps]\n",
)

calibration = Exercise(
    "Expected calibration error",
    (
        ("sure and always right: 0", lambda f: close(f(torch.ones(10), torch.ones(10, dtype=torch.bool)), 0.0)),
        ("sure and right half of the time: one half", lambda f: close(f(torch.ones(10), torch.arange(10) % 2 == 0), 0.5)),
        ("the order of the images does not matter", lambda f: close(f(confidence.flip(0), correct.flip(0)), f(confidence, correct))),
        ("too sure in one bin and too modest in another do not cancel", lambda f: close(f(*_two_bins()), 0.25)),
        ("it is the package's", lambda f: close(f(confidence, correct), measures.calibration_error(p, y))),
    ),
    (
        "Ten bins of equal width: bin k holds the confidences in (k / 10, (k + 1) / 10].",
        "In each bin, the distance between the mean confidence and the share of right answers.",
        "Weigh each distance by the share of the images in its bin, and sum.",
    ),
    "def answer(confidence, correct):\n    total = 0.0\n    for k in range(10):\n"
    "        inside = (confidence > k / 10) & (confidence <= (k + 1) / 10)\n        if inside.any():\n"
    "            gap = confidence[inside].double().mean() - correct[inside].double().mean()\n"
    "            total += inside.double().mean() * gap.abs()\n    return total\n",
)  # fmt: skip


def _by_scipy() -> tuple[float, float]:
    low, high = stats.ttest_rel(a.double(), b.double()).confidence_interval(0.95)
    return float(low), float(high)


def _ordered(f) -> bool:
    ps = torch.linspace(0.0001, 0.2, 30).tolist()
    found = [bool(k) for k in f(ps)]
    return found == sorted(found, reverse=True) and found[0]


def _false_alarms(f) -> int:
    chance = torch.rand(1000, 30, generator=torch.Generator().manual_seed(0)).tolist()
    return sum(any(f(ps)) for ps in chance)


def _two_bins() -> tuple[torch.Tensor, torch.Tensor]:
    sure = torch.cat([torch.full((10,), 0.95), torch.full((10,), 0.55)])
    right = torch.cat(
        [torch.arange(10) < 7, torch.arange(10) < 8]
    )  # 0.7 for 0.95, 0.8 for 0.55: gaps of 0.25 and -0.25
    return sure, right


questions = (
    (
        "On a map of 30 cells, two have a 95 % interval that leaves out 0. What do you conclude?",
        [
            ("Those two temperatures work", "Of 30 cells without any effect, one or two do that by chance.", False),
            ("Little: look for ✱, or run new seeds", "Yes: correct for the number of looks, or test the two on fresh seeds.", True),
            ("Distillation never helps here", "A missing finding is not a finding of nothing.", False),
        ],
    ),
    (
        "The untrained teacher ruins the students at alpha = 1, but hardly at alpha = 0.25. Why?",
        [
            ("The labels still pull with weight 0.75", "Yes: the soft term can only pull towards the same answer for all images.", True),
            ("T² is smaller there", "T² does not depend on alpha.", False),
            ("Those students were luckier with their start", "All cells of a seed start from the same weights.", False),
        ],
    ),
    (
        "Student A is right on 92 % of the images and 99 % sure; B is right on 91 % and 92 % sure. Who has the smaller calibration error?",
        [
            ("A, because it is right more often", "Accuracy is not calibration.", False),
            ("B", "Yes, as far as the means tell: its confidence is close to its accuracy.", True),
            ("They cannot be compared", "The error is a number in [0, 1] for each.", False),
        ],
    ),
)  # fmt: skip
