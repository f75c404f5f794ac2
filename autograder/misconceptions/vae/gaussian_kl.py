"""Wrong versions of gaussian_kl."""

import torch

from autograder.versions import misconception


@misconception("Your KL is twice the right one: the factor 1/2 is missing.", see="gaussian-kl")
def half_forgotten(mu, logvar):
    return (mu.square() + logvar.exp() - 1 - logvar).sum(1)


@misconception("Your KL has the opposite sign; a KL divergence is never negative. The bracket is often written with all signs turned and a factor -1/2 in front.", see="gaussian-kl")
def sign_flipped(mu, logvar):
    return 0.5 * (1 + logvar - mu.square() - logvar.exp()).sum(1)


@misconception("You read logvar as log sigma. It is the log of the variance: exp(logvar) is sigma squared already.", see="gaussian-kl")
def logvar_read_as_log_sigma(mu, logvar):
    return 0.5 * (mu.square() + (2 * logvar).exp() - 1 - 2 * logvar).sum(1)


@misconception("Where the formula has the variance you use the standard deviation exp(logvar / 2).", see="gaussian-kl")
def sigma_for_variance(mu, logvar):
    return 0.5 * (mu.square() + (0.5 * logvar).exp() - 1 - logvar).sum(1)


@misconception("You average over the latent coordinates; independent coordinates' divergences add up.", see="gaussian-kl")
def mean_over_latents(mu, logvar):
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).mean(1)


@misconception("You summed over the batch too: one value per example is asked for.", see="gaussian-kl")
def summed_over_everything(mu, logvar):
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum()


@misconception("You summed over the latents and then averaged over the batch: one value per example is asked for.", see="gaussian-kl")
def averaged_over_batch(mu, logvar):
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1).mean()


@misconception("You summed over the examples instead of over the latent coordinates.", see="gaussian-kl")
def summed_over_examples(mu, logvar):
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(0)


@misconception("The -1 of each coordinate is missing, so your KL is k/2 at the prior itself, where it has to be 0.", see="gaussian-kl")
def minus_one_forgotten(mu, logvar):
    return 0.5 * (mu.square() + logvar.exp() - logvar).sum(1)


@misconception("This is the divergence the other way round, KL(p || q). The bound has KL(q || p).", see="gaussian-kl")
def other_way_round(mu, logvar):
    return 0.5 * ((1 + mu.square()) * (-logvar).exp() - 1 + logvar).sum(1)


@misconception("The mean enters squared; yours is not.", see="gaussian-kl")
def mean_not_squared(mu, logvar):
    return 0.5 * (mu + logvar.exp() - 1 - logvar).sum(1)


@misconception("The result has another dtype than the inputs: it was converted to float32.", see="gaussian-kl")
def forced_to_float32(mu, logvar):
    mu, logvar = mu.float(), logvar.float()
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1)


@misconception("No gradient reaches the encoder through logvar: the variance was detached.", see="gaussian-kl")
def variance_detached(mu, logvar):
    with torch.no_grad():
        variance_part = logvar.exp() - 1 - logvar
    return 0.5 * (mu.square() + variance_part).sum(1)


@misconception("Your function changes its inputs in place (mu.square_() or the like), which breaks whoever uses them next.", see="gaussian-kl")
def changes_input(mu, logvar):
    return 0.5 * (mu.square_() + logvar.exp() - 1 - logvar).sum(1)
