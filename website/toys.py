"""The points in the plane that the diffusion player noises: mixtures of equal Gaussians, whose score is known exactly."""

import math

import torch

from workbook.denoisers import Mixture, spiral


def ring(count: int = 8, radius: float = 1.6, std: float = 0.08) -> Mixture:
    """Blobs on a circle."""
    angle = 2 * math.pi * torch.arange(count) / count
    return Mixture(radius * torch.stack([angle.cos(), angle.sin()], dim=1), std)


def moons(per_moon: int = 24, std: float = 0.07) -> Mixture:
    """Two interleaved half circles."""
    angle = torch.linspace(0, math.pi, per_moon)
    upper = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], dim=1)
    return Mixture(1.2 * torch.cat([upper, -upper]), std)


def pair(std: float = 0.25) -> Mixture:
    """Two blobs far from the origin's balance: three quarters of the points at upper right, one quarter at lower left."""
    right = torch.tensor([1.4, 0.7])
    return Mixture(torch.stack([right, right, right, -right]), std)


def toys() -> dict[str, Mixture]:
    """The data sets by the name that the player shows."""
    return {"spiral": spiral(), "moons": moons(), "ring": ring(), "pair": pair()}
