"""The local check of the training loop: a small model keeps a diary, from which batches, noise, weights and reports can be read off."""

import math
from dataclasses import dataclass, field

import torch
from torch import nn

from workbook.checks import expect, fail
from workbook.checks.vae.measuring import watched

SEE = "vae-loss"
D = 6


@dataclass
class Page:
    """One step: the batch, the two heads and the decoder then, the code, the gradient that came back to mu, gradients that parameters held."""

    batch: torch.Tensor
    mu: torch.Tensor
    logvar: torch.Tensor
    weights: dict
    code: torch.Tensor | None = None
    flow: torch.Tensor | None = None
    held: dict = field(default_factory=dict)

    def noise(self) -> torch.Tensor:
        """What the code was moved by, in standard deviations."""
        return (self.code - self.mu) / (self.logvar / 2).exp()


class Diary(nn.Module):
    """Two latent coordinates, of which the decoder reads the first only: what comes back to the mean of the second is the pull of the KL alone."""

    def __init__(self, seed: int = 5):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.latent_dim, self.pages = 2, []
        self.read = nn.Parameter(0.5 * torch.randn(D, 4, generator=generator, dtype=torch.float64))
        self.write = nn.Parameter(0.5 * torch.randn(1, D, generator=generator, dtype=torch.float64))
        self.offset = nn.Parameter(0.5 * torch.randn(D, generator=generator, dtype=torch.float64))
        for name, parameter in self.named_parameters():
            parameter.register_post_accumulate_grad_hook(lambda p, name=name: self.pages[-1].held.update({name: p.grad.detach().clone()}))

    def encode(self, x):
        mu, logvar = (x.to(self.read.dtype) @ self.read).chunk(2, dim=1)
        if mu.requires_grad and torch.is_grad_enabled():
            weights = {name: p.detach().clone() for name, p in self.named_parameters()}
            page = Page(x.detach().clone(), mu.detach().clone(), logvar.detach().clone(), weights)
            self.pages.append(page)
            mu.register_hook(lambda gradient: setattr(page, "flow", gradient.detach() + (0 if page.flow is None else page.flow)))
        return mu, logvar

    def decode(self, z):
        if self.pages and torch.is_grad_enabled():
            self.pages[-1].code = z.detach().clone()
        return z[:, :1] @ self.write + self.offset


def train_vae(names):
    """A diary of 20 steps: batches, noise, what is minimised, what is reported; then the rate, the generator, few images, the mode, progress."""
    x = _numbered(16)
    model = Diary()
    losses = _train(names, model, x, 20, batch_size=6, lr=1e-2, generator=torch.Generator().manual_seed(1), beta=2.5, warmup_steps=6)
    _pages(model, 20)
    _order([_positions(x, page.batch) for page in model.pages])
    _noise(names)
    _minimised(model.pages, 2.5, [min(1.0, step / 6) for step in range(20)])
    _reported(names, losses, model.pages)
    _moved(names, x)
    _generator(names, x)
    few = Diary()
    _train(names, few, _numbered(3), 3, generator=torch.Generator().manual_seed(1))
    sizes = [sorted(_positions(_numbered(3), page.batch)) for page in few.pages]
    expect(sizes == [[0, 1, 2]] * 3, f"3 images and batch_size=128 give batches of {[len(size) for size in sizes]} images in 3 steps", "all three in each", "a short batch is dropped even where it is the only one")
    _progress(names)


def _numbered(n: int) -> torch.Tensor:
    """Images whose first pixel is their position over n."""
    x = torch.rand(n, D, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    x[:, 0] = torch.arange(n, dtype=torch.float64) / n
    return x


def _train(names, model, x, steps: int, **settings) -> list[float]:
    losses = watched(names.train_vae, model, x, steps=steps, **settings)
    if not isinstance(losses, list | tuple):
        fail(f"a {type(losses).__name__} comes back", f"a list of {steps} numbers, one per step", see=SEE)
    kinds = sorted({type(loss).__name__ for loss in losses})
    expect(kinds == ["float"], f"the list holds {', '.join(kinds) or 'nothing'}", "plain Python floats", "a tensor in the list keeps the whole computation behind it alive", SEE)
    expect(len(losses) == steps, f"{len(losses)} losses come back from {steps} steps", "one per step", "steps and epochs are mixed up", SEE)
    expect(all(math.isfinite(loss) for loss in losses), "some losses are not finite", "finite ones", see=SEE)
    return list(losses)


def _pages(model: Diary, steps: int) -> None:
    expect(len(model.pages) == steps, f"in {steps} steps the model encoded {len(model.pages)} batches with gradients on", "one per step", "steps and epochs are mixed up, or a copy was trained", SEE)
    for page in model.pages:
        good = page.code is not None and page.code.shape == page.mu.shape
        expect(good, "in some step no code of the batch was decoded", "encode, draw, decode in every step", see=SEE)


def _positions(x: torch.Tensor, batch: torch.Tensor) -> list[int]:
    where = (batch[:, 0] * len(x)).round().long().clamp(0, len(x) - 1)
    expect(torch.allclose(x[where], batch.to(x.dtype), atol=1e-5), "the model is shown something that is not among the images", "images as they are", see=SEE)
    return where.tolist()


def _order(batches: list[list[int]]) -> None:
    """16 images in batches of 6: epochs of 6, 6, 4 (or 6, 6 with the rest dropped, or batches that run on over the end of an epoch)."""
    expect(max(map(len, batches)) <= 6, f"a batch holds {max(map(len, batches))} images", "at most batch_size = 6", "the argument batch_size is not used", SEE)
    flat = [i for batch in batches for i in batch]
    epochs = None
    for size in (16, 12):
        cut = [flat[i : i + size] for i in range(0, len(flat) - size + 1, size)]
        if epochs is None and all(len(set(epoch)) == len(epoch) for epoch in cut):
            epochs = cut
    expect(epochs is not None, "an image comes back before all others have had their turn", "each once per epoch", "drawing with replacement", SEE)
    ordered = [epoch for epoch in epochs if epoch == sorted(epoch)]
    expect(not ordered, "the images come in the order in which they are stored", "a shuffle", "shuffling is missing", SEE)
    expect(len(set(map(tuple, epochs))) == len(epochs), "two epochs have one and the same order", "a new shuffle for each", "one shuffle before the loop", SEE)


def _noise(names) -> None:
    """250 images, 8 steps: 4,000 numbers (standard errors 0.016 of the mean, 0.022 of the variance, 0.15 of the fourth moment)."""
    model, see = Diary(), "reparameterization"
    _train(names, model, _numbered(250), 8, batch_size=250, lr=1e-3, generator=torch.Generator().manual_seed(3))
    _pages(model, 8)
    eps = torch.stack([page.noise() for page in model.pages])  # (8, 250, 2)
    expect(eps.abs().max() > 1e-6, "the codes are the means themselves", "each mean moved by noise", "no noise is drawn", see)
    expect(eps.std(dim=1).min() > 0.1, "the images of one batch are all moved by the same noise", "a draw for each", "noise with one row", see)
    flat = eps.reshape(-1, 2)
    twice = flat[flat[:, 0].argsort()].diff(dim=0).abs().amax(1).min().item()
    expect(twice > 1e-7, "some noise comes a second time", "a fresh draw in each step, for each image", "noise drawn before the loop", see)
    mean, variance, fourth = flat.mean().item(), flat.var().item(), flat.pow(4).mean().item()
    good = abs(mean) < 0.12 and abs(variance - 1) < 0.17 and abs(fourth - 3) < 1.1
    expect(good, f"the codes are moved by noise of mean {mean:.2f} and variance {variance:.2f}", "0 and 1, normal", "torch.rand for torch.randn, or a slip in reparameterize: run its check", see)


def _minimised(pages: list[Page], beta: float, ramp: list[float]) -> None:
    """The KL's weight, read off the second mean, which only the KL pulls at; the likelihood's pull on the first."""
    for step, page in enumerate(pages):
        expect(page.flow is not None, f"in step {step} no gradient came back to the mean", "a backward pass in each step", "backward() is missing, or the loss is cut off", SEE)
        weight = (page.flow[:, 1] * page.mu[:, 1]).sum().item() * len(page.batch) / page.mu[:, 1].square().sum().item()
        shift = _error(page) @ page.weights["write"][0] / len(page.batch)
        pull = page.flow[:, 0] - weight * page.mu[:, 0] / len(page.batch)
        uphill = torch.allclose(-pull, shift, rtol=1e-3, atol=1e-6)
        expect(torch.allclose(pull, shift, rtol=1e-3, atol=1e-6), f"in step {step} the likelihood pulls {'the wrong way' if uphill else 'in another direction than its gradient'}", "up the log-likelihood, averaged over the batch",
               "the bound is made smaller instead of larger" if uphill else "another loss, or a slip in elbo or beta_vae_loss: run their checks", SEE)  # fmt: skip
        want = beta * ramp[step]
        expect(abs(weight - want) < 1e-3, f"with beta = {beta} and warmup_steps=6 the KL has the weight {weight:.3f} in step {step}", f"{want:.3f}; the first step is step 0", "beta or the warm-up does not reach the loss, or steps are counted from 1", "kl-warmup")
        if "offset" in page.held:
            own = _error(page).mean(0)
            expect(torch.allclose(page.held["offset"], own, rtol=1e-3, atol=1e-6), f"in step {step} a parameter of the decoder holds more than the gradient of this step", "only this step's", "gradients of earlier steps are never cleared", SEE)


def _error(page: Page) -> torch.Tensor:
    """Predicted pixel means minus pixels, (b, D): the gradient of the cost at the logits."""
    return (page.code[:, :1] @ page.weights["write"] + page.weights["offset"]).sigmoid() - page.batch


def _reported(names, losses: list[float], pages: list[Page]) -> None:
    """Your own elbo of each batch, at that step's weights and noise, on the plain ruler."""
    for step, (loss, page) in enumerate(zip(losses, pages, strict=True)):
        then = Diary()
        with torch.no_grad():
            for name, parameter in then.named_parameters():
                parameter.copy_(page.weights[name])
            value = names.elbo(then, page.batch, page.noise())[0].mean().item()
        expect(abs(loss + value) < 1e-3, f"step {step} reports {loss:.4f} where the mean ELBO of its batch is {value:.4f}", "the negative of it, with weight 1 on the KL, so that runs can be compared",
               "the ELBO itself" if abs(loss - value) < 1e-3 else "the weighted loss that is minimised, or the numbers after the step", SEE)  # fmt: skip


def _moved(names, x) -> None:
    """All parameters follow the optimiser, as far as lr says."""
    far = {}
    for lr in (1e-9, 1e-2):
        model, start = Diary(), Diary()
        _train(names, model, x, 5, batch_size=7, lr=lr, generator=torch.Generator().manual_seed(4))
        far[lr] = {name: (now - then).abs().max().item() for (name, now), then in zip(model.named_parameters(), start.parameters(), strict=True)}
    still = [name for name, distance in far[1e-2].items() if distance == 0]
    part = "the optimiser's step is missing, or a copy was trained" if len(still) == 3 else "the optimiser was given a part of model.parameters() only"
    expect(not still, f"{len(still)} of 3 parameter tensors are what they were before training", "all of them trained", part, SEE)
    expect(max(far[1e-9].values()) < 1e-5, f"with lr = 1e-9 a parameter moved by {max(far[1e-9].values()):.2g}", "next to nothing", "the argument lr is not used", SEE)


def _generator(names, x) -> None:
    runs = [_train(names, Diary(), x, 4, batch_size=7, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    expect(all(abs(a - b) < 1e-6 for a, b in zip(runs[0], runs[1], strict=True)), "two runs from one seed differ", "the same losses", "a draw that does not use the generator", SEE)
    expect(any(abs(a - b) > 1e-9 for a, b in zip(runs[0], runs[2], strict=True)), "two seeds give one and the same run", "two runs", "a generator of your own", SEE)


def _progress(names) -> None:
    """One picture over and over, float32, without a generator: cheaper at the end; the mode stays."""
    model = Diary().float()
    losses = _train(names, model, (torch.arange(D) % 2).float().repeat(32, 1), 50, batch_size=16, lr=0.01)
    expect(sum(losses[-10:]) / 10 < sum(losses[:5]) / 5 - 0.2, f"on one picture over and over the loss goes from {losses[0]:.3f} to {losses[-1]:.3f}", "a clear fall", "training goes uphill, or nowhere", SEE)
    expect(model.training, "the model was in training mode and is in evaluation mode now", "training mode, or the mode in which it came", "eval() at the end", SEE)
