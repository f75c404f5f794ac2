"""Checks of ddim_sample: times, every step of the walk as the model saw it, gradients, modes, generator, bad numbers of steps.

Error rates: the only random statement is that x_T is standard normal (mean and variance of 600 numbers, neighbours independent), each within 8 standard
errors: below 1e-9 together. The steps are deterministic.
"""

import pytest
import torch

from autograder.checking import close, raises, tensor, wrong
from autograder.probes.ddpm import Homebody, Tabled

DEPENDS = ("predict_x0", "add_noise")
T, MEAN, STD = 40, 3.0, 0.5
FAR = 8.0  # standard errors
TOLERANCE = {"rtol": 2e-4, "atol": 2e-4}  # alpha_bar_T is about 0.03: an error of a few ulp is divided by its root, 0.17, in a handful of operations


def schedule(draw, reference):
    return reference.make_schedule(torch.cat([torch.zeros(1), draw.uniform(T, low=0.06, high=0.11)]))


def exact(s, recording=False):
    """The best predictor for data N(MEAN, STD^2) (lecture 05, simple-loss)."""
    model = Tabled(T, recording)
    variance = s.alpha_bar * STD**2 + 1 - s.alpha_bar
    model.slope.data = (1 - s.alpha_bar).sqrt() / variance
    model.offset.data = -model.slope.data * s.alpha_bar.sqrt() * MEAN
    return model


def walk(student, s, shape, steps, generator):
    """Times, states (the result last) and predicted noises of a walk, after a look at the times."""
    probe = student.place(exact(s, recording=True))
    student.observed()
    result = tensor(student.ddim_sample(probe, shape, s, steps, generator), "ddim_sample", shape, torch.float32)
    kept = student.last.requires_grad
    calls = student.observed()
    times = [tensor(call.get("t"), "the times that your ddim_sample hands to the model", (shape[0],), torch.int64, finite=False) for call in calls]
    if not all(bool((t == t[0]).all()) for t in times):
        wrong("ddim_sample: all examples of a batch are at the same time.")
    times = [int(t[0]) for t in times]
    judge_times(times, steps)
    if kept:
        wrong("ddim_sample: your result carries a gradient.", "gradient_kept")
    return times, [tensor(call.get("x"), "x_t", shape, torch.float32) for call in calls] + [result], [tensor(call.get("answer"), "eps", shape, torch.float32) for call in calls]


def judge_times(times, steps):
    if len(times) != steps:
        wrong(f"ddim_sample: {steps} steps are {steps} calls of the model, but yours makes {len(times)}.", "one_call_too_many" if len(times) == steps + 1 else None)
    if times[0] != T:
        wrong(f"ddim_sample: the first call must be at t = T = {T}, but yours is at {times[0]}.", "does_not_start_at_T")
    gaps = [a - b for a, b in zip(times, [*times[1:], 0], strict=True)]
    if min(gaps) < 1:
        wrong(f"ddim_sample: the times must decrease and stay in 1..T; yours are {times[:12]}.")
    even = T / steps
    if steps >= 4 and (max(gaps) > 1.6 * even + 1 or (T % steps == 0 and min(gaps[:-1]) < even / 1.6 - 1)):
        run = all(gap == 1 for gap in gaps[:-1])
        wrong(f"ddim_sample: {steps} times over 1..{T} are about {even:.1f} apart; yours are {times[:12]}.", "times_not_spread" if run else None)


@pytest.mark.parametrize("steps", [5, 40, 10, 1, 7])
def test_every_step(student, reference, draw, steps):
    """Every step mixes the predicted x_0 and the predicted noise for the next stop, and the last one lands on 0."""
    s, shape = schedule(draw, reference), (200, 3)
    times, states, noises = walk(student, s, shape, steps, draw.generator())
    start(states[0])
    for t, stop, now, after, eps in zip(times, [*times[1:], 0], states[:-1], states[1:], noises, strict=True):
        n = torch.full((shape[0],), t)
        want = reference.add_noise(reference.predict_x0(now, n, eps, s), torch.full_like(n, stop), eps, s)
        if not torch.allclose(after, want, **TOLERANCE):
            close(after, want, f"the step from t = {t} to {stop}", **TOLERANCE, misconception=named(s, t, stop, now, eps, after))


def start(x):
    z = {"mean 0": x.mean() * x.numel() ** 0.5, "variance 1": (x.square().mean() - 1) * (x.numel() / 2) ** 0.5,
         "independent examples": (x[1:] * x[:-1]).mean() * x[1:].numel() ** 0.5}  # fmt: skip
    for what, value in z.items():
        if not abs(float(value)) < FAR:
            wrong(f"ddim_sample: x_T is to be standard normal noise, but yours fails on {what} ({float(value):.0f} standard errors off).")


def named(s, t, stop, now, eps, after):
    """The slip that leads from `now` to `after`, if it is a known one."""
    a, b = s.alpha_bar[t], s.alpha_bar[stop]
    x0 = (now - (1 - a).sqrt() * eps) / a.sqrt()

    def mix(keep, x0=x0, noise=None):
        return keep.sqrt() * x0 + ((1 - keep).sqrt() if noise is None else noise) * eps

    slips = {
        "does_not_land_on_zero": mix(s.alpha_bar[1]) if stop == 0 else None,
        "alpha_without_bar": mix(s.alpha[stop]),
        "mixes_for_the_neighbour": mix(s.alpha_bar[t - 1]),
        "ancestral_means": (now - s.beta[t] / (1 - a).sqrt() * eps) / s.alpha[t].sqrt(),
        "clipped": mix(b, x0.clamp(-1, 1)),
        "noise_root_missing": mix(b, noise=1 - b),
    }
    for name, value in slips.items():
        if value is not None and torch.allclose(after, value, **TOLERANCE):
            return name
    rest = after - b.sqrt() * x0
    if stop == 0 or not bool(torch.isfinite(rest).all()):
        return None
    along = float(torch.corrcoef(torch.stack([rest.flatten(), eps.flatten()]))[0, 1])
    return "predicted_noise_replaced" if abs(along) < 0.3 else "fresh_noise_added"


@pytest.mark.parametrize("shape", [(1, 6), (3, 1, 4, 4)])
def test_any_shape(student, reference, draw, shape):
    """Samples of any shape, a single one included."""
    walk(student, schedule(draw, reference), shape, 4, draw.generator())


@pytest.mark.parametrize("steps", [0, -3, T + 1])
def test_bad_steps_are_refused(student, reference, draw, steps):
    """A number of steps outside 1..T raises ValueError."""
    s = schedule(draw, reference)
    probe = student.place(exact(s))
    raises(ValueError, lambda: noted(student, probe, s, steps, draw.generator()))


def noted(student, probe, s, steps, generator):
    """What came instead of an error."""
    student.ddim_sample(probe, (2, 3), s, steps, generator)
    wrong(f"ddim_sample: steps = {steps} with T = {T} must raise ValueError, but your code returned a result.", "bad_steps_accepted")


def test_modes(student, reference, draw):
    """The model is left in the mode in which it came."""
    s = schedule(draw, reference)
    probe = student.place(exact(s))
    for mode in (True, False):
        probe.train(mode)
        student.ddim_sample(probe, (2, 3), s, 4, draw.generator())
        if probe.training() != mode:
            wrong(f"ddim_sample: the model came in {'training' if mode else 'evaluation'} mode and was left in the other.", "mode_left_changed")


def test_generator(student, reference, draw):
    """The same seed gives the same samples, another seed others, and none is needed."""
    s, seed = schedule(draw, reference), draw.seed()
    first, again, other = (student.ddim_sample(exact(s), (4, 3), s, 4, torch.Generator().manual_seed(k)) for k in (seed, seed, seed + 1))
    first = tensor(first, "ddim_sample", (4, 3), torch.float32)
    if not torch.equal(first, tensor(again, "ddim_sample", (4, 3))):
        wrong("ddim_sample: two generators with the same seed give different samples.")
    if torch.equal(first, tensor(other, "ddim_sample", (4, 3))):
        wrong("ddim_sample: generators with different seeds give the same samples.")
    tensor(student.ddim_sample(exact(s), (4, 3), s, 4), "ddim_sample without a generator", (4, 3), torch.float32)


def test_device(student, reference, draw):
    """Samples are made on the device of the model's parameters."""
    found = student.ddim_sample.on_meta(Homebody(), (3, 2), schedule(draw, reference), 4)
    if isinstance(found, torch.Tensor):
        wrong("ddim_sample: your samples stay on the CPU while the model's parameters are on another device.", "wrong_device")
