"""Wrong versions of iwae_bound."""

import math

import torch

from autograder.versions import misconception


@misconception("The mean is taken of the logarithms: that is the ELBO, however many codes there are. The mean belongs inside of the logarithm.", see="iwae")
def mean_of_logarithms(log_p_xz, log_q_zx):
    return (log_p_xz - log_q_zx).mean(0)


@misconception("log k is missing: the weights are summed, not averaged, and the bound would grow without limit.", see="iwae")
def sum_of_weights(log_p_xz, log_q_zx):
    return torch.logsumexp(log_p_xz - log_q_zx, 0)


@misconception("The weights are exponentiated before anything is pulled out: for log-weights of some hundreds below zero all of them underflow to 0.", see="iwae")
def naive_exponential(log_p_xz, log_q_zx):
    return (log_p_xz - log_q_zx).exp().mean(0).log()


@misconception("The average runs over the images; it has to run over the codes of one image (dimension 0).", see="iwae")
def over_images(log_p_xz, log_q_zx):
    return torch.logsumexp(log_p_xz - log_q_zx, 1) - math.log(log_p_xz.shape[1])


@misconception("log q(z | x) is missing: the weights are p(x, z) / q(z | x).", see="iwae")
def proposal_forgotten(log_p_xz, log_q_zx):
    return torch.logsumexp(log_p_xz, 0) - math.log(len(log_p_xz))


@misconception("log q(z | x) is added; a ratio of densities is a difference of logarithms.", see="iwae")
def proposal_added(log_p_xz, log_q_zx):
    return torch.logsumexp(log_p_xz + log_q_zx, 0) - math.log(len(log_p_xz))


@misconception("Numerator and denominator are averaged apart: the mean of ratios is not the ratio of means.", see="iwae")
def ratio_of_means(log_p_xz, log_q_zx):
    return torch.logsumexp(log_p_xz, 0) - torch.logsumexp(log_q_zx, 0)


@misconception("You divide by k outside of the logarithm: subtract log k instead.", see="iwae")
def divided_outside(log_p_xz, log_q_zx):
    return torch.logsumexp(log_p_xz - log_q_zx, 0) / len(log_p_xz)


@misconception("You subtract the logarithm of the number of images; it is the number of codes that is averaged over.", see="iwae")
def log_of_images(log_p_xz, log_q_zx):
    return torch.logsumexp(log_p_xz - log_q_zx, 0) - math.log(log_p_xz.shape[1])


@misconception("The largest weight alone is no average.", see="iwae")
def largest_weight(log_p_xz, log_q_zx):
    return (log_p_xz - log_q_zx).max(0).values


@misconception("One number for all images: one value per example is asked for.", see="iwae")
def averaged_over_images(log_p_xz, log_q_zx):
    return (torch.logsumexp(log_p_xz - log_q_zx, 0) - math.log(len(log_p_xz))).mean()


@misconception("The sign is turned: this is the negative bound, a loss.", see="iwae")
def sign_flipped(log_p_xz, log_q_zx):
    return math.log(len(log_p_xz)) - torch.logsumexp(log_p_xz - log_q_zx, 0)
