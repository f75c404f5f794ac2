"""Local checks of what a trained model is good for: decoders from whose images the codes can be read off."""

import torch
from torch import nn

from workbook.checks import expect, expect_shape
from workbook.checks.vae.measuring import elsewhere, watched

MANY = 3000


class Showing(nn.Module):
    """Every latent coordinate has a pixel that shows it: its logit is z^3 + z, with an offset. The encoder is as curved."""

    def __init__(self, k: int = 3):
        super().__init__()
        self.latent_dim = k
        self.offset = nn.Parameter(torch.tensor(0.25))

    def encode(self, x):
        return 4 * x.square() - 2 + 0 * self.offset, 1.0 - x

    def decode(self, z):
        return (z + z**3) / 3 + self.offset

    def codes(self, x_hat) -> torch.Tensor:
        """The codes behind pixel means (float64), by Newton's method on the cubic."""
        want = 3 * (torch.logit(x_hat.detach().double().clamp(1e-15, 1 - 1e-15)) - 0.25)
        z = want.sign() * want.abs().pow(1 / 3)
        for _ in range(60):
            z = z - (z + z**3 - want) / (1 + 3 * z.square())
        return z


def generate(names):
    """Read off what the codes were; temperature, sizes, generator, modes, gradients, device."""
    see = "ancestral-vae"
    for temperature in (1.0, 0.3, 0.7):
        x_hat = watched(names.generate, Showing(), MANY, temperature, torch.Generator().manual_seed(3))
        _means(x_hat, (MANY, 3), see)
        _prior(Showing().codes(x_hat) / temperature, temperature, see)
    _means(names.generate(Showing(4), 1), (1, 4), see)
    _means(names.generate(Showing(1), n=5, temperature=0.5, generator=None), (5, 1), see)
    still = names.generate(Showing(), 4, 0.0)
    expect(torch.allclose(still, torch.full((4, 3), 0.25).sigmoid(), atol=1e-5), "at temperature 0 the images are not what the decoder says to z = 0", "n times the same image, the decoder's answer to 0", "where the temperature enters", see)
    first, same, other = (names.generate(Showing(), 5, 1.0, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    expect(torch.equal(first, same), "one seed gives two different sets of images", "the same images", "a draw that does not use the generator", see)
    expect(not torch.allclose(first, other), "two seeds give the same images", "others", "a seed of your own", see)
    _leaves_no_trace(names.generate, see)
    away = elsewhere(names.generate, Showing(), 3, what="generate")
    expect(away is None or away.device.type == "meta", "the images are not on the device of the model's parameters", "codes made there, or moved there", see=see)


def _means(x_hat, shape: tuple, see: str) -> None:
    expect_shape(x_hat, shape, "the images")
    low, high = x_hat.min().item(), x_hat.max().item()
    expect(low >= 0 and high <= 1, f"pixels from {low:.2f} to {high:.2f}", "means between 0 and 1", "the decoder's logits were not turned into probabilities", see)


def _prior(u: torch.Tensor, temperature: float, see: str) -> None:
    """Codes over the temperature: 3,000 standard normal numbers per coordinate (standard errors 0.018 of mean and correlation, 0.013 of the deviation, 0.09 of the fourth moment)."""
    spread = u.std(0)
    expect((spread > 1e-3).all(), f"latent coordinates vary by {[round(s, 3) for s in (spread * temperature).tolist()]} over {MANY} images", "every coordinate by about the temperature", "one code for all images, or a code of another size", see)
    expect(u.mean(0).abs().max() < 0.12 + 0.1 * spread.max(), f"the codes have the mean {[round(m, 2) for m in (u.mean(0) * temperature).tolist()]}", "about 0", "torch.rand where torch.randn belongs", see)
    known = ((u.abs() > 4.5).sum() < 30) and spread.max() < 3
    expect(known and (spread - 1).abs().max() < 0.1, f"for temperature {temperature} the codes have standard deviations {[round(s, 3) for s in (spread * temperature).tolist()]}", f"about {temperature}",
           "temperature where it does not belong (logits, a variance, a square), pixels that are no means, or no temperature", see)  # fmt: skip
    fourth = u.pow(4).mean(0)
    expect((fourth - 3).abs().max() < 0.9, f"standardised codes have the fourth moment {fourth.max().item():.2f}", "about 3, as normal numbers have", "another distribution", see)
    off = (torch.corrcoef(u.T) - torch.eye(3)).abs().max().item()
    expect(off < 0.12, f"two coordinates have the correlation {off:.2f}", "about 0", "one number drawn for several coordinates", see)


def _leaves_no_trace(function, see: str) -> None:
    """No gradient; training stays training, evaluation evaluation."""
    for training in (True, False):
        model = Showing().train(training)
        x_hat = function(model, 3, 1.0, torch.Generator().manual_seed(0))
        expect(not x_hat.requires_grad, "the images hold on to a gradient", "none", "no_grad is missing", see)
        word = {True: "training", False: "evaluation"}
        expect(model.training == training, f"the model came in {word[training]} mode and is in {word[not training]} mode now", "the mode in which it came", "eval() or train() without looking at what was there", see)


def interpolate(names):
    """Read off the codes on the way: they start and end at the means, and go in equal steps along a line."""
    see = "interpolation"
    a, b = torch.tensor([0.1, 0.9, 0.6], dtype=torch.float64), torch.tensor([0.8, 0.5, 0.95], dtype=torch.float64)
    for dtype, tolerance in ((torch.float64, 1e-6), (torch.float32, 1e-3)):
        for steps in (2, 3, 7):
            x_hat = watched(names.interpolate, Showing().to(dtype), a.to(dtype), b.to(dtype), steps)
            expect_shape(x_hat, (steps, 3), f"a walk of {steps} steps", dtype)
            _means(x_hat, (steps, 3), see)
            _line(Showing().codes(x_hat), 4 * a.square() - 2, 4 * b.square() - 2, tolerance, see)
    first, again = (names.interpolate(Showing(), a.float(), b.float(), 4) for _ in range(2))
    expect(torch.equal(first, again), "two equal walks differ", "the same images", "codes drawn at random where means are asked for", see)
    expect_shape(names.interpolate(Showing(1), torch.tensor([0.3]), torch.tensor([0.4]), 3), (3, 1), "a walk between images of one pixel")
    elsewhere(names.interpolate, Showing(), a.float(), b.float(), 4, what="interpolate")


def _line(codes: torch.Tensor, start: torch.Tensor, stop: torch.Tensor, tolerance: float, see: str) -> None:
    for row, want, name in ((codes[0], start, "first"), (codes[-1], stop, "last")):
        expect(torch.allclose(row, want, atol=tolerance), f"the {name} image is that of the code {[round(v, 3) for v in row.tolist()]}", f"{[round(v, 3) for v in want.tolist()]}, the posterior mean of x_{'a' if name == 'first' else 'b'}",
               "an end left out, the wrong direction, a random draw, or the other output of encode", see)  # fmt: skip
    gaps = codes.diff(dim=0)
    expect(torch.allclose(gaps, gaps[:1].expand_as(gaps), atol=2 * tolerance), f"the first coordinate of the codes goes {[round(v, 3) for v in codes[:, 0].tolist()]}", "equal steps",
           "images or logits were mixed instead of codes, or the path is curved", see)  # fmt: skip
