"""Checks of add_noise: the formula for data of any shape, one time per example, dtypes, gradients, device."""

import pytest
import torch

from autograder.checking import Meta, close, rounding, tensor, wrong

SHAPES = [(6, 6), (5, 3), (4, 2, 3, 5), (1, 7)]  # square first: there, a wrong broadcast goes unnoticed


def schedule(draw, reference, dtype=torch.float64, T=12):
    """Large steps, so that 1 - alpha_bar is at least 0.05 and its rounding harmless."""
    return reference.make_schedule(torch.cat([torch.zeros(1), draw.uniform(T, low=0.05, high=0.3)]).to(dtype))


def test_nothing_is_drawn_inside(student, reference, draw):
    """The same call gives the same result: the noise is an argument."""
    s, t = schedule(draw, reference), draw.integers(1, 13, 4)
    x0, eps = draw.normal(4, 4, dtype=torch.float64), draw.normal(4, 4, dtype=torch.float64)  # square, as below
    first, again = (tensor(student.add_noise(x0, t, eps, s), "x_t", (4, 4)) for _ in range(2))
    if not torch.equal(first, again):
        wrong("add_noise: the same call gives two different results.", "draws_its_own_noise")


@pytest.mark.parametrize("shape", SHAPES)
def test_formula(student, reference, draw, shape):
    """x_t is the right mixture of data and noise, each example at its own time."""
    s = schedule(draw, reference)
    x0, eps, t = draw.normal(*shape, dtype=torch.float64), draw.normal(*shape, dtype=torch.float64), 1 + draw.permutation(12)[: shape[0]]
    close(student.add_noise(x0, t, eps, s), reference.add_noise(x0, t, eps, s), f"x_t for data of shape {shape}", **rounding(torch.float64, 4, 8))


def test_time_zero(student, draw, reference):
    """At t = 0 nothing has been added."""
    x0, eps = draw.normal(3, 4), draw.normal(3, 4)
    close(student.add_noise(x0, torch.zeros(3, dtype=torch.int64), eps, schedule(draw, reference, torch.float32)), x0, "x_t at t = 0", **rounding(torch.float32, 4, 8))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_dtype_of_the_data_wins(student, reference, draw, dtype):
    """float32 data stay float32, whatever the schedule's dtype."""
    s = schedule(draw, reference, dtype)
    x0, eps, t = draw.normal(6, 4), draw.normal(6, 4), draw.integers(1, 13, 6)
    close(student.add_noise(x0, t, eps, s), reference.add_noise(x0, t, eps, s), "x_t for float32 data", **rounding(torch.float32, 40, 8))


def test_gradient(student, reference, draw):
    """Gradients flow to the data and to the noise."""
    s = schedule(draw, reference)
    x0, eps, w = (draw.normal(5, 3, dtype=torch.float64) for _ in range(3))
    t = draw.integers(1, 13, 5)
    grads = student.add_noise.gradient(x0, t, eps, s, wrt=(0, 2), weights=w)
    ab = s.alpha_bar[t][:, None]
    for got, want, name in zip(grads, (ab.sqrt() * w, (1 - ab).sqrt() * w), ("x0", "eps"), strict=True):
        close(got, want, f"the gradient with respect to {name}", **rounding(torch.float64, 4, 8))


def test_device(student, reference, draw):
    """New tensors are made on the device of the data."""
    found = student.add_noise.on_meta(draw.normal(5, 3), draw.integers(1, 13, 5), draw.normal(5, 3), schedule(draw, reference, torch.float32))
    if isinstance(found, Meta) and found.shape != (5, 3):
        wrong("On another device your result has another shape.")
