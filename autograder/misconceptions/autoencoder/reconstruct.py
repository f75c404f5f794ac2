"""Wrong versions of reconstruct."""

import torch

from autograder.versions import misconception


@misconception("The mean is missing: the code counts from the mean, so the way back must start there.", see="centring")
def mean_forgotten(z, mean, components):
    return z @ components


@misconception("You subtract the mean on the way back; it was subtracted on the way there, so add it.", see="centring")
def mean_subtracted(z, mean, components):
    return z @ components - mean


@misconception("You cut the result to [0, 1]: PCA is linear, and its reconstruction may leave the range a little.", see="pca-optimum")
def clamped(z, mean, components):
    return (mean + z @ components).clamp(0, 1)


@misconception("You squash the result with a sigmoid: that belongs to the network's decoder, PCA is linear.", see="pca-optimum")
def squashed(z, mean, components):
    return torch.sigmoid(mean + z @ components)


@misconception("You add one number, the average of the mean image; each pixel has a mean of its own.", see="centring")
def scalar_mean(z, mean, components):
    return mean.mean() + z @ components


@misconception("You add the mean once per component.", see="centring")
def mean_per_component(z, mean, components):
    return z @ components + len(components) * mean


@misconception("The mean is added before the product, so it is weighted by the code: add it after.", see="centring")
def mean_inside(z, mean, components):
    return z @ (components + mean)


@misconception("You average over the components where they should be summed.", see="pca-optimum")
def averaged(z, mean, components):
    return mean + z @ components / len(components)


@misconception("Your function works for one image only: it takes the first code of the batch for all.", see="pca-optimum")
def first_code_only(z, mean, components):
    return (mean + z[:1] @ components).expand(len(z), -1)


@misconception("No gradient flows from your images back to the codes: was the input detached, or the function run without gradients?", see="pca-optimum")
def detached(z, mean, components):
    return mean + z.detach() @ components
