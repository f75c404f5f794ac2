"""Local checks of the running average and of the training loop."""

import copy
import math

import torch
from torch import nn

from workbook.checks.gradients import watch_gradients
from workbook.checks.saying import expect, fail
from workbook.checks.unet.elsewhere import where_training_happens
from workbook.checks.unet.modules import normal
from workbook.schedule import NoiseSchedule


class Normed(nn.Module):
    """A module with weights and with buffers, one of them an integer."""

    def __init__(self, seed: int):
        super().__init__()
        self.layer, self.norm = nn.Linear(3, 2), nn.BatchNorm1d(2)
        for i, tensor in enumerate((*self.parameters(), self.norm.running_mean)):
            tensor.data.copy_(normal(*tensor.shape, seed=10 * seed + i))
        self.norm.num_batches_tracked.fill_(seed)


def _state(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def ema_update(names) -> None:
    """The average, in place; buffers copied; the model untouched; no gradient, nothing shared."""
    for decay in (0.9, 0.25, 0.0, 1.0):
        average, model = Normed(1), Normed(2)
        before, new, held = _state(average), _state(model), list(average.parameters())
        names.ema_update(average, model, decay)
        _expect_average(average, model, before, new, decay)
    expect(all(a is b for a, b in zip(held, average.parameters(), strict=True)) and all(p.is_leaf and p.grad_fn is None for p in average.parameters()),
           "the average's parameters are other objects, or carry a gradient's history", "the same parameters with new values",
           "the update creates new tensors, or runs outside of torch.no_grad()", "ema")
    kept = _state(average)
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.add_(1)
    expect(all(torch.equal(kept[name], value) for name, value in average.state_dict().items()), "changing the model afterwards changes the average", "two separate modules",
           "a tensor of the model was put into the average instead of its values", "ema")


def _expect_average(average: nn.Module, model: nn.Module, before: dict, new: dict, decay: float) -> None:
    expect(all(torch.equal(new[name], value) for name, value in model.state_dict().items()), "the model itself has changed", "only ema_model changes",
           "the two modules have swapped places", "ema")
    for name, parameter in average.named_parameters():
        want = decay * before[name] + (1 - decay) * new[name]
        swapped = (1 - decay) * before[name] + decay * new[name]
        cause = "the decay belongs to the old average" if torch.allclose(parameter, swapped, atol=1e-6) else "ema_model is to be changed in place"
        expect(torch.allclose(parameter, want, atol=1e-6), f"with decay {decay}, {name} went from {before[name].flatten()[0]:.3f} to {parameter.flatten()[0]:.3f} for a new value {new[name].flatten()[0]:.3f}",
               f"{want.flatten()[0]:.3f}", cause, "ema")
    for name, buffer in average.named_buffers():
        expect(torch.allclose(buffer.double(), new[name].double(), atol=1e-7), f"with decay {decay}, the buffer {name} is not the model's", "buffers are copied", "only parameters are visited, or buffers averaged", "ema")


class Recorder(nn.Module):
    """A network of one number, eps_hat = gain * x, that writes down what it is shown and whether its gradient was fresh."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(()))
        self.seen, self.mixed = [], False
        watch_gradients(self)

    def forward(self, x, t):
        """gain * x, of x's shape."""
        self.mixed = self.mixed or torch.is_autocast_enabled("cpu")
        self.seen.append((x.detach().clone(), t.detach().clone(), self.gain.item()))
        return self.gain * x

    def __deepcopy__(self, memo):
        other = Recorder()
        other.gain.data.copy_(self.gain.data)
        return other


def _schedule(*alpha_bar: float) -> NoiseSchedule:
    """A schedule with the given alpha_bar[1..T]."""
    a = torch.tensor([1.0, *alpha_bar])
    alpha = torch.cat([a[:1], a[1:] / a[:-1]])
    variance = torch.zeros_like(a)
    variance[1:] = (1 - a[:-1]) * (1 - alpha[1:]) / (1 - a[1:]).clamp_min(1e-12)
    return NoiseSchedule(1 - alpha, alpha, a, variance)


def _run(names, images, schedule, seed: int = 0, **settings):
    model = Recorder()
    result = names.train_unet(model, images, schedule, generator=torch.Generator().manual_seed(seed), device="cpu", **settings)
    expect(isinstance(result, tuple | list) and len(result) == 2, f"train_unet returns a {type(result).__name__}", "the pair (ema_model, losses)")
    average, losses = result
    expect(isinstance(average, nn.Module), f"the first result is a {type(average).__name__}", "the averaged module first, then the losses")
    expect(isinstance(losses, list) and all(type(loss) is float for loss in losses), "losses are not a list of Python floats", "one float per step: loss.item()")
    return model, average, losses


def train_unet(names) -> None:
    """Batches, times, noise, the loss, fresh gradients, learning, and the average."""
    images = torch.full((48, 1, 4, 4), 0.7)
    kept = images.clone()
    schedule = _schedule(0.95, 0.8, 0.6, 0.4, 0.2)
    model, _, losses = _run(names, images, schedule, steps=60, batch_size=24, lr=1e-3)
    expect(torch.equal(images, kept), "the images have changed", "inputs stay as they are")
    expect(len(losses) == len(model.seen) == 60, f"{len(losses)} losses and {len(model.seen)} model calls for steps=60", "one batch and one loss per step",
           "steps are counted in epochs, or a shorter data set ends the loop")
    _expect_ddpm_loss(model, losses, images, schedule)
    _expect_batches(names)
    _expect_learning(names)
    _expect_precision_and_place(names, images, schedule)
    again, other = (_run(names, images, schedule, seed, steps=3, batch_size=24)[2] for seed in (0, 1))
    expect(again == losses[:1] + again[1:] and other != again, "the losses do not follow from the generator's seed", "shuffle, times and noise drawn from the generator")


def _expect_ddpm_loss(model: Recorder, losses: list[float], images: torch.Tensor, schedule: NoiseSchedule) -> None:
    times = torch.cat([t for _, t, _ in model.seen])
    expect(times.dtype == torch.int64 and times.min() == 1 and times.max() == schedule.T, f"times run from {times.min().item()} to {times.max().item()}", f"from 1 to T = {schedule.T}",
           "randint's upper end is not included", "simple-loss")
    expect(any(len(t.unique()) > 1 for _, t, _ in model.seen[:3]), "all images of a batch share one time", "one time per image", see="simple-loss")
    counts = torch.bincount(times, minlength=schedule.T + 1)[1:]
    expect((counts - len(times) / schedule.T).abs().max() < 6 * math.sqrt(len(times) / schedule.T), f"the times were drawn {counts.tolist()} times", "all times equally often", see="simple-loss")
    noises = []
    for (x, t, gain), loss in zip(model.seen, losses, strict=True):
        a = schedule.alpha_bar[t].view(-1, 1, 1, 1)
        eps = (x - a.sqrt() * 0.7) / (1 - a).sqrt()
        want = (gain * x - eps).square().mean().item()
        expect(abs(loss - want) < 1e-3 * (1 + want), f"a loss of {loss:.4f} where the model's error on x_t is {want:.4f}", "the mean over batch and pixels of (eps - eps_hat)^2, before the update",
               "x_t = sqrt(alpha_bar) x_0 + sqrt(1 - alpha_bar) eps: a missing root, another target than eps, or a sum for a mean", "simple-loss")
        noises.append(eps)
    expect(not torch.allclose(noises[0], noises[1], atol=1e-3) and not torch.allclose(noises[0][0], noises[0][1], atol=1e-3), "the same noise comes again", "fresh noise for every step and image", see="simple-loss")
    expect(abs(torch.cat(noises).std().item() - 1) < 0.05, f"the noise has standard deviation {torch.cat(noises).std().item():.2f}", "standard normal noise", "rand instead of randn", "forward-marginal")


def _expect_batches(names) -> None:
    marked = torch.arange(10.0)[:, None, None, None].repeat(1, 1, 2, 2)
    clean = _schedule(1.0, 1.0)
    model, _, _ = _run(names, marked, clean, steps=12, batch_size=5, lr=1e-3)
    shown = [x[:, 0, 0, 0].round().int().tolist() for x, _, _ in model.seen]
    expect(all(len(batch) == 5 for batch in shown), f"batches of {sorted({len(batch) for batch in shown})} images for batch_size=5 and 10 images", "batches of 5")
    epochs = [sorted(shown[i] + shown[i + 1]) for i in range(0, 12, 2)]
    expect(all(epoch == list(range(10)) for epoch in epochs), "within an epoch some image comes twice and another never", "every image once per epoch", "indices drawn with replacement")
    expect(len({tuple(sorted(batch)) for batch in shown[::2]}) > 1, "every epoch has the same batches", "a fresh shuffle every epoch", "no shuffle, or one shuffle before the loop")
    few, _, _ = _run(names, marked[:3], clean, steps=4, batch_size=8)
    expect(all(sorted(x[:, 0, 0, 0].round().int().tolist()) == [0, 1, 2] for x, _, _ in few.seen), "three images with batch_size=8 do not come as batches of three", "all three images once per step")


def _expect_learning(names) -> None:
    images, half = torch.zeros(32, 1, 4, 4), _schedule(0.5, 0.5)
    model, average, losses = _run(names, images, half, steps=200, batch_size=32, lr=2e-3, ema_decay=0.9)
    expect(not model.stale, "a gradient holds what earlier steps left", "each step uses its own gradient only", "optimizer.zero_grad() is missing, or stands between backward and step")
    gains = [gain for _, _, gain in model.seen] + [model.gain.item()]
    expect(gains[-1] > 0.02 and losses[-1] < losses[0], f"after 200 steps the weight moved from 0 to {gains[-1]:.3f}", "training that lowers the loss", "the optimiser has other parameters, or makes no step")
    expect(average is not model and average.gain is not model.gain, "the averaged model is the model itself", "a separate copy", "ema_model = model makes a second name, not a copy: copy.deepcopy", "ema")
    want = [gains[0]] * 2
    for old, new in zip(gains[:-1], gains[1:], strict=True):
        want = [0.9 * want[0] + 0.1 * new, 0.9 * want[1] + 0.1 * old]
    lag = gains[-1] - want[0]
    ok = min(abs(average.gain.item() - value) for value in want) < 0.02 * abs(lag)
    expect(ok, f"the averaged weight is {average.gain.item():.4f} where the weights end at {gains[-1]:.4f}", f"the running average with decay 0.9: {want[0]:.4f}", "ema_update is not called after every step, or with another decay", "ema")
    slow, _, _ = _run(names, images, half, steps=3, lr=1e-9)
    expect(abs(slow.gain.item()) < 1e-6, f"with lr=1e-9 the weight moved to {slow.gain.item():.3g}", "steps of the size lr", "lr is not handed to the optimiser")


def _expect_precision_and_place(names, images: torch.Tensor, schedule: NoiseSchedule) -> None:
    model, _, _ = _run(names, images, schedule, steps=1, batch_size=4)
    expect(not model.mixed, "on the CPU the model is called in mixed precision", "full precision unless amp=True", "autocast is on everywhere instead of on CUDA only")
    model, _, _ = _run(names, images.double(), schedule, steps=1, batch_size=4)
    expect(model.seen[0][0].dtype == torch.float64, f"for float64 images x_t is {str(model.seen[0][0].dtype).removeprefix('torch.')}", "x_t in the images' dtype",
           "the images are converted, or x_t takes another tensor's dtype")
    found = where_training_happens(names.train_unet, images, schedule)
    expect(found is None, "with device=\"meta\" (a rehearsal of another device) " + ("tensors of two devices meet" if found == "clash" else "model or batch stay on the CPU"),
           "model, schedule and batches on the device that was asked for", "one of them is not moved: .to(device)")


def train_briefly(names) -> None:
    """The averaged weight follows the weight although the run is short."""
    images, half, model = torch.zeros(64, 1, 4, 4), _schedule(0.5, 0.5), Recorder()
    average = names.train_briefly(model, images, half, 150)
    if not isinstance(average, nn.Module):
        fail(f"train_briefly returns a {type(average).__name__}", "the averaged model")
    share = average.gain.item() / model.gain.item()
    expect(average is not model and average.gain is not model.gain, "the averaged model is the model itself", "a separate average")
    expect(share > 0.5, f"after 150 steps the averaged weight has gone {share:.0%} of the way of the weight", "more than half", "the average is still mostly the random initialisation: it needs a warm-up", "ema")
    quick = copy.deepcopy(model)
    torch.manual_seed(0)
    follow = names.train_briefly(quick, images, half, 40).gain.item()
    expect(follow != quick.gain.item(), "the averaged weight equals the last weight", "an average, not a copy", "a decay of 0", "ema")
