"""The measured figures of assignment 04 over three seeds.

    python -m solutions.figures.ddpm [SEED ...]

Trains the reference on the 1,500 training digits (8x8) as the notebook does, one thread, draws 1,500 samples per sampler, and prints markdown tables.

Recognised: share of pictures to which the workbook's judge, trained on the training digits, gives a class with p > 0.9.
Frechet ratio: Frechet distance, in the judge's features, of samples to real digits over that of real to real digits, means over 200 draws of 297
pictures on each side, without replacement. "Training": samples against training digits, over training digits against other training digits. "Held out":
samples against held-out digits, over training digits against the same held-out digits (all 297 of them: their chance, and that the judge was
trained on the training digits, enter this one). 1 is as near to real digits as other real digits are.
Nearest: median Euclidean distance, pixels in [0, 1], to the nearest training digit.
"""

import sys
import time

import torch

from autograder.reference import load
from workbook.data import digits8
from workbook.denoisers import DigitDenoiser
from workbook.judge import Judge

T, BATCH, SAMPLES = 100, 64, 1500
STRETCHES = ((1900, 3e-3), (1000, 1e-3), (700, 3e-4), (400, 1e-4))  # (steps, learning rate), as in the notebook
DDIM_STEPS = (10, 20, 50)


def trained(ref, x: torch.Tensor, schedule, seed: int) -> tuple[torch.nn.Module, float]:
    """The notebook's network after the notebook's training, and its CPU seconds."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = DigitDenoiser(ref.timestep_embedding, schedule, x)
    began = time.process_time()
    for steps, lr in STRETCHES:
        ref.train_ddpm(model, x, schedule, steps=steps, batch_size=BATCH, lr=lr, generator=generator)
    return model, time.process_time() - began


def samplers(ref, model, schedule, seed: int):
    """(name, pixels in [0, 1], CPU seconds) of every sampler."""
    for steps in (*DDIM_STEPS, None):
        generator, began = torch.Generator().manual_seed(1000 + seed), time.process_time()
        drawn = ref.ddim_sample(model, (SAMPLES, 64), schedule, steps, generator) if steps else ref.sample(model, (SAMPLES, 64), schedule, generator)
        yield f"DDIM, {steps} steps" if steps else f"full chain, {T} steps", ((drawn + 1) / 2).clamp(0, 1), time.process_time() - began


def nearest(x: torch.Tensor, train: torch.Tensor) -> torch.Tensor:
    """Distance of every row to its nearest training digit."""
    return torch.cdist(x, train).amin(1)


def header(judge, digits) -> str:
    """What the judge makes of real digits."""
    accuracy = (judge(digits.test_x).argmax(1) == digits.test_y).float().mean().item()
    return (f"judge: {len(digits.train_x):,} training digits, held-out accuracy {accuracy:.1%} of {len(digits.test_x)}; held-out digits recognised: "
            f"{judge.confident_fraction(digits.test_x):.1%}; held-out digits to nearest training digit: {nearest(digits.test_x, digits.train_x).median():.2f}")  # fmt: skip


def main(seeds: list[int]) -> None:
    """Train, sample, judge, print."""
    torch.set_num_threads(1)
    ref, digits, judge = load("04_ddpm"), digits8(), Judge.load(8)
    schedule = ref.make_schedule(ref.cosine_betas(T)).to(torch.float32)
    close = nearest(digits.test_x, digits.train_x).quantile(0.01)
    print(f"{sum(steps for steps, _ in STRETCHES):,} steps of {BATCH} digits, cosine schedule with T = {T}, {SAMPLES:,} samples per sampler, "
          f"seeds {', '.join(map(str, seeds))}, one CPU thread, torch {torch.__version__}")  # fmt: skip
    print(header(judge, digits), end="\n\n")
    print("| seed | training, CPU s | sampler | sampling, CPU s | recognised | Frechet ratio, training | held out | rarest and most frequent class | nearest | nearer than 99 % of held-out digits |")
    print("| --- " * 10 + "|", flush=True)
    for seed in seeds:
        model, training = trained(ref, digits.train_x * 2 - 1, schedule, seed)
        for name, pixels, seconds in samplers(ref, model, schedule, seed):
            found, distance = judge.report(pixels, digits.train_x), nearest(pixels, digits.train_x)
            shares = [count / SAMPLES for count in found.counts]
            print(f"| {seed} | {training:.0f} | {name} | {seconds:.1f} | {found.confident:.1%} | {found.train_ratio:.2f} | {found.ratio:.2f} | {min(shares):.1%}, {max(shares):.1%} | "
                  f"{distance.median():.2f} | {(distance < close).float().mean():.1%} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [0, 1, 2])
