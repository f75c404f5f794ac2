"""Correct versions of project."""

import torch
import torch.nn.functional as F

from autograder.versions import correct


@correct("a linear layer's function with a bias")
def linear_with_bias(x, mean, components):
    return F.linear(x, components, -components @ mean)


@correct("einsum")
def with_einsum(x, mean, components):
    return torch.einsum("nd,kd->nk", x - mean[None, :], components)


@correct("a loop over images and components")
def loops(x, mean, components):
    return torch.stack([torch.stack([((row - mean) * axis).sum() for axis in components]) for row in x])


@correct("least squares, which equals the inner products for orthonormal rows")
def least_squares(x, mean, components):
    return (x - mean) @ torch.linalg.pinv(components)


@correct("the transposed product, in place on its own tensor")
def own_tensor(x, mean, components):
    centred = x.clone()
    centred -= mean
    return (components @ centred.mT).mT
