"""Wrong versions of interpolate."""

import torch

from autograder.versions import misconception


@misconception("You mix the images; mix their codes and decode each mixture.", see="interpolation")
def pixels_mixed(model, x_a, x_b, steps):
    w = torch.linspace(0, 1, steps, dtype=x_a.dtype)[:, None]
    return (1 - w) * x_a + w * x_b


@misconception("You decode the two ends and mix the pixel means: that is a cross-fade. Mix the codes.", see="interpolation")
def decoded_ends_mixed(model, x_a, x_b, steps):
    w = torch.linspace(0, 1, steps, dtype=x_a.dtype)[:, None]
    a, b = model.decode(model.encode(x_a[None])[0]).sigmoid(), model.decode(model.encode(x_b[None])[0]).sigmoid()
    return (1 - w) * a + w * b


@misconception("You decode the two ends and mix the logits. Mix the codes.", see="interpolation")
def logits_mixed(model, x_a, x_b, steps):
    w = torch.linspace(0, 1, steps, dtype=x_a.dtype)[:, None]
    a, b = model.decode(model.encode(x_a[None])[0]), model.decode(model.encode(x_b[None])[0])
    return ((1 - w) * a + w * b).sigmoid()


@misconception("You mix the images and encode the mixtures; encode the two ends and mix their codes.", see="interpolation")
def mixed_before_encoding(model, x_a, x_b, steps):
    w = torch.linspace(0, 1, steps, dtype=x_a.dtype)[:, None]
    return model.decode(model.encode((1 - w) * x_a + w * x_b)[0]).sigmoid()


@misconception("You return logits; pixel means are their sigmoid.", see="interpolation")
def sigmoid_forgotten(model, x_a, x_b, steps):
    w = torch.linspace(0, 1, steps, dtype=x_a.dtype)[:, None]
    return model.decode((1 - w) * model.encode(x_a[None])[0] + w * model.encode(x_b[None])[0])


@misconception("The last end is missing: the weights are i / steps and never reach 1.", see="interpolation")
def end_left_out(model, x_a, x_b, steps):
    w = (torch.arange(steps, dtype=x_a.dtype) / steps)[:, None]
    return model.decode((1 - w) * model.encode(x_a[None])[0] + w * model.encode(x_b[None])[0]).sigmoid()


@misconception("Both ends are missing: only the images strictly between the two are there.", see="interpolation")
def both_ends_left_out(model, x_a, x_b, steps):
    w = torch.linspace(0, 1, steps + 2, dtype=x_a.dtype)[1:-1, None]
    return model.decode((1 - w) * model.encode(x_a[None])[0] + w * model.encode(x_b[None])[0]).sigmoid()


@misconception("The walk runs backwards: row 0 belongs to x_a, the last row to x_b.", see="interpolation")
def backwards(model, x_a, x_b, steps):
    w = torch.linspace(0, 1, steps, dtype=x_a.dtype)[:, None]
    return model.decode(w * model.encode(x_a[None])[0] + (1 - w) * model.encode(x_b[None])[0]).sigmoid()


@misconception("One image too many: steps counts the images, both ends included, not the gaps between them.", see="interpolation")
def gaps_counted(model, x_a, x_b, steps):
    w = torch.linspace(0, 1, steps + 1, dtype=x_a.dtype)[:, None]
    return model.decode((1 - w) * model.encode(x_a[None])[0] + w * model.encode(x_b[None])[0]).sigmoid()


@misconception("You go between log-variances; encode returns (mu, logvar), the first is the mean.", see="interpolation")
def logvar_for_mean(model, x_a, x_b, steps):
    w = torch.linspace(0, 1, steps, dtype=x_a.dtype)[:, None]
    return model.decode((1 - w) * model.encode(x_a[None])[1] + w * model.encode(x_b[None])[1]).sigmoid()


@misconception("The path is spherical; the straight line is asked for here.", see="interpolation")
def spherical_path(model, x_a, x_b, steps):
    w = torch.linspace(0, 1, steps, dtype=x_a.dtype)[:, None]
    a, b = model.encode(x_a[None])[0], model.encode(x_b[None])[0]
    angle = (a / a.norm() * b / b.norm()).sum().clamp(-1 + 1e-6, 1 - 1e-6).acos()
    return model.decode((((1 - w) * angle).sin() * a + (w * angle).sin() * b) / angle.sin()).sigmoid()


@misconception("The ends are random draws from the two posteriors; take their means, which need no noise.", see="interpolation")
def posterior_draws(model, x_a, x_b, steps):
    w = torch.linspace(0, 1, steps, dtype=x_a.dtype)[:, None]
    ends = [mu + (0.5 * logvar).exp() * torch.randn_like(mu) for mu, logvar in (model.encode(x_a[None]), model.encode(x_b[None]))]
    return model.decode((1 - w) * ends[0] + w * ends[1]).sigmoid()
