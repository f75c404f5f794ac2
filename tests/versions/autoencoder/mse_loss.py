"""Correct versions of mse_loss."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.versions import correct


@correct("torch's own function")
def torch_function(x_hat, x):
    return F.mse_loss(x_hat, x)


@correct("a sum divided by the number of entries, with pow")
def sum_and_count(x_hat, x):
    return torch.sum(torch.pow(x - x_hat, 2)) / x.numel()


@correct("a mean over pixels, then over images, in float64 inside")
def mean_of_means(x_hat, x):
    per_image = (x_hat.double() - x.double()).square().flatten(1).mean(1)
    return per_image.mean().to(x_hat.dtype)


@correct("torch's own module, target detached")
def torch_module(x_hat, x):
    return nn.MSELoss(reduction="mean")(x_hat, x.detach())


@correct("an inner product of the flat difference with itself")
def inner_product(x_hat, x):
    difference = (x_hat - x).reshape(-1)
    return difference @ difference / difference.numel()
