"""Row 19: what comes over the channel, in whatever order, size and shape, is at most a wrong answer. Row 36: nor does it exhaust the grader."""

import json
import socket
import struct
import time

import pytest
from hostile import EXERCISE, HEAD, RIGHT, WITNESS, Attack, body, held, judge_all, outside
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.jail.inside import wire
from autograder.values import TrustedCodec

SOCKET = ("import gc, json, os, struct, threading, time\nfrom driver import Driver\ndriver = next(thing for thing in gc.get_objects() if type(thing).__name__ == 'Driver')\n"
          "def frame(text, payload=b''): return struct.pack('>II', len(text), len(payload)) + text + payload\n"
          "def send(*messages, payload=b''):\n"
          "    text = b','.join(message if isinstance(message, bytes) else json.dumps(message).encode() for message in messages)\n"
          "    driver.channel.sendall(frame(b'[' + text + b']', payload))\n")  # fmt: skip


def talks(text: str) -> Attack:
    """A wrong kl_weight that does something to the channel before it returns."""
    return Attack(SOCKET + HEAD + "".join(f"    {line}\n" for line in text.splitlines()) + "    return -3.0\n")


HOSTILE = {
    "the reply to this call, twice in one frame": talks("send({'id': driver.number, 'value': 1.0}, {'id': driver.number, 'value': 1.0})"),
    "the reply to this call and to coming ones in one frame": talks("send(*({'id': driver.number + i, 'value': 1.0} for i in range(50)))"),
    "a reply and something else in one frame": talks("send({'id': driver.number, 'value': 1.0}, 7)"),
    "observations and the reply in one frame": talks("send({'id': driver.number, 'observed': [1.0]}, {'id': driver.number, 'value': 1.0})"),
    "a message for which there is no list": talks("driver.channel.sendall(frame(json.dumps({'id': driver.number, 'value': 1.0}).encode()))"),
    "a list around the list": talks("driver.channel.sendall(frame(json.dumps([[{'id': driver.number, 'value': 1.0}]]).encode()))"),
    "frames without a message": talks("for i in range(10 ** 4): send()"),
    "a hundred thousand messages in one frame": talks("send(*[{}] * 10 ** 5)"),
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
    "cells nobody asked for": talks("for i in range(100): send({'id': driver.number, 'cell': 'x'})"),
    "an error that is none": talks("send({'id': driver.number, 'error': [1, 2]})"),
    "an error of another kind": talks("send({'id': driver.number, 'error': {'kinds': [['x'] * 100] * 100, 'message': {'a': 'b' * 10 ** 5}, 'line': 3}})"),
    "no value": talks("send({'id': driver.number})"),
    "a closed channel": talks("os.close(driver.channel.fileno())"),
    "a thread that answers first": talks("n = driver.number\nthreading.Thread(target=lambda: [send({'id': n + i, 'value': 0.5}) for i in range(50)]).start()"),
    "a pickle": talks("import pickle\nsend(pickle.dumps([1]))"),
    "a pickle in the place of a frame": talks("import pickle\ndriver.channel.sendall(frame(pickle.dumps([{'id': driver.number, 'value': 1.0}])))"),
    "tensors of a kind that does not cross": Attack(body("import torch\nreturn torch.zeros(3).to(torch.float8_e4m3fn)")),
    "tensors of no size": Attack(body("import torch\nreturn torch.zeros(0, 1 << 40)")),
    "ten thousand tensors": Attack(body("import torch\nreturn [torch.zeros(())] * 30000")),
    "a device": talks("send({'id': driver.number, 'value': {'$': 'device', 'v': 'warp:9'}})"),
    "an infinite shape": talks("send(b'{\"id\": %d, \"value\": {\"$\": \"meta\", \"shape\": [Infinity], \"dtype\": \"float32\"}}' % driver.number)"),
    "a long integer": talks("send(b'{\"id\": %d, \"value\": 1%s}' % (driver.number, b'0' * 400))"),
    "tensors of another's kind": talks("send({'id': driver.number, 'value': {'$': 'tensor', 'i': '0'}, 'tensors': ['object 1']}, payload=bytes(16))"),
    "more values than sent": talks("send({'id': driver.number, 'value': {'$': 'tensor', 'i': '0'}, 'tensors': [f'float32 {1 << 40}']}, payload=bytes(16))"),
    "a table of tensors that is none": talks("send({'id': driver.number, 'value': {'$': 'tensor', 'i': '0'}, 'tensors': {'0': 1}}, payload=bytes(16))"),
    "forms of tensors that are none": talks("send({'id': driver.number, 'value': {'$': 'tensor', 'i': '0'}, 'tensors': [['float32', 1]]}, payload=bytes(16))"),
    "a form of a tensor without end": talks("send({'id': driver.number, 'value': {'$': 'tensor', 'i': '0'}, 'tensors': ['float32' + ' 1' * 10 ** 6]}, payload=bytes(16))"),
    "a size without end": talks("send({'id': driver.number, 'value': {'$': 'tensor', 'i': '0'}, 'tensors': ['float32 ' + '1' * 10 ** 6]}, payload=bytes(16))"),
    "another message's values": talks("send({'id': driver.number, 'observed': [], 'tensors': ['float32 4']}, {'id': driver.number, 'value': {'$': 'tensor', 'i': '0'}, 'tensors': ['float32 4']}, payload=bytes(16))"),
    "another message's tensor": talks("send({'id': driver.number, 'observed': [], 'tensors': ['float32 4']}, {'id': driver.number, 'value': {'$': 'tensor', 'i': '0'}}, payload=bytes(16))"),
    "a foreign object's number": talks("send({'id': driver.number, 'value': {'$': 'remote', 'i': 10 ** 9, 'type': 'float'}})"),
}  # fmt: skip


REPORTS = {
    "changes that are a number": "changed=5", "a change with no ASCII number": "changed=['\u00b2']", "changes that are an object": "changed={'a': [1]}", "a change with a long number": "changed=['9' * 5000]",
    "a thousand changes": "changed=['a'] * 1000", "a text for a truth": "random='no'", "an object for a truth": "grad={}", "less than nothing printed": "printed=-5", "a long number printed": "printed=10 ** 4000",
    "a schedule of nothing": "value={'$': 'schedule', 'v': [None] * 4}", "a schedule of other things": "value={'$': 'schedule', 'v': [[], [], 'a', {'$': 'dict', 'v': []}]}", "a remote thing": "value={'$': 'remote', 'i': -1, 'type': 5}",
    "a shape below nothing": "value={'$': 'meta', 'shape': [-1], 'dtype': 'float32'}", "half a character": "value='\\ud800'", "a tensor's name that is an object": "value={'$': 'tensor', 'i': {}}",
    "a type that is a text without end": "value={'$': 'opaque', 'type': 'b' * 10 ** 5}",
}  # fmt: skip
HOSTILE |= {name: talks(f"send({{'id': driver.number, 'value': 0.5}} | dict({report}))\ntime.sleep(0.05)") for name, report in REPORTS.items()}


@pytest.fixture(scope="module")
def verdicts(pool):
    return judge_all(pool, HOSTILE)


LEFT = {
    "a late reply": ("", "threading.Timer(0.02, lambda: send({'id': 1, 'value': 1.0})).start()"),
    "a thread that burns": ("", "threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()"),
    "a thread that ends the process": ("", "threading.Timer(0.02, lambda: os._exit(0)).start()"),
    "a process that burns": ("", "if os.fork() == 0:\n    while True: pass"),
    "a thread that talks": ("", "threading.Thread(target=lambda: [(time.sleep(0.001), send({'id': 1, 'observed': 1})) for _ in range(2000)], daemon=True).start()"),
    "memory": ("hoard = []\n", "hoard.append(bytearray(1900 << 20))"),
}  # fmt: skip


@pytest.mark.row(67)
@pytest.mark.parametrize("name", LEFT)
def test_what_an_exercise_leaves_behind_costs_no_other(pool, name):
    """A wrong first exercise leaves something to the right ones after it: they are judged as if alone."""
    before, left = LEFT[name]
    first = SOCKET + before + "def gaussian_kl(mu, logvar):\n" + "".join(f"    {line}\n" for line in left.splitlines()) + "    return mu.sum(1)\n"
    right = (EXERCISE, "active_units", WITNESS)
    verdicts = judge_all(pool, {"one": Attack(RIGHT, others={"gaussian_kl": first}, only=("gaussian_kl", *right))})["one"]
    assert verdicts["gaussian_kl"]["points"] == 0 and {verdicts[other]["outcome"] for other in right} == {"passed"}, verdicts


GRADIENTS = ["[]", "[None] * 5", "{}", "7", "None", "torch.zeros(())", "[[1]]"]


@pytest.mark.row(69)
@pytest.mark.parametrize("gradients", GRADIENTS)
def test_forged_gradients_are_not_taken_for_a_fault_of_the_grader(pool, gradients):
    """The driver is made to answer questions for gradients with other things; the grader says whose fault that is."""
    forged = f"import driver, torch\ndriver.gradient = lambda *args: {gradients}\n"
    verdicts = judge_all(pool, {"one": Attack(RIGHT, [forged], only=("reparameterize", "bernoulli_log_likelihood", EXERCISE))})["one"]
    assert verdicts.pop(EXERCISE)["outcome"] == "passed"
    assert {verdict["outcome"] for verdict in verdicts.values()} <= {"wrong", "raised"} and not any(verdict["points"] for verdict in verdicts.values()), verdicts


@pytest.mark.row(68)
@pytest.mark.parametrize("signal", ["SIGTERM", "SIGKILL", "SIGSTOP", "SIGHUP"])
def test_a_signal_to_the_group_stays_in_the_submission(pool, signal):
    """The warm process and the supervisor are not in the student's process group; a fault of the grader would follow else."""
    assert held(judge_all(pool, {"one": Attack(body(f"import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nos.kill(0, signal.{signal})\nreturn -3.0"))})["one"])


@pytest.mark.row(68)
def test_in_one_group_a_signal_reaches_the_parent():
    """Control: a child that stays in its parent's group ends it."""
    done = outside("import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', 'import os; os.kill(0, 9)'])\ntime.sleep(20)")
    assert done is not None and done.returncode == -9


@pytest.mark.row(19)
@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_comes_over_the_channel_wins_nothing(verdicts, name):
    assert held(verdicts[name])


HEADERS = st.dictionaries(st.sampled_from(["id", "value", "error", "observed", "cell", "printed", "changed", "grad", "tensors"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda x: st.lists(x, max_size=3) | st.dictionaries(
        st.sampled_from(["$", "v", "i", "shape", "dtype", "type", "kinds"]), x | st.sampled_from(["tensor", "dict", "device", "meta", "schedule", "remote", "float32"]), max_size=4), max_leaves=12))  # fmt: skip


@pytest.mark.row(19)
@settings(max_examples=150, deadline=None)
@given(st.lists(HEADERS, min_size=1, max_size=3) | HEADERS, st.binary(max_size=80), st.integers(0, 20))
def test_any_frame_is_data_or_a_protocol_error(headers, payload, cut):
    left, right = socket.socketpair()
    text = json.dumps(headers).encode()
    left.sendall((struct.pack(">II", len(text), len(payload)) + text + payload)[: -cut or None])
    left.close()
    incoming = wire.Incoming(right)
    try:
        for _ in headers:
            got, tensors = incoming.message(strict=True)
            TrustedCodec(tensors).decode(got.get("value"))
    except (wire.ProtocolError, EOFError):
        pass
    finally:
        right.close()


@pytest.mark.row(19)
@pytest.mark.parametrize("kind", ["float8_e4m3fn", "uint16", "complex128", "object", "F32", ""])
def test_only_known_kinds_of_tensors_cross(kind):
    with pytest.raises(wire.ProtocolError):
        wire.parse(table(kind), bytearray(32))


@pytest.mark.row(19)
def test_the_known_kind_crosses_in_the_same_form():
    """The control: the same bytes with a kind that may cross."""
    wire.parse(table("float64"), bytearray(32))


def table(kind: str) -> bytes:
    """The header of a frame with four values of a kind."""
    return json.dumps([{"tensors": [f"{kind} 4"]}]).encode()


@pytest.mark.row(36)
def test_a_large_header_is_refused_before_it_is_read():
    bomb = b'[{"value": [' + b"[]," * 1_000_000 + b"[]]}]"
    start = time.process_time()
    with pytest.raises(wire.ProtocolError):
        wire.parse(bomb, bytearray(), strict=True)
    assert time.process_time() - start < 1 and len(json.loads(bomb)[0]["value"]) > 1_000_000, "control: read without the bound it is millions of objects"
