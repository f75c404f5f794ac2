"""Correct versions of posterior."""

import torch

from autograder.versions import correct


@correct("precisions added, by Bayes' rule")
def by_precisions(x0, x_t, t, schedule):
    shape = (-1, *[1] * (x_t.dim() - 1))
    beta, alpha, before = schedule.beta[t].double(), schedule.alpha[t].double(), schedule.alpha_bar[t - 1].double()
    first = t == 1
    spread = torch.where(first, torch.ones_like(before), 1 - before)
    variance = torch.where(first, torch.zeros_like(beta), 1 / (alpha / beta + 1 / spread))
    weight_t, weight_0 = variance * alpha.sqrt() / beta, torch.where(first, torch.ones_like(beta), variance * before.sqrt() / spread)
    mean = weight_0.view(shape) * x0 + weight_t.view(shape) * x_t
    return mean.to(x_t.dtype), variance.view(shape).to(x_t.dtype)


@correct("the variance in full size")
def full_variance(x0, x_t, t, schedule):
    s = [slice(None)] + [None] * (x_t.ndim - 1)
    beta, alpha, ab, before, pv = (v[s].to(x_t.dtype) for v in (schedule.beta[t], schedule.alpha[t], schedule.alpha_bar[t], schedule.alpha_bar[t - 1], schedule.posterior_variance[t]))
    return (before.sqrt() * beta * x0 + alpha.sqrt() * (1 - before) * x_t) / (1 - ab), pv * torch.ones_like(x_t)


@correct("a loop over the batch, tables computed for all t")
def one_by_one(x0, x_t, t, schedule):
    before = torch.cat([schedule.alpha_bar.new_ones(1), schedule.alpha_bar[:-1]])
    w0 = (before.sqrt() * schedule.beta / (1 - schedule.alpha_bar)).to(x_t.dtype)
    w1 = (schedule.alpha.sqrt() * (1 - before) / (1 - schedule.alpha_bar)).to(x_t.dtype)
    mean = torch.stack([w0[i] * a + w1[i] * b for i, a, b in zip(t, x0, x_t, strict=True)])
    return mean, schedule.posterior_variance[t].to(x_t.dtype).reshape([-1] + [1] * (x_t.dim() - 1))
