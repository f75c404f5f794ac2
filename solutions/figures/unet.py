"""The measured figures of assignment 05 over three seeds, and those of the reference's weights.

    python -m solutions.figures.unet [SEED ...]

Trains the reference on the 4,000 training digits (28x28) as the notebook does on a CPU (8 channels at full resolution, 900 steps of 64 images), one
thread, draws samples in 20 steps from the averaged and from the last weights, and does the same with `solutions/weights/unet.safetensors`, which
`python -m solutions.training.unet` made. Prints a markdown table.

Loss: mean squared error of the predicted noise on 1,000 held-out digits at evenly spaced times, one noise for all networks.
Recognised: share of samples to which the workbook's judge gives a class with p > 0.9. Frechet: distance of the samples to held-out digits in the
judge's features, over that of training digits at the same number of pictures a side; 1 is as near as other real digits are.
"""

import sys
import time

import torch

from autograder.places import Places
from autograder.reference import load
from workbook.data import digits28
from workbook.diffusion import angle_schedule, clipped_sampler, load_unet
from workbook.judge import Judge

ARCHITECTURE, STEPS, BATCH, LR = {"in_ch": 1, "base": 8, "multipliers": (1, 2, 4), "time_dim": 64}, 900, 64, 3e-3
SAMPLES, SAMPLING = 256, 20
SCHEDULE = angle_schedule(1000)


@torch.no_grad()
def held_out_loss(model, images: torch.Tensor) -> float:
    """Mean squared error of the noise on images `(n, 1, 28, 28)` in [-1, 1], each at a time of its own."""
    t, eps = torch.linspace(1, SCHEDULE.T, len(images)).long(), torch.randn(images.shape, generator=torch.Generator().manual_seed(99))
    alpha_bar = SCHEDULE.alpha_bar[t].view(-1, 1, 1, 1)
    x_t = alpha_bar.sqrt() * images + (1 - alpha_bar).sqrt() * eps
    return sum((model(x, s) - e).square().sum().item() for x, s, e in zip(x_t.split(250), t.split(250), eps.split(250), strict=True)) / eps.numel()


def row(name: str, model, judge: Judge, digits, seconds: float | None) -> str:
    """One line of the table."""
    began = time.process_time()
    samples = clipped_sampler(model.eval(), (SAMPLES, 1, 28, 28), SCHEDULE, SAMPLING, torch.Generator().manual_seed(1))
    sampling = time.process_time() - began
    report = judge.report((samples + 1) / 2)
    weights = sum(parameter.numel() for parameter in model.parameters())
    loss, training = held_out_loss(model, digits.test_x * 2 - 1), "" if seconds is None else f"{seconds:.0f}"
    return (f"| {name} | {weights:,} | {loss:.4f} | {report.confident:.0%} | {min(report.counts)} to {max(report.counts)} | {report.to_real:.1f} | {report.ratio:.1f} "
            f"| {training} | {sampling:.0f} |")  # fmt: skip


def main(seeds: list[int]) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    ref, judge, digits = load("05_unet"), Judge.load(28), digits28()
    print(f"{STEPS} steps of {BATCH} images, {SAMPLES} samples in {SAMPLING} steps, one CPU thread, torch {torch.__version__}; real held-out digits recognised: "
          f"{judge.confident_fraction(digits.test_x):.1%}\n")  # fmt: skip
    print("| network | weights | held-out loss | recognised | samples per class | Frechet | ratio | CPU s, training | CPU s, sampling |")
    print("| --- | --: | --: | --: | --: | --: | --: | --: | --: |", flush=True)
    for seed in seeds:
        torch.manual_seed(seed)
        model, began = ref.UNet(**ARCHITECTURE), time.process_time()
        average, _ = ref.train_unet(model, digits.train_x * 2 - 1, SCHEDULE, steps=STEPS, batch_size=BATCH, lr=LR, generator=torch.Generator().manual_seed(seed), device="cpu")
        seconds = time.process_time() - began
        print(row(f"seed {seed}, averaged", average, judge, digits, seconds), flush=True)
        print(row(f"seed {seed}, last", model, judge, digits, None), flush=True)
    print(row("reference weights", load_unet(ref.UNet, Places.here().solutions / "weights" / "unet.safetensors"), judge, digits, None))


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [0, 1, 2])
