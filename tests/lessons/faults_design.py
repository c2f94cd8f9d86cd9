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
        "lessons/answering.py",
        "if size > most or",
        "if",
    ),
    Fault(
        "a net need not grow",
        "lessons/answering.py",
        " or size < least",
        "",
    ),
    Fault(
        "a net may ask another one",
        "lessons/answering.py",
        "if size + elsewhere > most:",
        "if False:",
    ),
    Fault(
        "weights that do nothing are growth",
        "lessons/answering.py",
        "if size - idle < least:",
        "if False:",
    ),
    Fault(
        "statistics count as weights",
        "lessons/answering.py",
        "if place not in places | statistics",
        "if place not in places",
    ),
    Fault(
        "a net may answer by its place in the batch",
        "lessons/answering.py",
        "order = torch.arange(len(x)).flip(0).roll(1)",
        "order = torch.arange(len(x))",
    ),
    Fault(
        "a net may answer by the images beside it",
        "lessons/answering.py",
        "half = logits_of(net, x[: -(-len(x) // 2)])",
        "half = together[: -(-len(x) // 2)]",
    ),
    Fault(
        "one net may be that of all seeds",
        "lessons/design.py",
        "if place in known:",
        "if False:",
    ),
    Fault(
        "the reader's code runs before the rivals are trained",
        "lessons/design.py",
        "for seed in self.seeds: self._of(seed)",
        "pass",
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
