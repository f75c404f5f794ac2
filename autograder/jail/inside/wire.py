"""Frames and values on the channel between the trusted process and the student's process: JSON and the bytes of tensors, never pickle.

Used on both sides, so it imports neither `autograder` nor `solutions`. A frame is two big-endian lengths (header, payload), a JSON header and a payload. It
holds what goes over together: the header is a list of messages, each an object whose "tensors" says of each of its tensors dtype and shape ("float32 7 5").
The payload holds the values of all these tensors one after another, each from a multiple of 16 bytes on and in this machine's byte order. Reading is strict:
every length, depth and count is bounded before anything is built.
"""

import functools
import json
import math
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy
import torch

LENGTHS = struct.Struct(">II")
MAX_HEADER = 4 << 20
MAX_PAYLOAD = 256 << 20
READ_AHEAD = 1 << 16  # bytes asked of a channel at once
MAX_DEPTH = 32
MAX_NODES = 200_000
MAX_PARTS = 2 * MAX_NODES  # of a frame, where the reader is strict
MAX_TEXT = 100_000
MAX_TENSORS = 20_000
MAX_DIMENSIONS = 64
MAX_FORM = 1400  # characters that tell a tensor's dtype and shape
KNOWN_FORMS = 1024  # of tensors, read before: most come again and again
ALIGNMENT = 16  # bytes: what a tensor's values begin at a multiple of
HEADER_COST = 16  # bytes of memory that one byte of a header may become
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool,
        torch.complex64,
    )
}  # fmt: skip
NAMES = {dtype: name for name, dtype in DTYPES.items()}
READ_AS = {"bool": "uint8", "bfloat16": "int16"}  # what numpy does not have, or takes on trust
SIZE = re.compile("0|[1-9][0-9]{0,18}")  # of one dimension
JSON = json.JSONEncoder(check_circular=False, separators=(",", ":"))  # values are trees when they come to it
FROM_JSON = json.JSONDecoder().raw_decode  # a value and where it ends


class ProtocolError(Exception):
    """What came over the channel is not a well-formed message."""


@dataclass
class Opaque:
    """A value that does not cross the channel; only the name of its type does."""

    type: str


class Packed:
    """Tensors on their way, as they were when they were added: of each its dtype and shape, and the parts of their payload."""

    __slots__ = ("forms", "parts")

    def __init__(self):
        self.forms: list[str] = []
        self.parts: list[bytes] = []

    def add(self, tensor: torch.Tensor) -> str:
        """Take in a plain CPU tensor of a known dtype; its name, which is "0", "1", ..."""
        values = array_of(tensor).tobytes()
        self.forms.append(_text_of(tensor.dtype, tensor.shape))
        self.parts.append(values)
        if len(values) % ALIGNMENT:
            self.parts.append(bytes(-len(values) % ALIGNMENT))
        return str(len(self.forms) - 1)


def array_of(tensor: torch.Tensor) -> numpy.ndarray:
    """A plain CPU tensor's values as an array in the same memory; numpy has no bfloat16."""
    return (tensor.view(torch.int16) if tensor.dtype is torch.bfloat16 else tensor).numpy()


class Codec:
    """Values to JSON trees plus tensors, and back. Subclasses add kinds through `encode_other` and `decode_other`."""

    packed: Packed | None = None  # the tensors of what was encoded, where it has any
    tracked = False  # whether any of them carries a gradient history
    nodes = 0  # parts of what was decoded

    def __init__(self, tensors: dict[str, torch.Tensor]):
        self.tensors = tensors  # that came with what is decoded

    def encode(self, value, depth: int = 0):
        """A JSON-ready tree of `value`; tensors are put aside in `self.packed`."""
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if depth > MAX_DEPTH:
            return {"$": "opaque", "type": "too deeply nested"}
        if isinstance(value, torch.Tensor):
            return self.encode_tensor(value)
        if isinstance(value, str):
            return str.__str__(value)[:MAX_TEXT]
        if kind is int:
            return value if -(1 << 63) < value < 1 << 63 else {"$": "opaque", "type": "int of more than 64 bits"}
        if isinstance(value, list):
            return [self.encode(part, depth + 1) for part in value]
        if isinstance(value, tuple):
            return {"$": "tuple", "v": [self.encode(part, depth + 1) for part in value]}
        if isinstance(value, dict):
            pairs = list(value.items())
            if all(type(key) is str and key != "$" for key, _ in pairs):
                return {key: self.encode(part, depth + 1) for key, part in pairs}
            return {"$": "dict", "v": [[self.encode(key, depth + 1), self.encode(part, depth + 1)] for key, part in pairs]}
        if isinstance(value, torch.dtype):
            return {"$": "dtype", "v": str(value).removeprefix("torch.")}
        if isinstance(value, torch.device):
            return {"$": "device", "v": str(value)}
        return self.encode_other(value, depth)

    def encode_tensor(self, tensor: torch.Tensor):
        """Put a plain, dense CPU tensor aside (a subclass loses its class; a tensor on `meta` keeps only its form)."""
        plain = tensor
        if type(tensor) is not torch.Tensor or tensor.requires_grad:
            self.tracked |= tensor.requires_grad
            plain = tensor.detach().as_subclass(torch.Tensor)
        if not plain.is_cpu or plain.layout is not torch.strided or plain.is_complex() or plain.is_neg():
            if plain.is_meta:
                return {"$": "meta", "shape": list(plain.shape), "dtype": str(plain.dtype).removeprefix("torch.")}
            plain = (plain if plain.layout is torch.strided else plain.to_dense()).cpu().resolve_conj().resolve_neg()
        if plain.dtype not in NAMES or plain.dim() > MAX_DIMENSIONS:
            return {"$": "opaque", "type": f"tensor of {plain.dtype}"}
        return {"$": "tensor", "i": self.pack(plain)}

    def pack(self, tensor: torch.Tensor) -> str:
        """Put a tensor aside; its name."""
        if self.packed is None:
            self.packed = Packed()
        return self.packed.add(tensor)

    def encode_other(self, value, depth: int):
        """A value of another kind; here only its type's name crosses."""
        if hasattr(type(value), "__float__") and type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
            return self.encode(value.item(), depth + 1)
        return {"$": "opaque", "type": f"{type(value).__module__}.{type(value).__qualname__}"[:200]}

    def decode(self, tree, depth: int = 0):
        """The value of a tree. Raises ProtocolError for anything that `encode` does not write."""
        self.nodes += 1
        if depth > MAX_DEPTH + 2 or self.nodes > MAX_NODES:
            raise ProtocolError("a message is nested too deeply or has too many parts")
        kind = type(tree)  # JSON gives these and no subclasses
        if kind is dict:
            return self.decode_object(tree, depth)
        if kind is list:
            return [self.decode(part, depth + 1) for part in tree]
        if kind is int and abs(tree) >= 1 << 63:
            raise ProtocolError("a message has an integer of more than 64 bits")
        return tree

    def decode_object(self, tree: dict, depth: int):
        """What an object stands for: the kind that "$" names, else a dictionary."""
        if "$" not in tree:
            return {key: self.decode(part, depth + 1) for key, part in tree.items()}
        if type(tree["$"]) is not str:
            raise ProtocolError("a message has a part of no known kind")
        try:
            return self.decode_kind(tree["$"], tree, depth)
        except (KeyError, TypeError, ValueError, ArithmeticError, RuntimeError) as error:  # RuntimeError: torch, for a device it does not know
            raise ProtocolError(f"a {tree['$'][:20]} part of a message is malformed") from error

    def decode_kind(self, kind: str, tree: dict, depth: int):
        if kind == "tensor":
            return self.tensors[tree["i"]]
        if kind == "tuple":
            return tuple(self.decode(part, depth + 1) for part in tree["v"])
        if kind == "dict":
            return {_key(self.decode(k, depth + 1)): self.decode(v, depth + 1) for k, v in tree["v"]}
        if kind == "dtype":
            return DTYPES[tree["v"]]
        if kind == "device":
            return torch.device(tree["v"])
        return self.decode_other(kind, tree, depth)

    def decode_other(self, kind: str, tree: dict, depth: int):
        if kind == "opaque":
            return Opaque(str(tree["type"])[:200])
        raise ProtocolError("a message has a part of no known kind")


def _key(value):
    """A dictionary key that can be hashed; others are known by their form."""
    return value if isinstance(value, str | int | float | bool) or value is None else repr(value)[:100]


@functools.lru_cache(KNOWN_FORMS)
def _text_of(dtype: torch.dtype, shape: torch.Size) -> str:
    """A tensor's form as a message tells it."""
    return " ".join((NAMES[dtype], *map(str, shape)))


class Message:
    """A message ready to go: its header as text, the parts of its payload, and the bytes of all. Raises ProtocolError where it is longer than a reader accepts.

    The header is taken over: the table of its tensors is put into it.
    """

    __slots__ = ("parts", "size", "text")

    def __init__(self, header: dict, packed: Packed | None = None):
        self.parts, payload = (), 0
        if packed is not None:
            header["tensors"] = packed.forms
            self.parts, payload = packed.parts, sum(map(len, packed.parts))
        self.text = JSON.encode(header)
        self.size = len(self.text) + payload
        if len(self.text) + 2 > MAX_HEADER or payload > MAX_PAYLOAD:
            raise ProtocolError(f"a message of {self.size} bytes is too long")


def framed(messages: list[Message]) -> bytes:
    """One frame of some messages. Together they are no longer than one may be."""
    text = f"[{','.join([message.text for message in messages])}]".encode()
    parts = [part for message in messages for part in message.parts]
    return b"".join((LENGTHS.pack(len(text), sum(map(len, parts))), text, *parts))


class Incoming:
    """The messages that come over a channel. It reads ahead, so that a small frame costs one question to the system and not three."""

    def __init__(self, channel: socket.socket):
        self.channel = channel
        self.cost = 0  # about the bytes of memory that all messages so far take
        self.messages: list[tuple[dict, dict[str, torch.Tensor]]] = []  # of the last frame that are not asked for yet, the next one last
        self.ahead = memoryview(bytearray(READ_AHEAD))  # what was read and not asked for yet is what stands between these two places
        self.begin = self.end = 0

    def message(self, wait: Callable[[], None] = lambda: None, strict: bool = False) -> tuple[dict, dict[str, torch.Tensor]]:
        """The next message and its tensors. `wait` is called before every read, `strict` refuses headers that would become large when read.

        Raises EOFError at the end of the channel, ProtocolError for a malformed frame.
        """
        if not self.messages:
            header, payload = self._frame(wait)
            self.messages = parse(header, payload, strict)
            self.messages.reverse()
        message = self.messages.pop()
        self.cost += 1000 + 1000 * len(message[1])
        return message

    def holds_more(self) -> bool:
        """Whether something has been read that nobody has asked for yet."""
        return bool(self.messages) or self.begin < self.end

    def _frame(self, wait: Callable[[], None]) -> tuple[memoryview | bytearray, bytearray]:
        """Header and payload of the next frame."""
        while self.end - self.begin < LENGTHS.size:
            self._read_ahead(wait)
        header, payload = LENGTHS.unpack_from(self.ahead, self.begin)
        if header > MAX_HEADER or payload > MAX_PAYLOAD:
            raise ProtocolError("a message announces more bytes than are allowed")
        self.cost += HEADER_COST * header + payload
        start = self.begin + LENGTHS.size
        middle, end = start + header, start + header + payload
        if end > self.end:  # mostly all of it is here
            self.begin = start
            return self._long(header, wait), self._long(payload, wait)
        self.begin = end
        return self.ahead[start:middle], bytearray(self.ahead[middle:end])

    def _read_ahead(self, wait: Callable[[], None]) -> None:
        """Read what is there, if it has room; what was here moves to the front."""
        here = bytes(self.ahead[self.begin : self.end])
        self.ahead[: len(here)] = here
        wait()
        got = self.channel.recv_into(self.ahead[len(here) :])
        if not got:
            raise EOFError("the channel was closed")
        self.begin, self.end = 0, len(here) + got

    def _long(self, count: int, wait: Callable[[], None]) -> bytearray:
        """The next bytes: those that were read ahead, and the rest read into its place."""
        taken, got = bytearray(count), min(count, self.end - self.begin)
        place = memoryview(taken)
        place[:got] = self.ahead[self.begin : self.begin + got]
        self.begin += got
        while got < count:
            wait()
            more = self.channel.recv_into(place[got : got + (1 << 20)])
            if not more:
                raise EOFError("the channel was closed")
            got += more
        return taken


def parse(text: bytes | bytearray | memoryview, payload: bytearray, strict: bool = False) -> list[tuple[dict, dict[str, torch.Tensor]]]:
    """The messages of one frame's bytes, each with its tensors by name, or ProtocolError. The tensors keep their values in the payload and share no memory."""
    try:
        text = str(text, "utf-8")
        if strict and len(text) > MAX_PARTS and text.count("[") + text.count("{") + text.count(",") > MAX_PARTS:
            raise ProtocolError("a message has too many parts")
        headers, end = FROM_JSON(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a message is not JSON") from error
    if end != len(text) or type(headers) is not list or not headers:
        raise ProtocolError("a frame is no list of messages")
    messages, start, left = [], 0, MAX_TENSORS
    for header in headers:
        if type(header) is not dict:
            raise ProtocolError("a message is not an object")
        tensors = {}
        if "tensors" in header:
            forms = header.pop("tensors")
            if type(forms) is not list or len(forms) > left:
                raise ProtocolError("a message carries too many tensors, or something else in their place")
            left -= len(forms)
            for name, form in enumerate(forms):
                tensors[str(name)], start = _tensor(form, payload, start)
        messages.append((header, tensors))
    if start != len(payload):
        raise ProtocolError("a message carries more values than it says")
    return messages


def _tensor(form, payload: bytearray, start: int) -> tuple[torch.Tensor, int]:
    """The tensor of this form whose values begin here in a payload, and where the next one's do.

    A truth value that is neither 0 nor 1 (memory that nobody has written to) becomes a true one.
    """
    if type(form) is not str or len(form) > MAX_FORM:
        raise ProtocolError("a message carries tensors of a kind that may not cross")
    dtype, array_dtype, shape, count = _form(form)
    end = start + count * array_dtype.itemsize
    if end > len(payload):
        raise ProtocolError("a message carries fewer values than it says")
    try:
        array = numpy.ndarray(shape, array_dtype, payload, start) if count else numpy.empty(shape, array_dtype)
    except (ValueError, OverflowError) as error:  # sizes whose strides no integer holds
        raise ProtocolError("a message carries a tensor of no possible shape") from error
    tensor = torch.from_numpy(array)  # which does without torch's own ways to look at memory: they cost three times as much
    if dtype is torch.bool:
        tensor = tensor != 0
    elif dtype is torch.bfloat16:
        tensor = tensor.view(dtype)
    return tensor, end + -end % ALIGNMENT


@functools.lru_cache(KNOWN_FORMS)
def _form(text: str) -> tuple[torch.dtype, numpy.dtype, tuple[int, ...], int]:
    """Dtype, that of the array in which its values are read, shape and number of values that a text tells, if they are such as may cross."""
    name, *sizes = text.split(" ")
    if name not in DTYPES or len(sizes) > MAX_DIMENSIONS:
        raise ProtocolError("a message carries tensors of a kind that may not cross")
    if not all(map(SIZE.fullmatch, sizes)) or any(int(size) >= 1 << 63 for size in sizes):
        raise ProtocolError("a message carries a tensor of no possible shape")
    shape = tuple(map(int, sizes))
    return DTYPES[name], numpy.dtype(READ_AS.get(name, name)), shape, math.prod(shape)
