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
        header, tensors = wire.parse(text, payload)
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
