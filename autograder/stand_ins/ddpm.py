"""Stand-ins for exercises of assignment 04. Nothing here is secret.

All are linear in data and noise, as the exercises are, and what an example gets depends on its own time.
"""

import torch


def _each(values, like):
    """One number per example, to be multiplied with data (n, ...)."""
    return values.to(like.dtype).reshape(len(like), *[1] * (like.dim() - 1))


def add_noise(x0, t, eps, schedule):
    """(n, ...): x0 itself at t = 0, more noise the later."""
    gone = 1 - schedule.alpha_bar[t]
    return _each(1 - 0.3 * gone, x0) * x0 + _each(0.8 * gone.sqrt(), x0) * eps


def predict_x0(x_t, t, eps, schedule):
    """(n, ...)."""
    gone = 1 - schedule.alpha_bar[t]
    return _each(1.1 - 0.2 * gone, x_t) * x_t - _each(0.3 + 0.6 * gone, x_t) * eps


def posterior(x0, x_t, t, schedule):
    """Mean (n, ...) and the schedule's variance (n, 1, ...)."""
    share = 0.2 + 0.5 * schedule.alpha_bar[t]
    return _each(share, x_t) * x0 + _each(0.9 - share.square(), x_t) * x_t, _each(schedule.posterior_variance[t], x_t)


def reverse_mean(x_t, t, eps, schedule):
    """(n, ...)."""
    share = 0.1 + 0.4 * schedule.alpha_bar[t]
    return _each(0.7 + share.square(), x_t) * x_t - _each(share, x_t) * eps


def reverse_step(model, x_t, t, schedule, eps):
    """(n, ...): asks the model once; adds noise at every time but t = 1."""
    answer = model(x_t, torch.full((len(x_t),), t, dtype=torch.int64, device=x_t.device))
    late = 1 - float(schedule.alpha_bar[t])
    return (0.9 - 0.2 * late) * x_t - (0.1 + 0.3 * late) * answer + (0.2 + 0.3 * late if t > 1 else 0.0) * eps


def ddpm_loss(model, x0, t, eps, schedule):
    """A scalar, 0 where the model answers with eps; asks it once, about x0 with noise as above."""
    off = model(add_noise(x0, t, eps, schedule), t) - eps
    return (off.square() / (1 + 0.1 * off.square())).mean()
