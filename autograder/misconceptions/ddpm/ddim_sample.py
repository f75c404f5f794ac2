"""Wrong versions of ddim_sample."""

import torch

from autograder.versions import misconception


@misconception("Your last step does not land on t = 0: end with s = 0, where only the predicted x_0 remains.", see="ddim")
@torch.no_grad()
def does_not_land_on_zero(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        eps, s = model(x, n), max(s, 1)
        x = schedule.alpha_bar[s].sqrt() * predict_x0(x, n, eps, schedule) + (1 - schedule.alpha_bar[s]).sqrt() * eps
    return x


@misconception("Your times do not start at T: the walk begins with pure noise, so the first call is at t = T.", see="ddim")
@torch.no_grad()
def does_not_start_at_T(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    times = [max(t - 1, 1) for t in times[:-1]] + [0]
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        eps = model(x, n)
        x = schedule.alpha_bar[s].sqrt() * predict_x0(x, n, eps, schedule) + (1 - schedule.alpha_bar[s]).sqrt() * eps
    return x


@misconception("You add fresh noise at every step; with eta = 0 the walk is deterministic after x_T.", see="ddim")
@torch.no_grad()
def fresh_noise_added(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        a, b = schedule.alpha_bar[t], schedule.alpha_bar[s]
        eps, var = model(x, n), (1 - b) / (1 - a) * (1 - a / b)
        fresh = torch.randn(shape, generator=generator).to(x.device)
        x = b.sqrt() * predict_x0(x, n, eps, schedule) + (1 - b - var).clamp(min=0).sqrt() * eps + var.sqrt() * fresh
    return x


@misconception("You mix x_0 with fresh noise instead of the predicted one; that throws away what the model said about the noise.", see="ddim")
@torch.no_grad()
def predicted_noise_replaced(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        x0 = predict_x0(x, n, model(x, n), schedule)
        x = schedule.alpha_bar[s].sqrt() * x0 + (1 - schedule.alpha_bar[s]).sqrt() * torch.randn(shape, generator=generator).to(x.device)
    return x


@misconception("You mix with alpha[s] instead of alpha_bar[s].", see="ddim")
@torch.no_grad()
def alpha_without_bar(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        eps = model(x, n)
        x = schedule.alpha[s].sqrt() * predict_x0(x, n, eps, schedule) + (1 - schedule.alpha[s]).sqrt() * eps
    return x


@misconception("You mix for the time t - 1 whatever the next stop is; mix for the next stop itself.", see="ddim")
@torch.no_grad()
def mixes_for_the_neighbour(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()[:-1]:
        n = torch.full((len(x),), t, device=x.device)
        eps = model(x, n)
        x = schedule.alpha_bar[t - 1].sqrt() * predict_x0(x, n, eps, schedule) + (1 - schedule.alpha_bar[t - 1]).sqrt() * eps
    return x


@misconception("You take ancestral steps (the mean of one step back) over long distances; DDIM mixes x_0 and noise for the next stop.", see="ddim")
@torch.no_grad()
def ancestral_means(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()[:-1]:
        n = torch.full((len(x),), t, device=x.device)
        x = reverse_mean(x, n, model(x, n), schedule)
    return x


@misconception("You clip the predicted x_0 to [-1, 1]; the contract asks for the plain formula.", see="ddim")
@torch.no_grad()
def clipped(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        eps = model(x, n)
        x = schedule.alpha_bar[s].sqrt() * predict_x0(x, n, eps, schedule).clamp(-1, 1) + (1 - schedule.alpha_bar[s]).sqrt() * eps
    return x


@misconception("The root over 1 - alpha_bar[s] is missing.", see="ddim")
@torch.no_grad()
def noise_root_missing(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        eps = model(x, n)
        x = schedule.alpha_bar[s].sqrt() * predict_x0(x, n, eps, schedule) + (1 - schedule.alpha_bar[s]) * eps
    return x


@misconception("You ask the model once more than `steps` says.", see="ddim")
@torch.no_grad()
def one_call_too_many(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = [*torch.linspace(schedule.T, 1, steps + 1).round().long().tolist(), 0]
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        eps = model(x, n)
        x = schedule.alpha_bar[s].sqrt() * predict_x0(x, n, eps, schedule) + (1 - schedule.alpha_bar[s]).sqrt() * eps
    return x


@misconception("Your times are the last `steps` values before 0 or the first after T, one apart; they are to be spread over 1..T nearly evenly.", see="ddim")
@torch.no_grad()
def times_not_spread(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = [*range(schedule.T, schedule.T - steps, -1), 0]
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        eps = model(x, n)
        x = schedule.alpha_bar[s].sqrt() * predict_x0(x, n, eps, schedule) + (1 - schedule.alpha_bar[s]).sqrt() * eps
    return x


@misconception("More steps than T, or fewer than 1, must raise ValueError.", see="ddim")
@torch.no_grad()
def bad_steps_accepted(model, shape, schedule, steps, generator=None):
    steps = min(max(steps, 1), schedule.T)
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        eps = model(x, n)
        x = schedule.alpha_bar[s].sqrt() * predict_x0(x, n, eps, schedule) + (1 - schedule.alpha_bar[s]).sqrt() * eps
    return x


@misconception("Your samples keep the gradient of the whole walk, and with it its memory: sample under torch.no_grad().", see="ddim")
def gradient_kept(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        eps = model(x, n)
        x = schedule.alpha_bar[s].sqrt() * predict_x0(x, n, eps, schedule) + (1 - schedule.alpha_bar[s]).sqrt() * eps
    return x


@misconception("You leave the model in another mode than you found it: put back model.training.", see="ddim")
@torch.no_grad()
def mode_left_changed(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    model.eval()
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t, device=x.device)
        eps = model(x, n)
        x = schedule.alpha_bar[s].sqrt() * predict_x0(x, n, eps, schedule) + (1 - schedule.alpha_bar[s]).sqrt() * eps
    return x


@misconception("Your walk stays on the CPU while the model is on another device: move x_T and the times to next(model.parameters()).device.", see="ddim")
@torch.no_grad()
def wrong_device(model, shape, schedule, steps, generator=None):
    if not 1 <= steps <= schedule.T:
        raise ValueError("steps must be in 1..T")
    x = torch.randn(shape, generator=generator)
    times = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    for t, s in zip(times[:-1], times[1:], strict=True):
        n = torch.full((len(x),), t)
        eps = model(x, n)
        x = schedule.alpha_bar[s].sqrt() * predict_x0(x, n, eps, schedule) + (1 - schedule.alpha_bar[s]).sqrt() * eps
    return x
