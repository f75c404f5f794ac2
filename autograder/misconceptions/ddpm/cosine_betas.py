"""Wrong versions of cosine_betas."""

import math

import torch

from autograder.versions import misconception


@misconception("Your cosine is not squared.", see="schedules")
def cosine_not_squared(T, s=0.008):
    u = torch.arange(T + 1, dtype=torch.float64) / T
    f = torch.cos((u + s) / (1 + s) * math.pi / 2).clamp(min=0)
    return torch.cat([torch.zeros(1, dtype=torch.float64), (1 - f[1:] / f[:-1]).clamp(max=0.999)])


@misconception("Your offset s is missing.", see="schedules")
def offset_missing(T, s=0.008):
    f = torch.cos(torch.arange(T + 1, dtype=torch.float64) / T * math.pi / 2) ** 2
    return torch.cat([torch.zeros(1, dtype=torch.float64), (1 - f[1:] / f[:-1]).clamp(max=0.999)])


@misconception("You do not divide by 1 + s.", see="schedules")
def not_divided_by_one_plus_s(T, s=0.008):
    f = torch.cos((torch.arange(T + 1, dtype=torch.float64) / T + s) * math.pi / 2) ** 2
    return torch.cat([torch.zeros(1, dtype=torch.float64), (1 - f[1:] / f[:-1]).clamp(max=0.999)])


@misconception("Your last beta is not bounded by 0.999: the way back would divide by nearly 0.", see="schedules")
def not_bounded(T, s=0.008):
    f = torch.cos((torch.arange(T + 1, dtype=torch.float64) / T + s) / (1 + s) * math.pi / 2) ** 2
    return torch.cat([torch.zeros(1, dtype=torch.float64), 1 - f[1:] / f[:-1]])


@misconception("You return alpha_bar itself; the betas are 1 - alpha_bar[t] / alpha_bar[t - 1].", see="schedules")
def alpha_bar_returned(T, s=0.008):
    f = torch.cos((torch.arange(T + 1, dtype=torch.float64) / T + s) / (1 + s) * math.pi / 2) ** 2
    return f / f[0]


@misconception("You take the difference of neighbouring alpha_bar instead of one minus their ratio.", see="schedules")
def difference_for_ratio(T, s=0.008):
    f = torch.cos((torch.arange(T + 1, dtype=torch.float64) / T + s) / (1 + s) * math.pi / 2) ** 2
    ab = f / f[0]
    return torch.cat([torch.zeros(1, dtype=torch.float64), (ab[:-1] - ab[1:]).clamp(max=0.999)])


@misconception("Your betas are 1 - alpha_bar[t]; that is the noise of all steps together.", see="schedules")
def cumulative_noise(T, s=0.008):
    f = torch.cos((torch.arange(T + 1, dtype=torch.float64) / T + s) / (1 + s) * math.pi / 2) ** 2
    return (1 - f / f[0]).clamp(max=0.999)


@misconception("You divide t by T + 1; at t = T the argument of the cosine must be pi / 2.", see="schedules")
def divided_by_length(T, s=0.008):
    f = torch.cos((torch.arange(T + 1, dtype=torch.float64) / (T + 1) + s) / (1 + s) * math.pi / 2) ** 2
    return torch.cat([torch.zeros(1, dtype=torch.float64), (1 - f[1:] / f[:-1]).clamp(max=0.999)])


@misconception("Your array has no entry for the clean data: beta[0] = 0 stands in front.", see="schedules")
def no_entry_for_the_clean_data(T, s=0.008):
    f = torch.cos((torch.arange(T + 1, dtype=torch.float64) / T + s) / (1 + s) * math.pi / 2) ** 2
    return (1 - f[1:] / f[:-1]).clamp(max=0.999)


@misconception("You bound alpha_bar from below instead of beta from above, so the last beta is another one.", see="schedules")
def alpha_bar_bounded(T, s=0.008):
    f = torch.cos((torch.arange(T + 1, dtype=torch.float64) / T + s) / (1 + s) * math.pi / 2) ** 2
    ab = (f / f[0]).clamp(min=1e-3)
    return torch.cat([torch.zeros(1, dtype=torch.float64), 1 - ab[1:] / ab[:-1]])
