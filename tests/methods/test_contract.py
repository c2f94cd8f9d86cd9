"""What every method owes, whatever it computes: one battery, and one line of METHODS
for each method and its variants.
"""

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
import torch
from fake_gpu import NoValues, NoWaitingCopies
from torch import nn
from torch._subclasses.fake_tensor import DataDependentOutputException

from kdsurvey import methods, sweeps
from kdsurvey.branches import Branches, branched, fusion, gate
from kdsurvey.data import Data
from kdsurvey.nets import conv, mlp
from kdsurvey.stage import Batch, Stage
from kdsurvey.training import Config, train

CONFIG = Config(
    epochs=2, batch_size=16, lr=0.05, schedule="constant", seed=3, device="cpu"
)


@dataclass
class Made:
    """A method at work: its stages, every net it was given, and which of these it may change."""

    stages: Iterator[Stage]
    learners: list[nn.Module]
    frozen: list[nn.Module] = field(default_factory=list)


def net(seed: int) -> nn.Sequential:
    """With batch-norm, so that a statistic that drifts is seen; on whatever device is the default."""
    return conv(2, 6, 8, classes=3, seed=seed)


def plain() -> Made:
    learner = net(0)
    return Made(methods.plain(learner), [learner])


def hinton(**options) -> Made:
    student, teacher = net(0), net(1)
    return Made(methods.hinton(student, teacher, **options), [student], [teacher])


def fitnets(**options) -> Made:
    student, teacher = net(0), net(1)
    return Made(
        methods.fitnets(student, teacher, **({"guided": 1, "hint": 1} | options)),
        [student],
        [teacher],
    )


def joint_hints(**options) -> Made:
    student, teacher = net(0), net(1)
    return Made(
        methods.joint_hints(student, teacher, guided=1, hint=1, **options),
        [student],
        [teacher],
    )


def fsp(**options) -> Made:
    student, teacher = net(0), net(1)
    return Made(
        methods.fsp(student, teacher, **({"pairs": ((1, 2),)} | options)),
        [student],
        [teacher],
    )


def dml(**options) -> Made:
    peers = [net(0), net(1), conv(2, 5, 7, classes=3, seed=2)]
    return Made(methods.dml(peers, **options), peers)


def ban(**options) -> Made:
    students, teacher = [net(0), net(2)], net(1)
    return Made(
        methods.ban(iter(students).__next__, teacher, **({"generations": 2} | options)),
        students,
        [teacher],
    )


def apprentice(**options) -> Made:
    student, teacher = net(0), net(1)
    return Made(methods.apprentice(student, teacher, **options), [student], [teacher])


def branches() -> Branches:
    return branched(net, 1, 3)


def one(gated: bool = True, **options) -> Made:
    learner, own = branches(), gate(6, 3, seed=0) if gated else None
    return Made(
        methods.one(learner, own, **options), [learner, own] if gated else [learner]
    )


def ffl(different: bool = False, **options) -> Made:
    learner = (
        Branches(nn.Sequential(), [net(0), conv(2, 5, 8, 8, classes=3, seed=1)])
        if different
        else branches()
    )
    fused = fusion(*[8] * len(learner), width=8, head=net(9)[-1], seed=0)
    return Made(methods.ffl(learner, fused, **options), [learner, fused])


def ensemblenet(lam: float) -> Made:
    learner = branches()
    return Made(methods.ensemblenet(learner, lam=lam), [learner])


METHODS: dict[str, Callable[[], Made]] = {
    "plain": plain,
    "hinton": hinton,
    "hinton, soft alone": lambda: hinton(alpha=1.0),
    "hinton, hard alone": lambda: hinton(alpha=0.0),
    "hinton, T = 1": lambda: hinton(T=1.0),
    "hinton, T = 20": lambda: hinton(T=20.0),
    "hinton, tensors": lambda: hinton(T=torch.tensor(4.0), alpha=torch.tensor(0.5)),
    "fitnets": fitnets,
    "fitnets, hint half as large": lambda: fitnets(guided=1, hint=2),
    "fitnets, own regressor": lambda: fitnets(
        regressor=conv(6, 6, classes=3, seed=2)[0]
    ),
    "fitnets, second stage alone": lambda: fitnets(hint_epochs=0.0),
    "joint hints": joint_hints,
    "fsp": fsp,
    "fsp, lam given": lambda: fsp(lam=0.1),
    "fsp, channels in another order": lambda: fsp(permutation={1: [5, 4, 3, 2, 1, 0]}),
    "dml": dml,
    "dml, one pass": lambda: dml(turns=False),
    "dml, ensemble": lambda: dml(target="ensemble", T=2.0),
    "dml, few labels": lambda: dml(labelled=torch.arange(96, device="cpu") % 2 == 0),
    "ban": ban,
    "ban+l": lambda: ban(target="ban+l"),
    "ban, cwtm": lambda: ban(target="cwtm"),
    "ban, dkpp": lambda: ban(target="dkpp"),
    "ban, dkpp redrawn": lambda: ban(target="dkpp", redrawn=True),
    "apprentice, A": apprentice,
    "apprentice, B": lambda: apprentice(scheme="B"),
    "apprentice, C": lambda: apprentice(scheme="C", fine_lr=1.0),
    "apprentice, mean squares": lambda: apprentice(match="mse", gamma=0.05),
    "apprentice, all layers of 4 bits": lambda: apprentice(
        scheme="B", weight_bits=4, activation_bits=4, ends=True
    ),
    "ffl": ffl,
    "ffl, two kinds of nets": lambda: ffl(different=True),
    "ffl, one arrow": lambda: ffl(to_branches=0.0),
    "one": one,
    "one, no gate": lambda: one(gated=False),
    "one, faded in": lambda: one(ramp=0.5),
    "one, no distillation": lambda: one(weight=0.0),
    "ensemblenet, ensemble alone": lambda: ensemblenet(lam=0.0),
    "ensemblenet, heads alone": lambda: ensemblenet(lam=1.0),
    "ensemblenet, co-distillation": lambda: ensemblenet(lam=2.0),
}
UNLABELLED = ("soft alone", "few labels", "dkpp")
LABELLED = [
    name for name in METHODS if not any(words in name for words in UNLABELLED)
]  # those that learn from labels

every_method = pytest.mark.parametrize("make", METHODS.values(), ids=METHODS)


def held(module: nn.Module) -> dict[str, torch.Tensor]:
    return copy.deepcopy(module.state_dict())


def same(a: dict, b: dict) -> bool:
    return all(torch.equal(a[k], b[k]) for k in a)


def batch_of(data: Data, n: int = 16) -> Batch:
    x, y = data.train
    return Batch(x[:n], y[:n], torch.arange(n), x)


def stages_of(made: Made) -> Iterator[tuple[Stage, nn.Module, Callable]]:
    """Every learner of every stage, without training between them."""
    for stage in made.stages:
        for learner, loss in stage.learn.items():
            yield stage, learner.train(), loss


@every_method
def test_terms_are_finite_scalars_with_names(make, toy):
    made = make()
    for (_, _, loss), progress in itertools.product(stages_of(made), (0.0, 0.5, 1.0)):
        terms = loss(batch_of(toy), progress)
        assert terms and all(isinstance(name, str) for name in terms)
        assert all(term.ndim == 0 and term.isfinite() for term in terms.values())


@every_method
def test_gradient_reaches_all_of_the_learner_and_nothing_else(make, toy):
    made = make()
    for _, learner, loss in stages_of(made):
        nets = [learner, *made.learners, *made.frozen]
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
        p.requires_grad for n in made.frozen for p in n.parameters()
    )  # the caller's own net is as it was


@every_method
def test_every_learner_changes_and_the_frozen_nets_do_not(make, toy):
    made = make()
    modes = [[m.training for m in n.modules()] for n in made.frozen]
    learners, frozen = [held(n) for n in made.learners], [held(n) for n in made.frozen]
    train(made.stages, toy, CONFIG, progress=False)
    for before, learner in zip(learners, made.learners):
        assert not [
            name
            for name, value in held(learner).items()
            if torch.equal(value, before[name])
        ]
    assert all(same(before, held(n)) for before, n in zip(frozen, made.frozen))
    assert modes == [[m.training for m in n.modules()] for n in made.frozen]


@pytest.mark.parametrize("pixels", [0, 1])
@every_method
def test_same_seed_same_rows(make, pixels, toy):
    rows = [
        train(
            make().stages,
            toy,
            replace(CONFIG, jitter=pixels, seed=seed),
            progress=False,
        )
        for seed in (3, 3, 4)
    ]
    assert rows[0] == rows[1] and rows[0] != rows[2]


@pytest.mark.parametrize("name", LABELLED)
def test_one_batch_is_learnt_by_heart(name, toy):
    torch.manual_seed(0)
    # labels that have nothing to do with the images
    x = toy.train[0][:12]
    y = torch.arange(12) % 3
    made = METHODS[name]()
    for teacher in made.frozen:  # a teacher that knows them
        train(
            methods.plain(teacher),
            replace(toy, train=(x, y), validation=None),
            replace(CONFIG, epochs=150),
            progress=False,
        )
    by_heart = replace(toy, train=(x, y), test=(x, y), validation=None)
    rows = train(made.stages, by_heart, replace(CONFIG, epochs=150), progress=False)
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
def test_values_of_a_stack_made_on_the_cpu_serve_a_gpu(options, monkeypatch):
    """Config(device="auto") moves the nets; who wrote torch.tensor([1.0, 4.0]) beside
    it cannot know where to.
    """
    monkeypatch.setattr(nn.Module, "to", lambda self, *_: self)
    with NoValues(allow_non_fake_inputs=True), torch.device("cuda"):
        x = torch.rand(32, 2, 8, 8)
        y = torch.zeros(32, dtype=torch.long)
        i = torch.arange(16)
        student = sweeps.stack([mlp(128, 8, 3), mlp(128, 8, 3)])
        (stage,) = methods.hinton(student, net(1), **options)
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
    made = make()
    stage = None
    for stage in made.stages:
        assert stage.name and stage.learn and stage.epochs > 0 and stage.lr > 0
        for predict in stage.score.values():
            assert predict(toy.test[0]).shape == (40, 3)
    assert stage.score


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name]().frozen])
def test_the_teacher_is_another_net(name, toy):
    """No parameter is shared, whatever net is the teacher; a student may even be taught
    by a copy of itself.
    """
    made = METHODS[name]()
    student = {p.data_ptr() for n in made.learners for p in n.parameters()}
    assert not student & {p.data_ptr() for n in made.frozen for p in n.parameters()}
    own = net(0)
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
