"""Checks of bernoulli_log_likelihood: values, grey pixels, extreme logits, gradients, forms, devices."""

import pytest
import torch

from autograder.checking import close, rounding, tensor, wrong


def tolerance(dtype, logits):
    """Each pixel's term is at most |logit| + log 2; a sum of d of them, by whatever stable formula."""
    n, d = logits.shape
    return rounding(dtype, terms=d + 4, scale=float(logits.abs().max()) + 1.0)


def test_agrees_on_ordinary_logits(student, reference, draw):
    """For ordinary logits and grey pixels the log-likelihood is the sum over pixels, one value per example."""
    agrees(student, reference, draw, torch.float32)


def agrees(student, reference, draw, dtype):
    logits, x = draw.normal(6, 9, dtype=dtype, scale=2.0), draw.uniform(6, 9, dtype=dtype)
    want = reference.bernoulli_log_likelihood(logits.double(), x.double()).to(dtype)
    close(student.bernoulli_log_likelihood(logits, x), want, f"log-likelihood of grey pixels in {dtype}", **tolerance(dtype, logits))


def test_agrees_on_binary_pixels(student, reference, draw):
    """For black and white pixels it is the log-probability of the image."""
    logits, x = draw.normal(5, 8), draw.integers(0, 2, 5, 8).float()
    want = reference.bernoulli_log_likelihood(logits.double(), x.double()).float()
    close(student.bernoulli_log_likelihood(logits, x), want, "log-likelihood of binary pixels", **tolerance(torch.float32, logits))


def test_large_logits_stay_exact(student, reference, draw):
    """Large logits of either sign give exact, finite values."""
    sizes = 20.0, 300.0
    cases = [((draw.integers(0, 2, 5, 8).float() * 2 - 1) * draw.uniform(5, 8, low=0.7 * size, high=size), draw.uniform(5, 8)) for size in sizes]
    for size, (logits, x), got in zip(sizes, cases, student.bernoulli_log_likelihood.each(*cases), strict=True):
        want = reference.bernoulli_log_likelihood(logits.double(), x.double()).float()
        close(got, want, f"log-likelihood for logits up to {size:.0f}", **tolerance(torch.float32, logits))


def test_double_precision(student, reference, draw):
    """In float64 the value is right to float64's precision."""
    agrees(student, reference, draw, torch.float64)


def test_sure_and_right_costs_nothing(student, draw):
    """A decoder that is very sure and right has a log-likelihood of nearly 0, and never above it."""
    x = draw.integers(0, 2, 4, 6).float()
    got = tensor(student.bernoulli_log_likelihood((2 * x - 1) * 60, x), "log-likelihood of a sure and right decoder", (4,))
    if bool((got > 1e-6).any()) or bool((got < -1e-4).any()):
        wrong(f"A decoder with logits of 60 in the right direction has a log-likelihood of 0 up to rounding, but yours is {got[0].item():.3g}.")


@pytest.mark.parametrize("size", [2.0, 40.0])
def test_gradient_is_the_error(student, draw, size):
    """The gradient with respect to the logits is x - sigmoid(logits), alive for large logits too."""
    logits, x = draw.normal(4, 7, dtype=torch.float64, scale=size), draw.uniform(4, 7, dtype=torch.float64)
    (got,) = student.bernoulli_log_likelihood.gradient(logits, x, wrt=(0,))
    if got is None:
        wrong("No gradient comes back to the logits.")
    # torch's softplus is the identity above 20, so a right gradient may be off by exp(-20) = 2.1e-9
    if not torch.allclose(tensor(got, "gradient with respect to the logits", (4, 7)), x - logits.sigmoid(), rtol=1e-8, atol=3e-9):
        wrong(f"The gradient with respect to the logits is wrong for logits of size {size:.0f}.")


def test_any_size(student, reference, draw):
    """Any number of examples and of pixels works."""
    cases = [(draw.normal(*shape), draw.uniform(*shape)) for shape in ((1, 1), (1, 64), (12, 3), (5, 5))]
    for (logits, x), got in zip(cases, student.bernoulli_log_likelihood.each(*cases), strict=True):
        close(got, reference.bernoulli_log_likelihood(logits, x), f"log-likelihood for shape {tuple(x.shape)}", **tolerance(torch.float32, logits))


def test_keeps_the_device(student, draw):
    """The result lives on the device of the inputs."""
    student.bernoulli_log_likelihood.on_meta(draw.normal(4, 3), draw.uniform(4, 3))
