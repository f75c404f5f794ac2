"""Correct versions of make_schedule."""

import torch

from autograder.versions import correct


@correct("float64 inside, cast back")
def in_float64(betas):
    beta = betas.double()
    alpha = 1 - beta
    ab = torch.cumprod(alpha, dim=0)
    before = torch.cat([ab.new_ones(1), ab[:-1]])
    variance = torch.nan_to_num(beta * (1 - before) / (1 - ab), nan=0.0)
    return NoiseSchedule(*(v.to(betas.dtype) for v in (beta, alpha, ab, variance)))


@correct("a loop over t")
def by_a_loop(betas):
    alpha, ab, variance = 1.0 - betas, torch.ones_like(betas), torch.zeros_like(betas)
    for t in range(1, len(betas)):
        ab[t] = ab[t - 1] * alpha[t]
        variance[t] = betas[t] * (1 - ab[t - 1]) / (1 - ab[t])
    return NoiseSchedule(beta=betas, alpha=alpha, alpha_bar=ab, posterior_variance=variance)


@correct("precisions added, alpha_bar from a sum of logarithms")
def by_precisions(betas):
    alpha = 1 - betas
    ab = alpha.log().cumsum(0).exp()
    variance = torch.zeros_like(betas)
    variance[2:] = 1 / (alpha[2:] / betas[2:] + 1 / (1 - ab[1:-1]))
    return NoiseSchedule(betas.clone(), alpha, ab, variance)


@correct("torch.where at t = 0")
def by_where(betas):
    alpha = torch.sub(1, betas)
    ab = alpha.cumprod(-1)
    before = torch.roll(ab, 1)
    before[0] = 1
    bottom = torch.where(ab < 1, 1 - ab, torch.ones_like(ab))
    return NoiseSchedule(betas, alpha, ab, betas * (1 - before) / bottom)
