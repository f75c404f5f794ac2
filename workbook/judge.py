"""Small classifiers that judge generated digits: are they recognised, are all classes there, how far are they from real ones?

    python -m workbook.judge train     train both from their seeds and save them (about three CPU minutes)
    python -m workbook.judge report    what they make of real held-out digits, of rubbish and of copies

A judge saw the training part of its data set only. It was also shown rubbish (noise, digits with shuffled pixels) with the uniform
distribution as its target, so that "confidently recognised" means more than "pushed across the nearest border".
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

from workbook.data import Split, digits8, digits28

WEIGHTS = Path(__file__).parent / "weights"
FEATURES = 32
DIGITS = {8: digits8, 28: digits28}
EPOCHS = {8: 60, 28: 20}


@dataclass(frozen=True)
class Report:
    """How samples look to a judge.

    confident: share of the samples recognised with p > 0.9. real_confident: the same share of held-out real digits.
    counts: recognised class of every sample, ten numbers.
    to_real: Frechet distance, in the judge's features, of samples to held-out digits; real_to_real: of training digits to held-out digits, with
    `size` images on each side of both. ratio: to_real / real_to_real, about 1 for a perfect model (and for copies: look at nearest neighbours, too).
    to_train, train_to_train, train_ratio: the same with training digits as the yardstick, samples against them and one part of them against another,
    nothing in common. The judge was trained on these, and 297 digits differ from 1,500 by chance; here neither enters.
    """

    confident: float
    real_confident: float
    counts: tuple[int, ...]
    to_real: float
    real_to_real: float
    ratio: float
    to_train: float
    train_to_train: float
    train_ratio: float
    size: int


class Judge(nn.Module):
    """Two or three strided convolutions, a layer of 32 features, ten classes; images in [0, 1] of side 8 or 28."""

    def __init__(self, size: int):
        super().__init__()
        if size not in DIGITS:
            raise ValueError(f"expected images of side {' or '.join(map(str, DIGITS))}, got {size}")
        self.size = size
        pool = nn.Conv2d(32, 32, 3, stride=2, padding=1) if size == 28 else nn.Identity()
        side = 7 if size == 28 else 4
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.SiLU(), pool, nn.SiLU(), nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.SiLU(),
            nn.Flatten(), nn.Dropout(0.3), nn.Linear(64 * side * side, FEATURES),
        )
        self.head = nn.Linear(FEATURES, 10)

    @classmethod
    def load(cls, size: int) -> "Judge":
        """The trained judge of 8x8 or of 28x28 digits, in evaluation mode."""
        judge = cls(size)
        judge.load_state_dict(load_file(WEIGHTS / f"judge{size}.safetensors"))
        return judge.eval().requires_grad_(False)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Features `(n, 32)` of images in [0, 1], flat or `(n, 1, size, size)`."""
        return self.body(x.reshape(-1, 1, self.size, self.size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits `(n, 10)`."""
        return self.head(F.silu(self.features(x)))

    def probabilities(self, x: torch.Tensor) -> torch.Tensor:
        """Class probabilities `(n, 10)`."""
        return self(x).softmax(1)

    def confident_fraction(self, x: torch.Tensor, p: float = 0.9) -> float:
        """Share of the images whose most likely class has probability above p."""
        return (self.probabilities(x).amax(1) > p).float().mean().item()

    @torch.no_grad()
    def report(self, samples: torch.Tensor, real: torch.Tensor | None = None, draws: int = 200, seed: int = 0) -> Report:
        """Compare samples with real training images (default: the training part of the judge's data), all in [0, 1], at the held-out digits.

        All distances are means over `draws` random subsets of equal size, at most half of the training images: the Frechet distance of finite samples
        is biased upwards, the more the fewer they are. Give several times as many samples as there are held-out digits, else their own chance weighs in.
        """
        split = DIGITS[self.size]()
        made, known, held_out = self.features(samples), self.features(split.train_x if real is None else real), self.features(split.test_x)
        size = min(len(made), len(known) // 2, len(held_out))
        generator = torch.Generator().manual_seed(seed)
        totals = torch.zeros(4, dtype=torch.float64)
        for _ in range(draws):
            pick = [features[torch.randperm(len(features), generator=generator)] for features in (made, known, held_out)]
            some, one, other, unseen = pick[0][:size], pick[1][:size], pick[1][size : 2 * size], pick[2][:size]
            totals += torch.tensor([frechet(some, unseen), frechet(one, unseen), frechet(some, one), frechet(other, one)], dtype=torch.float64)
        to_real, real_to_real, to_train, train_to_train = (totals / draws).tolist()
        counts = torch.bincount(self.probabilities(samples).argmax(1), minlength=10)
        return Report(self.confident_fraction(samples), self.confident_fraction(split.test_x), tuple(counts.tolist()),
                      to_real, real_to_real, to_real / real_to_real, to_train, train_to_train, to_train / train_to_train, size)


def frechet(features_a: torch.Tensor, features_b: torch.Tensor) -> float:
    """Squared Frechet distance of the Gaussians fitted to two sets of features `(n, k)`, `(m, k)`, in float64."""
    a, b = features_a.double(), features_b.double()
    root = _root(torch.cov(a.T))
    cross = torch.linalg.eigvalsh(root @ torch.cov(b.T) @ root).clamp(min=0).sqrt().sum()
    return ((a.mean(0) - b.mean(0)).square().sum() + torch.cov(a.T).trace() + torch.cov(b.T).trace() - 2 * cross).item()


def _root(matrix: torch.Tensor) -> torch.Tensor:
    """The symmetric square root of a positive semi-definite matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def shaken(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Digits `(n, 1, s, s)` slightly turned, scaled, sheared, moved and noised: the variety a judge should not mind."""
    n, size = len(x), x.shape[-1]
    warp = torch.eye(2).expand(n, 2, 2) + 0.12 * (2 * torch.rand(n, 2, 2, generator=generator) - 1)
    move = (2 * torch.rand(n, 2, 1, generator=generator) - 1) * (1.2 / size)
    grid = F.affine_grid(torch.cat([warp, move], 2), list(x.shape), align_corners=False)
    noise = 0.04 * torch.randn(x.shape, generator=generator)
    return (F.grid_sample(x, grid, align_corners=False) + noise).clamp(0, 1)


def rubbish(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Images `(n, 1, s, s)` that are no digits: a third noise, a third shuffled pixels, a third digits drowned in noise."""
    flat = x.flatten(1)
    noise = torch.rand(flat.shape, generator=generator)
    shuffled = flat.gather(1, torch.rand(flat.shape, generator=generator).argsort(1))
    drowned = (flat + torch.randn(flat.shape, generator=generator)).clamp(0, 1)
    kind = torch.randint(3, (len(x), 1), generator=generator)
    return torch.where(kind == 0, noise, torch.where(kind == 1, shuffled, drowned)).view_as(x)


def train(size: int, seed: int = 0) -> Judge:
    """A judge trained on the training part of its digits, from a seed."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    split, judge = DIGITS[size](), Judge(size)
    x, y = split.train_x.reshape(-1, 1, size, size), split.train_y
    epochs = EPOCHS[size]
    steps = epochs * -(-len(x) // 100)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=3e-3, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for _ in range(epochs):
        for pick in torch.randperm(len(x), generator=generator).split(100):
            loss = F.cross_entropy(judge(shaken(x[pick], generator)), y[pick])
            loss = loss - 0.3 * judge(rubbish(x[pick[:30]], generator)).log_softmax(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
    return judge.eval().requires_grad_(False)


def describe(judge: Judge) -> str:
    """A few lines: accuracy and confidence on held-out digits, confidence on rubbish, the Frechet ratio of held-out against training digits."""
    split: Split = DIGITS[judge.size]()
    generator = torch.Generator().manual_seed(1)
    x = split.test_x.reshape(-1, 1, judge.size, judge.size)
    accuracy = (judge(x).argmax(1) == split.test_y).float().mean().item()
    real = judge.report(split.train_x)
    return "\n".join([
        f"{judge.size}x{judge.size}: {len(split.train_x)} training digits, {len(x)} held out",
        f"  held-out accuracy                     {accuracy:.1%}",
        f"  held-out digits with p > 0.9          {judge.confident_fraction(x):.1%}",
        f"  rubbish with p > 0.9                  {judge.confident_fraction(rubbish(x, generator)):.1%}",
        f"  Frechet, training to held-out digits  {real.real_to_real:.1f} at {real.size} digits a side",
        f"  Frechet ratio of training digits      {real.ratio:.2f}",
        f"  Frechet ratio of rubbish              {judge.report(rubbish(x, generator)).ratio:.0f}",
    ])


def main(arguments: list[str]) -> None:
    """`train [8|28]` trains and saves; `report` describes what is saved."""
    command, sizes = (arguments or ["report"])[0], [int(word) for word in arguments[1:]] or list(DIGITS)
    if command not in ("train", "report"):
        raise SystemExit(f"expected train or report, got {command!r}")
    torch.set_num_threads(1)
    for size in sizes:
        if command == "train":
            save_file(train(size).state_dict(), WEIGHTS / f"judge{size}.safetensors")
        print(describe(Judge.load(size)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
