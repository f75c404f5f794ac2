"""The panels' random numbers and schedules, written again in Python; the networks are torch's own with the committed weights."""

import math

import torch

MASK = 0xFFFFFFFF


def signed_product(a: int, b: int) -> int:
    """The low 32 bits of a product, as JavaScript's Math.imul gives them (unsigned here)."""
    return (a * b) & MASK


def uniforms(seed: int):
    """mulberry32 in (0, 1), endless."""
    state = seed & MASK
    while True:
        state = (state + 0x6D2B79F5) & MASK
        t = signed_product(state ^ (state >> 15), state | 1)
        t ^= (t + signed_product(t ^ (t >> 7), t | 61)) & MASK
        yield ((t ^ (t >> 14)) + 0.5) / 2**32


def normals(seed: int, stream: int, *shape: int) -> torch.Tensor:
    """Standard normal numbers by Box and Muller, float64."""
    draw, n, out = uniforms(signed_product(seed + 1, 0x9E3779B1) ^ signed_product(stream + 1, 0x85EBCA6B)), math.prod(shape), []
    while len(out) < n:
        radius, angle = math.sqrt(-2 * math.log(next(draw))), 2 * math.pi * next(draw)
        out += [radius * math.cos(angle), radius * math.sin(angle)]
    return torch.tensor(out[:n], dtype=torch.float64).reshape(shape)


def alpha_bars(schedule: str, steps: int) -> torch.Tensor:
    """alpha_bar at the stops of a sampler, `(steps + 1,)`, from the betas' own definitions (lecture 5, schedules)."""
    T = 100 if schedule == "short" else 1000
    if schedule == "cosine":
        f = ((torch.arange(T + 1, dtype=torch.float64) / T + 0.008) / 1.008 * math.pi / 2).cos().square()
        beta = (1 - f[1:] / f[:-1]).clamp(max=0.999)
    else:
        beta = torch.linspace(1e-4, 0.02, T, dtype=torch.float64)
    bars = torch.cat([torch.ones(1, dtype=torch.float64), (1 - beta).cumprod(0)])
    return bars[[round(i * T / steps) for i in range(steps + 1)]]


def step_back(clean, eps, here: float, there: float, eta: float, xi: torch.Tensor) -> torch.Tensor:
    """One step of the sampler family (lecture 6, ddim-family)."""
    variance = eta**2 * (1 - there) / (1 - here) * (1 - here / there)
    return math.sqrt(there) * clean + math.sqrt(max(1 - there - variance, 0)) * eps + math.sqrt(variance) * xi
