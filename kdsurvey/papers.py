"""The surveyed papers, and the figures of theirs that may be printed: only those
checked against the paper or quoted from it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """One reference; `arxiv` is None where no identifier was verified."""

    authors: str
    title: str
    year: int
    venue: str
    arxiv: str | None = None

    def __str__(self) -> str:
        place = f"{self.venue} {self.year}" if self.venue else str(self.year)
        return f"{self.authors}. {self.title}. {place}" + (
            f", arXiv {self.arxiv}" if self.arxiv else ""
        )


@dataclass(frozen=True)
class Figure:
    """A figure as a paper gives it. mark: V1, in the paper's own text or table; V2,
    quoted from the paper by others.
    """

    value: float | tuple[float, ...]
    unit: str
    what: str  # measured on what
    source: str
    of: int | None = None  # of how many, where it is a count
    mark: str = "V1"

    def __str__(self) -> str:
        told = (
            "the paper reports"
            if self.mark == "V1"
            else "the paper, as quoted by others, reports"
        )
        *first, last = [
            f"{v:,}"
            for v in (self.value if isinstance(self.value, tuple) else (self.value,))
        ]
        values = f"{', '.join(first)} and {last}" if first else last
        unit = f"{self.unit} of {self.of:,}" if self.of else self.unit
        return f"{told} {values} {unit} ({self.source})"


PAPERS = {
    "fitnets": Paper(
        "Romero et al.", "FitNets: Hints for Thin Deep Nets", 2015, "ICLR", "1412.6550"
    ),
    "hinton": Paper(
        "Hinton, Vinyals, Dean",
        "Distilling the Knowledge in a Neural Network",
        2015,
        "",
        "1503.02531",
    ),
    "fsp": Paper(
        "Yim, Joo, Bae, Kim", "A Gift from Knowledge Distillation", 2017, "CVPR"
    ),
    "net2net": Paper("Chen, Goodfellow, Shlens", "Net2Net", 2016, "ICLR", "1511.05641"),
    "dml": Paper(
        "Zhang, Xiang, Hospedales, Lu",
        "Deep Mutual Learning",
        2018,
        "CVPR",
        "1706.00384",
    ),
    "ban": Paper(
        "Furlanello et al.", "Born-Again Networks", 2018, "ICML", "1805.04770"
    ),
    "apprentice": Paper("Mishra, Marr", "Apprentice", 2018, "ICLR", "1711.05852"),
    "ffl": Paper(
        "Kim, Hyun, Chung, Kwak",
        "Feature Fusion for Online Mutual KD",
        2020,
        "ICPR",
        "1904.09058",
    ),
    "one": Paper(
        "Lan, Zhu, Gong",
        "Knowledge Distillation by On-the-Fly Native Ensemble",
        2018,
        "NeurIPS",
        "1806.04606",
    ),
    "ensemblenet": Paper("Li, Ng, Natsev", "EnsembleNet", 2019, "", "1905.09979"),
}

_NO_3 = "no 3 in the transfer set"
_ONLY = "only 7s and 8s in the transfer set"
_WHOLE, _PART = "baseline, the whole training set", "baseline, 3 % of the training set"
_SOFT = "soft targets, 3 % of the training set"
_MEAN, _TOGETHER = "% accuracy, mean of three nets", "% accuracy, three nets together"
_TOP1 = "% top-1 accuracy"
_TOP1_ERROR = "% top-1 error"
_ERROR = "% test error"
_DENSE = "DenseNet-112-33, 90-60, 80-80 and 80-120"
_WRN = "WRN-28-1, 28-2, 28-5 and 28-10"
_EIGHT = "WRN-28-1, 28-2, 28-5, 28-10 and four DenseNets"
_POINTS = "points more test error"
_TRAIN, _TEST = "% train frame accuracy", "% test frame accuracy"

FIGURES = {
    "hinton": {
        # MNIST, all of its 60,000 training and 10,000 test images
        "big": Figure(
            67,
            "errors",
            "2 x 1200 units, dropout, weight constraints, jittered inputs",
            "section 3",
            10_000,
        ),
        "small": Figure(
            146, "errors", "2 x 800 units, no regularisation", "section 3", 10_000
        ),
        "distilled": Figure(
            74,
            "errors",
            "the small net, soft targets of the big net at T = 20",
            "section 3",
            10_000,
        ),
        "jitter": Figure(
            2, "pixels of jitter at most", "the big net's inputs", "section 3"
        ),
        "T": Figure(20, "as temperature", "the distilled net", "section 3"),
        "wide T": Figure(
            8,
            "as temperature above which all do about the same",
            "300 units a layer or more",
            "section 3",
        ),
        "narrow T": Figure(
            (2.5, 4),
            "as ends of the best temperatures",
            "30 units a layer",
            "section 3",
        ),
        "no 3": Figure(206, "errors", _NO_3, "section 3", 10_000),
        "no 3, on 3s": Figure(133, "errors on test 3s", _NO_3, "section 3", 1_010),
        "no 3, bias": Figure(
            3.5,
            "added to the bias of class 3",
            f"{_NO_3}; chosen on the test set",
            "section 3",
        ),
        "no 3, corrected": Figure(
            109, "errors", f"{_NO_3}, bias of class 3 raised", "section 3", 10_000
        ),
        "no 3, corrected, on 3s": Figure(
            14,
            "errors on test 3s",
            f"{_NO_3}, bias of class 3 raised",
            "section 3",
            1_010,
        ),
        "no 3, corrected, right": Figure(
            98.6, "% of test 3s right", f"{_NO_3}, bias of class 3 raised", "section 3"
        ),
        "only 7 and 8": Figure(47.3, "% test error", _ONLY, "section 3"),
        "only 7 and 8, bias": Figure(
            7.6,
            "taken from biases 7 and 8",
            f"{_ONLY}; chosen on the test set",
            "section 3",
        ),
        "only 7 and 8, corrected": Figure(
            13.2, "% test error", f"{_ONLY}, their biases lowered", "section 3"
        ),
        # Speech: 14,000 states, some 700 million frames
        "speech T": Figure(
            (1, 2, 5, 10),
            "as temperatures tried",
            "distilled single model",
            "speech experiment",
        ),
        "speech hard weight": Figure(
            0.5,
            "as relative weight of the hard term",
            "distilled single model",
            "speech experiment",
        ),
        "speech baseline": Figure(58.9, "% frame accuracy", "single model", "table 1"),
        "speech baseline WER": Figure(10.9, "% word error", "single model", "table 1"),
        "speech ensemble": Figure(
            61.1, "% frame accuracy", "ensemble of 10", "table 1", mark="V2"
        ),
        "speech ensemble WER": Figure(
            10.7, "% word error", "ensemble of 10", "table 1", mark="V2"
        ),
        "speech distilled": Figure(
            60.8, "% frame accuracy", "distilled single model", "table 1", mark="V2"
        ),
        "speech distilled WER": Figure(
            10.7, "% word error", "distilled single model", "table 1", mark="V2"
        ),
        # Soft targets as a regulariser, on the same speech task
        "hard 100 %, train": Figure(63.4, _TRAIN, _WHOLE, "table 5", mark="V2"),
        "hard 100 %": Figure(58.9, _TEST, _WHOLE, "table 5"),
        "hard 3 %, train": Figure(67.3, _TRAIN, _PART, "table 5", mark="V2"),
        "hard 3 %": Figure(44.5, _TEST, _PART, "table 5"),
        "soft 3 %, train": Figure(65.4, _TRAIN, _SOFT, "table 5", mark="V2"),
        "soft 3 %": Figure(57.0, _TEST, _SOFT, "table 5"),
        # Specialists: 100 million images, 15,000 labels
        "specialists": Figure(
            61, "specialists", "300 classes each", "specialists on JFT"
        ),
        "specialists gain": Figure(
            4.4,
            "% relative gain in top-1 accuracy",
            "with specialists",
            "specialists on JFT",
        ),
        "specialists top-1": Figure(
            (25.0, 26.1),
            "% top-1",
            "without and with them",
            "specialists on JFT",
            mark="V2",
        ),
    },
    "fitnets": {
        # MNIST, thin student of about 30,000 weights
        "teacher": Figure(
            0.55, "% test error", "MNIST, teacher of about 361,000 weights", "table 4"
        ),
        "plain": Figure(
            1.9,
            "% test error",
            "MNIST, the student by backpropagation alone",
            "table 4",
        ),
        "kd": Figure(
            0.65,
            "% test error",
            "MNIST, the student by knowledge distillation",
            "table 4",
        ),
        "hints": Figure(
            0.51,
            "% test error",
            "MNIST, the student by hints, then distillation",
            "table 4",
        ),
        # CIFAR-10
        "depth plain": Figure(
            5,
            "layers at most",
            "30 million multiplications, backpropagation alone",
            "section 4.1",
        ),
        "depth kd": Figure(
            7,
            "layers at most",
            "30 million multiplications, knowledge distillation",
            "section 4.1",
        ),
        "depth hints": Figure(
            13, "layers at most", "30 million multiplications, hints", "section 4.1"
        ),
        "hints, 7 layers": Figure(
            (89.45, 90.1),
            "% accuracy",
            "CIFAR-10, 7 layers, without and with hints",
            "section 4.1",
        ),
        "cifar10 teacher": Figure(
            90.18,
            "% accuracy",
            "CIFAR-10, 5 layers, about 9 million weights",
            "table 5",
        ),
        "cifar10 hints": Figure(
            91.61,
            "% accuracy",
            "CIFAR-10, FitNet 4, 19 layers, about 2.5 million weights",
            "table 5",
        ),
    },
    "fsp": {
        # CIFAR-10, three 26-layer nets each: mean of the three, and the three together
        "teacher": Figure(91.75, _MEAN, "trained in 64,000 steps", "table 1"),
        "teacher ensemble": Figure(
            93.48, _TOGETHER, "trained in 64,000 steps each", "table 1"
        ),
        "third": Figure(90.64, _MEAN, "trained in a third of the steps", "table 1"),
        "third ensemble": Figure(
            92.6, _TOGETHER, "trained in a third of the steps", "table 1"
        ),
        "copied": Figure(
            92.04, _MEAN, "from the teacher's weights, a third of the steps", "table 1"
        ),
        "copied ensemble": Figure(
            92.71,
            _TOGETHER,
            "from the teacher's weights, a third of the steps",
            "table 1",
        ),
        "fitnet": Figure(91.72, _MEAN, "FitNets, one hint", "table 1"),
        "fitnet ensemble": Figure(92.98, _TOGETHER, "FitNets, one hint", "table 1"),
        "fsp": Figure(92.14, _MEAN, "FSP", "table 1"),
        "fsp ensemble": Figure(93.26, _TOGETHER, "FSP", "table 1"),
        "shuffled": Figure(
            92.08,
            _MEAN,
            "FSP, the teacher's channels in another order for each",
            "table 1",
        ),
        "shuffled ensemble": Figure(
            93.67,
            _TOGETHER,
            "FSP, the teacher's channels in another order for each",
            "table 1",
        ),
        # A smaller student, and another task
        "small alone": Figure(87.91, "% accuracy", "CIFAR-10, 8 layers", "table 3"),
        "small fitnet": Figure(
            88.57, "% accuracy", "CIFAR-10, 8 layers, FitNets", "table 3"
        ),
        "small fsp": Figure(88.70, "% accuracy", "CIFAR-10, 8 layers, FSP", "table 3"),
        "small alone, 100": Figure(
            58.65, "% accuracy", "CIFAR-100, 14 layers", "table 4"
        ),
        "small fitnet, 100": Figure(
            61.28, "% accuracy", "CIFAR-100, 14 layers, FitNets", "table 4"
        ),
        "small fsp, 100": Figure(
            63.33, "% accuracy", "CIFAR-100, 14 layers, FSP", "table 4"
        ),
        "transfer teacher": Figure(
            77.72,
            "% accuracy",
            "200 birds, teacher of 34 layers, fine-tuned",
            "table 5",
        ),
        "transfer teacher alone": Figure(
            47.53,
            "% accuracy",
            "200 birds, teacher of 34 layers, from scratch",
            "table 5",
        ),
        "transfer alone": Figure(
            47.73,
            "% accuracy",
            "200 birds, student of 20 layers, from scratch",
            "table 5",
        ),
        "transfer fitnet": Figure(
            70.19, "% accuracy", "200 birds, student of 20 layers, FitNets", "table 5"
        ),
        "transfer fsp": Figure(
            74.26, "% accuracy", "200 birds, student of 20 layers, FSP", "table 5"
        ),
    },
    "net2net": {
        "rate": Figure(
            0.1,
            "times the teacher's first learning rate",
            "where the student starts",
            "advice",
            mark="V2",
        ),
    },
    "dml": {
        # CIFAR-100, two nets each: alone, and by mutual learning
        "resnet": Figure(68.99, _TOP1, "ResNet-32, alone", "table 2"),
        "resnets, mutual": Figure((71.19, 70.75), _TOP1, "two ResNet-32", "table 2"),
        "wide resnet": Figure(78.69, _TOP1, "WRN-28-10, alone", "table 2"),
        "wide resnets, mutual": Figure(
            (80.28, 80.08), _TOP1, "two WRN-28-10", "table 2"
        ),
        "unequal, mutual": Figure(
            (78.96, 70.73), _TOP1, "WRN-28-10 and ResNet-32", "table 2"
        ),
        "unequal, one way": Figure(
            69.48, _TOP1, "ResNet-32 that learns from a trained WRN-28-10", "table 4"
        ),
        # Market-1501, MobileNets
        "one way, equal": Figure(
            45.16, "% mAP", "MobileNet that learns from a trained MobileNet", "table 4"
        ),
        "equal, alone": Figure(46.07, "% mAP", "MobileNet, alone", "table 4"),
        "equal, mutual": Figure((52.95, 51.26), "% mAP", "two MobileNets", "table 4"),
        "entropy": Figure(
            (1.71, 0.26),
            "nats of posterior entropy",
            "ResNet-32, mutual and alone",
            "analysis",
            mark="V2",
        ),
    },
    "ban": {
        # CIFAR-100, DenseNets 112-33, 90-60, 80-80 and 80-120
        "teacher": Figure((18.25, 17.69, 17.16, 16.87), _ERROR, _DENSE, "table 2"),
        "ban": Figure((16.95, 16.69, 16.36, 16.00), _ERROR, _DENSE, "table 2"),
        "ban+l": Figure((17.68, 16.93, 16.5, 16.41), _ERROR, _DENSE, "table 2"),
        "cwtm": Figure((17.84, 17.42, 17.16, 17.12), _ERROR, _DENSE, "table 2"),
        "dkpp": Figure((17.84, 17.43, 16.84, 16.34), _ERROR, _DENSE, "table 2"),
        "ban-1": Figure(
            (17.61, 16.62, 16.26, 16.13),
            _ERROR,
            f"{_DENSE}: BAN once more, with another seed",
            "table 2",
        ),
        "ban-2": Figure((17.22, 16.44, 16.30, 16.13), _ERROR, _DENSE, "table 2"),
        "ensemble of 2": Figure(
            (15.77, 15.39, 15.46, 15.13), _ERROR, _DENSE, "table 2"
        ),
        "ensemble of 3": Figure((15.68, 15.74, 15.14, 14.9), _ERROR, _DENSE, "table 2"),
        # CIFAR-10, where the text says "lower or equal" and three of eight rows are higher
        "cifar10 teacher": Figure(
            (6.69, 5.06, 4.13, 3.77, 3.84, 3.81, 3.48, 3.37), _ERROR, _EIGHT, "table 1"
        ),
        "cifar10 ban": Figure(
            (6.64, 4.86, 4.03, 3.86, 3.61, 3.5, 3.49, 3.54), _ERROR, _EIGHT, "table 1"
        ),
        # CIFAR-100: wide residual nets, and a DenseNet-90-60 that learns from each of them
        "wrn teacher": Figure((30.05, 25.32, 20.88, 19.08), _ERROR, _WRN, "table 3"),
        "wrn ban": Figure(
            (29.43, 24.38, 20.93, 18.25), _ERROR, f"{_WRN}, born again", "table 3"
        ),
        "wrn to densenet": Figure(
            (24.93, 18.49, 17.52, 16.79),
            _ERROR,
            f"DenseNet-90-60 that learns from {_WRN}",
            "table 3",
        ),
        # Penn Treebank
        "language teacher": Figure(
            (80.05, 71.87), "test perplexity", "ConvLSTM and LSTM", "table 6"
        ),
        "language ban+l": Figure(
            (76.97, 68.56), "test perplexity", "ConvLSTM and LSTM", "table 6"
        ),
    },
    "apprentice": {
        # ImageNet, top-1; nA mW is n-bit activations and m-bit weights
        "ternary": Figure(
            33.4,
            _TOP1_ERROR,
            "ResNet-18, ternary weights, no teacher",
            "results",
            mark="V2",
        ),
        "ternary, A": Figure(
            31.5,
            _TOP1_ERROR,
            "ResNet-18, ternary weights, scheme A, its best teacher",
            "results",
            mark="V2",
        ),
        "full": Figure(
            23.8, _TOP1_ERROR, "ResNet-50, full precision", "results", mark="V2"
        ),
        "8A 4W": Figure(
            28.5, _TOP1_ERROR, "ResNet-50, 8A 4W, no teacher", "results", mark="V2"
        ),
        "8A 4W, A or B": Figure(
            25.5, _TOP1_ERROR, "ResNet-50, 8A 4W, scheme A or B", "table 4", mark="V2"
        ),
        "8A 4W, C": Figure(
            25.1, _TOP1_ERROR, "ResNet-50, 8A 4W, scheme C", "table 4", mark="V2"
        ),
        "32A 2W, A or B": Figure(
            25.3, _TOP1_ERROR, "ResNet-50, 32A 2W, scheme A or B", "table 4", mark="V2"
        ),
        "32A 2W, C": Figure(
            24.7, _TOP1_ERROR, "ResNet-50, 32A 2W, scheme C", "table 4", mark="V2"
        ),
        "epochs, A": Figure(
            105, "epochs, about", "until scheme A converges", "schemes", mark="V2"
        ),
        "epochs, B": Figure(
            (80, 85), "epochs, about", "until scheme B converges", "schemes", mark="V2"
        ),
    },
    "one": {
        "T": Figure(3, "as temperature", "the divergence", "the authors' code"),
        # CIFAR-100, ResNet-110, and what it loses without a part; ImageNet
        "alone": Figure(
            25.33, _ERROR, "CIFAR-100, ResNet-110, alone", "comparisons", mark="V2"
        ),
        "one": Figure(
            21.62,
            _ERROR,
            "CIFAR-100, ResNet-110, one branch of ONE",
            "comparisons",
            mark="V2",
        ),
        "imagenet": Figure(
            (30.48, 29.45),
            _ERROR,
            "ImageNet, ResNet-18, alone and ONE, top-1",
            "comparisons",
            mark="V2",
        ),
        "no distillation": Figure(
            24.73,
            _ERROR,
            "CIFAR-100, ResNet-110, ONE without the divergence",
            "ablation",
            mark="V2",
        ),
        "no distillation, more": Figure(
            3.11, _POINTS, "ONE without the divergence", "ablation", mark="V2"
        ),
        "no sharing, more": Figure(
            0.83, _POINTS, "ONE without shared layers", "ablation", mark="V2"
        ),
        "no sharing, cost": Figure(
            83,
            "% more training cost",
            "ONE without shared layers",
            "ablation",
            mark="V2",
        ),
        "no gate, more": Figure(
            0.64, _POINTS, "ONE without a gate", "ablation", mark="V2"
        ),
    },
}


def cite(paper: str) -> str:
    """The reference of a surveyed paper in one line, such as cite("hinton"). Raises
    ValueError for a paper not surveyed.
    """
    if paper not in PAPERS:
        raise ValueError(
            f"cite: {paper!r} is not among the surveyed papers {sorted(PAPERS)}"
        )
    return str(PAPERS[paper])


def reported(paper: str, key: str) -> Figure:
    """What a paper reports, such as reported("hinton", "distilled"): a Figure that
    prints as a clause and holds its value.

    Raises ValueError, "not available", for a figure that was not verified: then no
    number is printed.
    """
    cite(paper)
    known = FIGURES.get(paper, {})
    if key not in known:
        raise ValueError(
            f"reported: {key!r} of {paper!r} is not available; verified figures: {sorted(known) or 'none'}"
        )
    return known[key]
