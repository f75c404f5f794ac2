"""Local checks of what learns: the embedding of time, the loss, the training loop."""

import math

import torch

from workbook.checks.ddpm.tools import Notes, elsewhere, expect, expect_shape, fail, small_schedule

SEE = "simple-loss"


def timestep_embedding(names):
    """The worked example, t = 0, angle sums, odd sizes, device."""
    see = "timestep-embedding"
    got = expect_shape(names.timestep_embedding(torch.tensor([1, 3]), 4), (2, 4), "the embedding of two times with dim = 4")
    expect(got.dtype == torch.float32, f"the embedding is {got.dtype}", "float32, an input of the network")
    want = [math.sin(1), math.sin(0.01), math.cos(1), math.cos(0.01)]
    expect(torch.allclose(got[0], torch.tensor(want), atol=1e-5), f"t = 1, dim = 4 gives {[round(v, 4) for v in got[0].tolist()]}", f"{[round(v, 4) for v in want]}",
           "sines first, then cosines, frequencies 1 and 0.01", see)  # fmt: skip
    start = names.timestep_embedding(torch.tensor([0]), 12)[0]
    expect(torch.equal(start, torch.tensor([0.0] * 6 + [1.0] * 6)), f"t = 0 gives {start.tolist()}", "six zeros (sines), then six ones (cosines)", see=see)
    for dim in (2, 6, 10):
        t = torch.tensor([1, 7, 19])
        sines, cosines = names.timestep_embedding(t, dim).split(dim // 2, dim=1)
        angles = torch.atan2(sines[0], cosines[0])  # at t = 1 an angle is its frequency
        ratios = angles[1:] / angles[:-1]
        expect(abs(angles[0].item() - 1) < 1e-4, f"with dim = {dim} the fastest clock turns by {angles[0].item():.4f} per step", "1", see=see)
        expect((ratios - 10 ** (-8 / dim)).abs().max() < 1e-3 if dim > 2 else True, f"with dim = {dim} neighbouring frequencies have the ratio {ratios.tolist()[:2]}", f"{10 ** (-8 / dim):.4f}",
               "the exponent is -i / (dim / 2)", see)  # fmt: skip
        expect(torch.allclose(sines, torch.sin(t[:, None] * angles), atol=1e-3), "the angles do not grow in proportion to t", "t times the frequency", see=see)
    for dim in (7, 1):
        try:
            names.timestep_embedding(torch.tensor([1, 2]), dim)
        except ValueError:
            continue
        fail(f"dim = {dim} is accepted", "a ValueError, since sines and cosines share dim equally", see=see)
    elsewhere(names.timestep_embedding, torch.tensor([1, 2]), 8, what="the embedding")


def ddpm_loss(names):
    """A model that knows nothing, one that knows everything, what it is handed, gradients."""
    schedule, generator = small_schedule(dtype=torch.float32), torch.Generator().manual_seed(4)
    x0, eps, t = 2 * torch.randn(6, 3, generator=generator), torch.randn(6, 3, generator=generator), torch.tensor([5, 1, 4, 2, 3, 5])
    model = Notes(5)
    loss = expect_shape(names.ddpm_loss(model, x0, t, eps, schedule), (), "the loss")
    want = sum(v * v for v in eps.flatten().tolist()) / 18
    expect(abs(loss.item() - want) < 1e-5, f"a model that always answers 0 has the loss {loss.item():.4f}", f"{want:.4f}, the mean square of eps",
           "a sum for the mean, a weight, absolute values, or another target", SEE)  # fmt: skip
    expect(len(model.calls) == 1, f"the model is called {len(model.calls)} times", "once")
    handed = model.calls[0]
    expect(isinstance(handed["t"], torch.Tensor) and handed["t"].dtype == torch.int64 and torch.equal(handed["t"], t), f"the model is handed the times {handed['t']}", f"{t}, as they came", see=SEE)
    share = torch.stack([schedule.alpha_bar[k] for k in t.tolist()])[:, None]
    noisy = share**0.5 * x0 + (1 - share) ** 0.5 * eps
    expect(torch.allclose(handed["x"], noisy, atol=1e-4), "the model is handed something else than x_t", "the noisy data with this very eps in them", "x_0 itself, or other noise", SEE)
    model.offset.data.fill_(0.5)
    loss = names.ddpm_loss(model, x0, t, eps, schedule)
    expect(loss.requires_grad, "no gradient reaches the model", "a loss that can be minimised", ".detach(), .item() or no_grad on the way", SEE)
    loss.backward()
    want = -2 * (eps[t == 4].sum().item() - 0.5 * 3) / 18
    got = model.offset.grad[4].item()
    expect(abs(got - want) < 1e-4, f"a number of the model gets the gradient {got:.4f}", f"{want:.4f}", see=SEE)


def train_ddpm(names):
    """Read off from what the model sees which examples, times and noise every step used; then learn a straight line."""
    model, data = Notes(5), _labelled()
    losses = names.train_ddpm(model, data, _whisper(), steps=36, batch_size=8, lr=1e-3, generator=torch.Generator().manual_seed(5))
    _right_kind(losses, 36)
    _global_state_untouched(names, data)
    expect(len(model.calls) == 36, f"36 steps ask the model {len(model.calls)} times", "36 times, once per step", "steps counted as epochs", SEE)
    sizes = {len(call["x"]) for call in model.calls}
    expect(sizes == {8}, f"24 examples with batch_size=8 come in batches of {sorted(sizes)}", "8", "batch_size is not used", SEE)
    which = torch.stack([(call["x"][:, 0] * 3).round().long() + 12 for call in model.calls])
    _epochs(which)
    times = torch.stack([torch.as_tensor(call["t"]).expand(8) for call in model.calls])
    _times(times)
    drawn = torch.stack([(call["x"] - (1 - 1e-4) ** (t[:, None] / 2.0) * data[i]) / (1 - (1 - 1e-4) ** t[:, None].double()) ** 0.5 for call, i, t in zip(model.calls, which, times, strict=True)])
    _noise(drawn, which)
    _losses(losses, model.calls, drawn)
    expect(model.training, "the model came in training mode and is left in evaluation mode", "training mode, or as it came")
    _small_data(names)
    _learning(names)


def _whisper():
    """Five steps that add next to nothing, so that the data stay readable."""
    return small_schedule([1e-4] * 5, dtype=torch.float32)


def _labelled():
    """24 examples whose first coordinate is a third of their number."""
    rest = torch.randn(24, 2, generator=torch.Generator().manual_seed(6))
    return torch.cat([(torch.arange(24.0)[:, None] - 12) / 3, rest], dim=1)


def _right_kind(losses, steps: int) -> None:
    expect(isinstance(losses, list) and len(losses) == steps, f"{steps} steps return {len(losses) if isinstance(losses, list) else type(losses).__name__}", f"a list of {steps} losses",
           "an epoch without a full batch trains nothing, or losses are collected elsewhere", SEE)  # fmt: skip
    kinds = {type(value).__name__ for value in losses}
    expect(kinds == {"float"}, f"the losses are of type {', '.join(sorted(kinds))}", "plain Python floats", "a tensor keeps its graph alive")
    expect(all(math.isfinite(value) for value in losses), "a loss is not finite", "finite losses", "the steps are too large, or gradients add up")


def _global_state_untouched(names, data) -> None:
    before = torch.get_rng_state()
    names.train_ddpm(Notes(5), data, _whisper(), steps=2, batch_size=8, generator=torch.Generator().manual_seed(0))
    expect(torch.equal(before, torch.get_rng_state()), "with a generator given, the global random state moves", "every draw from the generator", "a randn, rand, randint or randperm without generator=")


def _epochs(which: torch.Tensor) -> None:
    expect(which.min() >= 0 and which.max() < 24, "the model sees something else than slightly noised data", "x_t at the times drawn", see=SEE)
    epochs = which.reshape(12, 24)
    once = (epochs.sort(dim=1).values == torch.arange(24)).all()
    expect(once, "within an epoch some examples come twice and others not at all", "each once: without replacement", "torch.randint instead of torch.randperm", SEE)
    groups = [{frozenset(batch) for batch in epoch} for epoch in which.reshape(12, 3, 8).tolist()]
    expect(all(a != b for a, b in zip(groups[:-1], groups[1:], strict=True)), "two epochs in a row have the same batches", "a new order every epoch", "the order is drawn once, or not at all", SEE)


def _times(times: torch.Tensor) -> None:
    low, high = int(times.min()), int(times.max())
    expect(low == 1 and high == 5, f"288 times drawn for T = 5 lie in {low}..{high}", "1..5, both ends included", "the upper end of torch.randint is not drawn, the lower one is", SEE)
    expect(not (times == times[:, :1]).all(), "all examples of a batch get the same time", "one time per example", "torch.randint with size (1,)", SEE)
    expect(not (times == times[:1]).all(), "the same times come at every step", "new times at every step", "the times are drawn before the loop", SEE)
    counts = torch.bincount(times.flatten(), minlength=6)[1:]
    expect((counts - 57.6).abs().max() < 51, f"the times 1..5 come {counts.tolist()} times", "each about 58 times", "the times are not uniform", SEE)


def _noise(drawn: torch.Tensor, which: torch.Tensor) -> None:
    mean, variance = drawn.mean().item(), drawn.var().item()  # 864 values: standard errors 0.034 and 0.048, so six of them are 0.2 and 0.29
    expect(abs(mean) < 0.2 and abs(variance - 1) < 0.29, f"the noise has mean {mean:.2f} and variance {variance:.2f}", "0 and 1", "torch.rand for torch.randn, or another scale", SEE)
    own = torch.stack([drawn.reshape(-1, 3)[which.flatten() == k] for k in range(24)])
    alike = (own[:, 1:] * own[:, :-1]).mean().item()
    expect(abs(alike) < 0.25, f"the noise of an example in one epoch and the next has correlation {alike:.2f}", "0: fresh noise at every step", "the noise is drawn before the loop", SEE)


def _losses(losses: list, calls: list, drawn: torch.Tensor) -> None:
    for step, (loss, call, eps) in enumerate(zip(losses, calls, drawn, strict=True)):
        want = (eps - call["said"]).square().mean().item()
        expect(abs(loss - want) < 0.02 * want + 1e-3, f"the loss of step {step} is returned as {loss:.4f}", f"{want:.4f}, from what the model said", "an average over steps, or a loss other than ddpm_loss", SEE)


def _small_data(names) -> None:
    few = Notes(5)
    _right_kind(names.train_ddpm(few, torch.randn(5, 2, generator=torch.Generator().manual_seed(1)), _whisper(), steps=4, batch_size=128), 4)
    expect(len(few.calls) == 4, f"5 examples with batch_size=128: 4 steps ask the model {len(few.calls)} times", "4 times", "a last short batch is dropped even where it is the only one", SEE)


def _learning(names) -> None:
    """Gaussian data, where the best predictor is a straight line per time: nearer to it at the end; and the step size follows lr."""
    schedule = small_schedule([0.2, 0.3, 0.4, 0.5], dtype=torch.float32)
    data = 1.5 + 0.4 * torch.randn(512, 2, generator=torch.Generator().manual_seed(7))
    moved = []
    for lr in (1e-4, 1e-2):
        model = Notes(4)
        names.train_ddpm(model, data, schedule, steps=3, batch_size=64, lr=lr, generator=torch.Generator().manual_seed(8))
        moved.append(model.slope.detach().abs().sum().item())
    expect(moved[1] > 0, "training leaves the model as it was", "parameters that change", "optimizer.step() is missing", SEE)
    expect(moved[1] > 10 * moved[0], f"a hundred times the learning rate moves the model {moved[1] / max(moved[0], 1e-12):.1f} times as far", "about a hundred times", "lr is not handed to the optimiser", SEE)
    model = Notes(4)
    names.train_ddpm(model, data, schedule, steps=160, batch_size=64, lr=0.1, generator=torch.Generator().manual_seed(9))
    expect(not model.stale, "a gradient holds what earlier steps left", "each step uses its own gradient only", "optimizer.zero_grad() is missing, or stands between backward and step", SEE)
    start, late = _distance(model.calls[0], data, schedule), sum(_distance(call, data, schedule) for call in model.calls[-40:]) / 40
    expect(late < 0.3 * start, f"after 160 steps the predictor is {late / start:.2f} times as far from the best one as at the start", "a few hundredths",
           "gradients of earlier steps are still there: zero_grad", SEE)  # fmt: skip


def _distance(call: dict, data: torch.Tensor, schedule) -> float:
    """Mean over t of the expected squared difference between the predictor and the best one for data of this mean and variance."""
    total, mean, variance = 0.0, data.mean().item(), data.var().item()
    for t in range(1, 5):
        left = schedule.alpha_bar[t].item()
        spread, centre = left * variance + 1 - left, left**0.5 * mean
        slope, offset = call["slope"][t].item(), call["offset"][t].item()
        total += (slope - (1 - left) ** 0.5 / spread) ** 2 * spread + (slope * centre + offset) ** 2
    return total / 4
