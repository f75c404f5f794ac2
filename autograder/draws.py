"""The secret random inputs of one check, reproducible from the run's seed."""

import hashlib

import torch


class Draw:
    """Random inputs that depend on the run's seed and on the check's name only, so a verdict can be reproduced check by check."""

    def __init__(self, seed: int, name: str):
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        self.source = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)

    def normal(self, *shape: int, dtype: torch.dtype = torch.float32, scale: float = 1.0) -> torch.Tensor:
        """Normal numbers of standard deviation `scale`, drawn in float64 and rounded to `dtype`."""
        return (torch.randn(shape, generator=self.source, dtype=torch.float64) * scale).to(dtype)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Uniform numbers in [low, high)."""
        return (torch.rand(shape, generator=self.source, dtype=torch.float64) * (high - low) + low).to(dtype)

    def integers(self, low: int, high: int, *shape: int) -> torch.Tensor:
        """Integers in {low, ..., high - 1}, int64."""
        return torch.randint(low, high, shape, generator=self.source)

    def integer(self, low: int, high: int) -> int:
        """One integer in {low, ..., high - 1}."""
        return int(self.integers(low, high))

    def number(self, low: float, high: float) -> float:
        """One number in [low, high)."""
        return float(self.uniform(low=low, high=high, dtype=torch.float64))

    def permutation(self, n: int) -> torch.Tensor:
        """A random order of 0..n-1."""
        return torch.randperm(n, generator=self.source)

    def seed(self) -> int:
        """A seed for something else."""
        return self.integer(0, 1 << 62)

    def generator(self) -> torch.Generator:
        """A fresh generator with a secret seed."""
        return torch.Generator().manual_seed(self.seed())
