"""Correct versions of vlb_weight."""

import torch

from autograder.versions import correct


@correct("from signal-to-noise ratios")
def from_snr(t, schedule):
    snr = schedule.alpha_bar / (1 - schedule.alpha_bar)
    return 0.5 * (snr[t - 1] / snr[t] - 1)


@correct("simplified by the formula of the posterior variance")
def simplified(t, schedule):
    return schedule.beta[t] / (2 * schedule.alpha[t] * (1 - schedule.alpha_bar[t - 1]))


@correct("a table for all t, free value 0 at t = 1")
def from_a_table(t, schedule):
    table = torch.zeros_like(schedule.beta)
    table[2:] = schedule.beta[2:].square() / (schedule.posterior_variance[2:] * schedule.alpha[2:] * (1 - schedule.alpha_bar[2:])) / 2
    return table[t]


@correct("the squared difference of the means over twice the variance")
def by_the_means(t, schedule):
    slope = schedule.beta[t] / (schedule.alpha[t].sqrt() * (1 - schedule.alpha_bar[t]).sqrt())
    return slope.square() / schedule.posterior_variance[t] / 2
