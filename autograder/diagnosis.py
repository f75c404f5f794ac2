"""Name the misconception behind a wrong answer: replay the recorded calls through every known wrong version and look for an equal answer."""

import copy
import io
from contextlib import redirect_stdout

import torch

from autograder import versions
from autograder.jail.inside.wire import Opaque
from autograder.places import Places
from autograder.reference import compiled
from autograder.student import Call, Remote
from workbook.equations import where

COMMON = {
    "changes_input": "A function must leave its inputs as they are.",
    "global_random_state": "A function that is given a generator must draw from it alone.",
    "wrong_device": "New tensors must be made on the device of the inputs.",
}


def known(assignment: str, exercise: str, places: Places) -> tuple[versions.Version, ...]:
    """The wrong versions of an exercise, in file order."""
    path = places.misconceptions(assignment) / f"{exercise}.py"
    return versions.load(path) if path.exists() else ()


def describe(assignment: str, exercise: str, identity: str, places: Places) -> str:
    """The diagnosis of a misconception with the equation to read; an empty text for an id that is not listed."""
    for version in known(assignment, exercise, places):
        if version.id == identity:
            return f"{version.text} Read: {where(version.see)}." if version.see else version.text
    return COMMON.get(identity, "")


def by_replay(assignment: str, exercise: str, calls: list[Call], namespace, places: Places) -> str | None:
    """The id of the first wrong version that gives the student's answers on all recorded calls, and not the reference's; or None."""
    calls = [call for call in calls if call.name == exercise and _replayable(call)]
    if not calls:
        return None
    right = [_answer(getattr(namespace, exercise), call) for call in calls]
    if all(_equal(call.result, answer) for call, answer in zip(calls, right, strict=True)):
        return None
    for version in known(assignment, exercise, places):
        wrong = _build(version, namespace)
        if wrong is not None and all(_equal(call.result, _answer(wrong, call)) for call in calls):
            return version.id
    return None


def _build(version: versions.Version, namespace):
    module = copy.copy(namespace.__dict__)
    try:
        exec(compiled(version.source, f"<misconception {version.id}>"), module)
    except Exception:  # a wrong version that cannot even be defined matches nothing
        return None
    return module[version.exercise]


def _answer(function, call: Call):
    try:
        with redirect_stdout(io.StringIO()), torch.random.fork_rng(devices=[]):
            return function(*_fresh(call.args), **_fresh(call.kwargs))
    except Exception as error:
        return error


def _fresh(value):
    """A copy that a wrong version may spoil."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, torch.Generator):
        return value.clone_state()
    if isinstance(value, tuple | list):
        return type(value)(_fresh(part) for part in value)
    if isinstance(value, dict):
        return {key: _fresh(part) for key, part in value.items()}
    return copy.deepcopy(value)


def _replayable(call: Call) -> bool:
    parts = [*call.args, *call.kwargs.values(), call.result]
    return not any(isinstance(part, Remote | Opaque) for part in parts)


def _equal(got, want) -> bool:
    """Equal up to rounding: same structure, shapes and nearly the same numbers."""
    if isinstance(got, torch.Tensor) and isinstance(want, torch.Tensor):
        if got.shape != want.shape or got.dtype != want.dtype:
            return False
        tolerance = 1e-3 if got.dtype in (torch.float16, torch.bfloat16) else 1e-4
        want = want.detach()
        return torch.allclose(got.double(), want.double(), rtol=tolerance, atol=1e-5, equal_nan=True) if not got.is_complex() else torch.allclose(got, want)
    if isinstance(got, tuple | list) and isinstance(want, tuple | list):
        return len(got) == len(want) and all(_equal(a, b) for a, b in zip(got, want, strict=True))
    if isinstance(got, bool) or isinstance(want, bool) or got is None or want is None:
        return got is want
    if isinstance(got, int | float) and isinstance(want, int | float):
        return type(got) is type(want) and (abs(got - want) <= 1e-5 + 1e-4 * abs(want) or (got != got and want != want))
    if hasattr(got, "beta") and hasattr(want, "beta"):
        return all(_equal(getattr(got, name), getattr(want, name)) for name in ("beta", "alpha", "alpha_bar", "posterior_variance"))
    return False


