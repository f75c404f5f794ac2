"""Correct versions of reverse_mean."""

import torch

from autograder.versions import correct


@correct("posterior of predict_x0")
def by_composition(x_t, t, eps, schedule):
    return posterior(predict_x0(x_t, t, eps, schedule), x_t, t, schedule)[0]


@correct("two weights, float64 inside")
def in_float64(x_t, t, eps, schedule):
    shape = (-1, *[1] * (x_t.dim() - 1))
    a, ab = schedule.alpha[t].double().view(shape), schedule.alpha_bar[t].double().view(shape)
    return (x_t / a.sqrt() - (1 - a) / (a * (1 - ab)).sqrt() * eps).to(x_t.dtype)


@correct("a loop over the batch")
def one_by_one(x_t, t, eps, schedule):
    rows = []
    for x, s, e in zip(x_t, t.tolist(), eps, strict=True):
        rows.append((x - float(schedule.beta[s]) / float(1 - schedule.alpha_bar[s]) ** 0.5 * e) / float(schedule.alpha[s]) ** 0.5)
    return torch.stack(rows)
