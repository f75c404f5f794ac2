"""Checks of train_unet, by a network of one number that observes what it is shown."""

import math
from dataclasses import dataclass

import torch

from autograder.checking import wrong
from autograder.probes import unet as probes
from autograder.student import Remote
from workbook.schedule import NoiseSchedule

DEPENDS = ("ema_update",)
LIMITS = {"cpu": 10.0}
Z = 5.2  # two-sided normal tail 2e-7
CHI2_4 = 33.4  # upper 1e-6 quantile of chi-square with 4 degrees of freedom
INIT = 0.0


@dataclass
class Run:
    """One training run: the batches shown (x, t, gain before the step), the losses, the final and the averaged gain."""

    shown: list[dict]
    losses: list[float]
    gain: float
    average: float
    same_object: bool
    stale: bool


def schedule_of(*alpha_bar: float) -> NoiseSchedule:
    """A schedule with the given alpha_bar[1..T]."""
    a = torch.tensor([1.0, *alpha_bar])
    alpha = torch.cat([a[:1], a[1:] / a[:-1]])
    variance = torch.zeros_like(a)
    variance[1:] = (1 - alpha[1:]) * (1 - a[:-1]) / (1 - a[1:]).clamp(min=1e-12)
    return NoiseSchedule(1 - alpha, alpha, a, variance)


FIVE, HALF, CLEAN = schedule_of(0.95, 0.8, 0.6, 0.4, 0.2), schedule_of(0.5, 0.5), schedule_of(1.0, 1.0)


def train(student, generator, images, schedule, *, steps: int, batch_size: int = 24, **settings) -> Run:
    """Run train_unet on a recorder and validate the form of everything that came back."""
    model = student.place(probes.Recorder())
    student.observed()
    result = student.train_unet(model, images, schedule, steps=steps, batch_size=batch_size, generator=generator, **{"device": "cpu", **settings})
    shown = [part for part in student.observed() if isinstance(part, dict) and _is_batch(part, images)]
    if not isinstance(result, tuple | list) or len(result) != 2:
        wrong("train_unet returns the pair (ema_model, losses).")
    average, losses = result
    if isinstance(average, list) and isinstance(losses, Remote):
        wrong("The pair comes in the wrong order: expected (ema_model, losses).", "losses_first")
    if not isinstance(average, Remote):
        wrong("The first result is not a module.")
    if not isinstance(losses, list | tuple) or not all(type(loss) is float for loss in losses):
        tensors = isinstance(losses, list | tuple) and all(isinstance(loss, torch.Tensor) for loss in losses)
        wrong("The losses are not Python floats.", "losses_as_tensors" if tensors else None)
    if len(losses) != steps or len(shown) != steps:
        wrong(f"For steps={steps} there were {len(shown)} model calls on batches of images and {len(losses)} losses.", "steps_as_epochs" if len(losses) > steps else None)
    if not all(map(math.isfinite, losses)):
        wrong("Some losses are not finite.")
    gains = [module.state_dict().get("gain") for module in (model, average)]
    if not all(isinstance(gain, torch.Tensor) and gain.numel() == 1 and bool(gain.isfinite().all()) for gain in gains):
        wrong("The model or the averaged model has lost its parameter, or it is not finite.")
    return Run(shown, list(losses), gains[0].item(), gains[1].item(), average.__remote_id__.number == model.__remote_id__.number, model.get("stale") is True)


def _is_batch(part: dict, images: torch.Tensor) -> bool:
    x, t = part.get("x"), part.get("t")
    if not isinstance(x, torch.Tensor) or x.dim() != 4 or x.shape[1:] != images.shape[1:] or not bool(x.isfinite().all()):
        wrong("The model was called with something else than a batch of noisy images.")
    if not isinstance(t, torch.Tensor) or t.dtype != torch.int64 or tuple(t.shape) != (len(x),):
        wrong("The model was called with times that are not an int64 tensor with one time per image.")
    return True


def test_batches_without_replacement(student, draw):
    """Every epoch shows every image once, in a fresh order.

    Six epochs of ten images in two halves: that a fresh shuffle repeats the same halves in all of them has probability (1 / 126)^5 < 1e-10.
    """
    marked = torch.arange(10.0).view(10, 1, 1, 1).expand(10, 1, 2, 2).clone()
    run = train(student, draw.generator(), marked, CLEAN, steps=12, batch_size=5)
    shown = [part["x"][:, 0, 0, 0].round().int().tolist() for part in run.shown]
    if any(len(batch) != 5 for batch in shown):
        wrong(f"With ten images and batch_size=5 your batches have {sorted({len(batch) for batch in shown})} images.")
    epochs = [sorted(shown[i] + shown[i + 1]) for i in range(0, 12, 2)]
    if any(epoch != list(range(10)) for epoch in epochs):
        wrong("Within an epoch some image comes twice and another never.", "with_replacement")
    if len({frozenset(map(frozenset, (tuple(sorted(shown[i])), tuple(sorted(shown[i + 1]))))) for i in range(0, 12, 2)}) == 1:
        wrong("Every epoch has the same batches: shuffle afresh in each.", "never_reshuffled")
    few = train(student, draw.generator(), marked[:3], CLEAN, steps=4, batch_size=8)
    if any(sorted(part["x"][:, 0, 0, 0].round().int().tolist()) != [0, 1, 2] for part in few.shown):
        wrong("With three images and batch_size=8 a batch should be those three images.")


def test_times_noise_and_loss(student, draw):
    """Times are uniform with both ends, noise is fresh and normal, x_t and the loss are what the equation says."""
    level = draw.number(0.4, 0.9)
    images = torch.full((48, 1, 4, 4), level)
    run = train(student, draw.generator(), images, FIVE, steps=60, lr=1e-3)
    _check_times(run)
    _check_noise(run, level)


def _check_times(run: Run) -> None:
    times = torch.cat([part["t"] for part in run.shown])
    low, high = int(times.min()), int(times.max())
    if low == 0 and high == FIVE.T - 1:
        wrong("Times run from 0 to T - 1; they are to run from 1 to T.", "times_from_zero")
    if (low, high) != (1, FIVE.T):  # one end missing among 1440 fair draws: probability 0.8^1440
        wrong(f"Times run from {low} to {high} where T is {FIVE.T}.", "last_time_never" if (low, high) == (1, FIVE.T - 1) else None)
    if all(len(part["t"].unique()) == 1 for part in run.shown):
        wrong("All images of a batch have the same time.", "one_time_per_batch")
    counts = torch.bincount(times, minlength=FIVE.T + 1)[1:].double()
    expected = len(times) / FIVE.T
    if ((counts - expected).square() / expected).sum() > CHI2_4:
        wrong("The times are not drawn uniformly.")


def _check_noise(run: Run, level: float) -> None:
    noises = []
    for part, loss in zip(run.shown, run.losses, strict=True):
        x, gain, a = part["x"], float(part["gain"]), FIVE.alpha_bar[part["t"]].view(-1, 1, 1, 1)
        eps = (x - a.sqrt() * level) / (1 - a).sqrt()
        want = float((gain * x - eps).square().mean())
        if abs(loss - want) > 1e-3 * (1e-3 + want):
            wrong("A loss is not the mean squared error between the noise in x_t and the model's answer, before the update.", _slip(part, loss, level, eps))
        noises.append(eps)
    together = torch.cat(noises)
    if len(_apart(noises[0])) < len(noises[0]):
        wrong("Two images of one batch have the same noise.", "one_noise_for_all")
    if len(_apart(torch.cat(noises[:3]))) < 3 * len(noises[0]):
        wrong("The noise of one step comes again in another.", "noise_drawn_once")
    n = together.numel()
    if abs(float(together.mean())) > Z / math.sqrt(n) or abs(float(together.var()) - 1) > Z * math.sqrt(2 / n):
        wrong("The noise is not standard normal.", "uniform_noise")


def _apart(rows: torch.Tensor) -> torch.Tensor:
    """Images without those that repeat an earlier one up to 1e-3 (by chance: for 48 numbers below 1e-100)."""
    flat = rows.flatten(1)
    gaps = (flat[:, None] - flat[None]).abs().amax(2) + torch.eye(len(flat)).mul(9)
    repeated = torch.tril(gaps < 1e-3).any(1)
    return rows[~repeated]


def _slip(part: dict, loss: float, level: float, eps: torch.Tensor) -> str | None:
    """Which known slip explains this loss."""
    x, gain = part["x"], float(part["gain"])
    shape = (-1, 1, 1, 1)
    a, alpha = FIVE.alpha_bar[part["t"]].view(shape), FIVE.alpha[part["t"]].view(shape)
    answer = gain * x
    explained = {
        "roots_forgotten": (answer - (x - a * level) / (1 - a)).square().mean(),
        "alpha_for_alpha_bar": (answer - (x - alpha.sqrt() * level) / (1 - alpha).sqrt()).square().mean(),
        "predicts_the_image": (answer - level).square().mean(),
        "summed_loss": (answer - eps).square().sum(),
    }
    return next((name for name, value in explained.items() if abs(loss - float(value)) <= 1e-3 * (1e-3 + float(value))), None)


def test_each_step_uses_its_own_gradient_and_learns(student, draw):
    """Gradients are fresh, the weight moves by steps of size lr, and the loss falls."""
    images = torch.zeros(32, 1, 4, 4)
    run = train(student, draw.generator(), images, HALF, steps=100, batch_size=32, lr=3e-2)
    if run.stale:
        wrong("A gradient still holds what earlier steps left there.", "gradients_pile_up")
    # the loss is (1 - gain / sqrt 2)^2 times a mean of 512 squared normals (standard error 6 %); 30-step means are good to 1.2 %, so 0.9 is 6 of them off
    # (every optimiser in tests/test_optimisers.py gets there)
    if sum(run.losses[-30:]) > 0.9 * sum(run.losses[:30]):
        wrong(f"After 100 steps with lr=0.03 the loss has hardly fallen: from {sum(run.losses[:30]) / 30:.3f} to {sum(run.losses[-30:]) / 30:.3f}.")
    slow = train(student, draw.generator(), images, HALF, steps=3, lr=1e-9)
    if abs(slow.gain - INIT) > 1e-6:
        wrong(f"With lr=1e-9 three steps moved a weight by {abs(slow.gain - INIT):.1g}.", "lr_forgotten")


def test_the_average_follows(student, reference, draw):
    """The averaged weight is the running average with the decay that was asked for.

    After a warm-up of at most 100 steps the decay is 0.9; what came before counts 0.9^100 = 3e-5 of a hundred steps
    at most, 0.003 of a step, where 2 % of a lag of nine steps, 0.18 of one, are allowed. Updating the average just before or just after the step is the same to us.
    """
    run = train(student, draw.generator(), torch.zeros(32, 1, 4, 4), HALF, steps=200, batch_size=32, lr=2e-3, ema_decay=0.9)
    if run.same_object:
        wrong("The averaged model is the model itself.", "average_is_the_model")
    gains = [float(part["gain"]) for part in run.shown] + [run.gain]
    after, before = average_of(reference, gains[1:], 0.9), average_of(reference, gains[:-1], 0.9)
    allowed = 0.02 * abs(run.gain - after) + 1e-6
    if min(abs(run.average - after), abs(run.average - before)) <= allowed:
        return
    slips = {
        "average_never_updated": INIT, "copied_at_the_end": run.gain, "decay_upside_down": average_of(reference, gains[1:], 0.1),
        "averaged_too_rarely": average_of(reference, gains[10::10], 0.9),
    }  # fmt: skip
    name = next((name for name, value in slips.items() if abs(run.average - value) <= 1e-5), None)
    wrong(f"The weight ends at {run.gain:.4f} and its average at {run.average:.4f}, which is not the running average with decay 0.9.", name)


def average_of(reference, values: list[float], decay: float) -> float:
    """The running average from INIT, by ema_update on networks of one number (in float64)."""
    average, latest = probes.Recorder().double(), probes.Recorder().double()
    average.gain.data.fill_(INIT)
    for value in values:
        latest.gain.data.fill_(value)
        reference.ema_update(average, latest, decay)
    return average.gain.item()


def test_the_generator_decides(student, draw):
    """The same seed gives the same losses, another seed other ones."""
    images, seed = draw.normal(48, 1, 4, 4), draw.seed()
    one, again, other = (train(student, torch.Generator().manual_seed(s), images, FIVE, steps=3).losses for s in (seed, seed, draw.seed()))
    if one != again:
        wrong("Two runs with the same generator seed give different losses.", "global_random_state")
    if one == other:
        wrong("Another generator seed gives the same losses.", "global_random_state")


def test_precision_and_device(student, draw):
    """Full precision on the CPU unless asked, x_t in the images' dtype, and everything on the device that was asked for."""
    images = draw.normal(6, 1, 4, 4)
    for settings in ({}, {"amp": False}, {"device": torch.device("cpu")}):
        if any(part.get("mixed") is not False for part in train(student, draw.generator(), images, FIVE, steps=2, batch_size=4, **settings).shown):
            wrong("On the CPU the model is called in mixed precision, which amp=True was not there to ask for.", "half_precision_everywhere")
    if any(part["x"].dtype != torch.float64 for part in train(student, draw.generator(), images.double(), FIVE, steps=2, batch_size=4).shown):
        wrong("For float64 images x_t is not float64.", "float32_noise")
    found = student.run(probes.training_elsewhere, images, FIVE)
    if found in ("clash", "left"):
        seen = "tensors of two devices meet" if found == "clash" else "the model or its batch is still on the CPU"
        wrong(f"With another device (a rehearsal on torch's meta device) {seen}. Bring model, schedule and batches to `device`.", "stays_behind")
