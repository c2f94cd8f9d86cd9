"""Low precision while it trains: ternary or k-bit nets without a teacher and in the
three schemes of Apprentice.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from torch import nn

from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.lessons.low_precision.experiments import FINE, tuned_alone
from kdsurvey.methods import apprentice, plain
from kdsurvey.nets import mlp
from kdsurvey.panels.kit.controls import Choice, Knob, Settings
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.precision.chart import NAMES, Layer, picture
from kdsurvey.panels.race.arm import Arm
from kdsurvey.panels.race.finished import Finished
from kdsurvey.panels.race.race import Race
from kdsurvey.pictures import Chart, Picture
from kdsurvey.stage import Stage, Teacher
from kdsurvey.surgery import lower, precision_of, used, weighted

WEIGHT_BITS, ACTIVATION_BITS = (2, 3, 4, 6, 8, 32), (1, 2, 3, 4, 6, 8, 32)
FIRST_SHOWN = 2  # the hidden layer after the first, which stays in full precision


def precision(
    data: Data,
    teacher: nn.Sequential | Teacher,
    *,
    width: int = 8,
    depth: int = 5,
    weight_bits: int = 2,
    activation_bits: int = 8,
    threshold: float = 0.7,
    top: float = 4.0,
    config: Config | None = None,
    finished: Finished | None = None,
    place: str | None = None,
) -> Panel:
    """Return a panel that trains a small MLP in full precision, in low precision, and as an
    apprentice in the schemes A, B and C.

    teacher: a trained `nets.mlp`; scheme A trains a net of its shape from the start.
    width, depth: of the student, which has batch norm. weight_bits, activation_bits,
    threshold (of ternary weights), top: as for `surgery.Precision`. config: 12 epochs
    of batches of 64 at 0.1, cosine, where None, as many for every arm: scheme C, and C
    without a teacher, spend the first half in full precision. Beside the accuracies:
    one layer's weights before and after quantising. finished: arm -> (net, rows of
    `train`), nets trained before, which are shown until the first run here. place: as
    for live_training. Raises ValueError for a teacher of another kind, for values out
    of range and for an arm that the panel does not have.
    """
    config = config or Config(
        epochs=12, batch_size=64, lr=0.1, schedule="cosine", weight_decay=5e-4
    )
    if config.epochs < 2:
        raise ValueError(
            f"precision: scheme C needs 2 epochs or more, got {config.epochs}"
        )
    if depth < 2:
        raise ValueError(
            "precision: no layer between the first and the last may be lowered "
            f"at depth {depth}; give 2 or more"
        )
    return PrecisionRace(
        data,
        config,
        place,
        teacher=teacher,
        width=width,
        depth=depth,
        finished=finished,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        threshold=threshold,
        top=top,
    )


class PrecisionRace(Race):
    """See `precision`; `arms` is the last run."""

    kind = "precision"
    title = "Low precision"
    text = (
        "(panel: low precision. Weight bits, activation bits, threshold, largest activation, "
        "weights of, layer, seed; Start, Pause, Stop; two charts)"
    )
    about = (
        "Two charts of a small net in full and in low precision, without a teacher and in "
        "three schemes with one: validation accuracy over the epochs, and one layer's weights "
        "before and after quantising"
    )
    lines = NAMES

    weight_bits = Choice("Weight bits", 2, WEIGHT_BITS, width=None)
    activation_bits = Choice("Activation bits", 8, ACTIVATION_BITS, width=None)
    threshold = Knob("Threshold Δ", 0.7, 0, 0.95, step=0.05)
    top = Knob("Activations to", 4.0, 0.25, 16, log=True)
    shown = Choice(
        "Weights of", NAMES[1], NAMES, view=True, width=200, label_width="70px"
    )
    layer = Choice(
        "in", FIRST_SHOWN, (FIRST_SHOWN,), view=True, width=160, label_width="20px"
    )

    def __init__(
        self,
        data: Data,
        config: Config,
        place: str | None,
        *,
        teacher: nn.Sequential | Teacher,
        width: int,
        depth: int,
        finished: Finished | None,
        **starts: object,
    ):
        self._teacher = Teacher(teacher)
        self._fresh = like(self._teacher.net)
        layers = [(f"hidden layer {k}", k) for k in range(FIRST_SHOWN, depth + 1)]
        starts["layer"] = replace(PrecisionRace.layer, options=layers)
        super().__init__(data, config, place, **starts)
        self._hidden = [width] * depth
        self.arrange_with(finished)

    def _student(self, seed: int) -> nn.Sequential:
        pixels, classes = self._data.train[0][0].numel(), len(self._data.classes)
        return mlp(pixels, *self._hidden, classes, norm=True, seed=seed)

    def lineup(self, settings: Settings) -> list[Arm]:
        low = {
            "weight_bits": settings.weight_bits,
            "activation_bits": settings.activation_bits,
            "threshold": settings.threshold,
            "top": settings.top,
        }
        seed = settings.seed
        schemes: dict[str, Callable[[nn.Sequential], Iterator[Stage]]] = {
            "full precision": plain,
            "no teacher": lambda net: plain(lower(net, **low)),
            "scheme A": lambda net: apprentice(
                net, self._fresh(seed), scheme="A", **low
            ),
            "scheme B": lambda net: apprentice(net, self._teacher, scheme="B", **low),
            "scheme C": lambda net: second_half(
                net, lambda: apprentice(net, self._teacher, scheme="C", **low)
            ),
            "C, no teacher": lambda net: second_half(
                net, lambda: tuned_alone(net, self._data, FINE[0], **low)
            ),
        }
        arms = []
        for name in NAMES:
            net = self._student(seed)
            arms.append(Arm(name, net, scored(schemes[name](net), net)))
        return arms

    def measure(self, arm: Arm) -> list[Layer]:
        """Return the weights of its inner layers."""
        return [layer_of(part) for part in weighted(arm.net)[1:-1]]

    def words(self, settings: Settings) -> str:
        limit = ""
        if settings.weight_bits == 2:
            limit = f", threshold {settings.threshold:g} × mean |w|"
        return (
            f"{settings.weight_bits}-bit weights{limit}, "
            f"{settings.activation_bits}-bit activations up to {settings.top:g}, "
            f"seed {settings.seed}"
        )

    def beside(self, accuracies: Chart, settings: Settings) -> Picture:
        layers = {arm.name: arm.measured for arm in self.arms}
        place = self.layer.value - FIRST_SHOWN
        shown = layers.get(self.shown.value)  # an arm that did not run has none
        layer = shown[place] if shown else None
        name = f"{self.shown.value}, {self.layer.label}"
        return picture(accuracies, layer, name)


def like(teacher: nn.Module) -> Callable[[int], nn.Sequential]:
    """Return seed -> a fresh net of the shape of a net of `nets.mlp`. Raises ValueError for
    another kind of net.
    """
    layers = weighted(teacher)
    flat = isinstance(teacher, nn.Sequential) and isinstance(teacher[0], nn.Flatten)
    if not flat or len(layers) != len([*teacher.children()]) - 1:
        raise ValueError(
            "precision: the teacher must be an MLP, "
            "as nets.mlp(784, 128, 128, 10, norm=True) builds it"
        )
    norm = any(isinstance(part, nn.BatchNorm1d) for part in teacher.modules())
    widths = [layers[0].weight.shape[1], *(len(layer.weight) for layer in layers)]
    return lambda seed: mlp(*widths, norm=norm, seed=1000 + seed)


def second_half(net: nn.Module, then: Callable[[], Iterator[Stage]]) -> Iterator[Stage]:
    """Train half of the epochs in full precision on labels, and the other half as `then` says
    once they are over.
    """
    yield replace(next(plain(net)), name="full precision", epochs=0.5)
    for stage in then():
        yield replace(stage, epochs=0.5)


def scored(stages: Iterator[Stage], net: nn.Module) -> Iterator[Stage]:
    """Yield the stages with one score, that of the net."""
    for stage in stages:
        yield replace(stage, score={"net": net})


def layer_of(part: nn.Linear | nn.Conv2d) -> Layer:
    """Return a layer's weights before and after quantising."""
    how = precision_of(part)
    weights = part.weight.detach()
    limit = 0.0
    if how.weight_bits == 2 and how.threshold is not None:
        limit = how.threshold * weights.abs().mean().item()
    behind = weights.flatten().cpu().numpy()
    computed = used(part).flatten().cpu().numpy()
    return Layer(behind, computed, limit, how.weight_bits)
