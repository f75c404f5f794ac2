"""Values in the student's process: the wire's kinds plus remote objects, probes, generators and schedules."""

import copy
import types
from collections.abc import Iterator
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
    patterns: dict[tuple, "Pattern"] = field(default_factory=dict)  # of probes, by all that makes one, where its tensors have no hooks

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
        """A fresh instance of a probe's class with the state that was sent: the values of its parameters, then those of its buffers."""
        known = (tree["module"], tree["class"], repr(tree["kwargs"]))
        if known in self.objects.patterns:
            pattern = self.objects.patterns[known]
            module = pattern.filled(self.state(tree, pattern.size))
        else:
            module = getattr(self.objects.probes[tree["module"]], tree["class"])(**self.decode(tree["kwargs"], depth + 1))
            if not any(parameter._backward_hooks or parameter._post_accumulate_grad_hooks for parameter in module.parameters()):
                self.objects.patterns[known] = Pattern(module)
            places = [*module.parameters(), *module.buffers()]
            for place, value in zip(places, self.state(tree, len(places)), strict=True):
                place.data = value  # which nobody else holds
        if not tree["training"]:
            module.eval()
        return module

    def state(self, tree, size: int) -> list[torch.Tensor]:
        """The values that came with a probe."""
        return [self.tensors[str(number)] for number in range(tree["first"], tree["first"] + size)]


class Pattern:
    """What is the same in all modules that are made the same way, so that another one costs less than its constructor does. They share nothing that can be changed."""

    def __init__(self, module: torch.nn.Module):
        self.kind, attributes = type(module), module.__dict__
        self.plain = {name: value for name, value in attributes.items() if not isinstance(value, dict | list | set)}
        self.containers = [(name, copy.copy(value)) for name, value in attributes.items() if name not in self.plain]
        self.parameters = [(name, parameter.requires_grad) for name, parameter in module._parameters.items() if parameter is not None]
        self.buffers = [name for name, buffer in module._buffers.items() if buffer is not None]
        self.children = [(name, Pattern(child)) for name, child in module._modules.items()]
        self.numbers = len(list(module.parameters())), len(list(module.buffers()))
        self.size = sum(self.numbers)

    def filled(self, state: list[torch.Tensor]) -> torch.nn.Module:
        """A module with these values of its parameters and buffers, in the order of `parameters()` and `buffers()`."""
        return self._made(iter(state[: self.numbers[0]]), iter(state[self.numbers[0] :]))

    def _made(self, parameters: Iterator[torch.Tensor], buffers: Iterator[torch.Tensor]) -> torch.nn.Module:
        module = object.__new__(self.kind)
        own = module.__dict__
        own.update(self.plain)
        for name, value in self.containers:
            own[name] = value.copy()
        for name, requires_grad in self.parameters:
            own["_parameters"][name] = torch.nn.Parameter(next(parameters), requires_grad)
        for name in self.buffers:
            own["_buffers"][name] = next(buffers)
        for name, child in self.children:
            own["_modules"][name] = child._made(parameters, buffers)
        return module


def move(value, device: str):
    """Every tensor, module and schedule in `value` on another device; containers rebuilt, the rest as it is."""
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, torch.nn.Module):
        if type(value).__module__.startswith(PROBE):
            return Pattern(value).filled([part.detach().to(device) for part in (*value.parameters(), *value.buffers())])
        return copy.deepcopy(value).to(device)
    if isinstance(value, NoiseSchedule):
        return NoiseSchedule(*(move(getattr(value, name), device) for name in SCHEDULE))
    if isinstance(value, list | tuple):
        return type(value)(move(part, device) for part in value)
    if isinstance(value, dict):
        return {key: move(part, device) for key, part in value.items()}
    return value


__all__ = ["InsideCodec", "Objects", "Opaque", "move"]
