"""Correct versions of reconstruct."""

import torch
import torch.nn.functional as F

from autograder.versions import correct


@correct("a linear layer's function")
def linear(z, mean, components):
    return F.linear(z, components.t(), bias=mean)


@correct("a loop over the components")
def loop(z, mean, components):
    x_hat = mean.expand(len(z), -1).clone()
    for i, axis in enumerate(components):
        x_hat = x_hat + z[:, i : i + 1] * axis
    return x_hat


@correct("torch.addmm")
def fused(z, mean, components):
    return torch.addmm(mean, z, components)


@correct("broadcasting and a sum")
def broadcast(z, mean, components):
    return (z[:, :, None] * components[None]).sum(dim=1).add_(mean)
