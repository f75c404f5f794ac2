"""Correct versions of sample."""

import torch

from autograder.versions import correct


@correct("its own step formula, noise skipped at t = 1")
@torch.no_grad()
def own_formula(model, shape, schedule, generator=None):
    mode = model.training
    model.train(False)
    home = next(model.parameters()).device
    x = torch.randn(*shape, generator=generator).to(home)
    for t in reversed(range(1, schedule.T + 1)):
        times = torch.full((shape[0],), t, device=home)
        eps_hat = model(x, times)
        x = (x - schedule.beta[t] / (1 - schedule.alpha_bar[t]).sqrt() * eps_hat) / schedule.alpha[t].sqrt()
        if t > 1:
            x = x + schedule.posterior_variance[t].sqrt() * torch.randn(*shape, generator=generator).to(home)
    model.train(mode)
    return x


@correct("all noise drawn first, model left in its mode")
def noise_drawn_first(model, shape, schedule, generator=None):
    device = next(model.parameters()).device
    noise = torch.randn((schedule.T + 1, *shape), generator=generator).to(device)
    with torch.inference_mode():
        x = noise[0].clone()
        for t in range(schedule.T, 0, -1):
            x = reverse_step(model, x, t, schedule, noise[t])
    return x.clone()


@correct("detached at every step")
def detached(model, shape, schedule, generator=None):
    device = next(model.parameters()).device
    x = torch.empty(shape).normal_(generator=generator).to(device)
    for t in torch.arange(schedule.T, 0, -1).tolist():
        eps = torch.empty(shape).normal_(generator=generator).to(device)
        x = reverse_step(model, x, t, schedule, eps).detach()
    return x


@correct("float64 inside, the model sees float32, x_0 and the posterior at every step")
@torch.no_grad()
def in_float64(model, shape, schedule, generator=None):
    where = next(model.parameters()).device
    x = torch.randn(shape, dtype=torch.float64, generator=generator).to(where)
    beta, alpha, bar = schedule.beta.double(), schedule.alpha.double(), schedule.alpha_bar.double()
    for t in range(schedule.T, 0, -1):
        n = torch.full((shape[0],), t, device=where)
        x0 = (x - (1 - bar[t]).sqrt() * model(x.float(), n)) / bar[t].sqrt()
        x = (bar[t - 1].sqrt() * beta[t] * x0 + alpha[t].sqrt() * (1 - bar[t - 1]) * x) / (1 - bar[t])
        if t != 1:
            spread = (beta[t] * (1 - bar[t - 1]) / (1 - bar[t])).sqrt()
            x = x + spread * torch.randn(shape, dtype=torch.float64, generator=generator).to(where)
    return x.float()


@correct("one flat draw, the start taken from its end, the mode put back by finally")
def one_flat_draw(model, shape, schedule, generator=None):
    size, mode = math.prod(shape), model.training
    flat = torch.randn((schedule.T + 1) * size, generator=generator)
    draws = list(flat.split(size))
    device = [p.device for p in model.parameters()][0]
    try:
        model.eval()
        with torch.no_grad():
            x = draws.pop().view(shape).to(device)
            for t in range(schedule.T, 0, -1):
                x = reverse_step(model=model, x_t=x, t=t, schedule=schedule, eps=draws.pop().view(shape).to(device))
    finally:
        model.train(mode)
    return x
