"""Local checks of training loops: a small model keeps a diary of its batches and gradients; a denoiser with a known best answer."""

from dataclasses import dataclass

import torch
from torch import nn

from workbook.checks import expect, fail


class Diary(nn.Module):
    """A linear autoencoder that notes each batch it is trained on, its weights at that time, and the gradients that arrive."""

    def __init__(self, shape: tuple = (6,), k: int = 3):
        super().__init__()
        self.shape = shape
        size = torch.Size(shape).numel()
        self.down, self.up = nn.Parameter(0.4 * torch.randn(k, size)), nn.Parameter(0.4 * torch.randn(size, k))
        self.pages: list[Page] = []
        for name in ("down", "up"):
            getattr(self, name).register_post_accumulate_grad_hook(lambda weight, name=name: self.pages[-1].gradients.update({name: weight.grad.clone()}))

    def encode(self, x):
        if torch.is_grad_enabled():
            self.pages.append(Page(x.detach().clone(), self.down.detach().clone(), self.up.detach().clone(), {}))
        return x.flatten(1) @ self.down.T

    def decode(self, z):
        return (z @ self.up.T).reshape(-1, *self.shape)

    def forward(self, x):
        code = self.encode(x)
        return self.decode(code)


@dataclass
class Page:
    """One step: its batch, the weights it met, the gradients that came."""

    batch: torch.Tensor
    down: torch.Tensor
    up: torch.Tensor
    gradients: dict

    def slope(self) -> tuple[torch.Tensor, torch.Tensor, float]:
        """Gradients of the mean squared error with respect to both weights, and its value."""
        down, up = self.down.clone().requires_grad_(True), self.up.clone().requires_grad_(True)
        flat = self.batch.flatten(1)
        loss = nn.functional.mse_loss(flat @ down.T @ up.T, flat)
        return *torch.autograd.grad(loss, (down, up)), loss.item()


def numbered(n: int, shape: tuple = (6,)) -> torch.Tensor:
    """Images whose first pixel is their position divided by n."""
    x = torch.rand(n, *shape)
    x.view(n, -1)[:, 0] = torch.arange(n) / n
    return x


def train_autoencoder(names):
    """A diary of 24 steps on 20 images: losses, gradients, order; then the generator, few images, the rate, the mode."""
    x, model = numbered(20), Diary()
    before = model.down.detach().clone()
    losses = train(names, model, x, steps=24, batch_size=6, lr=0.01, generator=torch.Generator().manual_seed(1))
    as_promised(losses, model.pages, 24)
    moves(model, before)
    follows_the_loss(losses, model.pages)
    order = [positions(x, page.batch) for page in model.pages]
    expect(all(len(batch) <= 6 for batch in order), f"a batch of {max(map(len, order))} images", "at most batch_size = 6", "a number in the place of batch_size")
    goes_through_all(order)
    expect(model.training, "the model came in training mode and is in evaluation mode now", "training mode, or the mode in which it came")
    obeys_the_generator(names, x)
    few_images_as_they_are(names)
    model, x = Diary(), numbered(12)
    before = model.down.detach().clone()
    train(names, model, x, steps=4, batch_size=6, lr=1e-9, generator=torch.Generator().manual_seed(1))
    expect((model.down - before).abs().max() < 1e-5, "with lr=1e-9 the weights still move", "hardly any motion", "a number in the place of lr")


def train(names, model, x: torch.Tensor, **settings):
    """Call the student's loop; a finding where it uses the global random state beside the generator, or changes the images."""
    state, images = torch.get_rng_state(), x.clone()
    losses = names.train_autoencoder(model, x, **settings)
    expect(torch.equal(state, torch.get_rng_state()), "the global random state was used although a generator was there", "draws from the generator only", "a shuffle without generator=generator")
    expect(torch.equal(images, x), "training changed the images", "images as they were")
    return losses


def as_promised(losses, pages: list[Page], steps: int) -> None:
    """A list with one Python float per step, and one batch per step."""
    if not isinstance(losses, list | tuple):
        fail(f"a {type(losses).__name__} came back", f"a list of {steps} floats, one per step")
    kinds = {type(loss).__name__ for loss in losses}
    expect(all(isinstance(loss, float) for loss in losses), f"the losses are of type {', '.join(kinds)}", "Python floats", "loss.item() is missing")
    expect(len(losses) == steps and len(pages) == steps, f"{len(losses)} losses, and the model was run on {len(pages)} batches", f"{steps} of each for steps={steps}", "steps counted as epochs")


def moves(model: Diary, before: torch.Tensor) -> None:
    """The model given is the one that learns."""
    expect(not torch.equal(model.pages[-1].down, before), "the weights are the same in the last step as before the first", "weights that move", "the optimizer's step is missing", "backprop")
    expect(not torch.equal(model.down, before) and bool(torch.isfinite(model.down).all()), "after training, the model given holds its old weights, or no numbers", "the model itself, trained", "training a copy")


def follows_the_loss(losses: list[float], pages: list[Page]) -> None:
    """Losses and gradients are those of the mean squared error of each step's own batch."""
    for step, (loss, page) in enumerate(zip(losses, pages, strict=True), 1):
        down, up, true = page.slope()
        if set(page.gradients) == {"down", "up"}:
            got = torch.cat([page.gradients["down"].flatten(), page.gradients["up"].flatten()])
            agreement = torch.cosine_similarity(got, torch.cat([down.flatten(), up.flatten()]), dim=0).item()
            expect(agreement > 0.999, f"in step {step} the gradient points elsewhere than that of this batch's loss (cosine {agreement:.3f})", "the gradient of this step's mean squared error",
                   "old gradients that were never cleared, or another loss", "backprop")
        expect(abs(loss - true) < 1e-4 * true + 1e-6, f"step {step} reports {loss:.5f}, its batch has {true:.5f} before the step", "the loss of each step's batch, before the step", None, "reductions")


def positions(x: torch.Tensor, batch: torch.Tensor) -> list[int]:
    """Where a batch's images lie in x; a finding where they are no images of x."""
    expect(batch.shape[1:] == x.shape[1:], f"the model was given images of shape {tuple(batch.shape[1:])}", f"{tuple(x.shape[1:])}, as in x", "flattened images")
    where = (batch.flatten(1)[:, 0] * len(x)).round().long().clamp(0, len(x) - 1)
    expect(torch.equal(x[where], batch), "the model was given something that is not in x", "images of x, unchanged", "noise, or a change of scale")
    return where.tolist()


def goes_through_all(order: list[list[int]]) -> None:
    """20 images in batches of 6: all 20 come before any comes again (or 18, with the short batch dropped); then in another order."""
    flat = [i for batch in order for i in batch]
    stretches = [[flat[i : i + size] for i in range(0, len(flat) - size + 1, size)] for size in (20, 18)]
    whole = next((found for found in stretches if all(len(set(stretch)) == len(stretch) for stretch in found)), None)
    expect(whole is not None, "some image came again before all others had come", "every image once per epoch", "draws with replacement, or a new shuffle at every step")
    expect(any(stretch != sorted(stretch) for stretch in whole), "the images come in the order of x", "a shuffled order", "the shuffle is missing")
    partners = [frozenset(stretch[:6]) for stretch in whole]
    expect(len(set(partners)) == len(partners), "two epochs begin with the same six images", "a fresh shuffle for every epoch", "one shuffle before the loop")


def obeys_the_generator(names, x: torch.Tensor) -> None:
    """One seed gives one order, another seed another; without a generator it runs too."""
    orders = []
    for seed in (1, 1, 2):
        model = Diary()
        train(names, model, x, steps=4, batch_size=6, lr=0.01, generator=torch.Generator().manual_seed(seed))
        orders.append([positions(x, page.batch) for page in model.pages])
    expect(orders[0] == orders[1] and orders[0] != orders[2], "the order of images does not follow the generator's seed", "one seed, one order; another seed, another order", "a generator of your own")
    names.train_autoencoder(Diary(), x, steps=2, batch_size=6, lr=0.01)


def few_images_as_they_are(names) -> None:
    """Five images with channels and a larger batch size."""
    x, model = numbered(5, (1, 2, 3)), Diary((1, 2, 3))
    losses = train(names, model, x, steps=30, batch_size=128, lr=0.01, generator=torch.Generator().manual_seed(1))
    expect(all(sorted(positions(x, page.batch)) == list(range(5)) for page in model.pages), "with 5 images and batch_size=128 a batch held other than all 5", "all 5 in every batch")
    expect(losses[-1] < losses[0], f"the loss went from {losses[0]:.4f} to {losses[-1]:.4f}", "a falling loss")


class Gain(nn.Module):
    """The simplest denoiser: it multiplies every pixel by one number."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(0.7))

    def forward(self, x):
        return self.gain * x


def train_denoiser(names):
    """For pixels of variance 1 and noise of variance 1 the best gain is 1/2: half of what is seen is noise. A gain of 1 keeps all of it."""
    model, x = Gain(), torch.randn(2000, 8)
    losses = names.train_denoiser(model, x, steps=150, sigma=1.0, batch_size=500, lr=0.02, generator=torch.Generator().manual_seed(1))
    gain = model.gain.item()
    expect(len(losses) == 150, f"{len(losses)} losses for 150 steps", "one per step")
    expect(abs(gain - 0.5) < 0.1, f"a denoiser that may only scale its input learned to multiply by {gain:.2f}", "0.5 for noise as strong as the signal: it should hold half of what it sees to be noise",
           "what the output is compared with" if gain > 0.8 else "the noise, or what the output is compared with")
