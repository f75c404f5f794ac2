"""Correct versions of add_noise."""

import torch

from autograder.versions import correct


@correct("axes added one by one")
def axes_in_a_loop(x0, t, eps, schedule):
    ab = schedule.alpha_bar[t]
    while ab.dim() < x0.dim():
        ab = ab[..., None]
    return (torch.sqrt(ab) * x0 + torch.sqrt(1 - ab) * eps).to(x0.dtype)


@correct("a loop over the batch")
def one_by_one(x0, t, eps, schedule):
    ab = schedule.alpha_bar.to(x0.dtype)
    return torch.stack([ab[i] ** 0.5 * a + (1 - ab[i]) ** 0.5 * b for i, a, b in zip(t, x0, eps, strict=True)])


@correct("flattened, einsum, float64 inside")
def with_einsum(x0, t, eps, schedule):
    ab = schedule.alpha_bar.double().index_select(0, t)
    n = len(x0)
    mixed = torch.einsum("n,nd->nd", ab.sqrt(), x0.reshape(n, -1).double()) + torch.einsum("n,nd->nd", (1 - ab).sqrt(), eps.reshape(n, -1).double())
    return mixed.view_as(x0).to(x0.dtype)


@correct("helper, gather, in place on own tensors")
def in_place_on_its_own(x0, t, eps, schedule):
    def at(values):
        return values.gather(0, t).to(x0).reshape((-1,) + (1,) * (x0.ndim - 1))

    out = x0 * at(schedule.alpha_bar).sqrt()
    out += eps * at(1 - schedule.alpha_bar).sqrt()
    return out
