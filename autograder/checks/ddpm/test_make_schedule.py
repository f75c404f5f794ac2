"""Checks of make_schedule: the four arrays, their first entries, the dtype."""

import pytest
import torch

from autograder.checking import close, kind_of, wrong
from workbook.schedule import NoiseSchedule

FIELDS = ("beta", "alpha", "alpha_bar", "posterior_variance")


def betas(draw, T, dtype):
    return torch.cat([torch.zeros(1, dtype=dtype), draw.uniform(T, low=0.03, high=0.4, dtype=dtype)])


def judge(got, want, dtype):
    """1 - alpha_bar is at least 0.03 and known to a few ulp of 1 per step, so every array has a relative error below 12 * 8 ulp / 0.03."""
    if not isinstance(got, NoiseSchedule):
        wrong(f"make_schedule: expected a NoiseSchedule, but your code returned {kind_of(got)}.")
    tolerance = 12 * 8 / 0.03 * torch.finfo(dtype).eps
    for field in FIELDS:
        close(getattr(got, field), getattr(want, field), f"make_schedule, the array {field}", rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_all_arrays(student, reference, draw, dtype):
    """The four arrays follow from the betas, and keep their dtype."""
    b = betas(draw, draw.integer(5, 12), dtype)
    judge(student.make_schedule(b), reference.make_schedule(b), dtype)


def test_shortest(student, reference, draw):
    """Two steps are enough for a schedule."""
    b = betas(draw, 2, torch.float64)
    judge(student.make_schedule(b), reference.make_schedule(b), torch.float64)


def test_small_betas(student, reference):
    """The usual thousand small steps come out right in float64."""
    b = torch.cat([torch.zeros(1, dtype=torch.float64), torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)])
    got = student.make_schedule(b)
    if not isinstance(got, NoiseSchedule):
        wrong(f"make_schedule: expected a NoiseSchedule, but your code returned {kind_of(got)}.")
    want = reference.make_schedule(b)
    for field in FIELDS:  # a product of 1000 factors, then 1 - alpha_bar >= 1e-4: relative error below 1000 * 8 ulp / 1e-4
        close(getattr(got, field), getattr(want, field), f"make_schedule for 1000 steps, the array {field}", rtol=2e-8, atol=2e-10)
