"""A race on training images a share of whose labels is drawn anew."""

from kdsurvey.data import Data
from kdsurvey.panels.kit.controls import Knob, Settings, percent
from kdsurvey.panels.race.race import Race


def _sentence(share: float) -> str:
    return f"{percent(share)} of the labels drawn anew"


def mislabelled(data: Data, noise: float, seed: int) -> Data:
    """Return the data with a share `noise`, in [0, 1], of the training labels drawn anew."""
    return data.mislabelled(noise, seed) if noise else data


class NoisyLabels(Race):
    """A race whose arms all learn from the same wrong labels, drawn by the seed."""

    noise = Knob("Labels redrawn", 0.2, 0, 0.8, says=_sentence)

    def images(self, settings: Settings) -> Data:
        return mislabelled(self._data, settings.noise, settings.seed)
