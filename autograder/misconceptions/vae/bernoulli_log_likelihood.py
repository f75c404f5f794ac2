"""Wrong versions of bernoulli_log_likelihood."""

import torch
import torch.nn.functional as F

from autograder.versions import misconception


@misconception("log(sigmoid) is computed in two steps and breaks for large logits: sigmoid rounds to 0 or 1 and the logarithm to minus infinity.", see="bernoulli-likelihood")
def naive_logarithm(logits, x):
    p = logits.sigmoid()
    return (x * p.log() + (1 - x) * (1 - p).log()).sum(1)


@misconception("A small number inside the logarithm avoids the infinity but gives wrong values and dead gradients for large logits. Use the logits form.", see="bernoulli-likelihood")
def epsilon_in_logarithm(logits, x):
    p = logits.sigmoid()
    return (x * (p + 1e-8).log() + (1 - x) * (1 - p + 1e-8).log()).sum(1)


@misconception("F.binary_cross_entropy on probabilities cuts the logarithm at -100, so large logits get wrong values and wrong gradients. Use the logits form.", see="bernoulli-likelihood")
def probabilities_form(logits, x):
    return -F.binary_cross_entropy(logits.sigmoid(), x, reduction="none").sum(1)


@misconception("The logits are clamped: beyond the clamp the value is wrong and the gradient dead.", see="bernoulli-likelihood")
def clamped_logits(logits, x):
    logits = logits.clamp(-10, 10)
    return (x * logits - F.softplus(logits)).sum(1)


@misconception("You average over the pixels: your log-likelihood is d times too small, and the KL will outweigh it.", see="bernoulli-likelihood")
def mean_over_pixels(logits, x):
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").mean(1)


@misconception("This is the cross-entropy, to be minimised. The log-likelihood is its negative, and never above 0.", see="bernoulli-likelihood")
def sign_flipped(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)


@misconception("Only the x log p part is there; dark pixels (1 - x) log(1 - p) count as well.", see="bernoulli-likelihood")
def bright_pixels_only(logits, x):
    return (x * F.logsigmoid(logits)).sum(1)


@misconception("One number for the whole batch: one value per example is asked for.", see="bernoulli-likelihood")
def averaged_over_batch(logits, x):
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).mean()


@misconception("You round grey pixels to 0 or 1; grey values enter the formula as they are.", see="bernoulli-likelihood")
def rounded_pixels(logits, x):
    return (x.round() * logits - F.softplus(logits)).sum(1)


@misconception("A second sigmoid: logits go through sigmoid first and are then treated as logits again.", see="bernoulli-likelihood")
def sigmoid_twice(logits, x):
    return -F.binary_cross_entropy_with_logits(logits.sigmoid(), x, reduction="none").sum(1)


@misconception("x and the logits are swapped: binary_cross_entropy_with_logits takes the logits first.", see="bernoulli-likelihood")
def arguments_swapped(logits, x):
    return (logits * x - F.softplus(x)).sum(1)


@misconception("The result has another dtype than the inputs: it was converted to float32.", see="bernoulli-likelihood")
def forced_to_float32(logits, x):
    return -F.binary_cross_entropy_with_logits(logits.float(), x.float(), reduction="none").sum(1)


@misconception("log(1 + exp(logit)) written out overflows for large logits.", see="bernoulli-likelihood")
def softplus_by_hand(logits, x):
    return (x * logits - torch.log(1 + logits.exp())).sum(1)
