"""Wrong versions of beta_vae_loss."""

from autograder.versions import misconception


@misconception("beta multiplies the log-likelihood; it belongs to the KL.", see="beta-vae")
def beta_on_likelihood(log_likelihood, kl, beta):
    return (kl - beta * log_likelihood).mean()


@misconception("You return what is to be maximised; the loss is its negative.", see="vae-loss")
def sign_flipped(log_likelihood, kl, beta):
    return (log_likelihood - beta * kl).mean()


@misconception("The KL enters the loss with a minus sign: minimising would make the codes as expensive as possible.", see="vae-loss")
def kl_subtracted(log_likelihood, kl, beta):
    return (-log_likelihood - beta * kl).mean()


@misconception("The log-likelihood enters with a plus sign: minimising would make the reconstructions as bad as possible.", see="vae-loss")
def likelihood_added(log_likelihood, kl, beta):
    return (log_likelihood + beta * kl).mean()


@misconception("beta is ignored.", see="beta-vae")
def beta_ignored(log_likelihood, kl, beta):
    return (kl - log_likelihood).mean()


@misconception("You sum over the batch; a loss averages over it, so that it does not depend on the batch size.", see="vae-loss")
def summed_over_batch(log_likelihood, kl, beta):
    return (beta * kl - log_likelihood).sum()


@misconception("One value per example comes back; the loss is a scalar, the mean over the batch.", see="vae-loss")
def not_averaged(log_likelihood, kl, beta):
    return beta * kl - log_likelihood


@misconception("beta weighs both terms: it only rescales the whole loss and changes nothing in the balance.", see="beta-vae")
def beta_on_both(log_likelihood, kl, beta):
    return beta * (kl - log_likelihood).mean()


@misconception("The weights are beta and 1 - beta; the log-likelihood keeps weight 1 for every beta.", see="beta-vae")
def convex_combination(log_likelihood, kl, beta):
    return (beta * kl - (1 - beta) * log_likelihood).mean()


@misconception("The value is right, but the loss carries no gradient: it was detached, or turned into a number with .item().", see="vae-loss")
def detached(log_likelihood, kl, beta):
    return (beta * kl - log_likelihood).mean().detach()
