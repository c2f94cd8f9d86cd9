"""Nets on disk in as few bits as their precision: what "2 bits a weight" is in bytes of
a real file.

A file is: 8 bytes that name the format; a checksum of the names and shapes of the net's
tensors (4 bytes); the tensors, in the order of `net.modules()`; a checksum of all that
(4 bytes). All numbers are little-endian. A weight of a Linear or Conv2d layer is 15
bytes of header, `HEADER`, and its values in one of two forms, whichever is shorter:
"dense", k bits each, or "sparse", a bit each that says whether it is 0, and k bits for
those that are not (1 bit, the sign, where k = 2). Each part ends on a whole byte. Any
other tensor is float32 or int64 as it is. A file holds no code and no names: a net of
the same shape reads it.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from kdsurvey.store import replacing
from kdsurvey.surgery import Precision, lower_layer, precision_of, used, weighted

MAGIC = b"KDPACK1\n"
HEADER = struct.Struct(
    "<BBBdf"
)  # sparse?, bits of a weight, bits of an activation, the largest activation, scale
CHECK = struct.Struct("<I")
DTYPES = {torch.float32: "<f4", torch.int64: "<i8"}


def save(net: nn.Module, path: Path | str) -> int:
    """Writes a net, in the precision in which it computes, and returns the bytes of the
    file; one that was there is replaced.

    Raises ValueError for a net with tensors other than float32 and int64, OSError where
    nothing can be written.
    """
    parts = [MAGIC, CHECK.pack(_shape_of(net))]
    for layer, name, tensor in _tensors(net):
        parts += (
            _weights(layer)
            if name == "weight" and layer in weighted(layer)
            else [_raw(tensor)]
        )
    body = b"".join(parts)
    with replacing(Path(path)) as file:
        return file.write(body + CHECK.pack(zlib.crc32(body)))


def load(path: Path | str, net: nn.Module) -> nn.Module:
    """Fills a net of the same shape from a file, in place, and returns it: it predicts
    what the saved net did, bit for bit.

    Its layers hold the quantised weights as numbers, and round their inputs as the
    saved ones did; the full-precision weights behind them are gone, so it is for use,
    not for more training. Raises ValueError for a file that is damaged or of another
    kind, a net of another shape and a pruned one, FileNotFoundError where there is no
    file.
    """
    data = Path(path).read_bytes()
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError(
            f"{path} is no packed net: it does not begin with {MAGIC!r}; packed.save writes one"
        )
    body, check = data[: -CHECK.size], data[-CHECK.size :]
    if len(data) < len(MAGIC) + 2 * CHECK.size or CHECK.pack(zlib.crc32(body)) != check:
        raise ValueError(
            f"{path} is damaged: its checksum does not fit its {len(data)} bytes; save it again"
        )
    if any(hasattr(layer, "weight_mask") for layer in weighted(net)):
        raise ValueError(
            "packed.load: give a net that is not pruned; zeros come with the file"
        )
    reader = _Reader(body, len(MAGIC))
    if reader.take(CHECK.size) != CHECK.pack(_shape_of(net)):
        raise ValueError(
            f"{path} holds a net of another shape; build one as the saved net was built"
        )
    for layer, name, tensor in _tensors(net):
        if name == "weight" and layer in weighted(layer):
            _fill(layer, reader)
        else:
            tensor.data.copy_(
                torch.from_numpy(
                    reader.numbers(tensor.numel(), DTYPES[tensor.dtype])
                ).view(tensor.shape)
            )
    return net


def expected(net: nn.Module) -> int:
    """The bytes that `save` needs by the formula: for n weights of k bits, z of them 0,
    min(k n, n + k (n - z)) / 8 and so on.
    """
    total = len(MAGIC) + 2 * CHECK.size
    for layer, name, tensor in _tensors(net):
        if name == "weight" and layer in weighted(layer):
            n = tensor.numel()
            kept = int(used(layer).count_nonzero())
            k = precision_of(layer).weight_bits
            dense = -(-k * n // 8)
            sparse = -(-n // 8) - (-(1 if k == 2 else k) * kept // 8)
            total += HEADER.size + min(dense, sparse)
        else:
            total += tensor.numel() * tensor.element_size()
    return total


def _tensors(net: nn.Module) -> Iterator[tuple[nn.Module, str, Tensor]]:
    """(module, name in it, tensor) of all that a net holds, a pruned weight under the name it had."""
    for module in net.modules():
        own = {
            **dict(module.named_parameters(recurse=False)),
            **dict(module.named_buffers(recurse=False)),
        }
        for name in sorted(own):
            if name != "weight_mask":
                yield module, name.removesuffix("_orig"), own[name]


def _shape_of(net: nn.Module) -> int:
    """A checksum of what the tensors are called and how large they are."""
    shapes = []
    for _, name, tensor in _tensors(net):
        if tensor.dtype not in DTYPES:
            raise ValueError(
                f"packed: {name} is {tensor.dtype}; only float32 and int64 can be packed, so call net.float()"
            )
        shapes.append((name, tuple(tensor.shape), DTYPES[tensor.dtype]))
    return zlib.crc32(repr(shapes).encode())


def _raw(tensor: Tensor) -> bytes:
    return tensor.detach().cpu().numpy().astype(DTYPES[tensor.dtype]).tobytes()


def _weights(layer: nn.Module) -> list[bytes]:
    """The header and the values of a layer's weights."""
    precision, w = precision_of(layer), used(layer).flatten().cpu()
    k, n = precision.weight_bits, precision.levels
    c, s = (w, torch.ones(())) if k == 32 else _codes(layer)
    kept = c != 0
    signs = (
        (c[kept] > 0) if k == 2 else c[kept] + n
    )  # what a sparse form holds of a weight
    forms = (
        [_values(c if k == 32 else c + n, k)],
        [_bits(kept, 1), _values(c[kept] if k == 32 else signs, 1 if k == 2 else k)],
    )
    sizes = [sum(map(len, form)) for form in forms]
    sparse = sizes[1] < sizes[0]
    return [
        HEADER.pack(sparse, k, precision.activation_bits, precision.top, s.item()),
        *forms[sparse],
    ]


def _codes(layer: nn.Module) -> tuple[Tensor, Tensor]:
    w = (
        layer.weight_orig * layer.weight_mask
        if hasattr(layer, "weight_mask")
        else layer.weight
    )
    c, s = layer.precision.codes(w)
    return c.flatten().cpu(), s.cpu()


def _values(values: Tensor, k: int) -> bytes:
    return _raw(values) if k == 32 else _bits(values, k)


def _bits(values: Tensor, k: int) -> bytes:
    """Whole numbers from 0 to 2^k - 1, k bits each, the lowest first."""
    numbers = values.numpy().astype(np.int64)[:, None] >> np.arange(k) & 1
    return np.packbits(numbers.astype(np.uint8), bitorder="little").tobytes()


class _Reader:
    """Takes the parts of a file one after the other."""

    def __init__(self, data: bytes, at: int):
        self._data, self._at = data, at

    def take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def numbers(self, n: int, dtype: str) -> np.ndarray:
        return np.frombuffer(self.take(n * np.dtype(dtype).itemsize), dtype).astype(
            dtype[1:]
        )

    def values(self, n: int, k: int) -> np.ndarray:
        """n numbers of k bits, as `_bits` wrote them, or float32 where k = 32."""
        if k == 32:
            return self.numbers(n, "<f4")
        bits = np.unpackbits(
            np.frombuffer(self.take(-(-n * k // 8)), np.uint8),
            count=n * k,
            bitorder="little",
        )
        return (bits.reshape(n, k).astype(np.int64) << np.arange(k)).sum(1)


def _fill(layer: nn.Module, reader: _Reader) -> None:
    """Reads one layer's header and weights, and lets it round its inputs as they were rounded."""
    sparse, k, activation_bits, top, s = HEADER.unpack(reader.take(HEADER.size))
    n, count = 2 ** (k - 1) - 1, layer.weight.numel()
    if sparse:
        kept = reader.values(count, 1).astype(bool)
        some = reader.values(int(kept.sum()), 1 if k == 2 else k)
        values = np.zeros(count, np.float32)
        values[kept] = some if k == 32 else 2 * some - 1 if k == 2 else some - n
    else:
        values = reader.values(count, k) - (0 if k == 32 else n)
    w = torch.from_numpy(values.astype(np.float32))
    layer.weight.data.copy_(
        (w if k == 32 else w / n * torch.tensor(s)).view(layer.weight.shape)
    )
    lower_layer(layer, Precision(32, activation_bits, top=top))
