"""The `student` of a check: calls that run in the jail, remote handles on its objects, and what is enforced after every call."""

import inspect
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch

from autograder import forms
from autograder.checking import Wrong, wrong
from autograder.draws import Draw
from autograder.jail import errors
from autograder.jail.inside.wire import ProtocolError
from autograder.jail.process import Answer, Question, check_report
from autograder.session import Session
from autograder.values import RemoteId, TrustedCodec

CHAINS = itertools.count()  # numbers of questions that belong together
DEVICE_CLASH = ("same device", "expected device", "is on cpu")


@dataclass
class Call:
    """One recorded call of an exercise's function: enough to replay it through a wrong version."""

    name: str
    args: tuple
    kwargs: dict
    result: object


@dataclass
class Last:
    """What was seen beside the value of the last call: whether it carries gradients, and characters printed so far."""

    requires_grad: bool = False
    printed: int = 0


@dataclass
class Asked:
    """A question on its way, and what it is about."""

    question: Question
    target: dict
    args: tuple
    kwargs: dict
    cases: list[tuple] | None = None  # of arguments, where it asks for a call with each


def _chained(asked: list[Asked]) -> list[Asked]:
    """Questions of which the later ones are not worth answering where an earlier one raises, which the process is told."""
    if len(asked) > 1:
        number = next(CHAINS)
        for one in asked:
            one.question.body["chain"] = number
    return asked


@dataclass
class Student:
    """Attribute access gives the student's functions and classes: `student.gaussian_kl(mu, logvar)`."""

    session: Session
    calls: list[Call] = field(default_factory=list)
    last: Last = field(default_factory=Last)
    classes: frozenset[str] = frozenset()  # names that are classes of modules in the reference
    put: Callable[[list[Question]], list[Answer | Exception]] | None = None  # how questions get their answers, where the session is not asked at once
    patient: bool = False  # whether what gives no value may wait for the next question; who sets it calls `settle` at the end
    _waiting: list[Asked] = field(default_factory=list)
    _observed: list = field(default_factory=list)
    _reports: list = field(default_factory=list)  # forms of what the probes that were sent observe

    def __getattr__(self, name: str) -> "RemoteFunction":
        if name.startswith("__"):
            raise AttributeError(name)
        return RemoteFunction(self, name)

    def place(self, module: torch.nn.Module) -> "Remote":
        """Put a probe into the student's process; its handle."""
        handle = forms.placed(self.ask("place", {}, (module,), {}), Remote)
        handle._shapes = forms.shapes_of(module)
        return handle

    def run(self, function, *args, **kwargs):
        """Run a function of a probe module there, with the student's names as its first argument."""
        home = inspect.getmodule(function)
        self._need_probe(home)
        return self.ask("call", {"probe": home.__name__.rpartition(".")[2], "function": function.__name__}, args, kwargs)

    def observed(self) -> list:
        """What probes observed since the last look, in order; of the forms that they declare."""
        seen, self._observed = self._observed, []
        return forms.reports(seen, tuple(self._reports))

    def _need_probe(self, home) -> None:
        """Send a probe module over, and know from now on what it may report."""
        self.session.need_probe(home)
        self._reports += [form for form in getattr(home, "REPORTS", ()) if form not in self._reports]

    def weights_file(self, name: str | None = None) -> bytes | None:
        """The submitted `*.safetensors` beside the notebook (the one of this name, else the first), size-capped, unread; None where there is none."""
        return self.session.weights(name)

    def ask(self, operation: str, target: dict, args: tuple, kwargs: dict):
        """One request; its decoded value. Enforces that no tensor argument changed and that a given generator was used alone."""
        question = self._question(operation, target, args, kwargs)
        if self._waiting:
            (value,) = self._after_what_waits(Asked(question, target, args, kwargs))
            return value
        (answer,) = (self.put or self.session.exchange)([question])
        if isinstance(answer, Exception):
            raise answer
        return self._value(answer, target, args, kwargs)

    def ask_each(self, target: dict, cases: list[tuple]) -> Iterator:
        """One request for calls with each of some arguments; their values in turn, or at its turn what a call raised."""
        codec = TrustedCodec(need_probe=self._need_probe)
        body = target | {"cases": [[codec.encode(part) for part in args] for args in cases]}
        return self._after_what_waits(Asked(Question("each", body, codec.packed), target, (), {}, cases))

    def _after_what_waits(self, asked: Asked) -> Iterator:
        """The values of a request, which goes out with those that wait."""
        waiting, self._waiting = self._waiting, []
        values = self._values(_chained([*waiting, asked]))
        for _ in waiting:
            next(values)
        return values

    def tell(self, operation: str, target: dict, args: tuple, kwargs: dict) -> None:
        """One request whose value does not matter; it may go out with the next one, which then raises what it raised."""
        self._waiting.append(Asked(self._question(operation, target, args, kwargs), target, args, kwargs))
        if not self.patient:
            self.settle()

    def settle(self) -> None:
        """Wait until everything has been done."""
        waiting, self._waiting = self._waiting, []
        for _ in self._values(_chained(waiting)) if waiting else ():
            pass

    def exchange(self, questions: list[Question]) -> list[Answer | Exception]:
        """An answer for each question, or what it raised. Raises the StudentFailure by which the process was lost."""
        found = (self.put or self.session.exchange)(questions)
        if isinstance(found[-1], Exception) and not isinstance(found[-1], errors.Raised):
            raise found[-1]
        return found

    def _values(self, asked: list[Asked]) -> Iterator:
        found = (self.put or self.session.exchange)([one.question for one in asked])
        for one, answer in zip(asked, found, strict=False):  # where the process was lost, the last thing found is why, and there are fewer
            if isinstance(answer, Exception):
                raise answer
            if one.cases is None:
                yield self._value(answer, one.target, one.args, one.kwargs)
            else:
                yield from self._values_of_each(answer, one.target, one.cases)

    def _values_of_each(self, answer: Answer, target: dict, cases: list[tuple]) -> Iterator:
        replies = answer.header["value"]
        if not isinstance(replies, list) or len(replies) > len(cases):
            raise errors.BadReply(f"Your code disturbed the channel to the grader: {len(cases)} calls had other answers.")
        for number, args in enumerate(cases):
            reply = replies[number] if number < len(replies) else None
            if not isinstance(reply, dict) or not reply.keys() & {"value", "error"}:
                raise errors.BadReply("Your code disturbed the channel to the grader: a reply came without a value.")
            check_report(reply)
            if "error" in reply:
                raise errors.raised(reply["error"])
            yield self._value(Answer(reply, answer.tensors, answer.observed if number == 0 else [], answer.printed), target, args, {})

    def _question(self, operation: str, target: dict, args: tuple, kwargs: dict) -> Question:
        codec = TrustedCodec(need_probe=self._need_probe)
        body = target | {"args": [codec.encode(part) for part in args]}
        if kwargs:
            body["kwargs"] = {key: codec.encode(part) for key, part in kwargs.items()}
        return Question(operation, body, codec.packed)

    def _value(self, answer: Answer, target: dict, args: tuple, kwargs: dict):
        for header, tensors in answer.observed:
            if "observed" in header:
                self._observed += self._told(header["observed"], tensors)
        value = self.decode(answer.header["value"], answer.tensors)
        self.last = Last(answer.header.get("grad") is True, answer.printed)
        self._enforce(answer.header, target, args, kwargs)
        return value

    def beside(self) -> "Student":
        """The same student for another check, which sees its own calls and observations only."""
        return Student(self.session, classes=self.classes, patient=self.patient)

    def _told(self, trees, tensors) -> list:
        """What probes observed, as one frame brings it."""
        if not isinstance(trees, list):
            raise errors.BadReply("Your code disturbed the channel to the grader: a report came that is none.")
        return self.decode(trees, tensors)

    def decode(self, tree, tensors):
        """A validated value, remote objects as handles."""
        try:
            return TrustedCodec(tensors, handle=self._handle).decode(tree)
        except ProtocolError as error:
            raise errors.BadReply(f"Your code disturbed the channel to the grader: {error}.") from None

    def _handle(self, identity: RemoteId) -> "Remote":
        return Remote(self, identity, self.session.generation)

    def _enforce(self, header: dict, target: dict, args: tuple, kwargs: dict) -> None:
        changed, random = header.get("changed"), header.get("random")
        if not (changed or random) or "probe" in target:
            return
        name = target.get("name") or target.get("attribute") or "the function"
        if changed:
            which = ", ".join(f"argument {int(key) + 1}" if re.fullmatch("[0-9]{1,2}", key) else key[:40] for key in changed)
            wrong(f"{name} changed its input in place ({which}). Work on a copy, or use operations without a trailing underscore.", "changes_input")
        if random and any(isinstance(value, torch.Generator) for value in [*args, *kwargs.values()]):
            wrong(f"{name} was given a generator, but it drew from the global random state as well. Pass generator=generator to every draw.", "global_random_state")


@dataclass
class RemoteFunction:
    """A function or class of the student's notebook."""

    student: Student
    name: str

    def __call__(self, *args, **kwargs):
        value = self.student.ask("call", {"name": self.name}, args, kwargs)
        if self.name in self.student.classes:
            forms.module(value, self.name, Remote)
        self.student.calls.append(Call(self.name, args, kwargs, value))
        return value

    def each(self, *cases: tuple) -> Iterator:
        """The results for some tuples of arguments, which are all sent together; in turn, or at its turn what a call raised."""
        for args, value in zip(cases, self.student.ask_each({"name": self.name}, list(cases)), strict=True):
            self.student.calls.append(Call(self.name, args, {}, value))
            yield value

    def gradient(self, *args, wrt=(0,), weights=None, output=None, **kwargs) -> list:
        """Gradients of (weights * result).sum() with respect to the arguments listed in `wrt`; None for no gradient."""
        return _gradient(self.student, {"name": self.name}, args, kwargs, list(wrt), weights, output, None)

    def on_meta(self, *args, **kwargs):
        """The call with everything on the `meta` device: the result's form, None where meta cannot run it, a judgement where devices meet."""
        return _on_meta(self.student, {"name": self.name}, args, kwargs, self.name)


class Remote:
    """A handle on an object in the student's process, in the process in which it was made."""

    def __init__(self, student: Student, identity: RemoteId, generation: int):
        self._student, self.__remote_id__, self._generation = student, identity, generation
        self._shapes, self._gradients = None, {}  # of a probe, what its state holds; of any module, the shapes of the gradients seen so far

    def __repr__(self) -> str:
        return f"<remote {self.__remote_id__.type}>"

    def __call__(self, *args, **kwargs):
        return self._ask("call", "__call__", args, kwargs)

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self._ask("call", name, args, kwargs)

    def each(self, method: str, *cases: tuple) -> Iterator:
        """The results of a method for some tuples of arguments, which are all sent together; in turn, or at its turn what a call raised."""
        return self._student.ask_each(self._target(method), list(cases))

    def get(self, name: str):
        """An attribute that is plain data."""
        return self._ask("get", name, (), {})

    def training(self) -> bool:
        """Whether the module is in training mode."""
        return self.get("training") is True

    def train(self, mode: bool = True) -> None:
        """Put the module into training mode (or not)."""
        self._tell("call", "train", (mode,), {})

    def eval(self) -> None:
        """Put the module into evaluation mode."""
        self.train(False)

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Parameters and buffers by name, validated to be tensors."""
        return forms.state(self._ask("call", "state_dict", (), {}), self._shapes, repr(self))

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Load parameters and buffers; what a mismatch raises passes through, at the latest by the next question."""
        self._tell("call", "load_state_dict", (state,), {})

    def randomize(self, draw: Draw, scale: float = 0.3) -> dict[str, torch.Tensor]:
        """Give every floating-point parameter random values drawn here (buffers keep theirs); the new state."""
        found = self._ask("call", "__parameters__", (), {})
        if not forms.fits(found, (list, object)) or not all(isinstance(name, str) for name in found[0]):
            wrong(f"{self!r}: its parameters could not be listed.")
        names, state = found[0], forms.state(found[1], self._shapes, repr(self))
        fresh = {name: _redrawn(value, draw, scale) if name in names else value for name, value in state.items()}
        self.load_state_dict(fresh)
        return fresh

    def redraw(self, draw: Draw, scale: float = 0.3) -> None:
        """As `randomize`, by a seed drawn here, where nobody needs to know the new state: nothing goes back and forth."""
        self._tell("call", "__redraw__", (draw.seed(), scale), {})

    def gradient(self, *args, wrt=(0,), method: str = "forward", weights=None, output=None, **kwargs):
        """Gradients of a method's result with respect to arguments, or of all parameters by name (`wrt="parameters"`)."""
        target = {"object": self.__remote_id__.number, "attribute": "__call__" if method == "forward" else method}
        return _gradient(self._student, target, args, kwargs, wrt if wrt == "parameters" else list(wrt), weights, output, self)

    def _ask(self, operation: str, attribute: str, args: tuple, kwargs: dict):
        return self._student.ask(operation, self._target(attribute), args, kwargs)

    def _tell(self, operation: str, attribute: str, args: tuple, kwargs: dict) -> None:
        self._student.tell(operation, self._target(attribute), args, kwargs)

    def _target(self, attribute: str) -> dict:
        if self._generation != self._student.session.generation:
            raise errors.Died("The process that held this object has ended.")
        return {"object": self.__remote_id__.number, "attribute": attribute}


def _redrawn(value: torch.Tensor, draw: Draw, scale: float) -> torch.Tensor:
    """Random values in the place of a floating-point parameter."""
    return draw.normal(*value.shape, dtype=value.dtype, scale=scale) if value.is_floating_point() else value


def _gradient(student: Student, target: dict, args, kwargs, wrt, weights, output, module):
    extra = {"__weights__": weights} | ({"__module__": module} if wrt == "parameters" else {})
    found = student.ask("call", target | {"gradient": {"wrt": wrt, "output": output}}, args, kwargs | extra)
    return forms.parameter_gradients(found, module._gradients) if wrt == "parameters" else forms.gradients(found, wrt, args, kwargs)


def _on_meta(student: Student, target: dict, args, kwargs, name: str):
    try:
        return forms.on_meta(student.ask("call", target | {"meta": True}, args, kwargs))
    except errors.Raised as raised:
        if any(text in raised.message for text in DEVICE_CLASH) and raised.kinds[:1] == ["RuntimeError"]:
            raise Wrong(f"{name} makes a tensor on the CPU while its inputs are on another device. Create new tensors with device=x.device.", "wrong_device") from None
        return None
