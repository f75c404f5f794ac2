"""Wrong versions of add_noise."""

import torch

from autograder.versions import misconception


@misconception("You use alpha[t], the share that one step keeps; the noise in x_t is that of all steps, so it takes alpha_bar[t].", see="forward-marginal")
def alpha_without_bar(x0, t, eps, schedule):
    a = schedule.alpha[t].to(x0.dtype).view(-1, *[1] * (x0.dim() - 1))
    return a.sqrt() * x0 + (1 - a).sqrt() * eps


@misconception("Your roots are exchanged: sqrt(alpha_bar) belongs to x_0, sqrt(1 - alpha_bar) to the noise.", see="forward-marginal")
def roots_exchanged(x0, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x0.dtype).view(-1, *[1] * (x0.dim() - 1))
    return (1 - ab).sqrt() * x0 + ab.sqrt() * eps


@misconception("Your roots are missing: alpha_bar and 1 - alpha_bar are shares of the variance, not of the amplitude.", see="forward-marginal")
def roots_missing(x0, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x0.dtype).view(-1, *[1] * (x0.dim() - 1))
    return ab * x0 + (1 - ab) * eps


@misconception("The root over 1 - alpha_bar is missing: noise of variance 1 - alpha_bar has amplitude sqrt(1 - alpha_bar).", see="forward-marginal")
def noise_root_missing(x0, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x0.dtype).view(-1, *[1] * (x0.dim() - 1))
    return ab.sqrt() * x0 + (1 - ab) * eps


@misconception("Your noise has the root of beta[t], that of the last step alone; x_t holds the noise of all steps.", see="forward-marginal")
def noise_of_one_step(x0, t, eps, schedule):
    shape = (-1, *[1] * (x0.dim() - 1))
    return schedule.alpha_bar[t].sqrt().to(x0.dtype).view(shape) * x0 + schedule.beta[t].sqrt().to(x0.dtype).view(shape) * eps


@misconception("You add noise without shrinking x_0: that is another process, whose variance grows for ever.", see="forward-marginal")
def data_not_shrunk(x0, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x0.dtype).view(-1, *[1] * (x0.dim() - 1))
    return x0 + (1 - ab).sqrt() * eps


@misconception("You look up t - 1: arrays have length T + 1 and index t is time t.", see="forward-marginal")
def one_index_too_low(x0, t, eps, schedule):
    ab = schedule.alpha_bar[(t - 1).clamp(min=0)].to(x0.dtype).view(-1, *[1] * (x0.dim() - 1))
    return ab.sqrt() * x0 + (1 - ab).sqrt() * eps


@misconception("The whole batch gets the time of its first example; every example has its own.", see="forward-marginal")
def one_time_for_all(x0, t, eps, schedule):
    ab = schedule.alpha_bar[t[0]].to(x0.dtype)
    return ab.sqrt() * x0 + (1 - ab).sqrt() * eps


@misconception("Your (n,) factors broadcast along the last axis instead of the batch axis: give them trailing axes of length 1.", see="forward-marginal")
def broadcast_along_the_last_axis(x0, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x0.dtype)
    return ab.sqrt() * x0 + (1 - ab).sqrt() * eps


@misconception("With a float64 schedule your result is float64 for float32 data: the data's dtype wins.", see="forward-marginal")
def schedules_dtype_wins(x0, t, eps, schedule):
    ab = schedule.alpha_bar[t].view(-1, *[1] * (x0.dim() - 1))
    return ab.sqrt() * x0 + (1 - ab).sqrt() * eps


@misconception("You draw noise of your own; the noise is the argument eps.", see="forward-marginal")
def draws_its_own_noise(x0, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x0.dtype).view(-1, *[1] * (x0.dim() - 1))
    return ab.sqrt() * x0 + (1 - ab).sqrt() * torch.randn_like(x0)


@misconception("A function must leave its inputs as they are.", see="forward-marginal")
def changes_input(x0, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x0.dtype).view(-1, *[1] * (x0.dim() - 1))
    return x0.mul_(ab.sqrt()).add_((1 - ab).sqrt() * eps)
