"""Questions that go to a student's process together, and what is seen of a call beside its value."""

import gc
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from autograder.checking import Wrong
from autograder.draws import Draw
from autograder.jail.errors import Raised, StudentFailure
from autograder.jail.launch import Jail
from autograder.jail.process import Answer, Question, StudentProcess
from autograder.limits import Limits
from autograder.probes import autoencoder, ddpm, masked_autoencoder, unet
from autograder.probes.vae import NothingElse, TinyVAE
from autograder.student import Student
from autograder.values import TrustedCodec

PROBES = {
    "autoencoder": lambda: autoencoder.Recorder((4,), 2), "masked autoencoder": masked_autoencoder.Recorder, "VAE": lambda: TinyVAE(recording="gradients"), "decoder": NothingElse,
    "table": lambda: ddpm.Tabled(5, True), "kinked": lambda: ddpm.Kinked(5, True), "homebody": ddpm.Homebody, "U-Net": unet.Recorder, "normed": unet.Normed,
}  # fmt: skip
SOURCE = """
import torch

def parts(count):
    return [[] for _ in range(count)]

def tensors(count):
    return [torch.zeros(0, dtype=torch.int8)] * count

def numbers(count):
    return torch.arange(count)

def raises(count):
    raise ValueError(count)

class State:
    def __init__(self):
        self.weight = torch.zeros(3)

state = State()

def counted(step):
    state.weight += step
    return state.weight

def sockets(_count):
    import os, stat
    def found():
        count = 0
        for fd in range(128):
            try:
                count += stat.S_ISSOCK(os.fstat(fd).st_mode)
            except OSError:
                pass
        return count
    child = os.fork()
    if child == 0:
        os._exit(found())
    return [found(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]

def doubled(x):
    return x * 2

def in_place(x):
    x.mul_(2)

def through_numpy(x):
    x.numpy()[0] = 7

def through_data(x):
    x.data.add_(1)

def other_memory(x):
    x.set_(torch.zeros(2, 2).to(x.dtype).storage(), 0, (2, 2), (2, 1))

def other_data(x):
    x.data = torch.zeros(2, 2).to(x.dtype)

def transposed(x):
    x.t_()

def reshaped(x):
    x.unsqueeze_(0)

def other_dtype(x):
    x.data = x.double() if x.dtype is not torch.float64 else x.float()

def and_back(x):
    x.t_().t_()

def the_same_elsewhere(x):
    x.data = x.clone()

def with_history(x):
    return x.requires_grad_().sum() if x.is_floating_point() else x

def a_copy(x):
    y = x.clone()
    y.zero_()

calls = []

def noted(value):
    calls.append(value)
    if value < 0:
        raise ValueError(value)
    return list(calls)

def forget():
    calls.clear()

def in_place_where_positive(x):
    if x[0] > 0:
        x += 1

def modes_then_switch():
    found = modes()
    switches()
    return found

def switches():
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)

def modes():
    return [torch.is_grad_enabled(), torch.get_default_dtype()]

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)
        self.register_buffer("steps", torch.ones(2))

net = Net()

def a_net():
    return net

def spoils(model):
    model.extra, model.init_kwargs["input_dim"] = 1, 99
    model.register_forward_hook(lambda *args: None)
    with torch.no_grad():
        model.offset.zero_()

def looks(model):
    return [hasattr(model, "extra"), dict(model.init_kwargs), len(model._forward_hooks), model.offset]
"""
CHANGES = ("in_place", "through_numpy", "through_data", "other_memory", "other_data", "transposed", "reshaped", "other_dtype")
KEEPS = ("doubled", "and_back", "the_same_elsewhere", "with_history", "a_copy")


@pytest.fixture(scope="module")
def process():
    with Jail() as jail:
        started = StudentProcess(jail, Limits(), 1)
        started.request("cells", cpu=20.0, cells=[{"label": "1", "source": SOURCE, "definitions_only": False}])
        yield started
        started.close()


def asked(process, *calls):
    """What comes of some calls that go over together: values, and what was raised."""
    questions = []
    for name, *args in calls:
        codec = TrustedCodec()
        questions.append(Question("call", {"name": name, "args": [codec.encode(part) for part in args]}, codec.packed))
    found = process.exchange(questions, cpu=20.0)
    return [one if isinstance(one, Exception) else TrustedCodec(one.tensors).decode(one.header["value"]) for one in found]


def test_answers_that_come_together_are_taken_as_each_would_be_alone(process):
    """Many parts, many tensors, long values: whatever is sent with them, none makes a frame that is refused."""
    calls = [(name, count) for name, count in (("parts", 90_000), ("tensors", 9_000), ("numbers", 10**6), ("parts", 3)) for _ in range(4)]
    found = asked(process, *calls)
    assert [len(value) for value in found] == [count for _, count in calls]


def test_questions_that_follow_one_that_raised_are_not_answered_where_they_belong_together(process):
    def question(value, **more):
        return Question("call", {"name": "noted", "args": [value]} | more)

    process.exchange([question(1, chain=7), question(-1, chain=7), question(2, chain=7), question(3, chain=8), question(4)], cpu=20.0)
    (after,) = asked(process, ("noted", 5))
    assert after == [1, -1, 3, 4, 5]


def test_a_call_switches_nothing_for_those_after_it(process):
    _, modes = asked(process, ("switches",), ("modes",))
    assert modes == [True, torch.float32]


def test_a_call_with_each_of_some_arguments_is_taken_as_each_would_be_alone(process, student):
    """Values, what changed, gradients, modes; the first that raises, in its turn, and none after it. All are one question."""
    asked(process, ("forget",))
    sent, exchange = [], student.session.exchange
    student.session.exchange = lambda questions: sent.append(len(questions)) or exchange(questions)
    assert [student.doubled(x).tolist() for x in (torch.ones(2), torch.zeros(3))] == [x.tolist() for x in student.doubled.each((torch.ones(2),), (torch.zeros(3),))]
    sent.clear()
    found = student.noted.each((1,), (2,), (-3,), (4,))
    assert [next(found), next(found)] == [[1], [1, 2]] and sent == [1]
    with pytest.raises(Raised, match="-3"):
        next(found)
    assert asked(process, ("noted", 5)) == [[1, 2, -3, 5]] and [call.args for call in student.calls[-2:]] == [(1,), (2,)]
    histories = [student.last.requires_grad for _ in student.with_history.each((torch.tensor([1]),), (torch.ones(2),))]
    assert histories == [False, True]
    changing = student.in_place_where_positive.each((-torch.ones(2),), (torch.ones(2),))
    next(changing)
    with pytest.raises(Wrong, match="changed its input"):
        next(changing)
    assert list(student.modes_then_switch.each((), ())) == [[True, torch.float32]] * 2


REPLIES = {
    "no list": 7, "too many": [{"value": 1}] * 3, "too few": [{"value": 1}], "no object": [{"value": 1}, 2], "no value": [{"value": 1}, {}],
    "no report": [{"value": 1}, {"value": 1, "grad": "yes"}], "no tensor": [{"value": 1}, {"value": {"$": "tensor", "i": "5"}}], "no error": [{"value": 1}, {"error": 3}],
}  # fmt: skip


@pytest.mark.parametrize("kind", REPLIES)
def test_a_reply_to_a_call_with_each_that_is_none_is_the_students_own_doing(kind):
    def exchange(questions):
        return [Answer({"value": REPLIES[kind]}, {})]

    with pytest.raises(StudentFailure):
        list(Student(SimpleNamespace(exchange=exchange, generation=1)).noted.each((1,), (2,)))


@pytest.fixture
def student(process):
    with_probes = Student(SimpleNamespace(exchange=lambda questions: process.exchange(questions, cpu=20.0), generation=1, need_probe=lambda module: process.request(
        "probe", cpu=20.0, name=module.__name__.rpartition(".")[2], source=Path(module.__file__).read_text())), classes=frozenset({"a_net"}))  # fmt: skip
    return with_probes


def test_weights_are_drawn_anew_by_a_seed_and_buffers_stay(student):
    net, drawn = student.a_net(), []
    for seed in (1, 1, 2):
        net.redraw(Draw(seed, "a check"), 5.0)
        drawn.append(net.state_dict())
    assert torch.equal(drawn[0]["layer.weight"], drawn[1]["layer.weight"]) and not torch.equal(drawn[0]["layer.weight"], drawn[2]["layer.weight"])
    assert all(torch.equal(state["steps"], torch.ones(2)) for state in drawn) and float(drawn[0]["layer.weight"].abs().max()) > 1.0


def test_a_probe_that_comes_again_shares_nothing_with_the_one_before(student):
    probe = NothingElse(4, 2)
    with torch.no_grad():
        probe.offset.copy_(torch.arange(4.0))
    student.spoils(probe)
    for _ in range(2):
        extra, settings, hooks, offset = student.looks(probe)
        assert (extra, settings, hooks, offset.tolist()) == (False, {"input_dim": 4, "latent_dim": 2}, 0, [0.0, 1.0, 2.0, 3.0])
        student.spoils(probe)


def test_what_one_of_several_questions_raises_is_its_own(process):
    before, raised, after = asked(process, ("numbers", 2), ("raises", 5), ("numbers", 3))
    assert (before.tolist(), after.tolist()) == ([0, 1], [0, 1, 2]) and isinstance(raised, Raised) and raised.kinds[0] == "ValueError"


def test_an_answer_is_what_was_returned_then(process):
    """Also where a later question of the same exchange changes the tensor that was returned."""
    assert [value.tolist() for value in asked(process, ("counted", 1), ("counted", 2), ("counted", 4))] == [[1.0] * 3, [3.0] * 3, [7.0] * 3]


DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.int64)
KINDS = [(name, dtype) for name in CHANGES + KEEPS for dtype in DTYPES if name != "through_numpy" or dtype is not torch.bfloat16]  # which numpy does not have


def test_a_process_that_the_students_code_forks_does_not_hold_the_channel(process):
    """Else what it writes to whatever it finds open would come between the answers."""
    assert asked(process, ("sockets", 0)) == [[1, 0]]


@pytest.mark.parametrize("name, dtype", KINDS)
def test_every_way_to_change_an_argument_is_seen_and_nothing_else(process, name, dtype):
    codec = TrustedCodec()
    x = torch.tensor([[1.0, 2.0], [3.0, float("nan") if dtype.is_floating_point else 5.0]]).to(dtype)
    (found,) = process.exchange([Question("call", {"name": name, "args": [codec.encode(x)]}, codec.packed)], cpu=20.0)
    assert found.header.get("changed", []) == (["0"] if name in CHANGES else [])


def test_a_changed_truth_value_is_seen(process):
    codec = TrustedCodec()
    args = [codec.encode(torch.eye(2).bool()), codec.encode(torch.tensor([[False, True], [False, False]]))]
    found = process.exchange([Question("call", {"name": "transposed", "args": [part]}, codec.packed) for part in args], cpu=20.0)
    assert [one.header.get("changed", []) for one in found] == [[], ["0"]]


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_is_gone_when_nobody_holds_it(name):
    """A grader makes a thousand of them in a minute; one that reports has hooks, which might hold it."""
    probe = PROBES[name]()
    held = weakref.ref(probe)
    del probe
    gc.collect()
    assert held() is None
