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
    (got,) = all_there_and_back(value)
    return got


def all_there_and_back(*values):
    """Values as they arrive on the other side, each in a message, all messages in one frame."""
    left, right = socket.socketpair()
    messages, incoming, got = [], wire.Incoming(right), []
    for value in values:
        codec = wire.Codec({})
        messages.append(wire.Message({"value": codec.encode(value)}, codec.packed))
    left.sendall(wire.framed(messages))
    for _ in values:
        header, tensors = incoming.message(strict=True)
        got.append(TrustedCodec(tensors).decode(header["value"]))
    assert not incoming.holds_more()
    left.close()
    right.close()
    return got


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
        for header, tensors in wire.parse(text, bytearray(payload)):
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


def header(*tables) -> bytes:
    """The header of a frame whose messages have these tables of tensors."""
    return json.dumps([{"tensors": table} for table in tables]).encode()


WORDS = st.sampled_from([*SIZES, "float8_e4m3fn", "object", "", "-0", "+1", "01", "1_0", "\u0663", "1.0", " ", "\n"]) | st.integers(-2, 5).map(str) | st.integers().map(str)
FORMS = st.lists(WORDS, max_size=4).map(" ".join) | st.tuples(st.sampled_from([*SIZES]), st.integers(0, 3), st.integers(0, 3)).map(lambda form: " ".join(map(str, form)))
TABLES = st.lists(FORMS | st.none() | st.integers() | st.lists(FORMS, max_size=2), max_size=3) | FORMS | st.none() | st.dictionaries(FORMS, FORMS, max_size=2)


@settings(max_examples=500, deadline=None)
@given(st.lists(TABLES, max_size=3), st.binary(max_size=200))
def test_malformed_tables_of_tensors_are_protocol_errors(tables, payload):
    try:
        messages = wire.parse(header(*tables), bytearray(payload), strict=True)
    except wire.ProtocolError:
        return
    forms = [[" ".join((str(value.dtype).removeprefix("torch."), *map(str, value.shape))) for value in tensors.values()] for _, tensors in messages]
    assert forms == tables


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.tuples(st.sampled_from([*SIZES]), st.integers(0, 3), st.integers(0, 3)), max_size=3), min_size=1, max_size=3), st.integers(-20, 20))
def test_a_payload_is_as_long_as_the_tables_of_all_messages_say(tables, off):
    size = sum(-(-rows * columns * SIZES[kind] // wire.ALIGNMENT) * wire.ALIGNMENT for table in tables for kind, rows, columns in table)
    text = header(*([" ".join(map(str, form)) for form in table] for table in tables))
    if off == 0:
        assert [[tuple(value.shape) for value in tensors.values()] for _, tensors in wire.parse(text, bytearray(size), strict=True)] == [[form[1:] for form in table] for table in tables]
    elif size + off >= 0:
        with pytest.raises(wire.ProtocolError):
            wire.parse(text, bytearray(size + off), strict=True)


@pytest.mark.parametrize("kind", SIZES)
def test_a_payload_holds_as_many_values_as_its_table_says(kind):
    """One byte less or more is refused, so no tensor can look beyond its own values."""
    size = 6 * SIZES[kind]
    size += -size % wire.ALIGNMENT
    text = header([f"{kind} 2 3", f"{kind} 6"])
    ((_, tensors),) = wire.parse(text, bytearray(2 * size), strict=True)
    assert [tuple(value.shape) for value in tensors.values()] == [(2, 3), (6,)]
    for length in (0, size, 2 * size - 1, 2 * size + 1):
        with pytest.raises(wire.ProtocolError):
            wire.parse(text, bytearray(length), strict=True)


def test_tensors_of_one_frame_share_no_memory():
    (_, first), (_, second) = wire.parse(header(["int8 3", "int8 3"], ["int8 3", "bool 3"]), bytearray(64), strict=True)
    one, *others = *first.values(), *second.values()
    one.fill_(7)
    assert not any(other.any() for other in others)


@pytest.mark.parametrize("shape", [[1 << 63], [-1], [0, 1 << 62, 1 << 62], [True], [1.0], ["01"], ["1_0"], ["+1"], ["\u0661"], [""], ["1 "], [" 1"], ["1\n"], [[1]], [1] * 65, ["9" * 10**5]])
@pytest.mark.parametrize("kind", ["bool", "bfloat16", "float32"])
def test_impossible_shapes_are_protocol_errors(shape, kind):
    with pytest.raises(wire.ProtocolError):
        wire.parse(header([" ".join(map(str, [kind, *shape]))]), bytearray(16), strict=True)


def test_a_tensor_of_as_many_dimensions_as_may_cross_arrives():
    value = torch.arange(4.0).reshape(*[1] * 62, 2, 2)
    assert torch.equal(there_and_back(value), value)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"7", b"null", b'"text"', b"[7]", b"[null]", b"[[]]", b'[{}, "text"]', b'{"value": 1}', b'[{"value": 1}', b'[{"value": 1}] ', b'[{}][{}]',
                                  b' [{}]', b"\xff[{}]", b"[" * 10**5, b'[{"value": 1' + b"0" * 5000 + b"}]"], ids=lambda text: repr(text[:20]))  # fmt: skip
def test_a_frame_that_is_no_list_of_messages_is_a_protocol_error(text):
    with pytest.raises(wire.ProtocolError):
        wire.parse(text, bytearray(), strict=True)


def test_messages_of_one_frame_arrive_one_after_another_each_with_its_own_tensors():
    one, two = torch.arange(3), torch.arange(5.0) / 3
    got = all_there_and_back([one, 1], "none", {"a": two, "b": one}, (two, 2))
    assert got[0][0].tolist() == one.tolist() and got[1] == "none" and torch.equal(got[2]["a"], two) and torch.equal(got[2]["b"], one)
    assert torch.equal(got[3][0], two) and [got[0][1], got[3][1]] == [1, 2]


def test_what_was_packed_is_as_it_was_then():
    """A reply waits for others, and what a probe observes changes while it trains on."""
    value, codec = torch.zeros(3), wire.Codec({})
    codec.encode(value)
    value.fill_(1)
    assert not any(any(part) for part in codec.packed.parts)


@pytest.mark.parametrize("cut", [1, 3, 7, 100, 5000, 70_000])
def test_frames_arrive_in_whatever_pieces_they_come(cut):
    """Small and large frames, of which a read brings a part, or several at once."""
    values = [[k, torch.arange(size)] for k, size in enumerate((0, 1, 1000, 9000, 3, 20_000, 2))]
    stream, got = bytearray(), []
    for value in values:
        codec = wire.Codec({})
        stream += wire.framed([wire.Message({"value": codec.encode(value)}, codec.packed)])
    incoming = wire.Incoming(Pieces(bytes(stream), cut))
    for _ in values:
        message, tensors = incoming.message(strict=True)
        got.append(TrustedCodec(tensors).decode(message["value"]))
    assert all(k == place and torch.equal(have, want) for (k, have), (place, want) in zip(got, values, strict=True)) and not incoming.holds_more()
    with pytest.raises(EOFError):
        incoming.message()


class Pieces:
    """In the place of a channel: a stream that comes in pieces."""

    def __init__(self, stream: bytes, cut: int):
        self.stream, self.cut = stream, cut

    def recv_into(self, place) -> int:
        piece, self.stream = self.stream[: min(self.cut, len(place))], self.stream[min(self.cut, len(place)) :]
        place[: len(piece)] = piece
        return len(piece)


def test_a_dictionary_arrives_with_whatever_keys_it_has():
    for value in ({"$": 1}, {"$": "tensor", "i": "0"}, {1: "a", "b": None, None: 2.0}, {"a": {"$": {"b": 1}}}, {}):
        assert there_and_back(value) == value


def test_more_tensors_than_may_cross_are_refused():
    """In one message or in several of one frame."""
    table = ["int8 0"] * wire.MAX_TENSORS
    wire.parse(header(table), bytearray(), strict=True)
    wire.parse(header(table[:5000], table[5000:]), bytearray(), strict=True)
    for tables in ([[*table, "int8 0"]], [table, ["int8 0"]]):
        with pytest.raises(wire.ProtocolError):
            wire.parse(header(*tables), bytearray(), strict=True)


def test_truth_values_are_true_or_false():
    """Other bytes, which memory that nobody has written to may hold, would be equal to neither."""
    ((_, tensors),) = wire.parse(header(["bool 4"]), bytearray(b"\0\1\2\xff" + bytes(12)), strict=True)
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
        wire.Incoming(right).message()
    left.close()
    right.close()


def test_nesting_is_bounded():
    tree = 0
    for _ in range(100):
        tree = [tree]
    with pytest.raises(wire.ProtocolError):
        TrustedCodec({}).decode(json.loads(json.dumps(tree)))
