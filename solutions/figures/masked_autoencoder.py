"""The measured figures of assignment 02 over three seeds.

    python -m solutions.figures.masked_autoencoder [SEED ...]

Trains the reference on 4,000 digits (28x28, patch 4, 75 % hidden), one thread, and prints two markdown tables: error per hidden pixel on 1,000
held-out digits next to the mean training image's on the same masks, and held-out accuracies of a linear probe on raw pixels, on an untrained and on the trained encoder.
"""

import sys
import time

import torch
import torch.nn.functional as F

from autograder.reference import load
from workbook.data import digits28

STEPS, BATCH, RATIO, LABELS = 4000, 64, 0.75, (200, 500, 4000)


@torch.no_grad()
def hidden_error(ref, model, images, average, ratio: float = RATIO, seed: int = 99) -> tuple[float, float]:
    """Squared error per hidden pixel of the model, and of the image `average`, on the same masks."""
    target = ref.patchify(images, model.patch)
    keep, mask, restore = ref.random_masking(torch.rand(target.shape[:2], generator=torch.Generator().manual_seed(seed)), ratio)
    pred = torch.cat([model(*part) for part in zip(images.split(250), keep.split(250), restore.split(250), strict=True)])
    mean = ref.patchify(average.expand_as(images), model.patch)
    return ref.masked_loss(pred, target, mask).item(), ref.masked_loss(mean, target, mask).item()


@torch.no_grad()
def features(model, images, regions: int) -> torch.Tensor:
    """Mean codes over a grid of regions x regions of whole images, `(n, regions * regions * dim)`."""
    side, parts = images.shape[-1] // model.patch, []
    for part in images.split(250):
        codes = model.encode(part, torch.arange(side * side).expand(len(part), -1))
        parts.append(F.adaptive_avg_pool2d(codes.transpose(1, 2).reshape(len(part), -1, side, side), regions).flatten(1))
    return torch.cat(parts)


def raw_pixels(x, y, test_x, test_y) -> float:
    """The best held-out accuracy of a logistic regression on raw pixels over four strengths of regularisation (chosen on the test part, in its favour)."""
    from sklearn.linear_model import LogisticRegression

    strengths = (0.03, 0.1, 0.3, 1.0)
    return max(LogisticRegression(C=c, max_iter=300).fit(x.flatten(1).numpy(), y.numpy()).score(test_x.flatten(1).numpy(), test_y.numpy()) for c in strengths)


def one_seed(ref, data, seed: int) -> dict:
    """Train and measure one seed."""
    torch.manual_seed(seed)
    model, untrained = ref.MaskedAutoencoder(), ref.MaskedAutoencoder()
    began = time.process_time()
    ref.train_mae(model, data.train_x, steps=STEPS, batch_size=BATCH, mask_ratio=RATIO, generator=torch.Generator().manual_seed(seed))
    seconds = time.process_time() - began
    model.eval()
    error, of_mean = hidden_error(ref, model, data.test_x, data.train_x.mean(0))
    easy, _ = hidden_error(ref, model, data.test_x, data.train_x.mean(0), ratio=0.25)
    accuracies = {}
    for name, network in (("untrained", untrained), ("trained", model)):
        for regions in (1, 3):
            train, test = features(network, data.train_x, regions), features(network, data.test_x, regions)
            accuracies[name, regions] = [ref.linear_probe(train[:k], data.train_y[:k], test, data.test_y) for k in LABELS]
    return {"error": error, "mean": of_mean, "easy": easy, "seconds": seconds, "accuracies": accuracies}


def main(seeds: list[int]) -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    ref, data = load("02_masked_autoencoder"), digits28()
    pixels = [raw_pixels(data.train_x[:k], data.train_y[:k], data.test_x, data.test_y) for k in LABELS]
    runs = {}
    for seed in seeds:
        runs[seed] = one_seed(ref, data, seed)
        print(f"seed {seed} done, {runs[seed]['seconds']:.0f} CPU s of training", file=sys.stderr, flush=True)
    print(f"{STEPS} steps of {BATCH} images, {RATIO:.0%} hidden, seeds {', '.join(map(str, seeds))}, one CPU thread, torch {torch.__version__}\n")
    print("| seed | error, hidden pixels | mean image | ratio | at 25 % hidden | CPU s |\n| --- | --- | --- | --- | --- | --- |")
    for seed, run in runs.items():
        print(f"| {seed} | {run['error']:.4f} | {run['mean']:.4f} | {run['error'] / run['mean']:.2f} | {run['easy']:.4f} | {run['seconds']:.0f} |")
    print("\n| linear probe on | numbers | seed | " + " | ".join(f"{k:,} labels" for k in LABELS) + " |\n| --- | --- | --- |" + " --- |" * len(LABELS))
    print("| raw pixels, best regularisation | 784 | - | " + " | ".join(f"{score:.1%}" for score in pixels) + " |")
    for (name, regions), size in ((("untrained", 1), 64), (("trained", 1), 64), (("untrained", 3), 576), (("trained", 3), 576)):
        for seed, run in runs.items():
            what = f"{name} encoder, {'mean' if regions == 1 else '3x3 means'}"
            print(f"| {what} | {size} | {seed} | " + " | ".join(f"{score:.1%}" for score in run["accuracies"][name, regions]) + " |")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [0, 1, 2])
