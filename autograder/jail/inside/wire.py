"""Frames and values on the channel between the trusted process and the student's process: JSON and safetensors, never pickle.

Used on both sides, so it imports neither `autograder` nor `solutions`. A frame is two big-endian lengths (header, payload), a JSON
header and a safetensors payload. Reading is strict: every length, depth and count is bounded before anything is built.
"""

import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from safetensors.torch import load as load_tensors

LENGTHS = struct.Struct(">II")
MAX_HEADER = 4 << 20
MAX_PAYLOAD = 256 << 20
READ_AHEAD = 1 << 16  # bytes asked of a channel at once
PLAIN = (bool, float)  # what crosses as it is
MAX_DEPTH = 32
MAX_NODES = 200_000
MAX_TEXT = 100_000
MAX_TENSORS = 20_000
HEADER_COST = 16  # bytes of memory that one byte of a header may become
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool,
        torch.complex64,
    )
}  # fmt: skip
KINDS = frozenset(DTYPES.values())
CODES = {
    torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64", torch.int8: "I8", torch.int16: "I16", torch.int32: "I32",
    torch.int64: "I64", torch.uint8: "U8", torch.bool: "BOOL", torch.complex64: "C64",
}  # fmt: skip


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
        """Put a plain, dense, contiguous CPU copy aside (a subclass loses its class; a tensor on `meta` keeps only its form)."""
        self.tracked |= tensor.requires_grad
        plain = tensor.detach().as_subclass(torch.Tensor)
        if plain.device.type == "meta":
            return {"$": "meta", "shape": list(plain.shape), "dtype": str(plain.dtype).removeprefix("torch.")}
        if plain.layout != torch.strided:
            plain = plain.to_dense()
        if str(plain.dtype).removeprefix("torch.") not in DTYPES:
            return {"$": "opaque", "type": f"tensor of {plain.dtype}"}
        name = str(len(self.tensors))
        self.tensors[name] = plain.cpu().resolve_conj().resolve_neg().contiguous().clone()
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


def save_tensors(tensors: dict[str, torch.Tensor]) -> bytes:
    """Plain, contiguous CPU tensors in safetensors' format. Its own writer looks for shared memory first, which encoded tensors never have."""
    header, parts, end = {}, [], 0
    for name, tensor in tensors.items():
        plain = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
        parts.append(plain.numpy().tobytes())
        header[name] = {"dtype": CODES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [end, end + len(parts[-1])]}
        end += len(parts[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(parts)


def send(channel: socket.socket, header: dict, tensors: dict[str, torch.Tensor] | None = None) -> None:
    """Write one frame. Raises ProtocolError where it would be longer than a reader accepts."""
    text = json.dumps(header).encode()
    payload = save_tensors(tensors) if tensors else b""
    if len(text) > MAX_HEADER or len(payload) > MAX_PAYLOAD:
        raise ProtocolError(f"a message of {len(text) + len(payload)} bytes is too long")
    channel.sendall(LENGTHS.pack(len(text), len(payload)) + text + payload)


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
        header_length, payload_length = LENGTHS.unpack(self._exactly(LENGTHS.size, wait))
        if header_length > MAX_HEADER or payload_length > MAX_PAYLOAD:
            raise ProtocolError("a message announces more bytes than are allowed")
        header = self._exactly(header_length, wait)
        header, tensors = parse(header, self._exactly(payload_length, wait) if payload_length else b"", strict)
        self.cost = HEADER_COST * header_length + payload_length + 1000 * (1 + len(tensors))
        return header, tensors

    def _exactly(self, count: int, wait: Callable[[], None]) -> bytes:
        while len(self.ahead) < min(count, READ_AHEAD):
            wait()
            got = self.channel.recv(READ_AHEAD)
            if not got:
                raise EOFError("the channel was closed")
            self.ahead += got
        if count <= len(self.ahead):
            taken = bytes(self.ahead[:count])
            del self.ahead[:count]
            return taken
        return self._long(count, wait)

    def _long(self, count: int, wait: Callable[[], None]) -> bytes:
        """More than is read ahead, read into its place."""
        buffer, got = bytearray(count), len(self.ahead)
        buffer[:got] = self.ahead
        self.ahead.clear()
        view = memoryview(buffer)
        while got < count:
            wait()
            n = self.channel.recv_into(view[got:], min(count - got, 1 << 20))
            if n == 0:
                raise EOFError("the channel was closed")
            got += n
        return bytes(buffer)


def parse(text: bytes, payload: bytes, strict: bool = False) -> tuple[dict, dict[str, torch.Tensor]]:
    """Header and tensors of one frame's bytes, or ProtocolError."""
    if strict and text.count(b"[") + text.count(b"{") + text.count(b",") > 2 * MAX_NODES:
        raise ProtocolError("a message has too many parts")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a message is not JSON") from error
    if not isinstance(header, dict):
        raise ProtocolError("a message is not an object")
    return header, _tensors(payload) if payload else {}


def _tensors(payload: bytes) -> dict[str, torch.Tensor]:
    """The tensors of a payload, if they are of the kinds and no more than may cross."""
    if payload[8 : 8 + int.from_bytes(payload[:8], "little")].count(b"{") > MAX_TENSORS:
        raise ProtocolError("a message carries too many tensors")
    try:
        tensors = load_tensors(payload)
    except Exception as error:  # safetensors raises its own kinds and torch's
        raise ProtocolError("a message carries something that is not safetensors") from error
    if any(value.dtype not in KINDS for value in tensors.values()):
        raise ProtocolError("a message carries tensors of a kind that may not cross")
    return tensors
