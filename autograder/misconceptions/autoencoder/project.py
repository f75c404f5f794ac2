"""Wrong versions of project."""

import torch

from autograder.versions import misconception


@misconception("Your code is an inner product with x itself: subtract the mean first.", see="centring")
def mean_forgotten(x, mean, components):
    return x @ components.T


@misconception("You subtract the mean of the batch at hand, not the mean that was fitted: one image alone then always gets the code 0.", see="centring")
def own_mean(x, mean, components):
    return (x - x.mean(0)) @ components.T


@misconception("You add the mean instead of subtracting it.", see="centring")
def mean_added(x, mean, components):
    return (x + mean) @ components.T


@misconception("You subtract one number, the average of the mean image; each pixel has a mean of its own.", see="centring")
def scalar_mean(x, mean, components):
    return (x - mean.mean()) @ components.T


@misconception("You went on to the image: a code has k entries, and the way back to pixels is the next exercise.", see="pca-optimum")
def goes_back_to_pixels(x, mean, components):
    return mean + (x - mean) @ components.T @ components


@misconception("Your codes are divided by their spread over the batch (whitened); the code is the plain inner product.", see="pca-optimum")
def whitened(x, mean, components):
    z = (x - mean) @ components.T
    return z / (z.std(0, unbiased=False) + 1e-6)


@misconception("Your code has no sign: a coordinate may be negative.", see="pca-optimum")
def sign_lost(x, mean, components):
    return ((x - mean) @ components.T).abs()


@misconception("Your result is the transposed one, (k, n): one row per image, please.", see="pca-optimum")
def transposed(x, mean, components):
    return components @ (x - mean).T


@misconception("Each image is scaled to length 1 before it is projected: that changes the code.", see="pca-optimum")
def unit_images(x, mean, components):
    return torch.nn.functional.normalize(x - mean, dim=1) @ components.T


@misconception("Your function subtracts the mean in place and so changes the caller's images.", see="centring")
def changes_input(x, mean, components):
    x -= mean
    return x @ components.T


@misconception("No gradient flows from your codes back to the images: was the input detached, or the function run without gradients?", see="pca-optimum")
def detached(x, mean, components):
    return (x.detach() - mean) @ components.T
