"""DDPM on 8x8 digits as contestants: the reference, diffusers, denoising-diffusion-pytorch; about as many weights, as much CPU time, one judge.

Held equal: the 1,500 training digits, batches of 64, T = 100, Adam, the learning rate as a function of the share of time that has passed, one CPU
thread, and the CPU seconds of training, which are what the reference's own training takes on the same machine in the same run. Each library
brings its own training objective, noise schedule, sampler, and (but for the second) network, in the sizes and settings that it recommends.

- "diffusers": UNet2DModel, DDPMScheduler (squaredcos_cap_v2, predicting noise, samples clipped), as in its training examples
- "diffusers, our network": the same scheduler and loop with the workbook's DigitDenoiser
- "denoising-diffusion-pytorch": its Unet and GaussianDiffusion with their defaults (v-prediction, sigmoid schedule)
"""

import sys
from collections.abc import Callable
from unittest.mock import MagicMock

import torch
import torch.nn.functional as F
from torch import nn

from autograder.reference import load
from benchmarks.small_trainings import count
from benchmarks.stopwatch import Stopwatch
from solutions.figures.ddpm import BATCH, STRETCHES, T
from workbook.data import batches, digits8
from workbook.denoisers import DigitDenoiser
from workbook.judge import Judge
from workbook.schedule import NoiseSchedule

SAMPLES, MANY = 600, 10**6
SIZE_SLACK = 0.1  # of the reference's number of weights
NOT_NEEDED = ("torchvision", "torchvision.transforms", "torchvision.utils", "pytorch_fid", "pytorch_fid.fid_score", "pytorch_fid.inception")


def rate(share: float) -> float:
    """The learning rate when this share of the training is over: the reference's four stretches."""
    whole, past = sum(steps for steps, _ in STRETCHES), 0
    for steps, lr in STRETCHES:
        past += steps
        if share * whole < past:
            return lr
    return STRETCHES[-1][1]


def judged(images: torch.Tensor, x: torch.Tensor) -> dict[str, float]:
    """What the judge makes of samples in [0, 1]: the share recognised, Frechet distances over those of real digits to others."""
    report = Judge.load(8).report(images.flatten(1).clamp(0, 1), x)
    return {"recognised": report.confident, "frechet": report.train_ratio, "frechet_held_out": report.ratio}


def reference(seed: int) -> dict:
    """The notebook's training; samples judged at the end of each of its four stretches."""
    ref, digits = load("04_ddpm"), digits8()
    x, schedule = digits.train_x * 2 - 1, ref.make_schedule(ref.cosine_betas(T)).to(torch.float32)
    torch.manual_seed(seed)
    generator, model, curve = torch.Generator().manual_seed(seed), DigitDenoiser(ref.timestep_embedding, schedule, x), []
    watch = Stopwatch(lambda: judged((ref.sample(model, (SAMPLES, 64), schedule, torch.Generator().manual_seed(1000 + seed)) + 1) / 2, digits.train_x), float("inf"))
    for steps, lr in STRETCHES:
        with watch.on_torch():
            ref.train_ddpm(model, x, schedule, steps=steps, batch_size=BATCH, lr=lr, generator=generator)
        watch.look(watch.used())
    curve = [(seconds, found["recognised"]) for seconds, found in watch.curve]
    return watch.curve[-1][1] | {"curve": curve, "cpu": watch.curve[-1][0], "steps": watch.steps, "weights": count(model)}


def peer(contestant: str, seed: int, budget: float) -> dict:
    """A library's training for `budget` CPU seconds, its samples judged at the end."""
    digits = digits8()
    torch.manual_seed(seed)
    model, loss_of, sample = PEERS[contestant](digits.train_x)
    optimiser, watch = torch.optim.Adam(model.parameters(), lr=rate(0)), Stopwatch(None, budget)
    stream = batches(digits.train_x, BATCH, torch.Generator().manual_seed(seed))

    def next_rate(used: torch.optim.Optimizer) -> None:
        for group in used.param_groups:
            group["lr"] = rate(watch.used() / budget)

    with watch.on_torch(next_rate):
        for _ in range(MANY):
            loss = loss_of(next(stream))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    cpu = watch.used()
    with torch.no_grad():
        found = judged(sample(SAMPLES), digits.train_x)
    return found | {"curve": [(cpu, found["recognised"])], "cpu": cpu, "steps": watch.steps, "weights": count(model)}


def nearest_size(build: Callable[..., nn.Module], choices: list[tuple], size: int) -> nn.Module:
    """The network whose number of weights is nearest to `size`. Raises ValueError where none is within SIZE_SLACK."""
    with torch.device("meta"):
        best = min(choices, key=lambda choice: abs(count(build(*choice)) - size))
    model = build(*best)
    if abs(count(model) / size - 1) > SIZE_SLACK:
        raise ValueError(f"no network of about {size:,} weights; the nearest has {count(model):,}")
    return model


def our_size(x: torch.Tensor) -> int:
    """Number of weights of the reference's network."""
    ref = load("04_ddpm")
    return count(DigitDenoiser(ref.timestep_embedding, ref.make_schedule(ref.cosine_betas(T)).to(torch.float32), x))


def diffusers_unet(x: torch.Tensor):
    """UNet2DModel of two levels, one block each, attention at 4x4."""
    from diffusers import UNet2DModel

    def build(high: int, low: int) -> nn.Module:
        return UNet2DModel(
            sample_size=8, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=(high, low), norm_num_groups=8, attention_head_dim=8,
            down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        )  # fmt: skip

    model = nearest_size(build, [(high, low) for high in (16, 24, 32, 40) for low in (24, 32, 40, 48, 56, 64)], our_size(x))
    return model, *with_scheduler(lambda noisy, t: model(noisy.view(-1, 1, 8, 8), t).sample.flatten(1))


def diffusers_our_network(x: torch.Tensor):
    """diffusers' scheduler around the workbook's network, which counts times from 1 and knows the schedule."""
    from diffusers import DDPMScheduler

    alpha_bar = torch.cat([torch.ones(1), DDPMScheduler(num_train_timesteps=T, beta_schedule="squaredcos_cap_v2").alphas_cumprod])
    ratio = torch.cat([torch.ones(1), alpha_bar[1:] / alpha_bar[:-1]])
    model = DigitDenoiser(load("04_ddpm").timestep_embedding, NoiseSchedule(1 - ratio, ratio, alpha_bar, torch.zeros(T + 1)), x * 2 - 1)
    return model, *with_scheduler(lambda noisy, t: model(noisy, t + 1))


def with_scheduler(predict: Callable) -> tuple[Callable, Callable]:
    """The loss and the sampler of diffusers' training example, for predict(noisy (n, 64), t (n,)) -> noise (n, 64)."""
    from diffusers import DDPMScheduler

    scheduler = DDPMScheduler(num_train_timesteps=T, beta_schedule="squaredcos_cap_v2")

    def loss_of(images: torch.Tensor) -> torch.Tensor:
        clean, t = images * 2 - 1, torch.randint(0, T, (len(images),))
        noise = torch.randn_like(clean)
        return F.mse_loss(predict(scheduler.add_noise(clean, noise, t), t), noise)

    def sample(n: int) -> torch.Tensor:
        scheduler.set_timesteps(T)
        x = torch.randn(n, 64)
        for t in scheduler.timesteps:
            x = scheduler.step(predict(x, t.expand(n)), t, x).prev_sample
        return (x + 1) / 2

    return loss_of, sample


def lucidrains(x: torch.Tensor):
    """The Unet of two levels and GaussianDiffusion of denoising-diffusion-pytorch; images in [0, 1] go in and come out."""
    for name in NOT_NEEDED:  # imported by its Trainer and its Frechet distance, neither of which is used here
        sys.modules.setdefault(name, MagicMock())
    from denoising_diffusion_pytorch import GaussianDiffusion, Unet

    def build(width: int, heads: int) -> nn.Module:
        return Unet(dim=width, dim_mults=(1, 2), channels=1, attn_heads=heads)

    model = nearest_size(build, [(width, heads) for width in (16, 20, 24, 28) for heads in (1, 2, 4)], our_size(x))
    diffusion = GaussianDiffusion(model, image_size=8, timesteps=T)
    return model, lambda images: diffusion(images.view(-1, 1, 8, 8)), lambda n: diffusion.sample(batch_size=n)


PEERS = {"diffusers": diffusers_unet, "diffusers, our network": diffusers_our_network, "denoising-diffusion-pytorch": lucidrains}
