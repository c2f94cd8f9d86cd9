"""Nets as readers bring them: what they hand in stays as it is, what does not fit is said."""

import copy
import re

import pytest
import torch
from patterns import small
from torch import nn
from torch.nn.utils import parametrizations, prune

from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.losses import fsp_matrix
from kdsurvey.methods import hinton, plain
from kdsurvey.methods.fsp.flow import Flow
from kdsurvey.nets import mlp
from kdsurvey.stage import Stage, Teacher, keeps_inputs, logits_of
from kdsurvey.training import accuracy, train

QUICK = Config(epochs=1, batch_size=16, lr=0.05, device="cpu")


def run(stages, data, config=QUICK) -> list[dict]:
    return train(stages, data, config, progress=False)


def pruned(net):
    prune.random_unstructured(net[1][0], "weight", 0.5)
    return net


def normed(net):
    parametrizations.weight_norm(net[1][0])
    return net


@pytest.mark.parametrize("change", [pruned, normed])
def test_a_net_with_computed_weights_can_teach(toy, change):
    net, x = change(small(3)), toy.test[0]
    net(x)  # leaves a tensor behind that has a gradient
    teacher = Teacher(net)
    wanted = net.eval()(x)
    assert torch.equal(teacher.logits(x), wanted)
    run(hinton(small(), net), toy)
    run(plain(net), toy)
    assert not torch.equal(net.eval()(x), wanted)
    assert torch.equal(teacher.logits(x), wanted)  # a copy


class Rectified(nn.Module):
    """Works in place, where no attribute says so."""

    def __init__(self):
        super().__init__()
        self.rest = small()

    def forward(self, x):
        return self.rest(x.relu_())


@pytest.mark.parametrize(
    "make", [lambda: nn.Sequential(nn.ReLU(inplace=True), *small()), Rectified]
)
def test_layers_that_work_in_place_leave_the_images_alone(toy, make):
    below = Data(
        *((x - 0.5, y) for x, y in (toy.train, toy.test)), toy.classes, toy.source
    )
    before = [x.clone() for x, _ in (below.train, below.test)]
    net = make()
    accuracy(net, *below.test)
    accuracy(lambda x: net(x.relu_()), *below.test)
    Teacher(net).logits(below.train[0])
    run(hinton(net, make()), below)
    after = [x for x, _ in (below.train, below.test)]
    assert all(torch.equal(a, b) for a, b in zip(before, after))


def test_only_torchs_own_layers_are_known_to_leave_their_input_alone():
    assert keeps_inputs(nn.Sequential(*small(), nn.ReLU()))
    assert not keeps_inputs(nn.Sequential(*small(), nn.ReLU(inplace=True)))
    assert not keeps_inputs(Rectified()) and not keeps_inputs(lambda x: x)


def test_layers_that_work_in_place_leave_flows_alone():
    def conv(a, b):
        return nn.Conv2d(a, b, 3, padding=1)

    torch.manual_seed(0)
    plainly = nn.Sequential(conv(1, 4), nn.ReLU(), conv(4, 4), nn.ReLU())
    net = copy.deepcopy(plainly)
    net[1].inplace = net[3].inplace = True
    x = torch.rand(5, 1, 6, 6)
    for pair in ((1, 3), (1, 4), (2, 3)):
        wanted = fsp_matrix(plainly[: pair[0]](x), plainly[: pair[1]](x))
        assert torch.allclose(Flow(net, [pair])(x), wanted.flatten(1), atol=1e-6)


class Two(nn.Module):
    def __init__(self, as_dict=False):
        super().__init__()
        self.net, self.as_dict = small(), as_dict

    def forward(self, x):
        z = self.net(x)
        return {"logits": z} if self.as_dict else (z, x)


@pytest.mark.parametrize(("net", "what"), [(Two(), "tuple"), (Two(True), "dict")])
def test_a_net_that_returns_more_than_logits_is_told_to_be_wrapped(toy, net, what):
    said = f"Two returns {what}, not logits.*wrap it"
    for act in (
        lambda: run(plain(net), toy),
        lambda: run(hinton(net, small()), toy),
        lambda: run(hinton(small(), net), toy),
        lambda: accuracy(net, *toy.test),
        lambda: logits_of(net, toy.test[0]),
    ):
        with pytest.raises(ValueError, match=said):
            act()
    assert not net._forward_hooks


def test_a_net_of_fewer_classes_is_said(toy):
    with pytest.raises(ValueError, match=r"logits of 2 classes; the data has 3"):
        run(plain(mlp(128, 12, 2, seed=0)), toy)


def test_weights_and_images_of_two_types_are_said(toy):
    wide = Data(
        *((x.double(), y) for x, y in (toy.train, toy.test)), toy.classes, toy.source
    )
    with pytest.raises(ValueError, match=r"images are torch.float64, weights of Seq"):
        run(plain(small()), wide)
    run(plain(small().double()), wide)


BUILT_FOR_ANOTHER_SIZE = {
    "flat": lambda: mlp(127, 12, 3, seed=0),
    "convolution": lambda: nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), mlp(24, 3)),
}


@pytest.mark.parametrize("name", BUILT_FOR_ANOTHER_SIZE)
def test_a_net_that_does_not_take_the_images_is_named_with_their_shape(toy, name):
    shape = tuple(toy.train[0].shape[1:])
    says = re.escape(f"Sequential does not take inputs of shape {shape}, 128 numbers")
    other = BUILT_FOR_ANOTHER_SIZE[name]()
    for stages in (plain(other), hinton(small(), other), hinton(other, small())):
        with pytest.raises(ValueError, match=says):
            run(stages, toy)
    with pytest.raises(ValueError, match=says):
        accuracy(other, *toy.test)


def test_what_fails_after_the_net_is_not_blamed_on_it(toy):
    def loss(batch, progress):
        net(batch.x)
        raise RuntimeError("a loss of one's own")

    net = small()
    stages = iter([Stage("own", {net: loss}, score={"net": net})])
    with pytest.raises(RuntimeError, match="a loss of one's own"):
        run(stages, toy)


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize("make", ["script", "trace"])
def test_a_compiled_net_teaches_and_learns_as_the_net_itself(toy, make):
    def compiled(net):
        if make == "script":
            return torch.jit.script(net)
        return torch.jit.trace(net, toy.test[0][:2])

    wanted = run(hinton(small(), small(5)), toy)
    assert run(hinton(small(), compiled(small(5))), toy) == wanted
    assert run(hinton(compiled(small()), small(5)), toy) == wanted


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_a_cell_that_has_switched_gradients_off_does_not_matter(toy, off):
    rows, net = run(hinton(small(), small(5)), toy), small()
    with off():
        assert run(hinton(net, small(5)), toy) == rows
        assert not torch.is_grad_enabled()


def normalised(seed=0):
    first = nn.Sequential(nn.Flatten(), nn.Linear(128, 12), nn.BatchNorm1d(12))
    return nn.Sequential(first, nn.ReLU(), nn.BatchNorm1d(12), nn.Linear(12, 3))


def test_frozen_batch_norm_stays_frozen(toy):
    net = normalised()
    net[0].requires_grad_(False).eval()
    frozen, other = net[0][2].running_mean.clone(), net[2].running_mean.clone()
    for _ in range(2):
        run(plain(net), toy)
    assert torch.equal(net[0][2].running_mean, frozen)
    assert not torch.equal(net[2].running_mean, other)
    assert not any(part.training for part in net.modules())  # ready to predict


def test_a_net_in_eval_mode_that_can_learn_learns(toy):
    net, again = normalised(), normalised()
    again.load_state_dict(net.state_dict())
    assert run(plain(net), toy) == run(plain(again.eval()), toy)
    assert net[0][2].num_batches_tracked == again[0][2].num_batches_tracked > 0


def test_labels_in_a_column_are_no_labels(toy):
    x, y = toy.test
    with pytest.raises(ValueError, match=r"labels as inputs, y \(n,\).*, 1\)"):
        accuracy(small(), x, y[:, None])
