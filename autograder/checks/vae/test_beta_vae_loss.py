"""Checks of beta_vae_loss: values, gradients, forms, devices."""

import torch

from autograder.checking import close, rounding, tensor, wrong


def test_weighs_the_kl(student, reference, draw):
    """The loss is the mean of the negative log-likelihood plus beta times the KL."""
    betas = [(dtype, draw.number(*ends)) for dtype in (torch.float32, torch.float64) for ends in ((1.5, 4.0), (0.1, 0.8))]
    cases = [(-20 - 5 * draw.uniform(7, dtype=dtype), 5 * draw.uniform(7, dtype=dtype), beta) for dtype, beta in betas]
    for (log_likelihood, kl, beta), got in zip(cases, student.beta_vae_loss.each(*cases), strict=True):
        want = reference.beta_vae_loss(log_likelihood.double(), kl.double(), beta).to(kl.dtype)
        close(got, want, f"loss for beta = {beta:.2f}", **rounding(kl.dtype, terms=12, scale=50.0))


def test_any_batch_size(student, reference, draw):
    """The loss is an average: it does not grow with the batch."""
    cases = [(-30 * draw.uniform(n), 4 * draw.uniform(n), draw.number(0.5, 3.0)) for n in (1, 3, 200)]
    for case, got in zip(cases, student.beta_vae_loss.each(*cases), strict=True):
        n = len(case[0])
        close(got, reference.beta_vae_loss(*case), f"loss of a batch of {n}", **rounding(torch.float32, terms=n + 4, scale=50.0))


def test_no_weight_and_full_weight(student, reference, draw):
    """beta = 0 leaves the reconstruction alone, beta = 1 gives the negative ELBO; both as integers too."""
    log_likelihood, kl = -30 * draw.uniform(5), 4 * draw.uniform(5)
    betas = (0.0, 1.0, 0, 1)
    for beta, got in zip(betas, student.beta_vae_loss.each(*((log_likelihood, kl, beta) for beta in betas)), strict=True):
        close(got, reference.beta_vae_loss(log_likelihood, kl, beta), f"loss for beta = {beta}", **rounding(torch.float32, terms=9, scale=50.0))


def test_gradients(student, draw):
    """The loss passes -1/n to every log-likelihood and beta/n to every KL."""
    log_likelihood, kl, beta = draw.normal(5, dtype=torch.float64), draw.uniform(5, dtype=torch.float64), 2.5
    got = student.beta_vae_loss.gradient(log_likelihood, kl, beta, wrt=(0, 1))
    if got[0] is None or got[1] is None:
        wrong("No gradient passes through the loss: was it detached, or turned into a number with .item()?", "detached" if got[0] is got[1] else None)
    for name, gradient, want in (("log_likelihood", got[0], -0.2), ("kl", got[1], beta / 5)):
        if not torch.allclose(tensor(gradient, f"gradient with respect to {name}", (5,)), torch.full((5,), want, dtype=torch.float64)):
            wrong(f"The gradient with respect to {name} is wrong.")


def test_keeps_the_device(student, draw):
    """The result lives on the device of the inputs."""
    student.beta_vae_loss.on_meta(draw.normal(4), draw.uniform(4), 0.5)
