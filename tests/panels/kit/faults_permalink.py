"""Planted faults that `test_permalink.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a broken permalink believed",
        "panels/kit/permalink.py",
        "or not unpacker.eof ",
        "",
    ),
    Fault(
        "a permalink that fills the memory",
        "panels/kit/permalink.py",
        "(packed, LONGEST)",
        "(packed)",
    ),
    Fault(
        "a permalink of any size of net",
        "panels/kit/training_panel.py",
        "not self.declared[name].allows(value)",
        "False",
    ),
    Fault(
        "what was turned is not looked at",
        "panels/kit/permalink.py",
        "        yield made.name, made.value\n",
        "        pass\n",
    ),
    Fault(
        "a line break ends a permalink",
        "panels/kit/permalink.py",
        '"".join(text.split())',
        "text",
    ),
    Fault(
        "a refused permalink half taken",
        "panels/kit/panel.py",
        "Panel.restore(self, before)",
        "pass",
    ),
]
