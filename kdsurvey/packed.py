"""Nets on disk in as few bits as their precision: "2 bits a weight" as bytes of a file.

A file is: 8 bytes that name the format; a checksum of the names and shapes of the net's
tensors (4 bytes); the tensors, in the order of `net.modules()`; a checksum of all that
(4 bytes). All numbers are little-endian. A weight of a Linear or Conv2d layer is 15
bytes of header, `HEADER`, and its values in one of two forms, whichever is shorter:
"dense", k bits each, or "sparse", a bit each that says whether it is 0, and k bits for
those that are not (1 bit, the sign, where k = 2). Each part ends on a whole byte. Any
other tensor is float32 or int64 as it is. A file holds no code and no names: a net of
the same shape reads it.
"""

import math
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeGuard

import numpy as np
import torch
from torch import Tensor, nn

from kdsurvey.store import replacing
from kdsurvey.surgery import (
    FULL,
    Layer,
    Precision,
    is_weighted,
    lower_layer,
    precision_of,
    unpruned,
    used,
    weighted,
)

MAGIC = b"KDPACK1\n"
# sparse?, bits of a weight, bits of an activation, the largest activation, scale
HEADER = struct.Struct("<BBBdf")
CHECK = struct.Struct("<I")
DTYPES = {torch.float32: "<f4", torch.int64: "<i8"}


def save(net: nn.Module, path: Path | str) -> int:
    """Write a net in the precision in which it computes; return the bytes of the file.

    A file that was there is replaced. Raises ValueError for a net with tensors other
    than float32 and int64, OSError where nothing can be written.
    """
    parts = [MAGIC, CHECK.pack(_shape_of(net))]
    for layer, name, tensor in _tensors(net):
        parts += _weights(layer) if _is_packed(layer, name) else [_raw(tensor)]
    body = b"".join(parts)
    with replacing(Path(path), "give a path in a folder that you can write to") as file:
        return file.write(body + CHECK.pack(zlib.crc32(body)))


def load(path: Path | str, net: nn.Module) -> nn.Module:
    """Fill a net of the same shape from a file, in place, and return it.

    It predicts what the saved net did, bit for bit. Its layers hold the quantised
    weights as numbers, and round their inputs as the saved ones did; the full-precision
    weights behind them are gone, so it is for use, not for more training. Raises
    ValueError for a file that is damaged or of another kind, a net of another shape and
    a pruned one, FileNotFoundError where there is no file.
    """
    data = Path(path).read_bytes()
    _refuse_others(path, data[: len(MAGIC)])
    body = data[: -CHECK.size]
    check = data[-CHECK.size :]
    if len(data) < len(MAGIC) + 2 * CHECK.size or CHECK.pack(zlib.crc32(body)) != check:
        raise ValueError(
            f"{path} is damaged: its checksum does not fit its {len(data)} bytes; "
            "save it again"
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
    try:
        steps = [_filling(*place, reader) for place in _tensors(net)]
        reader.end()
    except (ValueError, struct.error) as error:
        raise ValueError(f"{path} is damaged: {error}; save it again") from error
    for fill in steps:  # all is read and fits: from here on the net changes
        fill()
    return net


def _refuse_others(path: Path | str, start: bytes) -> None:
    """Raise ValueError for a file that does not begin as those of this version do."""
    if start == MAGIC:
        return
    later = re.fullmatch(rb"KDPACK([0-9])\n", start)
    if later:
        raise ValueError(
            f"{path} is a packed net of format {int(later[1])}, this version reads "
            "format 1; update kdsurvey"
        )
    raise ValueError(
        f"{path} is no packed net: it does not begin with {MAGIC!r}; packed.save writes one"
    )


def expected(net: nn.Module) -> int:
    """Compute the bytes that `save` needs by the formula.

    For n weights of k bits, z of them 0, min(k n, n + k (n - z)) / 8 and so on.
    """
    total = len(MAGIC) + 2 * CHECK.size
    for layer, name, tensor in _tensors(net):
        if _is_packed(layer, name):
            n = tensor.numel()
            kept = int(used(layer).count_nonzero())
            k = precision_of(layer).weight_bits
            dense = _bytes(k * n)
            sparse = _bytes(n) + _bytes(_bits_kept(k) * kept)
            total += HEADER.size + min(dense, sparse)
        else:
            total += tensor.numel() * tensor.element_size()
    return total


def _bytes(bits: int) -> int:
    """The whole bytes that hold so many bits."""
    return -(-bits // 8)


def _bits_kept(k: int) -> int:
    """Bits of a weight that is not 0, in the sparse form: of 2 only the sign is left."""
    return 1 if k == 2 else k


def _is_packed(module: nn.Module, name: str) -> TypeGuard[Layer]:
    """Whether a tensor of a module is a layer's weights, which are packed."""
    return name == "weight" and is_weighted(module)


def _tensors(net: nn.Module) -> Iterator[tuple[nn.Module, str, Tensor]]:
    """Yield (module, name in it, tensor) of all that a net holds.

    A pruned weight comes under the name that it had.
    """
    for module in net.modules():
        own: dict[str, Tensor] = dict(module.named_parameters(recurse=False))
        own |= dict(module.named_buffers(recurse=False))
        for name in sorted(own):
            if name != "weight_mask":
                yield module, name.removesuffix("_orig"), own[name]


def _shape_of(net: nn.Module) -> int:
    """Compute a checksum of the tensors' names and shapes."""
    shapes = []
    for _, name, tensor in _tensors(net):
        if tensor.dtype not in DTYPES:
            raise ValueError(
                f"packed: {name} is {tensor.dtype}; only float32 and int64 can be "
                "packed, so call net.float()"
            )
        shapes.append((name, tuple(tensor.shape), DTYPES[tensor.dtype]))
    return zlib.crc32(repr(shapes).encode())


def _raw(tensor: Tensor) -> bytes:
    return tensor.detach().cpu().numpy().astype(DTYPES[tensor.dtype]).tobytes()


def _weights(layer: Layer) -> list[bytes]:
    """Pack a layer's weights in the shorter of the two forms, after their header."""
    precision = precision_of(layer)
    k = precision.weight_bits
    if k == FULL:
        weights = used(layer).flatten().cpu()
        scale = torch.ones(())
        dense = [_raw(weights)]
        sparse = [_bits(weights != 0, 1), _raw(weights[weights != 0])]
    else:
        codes, scale = _codes(layer)  # whole numbers from -n to n
        n = precision.levels
        kept = codes != 0
        rest = codes[kept] > 0 if k == 2 else codes[kept] + n
        dense = [_bits(codes + n, k)]
        sparse = [_bits(kept, 1), _bits(rest, _bits_kept(k))]
    is_sparse = sum(map(len, sparse)) < sum(map(len, dense))
    bits = k, precision.activation_bits
    header = HEADER.pack(is_sparse, *bits, precision.top, scale.item())
    return [header, *(sparse if is_sparse else dense)]


def _codes(layer: Layer) -> tuple[Tensor, Tensor]:
    c, s = precision_of(layer).codes(unpruned(layer))
    return c.flatten().cpu(), s.cpu()


def _bits(values: Tensor, k: int) -> bytes:
    """Pack whole numbers from 0 to 2^k - 1, k bits each, the lowest first."""
    numbers = values.numpy().astype(np.int64)[:, None] >> np.arange(k) & 1
    return np.packbits(numbers.astype(np.uint8), bitorder="little").tobytes()


class _Reader:
    """Takes the parts of a file one after the other."""

    def __init__(self, data: bytes, at: int):
        self._data = data
        self._at = at

    def take(self, size: int) -> bytes:
        self._at += size
        if self._at > len(self._data):
            raise ValueError(f"it ends {self._at - len(self._data)} bytes too early")
        return self._data[self._at - size : self._at]

    def end(self) -> None:
        if self._at < len(self._data):
            raise ValueError(f"it goes on for {len(self._data) - self._at} bytes")

    def numbers(self, n: int, dtype: str) -> np.ndarray:
        size = n * np.dtype(dtype).itemsize
        return np.frombuffer(self.take(size), dtype).astype(dtype[1:])

    def values(self, n: int, k: int) -> np.ndarray:
        """Read n numbers of k bits, as `_bits` wrote them, or float32 where k = 32."""
        if k == FULL:
            return self.numbers(n, "<f4")
        packed = np.frombuffer(self.take(_bytes(n * k)), np.uint8)
        bits = np.unpackbits(packed, count=n * k, bitorder="little")
        return (bits.reshape(n, k).astype(np.int64) << np.arange(k)).sum(1)


def _filling(
    layer: nn.Module, name: str, tensor: Tensor, reader: _Reader
) -> Callable[[], None]:
    """Read one tensor; return the function that puts it into its place."""
    if _is_packed(layer, name):
        return _filling_layer(layer, reader)
    numbers = torch.from_numpy(reader.numbers(tensor.numel(), DTYPES[tensor.dtype]))

    def fill() -> None:
        tensor.data.copy_(numbers.view(tensor.shape))

    return fill


def _filling_layer(layer: Layer, reader: _Reader) -> Callable[[], None]:
    """Read one layer's header and weights; it will round its inputs as the saved one."""
    sparse, k, activation_bits, top, scale = HEADER.unpack(reader.take(HEADER.size))
    Precision(k, activation_bits, top=top)  # refuses what is none
    if sparse > 1 or not math.isfinite(scale):
        raise ValueError(f"a header says form {sparse}, scale {scale}")
    numbers = _sparse(layer, reader, k) if sparse else _dense(layer, reader, k)
    if k != FULL and abs(numbers).max() > _largest_code(k):
        raise ValueError(f"a code of {k} bits is larger than {_largest_code(k)}")
    w = torch.from_numpy(numbers.astype(np.float32))
    if k != FULL:
        w = w / _largest_code(k) * torch.tensor(scale)

    def fill() -> None:
        layer.weight.data.copy_(w.view(layer.weight.shape))
        lower_layer(layer, Precision(FULL, activation_bits, top=top))

    return fill


def _dense(layer: Layer, reader: _Reader, k: int) -> np.ndarray:
    values = reader.values(layer.weight.numel(), k)
    return values if k == FULL else values - _largest_code(k)


def _sparse(layer: Layer, reader: _Reader, k: int) -> np.ndarray:
    count = layer.weight.numel()
    kept = reader.values(count, 1).astype(bool)
    values = reader.values(int(kept.sum()), _bits_kept(k))
    if k == 2:
        values = 2 * values - 1  # signs
    elif k != FULL:
        values = values - _largest_code(k)
    numbers = np.zeros(count, np.float32)
    numbers[kept] = values
    return numbers


def _largest_code(k: int) -> int:
    """n: the codes of k bits are whole numbers from -n to n."""
    return 2 ** (k - 1) - 1
