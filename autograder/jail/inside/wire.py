"""Frames and values on the channel between the trusted process and the student's process: JSON and the bytes of tensors, never pickle.

Used on both sides, so it imports neither `autograder` nor `solutions`. A frame is two big-endian lengths (header, payload), a JSON header and a payload. The
header's "tensors" says of each tensor its dtype and shape; the payload holds their values one after another, each from a multiple of 16 bytes on and in this
machine's byte order. Reading is strict: every length, depth and count is bounded before anything is built.
"""

import json
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch

LENGTHS = struct.Struct(">II")
MAX_HEADER = 4 << 20
MAX_PAYLOAD = 256 << 20
READ_AHEAD = 1 << 16  # bytes asked of a channel at once
PLAIN = (bool, float)  # what crosses as it is
MAX_DEPTH = 32
MAX_NODES = 200_000
MAX_TEXT = 100_000
MAX_TENSORS = 20_000
MAX_DIMENSIONS = 64
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
JSON = json.JSONEncoder(check_circular=False, separators=(",", ":"))  # values are trees when they come to it


class ProtocolError(Exception):
    """What came over the channel is not a well-formed message."""


@dataclass
class Opaque:
    """A value that does not cross the channel; only the name of its type does."""

    type: str


@dataclass
class Codec:
    """Values to JSON trees plus tensors, and back. Subclasses add kinds through `encode_other` and `decode_other`."""

    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    nodes: int = 0
    tracked: bool = False  # whether any encoded tensor carries a gradient history
    copies: bool = False  # whether tensors are to be kept as they are now; where they are sent at once, that costs a copy for nothing

    def encode(self, value, depth: int = 0):
        """A JSON-ready tree of `value`; tensors are put aside in `self.tensors`."""
        kind = type(value)
        if value is None or kind in PLAIN:
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
            return {"$": "dict", "v": [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()]}
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
        name = str(len(self.tensors))
        self.tensors[name] = plain.clone() if self.copies else plain
        return {"$": "tensor", "i": name}

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
        if tree is None or kind in (str, float, bool):
            return tree
        if kind is int:
            if abs(tree) >= 1 << 63:
                raise ProtocolError("a message has an integer of more than 64 bits")
            return tree
        if kind is list:
            return [self.decode(part, depth + 1) for part in tree]
        if kind is not dict or type(tree.get("$")) is not str:
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


def values_of(tensor: torch.Tensor) -> bytes:
    """The values of a plain CPU tensor, in its order."""
    return (tensor.view(torch.int16) if tensor.dtype is torch.bfloat16 else tensor).numpy().tobytes()


def packed(tensors: Iterable[torch.Tensor]) -> tuple[list, list[bytes]]:
    """Dtype and shape of each of some tensors, and the parts of their payload."""
    table, parts = [], []
    for tensor in tensors:
        table.append([NAMES[tensor.dtype], *tensor.shape])
        values = values_of(tensor)
        parts += (values, bytes(-len(values) % ALIGNMENT))
    return table, parts


def framed(header: dict, tensors: dict[str, torch.Tensor] | None = None) -> bytes:
    """One frame, with tensors named "0", "1", ... Raises ProtocolError where it would be longer than a reader accepts."""
    parts = []
    if tensors:
        table, parts = packed(tensors.values())
        header = header | {"tensors": table}
    text, size = JSON.encode(header).encode(), sum(map(len, parts))
    if len(text) > MAX_HEADER or size > MAX_PAYLOAD:
        raise ProtocolError(f"a message of {len(text) + size} bytes is too long")
    return b"".join((LENGTHS.pack(len(text), size), text, *parts))


def send(channel: socket.socket, header: dict, tensors: dict[str, torch.Tensor] | None = None) -> None:
    """Write one frame. Raises ProtocolError as `framed` does; nothing has gone out then."""
    channel.sendall(framed(header, tensors))


@dataclass
class Incoming:
    """The frames that come over a channel. It reads ahead, so that a small frame costs one question to the system and not three."""

    channel: socket.socket
    ahead: bytearray = field(default_factory=bytearray)  # read, and not asked for yet
    cost: int = 0  # about the bytes of memory that the last frame takes

    def frame(self, wait: Callable[[], None] = lambda: None, strict: bool = False) -> tuple[dict, dict[str, torch.Tensor]]:
        """The next frame. `wait` is called before every read, `strict` refuses headers that would become large when read.

        Raises EOFError at the end of the channel, ProtocolError for a malformed frame.
        """
        self._have(LENGTHS.size, wait)
        header_length, payload_length = LENGTHS.unpack_from(self.ahead)
        if header_length > MAX_HEADER or payload_length > MAX_PAYLOAD:
            raise ProtocolError("a message announces more bytes than are allowed")
        start, end = LENGTHS.size, LENGTHS.size + header_length
        if end + payload_length <= READ_AHEAD:
            self._have(end + payload_length, wait)
            header, payload = self.ahead[start:end], self.ahead[end : end + payload_length]
            del self.ahead[: end + payload_length]
        else:
            del self.ahead[:start]
            header, payload = self._long(header_length, wait), self._long(payload_length, wait)
        header, tensors = parse(header, payload, strict)
        self.cost = HEADER_COST * header_length + payload_length + 1000 * (1 + len(tensors))
        return header, tensors

    def _have(self, count: int, wait: Callable[[], None]) -> None:
        """Read until so many bytes are here."""
        while len(self.ahead) < count:
            wait()
            got = self.channel.recv(READ_AHEAD)
            if not got:
                raise EOFError("the channel was closed")
            self.ahead += got

    def _long(self, count: int, wait: Callable[[], None]) -> bytearray:
        """The next bytes, which may be more than is read ahead: these are read into their place."""
        buffer, got = bytearray(count), min(count, len(self.ahead))
        buffer[:got] = self.ahead[:got]
        del self.ahead[:got]
        view = memoryview(buffer)
        while got < count:
            wait()
            n = self.channel.recv_into(view[got:], min(count - got, 1 << 20))
            if n == 0:
                raise EOFError("the channel was closed")
            got += n
        return buffer


def parse(text: bytes | bytearray, payload: bytearray, strict: bool = False) -> tuple[dict, dict[str, torch.Tensor]]:
    """Header and tensors of one frame's bytes, or ProtocolError. The tensors keep their values in the payload."""
    if strict and text.count(b"[") + text.count(b"{") + text.count(b",") > 2 * MAX_NODES:
        raise ProtocolError("a message has too many parts")
    try:
        header = json.loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a message is not JSON") from error
    if not isinstance(header, dict):
        raise ProtocolError("a message is not an object")
    table = header.pop("tensors", None)
    return header, {} if table is None and not payload else _unpacked(table, payload)


def _unpacked(table, payload: bytearray) -> dict[str, torch.Tensor]:
    """The tensors of a payload by name, which share no memory with each other."""
    if type(table) is not list or len(table) > MAX_TENSORS:
        raise ProtocolError("a message carries too many tensors, or something else in their place")
    tensors, start = {}, 0
    for name, form in enumerate(table):
        dtype, shape, count = _form(form)
        size = count * dtype.itemsize
        if start + size > len(payload):
            raise ProtocolError("a message carries fewer values than it says")
        tensors[str(name)] = _tensor(payload, start, dtype, shape, count)
        start += size + -size % ALIGNMENT
    if start != len(payload):
        raise ProtocolError("a message carries more values than it says")
    return tensors


def _form(form) -> tuple[torch.dtype, list[int], int]:
    """Dtype, shape and number of values, if they are such as may cross."""
    if type(form) is not list or not 1 <= len(form) <= 1 + MAX_DIMENSIONS or type(form[0]) is not str or form[0] not in DTYPES:
        raise ProtocolError("a message carries tensors of a kind that may not cross")
    shape, count = form[1:], 1
    for size in shape:
        if type(size) is not int or not 0 <= size < 1 << 63:
            raise ProtocolError("a message carries a tensor of no possible shape")
        count *= size
    return DTYPES[form[0]], shape, count


def _tensor(payload: bytearray, start: int, dtype: torch.dtype, shape: list[int], count: int) -> torch.Tensor:
    """One tensor of a payload that is known to be long enough. A truth value that is neither 0 nor 1 (memory that nobody has written to) becomes a true one."""
    try:
        if not count:
            return torch.empty(shape, dtype=dtype)
        flat = torch.frombuffer(payload, dtype=torch.uint8 if dtype is torch.bool else dtype, count=count, offset=start)
        flat = flat != 0 if dtype is torch.bool else flat
        return flat if len(shape) == 1 else flat.view(shape)
    except (RuntimeError, OverflowError) as error:  # sizes whose strides no integer holds
        raise ProtocolError("a message carries a tensor of no possible shape") from error
