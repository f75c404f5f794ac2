"""What checks are written with: comparisons, validation of answers, and judgements in words."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from autograder.jail.errors import Raised
from autograder.jail.inside.wire import Opaque

ULP = {torch.float16: 2.0**-10, torch.bfloat16: 2.0**-7, torch.float32: 2.0**-23, torch.float64: 2.0**-52}


class Wrong(AssertionError):
    """A judgement: the answer is wrong. `message` is for the student; `misconception` the id of a known wrong version or None."""

    def __init__(self, message: str, misconception: str | None = None):
        super().__init__(message)
        self.message, self.misconception = message, misconception


@dataclass(frozen=True)
class Meta:
    """What a call on the `meta` device returns: a form without values."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    device: str = "meta"


def wrong(message: str, misconception: str | None = None) -> None:
    """End the check: the answer is wrong, in words for the student."""
    raise Wrong(message, misconception)


def rounding(dtype: torch.dtype, terms: int = 1, scale: float = 1.0, factor: float = 8.0) -> dict[str, float]:
    """Tolerances of a computation that adds `terms` numbers of size up to `scale`, done in `dtype` in any order.

    A sum of n terms, in whatever order, is off by at most (n - 1) ulp * sum |x_i|; `factor` covers the few rounded operations per term
    of another formula and the reference's own rounding.
    """
    ulp = ULP[dtype]
    return {"rtol": factor * ulp * max(1, terms), "atol": factor * ulp * max(1, terms) * scale}


def named(dtype: torch.dtype) -> str:
    """A dtype's name without `torch.`."""
    return str(dtype).removeprefix("torch.")


def kind_of(value) -> str:
    """What a value is, in words for the student."""
    if isinstance(value, torch.Tensor):
        return f"a {named(value.dtype)} tensor of shape {tuple(value.shape)}"
    if isinstance(value, Opaque):
        return f"a {value.type}"
    if isinstance(value, Meta):
        return f"a {named(value.dtype)} tensor of shape {value.shape} without values (on the meta device)"
    if hasattr(value, "__remote_id__"):
        return f"a module ({value.__remote_id__.type})"
    return "None" if value is None else f"a {type(value).__name__}"


def tensor(got, what: str, shape: tuple | None = None, dtype: torch.dtype | None = None, finite: bool = True) -> torch.Tensor:
    """`got` if it is a tensor of that shape and dtype with finite values; else a judgement that says what came."""
    if not isinstance(got, torch.Tensor):
        wrong(f"{what}: expected a tensor, but your code returned {kind_of(got)}.")
    if shape is not None and tuple(got.shape) != tuple(shape):
        wrong(f"{what}: expected shape {tuple(shape)}, but yours has shape {tuple(got.shape)}.")
    if dtype is not None and got.dtype != dtype:
        wrong(f"{what}: expected dtype {named(dtype)}, but yours is {named(got.dtype)}.")
    if finite and (got.is_floating_point() or got.is_complex()) and not bool(torch.isfinite(got).all()):
        bad = int((~torch.isfinite(got)).sum())
        wrong(f"{what}: {bad} of your {got.numel()} values are not finite (nan or inf).")
    return got


def number(got, what: str) -> float:
    """`got` as a float if it is a finite Python number or 0-d tensor (not a bool); else a judgement."""
    if isinstance(got, torch.Tensor) and got.dim() == 0 and got.dtype != torch.bool and not got.is_complex():
        got = got.item()
    if isinstance(got, bool) or not isinstance(got, int | float):
        wrong(f"{what}: expected a number, but your code returned {kind_of(got)}.")
    if not math.isfinite(got):
        wrong(f"{what}: expected a finite number, but yours is {got}.")
    return float(got)


def close(got, want: torch.Tensor, what: str, rtol: float, atol: float, misconception: str | None = None) -> torch.Tensor:
    """`got` if it has the type, dtype, shape and values of `want` within the tolerances; else a judgement (which does not tell the values)."""
    got = tensor(got, what, tuple(want.shape), want.dtype)
    if got.dtype == torch.bool or not (got.is_floating_point() or got.is_complex()):
        off = (got != want).sum()
        if off:
            wrong(f"{what}: {int(off)} of {got.numel()} entries are not what they should be.", misconception)
        return got
    error = (got.double() - want.double()).abs()
    allowed = atol + rtol * want.double().abs()
    if not bool((error <= allowed).all()):
        wrong(f"{what}: {int((error > allowed).sum())} of {got.numel()} values are off, the largest by {_round(error.max().item())}.", misconception)
    return got


def raises(kind: type[Exception], function: Callable, *args, **kwargs) -> None:
    """The call must raise `kind` (or a subclass); returning, or raising something else, is a judgement."""
    try:
        got = function(*args, **kwargs)
    except Raised as raised:
        if kind.__name__ in raised.kinds:
            return
        if raised.outcome != "raised":
            raise
        wrong(f"For this bad input a {kind.__name__} is expected, but your code raised {raised.kinds[0] if raised.kinds else 'another error'}.")
    wrong(f"For this bad input a {kind.__name__} is expected, but your code returned {kind_of(got)}.")


def _round(value: float) -> str:
    return f"{value:.2g}"
