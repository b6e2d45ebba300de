"""Reads safetensors files by the format's description alone and checks the
samples of test_checkpoint_hostile.

    safetensors_read.py plain DIR      with Python's own modules
    safetensors_read.py library DIR    with the safetensors library; exits 77 without it
"""
import json
import struct
import sys

SIZES = {"F64": 8, "I64": 8, "F32": 4, "BF16": 2, "I8": 1}
CODES = {"F64": "d", "I64": "q", "F32": "f", "I8": "b"}


def widen(x):
    """bf16 bits to a float."""
    return struct.unpack("<f", struct.pack("<I", x << 16))[0]


def read(path):
    """Metadata, and for each tensor its type, shape and list of numbers."""
    with open(path, "rb") as f:
        raw = f.read()
    (length,) = struct.unpack_from("<Q", raw)
    assert length % 8 == 0, "data are not aligned"
    header = json.loads(raw[8:8 + length].decode("utf-8"))
    data = raw[8 + length:]
    meta = header.pop("__metadata__")
    assert all(isinstance(v, str) for v in meta.values())
    tensors, at = {}, 0
    for name, t in header.items():
        begin, end = t["data_offsets"]
        count = 1
        for n in t["shape"]:
            count *= n
        size = SIZES[t["dtype"]]
        assert begin == at and end - begin == count * size, name
        assert begin % size == 0, name + " is not aligned"
        if t["dtype"] == "BF16":
            x = [widen(v) for v in struct.unpack_from("<%dH" % count, data, begin)]
        else:
            x = list(struct.unpack_from("<%d%s" % (count, CODES[t["dtype"]]), data, begin))
        tensors[name] = (t["dtype"], t["shape"], x)
        at = end
    assert at == len(data), "bytes after the last tensor"
    return meta, tensors


def read_by_library(path):
    from safetensors import safe_open
    tensors = {}
    with safe_open(path, framework="np") as f:
        meta = f.metadata()
        for name in f.keys():
            x = f.get_tensor(name)
            kind = {"float32": "F32", "float64": "F64", "int64": "I64", "int8": "I8"}
            tensors[name] = (kind[str(x.dtype)], list(x.shape), [v.item() for v in x.ravel()])
    return meta, tensors


WANT = {
    "a.weight": ([3, 5], [(i - 7) / 4 for i in range(15)]),
    "a.bias": ([3], [i + 0.5 for i in range(3)]),
    "b.weight": ([2, 4], [0.3 * (i - 3) for i in range(8)]),
}


def check(got, name, dtype, tolerance):
    shape, want = WANT[name[-8:] if name.endswith("weight") else "a.bias"]
    assert got[0] == dtype and got[1] == shape, (name, got)
    for g, w in zip(got[2], want):
        assert abs(g - w) <= tolerance * abs(w) + 1e-12, (name, g, w)


def check_int8(tensors):
    assert set(tensors) == set(WANT) | {"a.weight.scales", "b.weight.scales"}
    check(tensors["a.bias"], "a.bias", "F32", 0)
    for name in ("a.weight", "b.weight"):
        shape, want = WANT[name]
        kind, is_shape, q = tensors[name]
        scales = tensors[name + ".scales"]
        assert (kind, is_shape) == ("I8", shape)
        assert (scales[0], scales[1]) == ("F32", shape[:1])
        for i, w in enumerate(want):
            scale = scales[2][i // shape[1]]
            row = want[i // shape[1] * shape[1]:][:shape[1]]
            assert abs(scale - max(map(abs, row)) / 127) < 1e-7
            assert -127 <= q[i] <= 127
            assert abs(q[i] * scale - w) <= scale * 0.50001, (name, i)


def main(how, folder):
    if how == "library":
        try:
            import numpy, safetensors  # noqa: F401, E401
        except ImportError:
            sys.exit(77)
    get = read if how == "plain" else read_by_library
    for file, dtype, tolerance in (("f32", "F32", 2.0**-23), ("bf16", "BF16", 2.0**-8)):
        if how == "library" and dtype == "BF16":
            continue  # numpy has no bf16
        meta, tensors = get("%s/%s.safetensors" % (folder, file))
        assert meta["model"] == 'tiny "x"' and meta["layers"] == "2" and meta["step"] == "0"
        assert set(tensors) == set(WANT)
        for name in WANT:
            check(tensors[name], name, dtype, tolerance)
    check_int8(get(folder + "/int8.safetensors")[1])
    hashes = get(folder + "/run.safetensors")[0]["weights"]
    meta, tensors = get(folder + "/run.train.safetensors")
    assert meta["weights"] == hashes and len(hashes) == 16
    assert set(tensors) == {p + n for p in ("w.", "m.", "v.", "ema.") for n in WANT} | {
        "state.position"}
    assert tensors["state.position"] == ("I64", [1], [123])
    for name in WANT:
        check(tensors["w." + name], name, "F32", 2.0**-23)
        assert not any(tensors["m." + name][2])


main(sys.argv[1], sys.argv[2])
