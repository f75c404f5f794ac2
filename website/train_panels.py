"""Train the panels' networks and write them to website/weights.safetensors: `python -m website.train_panels` (seeded, under 3 CPU minutes)."""

import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

from website.models import BETAS, HALF_TURN, Coder, Denoiser, elbo_terms, empty_models
from workbook.data import batches, digits8

WEIGHTS = Path(__file__).with_name("weights.safetensors")


def fit(model: nn.Module, loss_of, *, steps: int, size: int, lr: float, seed: int, average: float = 0.0) -> float:
    """Minimise `loss_of(batch, generator)` over the training digits by Adam with a falling rate; the mean of the last losses.

    average: decay of a running average of the weights that takes their place at the end (0 keeps the last ones).
    """
    generator = torch.Generator().manual_seed(seed)
    data = batches(digits8().train_x, size, generator)
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, eta_min=lr / 50)
    kept = [p.detach().clone() for p in model.parameters()]
    losses = []
    for _ in range(steps):
        loss = loss_of(next(data), generator)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        torch._foreach_lerp_(kept, [p.detach() for p in model.parameters()], 1 - average)
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), kept):
            parameter.copy_(value)
    return sum(losses[-200:]) / 200


def autoencoder_loss(model: Coder):
    """The cross-entropy of the reconstruction, plus a weak pull of the codes towards the origin so that the map has a scale."""

    def loss(x, generator):
        code, _ = model.encode(x)
        return F.binary_cross_entropy_with_logits(model.decoder(code), x) * 64 + 0.01 * code.square().sum(1).mean()

    return loss


def vae_loss(model: Coder, beta: float):
    """Distortion + beta x rate, a fresh draw of noise per image."""

    def loss(x, generator):
        distortion, rate = elbo_terms(model, x, torch.randn(len(x), model.latent, generator=generator))
        return (distortion + beta * rate).mean()

    return loss


def velocity_loss(model: Denoiser):
    """The squared error of the velocity at an angle drawn uniformly from (0, pi / 2); pixels in [-1, 1] (lecture 5, conversions)."""

    def loss(x, generator):
        clean, angle = 2 * x - 1, HALF_TURN * torch.rand(len(x), generator=generator)
        eps = torch.randn(x.shape, generator=generator)
        cos, sin = angle.cos()[:, None], angle.sin()[:, None]
        return F.mse_loss(model(cos * clean + sin * eps, angle), cos * eps - sin * clean)

    return loss


def train() -> dict[str, nn.Module]:
    """All networks, trained; prints what each reached."""
    torch.manual_seed(0)
    models = empty_models()
    report = {"ae2": fit(models["ae2"], autoencoder_loss(models["ae2"]), steps=6000, size=128, lr=3e-3, seed=1)}
    report["vae2"] = fit(models["vae2"], vae_loss(models["vae2"], 1.0), steps=6000, size=128, lr=3e-3, seed=2)
    for i, beta in enumerate(BETAS):
        report[f"beta{i}"] = fit(models[f"beta{i}"], vae_loss(models[f"beta{i}"], beta), steps=4000, size=128, lr=3e-3, seed=3 + i)
    report["denoiser"] = fit(models["denoiser"], velocity_loss(models["denoiser"]), steps=24000, size=256, lr=2e-3, seed=20, average=0.999)
    for name, loss in report.items():
        print(f"{name:10} loss {loss:8.3f}")
    return models


def saved_models() -> dict[str, nn.Module]:
    """The committed networks, in float64 (weights of float32) and evaluation mode."""
    state, models = load_file(WEIGHTS), empty_models()
    for name, model in models.items():
        model.load_state_dict({key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")})
        model.double().eval().requires_grad_(False)
    return models


def main() -> None:
    torch.set_num_threads(1)
    start = time.process_time()
    state = {f"{name}.{key}": value.contiguous() for name, model in train().items() for key, value in model.state_dict().items()}
    save_file(state, WEIGHTS)
    WEIGHTS.chmod(0o644)
    print(f"{WEIGHTS.name}: {WEIGHTS.stat().st_size / 1e6:.2f} MB in {time.process_time() - start:.0f} CPU seconds")


if __name__ == "__main__":
    main()
