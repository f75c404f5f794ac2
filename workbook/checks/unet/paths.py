"""Which resolutions does a network's information travel through? Gradients along the paths that never go below a given one."""

import torch
from torch.overrides import TorchFunctionMode


class _Cut(TorchFunctionMode):
    """Every image tensor `(n, c, h, w)` of one of the given sizes is born without a gradient."""

    def __init__(self, sizes: set[tuple[int, int]]):
        super().__init__()
        self.sizes = sizes

    def __torch_function__(self, func, types, args=(), kwargs=None):
        return self._cut(func(*args, **(kwargs or {})))

    def _cut(self, value):
        if isinstance(value, torch.Tensor) and value.dim() == 4 and value.requires_grad and tuple(value.shape[2:]) in self.sizes:
            return value.detach()
        if type(value) in (tuple, list):
            return type(value)(map(self._cut, value))
        return value


def gradient_above(model, x: torch.Tensor, t: torch.Tensor, weights: torch.Tensor, lowest: int, levels: int) -> torch.Tensor:
    """Gradient of `(weights * model(x, t)).sum()` with respect to x along the paths through levels 0..lowest of `levels` only.

    Level i has 1/2^i of x's height and width. The size of x should be one that no other tensor of the network has by chance.
    """
    h, w = x.shape[2:]
    x = x.clone().requires_grad_()
    with _Cut({(h >> i, w >> i) for i in range(lowest + 1, levels)}):
        out = (weights * model(x, t)).sum()
    if not out.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(out, x, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


def missing_levels(model, x: torch.Tensor, t: torch.Tensor, weights: torch.Tensor, levels: int) -> list[int]:
    """Levels that no path has as its lowest: above the last level, those without a skip; the last one, if the bottom is cut off."""
    gradients = [torch.zeros_like(x)] + [gradient_above(model, x, t, weights, lowest, levels) for lowest in range(levels)]
    share = 1e-9 if x.dtype == torch.float64 else 1e-5
    return [i for i in range(levels) if (gradients[i + 1] - gradients[i]).abs().max() <= share * gradients[i + 1].abs().max()]
