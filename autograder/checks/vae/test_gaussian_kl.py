"""Checks of gaussian_kl: the closed form, extremes, gradients, forms, devices."""

import torch

from autograder.checking import close, rounding, tensor, wrong

DTYPES = [torch.float32, torch.float64]


def test_agrees_with_the_closed_form(student, reference, draw):
    """The KL equals the closed form for random means and log-variances, one value per example."""
    cases = [(draw.normal(7, 5, dtype=dtype), draw.normal(7, 5, dtype=dtype)) for dtype in DTYPES]
    for (mu, logvar), got in zip(cases, student.gaussian_kl.each(*cases), strict=True):
        want = reference.gaussian_kl(mu.double(), logvar.double()).to(mu.dtype)
        close(got, want, "KL for random mu and logvar", **rounding(mu.dtype, terms=20, scale=float(want.max())))


def test_vanishes_at_the_prior_and_nowhere_else(student, draw):
    """The KL is zero where the encoder's Gaussian is the prior, and positive elsewhere."""
    found = student.gaussian_kl.each((torch.zeros(3, 4), torch.zeros(3, 4)), (draw.normal(50, 3), draw.normal(50, 3)))
    got = tensor(next(found), "KL at mu = 0, logvar = 0", (3,))
    if bool((got.abs() > 1e-6).any()):
        wrong(f"At mu = 0, logvar = 0 the two Gaussians are equal and the KL is 0, but yours is {got[0].item():.3g}.")
    got = tensor(next(found), "KL for random mu and logvar", (50,))
    if bool((got <= 0).any()):
        wrong(f"A KL divergence is positive unless the Gaussians are equal, but yours is {got.min().item():.3g} for one example.")


def test_any_batch_and_latent_size(student, reference, draw):
    """Any number of examples and of latent coordinates works."""
    cases = [(draw.normal(*shape, scale=2.0), draw.normal(*shape, scale=2.0)) for shape in ((1, 1), (1, 6), (9, 1), (6, 6))]
    for (mu, logvar), got in zip(cases, student.gaussian_kl.each(*cases), strict=True):
        want = reference.gaussian_kl(mu, logvar)
        close(got, want, f"KL for inputs of shape {tuple(mu.shape)}", **rounding(torch.float32, terms=20, scale=float(want.max())))


def test_large_and_small_variances(student, reference):
    """Very small and very large variances give finite, exact values."""
    mu = torch.tensor([[30.0, -20.0], [0.0, 0.0], [5.0, -5.0]])
    logvar = torch.tensor([[-40.0, 10.0], [-60.0, 20.0], [0.0, 30.0]])
    want = reference.gaussian_kl(mu.double(), logvar.double()).float()
    close(student.gaussian_kl(mu, logvar), want, "KL for variances between e^-60 and e^30", rtol=1e-5, atol=1e-4)


def test_gradients(student, reference, draw):
    """The KL passes the right gradients to mu and to logvar."""
    mu, logvar = draw.normal(4, 3, dtype=torch.float64), draw.normal(4, 3, dtype=torch.float64)
    got = student.gaussian_kl.gradient(mu, logvar, wrt=(0, 1))
    for name, gradient, want in (("mu", got[0], mu), ("logvar", got[1], (logvar.exp() - 1) / 2)):
        if gradient is None:
            wrong(f"The KL passes no gradient to {name}.", "variance_detached" if name == "logvar" else None)
        off = not torch.allclose(tensor(gradient, f"gradient with respect to {name}", (4, 3)), want, rtol=1e-8, atol=1e-8)
        if off:
            wrong(f"The gradient of the KL with respect to {name} is wrong.", "variance_detached" if name == "logvar" and not bool(gradient.any()) else None)


def test_keeps_the_device(student, draw):
    """The result lives on the device of the inputs."""
    student.gaussian_kl.on_meta(draw.normal(4, 3), draw.normal(4, 3))
