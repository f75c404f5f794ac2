"""Checks of reparameterize: values, the use of eps, gradients, forms, devices."""

import torch

from autograder.checking import close, rounding, tensor, wrong


def exact(mu, logvar, eps):
    """Tolerances for mu + sigma * eps: the two may cancel, so what counts is their size, not that of their sum."""
    return rounding(mu.dtype, terms=4, scale=float((mu.abs() + (0.5 * logvar).exp() * eps.abs()).max()))


def test_shifts_and_stretches_the_noise(student, reference, draw):
    """z is the noise given, stretched by the standard deviation and shifted by the mean."""
    cases = [tuple(draw.normal(6, 4, dtype=dtype) for _ in range(3)) for dtype in (torch.float32, torch.float64)]
    found = student.reparameterize.each(*(case for case in cases for _ in range(2)))
    for case in cases:
        got, again = next(found), next(found)
        if isinstance(got, torch.Tensor) and isinstance(again, torch.Tensor) and got.shape == again.shape and not torch.equal(got, again):
            _random(student, *case)
        want = reference.reparameterize(*(part.double() for part in case)).to(case[0].dtype)
        close(got, want, "z for random mu, logvar and eps", **exact(*case))


def _random(student, mu, logvar, eps):
    """Two equal calls gave two answers: say which kind of own noise it is."""
    gradients = student.reparameterize.gradient(mu, logvar, eps, wrt=(0, 1))
    cut = all(gradient is None or not bool(gradient.any()) for gradient in gradients)
    wrong("Two calls with the same eps gave different codes. Use the eps given and draw nothing yourself.", "torch_normal" if cut else "own_noise")


def test_gradients_reach_mean_and_log_variance(student, draw):
    """Gradients flow from z to mu and to logvar: 1, and half of sigma * eps."""
    mu, logvar, eps = (draw.normal(3, 4, dtype=torch.float64) for _ in range(3))
    to_mu, to_logvar = student.reparameterize.gradient(mu, logvar, eps, wrt=(0, 1))
    if to_mu is None:
        wrong("No gradient comes back to mu: z was detached, or computed under no_grad.", "detached" if to_logvar is None else None)
    if to_logvar is None:
        wrong("No gradient comes back to logvar.", "sigma_detached")
    if not torch.allclose(tensor(to_mu, "gradient with respect to mu", (3, 4)), torch.ones(3, 4, dtype=torch.float64)):
        wrong("The gradient of z with respect to mu is 1; yours is not.")
    want = 0.5 * (0.5 * logvar).exp() * eps
    if not torch.allclose(tensor(to_logvar, "gradient with respect to logvar", (3, 4)), want, rtol=1e-8, atol=1e-10):
        wrong("The gradient of z with respect to logvar is wrong.")


def test_any_size(student, reference, draw):
    """Any number of examples and of latent coordinates works."""
    cases = [tuple(draw.normal(*shape) for _ in range(3)) for shape in ((1, 1), (1, 5), (8, 1), (40, 16))]
    for case, got in zip(cases, student.reparameterize.each(*cases), strict=True):
        close(got, reference.reparameterize(*case), f"z for inputs of shape {tuple(case[0].shape)}", **exact(*case))


def test_wide_range_of_log_variances(student, reference, draw):
    """Log-variances from -40 to 40 give exact values."""
    mu, eps = draw.normal(5, 1), draw.normal(5, 1)
    logvar = torch.tensor([[-40.0], [-10.0], [0.0], [10.0], [40.0]])
    want = reference.reparameterize(mu.double(), logvar.double(), eps.double()).float()
    close(student.reparameterize(mu, logvar, eps), want, "z for logvar between -40 and 40", rtol=2e-5, atol=1e-5)


def test_keeps_the_device(student, draw):
    """The result lives on the device of the inputs."""
    student.reparameterize.on_meta(draw.normal(4, 3), draw.normal(4, 3), draw.normal(4, 3))
