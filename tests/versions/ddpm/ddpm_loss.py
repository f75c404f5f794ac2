"""Correct versions of ddpm_loss."""

from autograder.versions import correct


@correct("F.mse_loss, keyword arguments")
def with_mse_loss(model, x0, t, eps, schedule):
    return F.mse_loss(model(add_noise(x0=x0, t=t, eps=eps, schedule=schedule), t), eps)


@correct("x_t made by its own formula, means in two stages")
def by_its_own_formula(model, x0, t, eps, schedule):
    ab = schedule.alpha_bar[t].to(x0.dtype).view(-1, *[1] * (x0.dim() - 1))
    error = model(ab.sqrt() * x0 + (1 - ab).sqrt() * eps, t) - eps
    return (error * error).flatten(1).mean(dim=1).mean()


@correct("a sum over the number of entries")
def sum_over_count(model, x0, t, eps, schedule):
    eps_hat = model(add_noise(x0, t, eps, schedule), t)
    return ((eps_hat - eps) ** 2).sum() / eps.numel()
