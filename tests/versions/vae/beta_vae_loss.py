"""Correct versions of beta_vae_loss."""

import torch

from autograder.versions import correct


@correct("two means")
def two_means(log_likelihood, kl, beta):
    return -log_likelihood.mean() + beta * kl.mean()


@correct("a sum divided by the batch size")
def sum_over_n(log_likelihood, kl, beta):
    return -(log_likelihood - beta * kl).sum() / log_likelihood.shape[0]


@correct("torch.mean of a difference, beta as a tensor of the right kind")
def beta_as_tensor(log_likelihood, kl, beta):
    return torch.mean(kl * torch.as_tensor(beta, dtype=kl.dtype, device=kl.device) - log_likelihood)
