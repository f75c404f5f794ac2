"""The channel carries plain data only and survives whatever comes over it."""

import json
import socket

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.jail.inside import wire
from autograder.values import TrustedCodec

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def there_and_back(value):
    """A value as it arrives on the other side."""
    left, right = socket.socketpair()
    codec = wire.Codec()
    tree = codec.encode(value)
    wire.send(left, {"value": tree}, codec.tensors)
    header, tensors = wire.Incoming(right).frame()
    left.close()
    right.close()
    return TrustedCodec(tensors).decode(header["value"])


@settings(max_examples=100, deadline=None)
@given(PLAIN)
def test_plain_data_arrives_as_it_was(value):
    assert there_and_back(value) == value


@pytest.mark.parametrize("dtype", list(wire.DTYPES.values()))
def test_tensors_arrive_with_dtype_shape_and_values(dtype):
    value = torch.arange(6).reshape(2, 3).to(dtype)
    got = there_and_back({"a": [value, value[:, ::2], value[0, 0], value[:0]]})["a"]
    for have, want in zip(got, [value, value[:, ::2], value[0, 0], value[:0]], strict=True):
        assert have.dtype == want.dtype and have.shape == want.shape and torch.equal(have, want)


def test_a_subclass_loses_its_class():
    class Liar(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return super().__torch_function__(function, types, args, kwargs or {})

    got = there_and_back(torch.ones(2).as_subclass(Liar))
    assert type(got) is torch.Tensor


def test_other_objects_do_not_cross():
    assert isinstance(there_and_back(object()), wire.Opaque)
    assert isinstance(there_and_back(lambda: 1), wire.Opaque)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_malformed_frames_are_protocol_errors(text, payload):
    try:
        header, tensors = wire.parse(text, bytearray(payload))
        TrustedCodec(tensors).decode(header.get("value"))
    except wire.ProtocolError:
        pass


TREES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["$", "v", "i", "type", "shape", "dtype"]), inner | st.sampled_from(
        ["tensor", "tuple", "dict", "dtype", "device", "remote", "meta", "schedule", "probe", "generator", "opaque"]), max_size=4),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(TREES)
def test_malformed_values_are_protocol_errors(tree):
    try:
        TrustedCodec({"0": torch.zeros(1)}).decode(tree)
    except wire.ProtocolError:
        pass


SIZES = {"float32": 4, "bool": 1, "complex64": 8, "int16": 2}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.sampled_from([*SIZES, "float8_e4m3fn", "object"]) | st.integers(-2, 5) | st.integers() | st.none(), max_size=4) | st.none(), max_size=3), st.binary(max_size=200))
def test_malformed_tables_of_tensors_are_protocol_errors(table, payload):
    try:
        _, tensors = wire.parse(json.dumps({"tensors": table}).encode(), bytearray(payload), strict=True)
    except wire.ProtocolError:
        return
    assert all(list(value.shape) == form[1:] for value, form in zip(tensors.values(), table, strict=True))


@pytest.mark.parametrize("kind", SIZES)
def test_a_payload_holds_as_many_values_as_its_table_says(kind):
    """One byte less or more is refused, so no tensor can look beyond its own values."""
    size = 6 * SIZES[kind]
    size += -size % wire.ALIGNMENT
    text = json.dumps({"tensors": [[kind, 2, 3], [kind, 6]]}).encode()
    assert [tuple(value.shape) for value in wire.parse(text, bytearray(2 * size), strict=True)[1].values()] == [(2, 3), (6,)]
    for length in (0, size, 2 * size - 1, 2 * size + 1):
        with pytest.raises(wire.ProtocolError):
            wire.parse(text, bytearray(length), strict=True)


def test_tensors_of_one_frame_share_no_memory():
    _, (one, two) = (lambda header, tensors: (header, tensors.values()))(*wire.parse(b'{"tensors": [["int8", 3], ["int8", 3]]}', bytearray(32), strict=True))
    one.fill_(7)
    assert not two.any()


@pytest.mark.parametrize("shape", [[1 << 63], [-1], [0, 1 << 62, 1 << 62], [True], [1.0], ["1"], [[1]], [1] * 65])
def test_impossible_shapes_are_protocol_errors(shape):
    with pytest.raises(wire.ProtocolError):
        wire.parse(json.dumps({"tensors": [["bool", *shape]]}).encode(), bytearray(16), strict=True)


def test_more_tensors_than_may_cross_are_refused():
    table = [["int8", 0]] * (wire.MAX_TENSORS + 1)
    wire.parse(json.dumps({"tensors": table[1:]}).encode(), bytearray(), strict=True)
    with pytest.raises(wire.ProtocolError):
        wire.parse(json.dumps({"tensors": table}).encode(), bytearray(), strict=True)


def test_truth_values_are_true_or_false():
    """Other bytes, which memory that nobody has written to may hold, would be equal to neither."""
    _, tensors = wire.parse(b'{"tensors": [["bool", 4]]}', bytearray(b"\0\1\2\xff" + bytes(12)), strict=True)
    assert torch.equal(tensors["0"], torch.tensor([False, True, True, True]))


@pytest.mark.parametrize("value", [torch.arange(6.0).requires_grad_(), torch.nn.Parameter(torch.arange(6.0)), torch.arange(6.0).to_sparse(), torch.arange(12.0)[::2] / 2,
                                   torch.complex(torch.zeros(6), -torch.arange(6.0)).conj().imag], ids=["history", "parameter", "sparse", "strided", "negated"])  # fmt: skip
def test_uncommon_tensors_arrive_as_plain_ones(value):
    got = there_and_back(value)
    assert type(got) is torch.Tensor and not got.requires_grad and torch.equal(got, torch.arange(6.0))


def test_tensors_that_cannot_cross_are_opaque():
    for value in (torch.zeros(2, dtype=torch.complex128), torch.zeros(2, dtype=torch.float8_e4m3fn), torch.zeros([1] * 65)):
        assert isinstance(there_and_back(value), wire.Opaque)


def test_lengths_are_bounded_before_anything_is_read():
    left, right = socket.socketpair()
    left.sendall(wire.LENGTHS.pack(wire.MAX_HEADER + 1, 0))
    with pytest.raises(wire.ProtocolError):
        wire.Incoming(right).frame()
    left.close()
    right.close()


def test_nesting_is_bounded():
    tree = 0
    for _ in range(100):
        tree = [tree]
    with pytest.raises(wire.ProtocolError):
        TrustedCodec({}).decode(json.loads(json.dumps(tree)))
