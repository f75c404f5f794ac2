"""What assignment 04 is given: toy data with an exactly known noise predictor, and two small networks that learn one.

Every predictor is a module `model(x_t, t) -> eps`, with `t (n,)` int64 in 1..T. The networks get the student's own embedding of time.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from workbook.schedule import NoiseSchedule

Embedding = Callable[[torch.Tensor, int], torch.Tensor]


@dataclass(frozen=True)
class Mixture:
    """Equally likely Gaussians in the plane: centres `(k, 2)`, one standard deviation for all."""

    centres: torch.Tensor
    std: float

    def draw(self, n: int, generator: torch.Generator | None = None) -> torch.Tensor:
        """Points `(n, 2)`."""
        which = torch.randint(len(self.centres), (n,), generator=generator)
        return self.centres[which] + self.std * torch.randn(n, 2, generator=generator)


def spiral(arms: int = 2, per_arm: int = 30, std: float = 0.05) -> Mixture:
    """A mixture whose centres lie on interleaved spirals: a shape that no single Gaussian comes near, with a law known exactly."""
    along = torch.linspace(0.15, 1.0, per_arm)
    angle = 1.6 * math.pi * along + 2 * math.pi * torch.arange(arms)[:, None] / arms  # (arms, per_arm)
    return Mixture(1.8 * torch.stack([along * angle.cos(), along * angle.sin()], dim=-1).reshape(-1, 2), std)


class ExactNoise(nn.Module):
    """The best possible noise predictor E[eps | x_t] for data from a mixture (lecture 05, simple-loss; lecture 06, score).

    x_t belongs to component k with probability softmax_k(-||x_t - sqrt(alpha_bar) m_k||^2 / 2V), V = alpha_bar std^2 + 1 - alpha_bar;
    given k, data and noise are jointly Gaussian and E[eps | x_t, k] = sqrt(1 - alpha_bar) (x_t - sqrt(alpha_bar) m_k) / V.
    """

    def __init__(self, mixture: Mixture, schedule: NoiseSchedule):
        super().__init__()
        self.std, self.schedule = mixture.std, schedule
        self.centres = nn.Parameter(mixture.centres.clone(), requires_grad=False)

    def forward(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        alpha_bar = self.schedule.alpha_bar[t].to(x_t.dtype)[:, None, None]  # (n, 1, 1)
        variance = alpha_bar * self.std**2 + 1 - alpha_bar
        away = x_t[:, None] - alpha_bar.sqrt() * self.centres  # (n, k, 2)
        belongs = (-away.square().sum(2, keepdim=True) / (2 * variance)).softmax(1)  # (n, k, 1)
        return (1 - alpha_bar[:, 0]).sqrt() * (belongs * away / variance).sum(1)  # (n, 2)


class ToyDenoiser(nn.Module):
    """A noise predictor for points in the plane: a network with two hidden layers that sees the point and the embedded time."""

    def __init__(self, embed: Embedding, width: int = 128, time_dim: int = 32):
        super().__init__()
        self.embed, self.time_dim = embed, time_dim
        self.net = nn.Sequential(nn.Linear(2 + time_dim, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 2))

    def forward(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return self.net(torch.cat([x_t, self.embed(t, self.time_dim)], dim=1))


class DigitDenoiser(nn.Module):
    """A noise predictor for 8x8 digits `(n, 64)`: convolutions at 8x8 and 4x4, and one layer that sees the whole picture.

    The network's output v is turned into noise by eps = sqrt(1 - alpha_bar) x_t + sqrt(alpha_bar) v (lecture 05, conversions). Near t = T,
    x_t is the noise but for a trace, so that is nearly right already with v = 0, and an error of v is divided by nothing small later.
    """

    def __init__(self, embed: Embedding, schedule: NoiseSchedule, width: int = 16, time_dim: int = 64):
        super().__init__()
        self.embed, self.schedule, self.time_dim = embed, schedule, time_dim
        low, hidden = 2 * width, 8 * time_dim // 4
        self.time = nn.Sequential(nn.Linear(time_dim, hidden), nn.SiLU())
        self.inlet = nn.Conv2d(1, width, 3, padding=1)
        self.high = nn.Conv2d(width, width, 3, padding=1)
        self.down = nn.Conv2d(width, low, 3, stride=2, padding=1)
        self.whole_in, self.whole_out = nn.Linear(16 * low, 256), nn.Linear(256, 16 * low)
        self.low = nn.Conv2d(low, low, 3, padding=1)
        self.up = nn.ConvTranspose2d(low, width, 4, stride=2, padding=1)
        self.last = nn.Conv2d(2 * width, width, 3, padding=1)
        self.outlet = nn.Conv2d(width, 1, 3, padding=1)
        self.shifts = nn.ModuleList(nn.Linear(hidden, size) for size in (width, low, 256, width))
        self.norms = nn.ModuleList(nn.GroupNorm(size // 4, size) for size in (width, low, low, 2 * width))

    def forward(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        alpha_bar = self.schedule.alpha_bar[t].to(x_t.dtype)[:, None]  # (n, 1)
        return (1 - alpha_bar).sqrt() * x_t + alpha_bar.sqrt() * self.velocity(x_t, t)

    def velocity(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The network itself: v `(n, 64)`."""
        time = self.time(self.embed(t, self.time_dim))
        shift = [layer(time) for layer in self.shifts]
        norm = self.norms
        x = self.inlet(x_t.view(-1, 1, 8, 8))  # (n, width, 8, 8)
        x = x + F.silu(self.high(norm[0](x)) + shift[0][:, :, None, None])
        h = F.silu(self.down(x) + shift[1][:, :, None, None])  # (n, low, 4, 4)
        h = h + self.whole_out(F.silu(self.whole_in(norm[1](h).flatten(1)) + shift[2])).view_as(h)
        h = h + F.silu(self.low(norm[2](h)))
        h = torch.cat([self.up(h), x], dim=1)  # (n, 2 width, 8, 8)
        return self.outlet(F.silu(self.last(norm[3](h)) + shift[3][:, :, None, None])).flatten(1)


def sliced_distance(a: torch.Tensor, b: torch.Tensor, directions: int = 64) -> float:
    """How far two equally large clouds of points `(n, 2)` are apart: the mean over directions of the Wasserstein-1 distance of their shadows."""
    angle = math.pi * torch.arange(directions) / directions
    rays = torch.stack([angle.cos(), angle.sin()]).to(a.dtype)  # (2, directions)
    return ((a @ rays).sort(0).values - (b @ rays).sort(0).values).abs().mean().item()
