"""Correct versions of ddim_sample."""

import torch

from autograder.versions import correct


@correct("times from T down to 1, then 0")
@torch.no_grad()
def down_to_one(model, shape, schedule, steps, generator=None):
    if steps < 1 or steps > schedule.T:
        raise ValueError(f"steps = {steps}, T = {schedule.T}")
    mode = model.training
    model.eval()
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    times = torch.linspace(schedule.T, 1, steps).round().int().tolist()
    for i, t in enumerate(times):
        s = times[i + 1] if i + 1 < steps else 0
        eps = model(x, torch.full(shape[:1], t, device=x.device))
        a, b = schedule.alpha_bar[t], schedule.alpha_bar[s]
        x = (b / a).sqrt() * x + ((1 - b).sqrt() - (b * (1 - a) / a).sqrt()) * eps
    model.train(mode)
    return x


@correct("integer arithmetic for the times, no mode touched")
def integer_times(model, shape, schedule, steps, generator=None):
    T = schedule.T
    if not (1 <= steps <= T):
        raise ValueError("1 <= steps <= T")
    times = [T * (steps - i) // steps for i in range(steps + 1)]
    device = next(model.parameters()).device
    x = torch.randn(shape, generator=generator).to(device)
    with torch.no_grad():
        for t, s in zip(times, times[1:]):
            n = torch.full((len(x),), t, dtype=torch.int64, device=device)
            eps = model(x, n)
            x = add_noise(predict_x0(x, n, eps, schedule), torch.full_like(n, s), eps, schedule)
    return x


@correct("times by a stride, rounded up")
def by_a_stride(model, shape, schedule, steps, generator=None):
    if steps not in range(1, schedule.T + 1):
        raise ValueError(steps)
    x = torch.empty(shape).normal_(generator=generator).to(next(model.parameters()).device)
    times = sorted({-(-schedule.T * i // steps) for i in range(1, steps + 1)}, reverse=True)
    for k, t in enumerate(times):
        b = schedule.alpha_bar[times[k + 1]] if k + 1 < len(times) else x.new_ones(())
        eps = model(x, torch.tensor([t] * len(x), device=x.device)).detach()
        x0 = (x - (1 - schedule.alpha_bar[t]).sqrt() * eps) / schedule.alpha_bar[t].sqrt()
        x = b.sqrt() * x0 + (1 - b).sqrt() * eps
    return x


@correct("the noise-to-signal ratio as the clock, float64 inside, inference mode")
def by_the_ratio(model, shape, schedule, steps, generator=None):
    if not 0 < steps <= schedule.T:
        raise ValueError(f"between 1 and {schedule.T} steps are possible, not {steps}")
    device = next(model.parameters()).device
    stops = [round(schedule.T * (1 - i / steps)) for i in range(steps + 1)]
    bar = schedule.alpha_bar.double()
    ratio = ((1 - bar) / bar).sqrt()
    with torch.inference_mode():
        y = torch.randn(shape, generator=generator, dtype=torch.float64).to(device) / bar[schedule.T].sqrt()
        for t, s in zip(stops, stops[1:]):
            eps = model((bar[t].sqrt() * y).float(), torch.full((shape[0],), t, device=device))
            y = y + (ratio[s] - ratio[t]) * eps
    return y.float().clone()


@correct("start times kept in a tensor, the jump to x_0 outside of the loop, evaluation mode put back")
@torch.no_grad()
def last_jump_outside(model, shape, schedule, steps, generator=None):
    if steps > schedule.T or steps < 1:
        raise ValueError("steps must lie in 1..T")
    mode, home = model.training, next(model.parameters()).device
    model.train(False)
    x = torch.zeros(shape).normal_(generator=generator).to(home)
    times = (schedule.T - torch.arange(steps) * schedule.T // steps).tolist()
    for t, s in zip(times[:-1], times[1:]):
        at = torch.full((len(x),), t, device=home, dtype=torch.long)
        eps = model(x, at)
        x = add_noise(predict_x0(x, at, eps, schedule), at - t + s, eps, schedule)
    last = torch.full((len(x),), times[-1], device=home, dtype=torch.long)
    x = predict_x0(x, last, model(x, last), schedule)
    model.train(mode)
    return x
