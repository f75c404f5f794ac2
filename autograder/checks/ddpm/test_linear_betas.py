"""Checks of linear_betas: both ends, even spacing, the entry of the clean data."""

import pytest
import torch

from autograder.checking import tensor, wrong

FLOATS = (torch.float32, torch.float64)


def judge(got, T, start, end):
    """Values to float32 accuracy: a handful of roundings of numbers up to `end`."""
    got = tensor(got, f"linear_betas for T = {T}", (T + 1,))
    if got.dtype not in FLOATS:
        wrong(f"linear_betas: expected float32 or float64, but yours is {got.dtype}.")
    want = torch.cat([torch.zeros(1, dtype=torch.float64), torch.linspace(start, end, T, dtype=torch.float64)])
    off = (got.double() - want).abs()
    if off[0] > 0:
        wrong(f"linear_betas: beta[0] is {got[0].item():.4g}; the clean data has no noise, beta[0] = 0.")
    if off.max() > 1e-6 * end:
        wrong(f"linear_betas: {int((off > 1e-6 * end).sum())} of {T + 1} values are off, the largest by {off.max().item():.2g}.")


def test_ends_and_spacing(student, draw):
    """The betas rise on a straight line from start at t = 1 to end at t = T."""
    for T in (2, draw.integer(5, 30), draw.integer(100, 400)):
        start, end = draw.number(0.001, 0.02), draw.number(0.1, 0.4)
        judge(student.linear_betas(T, start, end), T, start, end)


@pytest.mark.parametrize("T", [10, 1000])
def test_default_ends(student, T):
    """Without ends given the line runs from 0.0001 to 0.02."""
    judge(student.linear_betas(T), T, 1e-4, 0.02)


def test_keywords(student, draw):
    """The ends can be given by name."""
    judge(student.linear_betas(T=7, end=0.3, start=0.05), 7, 0.05, 0.3)
