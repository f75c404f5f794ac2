"""Wrong versions of make_schedule."""

import torch

from autograder.versions import misconception
from workbook.schedule import NoiseSchedule


@misconception("Your posterior variance is beta itself; it has the factor (1 - alpha_bar[t-1]) / (1 - alpha_bar[t]).", see="forward-posterior")
def posterior_is_beta(betas):
    alpha = 1 - betas
    variance = betas.clone()
    variance[:2] = 0
    return NoiseSchedule(betas, alpha, alpha.cumprod(0), variance)


@misconception("Your posterior variance has its fraction upside down.", see="forward-posterior")
def fraction_upside_down(betas):
    alpha = 1 - betas
    ab = alpha.cumprod(0)
    variance = torch.zeros_like(betas)
    variance[2:] = betas[2:] * (1 - ab[2:]) / (1 - ab[1:-1])
    return NoiseSchedule(betas, alpha, ab, variance)


@misconception("Your posterior_variance[0] is 0/0, which is not a number: fill index 0 by hand.", see="forward-posterior")
def nan_at_zero(betas):
    alpha = 1 - betas
    ab = alpha.cumprod(0)
    before = torch.cat([torch.ones_like(ab[:1]), ab[:-1]])
    return NoiseSchedule(betas, alpha, ab, betas * (1 - before) / (1 - ab))


@misconception("Your posterior_variance[1] is a copy of the next one. Knowing x_0, the first step has variance 0.", see="forward-posterior")
def first_variance_copied(betas):
    alpha = 1 - betas
    ab = alpha.cumprod(0)
    variance = torch.zeros_like(betas)
    variance[1:] = betas[1:] * (1 - ab[:-1]) / (1 - ab[1:])
    variance[1] = variance[2]
    return NoiseSchedule(betas, alpha, ab, variance)


@misconception("Your alpha_bar is the product of the betas; it is the product of the alphas.", see="schedules")
def product_of_betas(betas):
    alpha = 1 - betas
    ab = torch.cat([torch.ones_like(betas[:1]), betas[1:].cumprod(0)])
    variance = torch.zeros_like(betas)
    variance[1:] = betas[1:] * (1 - ab[:-1]) / (1 - ab[1:])
    return NoiseSchedule(betas, alpha, ab, variance)


@misconception("Your alpha_bar is one minus the sum of the betas; it is a product.", see="schedules")
def sum_for_product(betas):
    alpha = 1 - betas
    ab = 1 - betas.cumsum(0)
    variance = torch.zeros_like(betas)
    variance[1:] = betas[1:] * (1 - ab[:-1]) / (1 - ab[1:])
    return NoiseSchedule(betas, alpha, ab, variance)


@misconception("Your posterior_variance holds standard deviations: leave out the root.", see="forward-posterior")
def deviation_for_variance(betas):
    alpha = 1 - betas
    ab = alpha.cumprod(0)
    variance = torch.zeros_like(betas)
    variance[1:] = (betas[1:] * (1 - ab[:-1]) / (1 - ab[1:])).sqrt()
    return NoiseSchedule(betas, alpha, ab, variance)


@misconception("Your posterior variance uses alpha in the place of alpha_bar.", see="forward-posterior")
def alpha_without_bar(betas):
    alpha = 1 - betas
    variance = torch.zeros_like(betas)
    variance[2:] = betas[2:] * (1 - alpha[1:-1]) / (1 - alpha[2:])
    return NoiseSchedule(betas, alpha, alpha.cumprod(0), variance)


@misconception("Your arrays are one step off: alpha_bar[t] must include alpha[t].", see="schedules")
def shifted_by_one(betas):
    alpha = 1 - betas
    ab = torch.cat([torch.ones_like(betas[:1]), alpha.cumprod(0)[:-1]])
    variance = torch.zeros_like(betas)
    variance[2:] = betas[2:] * (1 - ab[1:-1]) / (1 - ab[2:])
    return NoiseSchedule(betas, alpha, ab, variance)


@misconception("Your arrays are float64 for float32 betas: give them back in the dtype of the betas.", see="schedules")
def always_float64(betas):
    beta = betas.double()
    alpha = 1 - beta
    ab = alpha.cumprod(0)
    variance = torch.zeros_like(beta)
    variance[1:] = beta[1:] * (1 - ab[:-1]) / (1 - ab[1:])
    return NoiseSchedule(beta, alpha, ab, variance)


@misconception("A function must leave its inputs as they are.", see="forward-posterior")
def changes_input(betas):
    alpha = 1 - betas
    ab = alpha.cumprod(0)
    beta = betas.clone()
    variance = betas
    variance[1:] *= (1 - ab[:-1]) / (1 - ab[1:])
    return NoiseSchedule(beta, alpha, ab, variance.clone())
