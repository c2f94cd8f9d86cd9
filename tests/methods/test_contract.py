"""The battery of checks that every method passes, whatever it computes.

Each method's own test file lists its examples as CONTRACT, what it refuses at the call
as REFUSED, and its options, where it has some, as DEFAULTS.
"""

import copy
import importlib
import inspect
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from fake_gpu import NoValues, NoWaitingCopies
from methods.contract import Case, Example, small_net
from patterns import optional
from torch import nn
from torch._subclasses.fake_tensor import DataDependentOutputException
from torch.utils._python_dispatch import _disable_current_modes

from kdsurvey import methods, papers, sweeps
from kdsurvey.data import Data
from kdsurvey.nets import mlp
from kdsurvey.stage import Batch, Stage
from kdsurvey.training import Config, train

CONFIG = Config(
    epochs=2, batch_size=16, lr=0.05, schedule="constant", seed=3, device="cpu"
)


TESTS = [
    importlib.import_module(f"methods.{path.stem}")
    for path in sorted(Path(__file__).parent.glob("test_*.py"))
    if path.stem != "test_contract"
]


def listed(entry: str) -> list[tuple[str, str, Any]]:
    """What the methods' own test files list under a name: (method, name, value)."""
    return [
        (module.__name__.removeprefix("methods.test_"), name, value)
        for module in TESTS
        for name, value in getattr(module, entry, {}).items()
    ]


CASES: dict[str, Case] = {name: case for _, name, case in listed("CONTRACT")}
REFUSED: dict[str, Callable[[], object]] = {
    f"{method}, {name}": call for method, name, call in listed("REFUSED")
}
DEFAULTS: dict[str, dict] = {name: options for _, name, options in listed("DEFAULTS")}
# Checks that methods share say what they check
SHARED = ("the temperature must be ", "low precision: ", "ramp_up: ", "nets 0 and 1 ")
METHODS = {name: case.make for name, case in CASES.items()}
LABELLED = [name for name, case in CASES.items() if case.labelled]

# Rows have these names: stage: terms -> what is measured
NAMES = {
    "apprentice, A": ["apprentice: teacher, hard, soft -> student, teacher"],
    "apprentice, B": ["apprentice: hard, soft -> student"],
    "ban": [
        "generation 1: soft -> generation 1, generations 1-1",
        "generation 2: soft -> generation 2, generations 1-2",
    ],
    "ban+l": [
        "generation 1: soft, hard -> generation 1, generations 1-1",
        "generation 2: soft, hard -> generation 2, generations 1-2",
    ],
    "ban, cwtm": [
        "generation 1: weighted -> generation 1, generations 1-1",
        "generation 2: weighted -> generation 2, generations 1-2",
    ],
    "ban, dkpp": [
        "generation 1: permuted -> generation 1, generations 1-1",
        "generation 2: permuted -> generation 2, generations 1-2",
    ],
    "dml": ["mutual: hard, mutual -> peer 0, peer 1, peer 2"],
    "dml, one pass": [
        "mutual: peer 0 hard, peer 0 mutual, peer 1 hard, peer 1 mutual, peer 2 hard, "
        "peer 2 mutual -> peer 0, peer 1, peer 2"
    ],
    "ensemblenet, co-distillation": [
        "ensemblenet: heads, ensemble -> head 0, head 1, head 2, ensemble"
    ],
    "ffl": [
        "ffl: branches, fused, to fused, to branches -> branch 0, branch 1, branch 2, "
        "fused, ensemble"
    ],
    "fitnets": ["hint: hint -> ", "distil: hard, soft -> student"],
    "joint hints": ["joint: hard, soft, hint -> student"],
    "fsp": ["flow: flow 1-2 -> ", "task: hard -> student"],
    "hinton": ["distil: hard, soft -> student"],
    "one": [
        "one: branches, ensemble, distil -> branch 0, branch 1, branch 2, ensemble"
    ],
    "plain": ["plain: hard -> net"],
    "plain, smoothed": ["plain: smoothed -> net"],
    "virtual teacher": ["distil: hard, virtual -> student"],
}

every_method = pytest.mark.parametrize("make", METHODS.values(), ids=METHODS)


def test_every_method_is_in_the_battery():
    own = set(methods.__all__) - {"joint_hints"}  # tested with fitnets
    battery = own - {"codistil"}  # needs two processes
    for entry, needed in {"REFUSED": own, "CONTRACT": battery}.items():
        lacking = needed - {method for method, *_ in listed(entry)}
        files = [f"tests/methods/test_{method}.py" for method in lacking]
        assert not files, f"{entry} is to be listed in {files}"
    strangers = {method for method, *_ in listed("CONTRACT")} - own
    assert not strangers, f"kdsurvey/methods/__init__.py does not name {strangers}"


@pytest.mark.parametrize("entry", ["CONTRACT", "DEFAULTS"])
def test_no_two_files_list_one_name(entry):
    """The second would take the place of the first."""
    names = Counter(name for _, name, _ in listed(entry))
    assert not [name for name, times in names.items() if times > 1]


@pytest.mark.parametrize("name", methods.__all__)
def test_options_have_the_defaults_that_its_tests_list(name):
    assert optional(getattr(methods, name)) == DEFAULTS.get(name, {}), (
        f"list them as DEFAULTS = {{'{name}': ...}} in the method's own test file"
    )


@pytest.mark.parametrize("name", methods.__all__)
def test_its_paper_is_listed(name):
    text = inspect.getdoc(getattr(methods, name))
    cited = set(re.findall(r"arXiv (\d{4}\.\d{4,5})", text))
    known = {paper.arxiv for paper in papers.PAPERS.values()}
    assert cited <= known, "its paper goes into kdsurvey/papers.toml"
    authors = {re.match(r"\w+", paper.authors)[0] for paper in papers.PAPERS.values()}
    named = any(author in text for author in authors)
    assert named or name in ("plain", "joint_hints"), (
        "the docstring names the first author, as papers.toml does"
    )


@pytest.mark.parametrize("name", REFUSED)
def test_bad_arguments_are_refused_at_the_call_with_the_methods_name(name):
    method = "joint_hints" if ", joint: " in name else name.partition(",")[0]
    with pytest.raises(ValueError) as refused:
        REFUSED[name]()
    assert str(refused.value).startswith((f"{method}: ", *SHARED))


def held(module: nn.Module) -> dict[str, torch.Tensor]:
    return copy.deepcopy(module.state_dict())


def same(a: dict, b: dict) -> bool:
    return all(torch.equal(a[k], b[k]) for k in a)


def batch_of(data: Data, n: int = 16) -> Batch:
    x, y = data.train
    return Batch(x[:n], y[:n], torch.arange(n), x)


def stages_of(example: Example) -> Iterator[tuple[Stage, nn.Module, Callable]]:
    """Every learner of every stage, without training between them."""
    for stage in example.stages:
        for learner, loss in stage.learn.items():
            yield stage, learner.train(), loss


@every_method
def test_terms_are_finite_scalars_with_names(make, toy):
    example = make()
    for (_, _, loss), progress in itertools.product(
        stages_of(example), (0.0, 0.5, 1.0)
    ):
        terms = loss(batch_of(toy), progress)
        assert terms and all(isinstance(name, str) for name in terms)
        odd = {n: t for n, t in terms.items() if t.ndim or not t.isfinite()}
        assert not odd, "a term is one finite number: the mean over the batch"


@pytest.mark.parametrize("name", NAMES)
def test_stages_terms_and_measures_have_their_names(name, toy):
    lines = []
    for stage in METHODS[name]().stages:
        terms = {}
        for loss in stage.learn.values():
            terms |= loss(batch_of(toy), 0.5)
        lines.append(f"{stage.name}: {', '.join(terms)} -> {', '.join(stage.score)}")
    assert lines == NAMES[name]


@every_method
def test_gradient_reaches_all_of_the_learner_and_nothing_else(make, toy):
    example = make()
    for _, learner, loss in stages_of(example):
        nets = [learner, *example.learners, *example.frozen]
        for parameter in itertools.chain(*(n.parameters() for n in nets)):
            parameter.grad = None
        sum(loss(batch_of(toy), 0.5).values()).backward()
        own = {id(p): name for name, p in learner.named_parameters()}
        assert not [
            name
            for name, p in learner.named_parameters()
            if p.grad is None or not p.grad.any()
        ]
        strays = [
            p
            for n in nets
            for p in n.parameters()
            if id(p) not in own and p.grad is not None
        ]
        assert not strays
    assert all(
        p.requires_grad for n in example.frozen for p in n.parameters()
    )  # the caller's own net is as it was


@every_method
def test_every_learner_changes_and_the_frozen_nets_do_not(make, toy):
    example = make()
    modes = [[m.training for m in n.modules()] for n in example.frozen]
    learners, frozen = (
        [held(n) for n in example.learners],
        [held(n) for n in example.frozen],
    )
    train(example.stages, toy, CONFIG, progress=False)
    for before, learner in zip(learners, example.learners):
        assert not [
            name
            for name, value in held(learner).items()
            if torch.equal(value, before[name])
        ]
    assert all(same(before, held(n)) for before, n in zip(frozen, example.frozen)), (
        "a net that is not to learn has changed: make it a Teacher inside the generator"
    )
    assert modes == [[m.training for m in n.modules()] for n in example.frozen]


@pytest.mark.parametrize("pixels", [0, 1])
@every_method
def test_same_seed_same_rows(make, pixels, toy):
    rows = [
        train(
            make().stages,
            toy,
            replace(CONFIG, batch_size=32, jitter=pixels, seed=seed),
            progress=False,
        )
        for seed in (3, 3, 4)
    ]
    assert rows[0] == rows[1] and rows[0] != rows[2]


@pytest.fixture(scope="module")
def taught() -> dict[tuple, dict]:
    """The weights of teachers that know the batch, by what they were before."""
    return {}


def teach(teacher: nn.Module, by_heart: Data, taught: dict[tuple, dict]) -> None:
    """Train a teacher until it knows the batch, once for all that start the same."""
    untaught = str(teacher), *(w.numpy().tobytes() for w in held(teacher).values())
    if untaught not in taught:
        config = replace(CONFIG, epochs=150)
        train(methods.plain(teacher), by_heart, config, progress=False)
        taught[untaught] = held(teacher)
    teacher.load_state_dict(taught[untaught])
    teacher.eval()  # as training leaves it


@pytest.mark.parametrize("name", LABELLED)
def test_one_batch_is_learnt_by_heart(name, toy, taught):
    torch.manual_seed(0)
    # labels that have nothing to do with the images
    x = toy.train[0][:12]
    y = torch.arange(12) % 3
    example = METHODS[name]()
    by_heart = replace(toy, train=(x, y), test=(x, y), validation=None)
    for teacher in example.frozen:
        teach(teacher, by_heart, taught)
    config = replace(CONFIG, epochs=CASES[name].epochs)
    rows = train(example.stages, by_heart, config, progress=False)
    scores = {
        name: value
        for name, value in rows[-1].items()
        if name.endswith("test accuracy")
    }
    assert scores and min(scores.values()) == 1.0, scores


@pytest.mark.filterwarnings(
    "ignore:Accessing the data pointer of FakeTensor"
)  # by deepcopy
@pytest.mark.parametrize("augmented", [False, True])
@every_method
def test_losses_run_on_a_gpu_without_waiting_for_it(make, augmented, monkeypatch):
    monkeypatch.setattr(
        nn.Module, "to", lambda self, *_: self
    )  # cannot be done without values; all is on the GPU already
    monkeypatch.setattr(torch, "equal", lambda a, b: a is b)
    with NoValues(), torch.device("cuda"):
        x = torch.rand(32, 2, 8, 8)
        y = torch.zeros(32, dtype=torch.long)
        i = torch.arange(16)
        batch = Batch(x[i], y[i], i, x, augmented)
        for _, _, loss in stages_of(make()):
            for term in loss(batch, 0.5).values():
                assert term.device.type == "cuda" and term.requires_grad


@pytest.mark.filterwarnings(
    "ignore:Accessing the data pointer of FakeTensor"
)  # by deepcopy
@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize("name", METHODS)
def test_after_the_first_batch_no_loss_copies_and_waits(name, augmented, monkeypatch):
    monkeypatch.setattr(nn.Module, "to", lambda self, *_: self)
    monkeypatch.setattr(torch, "equal", lambda a, b: a is b)
    with NoValues(), torch.device("cuda"):
        x, y, i = (
            torch.rand(96, 2, 8, 8),
            torch.zeros(96, dtype=torch.long),
            torch.arange(16),
        )
        batch = Batch(x[i], y[i], i, x, augmented)
        for _, _, loss in stages_of(METHODS[name]()):
            loss(batch, 0.5)  # may look at all images, and copy what it keeps
            with NoWaitingCopies():
                loss(batch, 0.6)


@pytest.mark.parametrize(
    "fault",
    [
        lambda z: z + torch.tensor(2.0),
        lambda z: z[:, [2, 1, 0]],
        lambda z: z[torch.arange(16, device="cpu")],
        lambda z: z + torch.ones(16, 3, device="cpu").to(z.device),
        lambda z: z.copy_(torch.ones(16, 3, device="cpu")),
        lambda z: z.cpu(),
    ],
)
def test_a_copy_that_waits_is_noticed(fault):
    with NoValues(), torch.device("cuda"):
        z = torch.rand(16, 3)
        with NoWaitingCopies(), pytest.raises(RuntimeError, match="that waits"):
            fault(z)


@pytest.mark.filterwarnings("ignore:Accessing the data pointer of FakeTensor")
@pytest.mark.parametrize(
    "options",
    [{"T": torch.tensor([1.0, 4.0])}, {"alpha": torch.tensor([0.0, 1.0])}],
    ids=str,
)
def test_values_of_a_stack_example_on_the_cpu_serve_a_gpu(options, monkeypatch):
    """Config(device="auto") moves the nets; who wrote torch.tensor([1.0, 4.0]) beside
    it cannot know where to.
    """
    monkeypatch.setattr(nn.Module, "to", lambda self, *_: self)
    with NoValues(allow_non_fake_inputs=True), torch.device("cuda"):
        x = torch.rand(32, 2, 8, 8)
        y = torch.zeros(32, dtype=torch.long)
        i = torch.arange(16)
        student = sweeps.stack([mlp(128, 8, 3), mlp(128, 8, 3)])
        teacher = small_net(1)
        with _disable_current_modes():  # the reader's tensor is a real one
            stages = methods.hinton(student, teacher, **options)
        (stage,) = stages
        batch = Batch(x[i], y[i], i, x)
        stage.learn[student](batch, 0.5)
        with NoWaitingCopies():
            terms = stage.learn[student](batch, 0.6)
        assert all(
            term.device.type == "cuda" and term.shape == (2,) for term in terms.values()
        )


@pytest.mark.filterwarnings("ignore:Accessing the data pointer of FakeTensor")
@pytest.mark.parametrize(
    "fault",
    [
        lambda z: float(z.sum()),
        lambda z: z.sum().item(),
        lambda z: z if z.sum() > 0 else -z,
        lambda z: z[z > 0].sum().tolist(),
        lambda z: z + torch.ones(3, device="cpu"),
    ],
)
def test_a_loss_that_waits_or_mixes_devices_is_noticed(fault):
    with (
        NoValues(),
        torch.device("cuda"),
        pytest.raises((RuntimeError, DataDependentOutputException)),
    ):
        fault(torch.rand(16, 3))


@every_method
def test_a_method_stops_and_goes_by_stage(make, toy):
    """Stages have names, scores are functions from images to one logit a class, and the
    last stage scores something.
    """
    example = make()
    stage = None
    for stage in example.stages:
        assert stage.name and stage.learn and stage.epochs > 0 and stage.lr > 0
        for predict in stage.score.values():
            assert predict(toy.test[0]).shape == (40, 3)
    assert stage.score


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name]().frozen])
def test_the_teacher_is_another_net(name, toy):
    """No parameter is shared, whatever net is the teacher; a student may even be taught
    by a copy of itself.
    """
    example = METHODS[name]()
    student = {p.data_ptr() for n in example.learners for p in n.parameters()}
    assert not student & {p.data_ptr() for n in example.frozen for p in n.parameters()}
    own = small_net(0)
    before = held(own)
    train(
        methods.hinton(own, own, alpha=1.0),
        toy,
        replace(CONFIG, epochs=1, batch_size=96),
        progress=False,
    )
    assert not same(
        before, held(own)
    )  # batch-norm in train mode differs from the frozen copy in eval mode
