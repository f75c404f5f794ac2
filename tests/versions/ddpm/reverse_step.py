"""Correct versions of reverse_step."""

import torch

from autograder.versions import correct


@correct("through the posterior, with a special case at t = 1")
def through_the_posterior(model, x_t, t, schedule, eps):
    times = torch.full((x_t.shape[0],), t, dtype=torch.long, device=x_t.device)
    mean, variance = posterior(predict_x0(x_t, times, model(x_t, times), schedule), x_t, times, schedule)
    if t == 1:
        return mean
    return mean + variance.sqrt() * eps


@correct("scalars from the schedule, no gradient")
@torch.no_grad()
def with_scalars(model, x_t, t, schedule, eps):
    beta, alpha, ab, pv = (float(v[t]) for v in (schedule.beta, schedule.alpha, schedule.alpha_bar, schedule.posterior_variance))
    eps_hat = model(x_t, torch.tensor([t] * len(x_t), device=x_t.device))
    return (x_t - beta / (1 - ab) ** 0.5 * eps_hat) / alpha**0.5 + pv**0.5 * eps


@correct("an expanded time, model in evaluation mode")
def expanded_time(model, x_t, t, schedule, eps):
    model.eval()
    times = torch.tensor(t, device=x_t.device).expand(len(x_t))
    mean = reverse_mean(x_t, times, model(x_t, times), schedule)
    sigma = torch.sqrt(schedule.posterior_variance[t]).to(x_t)
    return torch.where(times.view(-1, *[1] * (x_t.dim() - 1)) > 1, mean + sigma * eps, mean)


@correct("float64 inside, the noise masked at t = 1, the model asked in training mode")
def in_float64(model, x_t, t, schedule, eps):
    beta, bar, before = (float(v) for v in (schedule.beta[t], schedule.alpha_bar[t], schedule.alpha_bar[t - 1]))
    said = model(x_t, x_t.new_full((x_t.shape[0],), t, dtype=torch.long)).double()
    x0 = (x_t.double() - (1 - bar) ** 0.5 * said) / bar**0.5
    mean = (before**0.5 * beta * x0 + (1 - beta) ** 0.5 * (1 - before) * x_t.double()) / (1 - bar)
    sigma = (beta * (1 - before) / (1 - bar)) ** 0.5
    return (mean + (t > 1) * sigma * eps.double()).to(x_t.dtype)
