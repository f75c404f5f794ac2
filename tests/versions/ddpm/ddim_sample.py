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
