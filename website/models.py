"""The small networks behind the panels: plain layers only, so that a few lines of JavaScript compute the same."""

import math

import torch
import torch.nn.functional as F
from torch import nn

BETAS = (0.1, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0)
FREQUENCIES = 8


def mlp(*sizes: int) -> nn.Sequential:
    """Linear layers of these sizes with SiLU between them, none after the last."""
    layers = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(n_in, n_out), nn.SiLU()]
    return nn.Sequential(*layers[:-1])


class Coder(nn.Module):
    """An autoencoder (or, with `spread`, a VAE) of flat 8x8 digits `(n, 64)`; the code is linear, the decoder gives logits."""

    def __init__(self, hidden: tuple[int, ...], latent: int, spread: bool):
        super().__init__()
        self.latent, self.spread = latent, spread
        self.encoder = mlp(64, *hidden, latent * (2 if spread else 1))
        self.decoder = mlp(latent, *reversed(hidden), 64)

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Code or posterior mean `(n, latent)`, and log sigma^2 (None for an autoencoder)."""
        out = self.encoder(x)
        return (out[:, : self.latent], out[:, self.latent :]) if self.spread else (out, None)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Pixel means `(n, 64)` in [0, 1]."""
        return self.decoder(z).sigmoid()


class Denoiser(nn.Module):
    """The velocity v = cos(a) eps - sin(a) x_0 of a noisy digit x = cos(a) x_0 + sin(a) eps, from x `(n, 64)` and its angle a `(n,)`.

    The angle says how noisy the picture is, cos^2(a) = alpha_bar, so one network serves every schedule and number of steps.
    """

    def __init__(self, width: int = 192):
        super().__init__()
        self.inlet = nn.Linear(64 + 2 * FREQUENCIES, width)
        self.middle = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.outlet = nn.Linear(width, 64)

    def forward(self, x: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
        turns = angle[:, None] * torch.arange(1, FREQUENCIES + 1, dtype=x.dtype)
        h = F.silu(self.inlet(torch.cat([x, turns.sin(), turns.cos()], dim=1)))  # (n, width)
        for layer in self.middle:
            h = h + F.silu(layer(h))
        return self.outlet(h)


def empty_models() -> dict[str, nn.Module]:
    """All networks of the panels by name, untrained."""
    models: dict[str, nn.Module] = {"ae2": Coder((64, 32), 2, spread=False), "vae2": Coder((64, 32), 2, spread=True)}
    models |= {f"beta{i}": Coder((64,), 8, spread=True) for i in range(len(BETAS))}
    return models | {"denoiser": Denoiser()}


def elbo_terms(model: Coder, x: torch.Tensor, eps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Negative Bernoulli log-likelihood and KL to the prior, `(n,)` each, in nats (lecture 4, vae-loss)."""
    mu, logvar = model.encode(x)
    logits = model.decoder(mu + (logvar / 2).exp() * eps)
    distortion = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    rate = ((mu.square() + logvar.exp() - logvar - 1) / 2).sum(1)
    return distortion, rate


HALF_TURN = math.pi / 2
