"""Wrong versions of elbo."""

import torch
import torch.nn.functional as F

from autograder.versions import misconception


@misconception("The KL is added to the log-likelihood; in the ELBO it is subtracted.", see="elbo-jensen")
def kl_added(model, x, eps):
    mu, logvar = model.encode(x)
    log_likelihood = bernoulli_log_likelihood(model.decode(reparameterize(mu, logvar, eps)), x)
    kl = gaussian_kl(mu, logvar)
    return log_likelihood + kl, log_likelihood, kl


@misconception("You return the negative ELBO (the loss). The ELBO itself is log-likelihood minus KL.", see="vae-loss")
def negated(model, x, eps):
    mu, logvar = model.encode(x)
    log_likelihood = bernoulli_log_likelihood(model.decode(reparameterize(mu, logvar, eps)), x)
    kl = gaussian_kl(mu, logvar)
    return kl - log_likelihood, log_likelihood, kl


@misconception("You average over the batch; elbo, log-likelihood and KL have one value per example.", see="elbo-jensen")
def averaged_over_batch(model, x, eps):
    mu, logvar = model.encode(x)
    log_likelihood = bernoulli_log_likelihood(model.decode(reparameterize(mu, logvar, eps)), x).mean()
    kl = gaussian_kl(mu, logvar).mean()
    return log_likelihood - kl, log_likelihood, kl


@misconception("You decode the posterior mean; the bound needs a draw, made with the eps given.", see="reparameterization")
def mean_decoded(model, x, eps):
    mu, logvar = model.encode(x)
    log_likelihood = bernoulli_log_likelihood(model.decode(mu), x)
    kl = gaussian_kl(mu, logvar)
    return log_likelihood - kl, log_likelihood, kl


@misconception("You draw fresh noise and ignore the eps given.", see="reparameterization")
def own_noise(model, x, eps):
    mu, logvar = model.encode(x)
    log_likelihood = bernoulli_log_likelihood(model.decode(reparameterize(mu, logvar, torch.randn_like(mu))), x)
    kl = gaussian_kl(mu, logvar)
    return log_likelihood - kl, log_likelihood, kl


@misconception("You decode the noise itself; the code is mu + sigma * eps.", see="reparameterization")
def noise_decoded(model, x, eps):
    mu, logvar = model.encode(x)
    log_likelihood = bernoulli_log_likelihood(model.decode(eps), x)
    kl = gaussian_kl(mu, logvar)
    return log_likelihood - kl, log_likelihood, kl


@misconception("The second and third result are swapped: (elbo, log_likelihood, kl) is the order.", see="elbo-jensen")
def results_swapped(model, x, eps):
    mu, logvar = model.encode(x)
    log_likelihood = bernoulli_log_likelihood(model.decode(reparameterize(mu, logvar, eps)), x)
    kl = gaussian_kl(mu, logvar)
    return log_likelihood - kl, kl, log_likelihood


@misconception("encode returns (mu, logvar), in this order; you read them the other way round.", see="elbo-jensen")
def heads_swapped(model, x, eps):
    logvar, mu = model.encode(x)
    log_likelihood = bernoulli_log_likelihood(model.decode(reparameterize(mu, logvar, eps)), x)
    kl = gaussian_kl(mu, logvar)
    return log_likelihood - kl, log_likelihood, kl


@misconception("The values are right, but no gradient passes from the likelihood to the encoder: the code was detached.", see="reparameterization")
def code_detached(model, x, eps):
    mu, logvar = model.encode(x)
    log_likelihood = bernoulli_log_likelihood(model.decode(reparameterize(mu, logvar, eps).detach()), x)
    kl = gaussian_kl(mu, logvar)
    return log_likelihood - kl, log_likelihood, kl


@misconception("Your KL is estimated from the code drawn (log q - log p); the closed form is asked for, it has no noise.", see="gaussian-kl")
def sampled_kl(model, x, eps):
    mu, logvar = model.encode(x)
    z = reparameterize(mu, logvar, eps)
    log_likelihood = bernoulli_log_likelihood(model.decode(z), x)
    kl = 0.5 * (z.square() - eps.square() - logvar).sum(1)
    return log_likelihood - kl, log_likelihood, kl


@misconception("The likelihood is a squared error; this decoder returns logits of Bernoulli pixels.", see="bernoulli-likelihood")
def squared_error(model, x, eps):
    mu, logvar = model.encode(x)
    log_likelihood = -(model.decode(reparameterize(mu, logvar, eps)).sigmoid() - x).square().sum(1)
    kl = gaussian_kl(mu, logvar)
    return log_likelihood - kl, log_likelihood, kl


@misconception("The decoder's output goes through a sigmoid before the likelihood, which expects logits.", see="bernoulli-likelihood")
def sigmoid_twice(model, x, eps):
    mu, logvar = model.encode(x)
    log_likelihood = bernoulli_log_likelihood(model.decode(reparameterize(mu, logvar, eps)).sigmoid(), x)
    kl = gaussian_kl(mu, logvar)
    return log_likelihood - kl, log_likelihood, kl


@misconception("The log-likelihood is a mean over pixels while the KL is a sum: reconstruction counts d times too little.", see="reductions")
def mean_over_pixels(model, x, eps):
    mu, logvar = model.encode(x)
    logits = model.decode(reparameterize(mu, logvar, eps))
    log_likelihood = -F.binary_cross_entropy_with_logits(logits, x, reduction="none").mean(1)
    kl = gaussian_kl(mu, logvar)
    return log_likelihood - kl, log_likelihood, kl
