"""A student's own function in the reference's place: called through the channel, and gradients pass through it.

Where an exercise is judged with the student's own wrong version of another (error carried forward), the reference calls that version in the sandbox. Checks
that differentiate the reference must be able to do so there too: a check that looked away from gradients then would give points to a training that nobody
has looked at.
"""

from dataclasses import dataclass

import torch

from autograder.student import Remote, RemoteFunction

PARAMETERS = "parameters"


@dataclass
class Own:
    """One of the student's functions, for the reference's namespace: called like it, and differentiable in its tensors and in the parameters of probes."""

    function: RemoteFunction

    def __call__(self, *args, **kwargs):
        """The function's value. What it gives no gradient for has gradient zero."""
        value = self.function(*args, **kwargs)
        inputs = _inputs(args, kwargs)
        if not inputs or not torch.is_grad_enabled() or not any(map(_is_number, _parts(value))):
            return value
        through = _Through.apply(self.function, args, kwargs, tuple(inputs), value, *inputs.values())
        return through[0] if isinstance(value, torch.Tensor) else type(value)(through)


def _inputs(args: tuple, kwargs: dict) -> dict:
    """What gradients are asked for, by where it goes in: a position or name of a tensor, or (position or name, parameter) of a probe."""
    found = {}
    for key, given in [*enumerate(args), *kwargs.items()]:
        if isinstance(given, torch.Tensor) and given.requires_grad:
            found[key] = given
        elif isinstance(given, torch.nn.Module):
            found |= {(key, name): parameter for name, parameter in given.named_parameters() if parameter.requires_grad}
    return found


def _parts(value) -> list:
    """The one or several results of a function."""
    return list(value) if isinstance(value, tuple | list) else [value]


def _is_number(part) -> bool:
    """Whether a result can carry a gradient."""
    return isinstance(part, torch.Tensor) and part.is_floating_point()


class _Through(torch.autograd.Function):
    """The values that came back, and their gradients, asked for when they are needed."""

    @staticmethod
    def forward(ctx, function, args, kwargs, keys, value, *inputs):
        ctx.asked, ctx.single = (function, args, kwargs, keys), isinstance(value, torch.Tensor)
        ctx.set_materialize_grads(False)
        parts = tuple(part.clone() if isinstance(part, torch.Tensor) else part for part in _parts(value))
        ctx.mark_non_differentiable(*(part for part in parts if isinstance(part, torch.Tensor) and not part.is_floating_point()))
        return parts

    @staticmethod
    def backward(ctx, *weights):
        function, args, kwargs, keys = ctx.asked
        total = [None] * len(keys)
        for output, weight in enumerate(weights):
            if weight is not None:
                found = _gradients(function, args, kwargs, keys, weight, None if ctx.single else output)
                total = [b if a is None else a if b is None else a + b for a, b in zip(total, found, strict=True)]
        return None, None, None, None, None, *total


def _gradients(function: RemoteFunction, args: tuple, kwargs: dict, keys: tuple, weight: torch.Tensor, output: int | None) -> list:
    """The gradient of one result, weighted, with respect to each input; one question for all tensors and one for each probe."""
    tensors = [key for key in keys if not isinstance(key, tuple)]
    found = dict(zip(tensors, function.gradient(*args, wrt=tuple(tensors), weights=weight, output=output, **kwargs), strict=True)) if tensors else {}
    for place in dict.fromkeys(key[0] for key in keys if isinstance(key, tuple)):
        probe = function.student.place(args[place] if isinstance(place, int) else kwargs[place])
        of_probe = function.gradient(*_with(args, place, probe), wrt=PARAMETERS, module=probe, weights=weight, output=output, **_with(kwargs, place, probe))
        found |= {(place, name): part for name, part in of_probe.items()}
    return [found[key] for key in keys]


def _with(given: tuple | dict, place: int | str, probe: Remote) -> tuple | dict:
    """The arguments with a probe's handle in its place, where it is among them."""
    if isinstance(given, dict):
        return given | ({place: probe} if place in given else {})
    return tuple(probe if index == place else part for index, part in enumerate(given))
