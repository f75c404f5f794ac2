"""Correct versions of timestep_embedding."""

import math

import torch

from autograder.versions import correct


@correct("float64 inside, outer product")
def in_float64(t, dim):
    if dim % 2 != 0:
        raise ValueError(f"dim must be even, not {dim}")
    h = dim // 2
    angle = torch.outer(t.double(), 10000.0 ** -(torch.arange(h, dtype=torch.float64, device=t.device) / h))
    return torch.hstack((angle.sin(), angle.cos())).float()


@correct("columns filled in a loop")
def column_by_column(t, dim):
    if dim & 1:
        raise ValueError("odd dim")
    out = torch.empty(len(t), dim, device=t.device)
    for i in range(dim // 2):
        angle = t * math.exp(-math.log(10000.0) * 2 * i / dim)
        out[:, i], out[:, dim // 2 + i] = torch.sin(angle), torch.cos(angle)
    return out


@correct("a helper and logspace")
def with_logspace(t, dim):
    if dim % 2:
        raise ValueError(dim)
    half = dim // 2
    omega = torch.logspace(0, -4 * (half - 1) / half, half, device=t.device)
    return torch.cat([f(t.unsqueeze(1).to(torch.float32) * omega) for f in (torch.sin, torch.cos)], dim=-1)
