"""Serve the trusted side's requests in the student's process: run cells, call names, look at objects.

Everything here runs beside the student's code and is believed by nobody: it only answers with data, and what it answers is judged elsewhere.
"""

import os
import socket
import sys
import traceback
import types
from time import perf_counter

import cells
import torch
import wire
from torch import get_default_dtype, is_grad_enabled, set_default_dtype, set_grad_enabled  # by name: those of `torch` the student's code may replace
from values import InsideCodec, Objects, move

TEXT = 600  # characters of an error's message that are passed on
TOLD_AT_ONCE = 50  # observations of probes
LONG = 0.005  # seconds of a call from which on it is told how long it took
KEPT_BACK = 1 << 18  # bytes of replies that wait for the next ones; a frame of so many has no more parts or tensors than a reader accepts
ABSENT = object()
SKIPPED = {"error": {"kinds": [], "message": "a question before this one raised", "line": None}}  # nobody looks at it


class Driver:
    """One student's process: its notebook, its objects, its channel."""

    def __init__(self, channel: socket.socket, limits: dict):
        self.channel, self.limits = channel, limits
        self.notebook, self.objects = cells.Notebook(), Objects()
        self.observed, self.seen = [], InsideCodec(self.objects, {})
        self.covered = {}  # what stood where a stand-in is now, by name
        self.outgoing, self.size = [], 0  # replies that are not written yet, and their bytes
        self.number, self.pid = 0, os.getpid()
        self.modes = modes()  # as the cells have left them
        self.broken = None  # the chain of questions in which one has raised

    def send(self, header: dict, packed: wire.Packed | None = None) -> None:
        """Make a message, which goes out with the next ones: at the latest when there is no further request to answer. Raises ProtocolError where it is too long.

        A forked copy of the process that strayed into the loop ends here.
        """
        if os.getpid() != self.pid:
            os._exit(0)
        message = wire.Message(header, packed)
        if self.size + message.size > KEPT_BACK:
            self.flush()
        self.outgoing.append(message)
        self.size += message.size
        if self.size > KEPT_BACK:  # a long one, whose memory the next call may need
            self.flush()

    def flush(self) -> None:
        """Write the messages that wait, in one frame."""
        if self.outgoing:
            messages, self.outgoing, self.size = self.outgoing, [], 0
            self.channel.sendall(wire.framed(messages))

    def serve(self) -> None:
        """Answer requests until the channel closes."""
        incoming, told = wire.Incoming(self.channel), 0  # characters printed, as the last reply said
        while True:
            try:
                request, tensors = incoming.message(self.flush)  # before it waits for more
            except EOFError:
                return
            self.number, began = request["id"], perf_counter()
            codec, chain = InsideCodec(self.objects, tensors), request.get("chain")
            try:
                reply = SKIPPED.copy() if chain is not None and chain == self.broken else self.answer(request, codec)
            except BaseException as error:  # whatever the student's code raises, SystemExit and KeyboardInterrupt too, is an answer
                codec = InsideCodec(self.objects, {})
                reply, self.broken = {"error": describe(error)}, chain
            self.put_modes_back()
            reply["id"], took = request["id"], perf_counter() - began
            if took > LONG:
                reply["took"] = took
            if codec.tracked:
                reply["grad"] = True
            if self.out.seen != told:
                reply["printed"] = told = self.out.seen
            try:
                if self.observed:
                    self.tell_observed()
                self.send(reply, codec.packed)
            except (wire.ProtocolError, MemoryError) as error:  # nothing of the message has gone out
                told = None
                self.send({"id": request["id"], "error": describe(error)})

    def put_modes_back(self) -> None:
        """A call that changes them must not do so for other exercises."""
        if modes() != self.modes:
            set_grad_enabled(self.modes[0])
            set_default_dtype(self.modes[1])

    def set_up(self) -> None:
        """No input, bounded output, seeds of one's own, a working folder in the private /tmp, no channel for processes that the student's code forks."""
        os.register_at_fork(after_in_child=self.channel.close)  # what is left running there cannot disturb the answers of this one
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nothing, fd)
        sys.stdin = open(0)
        self.out = sys.stdout = sys.stderr = cells.CappedText(self.limits["output"])
        os.chdir("/tmp")
        import random

        import numpy

        seed = torch.manual_seed if torch.accelerator.is_available() else torch.default_generator.manual_seed  # the former also writes notes for devices that are not there
        seed(self.limits["seed"])
        numpy.random.seed(self.limits["seed"] % (1 << 32))
        random.seed(self.limits["seed"])

    def answer(self, request: dict, codec: InsideCodec) -> dict:
        """One request's reply; the codec has the request's tensors, and gets the reply's."""
        operation = request["op"]
        if operation == "cells":
            return self.run_cells(request["cells"], request.get("announced", True))
        if operation == "probe":
            self.objects.load_probe(request["name"], request["source"], self.observe)
            return {"value": None}
        if operation == "stand in":
            self.stand_in(request["names"], request["source"])
            return {"value": None}
        if operation == "each":
            return {"value": self.call_each(request, self.target(request), codec)}
        args = [codec.decode(part) for part in request.get("args", [])]
        kwargs = {key: codec.decode(part) for key, part in request["kwargs"].items()} if "kwargs" in request else {}
        if operation == "place":
            return {"value": codec.encode(args[0])}
        if operation == "kinds":
            return {"value": {name: type(value).__name__[:50] for name in request["names"] if (value := self.notebook.names.get(name)) is not None}}
        return self.call(request, self.target(request), args, kwargs, codec)

    def target(self, request: dict):
        """The thing that a request is about: a name of the notebook, an object's method, or a probe's function."""
        if "probe" in request:
            function = getattr(self.objects.probes[request["probe"]], request["function"])
            names = types.SimpleNamespace(**{k: v for k, v in self.notebook.names.items() if isinstance(k, str)})
            return lambda *args, **kwargs: function(names, *args, **kwargs)
        if "name" in request:
            return self.notebook.names[request["name"]]
        thing = self.objects.table[request["object"]]
        if request["attribute"] == "__parameters__":
            return lambda: ([name for name, _ in thing.named_parameters()], thing.state_dict())
        if request["attribute"] == "__redraw__":
            return lambda seed, scale: redraw(thing, seed, scale)
        return thing if request["attribute"] == "__call__" else getattr(thing, request["attribute"])

    def call(self, request: dict, target, args: list, kwargs: dict, codec: InsideCodec) -> dict:
        """Call a target, or read it where it is an attribute, and report what else changed by it."""
        if request["op"] == "get":
            return {"value": codec.encode(target)}
        if request.get("meta"):
            with torch.no_grad():
                return {"value": codec.encode(target(*move(args, "meta"), **move(kwargs, "meta")))}
        if request.get("gradient"):
            return {"value": codec.encode(gradient(target, args, kwargs, InsideCodec.decode, request["gradient"]))}
        before, state = [], None
        for key, value in [*enumerate(args), *kwargs.items()]:
            if isinstance(value, torch.Tensor):
                before.append((str(key), value, Seen(value)))
            elif isinstance(value, torch.Generator):  # else nobody asks
                state = torch.get_rng_state()
        reply = {"value": codec.encode(target(*args, **kwargs))}
        changed = [key for key, value, seen in before if not seen.still(value)]
        if changed:
            reply["changed"] = changed
        if state is not None and not torch.equal(state, torch.get_rng_state()):
            reply["random"] = True
        return reply

    def call_each(self, request: dict, target, codec: InsideCodec) -> list[dict]:
        """The replies to a target's calls with some lists of arguments, up to the first that raises."""
        replies = []
        for case in request["cases"]:
            codec.tracked = False
            try:
                reply = self.call(request, target, [codec.decode(part) for part in case], {}, codec)
            except BaseException as error:
                self.broken = request.get("chain")
                replies.append({"error": describe(error)})
                break
            if codec.tracked:
                reply["grad"] = True
            replies.append(reply)
            self.put_modes_back()
        codec.tracked = False  # each has said so for itself
        return replies

    def run_cells(self, to_run: list, announced: bool) -> dict:
        """Run cells one after another, and say what one raised; where that is asked for, say before each that it runs, so that a death names its cell."""
        for cell in to_run:
            if announced:
                self.send({"id": self.number, "cell": cell["label"]})
                self.flush()
            try:
                self.notebook.run(cell["label"], cell["source"], cell["definitions_only"])
            except BaseException as error:  # a cell may call sys.exit or raise anything; the next cell still runs
                self.send({"id": self.number, "cell": cell["label"], "raised": describe(error)})
        self.modes = modes()
        return {"value": None}

    def stand_in(self, names: list, source: str) -> None:
        """Put the things that `source` defines under these names into the places of the student's, also where these go by another name there.

        Until the next such request, which may name none.
        """
        here, defined = self.notebook.names, types.ModuleType("stand_ins")
        for name, own in self.covered.items():
            if own is ABSENT:
                here.pop(name, None)
            else:
                here[name] = own
        exec(compile(source, "<stand-ins>", "exec"), defined.__dict__)
        own = {name: here.get(name, ABSENT) for name in names}
        also = {other: (value, name) for name in names for other, value in here.items() if value is own[name] and value is not None}
        self.covered = {other: value for other, (value, _) in also.items()} | own
        here.update({other: getattr(defined, name) for other, (_, name) in also.items()} | {name: getattr(defined, name) for name in names})

    def observe(self, value) -> None:
        """What a probe observed, as it is now; it goes out before the answer, many at once, since each message costs both sides more than what is in it."""
        self.observed.append(self.seen.encode(value))
        if len(self.observed) >= TOLD_AT_ONCE or self.seen.packed is not None and len(self.seen.packed.forms) >= TOLD_AT_ONCE * 8:
            self.tell_observed()

    def tell_observed(self) -> None:
        """Send what was observed and not told yet. Raises ProtocolError where it is too long."""
        if self.observed:
            told, packed = self.observed, self.seen.packed
            self.observed, self.seen = [], InsideCodec(self.objects, {})
            self.send({"id": self.number, "observed": told}, packed)


def modes() -> tuple[bool, torch.dtype]:
    """What a function may leave switched for all that follows: whether gradients are recorded, and the dtype of new tensors."""
    return is_grad_enabled(), get_default_dtype()


class Seen:
    """A tensor that came over the channel, so a dense one that requires no gradient, as it is before a call."""

    __slots__ = ("array", "dtype", "place", "shape", "values")

    def __init__(self, tensor: torch.Tensor):
        self.place, self.shape, self.dtype = tensor.data_ptr(), tensor.shape, tensor.dtype
        self.array = wire.array_of(tensor)
        self.values = self.array.tobytes()

    def still(self, tensor: torch.Tensor) -> bool:
        """Whether it has its shape, dtype and values (NaN equal to NaN)."""
        if tensor.shape != self.shape or tensor.dtype != self.dtype:
            return False
        if tensor.data_ptr() == self.place and tensor.is_contiguous() and self.array.tobytes() == self.values:
            return True
        now, then = tensor.detach(), torch.frombuffer(bytearray(self.values), dtype=self.dtype).view(self.shape) if self.values else tensor.detach()
        return torch.equal(torch.nan_to_num(now), torch.nan_to_num(then))


def redraw(module: torch.nn.Module, seed: int, scale: float) -> None:
    """Normal numbers in the place of every floating-point parameter of a module; its buffers stay."""
    generator, names, state = torch.Generator().manual_seed(seed), {name for name, _ in module.named_parameters()}, module.state_dict()
    if not isinstance(state, dict):
        raise TypeError("state_dict() gives no dictionary")
    for name, value in state.items():
        if name in names and value.is_floating_point():
            state[name] = torch.empty_like(value).normal_(0, scale, generator=generator)
    module.load_state_dict(state)


def gradient(target, args: list, kwargs: dict, decode, spec: dict):
    """Gradients of (weights * result).sum() with respect to arguments or, for a module, its parameters by name."""
    weights, module = kwargs.pop("__weights__", None), kwargs.pop("__module__", None)
    wanted = spec["wrt"]
    if wanted == "parameters":
        named = dict(module.named_parameters())
    else:
        named = {}
        for key in wanted:
            holder = args if isinstance(key, int) else kwargs
            holder[key] = holder[key].detach().clone().requires_grad_(True)
            named[key] = holder[key]
    result = target(*args, **kwargs)
    if spec["output"] is not None:
        result = result[spec["output"]]
    total = result.sum() if weights is None else (result * weights).sum()
    if not total.requires_grad:
        grads = [None] * len(named)
    else:
        grads = torch.autograd.grad(total, list(named.values()), allow_unused=True)
    if wanted == "parameters":
        return dict(zip(named, grads, strict=True))
    return list(grads)


def describe(error: BaseException) -> dict:
    """An error as data: its kinds, its message, and the last line of the student's own code that it passed through."""
    line = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith("<cell "):
            line = f"line {frame.lineno} of {frame.filename.strip('<>')}: {(frame.line or '').strip()}"[:TEXT]
    if isinstance(error, SyntaxError) and (error.filename or "").startswith("<cell "):
        line = f"line {error.lineno} of {error.filename.strip('<>')}"
    try:
        message = str(error)[:TEXT]
    except Exception:
        message = "(its message could not be read)"
    kinds = [kind.__name__[:100] for kind in type(error).__mro__ if kind is not object][:20]
    return {"kinds": kinds, "message": message, "line": line}
