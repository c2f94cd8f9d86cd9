"""Every exercise: its solution passes, an empty answer and plausible wrong ones do not,
and no answer makes the check raise.
"""

import inspect
import re
import signal
import threading
import time

import numpy as np
import pytest
import torch

from kdsurvey import exercises
from kdsurvey.exercises import Exercise
from kdsurvey.lessons.draw import Draw
from kdsurvey.lessons.exercise import DRAWN, close
from kdsurvey.lessons.trial import copied

ALL = {
    f"{notebook}.{name}": task
    for notebook in exercises.NOTEBOOKS
    for name, task in vars(getattr(exercises, notebook)).items()
    if isinstance(task, Exercise)
}
SOFTEN = ALL["temperature.soften"]


def test_three_to_a_notebook():
    assert len(ALL) == 3 * len(exercises.NOTEBOOKS)
    assert all(len(exercise.hints) == 3 for exercise in ALL.values())


@pytest.mark.parametrize("name", ALL)
def test_a_report_says_each_property_once_in_words(name):
    says = [what for what, _ in ALL[name].properties]
    assert all(isinstance(what, str) and " " in what for what in says), says
    assert len({*says, DRAWN}) == len(says) + 1 and len(says) >= 3


@pytest.mark.parametrize("name", ALL)
def test_the_solution_passes(name):
    scope = {"torch": torch}
    exec(ALL[name].solution, scope)
    assert ALL[name].check(scope["answer"]).solved, ALL[name].check(scope["answer"])


@pytest.mark.parametrize("name", ALL)
def test_wrong_answers_are_told_so(name):
    assert len(ALL[name].wrong_answers) >= 4
    for answer in ALL[name].wrong_answers:
        report = ALL[name].check(answer)
        assert not report.solved, inspect.getsource(answer)
        assert any(holds or "Error" not in why for _, holds, why in report.held)


@pytest.mark.parametrize("name", ALL)
def test_an_empty_answer_is_no_answer(name):
    def empty(*args, **kwargs):
        raise NotImplementedError

    exercise = ALL[name]
    lines = [f"  no   {what}  (nothing written yet)" for what, _ in exercise.properties]
    assert str(exercise.check(empty)) == "\n".join(
        [f"{exercise.title}: not yet", *lines]
    )


@pytest.mark.parametrize("name", ALL)
def test_a_right_answer_is_told_the_properties_and_nothing_else(name):
    exercise = ALL[name]
    lines = [f"  yes  {what}" for what, _ in exercise.properties]
    assert str(exercise.check(exercise.solve)) == "\n".join(
        [f"{exercise.title}: solved", *lines]
    )


def zeros(value):
    if isinstance(value, torch.Tensor):
        return torch.zeros_like(value)
    if isinstance(value, (list, tuple)):
        return type(value)(zeros(part) for part in value)
    return value


def with_argument(exercise, k, change):
    """The solution, but its argument k is changed."""
    signature = inspect.signature(exercise.solve)

    def answer(*args, **kwargs):
        given = list(signature.bind(*args, **kwargs).args)
        given[k] = change(given[k])
        return exercise.solve(*given)

    return answer


@pytest.mark.parametrize("name", ALL)
def test_every_argument_matters(name):
    exercise = ALL[name]
    assert exercise.draws is not None
    arguments = exercise.draws(Draw(1))
    assert len(arguments) == len(inspect.signature(exercise.solve).parameters)
    for k, given in enumerate(arguments):
        changes = [lambda _, given=given: given]
        if isinstance(given, torch.Tensor) or name == "distilling_mnist.together":
            changes.append(zeros)
        for change in changes:
            report = exercise.check(with_argument(exercise, k, change), seed=2)
            assert not report.solved and report.held[-1][0] == DRAWN, (k, str(report))


@pytest.mark.parametrize("name", ALL)
def test_an_answer_may_spoil_what_it_is_given(name):
    exercise = ALL[name]

    def spoil(*args, **kwargs):
        result = exercise.solve(*copied(args), **kwargs)
        for part in args:
            for t in part if isinstance(part, list) else [part]:
                if isinstance(t, torch.Tensor) and not t.requires_grad:
                    t.zero_()
        return result

    assert exercise.check(spoil).solved == (name != "born_again.permute")
    assert exercise.check(exercise.solve).solved


def test_in_place_is_judged_by_its_value():
    soften = exercises.temperature.soften
    assert soften.check(lambda z, T: z.div_(T).softmax(-1)).solved
    assert not soften.check(lambda z, T: z.div_(T**2).softmax(-1)).solved
    assert soften.check(soften.solve).solved
    gradient = exercises.mutual_learning.peer_loss

    def in_place(z, peers, y):
        peers -= peers.logsumexp(2, keepdim=True)
        return gradient.solve(z, peers, y)

    assert gradient.check(in_place).solved


def recorded(exercise):
    """The arguments of one check."""
    seen = []

    def answer(*args):
        seen.append(args)
        return exercise.solve(*args)

    assert exercise.check(answer).solved
    return seen[-1]


def test_each_check_draws_anew_and_leaves_the_reader_his_chance():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one, two = (recorded(exercises.temperature.soften) for _ in range(2))
    assert not torch.equal(one[0], two[0]) and one[1] != two[1]
    assert torch.equal(torch.get_rng_state(), before)


def test_what_was_drawn_is_told_but_not_the_right_value():
    report = SOFTEN.check(lambda z, T: torch.softmax(z / T**2, -1))
    *properties, (what, holds, why) = report.held
    assert len(properties) == len(SOFTEN.properties)
    assert what == DRAWN and not holds
    told = re.fullmatch(
        r"on (z 6×10: \[.*\], T [\d.]+) it gives (6×10: \[.*\]), which is not what "
        r"the definition gives; seed (\d+)",
        why,
    )
    assert all(len(part) <= 100 for part in told.groups()[:2])
    again = SOFTEN.check(lambda z, T: torch.softmax(z / T**2, -1), seed=int(told[3]))
    assert again.held[-1][2] == why


def test_the_input_of_an_error_is_told():
    def answer(z, T):
        return torch.softmax(z / T, -1) if T in (0.5, 1, 3, 50, 1e6) else 1 / 0

    report = SOFTEN.check(answer)
    assert re.fullmatch(
        r"on z 6×10: .*, T .*: ZeroDivisionError: division by zero; seed \d+",
        report.held[-1][2],
    )


def test_what_is_written_in_part_is_not_solved():
    known = {(3, 2): 8, (784, 800, 800, 10): 1276810, (5, 4, 3): 39}
    known |= {(5, 4): 24, (4, 3): 15}

    def answer(widths):
        if tuple(widths) not in known:
            raise NotImplementedError
        return known[tuple(widths)]

    report = exercises.start_here.weights.check(answer)
    assert [holds for _, holds, _ in report.held] == [True, True, True, False]


def test_a_whole_number_is_compared_exactly():
    weights = exercises.start_here.weights
    assert weights.check(lambda w: float(weights.solve(w))).solved
    known = ([3, 2], [784, 800, 800, 10], [5, 4, 3], [5, 4], [4, 3])
    assert not weights.check(
        lambda w: weights.solve(w) + 1e-4 * (w not in known)
    ).solved


def by_numpy(z, T):
    shares = np.exp((z.numpy() - z.numpy().max(1, keepdims=True)) / T)
    return shares / shares.sum(1, keepdims=True)


def recall_by_lists(z, y):
    right = z.argmax(1) == y
    return [right[y == k].double().mean().item() for k in range(10)]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("temperature.soften", by_numpy),
        ("start_here.spread", lambda p: np.float64(torch.special.entr(p).sum())),
        (
            "start_here.share",
            lambda alone, distilled, teacher: share(
                *map(np.float64, (alone, distilled, teacher))
            ),
        ),
        ("missing_three.recall", recall_by_lists),
        ("missing_three.recall", lambda z, y: np.array(recall_by_lists(z, y))),
        (
            "low_precision.straight",
            lambda w, above: (above.numpy() * (abs(w.numpy()) <= 1))[::-1][::-1],
        ),
        (
            "mutual_learning.passes",
            lambda K, turns: np.array([K * K if turns else K, K]),
        ),
        ("native_ensemble.cost", lambda t, b, m: [t + b, t + m * b, m * (t + b)]),
        (
            "playground.interval",
            lambda a, b: list(map(float, ALL["playground.interval"].solve(a, b))),
        ),
    ],
)
def test_arrays_and_lists_are_taken(name, answer):
    assert ALL[name].check(answer).solved, ALL[name].check(answer)


def share(alone, distilled, teacher):
    return (alone - distilled) / (alone - teacher)


def test_close():
    assert close(np.arange(3)[::-1], [2, 1, 0]) and close(np.float32(2), 2)
    assert close([[1, 2], [3, 4]], torch.tensor([[1, 2], [3, 4]]))
    assert not close([1.0], 1.0) and not close(float("nan"), float("nan"))


class Mute(Exception):
    def __str__(self):
        raise RuntimeError


def raising(error):
    def answer(*args, **kwargs):
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda z, T: None, "it returns None: write `return`"),
        (raising(SystemExit(1)), "SystemExit: 1"),
        (raising(GeneratorExit()), "GeneratorExit"),
        (raising(Mute()), "Mute"),
        (raising(ValueError("no\n  way")), "ValueError: no way"),
        (raising(ValueError("x" * 10**7)), "ValueError: " + "x" * 200),
    ],
)
def test_what_goes_wrong_is_said(answer, said):
    report = SOFTEN.check(answer)
    lines = report.held[: len(SOFTEN.properties)]
    assert [(holds, why) for _, holds, why in lines] == [(False, said)] * len(lines)
    assert len(str(report)) < 3000


def test_the_stop_button_stops():
    with pytest.raises(KeyboardInterrupt):
        SOFTEN.check(raising(KeyboardInterrupt()))


def endless(*args):
    while True:
        pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarms here")
def test_an_endless_answer_is_stopped_and_an_earlier_alarm_rings_still(monkeypatch):
    monkeypatch.setattr(SOFTEN, "seconds", 0.2)
    rung = []
    handler = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    earlier = signal.setitimer(signal.ITIMER_REAL, 0.6)
    try:
        report = SOFTEN.check(endless)
        assert not rung
        assert signal.getitimer(signal.ITIMER_REAL)[0] < 0.5
        time.sleep(0.7)
    finally:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *earlier)
    assert rung
    first, *others = (why for _, _, why in report.held)
    assert first == "stopped after 0.2 seconds"
    assert set(others) == {"not tried: the time was over"} and not report.solved


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarms here")
def test_endless_on_drawn_values_alone_is_not_solved(monkeypatch):
    monkeypatch.setattr(SOFTEN, "seconds", 0.5)
    known = (0.5, 1, 3, 50, 1e6)
    report = SOFTEN.check(
        lambda z, T: torch.softmax(z / T, -1) if T in known else endless()
    )
    assert report.held[-1] == (DRAWN, False, "stopped after 0.5 seconds")


def test_in_a_thread_there_is_no_bound_but_a_report():
    reports = []
    thread = threading.Thread(target=lambda: reports.append(SOFTEN.check(SOFTEN.solve)))
    thread.start()
    thread.join()
    assert reports[0].solved


def test_gradients_are_found_where_they_are_switched_off():
    gradient = exercises.feature_fusion.loss
    with torch.no_grad():
        assert gradient.check(gradient.solve).solved


def alone_by_teacher(alone, distilled, teacher):
    return (alone - distilled) / teacher


def equal_classes(z, y):
    right = z.argmax(1) == y
    return torch.stack([right[y == k].sum() / (len(y) / 10) for k in range(10)])


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("temperature.soften", lambda z, T: torch.softmax(z / T**2, -1)),
        ("start_here.share", alone_by_teacher),
        ("missing_three.carries", lambda v, k, T: torch.softmax(v / T, -1)[:, 0]),
        ("missing_three.recall", equal_classes),
    ],
)
def test_what_has_every_property_may_still_be_wrong(name, answer):
    *properties, drawn = ALL[name].check(answer).held
    assert all(holds for _, holds, _ in properties) and drawn[0] == DRAWN
