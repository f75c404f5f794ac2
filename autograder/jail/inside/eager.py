"""torch without its compiler, which takes half a second to load, and makes every later fork of the process dearer, though nothing here is compiled.

torch loads it at the first call of some of its own functions, to learn how these are kept from being compiled. Where nothing is compiled they are plain functions.
Used on both sides, so it imports neither `autograder` nor `solutions`.
"""

import gc
import types

import torch
from torch.optim.optimizer import _use_grad_for_differentiable


def do_without_compiler() -> None:
    """Let the functions that torch keeps from its compiler, and the steps of its optimisers, run without it. Who does compile something still loads it."""
    if torch._compile._disable_dynamo.__code__ is _as_it_is.__code__:  # in the process that this one was forked from
        return
    marked = torch._compile._disable_dynamo(lambda: None).__code__
    step, plain_step = (wrap(lambda: None).__code__ for wrap in (_use_grad_for_differentiable, _with_gradients_as_asked))
    for function in gc.get_objects():
        if type(function) is not types.FunctionType:
            continue
        if function.__code__ is marked:
            original = function.__closure__[marked.co_freevars.index("fn")].cell_contents
            setattr(original, "__dynamo_disable", original)
        elif function.__code__ is step:
            function.__code__ = plain_step
    torch._compile._disable_dynamo.__code__ = _as_it_is.__code__  # for those that are made from now on


def _with_gradients_as_asked(func):
    """What torch puts around the step of each of its optimisers, but for the two marks by which the compiler knows where to stop."""

    def step(*args, **kwargs):
        before = torch.is_grad_enabled()
        torch.set_grad_enabled(args[0].defaults["differentiable"])
        try:
            return func(*args, **kwargs)
        finally:
            torch.set_grad_enabled(before)

    return step


def _as_it_is(fn=None, recursive=True):
    """In the place of `torch._compile._disable_dynamo`, which marks a function, or is asked for something that does."""
    return (lambda given: given) if fn is None else fn
