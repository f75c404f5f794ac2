"""Correct versions of reparameterize."""

import torch

from autograder.versions import correct


@correct("square root of the variance")
def root_of_variance(mu, logvar, eps):
    return mu + torch.sqrt(torch.exp(logvar)) * eps


@correct("torch.addcmul")
def with_addcmul(mu, logvar, eps):
    return torch.addcmul(mu, eps, torch.exp(logvar / 2))


@correct("a loop over the examples")
def row_by_row(mu, logvar, eps):
    return torch.stack([m + torch.exp(0.5 * v) * e for m, v, e in zip(mu, logvar, eps, strict=True)])


@correct("in place on a tensor of its own")
def own_tensor_in_place(mu, logvar, eps):
    z = eps.clone()
    z = z * torch.exp(logvar).pow(0.5)
    z += mu
    return z
