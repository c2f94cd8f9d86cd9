"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "generations: always the first teacher",
        "panels/generations/panel.py",
        "self.nets[0 if self.name == SMOOTH else k - 1]",
        "self.nets[0]",
    ),
    Fault(
        "generations: smoothed as the net before is sure",
        "panels/generations/panel.py",
        "self.nets[0 if self.name == SMOOTH else k - 1]",
        "self.nets[k - 1]",
    ),
    Fault(
        "generations: one seed for all of them",
        "panels/generations/panel.py",
        "1000 * k + self._seed",
        "self._seed",
    ),
    Fault(
        "generations: the first teacher in the ensemble",
        "panels/generations/panel.py",
        "Ensemble(self.nets[1:])",
        "Ensemble(self.nets)",
    ),
    Fault(
        "generations: controls learn the target",
        "panels/generations/panel.py",
        "{BORN: settings.target, ALONE: ALONE,",
        "{BORN: settings.target, ALONE: settings.target,",
    ),
    Fault(
        "generations: labels of another draw",
        "panels/race/noisy_labels.py",
        "settings.noise, settings.seed)",
        "settings.noise, 0)",
    ),
    Fault(
        "generations: the answers of the first net",
        "panels/generations/panel.py",
        "arm.data.train[0][:IMAGES], arm.nets[-1]",
        "arm.data.train[0][:IMAGES], arm.nets[0]",
    ),
    Fault(
        "generations: the right labels shown as given",
        "panels/generations/panel.py",
        "given = arm.data.train[1]",
        "given = self._data.train[1]",
    ),
    Fault(
        "generations: the length of one",
        "panels/generations/panel.py",
        "self._config.epochs * (1 + settings.count)",
        "self._config.epochs",
    ),
    Fault(
        "generations: shows an image whose label is right",
        "panels/generations/panel.py",
        "(given.train[1] != data.train[1])",
        "(given.train[1] == data.train[1])",
    ),
    Fault(
        "lineage: the beginning of a generation",
        "panels/generations/chart.py",
        'if row["epoch"] == epochs:',
        'if row["epoch"] == 1:',
    ),
    Fault(
        "lineage: always the first image",
        "panels/generations/panel.py",
        "        place = self.image.value\n",
        "        place = 0\n",
    ),
    Fault(
        "lineage: taught and given swapped",
        "panels/generations/chart.py",
        "bars(left, classes.of(aim), role=6,",
        "bars(left, classes.of(q), role=6,",
    ),
    Fault(
        "lineage: births in the middle",
        "panels/generations/chart.py",
        "[epochs * k for k in range(count + 1)]",
        "[epochs * k // 2 for k in range(count + 1)]",
    ),
    Fault(
        "race: the axis follows a new beginning",
        "panels/race/arm.py",
        "for epoch, shares in scored if epoch > half for",
        "for epoch, shares in scored for",
    ),
    Fault(
        "race: images as they came",
        "panels/race/race.py",
        "data = self.images(settings)",
        "data = self._data",
    ),
    Fault(
        "generations: a finished run is one long generation",
        "panels/generations/panel.py",
        'k += row["epoch"] == 1',
        "k = 0",
    ),
    Fault(
        "generations: a finished run is taught by itself",
        "panels/generations/panel.py",
        "self._aim_at(len(self.nets) - 1)",
        "self._aim_at(0)",
    ),
    Fault(
        "race: scores without a line are drawn",
        "panels/race/arm.py",
        "elif scored in lines:",
        "else:\n            lines = {scored: scored, **lines}",
    ),
]
