"""Nets on disk: the bytes that the formula says, the same predictions, and no file that is
not one.
"""

import copy
import math
import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, strategies

from kdsurvey import packed, surgery
from kdsurvey.nets import conv, mlp, residual

X = torch.randn(20, 2, 6, 6, generator=torch.Generator().manual_seed(0))


def net(
    k: int = 2,
    activations: int = 8,
    pruned: float = 0.0,
    ends: bool = False,
    make=mlp,
    seed: int = 0,
):
    made = (
        make(2, 4, 6, 5, classes=3, seed=seed)
        if make is not mlp
        else mlp(72, 9, 7, 5, 3, norm=True, seed=seed)
    )
    surgery.re_estimate(made, X)
    if pruned:
        surgery.prune(made, pruned)
    return surgery.lower(
        made, weight_bits=k, activation_bits=activations, ends=ends, top=0.3
    ).eval()


def fresh(make=mlp):
    return net(32, 32, make=make, seed=1)


def of_inner(n: int, k: int, zeros: int) -> int:
    """Bytes of a layer's weights by hand."""
    dense = np.ceil(n * k / 8)
    sparse = np.ceil(n / 8) + np.ceil((n - zeros) * (1 if k == 2 else k) / 8)
    return int(15 + min(dense, sparse))


@pytest.mark.parametrize("make", [mlp, conv, residual])
@pytest.mark.parametrize("pruned", [0.0, 0.8])
@pytest.mark.parametrize(
    ("k", "activations"),
    [(2, 8), (2, 32), (3, 2), (4, 4), (8, 8), (16, 16), (32, 32), (32, 8)],
)
def test_what_is_loaded_predicts_the_same_bit_for_bit(
    tmp_path, make, pruned, k, activations
):
    saved = net(k, activations, pruned, ends=k < 32, make=make)
    size = packed.save(saved, tmp_path / "net")
    assert size == (tmp_path / "net").stat().st_size == packed.expected(saved)
    loaded = packed.load(tmp_path / "net", fresh(make))
    assert torch.equal(loaded(X), saved(X)) and not torch.equal(
        fresh(make)(X), saved(X)
    )
    assert packed.load(tmp_path / "net", loaded) is loaded and torch.equal(
        loaded(X), saved(X)
    )


@given(strategies.sampled_from([2, 3, 4, 5, 8]), strategies.floats(0, 0.95))
def test_the_size_by_hand(tmp_path_factory, k, pruned):
    """72-9-7-5-3, the two inner layers of k bits: biases, batch norm and both ends of 32."""
    saved = net(k, 8, pruned)
    layers = surgery.weighted(saved)
    zeros = [int((surgery.used(layer) == 0).sum()) for layer in layers]
    rest = (
        16 + 4 * (9 + 7 + 5 + 3) + 3 * 8 + 4 * 4 * (9 + 7 + 5)
    )  # checksums and name, biases, counters, batch norm
    weights = (
        of_inner(648, 32, zeros[0])
        + of_inner(63, k, zeros[1])
        + of_inner(35, k, zeros[2])
        + of_inner(15, 32, zeros[3])
    )
    assert packed.save(saved, tmp_path_factory.mktemp("size") / "net") == rest + weights


def test_two_bits_are_two_bits(tmp_path):
    """A large ternary layer without a zero takes a quarter of a byte a weight, or less
    where there are zeros.
    """
    saved = surgery.lower(mlp(100, 200, 200, 200, 3), threshold=0.0, ends=True)
    size = packed.save(saved, tmp_path / "net")
    weights = 100 * 200 + 2 * 200 * 200 + 200 * 3
    assert weights / 4 <= size < weights / 4 + 4 * 603 + 100
    surgery.lower(saved, ends=True)
    assert packed.save(saved, tmp_path / "net") < size


def test_full_precision_takes_32_bits_a_weight(tmp_path):
    assert packed.save(mlp(100, 50, 3), tmp_path / "net") == 16 + 2 * 15 + 4 * (
        100 * 50 + 50 + 50 * 3 + 3
    )


def test_a_net_in_training_is_saved_as_it_computes(tmp_path):
    saved = net(2).train()
    saved(X)
    packed.save(saved, tmp_path / "net")
    loaded = packed.load(tmp_path / "net", fresh())
    assert torch.equal(loaded(X), saved.eval()(X))
    assert len(loaded[2][0].weight.unique()) <= 3 < len(saved[2][0].weight.unique())


def test_every_byte_is_guarded(tmp_path):
    packed.save(net(3), tmp_path / "net")
    good = (tmp_path / "net").read_bytes()
    for at in range(0, len(good), 7):
        (tmp_path / "net").write_bytes(
            good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        )
        with pytest.raises(ValueError, match=r"damaged|is no packed net"):
            packed.load(tmp_path / "net", fresh())
    for size in (0, 5, 8, 12, 15, 16, len(good) - 1):
        (tmp_path / "net").write_bytes(good[:size])
        with pytest.raises(ValueError, match=r"damaged|is no packed net"):
            packed.load(tmp_path / "net", fresh())


def forged(good: bytes, change) -> bytes:
    """A changed file whose checksum fits all the same."""
    body = change(good[:-4])
    return body + struct.pack("<I", zlib.crc32(body))


def put(at: int, new: bytes):
    """A change of the first header, or of what follows: form, bits, bits of inputs, the
    largest activation, scale, weights.
    """

    def change(body: bytes) -> bytes:
        start = body.index(struct.pack("<d", 0.3)) - 3 + at
        return body[:start] + new + body[start + len(new) :]

    return change


FORGERIES = {
    "too short": lambda body: body[:-5],
    "cut in a header": lambda body: body[:20],
    "too long": lambda body: body + b"more",
    "another form": put(0, b"\x02"),
    "no such bits": put(1, b"\x63"),
    "no such bits of inputs": put(2, b"\x63"),
    "an infinite scale": put(11, struct.pack("<f", math.inf)),
    "a code that is none": put(15, b"\xff" * 4),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_checksum_leaves_the_net_as_it_was(forgery, tmp_path):
    packed.save(net(3, ends=True), tmp_path / "net")
    good = (tmp_path / "net").read_bytes()
    (tmp_path / "net").write_bytes(forged(good, FORGERIES[forgery]))
    given = fresh()
    with pytest.raises(ValueError, match=r"net is damaged: .*; save it again"):
        packed.load(tmp_path / "net", given)
    before, after = fresh().state_dict(), given.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_later_version_says_so(tmp_path):
    (tmp_path / "net").write_bytes(b"KDPACK2\n and what nobody knows yet")
    with pytest.raises(ValueError, match=r"format 2.*reads format 1; update kdsurvey"):
        packed.load(tmp_path / "net", fresh())


def test_other_files_and_nets_are_refused(tmp_path):
    torch.save(net().state_dict(), tmp_path / "foreign")
    with pytest.raises(ValueError, match="is no packed net"):
        packed.load(tmp_path / "foreign", fresh())
    packed.save(net(), tmp_path / "net")
    before = fresh()
    for other in (
        mlp(72, 9, 7, 6, 3, norm=True),
        mlp(72, 9, 7, 5, 3),
        conv(2, 4, 6, 5, classes=3),
    ):
        with pytest.raises(ValueError, match="another shape"):
            packed.load(tmp_path / "net", other)
    with pytest.raises(ValueError, match="not pruned"):
        packed.load(tmp_path / "net", surgery.prune(fresh(), 0.5))
    with pytest.raises(FileNotFoundError):
        packed.load(tmp_path / "none", before)
    with pytest.raises(ValueError, match=r"net.float\(\)"):
        packed.save(net().double(), tmp_path / "net")
    assert all(
        torch.equal(a, b) for a, b in zip(before.parameters(), fresh().parameters())
    )


def test_a_save_that_fails_leaves_what_was_there(tmp_path):
    packed.save(net(), tmp_path / "net")
    good = (tmp_path / "net").read_bytes()
    with pytest.raises(ValueError, match="packed"):
        packed.save(net().half(), tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == good and [
        path.name for path in tmp_path.iterdir()
    ] == ["net"]


def test_the_layout_that_the_docstring_promises(tmp_path):
    """Read without the package: dense 3-bit codes, the lowest bit first."""
    saved = surgery.lower(
        mlp(4, 3, 2, seed=0),
        weight_bits=3,
        threshold=None,
        ends=True,
        activation_bits=5,
        top=2.0,
    )
    packed.save(saved, tmp_path / "net")
    data = (tmp_path / "net").read_bytes()
    assert (
        data[:8] == b"KDPACK1\n"
        and zlib.crc32(data[:-4]) == struct.unpack("<I", data[-4:])[0]
    )
    np.testing.assert_array_equal(
        np.frombuffer(data[12:24], "<f4"), saved[1][0].bias.detach().numpy()
    )
    sparse, k, a, top, s = struct.unpack("<BBBdf", data[24:39])
    assert (sparse, k, a, top) == (0, 3, 32, 2.0)
    bits = np.unpackbits(np.frombuffer(data[39 : 39 + 5], np.uint8), bitorder="little")[
        : 12 * 3
    ].reshape(12, 3)
    w = (bits @ [1, 2, 4] - 3) / 3 * s
    np.testing.assert_allclose(
        w.reshape(3, 4), surgery.used(saved[1][0]).numpy(), rtol=1e-6
    )


def test_pruning_takes_the_smallest_of_each_layer_and_keeps_them_0():
    made = mlp(72, 9, 7, 3, seed=0)
    before = copy.deepcopy(made)
    assert surgery.prune(made, 0.5) is made
    for layer, old in zip(surgery.weighted(made), surgery.weighted(before)):
        gone = surgery.used(layer) == 0
        assert abs(gone.float().mean() - 0.5) < 0.03
        assert old.weight[gone].abs().max() <= old.weight[~gone].abs().min()
        assert torch.equal(surgery.used(layer)[~gone], old.weight[~gone])
    gone = [surgery.used(layer) == 0 for layer in surgery.weighted(made)]
    made(X).sum().backward()
    torch.optim.SGD(made.parameters(), 0.1).step()
    assert all(
        not surgery.used(layer)[zero].any()
        for layer, zero in zip(surgery.weighted(made), gone)
    )
    surgery.prune(made, 0.5)
    assert (
        abs((surgery.used(surgery.weighted(made)[0]) == 0).float().mean() - 0.75) < 0.02
    )


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="prune: share"):
        surgery.prune(mlp(4, 3, 2), share)
