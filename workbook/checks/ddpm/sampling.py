"""Local checks of sampling: one step, the whole chain, DDIM."""

import torch
from torch import nn

from workbook.checks.ddpm.tools import Notes, bayes_on_a_grid, expect, expect_shape, fail, knowing, same_dtype, small_schedule

ROOM = 8  # standard errors that a mean over many draws may be off


class Local(nn.Module):
    """A predictor that mixes x, t and its weight, so that all of them must be on one device."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, x, t):
        """gain * x."""
        return self.gain * x + 0 * t.reshape([-1] + [1] * (x.dim() - 1))


def reverse_step(names):
    """Mean and spread of a step against Bayes' rule on a grid; no noise at t = 1; what the model is handed."""
    schedule, see = small_schedule(), "ancestral"
    for t in range(schedule.T, 0, -1):
        _one_step(names, schedule, t, see)
    model, x_t = Notes(5), torch.randn(4, 2, generator=torch.Generator().manual_seed(1))
    got = names.reverse_step(model, x_t, 3, schedule, torch.zeros(4, 2))
    same_dtype(got, x_t, "the step")
    expect(len(model.calls) == 1, f"the model is called {len(model.calls)} times", "once", see=see)
    times = model.calls[0]["t"]
    right = isinstance(times, torch.Tensor) and times.shape == (4,) and times.dtype == torch.int64 and (times == 3).all()
    expect(right, f"for 4 examples at t = 3 the model is handed the times {times}", "tensor([3, 3, 3, 3]), integers", "torch.full((n,), t) makes them", see)
    expect(torch.allclose(model.calls[0]["x"], x_t), "the model is handed something else than x_t", "x_t as it came", see=see)
    _rehearse(lambda: names.reverse_step(Local().to("meta"), x_t.to("meta"), 3, small_schedule(dtype=torch.float32).to("meta"), x_t.to("meta")), "reverse_step")


def _one_step(names, schedule, t: int, see: str) -> None:
    left, model = schedule.alpha_bar[t].item(), Notes(5)
    x0, eps_hat = 2.5, -0.8
    x_t = left**0.5 * x0 + (1 - left) ** 0.5 * eps_hat
    model.slope.data[t], model.offset.data[t] = 0.5, eps_hat - 0.5 * x_t  # answers eps_hat here, and something else at other times
    mean, variance = bayes_on_a_grid(schedule, t, x0, x_t) if t > 1 else (x0, 0.0)
    for noise in (0.0, 1.0, -3.0):
        state, eps = torch.full((2, 3), x_t, dtype=torch.float64), torch.full((2, 3), noise, dtype=torch.float64)
        got = expect_shape(names.reverse_step(model, state, t, schedule, eps), (2, 3), "the step")[0, 0].item()
        want = mean + variance**0.5 * noise
        cause = "the last step adds no noise" if t == 1 else "another variance than that of q(x_{t-1} given x_t, x_0), its root, another time for the model, or clipping"
        expect(abs(got - want) < 1e-4, f"at t = {t} with eps = {noise} the step leads to {got:.4f}", f"{want:.4f}, by Bayes' rule on a grid", cause, see)


def _rehearse(call, what: str) -> None:
    """On `meta` tensors, which hold no numbers, devices still clash."""
    try:
        got = call()
    except RuntimeError as error:
        if any(text in str(error) for text in ("same device", "expected device", "is on cpu")):
            fail(f"{what} mixes tensors of two devices when the model is not on the CPU", "times and noise on the device of the data and the model", "device=... is missing")
        return
    except Exception:  # other kinds only say that meta tensors hold no numbers
        return
    expect(got.device.type == "meta", f"{what} computes on the {got.device.type} while the model is elsewhere", "results where the model's parameters live", "the noise was not moved")


def _spoken(names_function, model, *args, what: str):
    """Run a sampler: its result, with what holds of both of them checked."""
    before = torch.get_rng_state()
    got = names_function(model, *args, torch.Generator().manual_seed(3))
    expect(torch.equal(before, torch.get_rng_state()), f"with a generator given, {what} moves the global random state", "every draw from the generator", "a randn or randn_like without generator=")
    got = expect_shape(got, args[0], what, torch.float32)
    expect(not got.requires_grad, f"the result of {what} carries a gradient", "no gradient: sampling is not training", "torch.no_grad() is missing")
    return got


def _modes(function, schedule, *more, what: str) -> None:
    for mode in (True, False):
        model = Notes(schedule.T).train(mode)
        function(model, (2, 3), schedule, *more)
        expect(model.training == mode, f"a model in {'training' if mode else 'evaluation'} mode comes back from {what} in the other", "the mode in which it came", "remember model.training, and restore it")


def _same_seed(function, schedule, *more, what: str) -> None:
    model = knowing(schedule, 1.0, 0.5)
    one, two, other = (function(model, (4, 3), schedule, *more, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    expect(torch.equal(one, two) and not torch.equal(one, other), f"{what} does not follow the generator's seed", "the same seed, the same samples; another seed, others")


def _standard(z: torch.Tensor, what: str, cause: str, see: str) -> None:
    """Mean 0, variance 1, neighbouring examples independent, each within 8 standard errors."""
    n, flat = z.numel(), z.double()
    mean, variance = flat.mean().item(), flat.square().mean().item()
    expect(abs(mean) < ROOM / n**0.5, f"{what} has mean {mean:.2f}", "0", cause, see)
    expect(abs(variance - 1) < ROOM * (2 / n) ** 0.5, f"{what} has mean square {variance:.2f}", "1", cause, see)
    alike = (flat[1:] * flat[:-1]).mean().item()
    expect(abs(alike) < ROOM / n**0.5, f"{what}: neighbouring examples have correlation {alike:.2f}", "0: every example its own noise", "one draw for the whole batch", see)


def sample(names):
    """Every step of a chain for Gaussian data, whose exact predictor is known: times, transitions, noise."""
    schedule, see = small_schedule([0.2] * 8, dtype=torch.float32), "ancestral"
    model = knowing(schedule, 3.0, 0.5)
    end = _spoken(names.sample, model, (300, 2), schedule, what="sample")
    times = [int(torch.as_tensor(call["t"]).flatten()[0]) for call in model.calls]
    expect(times == [8, 7, 6, 5, 4, 3, 2, 1], f"with T = 8 the model is asked at {times}", "[8, 7, 6, 5, 4, 3, 2, 1]", "range(T, 0, -1) starts at T and ends at 1", see)
    states = [call["x"] for call in model.calls] + [end]
    _standard(states[0], "the start x_T", "x_T is drawn by torch.randn", see)
    earlier = states[0]
    for t, now, after in zip(times, states[:-1], states[1:], strict=True):
        mean, spread = _by_bayes(schedule, t, now, model)
        if t == 1:
            expect(torch.allclose(after, mean, atol=1e-3), "the last step does not end at its mean", "the mean at t = 1, unclipped", "noise at the last step, or clipping", see)
            break
        z = (after - mean) / spread
        _standard(z, f"the noise added at t = {t}", "no noise, uniform noise, or noise of another size", see)
        alike = (z * earlier).mean().item()
        expect(abs(alike) < ROOM / z.numel() ** 0.5, f"the noise at t = {t} has correlation {alike:.2f} with the one before", "0: fresh noise at every step", "the noise is drawn once", see)
        earlier = z
    _modes(names.sample, schedule, what="sample")
    _same_seed(names.sample, schedule, what="sample")
    expect_shape(names.sample(knowing(schedule, 0.0, 1.0), (1, 1, 3, 3), schedule), (1, 1, 3, 3), "one image")
    _rehearse(lambda: names.sample(Local().to("meta"), (3, 2), schedule.to("meta")), "sample")


def _by_bayes(schedule, t: int, now: torch.Tensor, model) -> tuple[torch.Tensor, float]:
    """Mean and standard deviation of the step: precisions added, with the x_0 that the predicted noise implies."""
    left, before, beta = schedule.alpha_bar[t].item(), schedule.alpha_bar[t - 1].item(), schedule.beta[t].item()
    implied = (now - (1 - left) ** 0.5 * (model.slope[t].item() * now + model.offset[t].item())) / left**0.5
    if t == 1:
        return implied, 0.0
    variance = 1 / ((1 - beta) / beta + 1 / (1 - before))
    return variance * ((1 - beta) ** 0.5 / beta * now + before**0.5 / (1 - before) * implied), variance**0.5


def ddim_sample(names):
    """Times, every step of the walk as a mixture of the implied x_0 and the predicted noise, bad numbers of steps."""
    schedule, see = small_schedule([0.08] * 24, dtype=torch.float32), "ddim"
    for steps in (6, 24, 4, 1):
        model = knowing(schedule, 3.0, 0.5)
        end = _spoken(names.ddim_sample, model, (200, 2), schedule, steps, what="ddim_sample")
        times = [int(torch.as_tensor(call["t"]).flatten()[0]) for call in model.calls]
        _spacing(times, steps, see)
        states = [call["x"] for call in model.calls] + [end]
        _standard(states[0], "the start x_T", "x_T is drawn by torch.randn", see)
        for t, stop, call, after in zip(times, [*times[1:], 0], model.calls, states[1:], strict=True):
            left, kept = schedule.alpha_bar[t].item(), schedule.alpha_bar[stop].item()
            implied = (call["x"] - (1 - left) ** 0.5 * call["said"]) / left**0.5
            off = (after - kept**0.5 * implied - (1 - kept) ** 0.5 * call["said"]).abs().max().item()
            expect(off < 1e-3, f"the step from t = {t} to {stop} is off by up to {off:.2g}", "the implied x_0 and the predicted noise, mixed for the stop",
                   "alpha for alpha_bar, another stop, fresh noise, clipping, or a missing root", see)  # fmt: skip
    for steps in (0, 25):
        try:
            names.ddim_sample(knowing(schedule, 3.0, 0.5), (2, 3), schedule, steps)
        except ValueError:
            continue
        fail(f"steps = {steps} is accepted for T = 24", "a ValueError: at least one step, at most T", see=see)
    _modes(names.ddim_sample, schedule, 3, what="ddim_sample")
    _same_seed(names.ddim_sample, schedule, 3, what="ddim_sample")
    expect_shape(names.ddim_sample(knowing(schedule, 0.0, 1.0), (1, 1, 3, 3), schedule, 5), (1, 1, 3, 3), "one image")
    _rehearse(lambda: names.ddim_sample(Local().to("meta"), (3, 2), schedule.to("meta"), 4), "ddim_sample")


def _spacing(times: list, steps: int, see: str) -> None:
    expect(len(times) == steps, f"steps = {steps} asks the model {len(times)} times", f"{steps} times", see=see)
    expect(times[0] == 24, f"the first call is at t = {times[0]} for T = 24", "24: the walk begins with pure noise", see=see)
    gaps = [a - b for a, b in zip(times, [*times[1:], 0], strict=True)]
    expect(min(gaps) >= 1, f"the times are {times}", "falling, down to 1 at the lowest", see=see)
    even = 24 / steps
    fine = steps < 4 or (max(gaps) <= 1.6 * even + 1 and min(gaps[:-1]) >= even / 1.6 - 1)
    expect(fine, f"the {steps} times are {times}", f"times about {even:.0f} apart, all the way from 24 to 0", "they are one apart, or crowd at one end", see)
