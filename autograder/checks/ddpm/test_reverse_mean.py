"""Checks of reverse_mean: it is the posterior's mean at the predicted x_0, for data of any shape; dtypes, gradients, device."""

import pytest
import torch

from autograder.checking import close, rounding

DEPENDS = ("posterior", "predict_x0")
SHAPES = [(6, 6), (5, 3), (4, 2, 3, 5), (1, 7)]  # square first: there, a wrong broadcast goes unnoticed


def schedule(draw, reference, dtype=torch.float64, T=12):
    """alpha_bar stays above 0.7^12 = 0.014 and 1 - alpha_bar above 0.05, so no root or quotient loses more than a few ulp."""
    return reference.make_schedule(torch.cat([torch.zeros(1), draw.uniform(T, low=0.05, high=0.3)]).to(dtype))


def composed(reference, x_t, t, eps, s):
    """The same mean by two other exercises, so that a slip in those is carried forward."""
    return reference.posterior(reference.predict_x0(x_t, t, eps, s), x_t, t, s)[0]


@pytest.mark.parametrize("shape", SHAPES)
def test_formula(student, reference, draw, shape):
    """The mean of the step back follows from the predicted noise, each example at its own time."""
    s = schedule(draw, reference)
    x_t, eps, t = draw.normal(*shape, dtype=torch.float64, scale=3), draw.normal(*shape, dtype=torch.float64), 1 + draw.permutation(12)[: shape[0]]
    close(student.reverse_mean(x_t, t, eps, s), composed(reference, x_t, t, eps, s), f"the mean for data of shape {shape}", **rounding(torch.float64, 100, 60))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_dtype_of_the_data_wins(student, reference, draw, dtype):
    """float32 data stay float32, whatever the schedule's dtype."""
    s = schedule(draw, reference, dtype)
    x_t, eps, t = draw.normal(6, 4), draw.normal(6, 4), draw.integers(1, 13, 6)
    close(student.reverse_mean(x_t, t, eps, s), composed(reference, x_t, t, eps, s), "the mean for float32 data", **rounding(torch.float32, 100, 10))


def test_gradient(student, reference, draw):
    """Gradients flow to x_t and to the noise."""
    s = schedule(draw, reference)
    x_t, eps, w = (draw.normal(5, 3, dtype=torch.float64) for _ in range(3))
    t = draw.integers(1, 13, 5)
    zero = torch.zeros_like(w)
    grads = student.reverse_mean.gradient(x_t, t, eps, s, wrt=(0, 2), weights=w)
    wants = [composed(reference, w, t, zero, s), composed(reference, zero, t, w, s)]  # it is linear
    for got, want, name in zip(grads, wants, ("x_t", "eps"), strict=True):
        close(got, want, f"the gradient with respect to {name}", **rounding(torch.float64, 100, 60))


def test_device(student, reference, draw):
    """New tensors are made on the device of the data."""
    student.reverse_mean.on_meta(draw.normal(5, 3), draw.integers(1, 13, 5), draw.normal(5, 3), schedule(draw, reference, torch.float32))
