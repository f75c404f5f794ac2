"""Local checks of the bound and what is made of it: the three numbers, the loss, the warm-up, more codes, active units, the friend's loss."""

import math

import torch
from torch import nn

from workbook.checks import expect, expect_shape, fail
from workbook.checks.vae.measuring import divergence_on_a_grid, each_on_its_own, elsewhere, near, pixel, same_slopes, slope, watched

PARTS = ("elbo", "log_likelihood", "kl")


class Small(nn.Module):
    """A VAE with a few curved functions for networks; it notes the codes that are decoded."""

    def __init__(self, d: int = 5, k: int = 2):
        super().__init__()
        generator = torch.Generator().manual_seed(11)
        self.latent_dim, self.codes = k, []
        self.heads = nn.Parameter(torch.randn(d, 2 * k, generator=generator))
        self.back = nn.Parameter(torch.randn(k, d, generator=generator))

    def encode(self, x):
        both = torch.tanh(x @ self.heads) + 0.2
        return both[:, : self.latent_dim], 1.5 * both[:, self.latent_dim :]

    def decode(self, z):
        self.codes.append(z.detach().clone())
        return (z + z.square() / 3) @ self.back - 0.4


def elbo(names):
    """The code decoded, both halves worked out anew, their difference; gradients through the code; sizes, dtype, device."""
    for dtype in (torch.float64, torch.float32):
        model, x, eps = Small().to(dtype), torch.rand(4, 5, dtype=dtype), torch.randn(4, 2, dtype=dtype)
        _code(names, model, x, eps)
        _halves(names, model, x, eps, 1e-6 if dtype == torch.float64 else 1e-3)
    one = Small(3, 1)
    _halves(names, one, torch.rand(1, 3), torch.randn(1, 1), 1e-3)
    _paths(names)
    elsewhere(names.elbo, Small(), torch.rand(4, 5), torch.randn(4, 2), what="elbo")


def _three(got, n: int, dtype: torch.dtype) -> list[torch.Tensor]:
    if not isinstance(got, tuple | list) or len(got) != 3:
        fail(f"elbo returns {len(got) if isinstance(got, tuple | list) else 'one ' + type(got).__name__}", "three tensors: elbo, log_likelihood, kl")
    return [expect_shape(part, (n,), name, dtype) for part, name in zip(got, PARTS, strict=True)]


def _code(names, model, x, eps) -> None:
    """The decoder is handed the mean, moved by the noise given."""
    see = "reparameterization"
    model.codes.clear()
    _three(watched(names.elbo, model, x, eps), len(x), x.dtype)
    expect(len(model.codes) > 0, "the decoder was never asked", "one code per image, decoded", see=see)
    (mu, logvar), z = model.encode(x), model.codes[-1]
    expect(z.shape == mu.shape, f"the decoder is handed codes of shape {tuple(z.shape)}", f"{tuple(mu.shape)}", see=see)
    noise = (z - mu) / logvar.exp().sqrt()
    ours = names.reparameterize(mu, logvar, eps) if hasattr(names, "reparameterize") else z + math.nan
    good = near(noise, eps, 1e-3) or near(z, ours, 1e-4)
    cause = "the mean is decoded, without noise" if near(noise, 0, 1e-6) else "the noise itself is decoded" if near(z, eps, 1e-6) else "noise of your own, or mean and log-variance in the wrong order"
    expect(good, f"the first code decoded is {[round(v, 3) for v in z[0].tolist()]}: its mean moved by {[round(v, 3) for v in noise[0].tolist()]} standard deviations", f"eps, which is {[round(v, 3) for v in eps[0].tolist()]}", cause, see)


def _halves(names, model, x, eps, tolerance: float) -> None:
    """Likelihood and KL worked out anew, pixel by pixel and on a grid. Where your own earlier functions differ, they count: one mistake costs once."""
    bound, log_likelihood, kl = _three(names.elbo(model, x, eps), len(x), x.dtype)
    (mu, logvar), logits = model.encode(x), model.decode(model.codes[-1])
    for i in range(len(x)):
        score = sum(pixel(a, b) for a, b in zip(logits[i].tolist(), x[i].tolist(), strict=True))
        price = sum(divergence_on_a_grid(a, b) for a, b in zip(mu[i].tolist(), logvar[i].tolist(), strict=True))
        swapped = "the last two results have changed places" if near(log_likelihood[i], price, tolerance) else "another likelihood than that of Bernoulli pixels with these logits, or a mean over pixels"
        _agrees(log_likelihood[i], score, _own(names, "bernoulli_log_likelihood", logits, x, i), tolerance, "log_likelihood", swapped, "bernoulli-likelihood")
        _agrees(kl[i], price, _own(names, "gaussian_kl", mu, logvar, i), tolerance, "kl", "an estimate from the code drawn has noise; the integral is known in closed form", "gaussian-kl")
    want = log_likelihood - kl
    sign = "a sign" if near(bound, -want, tolerance) or near(bound, log_likelihood + kl, tolerance) else None
    expect(near(bound, want, 3 * tolerance), f"elbo is {bound[0]:.3f} where log_likelihood is {log_likelihood[0]:.3f} and kl {kl[0]:.3f}", f"{want[0]:.3f}: what is explained, less what it costs", sign, "elbo-jensen")


def _own(names, name: str, first, second, i: int) -> float:
    function = getattr(names, name, None)
    try:
        return function(first, second)[i].item()
    except Exception:  # not written yet, or of another form: its own check says so
        return math.nan


def _agrees(got, want: float, own: float, tolerance: float, name: str, cause: str, see: str) -> None:
    good = near(got, want, tolerance * (1 + abs(want))) or near(got, own, tolerance * (1 + abs(own)))
    expect(good, f"{name} is {got.item():.4f} for an image", f"{want:.4f}", cause, see)


def _paths(names) -> None:
    """Gradients reach the encoder from both halves."""
    model, x, eps = Small().double(), torch.rand(3, 5, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    for part, name in ((1, "log_likelihood"), (2, "kl"), (0, "elbo")):
        same_slopes(lambda v, part=part: names.elbo(model, v, eps)[part], (x,), 0, f"the image from {name}", "the code is cut off from the encoder on its way to the decoder", "reparameterization")


def beta_vae_loss(names):
    """The worked example, one entry more or less, larger batches, gradients, dtype, device."""
    see = "beta-vae"
    for dtype in (torch.float64, torch.float32):
        log_likelihood, kl = torch.tensor([-20.0, -30.0], dtype=dtype), torch.tensor([3.0, 5.0], dtype=dtype)
        got = expect_shape(watched(names.beta_vae_loss, log_likelihood, kl, 0.5), (), "the loss", dtype).item()
        expect(abs(got - 27) < 1e-4, f"the worked example gives {got:.3f}", "27", "beta in another place, a sign, or a sum over the batch", see)
        none, double = names.beta_vae_loss(log_likelihood, kl, 0.0).item(), names.beta_vae_loss(log_likelihood, kl, 2.0).item()
        expect(abs(none - 25) < 1e-4, f"with beta = 0 the loss is {none:.3f} for log-likelihoods of -20 and -30", "25, the reconstruction alone", "beta touches the likelihood", see)
        expect(abs(double - 33) < 1e-4, f"with beta = 2 the loss is {double:.3f} for the example", "33", "beta does not reach the KL", see)
        thrice = names.beta_vae_loss(log_likelihood.repeat(3), kl.repeat(3), 0.5).item()
        expect(abs(thrice - got) < 1e-4, f"three copies of the batch have the loss {thrice:.3f}, one has {got:.3f}", "the same", "a sum where a mean belongs", "vae-loss")
    for at, want, name in ((0, -1 / 4, "a log-likelihood"), (1, 3 / 4, "a KL")):
        found = slope(names.beta_vae_loss, torch.zeros(4, dtype=torch.float64), torch.ones(4, dtype=torch.float64), 3.0, at=at)
        expect(found is not None, f"the loss has no gradient to {name}", "a loss that can be minimised", "detach, .item() or no_grad", "vae-loss")
        expect(near(found, want, 1e-8), f"one nat more of {name} changes the loss of 4 images by {found[0].item():.3f} for beta = 3", f"{want}", see=see)
    elsewhere(names.beta_vae_loss, torch.zeros(4), torch.ones(4), 0.5, what="beta_vae_loss")


def kl_weight(names):
    """Ends, equal steps in between, the roof, no warm-up."""
    see = "kl-warmup"
    for length in (1, 2, 7, 200, 1000):
        weights = [_weight(names, step, length) for step in range(length + 1)]
        expect(abs(weights[0]) < 1e-6, f"the weight is {weights[0]:.4g} at step 0 of a warm-up of {length}", "0", "steps counted from 1, or a curve that only comes near 0", see)
        expect(abs(weights[-1] - 1) < 1e-6, f"the weight is {weights[-1]:.4g} at step {length} of a warm-up of {length}", "1", "a ramp that is a step too long, or falls", see)
        rises = [b - a for a, b in zip(weights[:-1], weights[1:], strict=True)]
        worst = max(rises, key=lambda rise: abs(rise - 1 / length))
        expect(abs(worst - 1 / length) < 1e-6, f"in a warm-up of {length} one step raises the weight by {worst:.4g}, another by {rises[0]:.4g}", "equal rises all along", "integer division, a curved ramp, or one that is too short", see)
        for step in (length + 1, length + 3, 10 * length):
            late = _weight(names, step, length)
            expect(abs(late - 1) < 1e-6, f"the weight is {late:.4g} at step {step} after a warm-up of {length}", "1, for good", "the ramp has no roof", see)
    for step in (0, 1, 500):
        plain = _weight(names, step, 0)
        expect(abs(plain - 1) < 1e-6, f"without a warm-up (warmup_steps = 0) the weight is {plain:.4g} at step {step}", "1 from the first step on", "the case of no warm-up", see)


def _weight(names, step: int, length: int) -> float:
    """The weight as a number."""
    try:
        return float(names.kl_weight(step, length))
    except ZeroDivisionError:
        fail(f"a division by zero at step {step} of a warm-up of {length}", "a weight for every warm-up, of length 0 too", "the case of no warm-up", "kl-warmup")
    except (TypeError, ValueError):
        fail(f"{type(names.kl_weight(step, length)).__name__} at step {step} of a warm-up of {length}", "a Python float")


def iwae_bound(names):
    """Weights whose mean is known, one code, equal codes, all levels, gradients that share, dtype, device."""
    see = "iwae"
    _known_means(names.iwae_bound, see)
    for dtype, tolerance in ((torch.float64, 1e-8), (torch.float32, 1e-3)):
        log_p, log_q = torch.randn(4, 4, dtype=dtype), torch.randn(4, 4, dtype=dtype)
        base = expect_shape(watched(names.iwae_bound, log_p, log_q), (4,), "the bound for 4 images and 4 codes each", dtype)
        for level in (-90.0, -800.0, -5000.0, 300.0):
            moved = names.iwae_bound(log_p + level, log_q)
            expect(near(moved - level, base, max(tolerance, abs(level) * 1e-6)), f"with {level:+.0f} on all of log_p_xz the bound goes from {base[0]:.3f} to {moved[0]:.4g}", f"{base[0] + level:.3f}",
                   "an exponential of a large number was formed", see)  # fmt: skip
    each_on_its_own(lambda p, q: names.iwae_bound(p.T, q.T), torch.randn(4, 4), torch.randn(4, 4), what="a bound of", see=see)
    log_p, log_q = torch.randn(3, 2, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    for at, name in ((0, "log_p_xz"), (1, "log_q_zx")):
        same_slopes(names.iwae_bound, (log_p, log_q), at, name, "detach, or no_grad", see)
    elsewhere(names.iwae_bound, torch.randn(3, 2), torch.randn(3, 2), what="iwae_bound")


def _known_means(function, see: str) -> None:
    """Weights p/q that are whole numbers, so that their mean can be seen."""
    for p, q, mean in (([3.0], [1.0], 3), ([1.0, 3.0], [1.0, 1.0], 2), ([2.0, 12.0, 6.0, 8.0], [2.0, 4.0, 1.0, 8.0], 2.75), ([6.0] * 5, [2.0] * 5, 3), ([1e-30, 4.0], [1.0, 1.0], 2)):
        log_p, log_q = (torch.tensor(values, dtype=torch.float64).log()[:, None] for values in (p, q))
        got = expect_shape(function(log_p.expand(-1, 3).clone(), log_q.expand(-1, 3).clone()), (3,), f"the bound for 3 images and {len(p)} code(s) each", torch.float64)[0].item()
        weights = [round(a / b, 3) for a, b in zip(p, q, strict=True)]
        cause = None if len(p) == 1 else "the order of logarithm and mean, the number that is divided by, or p without q"
        expect(abs(got - math.log(mean)) < 1e-6, f"codes with the weights {weights} give {got:.4f}, the logarithm of {math.exp(min(got, 700)):.3f}", f"the logarithm of {mean}, their mean", cause, see)


def active_units(names):
    """Coordinates that swing by a known amount around a known place, counted for several thresholds."""
    see = "active-units"
    signs = torch.tensor([1.0, -1.0] * 20)
    swings, places = torch.tensor([1.0, 0.5, 0.2, 0.05, 0.02, 0.0]), torch.tensor([0.0, 3.0, -1.0, 0.0, 0.06, 5.0])
    mu = torch.stack([signs.roll(j).roll(5) for j in range(6)], dim=1) * swings + places
    for threshold, want in ((None, 3), (0.1, 2), (0.001, 4), (0.5, 1), (2.0, 0)):
        got = watched(names.active_units, mu) if threshold is None else watched(names.active_units, mu, threshold)
        kind = "by default" if threshold is None else f"for threshold = {threshold}"
        expect(isinstance(got, int) and not isinstance(got, bool), f"a {type(got).__name__} comes back", "a Python int, how many there are", "a fraction, a tensor, or one truth value per coordinate", see)
        expect(got == want, f"means that swing by {[round(v, 2) for v in swings.tolist()]} around {[round(v, 2) for v in places.tolist()]} have {got} active coordinates {kind}", f"{want}: the variance of a swing is its square",
               "variance, standard deviation, mean square and size are four things; and which dimension holds the images", see)  # fmt: skip
    expect(names.active_units(torch.full((30, 3), 2.0)) == 0, f"{names.active_units(torch.full((30, 3), 2.0))} coordinates count as active though all images have one code", "0", see=see)
    wide = torch.randn(12, 30, dtype=torch.float64)
    expect(names.active_units(wide) == 30, f"{names.active_units(wide)} of 30 coordinates count for 12 images with normal codes", "30", "the wrong dimension", see)
    expect(names.active_units(mu[:, :1]) == 1, "one coordinate on its own is not counted", "1", see=see)


def friends_loss(names):
    """The debug exercise: the loss against the two halves, in the same unit."""
    model, x, eps = Small().double(), torch.rand(4, 5, dtype=torch.float64), torch.randn(4, 2, dtype=torch.float64)
    got = expect_shape(names.friends_loss(model, x, eps), (), "the friend's loss").item()
    (mu, logvar), logits = model.encode(x), model.decode(model.codes[-1])
    score = sum(pixel(a, b) for a, b in zip(logits.flatten().tolist(), x.flatten().tolist(), strict=True)) / 4
    price = sum(divergence_on_a_grid(a, b) for a, b in zip(mu.flatten().tolist(), logvar.flatten().tolist(), strict=True)) / 4
    expect(abs(got - price + score) < 1e-6, f"the loss is {got:.3f} where an image's log-likelihood is {score:.3f} and its KL {price:.3f} on average", f"{price - score:.3f}, the difference",
           "one of the halves is in other units than the other", "reductions")  # fmt: skip
