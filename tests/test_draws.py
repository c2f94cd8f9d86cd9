"""A run draws from generators of its own; torch's global one is the reader's."""

import contextlib
import threading

import pytest
import torch
import torch.nn.functional as F
from patterns import small
from torch import nn

from kdsurvey import draws
from kdsurvey.config import Config
from kdsurvey.draws import OwnDraws, may_draw, refuse_fused
from kdsurvey.methods import plain
from kdsurvey.stage import Stage
from kdsurvey.training import train

X = torch.linspace(-1, 1, 24).reshape(4, 6)
DRAWS = {
    "rand": lambda: torch.rand(5),
    "rand of a shape": lambda: torch.rand(2, 3, dtype=torch.float64),
    "rand_like": lambda: torch.rand_like(X),
    "randn_like": lambda: torch.randn_like(X),
    "randn": lambda: torch.randn(5),
    "randint": lambda: torch.randint(7, (5,)),
    "randint from": lambda: torch.randint(3, 9, (5,)),
    "randperm": lambda: torch.randperm(9),
    "normal": lambda: torch.normal(X, 0.5),
    "bernoulli": lambda: torch.bernoulli(X.abs()),
    "multinomial": lambda: torch.multinomial(X.abs(), 3),
    "dropout": lambda: F.dropout(X, 0.5),
    "dropout of channels": lambda: F.dropout2d(X[:, :, None, None], 0.5),
    "alpha dropout": lambda: F.alpha_dropout(X, 0.5, training=True),
    "gumbel": lambda: F.gumbel_softmax(X),
    "rrelu": lambda: F.rrelu(X, training=True),
    "a layer": lambda: nn.Linear(3, 4).weight.detach(),
    "weights": lambda: nn.init.kaiming_normal_(torch.empty(3, 4)),
    "in place": lambda: torch.empty(4).exponential_(),
}


@pytest.mark.parametrize("name", DRAWS)
def test_what_is_drawn_is_what_the_global_generator_would_give(name):
    draw = DRAWS[name]
    with torch.random.fork_rng():
        torch.manual_seed(5)
        wanted = [draw(), draw()]
    before = torch.get_rng_state()
    own = OwnDraws(5)
    with own:
        first = draw()
    torch.rand(3)  # what others draw in between does not matter
    torch.set_rng_state(before)
    with own:
        second = draw()
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, wanted[0]) and torch.equal(second, wanted[1])


def test_a_generator_that_is_given_is_used():
    wanted = torch.rand(3, generator=torch.Generator().manual_seed(1))
    with OwnDraws(5):
        drawn = torch.rand(3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(drawn, wanted)


def test_the_fused_dropout_of_a_gpu_draws_here_too():
    x = torch.ones(2000)
    with OwnDraws(5):
        z, kept = torch.native_dropout(x, 0.25, True)
    assert torch.equal(z, kept / 0.75) and 0.7 < kept.float().mean() < 0.8
    with OwnDraws(5):
        assert torch.equal(torch.native_dropout(x, 0.25, True)[1], kept)
        assert torch.equal(torch.native_dropout(x, 0.25, False)[0], x)
        assert not torch.native_dropout(x, 1.0, True)[0].any()


def attended(share):
    """What a fused kernel makes of it: one that a GPU has too, but for its name."""
    q = torch.ones(1, 2, 4, 8)
    fused = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    return fused(q, q, q, share)[0]


def test_a_fused_kernel_that_would_draw_is_refused():
    with OwnDraws(5):
        assert torch.equal(attended(0.0), torch.ones(1, 2, 4, 8))
        with pytest.raises(ValueError, match=r"drops 0.25 .* an nn.Dropout beside it"):
            attended(0.25)


@pytest.mark.parametrize(("train", "refused"), [(True, True), (False, False)])
def test_a_fused_recurrent_net_that_would_draw_is_refused(train, refused):
    """Its kernel is cuDNN's: here only what it is given is looked at."""
    rnn = torch.ops.aten._cudnn_rnn.default
    x = torch.zeros(3, device="meta")
    given = (x, [x], 1, None, x, None, 2, 4, 0, 2, False, 0.5, train, False, [], None)
    outcome = contextlib.nullcontext()
    if refused:
        outcome = pytest.raises(ValueError, match=r"_cudnn_rnn drops 0.5 of its values")
    with outcome:
        refuse_fused(rnn, given, {})


DRAWN_WITHIN = {
    "attention": lambda: F.scaled_dot_product_attention(
        X[None, None], X[None, None], X[None, None], dropout_p=0.5
    ),
    "recurrent net": lambda: nn.LSTM(6, 4, 2, dropout=0.5)(X[None])[0],
    "transformer": lambda: nn.TransformerEncoderLayer(6, 2, 8, 0.5)(X[None]),
}


@pytest.mark.parametrize("name", DRAWN_WITHIN)
def test_what_draws_inside_draws_from_the_runs_generator(name):
    before = torch.get_rng_state()
    with OwnDraws(5):
        first = DRAWN_WITHIN[name]()
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(3)
    with OwnDraws(5):
        assert torch.equal(DRAWN_WITHIN[name](), first)


@pytest.mark.parametrize("given", ["cuda", "cuda:2", torch.device("cuda")])
def test_a_gpu_without_a_number_is_the_current_one(monkeypatch, given):
    """So that both names of one GPU draw from one generator."""
    monkeypatch.setattr("torch.cuda.current_device", lambda: 2)
    assert draws._device((), {"device": given}) == torch.device("cuda", 2)


class Noisy(nn.Module):
    """A net that draws where nobody sees a dropout."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(128, 3)

    def forward(self, x):
        return self.last(F.dropout(x.flatten(1), 0.5, self.training))


def test_who_may_draw():
    def mine(batch, progress):
        return {}

    known = next(plain(small())).learn
    ((net, loss),) = known.items()
    assert not may_draw(net, loss)
    assert may_draw(small(dropout=0.1), loss)
    assert may_draw(Noisy(), loss) and may_draw(nn.Sequential(Noisy()), loss)
    assert may_draw(net, mine)
    assert may_draw(nn.LSTM(3, 4, 2, dropout=0.5), loss)


def _noisy_loss():
    net = small()

    def loss(batch, progress):
        z = net(batch.x + 0.1 * torch.randn_like(batch.x))
        return {"hard": F.cross_entropy(z, batch.y)}

    return net, iter([Stage("noisy", {net: loss}, {"net": net})])


RUNS = {
    "dropout": lambda: (net := small(dropout=0.5), plain(net)),
    "a net of one's own": lambda: (net := Noisy(), plain(net)),
    "a loss of one's own": _noisy_loss,
}


@pytest.mark.parametrize("name", RUNS)
def test_a_thread_that_trains_leaves_the_readers_numbers_alone(toy, name):
    """And the reader's seeds leave the run alone."""
    config = Config(epochs=3, batch_size=8, lr=0.01, seed=4, device="cpu")
    torch.manual_seed(9)  # the weights of the net that has no seed
    net, stages = RUNS[name]()
    rows = train(stages, toy, config, progress=False)
    torch.manual_seed(9)
    again, stages = RUNS[name]()
    found = []
    run = threading.Thread(
        target=lambda: found.extend(train(stages, toy, config, progress=False))
    )
    torch.manual_seed(1)
    wanted = torch.rand(4)
    run.start()
    alone = []
    while run.is_alive():
        torch.manual_seed(1)
        alone.append(torch.equal(torch.rand(4), wanted))
    run.join()
    assert len(alone) > 10 and all(alone)
    assert found == rows
    pairs = zip(net.parameters(), again.parameters())
    assert all(torch.equal(a, b) for a, b in pairs)
