"""Wrong versions of linear_betas."""

import torch

from autograder.versions import misconception


@misconception("Your array has no entry for the clean data: index 0 must be 0, so that beta[t] is the beta of step t.", see="schedules")
def no_entry_for_the_clean_data(T, start=1e-4, end=0.02):
    return torch.linspace(start, end, T, dtype=torch.float64)


@misconception("Your line begins at t = 0 with `start`; it begins at t = 1, and beta[0] is 0.", see="schedules")
def line_from_index_zero(T, start=1e-4, end=0.02):
    return torch.linspace(start, end, T + 1, dtype=torch.float64)


@misconception("Your line begins at 0 instead of `start`.", see="schedules")
def line_from_zero(T, start=1e-4, end=0.02):
    return torch.linspace(0, end, T + 1, dtype=torch.float64)


@misconception("Your line never reaches `end`: divide by T - 1 steps between T values, not by T.", see="schedules")
def end_not_reached(T, start=1e-4, end=0.02):
    t = torch.arange(T, dtype=torch.float64)
    return torch.cat([torch.zeros(1, dtype=torch.float64), start + (end - start) * t / T])


@misconception("The square roots of your betas lie on a line, not the betas themselves; that is another schedule.", see="schedules")
def line_of_roots(T, start=1e-4, end=0.02):
    return torch.cat([torch.zeros(1, dtype=torch.float64), torch.linspace(start**0.5, end**0.5, T, dtype=torch.float64) ** 2])


@misconception("Your ends are fixed numbers; they are the arguments `start` and `end`.", see="schedules")
def ends_ignored(T, start=1e-4, end=0.02):
    return torch.cat([torch.zeros(1, dtype=torch.float64), torch.linspace(1e-4, 0.02, T, dtype=torch.float64)])


@misconception("Your betas run from `end` down to `start`; noise has to grow with t.", see="schedules")
def falling(T, start=1e-4, end=0.02):
    return torch.cat([torch.zeros(1, dtype=torch.float64), torch.linspace(end, start, T, dtype=torch.float64)])


@misconception("Your zero stands at the end; the clean data has index 0.", see="schedules")
def zero_at_the_end(T, start=1e-4, end=0.02):
    return torch.cat([torch.linspace(start, end, T, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)])


@misconception("You scale the betas by 1000 / T; the arguments are meant as they are.", see="schedules")
def scaled_by_a_thousand(T, start=1e-4, end=0.02):
    return torch.cat([torch.zeros(1, dtype=torch.float64), torch.linspace(start, end, T, dtype=torch.float64) * 1000 / T])
