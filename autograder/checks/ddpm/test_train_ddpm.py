"""Checks of train_ddpm: what every step hands to the model (examples, times, noise), the losses, and that it learns.

The data carry their index in the first coordinate, and the schedule adds so little noise (standard deviation below 0.023) that a model which
records x_t lets us read off index, time and noise of every example of every step. Indices are 0.36 apart, so that one is misread where noise
exceeds 8 standard deviations: 1e-15 each.
Error rates: means of N independent terms may be 8 standard errors off (N >= 800: below 1e-12 each); the count of a time over 288 draws with
probability 1/5 may be 51 off its mean 57.6, which has probability below 1e-10 by Chernoff's bound; two epochs have the same partition into
batches with probability 6 * (8!)^3 / 24! = 7e-10, eleven pairs 7e-9. All together below 1e-7.
"""

import pytest
import torch

from autograder.checking import number, tensor, wrong
from autograder.probes.ddpm import Tabled

DEPENDS = ("ddpm_loss", "add_noise")
LIMITS = {"cpu": 10.0}
T, N, BATCH, EPOCHS, GAP = 5, 24, 8, 12, 0.36
STEPS = EPOCHS * N // BATCH
FAR = 8.0  # standard errors


def faint(reference):
    """A schedule that leaves the data readable."""
    return reference.make_schedule(torch.cat([torch.zeros(1), torch.full((T,), 1e-4)]))


def numbered(draw):
    """Examples (24, 3): the index as a coordinate, and two random ones."""
    return torch.cat([GAP * (torch.arange(N).float() - (N - 1) / 2)[:, None], draw.normal(N, 2)], dim=1)


def losses_of(got, steps):
    if not isinstance(got, list) or len(got) != steps:
        wrong(f"train_ddpm: expected a list of {steps} losses, one per step, but your code returned {f'a list of {len(got)}' if isinstance(got, list) else type(got).__name__}.")
    if any(isinstance(value, torch.Tensor) for value in got):
        wrong("train_ddpm: the losses must be Python floats, but yours are tensors.", "tensors_returned")
    if not all(isinstance(value, float) for value in got):
        wrong("train_ddpm: the losses must be Python floats.")
    return torch.tensor([number(value, "a loss") for value in got], dtype=torch.float64)


def seen(student, probe, x, s, **options):
    """The losses, and what the model saw at every step."""
    student.observed()
    losses = losses_of(student.train_ddpm(probe, x, s, **options), options["steps"])
    calls = student.observed()
    if len(calls) != options["steps"]:
        more = len(calls) > options["steps"]
        wrong(f"train_ddpm: {options['steps']} steps are {options['steps']} calls of the model, but yours makes {len(calls)}.", "steps_are_epochs" if more else None)
    return losses, calls


def test_what_every_step_sees(student, reference, draw):
    """Every step sees a fresh batch, with one random time per example and fresh noise."""
    s, x = faint(reference), numbered(draw)
    probe = student.place(Tabled(T, recording=True))
    losses, calls = seen(student, probe, x, s, steps=STEPS, batch_size=BATCH, lr=1e-3, generator=draw.generator())
    if any(call["x"].shape[1:] != x.shape[1:] for call in calls):
        wrong("train_ddpm: what the model sees has another shape than the data.")
    if any(len(call["x"]) != BATCH for call in calls):
        wrong(f"train_ddpm: with {N} examples and batch_size={BATCH} every batch has {BATCH}.", "batch_size_ignored" if len(calls[0]["x"]) == N else None)
    ids = torch.stack([(call["x"][:, 0] / GAP + (N - 1) / 2).round().long() for call in calls])  # (steps, batch)
    judge_order(ids)
    times = torch.stack([tensor(call["t"], "the times that the model is handed", (BATCH,), torch.int64) for call in calls])
    judge_times(times, ids)
    eps = torch.stack([noise(reference, call["x"], x[i], t, s) for call, i, t in zip(calls, ids, times, strict=True)])
    judge_noise(eps, ids)
    judge_losses(reference, losses, calls, x, ids, times, eps, s)
    if not probe.training():
        wrong("train_ddpm: the model came in training mode and was left in evaluation mode.", "left_in_evaluation_mode")


def judge_order(ids):
    if int(ids.min()) < 0 or int(ids.max()) >= N:
        wrong("train_ddpm: the model sees something else than slightly noised data.")
    epochs = ids.reshape(EPOCHS, N)
    if not bool((epochs.sort(dim=1).values == torch.arange(N)).all()):
        wrong("train_ddpm: within an epoch every example must come once; in yours some come twice and others not at all.", "with_replacement")
    partitions = [frozenset(frozenset(batch.tolist()) for batch in epoch) for epoch in ids.reshape(EPOCHS, N // BATCH, BATCH)]
    if any(a == b for a, b in zip(partitions[:-1], partitions[1:], strict=True)):
        wrong("train_ddpm: two epochs have the same batches; shuffle afresh every epoch.", "no_shuffle")


def judge_times(times, ids):
    if int(times.min()) < 1 or int(times.max()) > T:
        wrong(f"train_ddpm: times must lie in 1..{T}, but yours lie in {int(times.min())}..{int(times.max())}.", "from_zero" if int(times.min()) == 0 else None)
    if bool((times == times[:, :1]).all()):
        wrong("train_ddpm: all examples of a batch get the same time.", "one_time_per_batch")
    by_id = torch.stack([times.flatten()[(ids.flatten() == k).nonzero()[:, 0]] for k in range(N)])
    if bool((times == times[:1]).all()) or bool((by_id == by_id[:, :1]).all()):
        wrong("train_ddpm: the same times come again and again.", "times_drawn_once")
    counts = torch.bincount(times.flatten(), minlength=T + 1)[1:]
    if int(counts[T - 1]) == 0:
        wrong(f"train_ddpm: in {times.numel()} draws t = T never comes.", "never_at_T")
    if float((counts - times.numel() / T).abs().max()) > 51:
        wrong(f"train_ddpm: the times 1..{T} come {counts.tolist()} times; they should be equally likely.")


def noise(reference, x_t, x0, t, s):
    """The noise in x_t; add_noise is linear, so its two parts can be had one by one (whatever stands in its place)."""
    base, unit = reference.add_noise(x0, t, torch.zeros_like(x0), s), reference.add_noise(torch.zeros_like(x0), t, torch.ones_like(x0), s)
    return (x_t - base) / unit


def judge_noise(eps, ids):
    if not bool(torch.isfinite(eps).all()):
        wrong("train_ddpm: the model sees data without noise.")
    count = eps.numel()

    def look(value, what, misconception=None):
        if not abs(float(value)) < FAR:
            wrong(f"train_ddpm: {what} ({float(value):.0f} standard errors off).", misconception)

    if float(eps.min()) > -0.05 and float(eps.max()) < 1.05:
        wrong("train_ddpm: your noise lies between 0 and 1.", "uniform_noise")
    by_id = torch.stack([eps.reshape(-1, 3)[(ids.flatten() == k).nonzero()[:, 0]] for k in range(N)])  # (N, epochs, 3)
    look((by_id[:, 1:] * by_id[:, :-1]).mean() * by_id[:, 1:].numel() ** 0.5, "an example gets the same noise in every epoch", "noise_drawn_once")
    look((eps[1:] * eps[:-1]).mean() * eps[1:].numel() ** 0.5, "the noise of one step is not independent of the step before", "noise_drawn_once")
    look((eps[:, 1:] * eps[:, :-1]).mean() * eps[:, 1:].numel() ** 0.5, "examples share their noise")
    look((eps[..., 1:] * eps[..., :-1]).mean() * eps[..., 1:].numel() ** 0.5, "coordinates share their noise")
    look(eps.mean() * count**0.5, "your noise does not have mean 0")
    look((eps.square().mean() - 1) * (count / 2) ** 0.5, "your noise does not have variance 1")


def judge_losses(reference, losses, calls, x, ids, times, eps, s):
    """The loss of every step, by ddpm_loss at the parameters of that step; noise read from float32 states is known to 1 percent at worst."""
    model, wants = Tabled(T), []
    for call, i, t, e in zip(calls, ids, times, eps, strict=True):
        model.slope.data, model.offset.data = tensor(call["slope"], "slope", (T + 1,)), tensor(call["offset"], "offset", (T + 1,))
        wants.append(reference.ddpm_loss(model, x[i], t, e, s).detach().item())
    off = (losses - torch.tensor(wants, dtype=torch.float64)).abs()
    if float((off / (0.02 * torch.tensor(wants, dtype=torch.float64) + 1e-3)).max()) > 1:
        smooth = torch.tensor(wants[:1], dtype=torch.float64)
        for want in wants[1:]:
            smooth = torch.cat([smooth, 0.9 * smooth[-1:] + 0.1 * want])
        averaged = float((losses - smooth).abs().max()) < 0.03
        wrong("train_ddpm: the losses you return are not those of the steps.", "running_means_returned" if averaged else None)


def gaussian(draw):
    return 1.5 + 0.4 * draw.normal(512, 2)


def noisy(reference, x, s):
    """For t = 1..T: mean and variance of x_t for data with this mean and variance, and the noise's share in it; add_noise is keep x_0 + share eps."""
    t, one = torch.arange(1, s.T + 1), torch.ones(s.T, 1, dtype=torch.float64)
    keep, share = (reference.add_noise(part, t, eps, s)[:, 0] for part, eps in ((one, 0 * one), (0 * one, one)))
    return keep * x.mean().double(), keep.square() * x.double().var(correction=0) + share.square(), share


def excess(slope, offset, mean, variance, share):
    """Expected loss above the floor, averaged over t, for eps_hat = slope x_t + offset (lecture 05, simple-loss)."""
    a, b = slope[1:].double(), offset[1:].double()
    return float(((a - share / variance).square() * variance + (a * mean + b).square()).mean())


def test_learning_rate(student, reference, draw):
    """A hundred times the learning rate moves the parameters much farther."""
    s, x, seed, moved = faint(reference), gaussian(draw), draw.seed(), []
    for lr in (1e-4, 1e-2):
        probe = student.place(Tabled(T))
        losses_of(student.train_ddpm(probe, x, s, steps=3, batch_size=64, lr=lr, generator=torch.Generator().manual_seed(seed)), 3)
        moved.append(sum(float(value.abs().sum()) for value in probe.state_dict().values()))
    if not 10 * moved[0] < moved[1]:
        wrong("train_ddpm: the step size does not follow lr.", "lr_ignored" if moved[0] > 0 else "never_steps")


def test_it_learns(student, reference, draw):
    """On Gaussian data the predictor comes near the exact one, and stays there."""
    s = reference.make_schedule(torch.tensor([0.0, 0.2, 0.3, 0.4, 0.5]))
    x = gaussian(draw)
    probe = student.place(Tabled(4, recording=True))
    _, calls = seen(student, probe, x, s, steps=160, batch_size=64, lr=0.1, generator=draw.generator())
    if probe.get("stale") is True:
        wrong("train_ddpm: a gradient still holds what earlier steps left there.", "gradients_add_up")
    x_t = noisy(reference, x, s)
    course = [excess(tensor(call["slope"], "slope", (5,)), tensor(call["offset"], "offset", (5,)), *x_t) for call in calls]
    late = sum(course[-40:]) / 40
    if max(abs(value - course[0]) for value in course) == 0:
        wrong("train_ddpm: the parameters do not change.", "never_steps")
    if late > 0.25 * course[0]:  # far from it with every optimiser in tests/test_optimisers.py
        wrong(f"train_ddpm: after 160 steps the predictor is still {late / course[0]:.0%} as far from the best one as at the start.")
    for name, value in probe.state_dict().items():
        tensor(value, f"after training, the parameter {name}")


@pytest.mark.parametrize(("n", "batch"), [(5, 128), (10, 4), (1, 1)])
def test_small_data(student, reference, draw, n, batch):
    """Data that do not fill a batch, or the last one, train too."""
    x, s = draw.normal(n, 2), faint(reference)
    probe = student.place(Tabled(T, recording=True))
    student.observed()
    got = student.train_ddpm(probe, x, s, steps=7, batch_size=batch, lr=1e-3, generator=draw.generator())
    if n < batch and isinstance(got, list) and len(got) < 7:
        wrong("train_ddpm: data with fewer examples than batch_size are not trained on.", "small_data_not_trained")
    losses_of(got, 7)
    sizes = [len(call["x"]) for call in student.observed()]
    if len(sizes) != 7 or not all(1 <= size <= min(n, batch) for size in sizes):
        wrong(f"train_ddpm: with {n} examples and batch_size={batch} your batches have {sizes[:7]} examples.")


def test_images_and_defaults(student, reference, draw):
    """Data of any shape train, with the defaults and without a generator."""
    losses_of(student.train_ddpm(Tabled(T), draw.normal(9, 1, 2, 2), faint(reference), steps=3), 3)


def test_generator(student, reference, draw):
    """The same seed gives the same losses, another seed others."""
    x, s, seed = numbered(draw), faint(reference), draw.seed()
    runs = [losses_of(student.train_ddpm(Tabled(T), x, s, steps=4, batch_size=8, generator=torch.Generator().manual_seed(k)), 4) for k in (seed, seed, seed + 1)]
    if not torch.equal(runs[0], runs[1]):
        wrong("train_ddpm: two generators with the same seed give different losses.")
    if torch.equal(runs[0], runs[2]):
        wrong("train_ddpm: generators with different seeds give the same losses.")
