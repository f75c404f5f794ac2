"""Values in the student's process: the wire's kinds plus remote objects, probes, generators and schedules."""

import copy
import types
from dataclasses import dataclass, field

import torch
from wire import Codec, Opaque

from workbook.schedule import NoiseSchedule

PROBE = "probe_"  # with which names of probe modules begin
SCHEDULE = ("beta", "alpha", "alpha_bar", "posterior_variance")


@dataclass
class Objects:
    """Objects that stay here and are spoken of by number, and the probe modules that were sent over."""

    table: dict[int, object] = field(default_factory=dict)
    probes: dict[str, types.ModuleType] = field(default_factory=dict)
    patterns: dict[tuple, torch.nn.Module] = field(default_factory=dict)  # an instance of a probe's class by all that makes it, where its tensors have no hooks

    def keep(self, value) -> int:
        """The number of an object (the same object keeps its number)."""
        for number, known in self.table.items():
            if known is value:
                return number
        number = len(self.table)
        self.table[number] = value
        return number

    def load_probe(self, name: str, source: str, observe) -> None:
        """Run a probe module's source; `observe` is a builtin there."""
        module = types.ModuleType(PROBE + name)
        module.observe = observe
        exec(compile(source, f"<probe {name}>", "exec"), module.__dict__)
        self.probes[name] = module


class InsideCodec(Codec):
    """The codec of the student's side."""

    def __init__(self, objects: Objects, tensors: dict):
        self.objects, self.tensors = objects, tensors

    def encode_other(self, value, depth):
        if isinstance(value, NoiseSchedule):
            return {"$": "schedule", "v": [self.encode(getattr(value, name), depth + 1) for name in SCHEDULE]}
        if isinstance(value, torch.nn.Module):
            return {"$": "remote", "i": self.objects.keep(value), "type": type(value).__name__[:100]}
        return super().encode_other(value, depth)

    def decode_other(self, kind, tree, depth):
        if kind == "remote":
            return self.objects.table[tree["i"]]
        if kind == "schedule":
            return NoiseSchedule(*(self.decode(part, depth + 1) for part in tree["v"]))
        if kind == "generator":
            generator = torch.Generator()
            generator.set_state(self.tensors[tree["i"]])
            return generator
        if kind == "probe":
            return self.build_probe(tree, depth)
        return super().decode_other(kind, tree, depth)

    def build_probe(self, tree, depth):
        """A fresh instance of a probe's class with the state that was sent."""
        state, known = self.decode(tree["state"], depth + 1), (tree["module"], tree["class"], repr(tree["kwargs"]))
        if known in self.objects.patterns:
            module = copied(self.objects.patterns[known], state)
        else:
            module = getattr(self.objects.probes[tree["module"]], tree["class"])(**self.decode(tree["kwargs"], depth + 1))
            if not any(parameter._backward_hooks or parameter._post_accumulate_grad_hooks for parameter in module.parameters()):
                self.objects.patterns[known] = copied(module, state)
            for name, value in state.items():
                home, _, own = name.rpartition(".")
                getattr(module.get_submodule(home), own).data = value  # which nobody else holds
        if not tree["training"]:
            module.eval()
        return module


def copied(module: torch.nn.Module, state: dict[str, torch.Tensor], prefix: str = "") -> torch.nn.Module:
    """A module like this one with other tensors, at half the cost of its constructor. Nothing that can be changed is shared."""
    other = object.__new__(type(module))
    own = other.__dict__
    for name, value in module.__dict__.items():
        own[name] = value.copy() if isinstance(value, dict | list | set) else value
    for name, parameter in module._parameters.items():
        own["_parameters"][name] = parameter if parameter is None else torch.nn.Parameter(state[prefix + name], parameter.requires_grad)
    for name in module._buffers:
        own["_buffers"][name] = state.get(prefix + name)
    for name, child in module._modules.items():
        own["_modules"][name] = copied(child, state, f"{prefix}{name}.")
    return other


def move(value, device: str):
    """Every tensor, module and schedule in `value` on another device; containers rebuilt, the rest as it is."""
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, torch.nn.Module):
        if type(value).__module__.startswith(PROBE):
            return copied(value, {name: part.detach().to(device) for name, part in [*value.named_parameters(), *value.named_buffers()]})
        return copy.deepcopy(value).to(device)
    if isinstance(value, NoiseSchedule):
        return NoiseSchedule(*(move(getattr(value, name), device) for name in SCHEDULE))
    if isinstance(value, list | tuple):
        return type(value)(move(part, device) for part in value)
    if isinstance(value, dict):
        return {key: move(part, device) for key, part in value.items()}
    return value


__all__ = ["InsideCodec", "Objects", "Opaque", "move"]
