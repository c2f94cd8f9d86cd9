"""Planted faults that `test_schemes.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a target without its stop",
        "schemes/ink.py",
        'if arrow.kind == "target" and arrow.stop:',
        "if False:",
    ),
    Fault(
        "a target that looks like a forward pass",
        "schemes/ink.py",
        '"target": "9 6"',
        '"target": ""',
    ),
    Fault(
        "who learns is told by colour alone",
        "schemes/ink.py",
        'if box.look == "learns":',
        "if False:",
    ),
    Fault(
        "no thick frame",
        "schemes/ink.py",
        "5.0 if box.served else 1.6",
        "1.6",
    ),
    Fault(
        "words that do not stand out",
        "schemes/ink.py",
        '"frozen": "#dedede"',
        '"frozen": "#808080"',
    ),
    Fault(
        "a card that lets the dark through",
        "schemes/scheme.py",
        "fill=ink.CARD",
        'fill="none"',
    ),
    Fault(
        "a legend without the targets",
        "schemes/legend.py",
        "    return [key for key in MEANING if key in keys]",
        '    return [key for key in MEANING if key in keys and key != "target"]',
    ),
    Fault(
        "a legend of everything",
        "schemes/legend.py",
        "    return [key for key in MEANING if key in keys]",
        "    return list(MEANING)",
    ),
    Fault(
        "words wider than they were measured",
        "schemes/letters.py",
        "PLAIN = 18.0",
        "PLAIN = 22.0",
    ),
    Fault(
        "subscripts too small to read",
        "schemes/letters.py",
        "INDEX = 16.0",
        "INDEX = 11.0",
    ),
    Fault(
        "one id for all titles",
        "schemes/scheme.py",
        'f"kdsurvey-{self.name}-{part}"',
        'f"kdsurvey-{part}"',
    ),
    Fault(
        "no words for the screen reader",
        "schemes/scheme.py",
        'escape(self.text), id=self._id("text")',
        'escape(self.title), id=self._id("text")',
    ),
    Fault(
        "words on the arrow",
        "schemes/parts.py",
        "GAP = 17.0",
        "GAP = 4.0",
    ),
    Fault(
        "FFL: only the last branch is taught",
        "schemes/branched.py",
        'end = Spot(AT + 25, at, f"KL of branch {k}")',
        'end = Spot(AT + 25, at, f"KL of branch {last}")',
    ),
    Fault(
        "FFL: the fusion gets no map",
        "schemes/branched.py",
        "forward(maps.bottom(), fusion.top()),",
        "",
    ),
    Fault(
        "ONE: a teacher that is not detached",
        "schemes/branched.py",
        "yield target(teacher.bottom(), end, *corners)",
        "yield forward(teacher.bottom(), end, *corners)",
    ),
    Fault(
        "codistillation: the copy learns",
        "schemes/peers.py",
        'target(*outward, text=f"p_{j}")',
        'forward(*outward, text=f"p_{j}")',
    ),
    Fault(
        "EnsembleNet: bars that do not add up",
        "schemes/branched.py",
        "((HEADS, ENSEMBLE + APART),)",
        "((HEADS, ENSEMBLE),)",
    ),
    Fault(
        "the staircase: steps at the wrong place",
        "schemes/lowered.py",
        "at = x + (level + 0.5) / LEVELS * UNIT",
        "at = x + level / LEVELS * UNIT",
    ),
    Fault(
        "an arrow through a box",
        "schemes/teachers.py",
        "forward(images.bottom(), served.left(), (86, 380)),",
        "forward(images.right(), hard.left()),",
    ),
]
