"""Checks of sincos_positions against the formula in float64.

Tolerance: in float32 a frequency is off by at most about |ln 10000| ulp from the exponent's rounding plus a few ulp, some 1.5e-6 relative; times the
largest position here, 60, the angle is off by 1e-4, and sine and cosine by no more. Wrong forms differ by 0.01 and more.
"""

import pytest
import torch

from autograder.checking import close, raises, wrong


def formula(length: int, dim: int) -> torch.Tensor:
    """The table in float64, from the definition."""
    half = dim // 2
    angle = torch.arange(length, dtype=torch.float64)[:, None] / 10000.0 ** (torch.arange(half, dtype=torch.float64) / half)
    return torch.cat([angle.sin(), angle.cos()], 1)


@pytest.mark.parametrize(("length", "dim"), [(20, 8), (60, 6), (5, 2), (1, 12)])
def test_is_the_formula(student, length, dim):
    """Sines, then cosines, with frequencies from 1 down towards 1/10000."""
    want = formula(length, dim).float()
    close(student.sincos_positions(length, dim), want, f"{length} positions of width {dim}", rtol=0.0, atol=2e-4)


def test_secret_sizes(student, draw):
    """Any length and any even width."""
    length, dim = draw.integer(2, 60), 2 * draw.integer(2, 20)
    close(student.sincos_positions(length, dim), formula(length, dim).float(), f"{length} positions of width {dim}", rtol=0.0, atol=2e-4)


def test_inner_products_depend_on_the_distance(student):
    """Two positions at the same distance have the same inner product, and each has squared norm dim / 2."""
    got = student.sincos_positions(30, 16)
    close(got, formula(30, 16).float(), "30 positions of width 16", rtol=0.0, atol=2e-4)
    gram = got.double() @ got.double().T
    if (gram.diagonal() - 8).abs().max() > 1e-3 or (gram[1:, 1:] - gram[:-1, :-1]).abs().max() > 0.01:
        wrong("The inner product of two position vectors should depend on their distance only.")


@pytest.mark.parametrize("dim", [7, 1])
def test_refuses_an_odd_width(student, dim):
    """An odd dim is an error."""
    raises(ValueError, student.sincos_positions, 5, dim)
