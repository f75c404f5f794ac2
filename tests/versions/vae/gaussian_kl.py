"""Correct versions of gaussian_kl."""

import torch

from autograder.versions import correct


@correct("all signs turned, factor -1/2 in front")
def turned_signs(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu**2 - torch.exp(logvar), -1)


@correct("torch.distributions")
def with_distributions(mu, logvar):
    q = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    p = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return torch.distributions.kl_divergence(q, p).sum(dim=-1)


@correct("a loop over the latent coordinates")
def coordinate_by_coordinate(mu, logvar):
    total = torch.zeros(mu.shape[0], dtype=mu.dtype, device=mu.device)
    for j in range(mu.shape[1]):
        total = total + (mu[:, j] * mu[:, j] + torch.exp(logvar[:, j]) - 1.0 - logvar[:, j]) / 2
    return total


@correct("expm1, einsum, keyword-style sum")
def with_expm1(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    return (torch.einsum("nk,nk->n", mu, mu) + (torch.expm1(logvar) - logvar).sum(dim=1)) / 2


@correct("through sigma, written with torch.log")
def through_sigma(mu, logvar):
    sigma = torch.exp(logvar / 2)
    return torch.sum(0.5 * (mu.pow(2) + sigma.pow(2)) - 0.5 - torch.log(sigma), dim=1)


@correct("in place on a tensor of its own, computed in float64")
def in_double_precision(mu, logvar):
    own = mu.double().square()
    own += logvar.double().exp()
    own -= 1 + logvar.double()
    return own.sum(1).div(2).to(mu.dtype)
