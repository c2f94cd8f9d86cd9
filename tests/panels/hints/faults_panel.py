"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "race: every arm has the config's seed",
        "panels/race/race.py",
        "replace(self._config, seed=settings.seed)",
        "self._config",
    ),
    Fault(
        "race: no gate between two batches",
        "panels/race/race.py",
        "            run.gate()\n",
        "            pass\n",
    ),
    Fault(
        "race: the permalink has the controls of now",
        "panels/race/race.py",
        "if value != now[name]}",
        "if False}",
    ),
    Fault(
        "race: a stopped run is made again to its end",
        "panels/race/race.py",
        "return turn == until",
        "return False",
    ),
    Fault(
        "race: one score in place of several",
        "panels/race/arm.py",
        "if len(scores) == 1 else scores",
        "if scores else scores",
    ),
    Fault(
        "hints: block and layer confused",
        "panels/hints/panel.py",
        '"guided": settings.guided + 1,',
        '"guided": settings.guided,',
    ),
    Fault(
        "hints: KD with a hint stage",
        "lessons/fitnets/experiments.py",
        "hint_epochs=0.0, **blocks",
        "**blocks",
    ),
    Fault(
        "race: a finished run from elsewhere is in the permalink",
        "panels/kit/training_panel.py",
        "        self.ran_here = False\n",
        "",
    ),
    Fault(
        "race: the net of a finished run is not measured",
        "panels/race/race.py",
        "                arm.add(row)\n            arm.measured = self.measure(arm)\n",
        "                arm.add(row)\n",
    ),
]
