"""Local checks of the three formulas with Gaussians in them: integrals on a grid, slopes by small steps."""

import math

import torch

from workbook.checks import expect, expect_shape
from workbook.checks.vae.measuring import average_over_normal, divergence_on_a_grid, each_on_its_own, elsewhere, near, same_slopes, watched

TIGHT = {torch.float32: 1e-4, torch.float64: 1e-8}


def gaussian_kl(names):
    """Integrals on a grid, coordinates that add up, the prior itself, slopes, dtype, device."""
    see, doubles = "gaussian-kl", torch.float64
    at_prior = expect_shape(watched(names.gaussian_kl, torch.zeros(1, 3), torch.zeros(1, 3)), (1,), "the KL of one image with 3 coordinates", torch.float32)
    expect(near(at_prior, 0, 1e-6), f"the encoder answers the prior itself, and the KL is {at_prior.item():.3f}", "0: a code that says nothing costs nothing", "a term that is missing in each coordinate", see)
    for mu, logvar in ((1.0, 0.0), (0.0, 1.5), (0.0, -2.0), (-0.7, 0.9), (2.0, -1.0)):
        got = expect_shape(names.gaussian_kl(torch.tensor([[mu]], dtype=doubles), torch.tensor([[logvar]], dtype=doubles)), (1,), "the KL of one image with one coordinate", doubles).item()
        want = divergence_on_a_grid(mu, logvar)
        expect(abs(got - want) < 1e-7, f"for mu = {mu} and logvar = {logvar} you get {got:.4f}", f"{want:.4f}, by an integral on a grid", _kl_cause(got, want, mu, logvar), see)
    mu, logvar = torch.randn(4, 4, dtype=doubles), torch.randn(4, 4, dtype=doubles)
    whole = expect_shape(watched(names.gaussian_kl, mu, logvar), (4,), "the KL of 4 images with 4 coordinates", doubles)
    parts = sum(names.gaussian_kl(mu[:, j : j + 1], logvar[:, j : j + 1]) for j in range(4))
    expect(near(whole, parts, 1e-9), f"four coordinates together cost {whole[0]:.3f} nats, one by one they cost {parts[0]:.3f}", "the same: costs of independent coordinates add up", "a mean, or a sum over images", see)
    each_on_its_own(names.gaussian_kl, mu, logvar, what="a KL of", see=see)
    same_slopes(names.gaussian_kl, (mu, logvar), 0, "mu", "a detach, or no_grad", see)
    same_slopes(names.gaussian_kl, (mu, logvar), 1, "logvar", "part of the formula is cut off: a detach, or no_grad", see)
    elsewhere(names.gaussian_kl, torch.zeros(2, 3), torch.zeros(2, 3), what="gaussian_kl")


def _kl_cause(got: float, want: float, mu: float, logvar: float) -> str:
    """A guess from the number."""
    if abs(got + want) < 1e-6:
        return "every sign of the bracket is turned, without a minus in front"
    if abs(got - 2 * want) < 1e-6:
        return "the factor in front"
    if mu == 0 and abs(got - divergence_on_a_grid(0.0, 2 * logvar)) < 1e-6:
        return "logvar taken for the logarithm of the standard deviation"
    return "one of the four terms, or the direction of the divergence"


def reparameterize(names):
    """No noise gives the mean, one unit of noise one standard deviation; slopes; the same noise, the same code; dtype, device."""
    see = "reparameterization"
    for dtype in (torch.float64, torch.float32):
        mu, logvar = torch.tensor([[1.0, -2.0, 0.5]], dtype=dtype), torch.tensor([[math.log(4.0), 0.0, -3.0]], dtype=dtype)
        still = expect_shape(watched(names.reparameterize, mu, logvar, torch.zeros(1, 3, dtype=dtype)), (1, 3), "z for one image with 3 coordinates", dtype)
        expect(near(still, mu, TIGHT[dtype]), f"with eps = 0 and mu = {mu[0].tolist()} the code is {_rounded(still[0])}", "mu", "noise of your own beside the eps given, or a mean that is changed", see)
        away = names.reparameterize(mu, logvar, torch.ones(1, 3, dtype=dtype)) - mu
        expect(near(away.square().log(), logvar, 100 * TIGHT[dtype]), f"with eps = 1 the code moves by {_rounded(away[0])} for variances {_rounded(logvar.exp()[0])}",
               "one standard deviation, the root of the variance", "logvar, or the variance, where the standard deviation belongs", see)  # fmt: skip
    mu, logvar, eps = (torch.randn(4, 4, dtype=torch.float64) for _ in range(3))
    once, again = watched(names.reparameterize, mu, logvar, eps), names.reparameterize(mu, logvar, eps)
    expect(torch.equal(once, again), "the same eps gives two different codes", "one code", "randomness inside; all of it comes in as eps", see)
    moved = eps.clone()
    moved[1, 2] += 1
    changed = (names.reparameterize(mu, logvar, moved) != once).nonzero().tolist()
    expect(changed == [[1, 2]], f"when one entry of eps changes, {len(changed)} entries of z change", "the one in the same place", "one number of noise shared between coordinates or images", see)
    for at, name in ((0, "mu"), (1, "logvar")):
        same_slopes(names.reparameterize, (mu, logvar, eps), at, name, "detach, .data, no_grad, or torch.normal on the way", see)
    elsewhere(names.reparameterize, torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(2, 3), what="reparameterize")


def gaussian_log_likelihood(names):
    """A density: its integral is 1, half a nat per squared standard deviation; pixels add up; slopes, dtype, device."""
    see = "gaussian-likelihood"
    for sigma in (0.1, 1.0, 2.5):
        total = average_over_normal(lambda u, sigma=sigma: _density_ratio(names.gaussian_log_likelihood, u, sigma))
        fallen = _fall(names.gaussian_log_likelihood, sigma)
        for away, nats in fallen.items():
            expect(abs(nats - away**2 / 2) < 1e-6, f"for sigma = {sigma}, a pixel {away} sigma off its mean scores {nats:.4f} nats less than one on it", f"{away**2 / 2}",
                   "how sigma enters below the squared error", see)  # fmt: skip
        expect(abs(total - 1) < 1e-6, f"for one pixel and sigma = {sigma} your density has the integral {total:.4f}", "1", "the part that does not depend on x: the normalising constant", see)
    mean, x = torch.randn(5, 5, dtype=torch.float64), torch.randn(5, 5, dtype=torch.float64)
    whole = expect_shape(watched(names.gaussian_log_likelihood, mean, x, 0.7), (5,), "the log-likelihood of 5 images", torch.float64)
    parts = sum(names.gaussian_log_likelihood(mean[:, j : j + 1], x[:, j : j + 1], 0.7) for j in range(5))
    expect(near(whole, parts, 1e-9), f"five pixels together score {whole[0]:.3f} nats, one by one {parts[0]:.3f}", "the same: log-likelihoods of independent pixels add up",
           "a mean over pixels, or a constant that does not count them", see)  # fmt: skip
    each_on_its_own(lambda m, v: names.gaussian_log_likelihood(m, v, 0.7), mean, x, what="a log-likelihood of", see=see)
    for at, name in ((0, "mean"), (1, "x")):
        same_slopes(lambda m, v: names.gaussian_log_likelihood(m, v, 0.7), (mean, x), at, name, "detach, or no_grad", see)
    expect_shape(names.gaussian_log_likelihood(mean.float(), x.float(), 0.7), (5,), "the log-likelihood of float32 images", torch.float32)
    elsewhere(names.gaussian_log_likelihood, torch.zeros(2, 3), torch.zeros(2, 3), 0.7, what="gaussian_log_likelihood")


def _density_ratio(function, u: torch.Tensor, sigma: float) -> torch.Tensor:
    """Your density of single pixels at 0.3 + sigma u, over that of u: its average over normal u is your density's integral."""
    x = (0.3 + sigma * u)[:, None]
    value = expect_shape(function(torch.full_like(x, 0.3), x, sigma), (len(u),), f"the log-likelihood of {len(u)} images of one pixel", torch.float64)
    return (value + u.square() / 2).clamp(max=700).exp() * math.sqrt(2 * math.pi) * sigma


def _fall(function, sigma: float) -> dict[float, float]:
    """How far the value falls from the mean to some standard deviations beside it, for one pixel."""
    x = sigma * torch.tensor([[0.0], [1.0], [-2.0]], dtype=torch.float64)
    value = expect_shape(function(torch.zeros_like(x), x, sigma), (3,), "the log-likelihood of 3 images of one pixel", torch.float64)
    return {1: (value[0] - value[1]).item(), 2: (value[0] - value[2]).item()}


def _rounded(values: torch.Tensor) -> list[float]:
    return [round(value, 3) for value in values.tolist()]
