"""Checks of gaussian_log_likelihood: values for several sigma, normalisation, gradients, forms, devices."""

import math

import torch

from autograder.checking import close, rounding, tensor, wrong


def scale(mean, x, sigma):
    """The size of the largest term: squared error and constant."""
    return float((x - mean).square().sum(1).max()) / sigma**2 + x.shape[1] * (abs(math.log(sigma)) + 1)


def test_agrees_with_the_density(student, reference, draw):
    """The value is the logarithm of the Gaussian density, one per example."""
    cases = [(draw.normal(6, 7, dtype=dtype), draw.normal(6, 7, dtype=dtype), draw.number(1.3, 2.5)) for dtype in (torch.float32, torch.float64)]
    for (mean, x, sigma), got in zip(cases, student.gaussian_log_likelihood.each(*cases), strict=True):
        want = reference.gaussian_log_likelihood(mean.double(), x.double(), sigma).to(x.dtype)
        close(got, want, "log-likelihood", **rounding(x.dtype, terms=10, scale=scale(mean, x, sigma)))


def test_small_and_large_sigma(student, reference, draw):
    """Small, unit and large standard deviations are right, normalising constant included."""
    cases = [(draw.normal(4, 11), draw.normal(4, 11), sigma) for sigma in (0.05, 1.0, 30.0)]
    for (mean, x, sigma), got in zip(cases, student.gaussian_log_likelihood.each(*cases), strict=True):
        want = reference.gaussian_log_likelihood(mean.double(), x.double(), sigma).float()
        close(got, want, f"log-likelihood for sigma = {sigma}", **rounding(torch.float32, terms=14, scale=scale(mean, x, sigma)))


def test_best_sigma_is_the_root_mean_squared_error(student, draw):
    """As a function of sigma the likelihood is largest at the root of the mean squared error."""
    mean, x = draw.normal(1, 50, dtype=torch.float64), draw.normal(1, 50, dtype=torch.float64)
    best = float((x - mean).square().mean().sqrt())
    found = student.gaussian_log_likelihood.each(*((mean, x, best * factor) for factor in (0.9, 1.0, 1.1)))
    values = [float(tensor(got, "log-likelihood", (1,))) for got in found]
    if max(values) != values[1]:
        wrong("The likelihood should be largest where sigma^2 is the mean squared error; yours is larger beside it. Look at the normalising constant.")


def test_gradients(student, draw):
    """The gradient with respect to the mean is the error over the variance."""
    mean, x, sigma = draw.normal(4, 5, dtype=torch.float64), draw.normal(4, 5, dtype=torch.float64), draw.number(0.5, 2.0)
    to_mean, to_x = student.gaussian_log_likelihood.gradient(mean, x, sigma, wrt=(0, 1))
    for name, got, want in (("mean", to_mean, (x - mean) / sigma**2), ("x", to_x, (mean - x) / sigma**2)):
        if got is None:
            wrong(f"No gradient comes back to {name}.")
        if not torch.allclose(tensor(got, f"gradient with respect to {name}", (4, 5)), want, rtol=1e-8, atol=1e-10):
            wrong(f"The gradient with respect to {name} is wrong.")


def test_any_size(student, reference, draw):
    """Any number of examples and of pixels works."""
    cases = [(draw.normal(*shape), draw.normal(*shape), 0.7) for shape in ((1, 1), (1, 64), (12, 3), (5, 5))]
    for case, got in zip(cases, student.gaussian_log_likelihood.each(*cases), strict=True):
        n, d = case[1].shape
        close(got, reference.gaussian_log_likelihood(*case), f"log-likelihood for shape {n, d}", **rounding(torch.float32, terms=d + 4, scale=scale(*case)))


def test_keeps_the_device(student, draw):
    """The result lives on the device of the inputs."""
    student.gaussian_log_likelihood.on_meta(draw.normal(4, 3), draw.uniform(4, 3), 0.5)
