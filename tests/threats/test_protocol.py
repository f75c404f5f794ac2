"""Row 19: what comes over the channel, in whatever order, size and shape, is at most a wrong answer. Row 36: nor does it exhaust the grader."""

import json
import socket
import struct
import time

import pytest
from hostile import HEAD, Attack, body, held, judge_all
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.jail.inside import wire
from autograder.values import TrustedCodec

SOCKET = ("import gc, json, os, struct, threading, time\nfrom driver import Driver\ndriver = next(thing for thing in gc.get_objects() if type(thing).__name__ == 'Driver')\n"
          "def frame(message, payload=b''):\n    text = message if isinstance(message, bytes) else json.dumps(message).encode()\n    return struct.pack('>II', len(text), len(payload)) + text + payload\n"
          "def send(message, payload=b''): driver.channel.sendall(frame(message, payload))\n")  # fmt: skip


def talks(text: str) -> Attack:
    """A wrong kl_weight that does something to the channel before it returns."""
    return Attack(SOCKET + HEAD + "".join(f"    {line}\n" for line in text.splitlines()) + "    return -3.0\n")


HOSTILE = {
    "the reply to this call, twice": talks("send({'id': driver.number, 'value': 1.0})\nsend({'id': driver.number, 'value': 1.0})"),
    "the reply to the next call": talks("send({'id': driver.number + 1, 'value': 1.0})"),
    "replies to all coming calls": talks("for i in range(100): send({'id': driver.number + i, 'value': 1.0})"),
    "an old reply": talks("send({'id': 1, 'value': 1.0})"),
    "a pass": talks("send({'id': driver.number, 'value': {'outcome': 'passed', 'points': 100}, 'score': 100.0})"),
    "garbage": talks("driver.channel.sendall(os.urandom(5000))"),
    "a header that never ends": talks("driver.channel.sendall(struct.pack('>II', 4 << 20, 0) + b'{')\nos._exit(0)"),
    "4 GB announced": talks("driver.channel.sendall(struct.pack('>II', 0xFFFFFFFF, 0xFFFFFFFF))"),
    "a million lists": talks("send(b'{\"id\": 1, \"value\": [' + b'[],' * 10 ** 6 + b'[]]}')"),
    "a flood of observations": talks("for i in range(10 ** 6): send(b'{\"id\": %d, \"observed\": \"' % driver.number + b'x' * 10 ** 6 + b'\"}')"),
    "cells nobody asked for": talks("for i in range(100): send({'id': driver.number, 'cell': 'x', 'state': 'start'})"),
    "an error that is none": talks("send({'id': driver.number, 'error': [1, 2]})"),
    "an error of another kind": talks("send({'id': driver.number, 'error': {'kinds': [['x'] * 100] * 100, 'message': {'a': 'b' * 10 ** 5}, 'line': 3}})"),
    "no value": talks("send({'id': driver.number})"),
    "a closed channel": talks("os.close(driver.channel.fileno())"),
    "a thread that answers first": talks("n = driver.number\nthreading.Thread(target=lambda: [send({'id': n + i, 'value': 0.5}) for i in range(50)]).start()"),
    "a pickle": talks("import pickle\nsend(pickle.dumps([1]))"),
    "tensors of a kind that does not cross": Attack(body("import torch\nreturn torch.zeros(3).to(torch.float8_e4m3fn)")),
    "tensors of no size": Attack(body("import torch\nreturn torch.zeros(0, 1 << 40)")),
    "ten thousand tensors": Attack(body("import torch\nreturn [torch.zeros(())] * 30000")),
    "a device": talks("send({'id': driver.number, 'value': {'$': 'device', 'v': 'warp:9'}})"),
    "an infinite shape": talks("send(b'{\"id\": %d, \"value\": {\"$\": \"meta\", \"shape\": [Infinity], \"dtype\": \"float32\"}}' % driver.number)"),
    "a long integer": talks("send(b'{\"id\": %d, \"value\": 1%s}' % (driver.number, b'0' * 400))"),
    "a foreign object's number": talks("send({'id': driver.number, 'value': {'$': 'remote', 'i': 10 ** 9, 'type': 'float'}})"),
}  # fmt: skip


@pytest.fixture(scope="module")
def verdicts(pool):
    return judge_all(pool, HOSTILE)


@pytest.mark.row(19)
@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_comes_over_the_channel_wins_nothing(verdicts, name):
    assert held(verdicts[name])


HEADERS = st.dictionaries(st.sampled_from(["id", "value", "error", "observed", "cell", "printed", "changed", "grad"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda x: st.lists(x, max_size=3) | st.dictionaries(
        st.sampled_from(["$", "v", "i", "shape", "dtype", "type", "kinds"]), x | st.sampled_from(["tensor", "dict", "device", "meta", "schedule", "remote", "float32"]), max_size=4), max_leaves=12))  # fmt: skip


@pytest.mark.row(19)
@settings(max_examples=150, deadline=None)
@given(HEADERS, st.binary(max_size=80), st.integers(0, 20))
def test_any_message_is_data_or_a_protocol_error(header, payload, cut):
    left, right = socket.socketpair()
    text = json.dumps(header).encode()
    left.sendall((struct.pack(">II", len(text), len(payload)) + text + payload)[: -cut or None])
    left.close()
    try:
        got, tensors = wire.receive(right, strict=True)
        TrustedCodec(tensors).decode(got.get("value"))
    except (wire.ProtocolError, EOFError):
        pass
    finally:
        right.close()


@pytest.mark.row(19)
@pytest.mark.parametrize("kind, size", [("F8_E4M3", 1), ("U16", 2), ("C128", 16), ("O", 8)])
def test_only_known_kinds_of_tensors_cross(kind, size):
    with pytest.raises(wire.ProtocolError):
        wire.parse(b"{}", stored(kind, 2 * size))


@pytest.mark.row(19)
def test_the_known_kind_crosses_in_the_same_form():
    """The control: the same bytes with a kind that may cross."""
    wire.parse(b"{}", stored("F32", 8))


def stored(kind: str, size: int) -> bytes:
    """Two values of a kind as a safetensors file, written by hand, since the library writes only what it knows."""
    header = json.dumps({"0": {"dtype": kind, "shape": [2], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(size)


@pytest.mark.row(36)
def test_a_large_header_is_refused_before_it_is_read():
    bomb = b'{"value": [' + b"[]," * 1_000_000 + b"[]]}"
    start = time.process_time()
    with pytest.raises(wire.ProtocolError):
        wire.parse(bomb, b"", strict=True)
    assert time.process_time() - start < 1 and len(json.loads(bomb)["value"]) > 1_000_000, "control: read without the bound it is millions of objects"
