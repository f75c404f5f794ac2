"""Whether what came from the student's process has the form that it must have, at one place for all checks.

Two kinds of answers are refused here. What an honest student can bring about (a class that builds no module) is a judgement. What only a forged reply can be
(a gradient of another shape than its argument, a report that no probe writes) is a `BadReply`. Neither reaches a check, so none can crash on it.
"""

from typing import Any

import torch

from autograder.checking import Meta, kind_of, wrong
from autograder.jail import errors


def disturbed(what: str) -> errors.BadReply:
    """The failure for a reply that no honest process sends."""
    return errors.BadReply(f"Your code disturbed the channel to the grader: {what}.")


def fits(value, form) -> bool:
    """Whether a value has a form.

    A form is a type (`object`: anything; `float` and `bool` themselves and no subclass), None, a tuple of forms (a list or tuple of that length),
    a dict of forms by key (a dict with exactly these keys), or `{str: form}` (a dict of any names).
    """
    if form is None:
        return value is None
    if isinstance(form, type):
        return isinstance(value, form) and not (isinstance(value, bool) and form in (int, float))
    if isinstance(form, tuple):
        return isinstance(value, list | tuple) and len(value) == len(form) and all(map(fits, value, form))
    if isinstance(form, str):
        return value == form if isinstance(value, str) else False
    if set(form) == {str}:
        return isinstance(value, dict) and all(isinstance(key, str) and fits(part, form[str]) for key, part in value.items())
    return isinstance(value, dict) and set(value) == set(form) and all(fits(value[key], part) for key, part in form.items())


def reports(seen: list, forms: tuple) -> list:
    """What probes observed, each part of one of the forms that the probe declares. Raises BadReply."""
    if not all(any(fits(part, form) for form in forms) for part in seen):
        raise disturbed("a report came that no probe writes")
    return seen


def module(value, name: str, remote: type):
    """What a class of the student's built, a handle on a module; else a judgement."""
    if not isinstance(value, remote):
        wrong(f"{name}(...) should build a torch.nn.Module, but your code gave {kind_of(value)}.")
    return value


def placed(value, remote: type):
    """The handle of a probe. Raises BadReply."""
    if not isinstance(value, remote):
        raise disturbed("a model came that is none")
    return value


def state(value, shapes: dict[str, torch.Size] | None, name: str) -> dict[str, torch.Tensor]:
    """A state_dict: tensors by name, and of a probe those that it was made of, as floating-point numbers where they were; else a judgement."""
    if not fits(value, {str: torch.Tensor}):
        wrong(f"{name}: its state_dict is not a dictionary of tensors.")
    if shapes is not None and {key: (part.shape, part.is_floating_point()) for key, part in value.items()} != shapes:
        wrong("The model that your code was given has parameters of other names, shapes or kinds after it.")
    return value


def shapes_of(probe: torch.nn.Module) -> dict[str, Any]:
    """Shape, and whether they are floating-point numbers, of all that a probe's state holds."""
    return {key: (part.shape, part.is_floating_point()) for key, part in probe.state_dict().items()}


def gradients(found, wrt, args: tuple, kwargs: dict) -> list:
    """Gradients for arguments: for each None, or a tensor of the argument's own shape and dtype, as autograd makes them. Raises BadReply."""
    if not isinstance(found, list) or len(found) != len(wrt):
        raise disturbed("gradients came that are none")
    for key, part in zip(wrt, found, strict=True):
        given = args[key] if isinstance(key, int) else kwargs[key]
        if part is not None and not (isinstance(part, torch.Tensor) and part.shape == given.shape and part.dtype == given.dtype):
            raise disturbed("gradients came that are none")
    return found


def parameter_gradients(found, known: dict[str, torch.Size | None]) -> dict[str, torch.Tensor | None]:
    """Gradients for a module's parameters by name. Raises BadReply where they are none.

    Parameters that come, go or change their shape from call to call (`known` remembers them) are a judgement: an optimiser made before would miss them.
    """
    if not isinstance(found, dict) or not all(isinstance(name, str) and _is_gradient(part) for name, part in found.items()):
        raise disturbed("gradients came that are none")
    if known and set(known) != set(found):
        wrong("The parameters of your module change from call to call. Make all layers in __init__.")
    for name, part in found.items():
        if known.setdefault(name, None) is None and part is not None:
            known[name] = part.shape
        if part is not None and part.shape != known[name]:
            wrong(f"The parameter {name[:60]} of your module changes its shape from call to call. Make all layers in __init__.")
    return found


def _is_gradient(part) -> bool:
    """None, or numbers that can be a gradient."""
    return part is None or isinstance(part, torch.Tensor) and (part.is_floating_point() or part.is_complex())


def on_meta(value):
    """The form of a result on the `meta` device, one or several; None for what tells no device (a number, a text)."""
    if isinstance(value, Meta | torch.Tensor):
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(part, Meta | torch.Tensor) for part in value):
        return value
    return None
