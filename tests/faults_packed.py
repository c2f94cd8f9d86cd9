"""Planted faults that `test_packed.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "packed: a byte for every weight",
        "packed.py",
        "else _bits(values, k)",
        "else _bits(values, 8)",
    ),
    Fault(
        "packed: always dense",
        "packed.py",
        "sparse = sizes[1] < sizes[0]",
        "sparse = False",
    ),
    Fault(
        "packed: shadow weights",
        "packed.py",
        "else _codes(layer)",
        "else (layer.weight.detach().flatten().sign(), torch.ones(()))",
    ),
    Fault(
        "packed: scale forgotten",
        "packed.py",
        "w / n * torch.tensor(s)",
        "w / n",
    ),
    Fault(
        "packed: mask forgotten",
        "packed.py",
        "layer.weight_orig * layer.weight_mask if",
        "layer.weight_orig if",
    ),
    Fault(
        "packed: inputs not rounded",
        "packed.py",
        "Precision(32, activation_bits, top=top)",
        "Precision(32, 32, top=top)",
    ),
    Fault(
        "packed: signs swapped",
        "packed.py",
        "2 * some - 1 if",
        "1 - 2 * some if",
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
]
