"""Correct versions of predict_x0."""

import torch

from autograder.versions import correct


@correct("through the noise-to-signal ratio")
def by_the_ratio(x_t, t, eps, schedule):
    ab = schedule.alpha_bar[t].reshape([len(x_t)] + [1] * (x_t.dim() - 1))
    return (torch.rsqrt(ab) * x_t - torch.sqrt(1 / ab - 1) * eps).to(x_t.dtype)


@correct("a loop over the batch")
def one_by_one(x_t, t, eps, schedule):
    ab = schedule.alpha_bar.to(x_t.dtype)
    return torch.stack([(x_t[i] - (1 - ab[s]).sqrt() * eps[i]) / ab[s].sqrt() for i, s in enumerate(t.tolist())])


@correct("float64 inside")
def in_float64(x_t, t, eps, schedule):
    ab = schedule.alpha_bar.double()[t][(...,) + (None,) * (x_t.dim() - 1)]
    return ((x_t.double() - torch.sqrt(1 - ab) * eps.double()) / torch.sqrt(ab)).to(x_t.dtype)
