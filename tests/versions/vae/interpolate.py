"""Correct versions of interpolate."""

import torch

from autograder.versions import correct


@correct("both ends encoded together, torch.lerp")
def with_lerp(model, x_a, x_b, steps):
    mu, _ = model.encode(torch.stack([x_a, x_b]))
    w = torch.linspace(0, 1, steps).to(mu)[:, None]
    return torch.sigmoid(model.decode(torch.lerp(mu[:1], mu[1:], w)))


@correct("a loop over the steps, no gradient, evaluation mode and back")
def step_by_step(model, x_a, x_b, steps):
    training = model.training
    model.eval()
    with torch.no_grad():
        a, b = model.encode(x_a.reshape(1, -1))[0], model.encode(x_b.reshape(1, -1))[0]
        rows = [model.decode(a + (b - a) * (i / (steps - 1)))[0] for i in range(steps)]
    model.train(training)
    return torch.sigmoid(torch.stack(rows))


@correct("from the start along the difference, arange")
def along_the_difference(model, x_a, x_b, steps):
    a, b = model.encode(x_a[None, :])[0].squeeze(0), model.encode(x_b[None, :])[0].squeeze(0)
    w = torch.arange(steps, dtype=x_a.dtype, device=x_a.device) / (steps - 1)
    return model.decode(a + torch.outer(w, b - a)).sigmoid()
