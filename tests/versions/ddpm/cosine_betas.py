"""Correct versions of cosine_betas."""

import math

import torch

from autograder.versions import correct


@correct("float32 throughout, with the division by f(0)")
def in_float32(T, s=0.008):
    t = torch.arange(T + 1)
    f = torch.cos((t / T + s) / (1 + s) * torch.pi / 2).pow(2)
    ab = f / f[0]
    beta = torch.zeros(T + 1)
    beta[1:] = torch.minimum(1 - ab[1:] / ab[:-1], torch.tensor(0.999))
    return beta


@correct("a Python loop")
def by_a_loop(T, s=0.008):
    def f(t):
        return math.cos((t / T + s) / (1 + s) * math.pi / 2) ** 2

    return torch.tensor([0.0] + [min(1 - f(t) / f(t - 1), 0.999) for t in range(1, T + 1)], dtype=torch.float64)


@correct("the half-angle form")
def half_angle(T, s=0.008):
    angle = torch.pi * (torch.arange(T + 1).double() / T + s) / (1 + s)
    f = (1 + angle.cos()) / 2
    return torch.nn.functional.pad((1 - f[1:] / f[:-1]).clip(0, 0.999), (1, 0))


@correct("clipped on both sides")
def clipped_twice(T: int, s: float = 0.008):
    f = torch.cos((torch.linspace(0, 1, T + 1, dtype=torch.float64) + s) / (1 + s) * math.pi / 2) ** 2
    beta = torch.clip((f[:-1] - f[1:]) / f[:-1], 0, 0.999)
    return torch.cat((torch.tensor([0.0], dtype=torch.float64), beta)).float()
