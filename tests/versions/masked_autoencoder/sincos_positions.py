"""Correct versions of sincos_positions."""

import math

import torch

from autograder.versions import correct


@correct("frequencies by exp and log")
def by_exp(length, dim):
    if dim % 2 == 1:
        raise ValueError("dim must be even")
    half = dim // 2
    frequency = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / half)
    angle = torch.outer(torch.arange(length, dtype=torch.float32), frequency)
    return torch.cat((angle.sin(), angle.cos()), -1)


@correct("float64 inside, entry by entry")
def by_loops(length, dim):
    if dim & 1:
        raise ValueError("dim must be even")
    half = dim // 2
    table = torch.zeros(length, dim)
    for position in range(length):
        for i in range(half):
            angle = position / 10000 ** (i / half)
            table[position, i] = math.sin(angle)
            table[position, half + i] = math.cos(angle)
    return table


@correct("cosine as a shifted sine")
def by_shift(length, dim):
    half, odd = divmod(dim, 2)
    if odd:
        raise ValueError("dim must be even")
    angle = torch.arange(length).double()[:, None] / 10000 ** (torch.arange(half).double() / half)
    return torch.sin(torch.cat([angle, angle + math.pi / 2], 1)).to(torch.float32)


@correct("complex exponentials")
def by_complex(length, dim):
    if dim % 2:
        raise ValueError("dim must be even")
    angle = torch.arange(length)[:, None] * torch.logspace(0, -4 + 8 / dim, dim // 2, dtype=torch.float64)
    wave = torch.polar(torch.ones_like(angle), angle)
    return torch.cat([wave.imag, wave.real], dim=1).float()
