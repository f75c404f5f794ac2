"""Values on the trusted side of the channel: what checks pass in, and strictly validated data that comes back."""

import sys
from dataclasses import dataclass

import torch

from autograder.checking import Meta
from autograder.jail.inside.wire import DTYPES, Codec, ProtocolError
from workbook.schedule import NoiseSchedule

SCHEDULE = ("beta", "alpha", "alpha_bar", "posterior_variance")


@dataclass(frozen=True)
class RemoteId:
    """The number of an object in the student's process, with that process's own number."""

    number: int
    type: str


class TrustedCodec(Codec):
    """The codec of the trusted side. `need_probe(module)` is called for every probe module whose source the process must have, `handle(identity)` makes the
    handle on an object that stays in the student's process (its identity by default)."""

    def __init__(self, tensors: dict | None = None, need_probe=None, handle=lambda identity: identity):
        self.tensors, self.need_probe, self.handle = tensors or {}, need_probe, handle

    def encode_other(self, value, depth):
        remote = getattr(value, "__remote_id__", None)
        if isinstance(remote, RemoteId):
            return {"$": "remote", "i": remote.number}
        if isinstance(value, torch.Generator):
            return {"$": "generator", "i": self.pack(value.get_state())}
        if isinstance(value, NoiseSchedule):
            return {"$": "schedule", "v": [self.encode(getattr(value, name), depth + 1) for name in SCHEDULE]}
        if isinstance(value, torch.nn.Module):
            return self.encode_probe(value, depth)
        raise TypeError(f"a check cannot hand over a {type(value).__name__}; see 'Hidden checks' in autograder/README.md")

    def encode_probe(self, module: torch.nn.Module, depth: int):
        """A probe's class by name, its constructor's arguments and its state. Raises TypeError for a module of another kind."""
        home = sys.modules.get(type(module).__module__)
        if home is None or not home.__name__.startswith("autograder.probes."):
            raise TypeError(f"{type(module).__name__} is not a class of autograder/probes")
        self.need_probe(home)
        names = [self.pack(value.detach()) for value in (*module.parameters(), *module.buffers())]
        return {
            "$": "probe", "module": home.__name__.rpartition(".")[2], "class": type(module).__name__, "training": module.training,
            "kwargs": self.encode(module.init_kwargs, depth + 1), "first": int(names[0]) if names else 0,
        }  # fmt: skip

    def decode_other(self, kind, tree, depth):
        if kind == "remote" and isinstance(tree["i"], int):
            return self.handle(RemoteId(tree["i"], str(tree.get("type", "object"))[:100]))
        if kind == "meta":
            return Meta(tuple(int(size) for size in tree["shape"]), DTYPES[tree["dtype"]])
        if kind == "schedule":
            parts = [self.decode(part, depth + 1) for part in tree["v"]]
            if len(parts) != len(SCHEDULE):
                raise ProtocolError("a schedule with another number of parts")
            return NoiseSchedule(*parts)
        return super().decode_other(kind, tree, depth)
