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
    """A noise predictor for points in the plane: three hidden layers that see the point, sines and cosines of it, and the embedded time.

    The sines and cosines (of 1, 2, 4 and 8 times each coordinate) let a small network draw the thin arms of the spirals in few steps.
    """

    def __init__(self, embed: Embedding, width: int = 128, time_dim: int = 32):
        super().__init__()
        self.embed, self.time_dim = embed, time_dim
        self.register_buffer("rates", 2.0 ** torch.arange(4))
        layers = [nn.Linear(2 + 4 * 4 + time_dim, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 2)]
        self.net = nn.Sequential(*layers)

    def forward(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        waves = (x_t[:, :, None] * self.rates).flatten(1)  # (n, 8)
        return self.net(torch.cat([x_t, waves.sin(), waves.cos(), self.embed(t, self.time_dim)], dim=1))


class DigitDenoiser(nn.Module):
    """A noise predictor for 8x8 digits `(n, 64)`: a linear guess of the picture, and what a small convolutional network knows beyond it.

    eps = sqrt(1 - alpha_bar) x_t + sqrt(alpha_bar) v, v = sqrt(1 - alpha_bar) (sqrt(alpha_bar) x_t - guess) + r (lecture 05, conversions).
    guess is E[x_0 | x_t] for Gaussian data with the mean and covariance of `data` `(m, 64)`: near t = T, where a picture is noise but for a trace, it is
    the best there is for any data. The network r sees x_t and the guess; it has convolutions at 8x8 and 4x4, one layer that sees the whole
    picture, and the embedded time as a scale and a shift in every part.
    """

    def __init__(self, embed: Embedding, schedule: NoiseSchedule, data: torch.Tensor, width: int = 16, time_dim: int = 64):
        super().__init__()
        self.embed, self.schedule, self.time_dim = embed, schedule, time_dim
        variances, axes = torch.linalg.eigh(torch.cov(data.T))
        self.register_buffer("mean", data.mean(0))
        self.register_buffer("variances", variances.clamp(min=0))
        self.register_buffer("axes", axes)
        low, hidden, whole = 2 * width, 2 * time_dim, 256
        self.time = nn.Sequential(nn.Linear(time_dim, hidden), nn.SiLU())
        self.inlet = nn.Conv2d(2, width, 3, padding=1)
        self.high = nn.Conv2d(width, width, 3, padding=1)
        self.down = nn.Conv2d(width, low, 3, stride=2, padding=1)
        self.whole_in, self.whole_out = nn.Linear(16 * low, whole), nn.Linear(whole, 16 * low)
        self.low = nn.Conv2d(low, low, 3, padding=1)
        self.up = nn.ConvTranspose2d(low, width, 4, stride=2, padding=1)
        self.last = nn.Conv2d(2 * width, width, 3, padding=1)
        self.outlet = nn.Conv2d(width, 1, 3, padding=1)
        self.clocks = nn.ModuleList(nn.Linear(hidden, 2 * size) for size in (width, low, whole, low, width))
        self.norms = nn.ModuleList(nn.GroupNorm(size // 4, size) for size in (width, low, low, 2 * width))
        nn.init.zeros_(self.outlet.weight)
        nn.init.zeros_(self.outlet.bias)

    def forward(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        alpha_bar = self.schedule.alpha_bar[t].to(x_t.dtype)[:, None]  # (n, 1)
        guess = self.linear(x_t, alpha_bar)  # (n, 64)
        v = (1 - alpha_bar).sqrt() * (alpha_bar.sqrt() * x_t - guess) + self.rest(x_t, guess, t)
        return (1 - alpha_bar).sqrt() * x_t + alpha_bar.sqrt() * v

    def linear(self, x_t: torch.Tensor, alpha_bar: torch.Tensor) -> torch.Tensor:
        """E[x_0 | x_t] for Gaussian data, `(n, 64)`: m + sqrt(alpha_bar) C (alpha_bar C + (1 - alpha_bar) I)^-1 (x_t - sqrt(alpha_bar) m)."""
        along = (x_t - alpha_bar.sqrt() * self.mean) @ self.axes  # (n, 64), one coordinate per principal axis
        return self.mean + (alpha_bar.sqrt() * self.variances / (alpha_bar * self.variances + 1 - alpha_bar) * along) @ self.axes.T

    def rest(self, x_t: torch.Tensor, guess: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The network r `(n, 64)`, 0 before training."""
        time = self.time(self.embed(t, self.time_dim))
        tell = [_told(layer(time)) for layer in self.clocks]
        norm = self.norms
        x = self.inlet(torch.stack([x_t, guess], dim=1).view(-1, 2, 8, 8))  # (n, width, 8, 8)
        x = x + tell[0](self.high(norm[0](x)))
        h = tell[1](self.down(x))  # (n, low, 4, 4)
        h = h + self.whole_out(tell[2](self.whole_in(norm[1](h).flatten(1)))).view_as(h)
        h = h + tell[3](self.low(norm[2](h)))
        h = torch.cat([self.up(h), x], dim=1)  # (n, 2 width, 8, 8)
        return self.outlet(tell[4](self.last(norm[3](h)))).flatten(1)


def _told(numbers: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """A non-linearity that knows the time: numbers `(n, 2 c)` scale and shift the c channels of `(n, c)` or `(n, c, h, w)`, then comes SiLU."""
    scale, shift = numbers.chunk(2, dim=1)

    def apply(h: torch.Tensor) -> torch.Tensor:
        shape = (len(h), -1, *[1] * (h.dim() - 2))
        return F.silu(h * (1 + scale.view(shape)) + shift.view(shape))

    return apply


def sliced_distance(a: torch.Tensor, b: torch.Tensor, directions: int = 64) -> float:
    """How far two equally large clouds of points `(n, 2)` are apart: the mean over directions of the Wasserstein-1 distance of their shadows."""
    angle = math.pi * torch.arange(directions) / directions
    rays = torch.stack([angle.cos(), angle.sin()]).to(a.dtype)  # (2, directions)
    return ((a @ rays).sort(0).values - (b @ rays).sort(0).values).abs().mean().item()
