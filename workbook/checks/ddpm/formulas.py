"""Local checks of the formulas of one step: forwards, backwards, and what an error of it costs."""

import torch

from workbook.checks.ddpm.tools import bayes_on_a_grid, elsewhere, expect, expect_shape, fail, row_by_row, same_dtype, small_schedule, untouched


def add_noise(names):
    """Walk the steps one by one, and compare with the jump."""
    schedule, see = small_schedule(), "forward-marginal"
    for t in range(schedule.T + 1):
        signal, noise = 1.0, 0.0  # amplitude of the data, variance of the noise
        for beta in schedule.beta[1 : t + 1].tolist():
            signal, noise = (1 - beta) ** 0.5 * signal, (1 - beta) * noise + beta
        time, one, zero = torch.tensor([t]), torch.ones(1, 2, dtype=torch.float64), torch.zeros(1, 2, dtype=torch.float64)
        kept, added = (expect_shape(names.add_noise(a, time, b, schedule), (1, 2), "x_t")[0, 0].item() for a, b in ((one, zero), (zero, one)))
        cause = "a root or a bar (alpha_bar[t], not alpha[t]), or a look at another index"
        expect(abs(kept - signal) < 1e-6, f"at t = {t} a share of {kept:.4f} of the data is left", f"{signal:.4f}, by walking {t} steps", cause, see)
        expect(abs(added - noise**0.5) < 1e-6, f"at t = {t} the noise has amplitude {added:.4f}", f"{noise**0.5:.4f}, by walking {t} steps", cause, see)
    _pair(names.add_noise, schedule, "x_t", see)


def noised_batch(names):
    """The debug exercise: every row at its own time, on square data."""
    generator = torch.Generator().manual_seed(1)
    x0, eps = torch.randn(5, 5, generator=generator).double(), torch.randn(5, 5, generator=generator).double()
    batch, schedule = (x0, torch.tensor([1, 2, 3, 4, 5]), eps), small_schedule()
    row_by_row(names.noised_batch, batch, schedule, "a square batch, as 64 digits of 64 pixels are", "forward-marginal")


def _pair(function, schedule, what: str, see: str) -> None:
    """Of functions of (data, t, noise, schedule): rows on their own, shapes, dtype, device, no change in place, the same twice."""
    generator = torch.Generator().manual_seed(2)
    data, eps = torch.randn(4, 4, generator=generator).double(), torch.randn(4, 4, generator=generator).double()
    t = torch.tensor([5, 1, 4, 2])
    before = {"the data": data.clone(), "the noise": eps.clone()}
    first = function(data, t, eps, schedule)
    untouched({"the data": data, "the noise": eps}, before)
    expect(torch.equal(first, function(data, t, eps, schedule)), f"the same call gives another {what}", "the noise is the argument", "noise is drawn inside", see)
    row_by_row(function, (data, t, eps), schedule, "square data", see)
    image = torch.randn(3, 2, 2, 5, generator=generator)
    got = function(image, torch.tensor([3, 1, 5]), image, schedule)
    expect_shape(got, image.shape, f"{what} of images")
    same_dtype(got, image, what)
    elsewhere(function, image, torch.tensor([3, 1, 5]), image, small_schedule(dtype=torch.float32), what=what)


def posterior(names):
    """Bayes' rule on a grid, certainty at t = 1, rows on their own, dtype."""
    schedule, see = small_schedule(), "forward-posterior"
    for t, x0, x_t in ((2, 0.8, -0.5), (3, -2.0, 1.0), (5, 1.5, 0.3)):
        mean, variance = _moments(names.posterior, x0, x_t, t, schedule)
        true_mean, true_variance = bayes_on_a_grid(schedule, t, x0, x_t)
        expect(abs(mean - true_mean) < 1e-5, f"for t = {t}, x0 = {x0}, x_t = {x_t} the mean is {mean:.4f}", f"{true_mean:.4f}, by Bayes' rule on a grid",
               "a bar too many or too few, or alpha_bar of the wrong time", see)  # fmt: skip
        expect(abs(variance - true_variance) < 1e-5, f"for t = {t} the variance is {variance:.4f}", f"{true_variance:.4f}, by Bayes' rule on a grid", "beta, or a root, in its place", see)
    mean, variance = _moments(names.posterior, 0.8, -0.5, 1, schedule)
    expect(abs(mean - 0.8) < 1e-6 and variance == 0, f"for t = 1 and x0 = 0.8 mean and variance are {mean:.4f} and {variance:.4f}", "0.8 and 0: one step before t = 1 is the clean data", see=see)
    generator = torch.Generator().manual_seed(3)
    data, x_t = torch.randn(4, 4, generator=generator).double(), torch.randn(4, 4, generator=generator).double()
    row_by_row(lambda a, b, t, s: names.posterior(a, b, t, s)[0], (data, x_t, torch.tensor([5, 2, 4, 3])), schedule, "square data", see)
    for part, what in zip(names.posterior(data.float(), x_t.float(), torch.tensor([5, 2, 4, 3]), schedule), ("the mean", "the variance"), strict=True):
        same_dtype(part, data.float(), what)
    image = torch.randn(3, 2, 2, 5, generator=generator)
    mean, variance = names.posterior(image, image, torch.tensor([3, 1, 5]), schedule)
    expect_shape(mean, image.shape, "the mean for images")
    _broadcasts(variance, image)


def _broadcasts(variance, image) -> None:
    try:
        variance.expand_as(image)
    except (RuntimeError, AttributeError):
        fail(f"the variance for images has shape {tuple(getattr(variance, 'shape', ()))}", f"a shape that broadcasts to {tuple(image.shape)}, such as (3, 1, 1, 1)")


def _moments(function, x0: float, x_t: float, t: int, schedule) -> tuple[float, float]:
    data, state = torch.full((1, 3), x0, dtype=torch.float64), torch.full((1, 3), x_t, dtype=torch.float64)
    got = function(data, state, torch.tensor([t]), schedule)
    if not isinstance(got, tuple | list) or len(got) != 2:
        fail(f"posterior returns a {type(got).__name__}", "a pair: mean and variance")
    expect_shape(got[0], (1, 3), "the mean")
    if not isinstance(got[1], torch.Tensor):
        fail(f"the variance is a {type(got[1]).__name__}", "a tensor")
    _broadcasts(got[1], data)
    return got[0][0, 0].item(), got[1].expand_as(data)[0, 0].item()


def predict_x0(names):
    """Build x_t by hand from data and noise, and get the data back, far outside [-1, 1] too."""
    schedule, see = small_schedule(), "conversions"
    for t in range(1, schedule.T + 1):
        left = schedule.alpha_bar[t].item()
        x_t = left**0.5 * 3.0 + (1 - left) ** 0.5 * (-0.7)
        got = names.predict_x0(torch.full((1, 2), x_t, dtype=torch.float64), torch.tensor([t]), torch.full((1, 2), -0.7, dtype=torch.float64), schedule)
        got = expect_shape(got, (1, 2), "x_0")[0, 0].item()
        expect(abs(got - 3) < 1e-6, f"x_0 = 3 comes back as {got:.4f} at t = {t}", "3", "alpha for alpha_bar, a missing root, a sign, a missing bracket, or clipping", see)
    _pair(names.predict_x0, schedule, "x_0", see)


def reverse_mean(names):
    """The implied x_0 put into Bayes' rule on a grid."""
    schedule, see = small_schedule(), "conversions"
    for t, x0, eps in ((2, 1.4, -0.5), (3, -2.0, 1.0), (5, 0.6, 1.7), (4, 2.5, -1.1)):
        left = schedule.alpha_bar[t].item()
        x_t = left**0.5 * x0 + (1 - left) ** 0.5 * eps
        got = names.reverse_mean(torch.full((1, 2), x_t, dtype=torch.float64), torch.tensor([t]), torch.full((1, 2), eps, dtype=torch.float64), schedule)
        got = expect_shape(got, (1, 2), "the mean")[0, 0].item()
        want = bayes_on_a_grid(schedule, t, x0, x_t)[0]
        expect(abs(got - want) < 1e-5, f"at t = {t} with x_t = {x_t:.3f} and noise {eps} the mean is {got:.4f}", f"{want:.4f}, by Bayes' rule on a grid",
               "which factor carries a bar: in front none, under the noise one", see)  # fmt: skip
    _pair(names.reverse_mean, schedule, "the mean", see)


def vlb_weight(names):
    """Two Gaussians of equal variance whose means differ by what an error of 1 in the noise does to the posterior mean: their KL."""
    schedule, see = small_schedule(), "vlb-weight"
    times = torch.tensor([5, 2, 4, 3])
    got = expect_shape(names.vlb_weight(times, schedule), (4,), "the weights")
    for value, t in zip(got.tolist(), times.tolist(), strict=True):
        before, now, spread = schedule.alpha_bar[t - 1].item(), schedule.alpha_bar[t].item(), schedule.posterior_variance[t].item()
        moved = ((1 - now) / now) ** 0.5 * spread * before**0.5 / (1 - before)  # by x_0, which the mean follows with weight spread sqrt(before) / (1 - before)
        want = moved**2 / (2 * spread)
        expect(abs(value - want) < 1e-6, f"the weight at t = {t} is {value:.4f}", f"{want:.4f}, the KL that an error of 1 costs", "a bar, the factor 1/2, a square, or beta as the reverse variance", see)
    mixed = expect_shape(names.vlb_weight(torch.tensor([4, 1]), schedule), (2,), "the weights with t = 1 among them")
    expect(abs(mixed[0].item() - got[2].item()) < 1e-9, "the weight at t = 4 changes when t = 1 is in the batch", "it stays", see=see)
    elsewhere(names.vlb_weight, times, small_schedule(dtype=torch.float32), what="vlb_weight")
