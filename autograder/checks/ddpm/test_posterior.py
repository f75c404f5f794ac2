"""Checks of posterior: mean and variance for data of any shape, the first step, dtypes, device."""

import pytest
import torch

from autograder.checking import close, kind_of, rounding, tensor, wrong

SHAPES = [(6, 6), (5, 3), (4, 2, 3, 5), (1, 7)]  # square first: there, a wrong broadcast goes unnoticed


def schedule(draw, reference, dtype=torch.float64, T=12):
    """Large steps, so that 1 - alpha_bar is at least 0.05 and its rounding harmless."""
    return reference.make_schedule(torch.cat([torch.zeros(1), draw.uniform(T, low=0.05, high=0.3)]).to(dtype))


def judge(got, want, x_t, what, **tolerance):
    if not isinstance(got, tuple | list) or len(got) != 2:
        wrong(f"{what}: expected a pair (mean, variance), but your code returned {kind_of(got)}.")
    close(got[0], want[0], f"{what}, the mean", **tolerance)
    variance = tensor(got[1], f"{what}, the variance", dtype=x_t.dtype)
    try:
        variance = variance.expand_as(x_t)
    except RuntimeError:
        wrong(f"{what}: your variance has shape {tuple(variance.shape)}, which does not broadcast to x_t of shape {tuple(x_t.shape)}.")
    close(variance, want[1].expand_as(x_t), f"{what}, the variance", **tolerance)


@pytest.mark.parametrize("shape", SHAPES)
def test_mean_and_variance(student, reference, draw, shape):
    """Mean and variance are those of Bayes' rule, each example at its own time."""
    s = schedule(draw, reference)
    x0, x_t, t = draw.normal(*shape, dtype=torch.float64), draw.normal(*shape, dtype=torch.float64), 2 + draw.permutation(11)[: shape[0]]
    judge(student.posterior(x0, x_t, t, s), reference.posterior(x0, x_t, t, s), x_t, f"posterior for data of shape {shape}", **rounding(torch.float64, 40, 8))


def test_first_step(student, reference, draw):
    """At t = 1 the answer is x_0 itself, for certain."""
    s = schedule(draw, reference)
    x0, x_t = draw.normal(4, 3, dtype=torch.float64), draw.normal(4, 3, dtype=torch.float64)
    t = torch.tensor([1, 2, 1, 12])
    judge(student.posterior(x0, x_t, t, s), reference.posterior(x0, x_t, t, s), x_t, "posterior at t = 1 and others", **rounding(torch.float64, 40, 8))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_dtype_of_the_data_wins(student, reference, draw, dtype):
    """float32 data give float32 results, whatever the schedule's dtype."""
    s = schedule(draw, reference, dtype)
    x0, x_t, t = draw.normal(6, 4), draw.normal(6, 4), draw.integers(1, 13, 6)
    judge(student.posterior(x0, x_t, t, s), reference.posterior(x0, x_t, t, s), x_t, "posterior for float32 data", **rounding(torch.float32, 200, 4))


def test_gradient(student, reference, draw):
    """Gradients of the mean flow to x0 and x_t."""
    s = schedule(draw, reference)
    x0, x_t, w = (draw.normal(5, 3, dtype=torch.float64) for _ in range(3))
    t = draw.integers(2, 13, 5)
    grads = student.posterior.gradient(x0, x_t, t, s, wrt=(0, 1), weights=w, output=0)
    zero = torch.zeros_like(x0)
    wants = [reference.posterior(w, zero, t, s)[0], reference.posterior(zero, w, t, s)[0]]  # the mean is linear
    for got, want, name in zip(grads, wants, ("x0", "x_t"), strict=True):
        close(got, want, f"the gradient of the mean with respect to {name}", **rounding(torch.float64, 40, 8))


def test_device(student, reference, draw):
    """New tensors are made on the device of the data."""
    student.posterior.on_meta(draw.normal(5, 3), draw.normal(5, 3), draw.integers(1, 13, 5), schedule(draw, reference, torch.float32))
