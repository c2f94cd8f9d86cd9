"""Mutual learning while it trains: peers that learn from each other, beside a net that
learns alone.
"""

from collections.abc import Sequence

import torch
from torch import nn

from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.losses import entropy
from kdsurvey.methods import dml, plain
from kdsurvey.nets import mlp
from kdsurvey.panels.kit.controls import Check, Knob, Settings
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.peers.chart import ALONE, MOST, NAMES, Answers, picture
from kdsurvey.panels.race.arm import Arm
from kdsurvey.panels.race.finished import Finished
from kdsurvey.panels.race.noisy_labels import NoisyLabels
from kdsurvey.pictures import Chart, Picture
from kdsurvey.stage import in_eval


def peers(
    data: Data,
    *,
    K: int = 2,
    weight: float = 1.0,
    T: float = 1.0,
    noise: float = 0.2,
    widths: Sequence[int] = (128, 128),
    config: Config | None = None,
    finished: Finished | None = None,
    place: str | None = None,
) -> Panel:
    """Return a panel that trains K peers by mutual learning, and a net alone that starts from
    the weights of peer 0.

    data: images with the right labels; noise is the share that is drawn anew, by the
    seed, for all of them alike. K: 2 to 5 MLPs with hidden layers of these widths.
    weight, T: as for `methods.dml`. config: 40 epochs of batches of 64 where None, long
    enough to learn wrong labels by heart. Beside the accuracies: the entropy of the
    answers to the validation images, and how often two nets give the same answer.
    finished: "alone" and "peers" -> (net, rows of `train`), the peers' net a ModuleList;
    trained before on the same data, they are shown until the first run here. place: as
    for live_training. Raises ValueError for values out of range and for an arm that the
    panel does not have.
    """
    config = config or Config(
        epochs=40, batch_size=64, lr=0.05, schedule="cosine", nesterov=True
    )
    starts = {"K": K, "weight": weight, "T": T, "noise": noise}
    return Peers(data, config, place, widths=widths, finished=finished, **starts)


class Peers(NoisyLabels):
    """See `peers`; `arms` is the last run."""

    kind = "peers"
    title = "Peers that learn from each other"
    text = (
        "(panel: peers. Number of peers, weight, T, share of labels redrawn, by turns, seed; "
        "Start, Pause, Stop; three charts)"
    )
    about = (
        "Three charts of peers that learn from each other beside a net alone, over the epochs: "
        "validation accuracy, entropy of the answers, and how often two nets give the same "
        "answer"
    )
    lines = NAMES

    K = Knob("Peers K", 2, 2, MOST, whole=True, says="{} peers")
    turns = Check("by turns", True, otherwise="at once")
    weight = Knob("Weight", 1.0, 0, 8, step=0.5, says="weight {:g}")
    T = Knob("Temperature T", 1.0, 0.5, 20, log=True, says="T = {:g}")

    def __init__(
        self,
        data: Data,
        config: Config,
        place: str | None,
        *,
        widths: Sequence[int],
        finished: Finished | None,
        **starts: object,
    ):
        super().__init__(data, config, place, **starts)
        inputs, classes = self._data.train[0][0].numel(), len(self._data.classes)
        self._widths = inputs, *widths, classes
        self.arrange_with(finished)

    def lineup(self, settings: Settings) -> list[Arm]:
        alone, *group = (
            mlp(*self._widths, seed=settings.seed + 1000 * k)
            for k in (0, *range(settings.K))
        )
        mutual = dml(group, T=settings.T, weight=settings.weight, turns=settings.turns)
        return [
            Arm(ALONE, alone, plain(alone)),
            Arm("peers", nn.ModuleList(group), mutual),
        ]

    def measure(self, arm: Arm) -> list[Answers]:
        """Return what the nets of an arm answered before the run and after each epoch."""
        group = arm.net if isinstance(arm.net, nn.ModuleList) else [arm.net]
        x = self._data.held_out[0]
        with torch.no_grad(), in_eval(arm.net):
            logits = [net(x.to(next(net.parameters()).device)) for net in group]
        z = torch.stack(logits).cpu()
        answers = Answers(entropy(z).mean().item(), z.argmax(-1))
        return [*(arm.measured or ()), answers]

    def beside(self, accuracies: Chart, settings: Settings) -> Picture:
        return picture(accuracies, self.arms, self._config.epochs)
