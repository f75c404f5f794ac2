"""Wrong versions of gaussian_log_likelihood."""

import math

import torch

from autograder.versions import misconception


@misconception("The normalising constant -(d/2) log(2 pi sigma^2) is missing.", see="gaussian-likelihood")
def constant_forgotten(mean, x, sigma):
    return -(x - mean).square().sum(1) / (2 * sigma**2)


@misconception("The normalising constant is there once; each of the d pixels brings its own.", see="gaussian-likelihood")
def constant_once(mean, x, sigma):
    return -(x - mean).square().sum(1) / (2 * sigma**2) - 0.5 * math.log(2 * math.pi * sigma**2)


@misconception("log sigma is missing from the normalising constant: it has to grow with sigma, or a huge sigma would cost nothing.", see="gaussian-likelihood")
def log_sigma_forgotten(mean, x, sigma):
    return -(x - mean).square().sum(1) / (2 * sigma**2) - 0.5 * x.shape[1] * math.log(2 * math.pi)


@misconception("log(2 pi) is missing from the normalising constant.", see="gaussian-likelihood")
def two_pi_forgotten(mean, x, sigma):
    return -(x - mean).square().sum(1) / (2 * sigma**2) - x.shape[1] * math.log(sigma)


@misconception("You read sigma as the variance; it is the standard deviation.", see="gaussian-likelihood")
def sigma_read_as_variance(mean, x, sigma):
    return -(x - mean).square().sum(1) / (2 * sigma) - 0.5 * x.shape[1] * math.log(2 * math.pi * sigma)


@misconception("The squared error is divided by sigma^2; it has to be 2 sigma^2.", see="gaussian-likelihood")
def two_forgotten(mean, x, sigma):
    return -(x - mean).square().sum(1) / sigma**2 - 0.5 * x.shape[1] * math.log(2 * math.pi * sigma**2)


@misconception("The 2 of 2 sigma^2 was squared as well: (2 sigma)^2 is 4 sigma^2.", see="gaussian-likelihood")
def two_squared(mean, x, sigma):
    return -(x - mean).square().sum(1) / (2 * sigma) ** 2 - 0.5 * x.shape[1] * math.log(2 * math.pi * sigma**2)


@misconception("You average over the pixels; log-likelihoods of independent pixels add up.", see="gaussian-likelihood")
def mean_over_pixels(mean, x, sigma):
    return (-(x - mean).square() / (2 * sigma**2) - 0.5 * math.log(2 * math.pi * sigma**2)).mean(1)


@misconception("The squared error is a mean over pixels while the constant is a sum: the error counts d times too little.", see="gaussian-likelihood")
def error_averaged(mean, x, sigma):
    return -(x - mean).square().mean(1) / (2 * sigma**2) - 0.5 * x.shape[1] * math.log(2 * math.pi * sigma**2)


@misconception("This is the negative log-likelihood, to be minimised; the log-likelihood is asked for.", see="gaussian-likelihood")
def sign_flipped(mean, x, sigma):
    return (x - mean).square().sum(1) / (2 * sigma**2) + 0.5 * x.shape[1] * math.log(2 * math.pi * sigma**2)


@misconception("One number for the whole batch: one value per example is asked for.", see="gaussian-likelihood")
def averaged_over_batch(mean, x, sigma):
    return (-(x - mean).square() / (2 * sigma**2) - 0.5 * math.log(2 * math.pi * sigma**2)).sum(1).mean()


@misconception("The constant counts 64 pixels whatever the size of x is.", see="gaussian-likelihood")
def sixty_four_pixels(mean, x, sigma):
    return -(x - mean).square().sum(1) / (2 * sigma**2) - 32 * math.log(2 * math.pi * sigma**2)


@misconception("The result has another dtype than the inputs: a float32 tensor was mixed in or forced.", see="gaussian-likelihood")
def forced_to_float32(mean, x, sigma):
    return (-(x - mean).square().sum(1) / (2 * sigma**2) - 0.5 * x.shape[1] * math.log(2 * math.pi * sigma**2)).to(torch.float32)
