"""Ready-made diffusion tools for the U-Net's assignment: a schedule of angles, features of time, a clipped sampler, a file of weights.

They are cousins of what assignment 04 builds, written another way: a noisy image is a point on a quarter circle,
x_t = cos(a_t) x_0 + sin(a_t) eps, and the schedule says how far the angle a_t has turned from data (0) to noise (pi / 2).
"""

import json
import math

import torch

from workbook.schedule import NoiseSchedule


def angle_schedule(T: int = 1000) -> NoiseSchedule:
    """The schedule with alpha_bar[t] = cos(a_t)^2, a_t = (pi / 2) t / (T + 1): the angle turns evenly, and stops just short of pure noise."""
    angle = torch.arange(T + 1, dtype=torch.float64) * (math.pi / 2 / (T + 1))
    alpha_bar = angle.cos().square()
    alpha = torch.ones_like(alpha_bar)
    alpha[1:] = alpha_bar[1:] / alpha_bar[:-1]
    variance = torch.zeros_like(alpha_bar)
    variance[1:] = (1 - alpha[1:]) * angle[:-1].sin().square() / angle[1:].sin().square()
    return NoiseSchedule(*(array.float() for array in (1 - alpha, alpha, alpha_bar, variance)))


def time_features(t: torch.Tensor, dim: int) -> torch.Tensor:
    """Features `(n, dim)` float32 of times `(n,)`: sines and cosines in turn, wavelengths from 2 pi to 20,000 pi in equal ratios; dim even."""
    rates = torch.logspace(0, -4, dim // 2, device=t.device)
    turns = t[:, None] * rates
    return torch.stack([turns.sin(), turns.cos()], dim=2).flatten(1)


@torch.no_grad()
def clipped_sampler(
    model: torch.nn.Module, shape: tuple[int, ...], schedule: NoiseSchedule, steps: int = 20, generator: torch.Generator | None = None, device="cpu", eta: float = 1.0
) -> torch.Tensor:
    """Images `(n, c, h, w)` in [-1, 1] from a noise-predicting `model(x, t)`, in `steps` model calls (Song, Meng and Ermon 2021, eq. 12).

    At each stop on the way from T to 0 the guess of the clean image is cut to [-1, 1], which images allow and other data would not, and the angle is
    turned back. eta: share of fresh noise, 0 for none (the path is then fixed by its start), 1 for as much as the ancestral sampler takes, which
    forgives a network more of its errors. The model is used in evaluation mode and put back as it was.
    """
    angle = schedule.alpha_bar.double().sqrt().clamp(max=1).acos()
    stops = torch.linspace(schedule.T, 0, steps + 1).round().long().tolist()
    was_training = model.training
    model.eval()
    x = torch.randn(shape, generator=generator).to(device)
    for here, there in zip(stops[:-1], stops[1:], strict=True):
        cos, sin, to_cos, to_sin = angle[here].cos().item(), angle[here].sin().item(), angle[there].cos().item(), angle[there].sin().item()
        guess = model(x, torch.full((len(x),), here, device=device)).float()
        clean = ((x - sin * guess) / cos).clamp(-1, 1)
        noise = (x - cos * clean) / sin
        fresh = eta * to_sin / sin * math.sqrt(1 - (cos / to_cos) ** 2)
        x = to_cos * clean + math.sqrt(to_sin**2 - fresh**2) * noise + fresh * torch.randn(shape, generator=generator).to(device)
    model.train(was_training)
    return x


def save_unet(model: torch.nn.Module, path, **architecture) -> None:
    """Write a model's weights to a safetensors file, with the arguments that build it as JSON in the metadata (key "architecture")."""
    from safetensors.torch import save_file

    state = {name: value.detach().cpu().clone().contiguous() for name, value in model.state_dict().items()}
    save_file(state, path, metadata={"architecture": json.dumps(architecture)})


def load_unet(build, path) -> torch.nn.Module:
    """The model that `save_unet` wrote: `build(**architecture)` with its weights, in evaluation mode. `build` is the class UNet."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        architecture = json.loads(file.metadata()["architecture"])
        state = {name: file.get_tensor(name) for name in file.keys()}  # a safetensors file is no dict
    model = build(**architecture)
    model.load_state_dict(state)
    return model.eval()
