"""Proofs by numbers: both sides of an equation by independent routes, their error, the tolerance.

The check cells of the lectures call `prove` and `prove_at_most`. A proof prints one block and raises AssertionError where the equation fails.
Tolerances of the course: identities 1e-10 (float64), quadrature 1e-8, Monte Carlo 4 standard errors, a trained optimum 1e-4.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike

from workbook.equations import EQUATIONS

Side = torch.Tensor | ArrayLike


def prove(key: str, left: Side, right: Side, tolerance: Side, what: str) -> None:
    """Show that `left` equals `right` within `tolerance` (absolute, per element), in float64.

    key: of `workbook.equations`. left, right: numbers or arrays of one shape (either may be a single number).
    tolerance: a number, or an array of that shape (4 standard errors per entry, say); 0 asks for equality.
    what: what is compared, for the reader. Raises AssertionError where the equation fails, ValueError for bad arguments.
    """
    left, right, tolerance = _sides(key, left, right, tolerance)
    error = np.abs(left - right)
    holds = bool(np.all(error <= tolerance))  # NaN and infinity compare false
    _report(key, what, ("left", left), ("right", right), "largest error", error, tolerance, holds)


def prove_at_most(key: str, smaller: Side, larger: Side, slack: Side, what: str) -> None:
    """Show that `smaller <= larger + slack` in every element; arguments and errors as for `prove`, `slack` in the tolerance's place."""
    smaller, larger, slack = _sides(key, smaller, larger, slack)
    excess = smaller - larger
    holds = bool(np.all(excess <= slack))
    _report(key, what, ("smaller", smaller), ("larger", larger), "largest excess", excess, slack, holds)


def _sides(key: str, first: Side, second: Side, tolerance: Side) -> list[np.ndarray]:
    if key not in EQUATIONS:
        raise ValueError(f"{key!r} is no key of workbook.equations")
    arrays = [_array(value) for value in (first, second, tolerance)]
    shapes = {array.shape for array in arrays if array.ndim}
    if len(shapes) > 1:
        raise ValueError(f"{key}: expected one shape (or single numbers), got {', '.join(str(array.shape) for array in arrays)}")
    if not all(array.size for array in arrays):
        raise ValueError(f"{key}: nothing to compare, an argument is empty")
    if np.isnan(arrays[2]).any() or np.isinf(arrays[2]).any() or (arrays[2] < 0).any():
        raise ValueError(f"{key}: expected a finite tolerance of at least 0, got {arrays[2]}")
    return arrays


def _array(value: Side) -> np.ndarray:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().double().numpy()
    return np.asarray(value, dtype=np.float64)


def _report(key, what, first, second, name, error, tolerance, holds):
    worst = np.unravel_index(np.argmax(np.where(np.isnan(error), np.inf, error - tolerance)), error.shape)
    bound = np.broadcast_to(tolerance, error.shape)[worst]
    print(f"{key}: {what}")
    for label, values in (first, second):
        print(f"  {label:15}{_short(values)}")
    print(f"  {name:15}{error[worst]:.2e}   tolerance {bound:.1e}   {'holds' if holds else 'FAILS'}")
    if not holds:
        raise AssertionError(f"{key}: {what}: {name} {error[worst]:.3g}, tolerance {bound:.3g}")


def _short(values: np.ndarray) -> str:
    flat = values.reshape(-1)
    text = "  ".join(f"{value:.10g}" for value in flat[:4])
    return text if flat.size <= 4 else f"{text}  ...  ({flat.size} values)"
