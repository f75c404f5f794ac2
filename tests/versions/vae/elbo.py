"""Correct versions of elbo."""

import torch
import torch.nn.functional as F

from autograder.versions import correct


@correct("everything written out, no other exercise called")
def written_out(model, x, eps):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + eps * torch.exp(logvar / 2))
    log_likelihood = -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)
    return log_likelihood - kl, log_likelihood, kl


@correct("keyword calls, results in a list")
def with_keywords(model, x, eps):
    mu, logvar = model.encode(x)
    z = reparameterize(mu=mu, logvar=logvar, eps=eps)
    log_likelihood = bernoulli_log_likelihood(logits=model.decode(z), x=x)
    kl = gaussian_kl(mu=mu, logvar=logvar)
    return [torch.sub(log_likelihood, kl), log_likelihood, kl]


@correct("torch.distributions for both parts")
def with_distributions(model, x, eps):
    mu, logvar = model.encode(x)
    q = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    p = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    log_likelihood = torch.distributions.Bernoulli(logits=model.decode(mu + q.stddev * eps), validate_args=False).log_prob(x).sum(-1)
    kl = torch.distributions.kl_divergence(q, p).sum(-1)
    return log_likelihood - kl, log_likelihood, kl
