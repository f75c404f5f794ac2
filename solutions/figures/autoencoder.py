"""The measured figures of assignment 01 over three seeds.

    python -m solutions.figures.autoencoder [SEED ...]

Trains the reference, one thread, with the budgets of the notebook, and prints two markdown tables. The first one: held-out mean squared error per
pixel of PCA, of a linear autoencoder (and the angle between its plane and PCA's) and of the non-linear one on 297 digits of 8x8, of PCA, a fully
connected and a convolutional autoencoder on 1,000 digits of 28x28. The second one: the share of the ten nearest training digits that show the
query's class, for raw pixels and for codes.
"""

import math
import sys
import time
from collections.abc import Callable

import torch
from torch import nn

from autograder.reference import load
from workbook.data import Split, digits8, digits28

NEIGHBOURS = 10
BUDGETS = {
    "linear": "2,500 steps of all 1,500 digits",
    "bent": "3,000 steps of 128",
    "connected": "4,000 steps of 64",
    "convolutional": "800 steps of 64",
}


@torch.no_grad()
def error(ref, model, x: torch.Tensor) -> float:
    """Mean squared error per pixel of a model on x."""
    return ref.mse_loss(model(x), x).item()


def pca(ref, x: torch.Tensor, test_x: torch.Tensor, k: int) -> float:
    """Held-out error of PCA with k codes, fitted to x."""
    mean, components = ref.fit_pca(x, k)
    return ref.mse_loss(ref.reconstruct(ref.project(test_x, mean, components), mean, components), test_x).item()


def linear(ref, data: Split, seed: int, k: int = 2, steps: int = 2500, lr: float = 0.03) -> tuple[float, float]:
    """A linear autoencoder by Adam with a falling rate on all digits at once: held-out error, and the largest angle of its plane to PCA's in degrees."""
    torch.manual_seed(seed)
    encoder, decoder = nn.Linear(64, k), nn.Linear(k, 64)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        loss = ref.mse_loss(decoder(encoder(data.train_x)), data.train_x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    angle = ref.largest_angle(decoder.weight.detach().T, ref.fit_pca(data.train_x, k)[1])
    return error(ref, lambda x: decoder(encoder(x)), data.test_x), math.degrees(angle)


def trained(ref, build: Callable[[], nn.Module], x: torch.Tensor, seed: int, **budget) -> nn.Module:
    """A network of the notebook, trained from a seed."""
    torch.manual_seed(seed)
    model = build()
    ref.train_autoencoder(model, x, generator=torch.Generator().manual_seed(seed), **budget)
    return model.eval()


@torch.no_grad()
def precision(ref, data: Split, encode: Callable[[torch.Tensor], torch.Tensor]) -> float:
    """The share of a held-out digit's nearest training digits, by `encode`, that show its class."""
    found = data.train_y[ref.nearest(encode(data.test_x), encode(data.train_x), NEIGHBOURS)]
    return (found == data.test_y[:, None]).double().mean().item()


def one_seed(ref, small: Split, large: Split, seed: int) -> tuple[dict, dict]:
    """Held-out errors (row name -> text) and precisions (row name -> number) of one seed's networks, with CPU seconds in the former."""
    errors, precisions, clock = {}, {}, time.process_time
    began = clock()
    value, angle = linear(ref, small, seed)
    errors["linear autoencoder, 2 codes", BUDGETS["linear"]] = (f"{value:.4f}, {angle:.3f} degrees from PCA", clock() - began)
    for k in (2, 16):
        began = clock()
        model = trained(ref, lambda k=k: ref.Autoencoder(latent_dim=k), small.train_x, seed, steps=3000)
        errors[f"autoencoder 64-32-{k}", BUDGETS["bent"]] = (f"{error(ref, model, small.test_x):.4f}", clock() - began)
        precisions[f"autoencoder 64-32-{k}"] = precision(ref, small, model.encode)
    flat, flat_test = large.train_x.flatten(1), large.test_x.flatten(1)
    began = clock()
    dense = trained(ref, lambda: ref.Autoencoder(784, 32, 16), flat, seed, steps=4000, batch_size=64)
    errors["28x28: autoencoder 784-32-16", BUDGETS["connected"]] = (f"{error(ref, dense, flat_test):.4f}", clock() - began)
    began = clock()
    conv = trained(ref, lambda: ref.ConvAutoencoder(16), large.train_x, seed, steps=800, batch_size=64, lr=3e-3)
    errors["28x28: convolutional, 16 codes", BUDGETS["convolutional"]] = (f"{error(ref, conv, large.test_x):.4f}", clock() - began)
    return errors, precisions


def fixed(ref, small: Split, large: Split) -> tuple[dict, dict]:
    """What does not depend on a seed: the mean digit, PCA, raw pixels."""
    mean = small.train_x.mean(0).expand_as(small.test_x)
    errors = {"mean digit": ref.mse_loss(mean, small.test_x).item()}
    precisions = {"64 raw pixels": precision(ref, small, lambda x: x)}
    for k in (2, 16):
        errors[f"PCA, {k} codes"] = pca(ref, small.train_x, small.test_x, k)
        centre, components = ref.fit_pca(small.train_x, k)
        precisions[f"PCA, {k} codes"] = precision(ref, small, lambda x, m=centre, c=components: ref.project(x, m, c))
    errors["28x28: PCA, 16 codes"] = pca(ref, large.train_x.flatten(1), large.test_x.flatten(1), 16)
    return errors, precisions


def main(seeds: list[int]) -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    ref, small, large = load("01_autoencoder"), digits8(), digits28()
    errors, precisions = fixed(ref, small, large)
    runs = {}
    for seed in seeds:
        runs[seed] = one_seed(ref, small, large, seed)
        print(f"seed {seed} done", file=sys.stderr, flush=True)
    heads = " | ".join(f"seed {seed}" for seed in seeds)
    print(f"Held-out mean squared error per pixel, one CPU thread, torch {torch.__version__}\n")
    print(f"| method | budget | {heads} | CPU s a run |\n| --- | --- |" + " --- |" * (len(seeds) + 1))
    for name, value in errors.items():
        print(f"| {name} | exact | " + " | ".join([f"{value:.4f}"] * len(seeds)) + " | - |")
    for name, budget in runs[seeds[0]][0]:
        cells = [runs[seed][0][name, budget] for seed in seeds]
        print(f"| {name} | {budget} | " + " | ".join(text for text, _ in cells) + f" | {sum(s for _, s in cells) / len(cells):.1f} |")
    print(f"\n| same class among the {NEIGHBOURS} nearest, by | {heads} |\n| --- |" + " --- |" * len(seeds))
    for name, value in precisions.items():
        print(f"| {name} | " + " | ".join([f"{value:.3f}"] * len(seeds)) + " |")
    for name in runs[seeds[0]][1]:
        print(f"| {name} | " + " | ".join(f"{runs[seed][1][name]:.3f}" for seed in seeds) + " |")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [0, 1, 2])
