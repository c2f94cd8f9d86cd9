"""Planted faults that `test_packed.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "packed: a byte for every weight",
        "packed.py",
        "dense = [_bits(codes + n, k)]",
        "dense = [_bits(codes + n, 8)]",
    ),
    Fault(
        "packed: always dense",
        "packed.py",
        "is_sparse = sum(map(len, sparse)) < sum(map(len, dense))",
        "is_sparse = False",
    ),
    Fault(
        "packed: shadow weights",
        "packed.py",
        "codes, scale = _codes(layer)",
        "codes, scale = layer.weight.detach().flatten().sign(), torch.ones(())",
    ),
    Fault(
        "packed: scale forgotten",
        "packed.py",
        "w / _largest_code(k) * torch.tensor(scale)",
        "w / _largest_code(k)",
    ),
    Fault(
        "packed: mask forgotten",
        "packed.py",
        ".codes(unpruned(layer))",
        '.codes(layer.weight_orig if hasattr(layer, "weight_orig") else layer.weight)',
    ),
    Fault(
        "packed: inputs not rounded",
        "packed.py",
        "Precision(FULL, activation_bits, top=top)",
        "Precision(FULL, FULL, top=top)",
    ),
    Fault(
        "packed: signs swapped",
        "packed.py",
        "2 * values - 1",
        "1 - 2 * values",
    ),
    Fault(
        "packed: damage not noticed",
        "packed.py",
        "CHECK.pack(zlib.crc32(body)) != check",
        "False",
    ),
    Fault(
        "packed: any net is filled",
        "packed.py",
        "reader.take(CHECK.size) != CHECK.pack(_shape_of(net))",
        "reader.take(CHECK.size) == b''",
    ),
    Fault(
        "packed: bits from the highest on",
        "packed.py",
        'packbits(numbers.astype(np.uint8), bitorder="little")',
        "packbits(numbers.astype(np.uint8))",
    ),
    Fault(
        "packed: expected bytes without the sparse form",
        "packed.py",
        "HEADER.size + min(dense, sparse)",
        "HEADER.size + dense",
    ),
    Fault(
        "pruning: one layer only",
        "surgery/pruning.py",
        "in weighted(net):",
        "in weighted(net)[:1]:",
    ),
    Fault(
        "pruning: at random",
        "surgery/pruning.py",
        "masks.l1_unstructured(",
        "masks.random_unstructured(",
    ),
    Fault(
        "packed: what is too short is filled in",
        "packed.py",
        "if self._at > len(self._data):",
        "if False:",
    ),
    Fault(
        "packed: what is too long is read",
        "packed.py",
        "if self._at < len(self._data):",
        "if False:",
    ),
    Fault(
        "packed: codes that are none",
        "packed.py",
        "abs(numbers).max() > _largest_code(k)",
        "False",
    ),
]
