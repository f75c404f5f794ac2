"""The local check of the Bernoulli likelihood: probabilities of all images sum to 1, odds are what a logit says, grey lies between."""

import math

import torch

from workbook.checks import expect, expect_shape
from workbook.checks.vae.measuring import each_on_its_own, elsewhere, near, pixel, same_slopes, watched

SEE = "bernoulli-likelihood"


def bernoulli_log_likelihood(names):
    """All 16 images of four pixels; odds; grey pixels; sure decoders; slopes, dtype, device."""
    _all_images(names.bernoulli_log_likelihood)
    logits, x = 2 * torch.randn(5, 5, dtype=torch.float64), torch.rand(5, 5, dtype=torch.float64)
    whole = expect_shape(watched(names.bernoulli_log_likelihood, logits, x), (5,), "the log-likelihood of 5 images", torch.float64)
    each_on_its_own(names.bernoulli_log_likelihood, logits, x, what="a log-likelihood of", see=SEE)
    for i in range(5):
        want = sum(pixel(logit, grey) for logit, grey in zip(logits[i].tolist(), x[i].tolist(), strict=True))
        expect(abs(whole[i].item() - want) < 1e-6, f"a grey image scores {whole[i].item():.4f} nats", f"{want:.4f}, each pixel counted as partly on and partly off", "grey values that are rounded, or swapped arguments", SEE)
    _sure_decoders(names.bernoulli_log_likelihood)
    same_slopes(names.bernoulli_log_likelihood, (logits, x), 0, "the logits", "detach, or no_grad", SEE)
    expect_shape(names.bernoulli_log_likelihood(logits.float(), x.float()), (5,), "the log-likelihood of float32 images", torch.float32)
    elsewhere(names.bernoulli_log_likelihood, torch.zeros(2, 3), torch.zeros(2, 3), what="bernoulli_log_likelihood")


def _all_images(function) -> None:
    """The probabilities of all images of four pixels sum to 1; one pixel more on multiplies the probability by e^logit."""
    images = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 4)
    logits = torch.tensor([0.5, -1.0, 2.0, -0.3], dtype=torch.float64)
    got = expect_shape(function(logits.expand(16, 4).clone(), images), (16,), "the log-likelihood of 16 images of 4 pixels", torch.float64)
    expect(got.max() <= 1e-9, f"a black and white image has log-probability {got.max().item():.3f}", "at most 0, as a probability is at most 1", "this is the cross-entropy, a cost", SEE)
    total = got.exp().sum().item()
    expect(abs(total - 1) < 1e-6, f"your probabilities of all 16 images of four pixels sum to {total:.4f}", "1", "a mean over pixels, a lost term, or numbers that are not read as logits", SEE)
    for i in range(4):
        on = torch.zeros(4, dtype=torch.float64)
        on[i] = 1
        odds = (got[(images == on).all(1)] - got[0]).item()
        expect(abs(odds - logits[i].item()) < 1e-6, f"switching a pixel of logit {logits[i].item()} on changes the log-probability by {odds:.4f}", "its logit", "a second sigmoid", SEE)


def _sure_decoders(function) -> None:
    """Wrong by 30, 90 or 300 nats is reported so, and can be learned from; right costs nothing."""
    for size in (30.0, 90.0, 300.0):
        for sign, x in ((1, 0.0), (-1, 1.0)):
            logits = torch.full((1, 1), sign * size, requires_grad=True)
            value = function(logits, torch.full((1, 1), x))
            expect(near(value, -size, 1e-3), f"a decoder that is sure of the wrong colour (logit {sign * size:.0f}, pixel {x:.0f}) scores {value.item():.4g} nats", f"{-size:.0f}",
                   "a probability was rounded to 0 or 1, padded or clamped on the way to its logarithm", SEE)  # fmt: skip
            (gradient,) = torch.autograd.grad(value.sum(), logits)
            expect(near(gradient, -sign, 1e-4), f"at logit {sign * size:.0f} and pixel {x:.0f} the gradient is {gradient.item():.3g}", f"{-sign}: the worse the mistake, the more there is to learn", "a dead spot of the formula", SEE)
            right = function(torch.full((1, 1), sign * size), torch.full((1, 1), 1 - x)).item()
            expect(-1e-3 < right < 1e-6 and math.isfinite(right), f"a decoder that is sure and right scores {right:.4g}", "0, up to rounding", "an overflow, or a padded logarithm", SEE)
