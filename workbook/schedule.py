"""The noise schedule that diffusion code passes around (provided; `make_schedule` fills it)."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class NoiseSchedule:
    """Schedule arrays `(T + 1,)`, index 0 is the clean data: beta[0] = 0, alpha_bar[0] = 1.

    beta: variance added at step t. alpha: 1 - beta. alpha_bar: cumulative product of alpha.
    posterior_variance: variance of q(x_{t-1} | x_t, x_0), zero at t = 0 and t = 1.
    """

    beta: torch.Tensor
    alpha: torch.Tensor
    alpha_bar: torch.Tensor
    posterior_variance: torch.Tensor

    @property
    def T(self) -> int:
        """Number of diffusion steps."""
        return len(self.beta) - 1

    def to(self, device) -> "NoiseSchedule":
        """The same schedule on another device (or in another dtype)."""
        return NoiseSchedule(self.beta.to(device), self.alpha.to(device), self.alpha_bar.to(device), self.posterior_variance.to(device))
