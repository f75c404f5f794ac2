"""Checks of sample: every step of the chain as the model saw it, its noise, gradients, modes, generator.

Error rates: every statistic below is a mean of N independent terms in units of its standard error, and may be 8 of them. For the N used
(400 and more) that has a probability below 1e-11 even for the skewed ones (squares: tail of a chi-square; fourth powers pooled over 3600
values), and fewer than 100 are looked at, so a right answer fails with probability below 1e-9.
"""

import pytest
import torch

from autograder.checking import close, tensor, wrong
from autograder.probes.ddpm import Homebody, Tabled

DEPENDS = ("reverse_step", "reverse_mean", "posterior", "predict_x0")
T, MEAN, STD = 10, 3.0, 0.5
FAR = 8.0  # standard errors


def schedule(draw, reference):
    return reference.make_schedule(torch.cat([torch.zeros(1), draw.uniform(T, low=0.1, high=0.35)]))


def exact(s, recording=False):
    """The best predictor for data N(MEAN, STD^2) (lecture 05, simple-loss)."""
    model = Tabled(T, recording)
    variance = s.alpha_bar * STD**2 + 1 - s.alpha_bar
    model.slope.data = (1 - s.alpha_bar).sqrt() / variance
    model.offset.data = -model.slope.data * s.alpha_bar.sqrt() * MEAN
    return model


def chain(student, s, shape, generator):
    """The states that the model saw, with the result at the end, after a look at the times."""
    probe = student.place(exact(s, recording=True))
    student.observed()
    result = tensor(student.sample(probe, shape, s, generator), "sample", shape, torch.float32)
    kept = student.last.requires_grad
    calls = student.observed()
    times = [tensor(call.get("t"), "the times that your sample hands to the model", (shape[0],), torch.int64, finite=False) for call in calls]
    heads = [int(t[0]) for t in times]
    if heads != list(range(T, 0, -1)) or not all(bool((t == t[0]).all()) for t in times):
        ids = {tuple(range(T, 1, -1)): "last_step_missing", tuple(range(T - 1, 0, -1)): "first_step_missing", tuple(range(1, T + 1)): "walks_forwards"}
        wrong(f"sample: with T = {T} the model must be asked at t = {T}, ..., 1; yours is asked at {heads[:15]}.", ids.get(tuple(heads)))
    if kept:
        wrong("sample: your result carries a gradient.", "gradient_kept")
    return [tensor(call.get("x"), "x_t", shape, torch.float32) for call in calls] + [result]


def look(value, what, misconception=None):
    """A statistic in standard errors."""
    if not abs(float(value)) < FAR:
        wrong(f"sample: {what} ({float(value):.0f} standard errors off).", misconception)


def moments(z, what, misconception=None):
    """Mean 0 and variance 1 of normal numbers."""
    n = z.numel()
    look(z.mean() * n**0.5, f"{what} does not have mean 0", misconception)
    look((z.square().mean() - 1) * (n / 2) ** 0.5, f"{what} does not have variance 1", misconception)


def start(x, what="the start x_T"):
    if float(x.abs().max()) == 0:
        wrong("sample: your chain starts from zeros.", "starts_from_zeros")
    moments(x, what)
    look((x[1:] * x[:-1]).mean() * x[1:].numel() ** 0.5, f"{what} is not independent between examples")


def test_every_step(student, reference, draw):
    """Every step of the chain is the ancestral step with fresh normal noise."""
    shape = (200, 2)
    s = schedule(draw, reference)
    states, plain = chain(student, s, shape, draw.generator()), exact(s)
    start(states[0])
    noises = []
    for t, now, after in zip(range(T, 0, -1), states[:-1], states[1:], strict=True):
        mean = reference.reverse_step(plain, now, t, s, torch.zeros(shape)).detach()
        scale = reference.reverse_step(plain, now, t, s, torch.ones(shape)).detach() - mean
        if float(scale.abs().min()) < 1e-4:  # t = 1, or a step of the student's own that adds no noise
            ends_clipped = t == 1 and torch.allclose(after, mean.clamp(-1, 1), atol=1e-3)
            close(after, mean, f"the step at t = {t}", rtol=2e-4, atol=2e-4, misconception="clipped" if ends_clipped else None)
            continue
        noises.append((after - mean) / scale)
    judge_noise(noises, states[0])


def judge_noise(noises, x_T):
    """Fresh standard normal noise at every step, for every example."""
    if not noises:
        return
    z = torch.stack(noises)  # (steps, n, d)
    if float(z.abs().max()) < 1e-2:
        wrong("sample: your steps add no noise.", "steps_without_noise")
    count = z[0].numel()
    if len(noises) > 1:
        look((z[1:] * z[:-1]).mean() * z[1:].numel() ** 0.5 if float((z[1:] - z[:-1]).abs().mean()) < 0.05 else 0, "all steps add the same noise", fixed_noise(z, x_T))
    if float(z.min()) > -0.02 and float(z.max()) < 1.02:
        wrong("sample: the noise of your steps lies between 0 and 1.", "uniform_noise")
    look((z[:, 1:] * z[:, :-1]).mean() * (z[:, 1:].numel()) ** 0.5, "examples share their noise", "noise_shared_by_the_batch")
    for step in z:
        moments(step, "the noise of a step")
        look((step * x_T).mean() * count**0.5, "the noise of a step is not independent of the start", "start_used_as_noise")
    look((z[1:] * z[:-1]).mean() * z[1:].numel() ** 0.5, "the noise of one step is not independent of the step before")
    look((z**4 - 3).mean() * (z.numel() / 96) ** 0.5, "the noise of the steps is not normal")


def fixed_noise(z, x_T):
    return "start_used_as_noise" if float((z[0] - x_T).abs().mean()) < 0.05 else "same_noise_at_every_step"


@pytest.mark.parametrize("shape", [(1, 6), (3, 1, 4, 4)])
def test_any_shape(student, reference, draw, shape):
    """Samples of any shape, a single one included."""
    chain(student, schedule(draw, reference), shape, draw.generator())


def test_end_of_the_chain(student, reference, draw):
    """With the exact predictor for Gaussian data the samples have the mean and variance that the chain implies."""
    s, n = schedule(draw, reference), 2000
    got = tensor(student.sample(exact(s), (n, 1), s, draw.generator()), "sample", (n, 1), torch.float32).double()
    mean, variance = implied(reference, s)
    z = (got - mean) / variance**0.5
    moments(z, "a set of samples from Gaussian data")


def implied(reference, s):
    """Mean and variance of x_0: every step is affine in x_t, so both propagate exactly."""
    plain, mean, variance = exact(s), 0.0, 1.0
    zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    for t in range(T, 0, -1):
        base, moved, noisy = (reference.reverse_step(plain, x, t, s, eps).detach().item() for x, eps in ((zero, zero), (one, zero), (zero, one)))
        slope, noise = moved - base, noisy - base
        mean, variance = slope * mean + base, slope**2 * variance + noise**2
    return mean, variance


def test_modes(student, reference, draw):
    """The model is left in the mode in which it came."""
    s = schedule(draw, reference)
    probe = student.place(exact(s))
    for mode, slip in ((True, "mode_left_changed"), (False, "always_left_in_training_mode")):
        probe.train(mode)
        student.sample(probe, (2, 3), s, draw.generator())
        if probe.training() != mode:
            wrong(f"sample: the model came in {'training' if mode else 'evaluation'} mode and was left in the other.", slip)


def test_generator(student, reference, draw):
    """The same seed gives the same samples, another seed others, and none is needed."""
    s, seed = schedule(draw, reference), draw.seed()
    first, again, other = (student.sample(exact(s), (4, 3), s, torch.Generator().manual_seed(k)) for k in (seed, seed, seed + 1))
    first = tensor(first, "sample", (4, 3), torch.float32)
    if not torch.equal(first, tensor(again, "sample", (4, 3))):
        wrong("sample: two generators with the same seed give different samples.")
    if torch.equal(first, tensor(other, "sample", (4, 3))):
        wrong("sample: generators with different seeds give the same samples.")
    tensor(student.sample(exact(s), (4, 3), s), "sample without a generator", (4, 3), torch.float32)


def test_device(student, reference, draw):
    """Samples are made on the device of the model's parameters."""
    found = student.sample.on_meta(Homebody(), (3, 2), schedule(draw, reference))
    if isinstance(found, torch.Tensor):
        wrong("sample: your samples stay on the CPU while the model's parameters are on another device.", "wrong_device")
