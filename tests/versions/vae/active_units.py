"""Correct versions of active_units."""

import torch

from autograder.versions import correct


@correct("the unbiased variance")
def unbiased(mu, threshold=0.01):
    return int((mu.var(dim=0) > threshold).sum())


@correct("mean square minus squared mean of the centred data, counted in Python")
def counted_in_python(mu, threshold=0.01):
    centred = mu - mu.mean(dim=0, keepdim=True)
    return sum(1 for j in range(mu.shape[1]) if centred[:, j].pow(2).mean().item() > threshold)


@correct("the diagonal of the covariance matrix")
def diagonal_of_covariance(mu, threshold=0.01):
    return torch.count_nonzero(torch.atleast_2d(torch.cov(mu.T)).diagonal() > threshold).item()


@correct("standard deviation against the root of the threshold")
def root_of_threshold(mu, threshold=0.01):
    return int((mu.std(0, unbiased=False) > threshold**0.5).long().sum().item())
