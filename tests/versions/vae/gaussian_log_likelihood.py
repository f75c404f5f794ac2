"""Correct versions of gaussian_log_likelihood."""

import math

import torch

from autograder.versions import correct


@correct("torch.distributions with a float for sigma")
def with_distributions(mean, x, sigma):
    return torch.distributions.Normal(mean, sigma).log_prob(x).sum(-1)


@correct("per pixel, standardised first")
def standardised(mean, x, sigma):
    u = (x - mean) / sigma
    return torch.sum(-0.5 * u**2 - math.log(sigma) - 0.5 * math.log(2 * math.pi), dim=1)


@correct("F.gaussian_nll_loss with its full constant")
def with_nll_loss(mean, x, sigma):
    return -F.gaussian_nll_loss(mean, x, torch.full_like(mean, sigma**2), full=True, eps=1e-12, reduction="none").sum(1)


@correct("one logarithm for the whole constant")
def one_logarithm(mean, x, sigma):
    n, d = x.shape
    return -0.5 * (((x - mean) ** 2).sum(dim=1) / sigma**2 + d * math.log(2 * math.pi * sigma**2))


@correct("sigma as a tensor of the right dtype and device")
def sigma_as_tensor(mean, x, sigma):
    s = torch.as_tensor(sigma, dtype=x.dtype, device=x.device)
    return (-(torch.square(x - mean)) / (2 * s**2) - torch.log(s) - 0.5 * math.log(2 * math.pi)).sum(1)
