"""Planted faults that `test_design.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a design gets the test images",
        "lessons/design.py",
        "replace(data, test=data.held_out)",
        "replace(data, test=data.test)",
    ),
    Fault(
        "a design may change the teacher",
        "lessons/design.py",
        "*copy.deepcopy(others)",
        "*others",
    ),
    Fault(
        "a design is judged on other images than said",
        "lessons/design.py",
        'data.held_out if part == "validation"',
        'data.held_out if part == "test"',
    ),
    Fault(
        "a design that does not do can be opened",
        "lessons/design.py",
        "if all(holds for",
        "if any(holds for",
    ),
    Fault(
        "looks at the test images are not counted",
        "lessons/design.py",
        "self.opened += 1",
        "self.opened = 1",
    ),
    Fault(
        "any net is small enough",
        "lessons/design.py",
        "if size > self.weights or",
        "if",
    ),
    Fault(
        "a net need not grow",
        "lessons/design.py",
        " or size < self.least",
        "",
    ),
    Fault(
        "a design may take any number of steps",
        "lessons/design.py",
        "taken.update(steps=1)",
        "taken.update(steps=0)",
    ),
    Fault(
        "a design is judged as it was trained, not as it is served",
        "lessons/design.py",
        "if self._serve else net",
        "if False else net",
    ),
]
