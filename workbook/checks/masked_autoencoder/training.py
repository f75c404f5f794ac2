"""Local checks of train_mae and of the debug exercise: a model of one number that keeps a log."""

import torch
from torch import nn

from workbook.checks import expect, fail


class OneNumber(nn.Module):
    """Paints every patch with one learned grey; logs what it was shown and whether its gradient was fresh."""

    def __init__(self, grey: float = 0.0):
        super().__init__()
        self.patch, self.channels = 2, 1
        self.grey = nn.Parameter(torch.tensor(grey))
        self.shown, self.stale, self.arrived = [], False, None
        self.grey.register_hook(self._arrives)
        self.grey.register_post_accumulate_grad_hook(self._kept)

    def _arrives(self, gradient):
        self.arrived = gradient.detach().clone()

    def _kept(self, parameter):
        self.stale = self.stale or not torch.allclose(parameter.grad, self.arrived, rtol=1e-4, atol=1e-7)

    def encode(self, images, keep):
        if torch.is_grad_enabled():
            self.shown.append({"images": images.detach().clone(), "keep": keep.clone(), "grey": self.grey.item()})
        return self.grey.expand(len(images), keep.shape[1], 1)

    def decode(self, latent, restore):
        if torch.is_grad_enabled():
            self.shown[-1]["restore"] = restore.clone()
        return latent.mean((1, 2)).view(-1, 1, 1).expand(-1, restore.shape[1], 4)

    def forward(self, images, keep, restore):
        codes = self.encode(images, keep)
        return self.decode(codes, restore)


def marked(n: int) -> torch.Tensor:
    """Random 8x8 images (16 patches) whose first pixel is their number divided by n."""
    images = torch.rand(n, 1, 8, 8)
    images[:, 0, 0, 0] = torch.arange(n) / n
    return images


def numbers(step: dict, n: int) -> list[int]:
    """Which images a batch holds."""
    return (step["images"][:, 0, 0, 0] * n).round().int().tolist()


def trained(names, images, model=None, seed: int = 1, **settings):
    """A log after the student's loop; a finding where the losses are no list of floats or another source of chance was used."""
    model = model or OneNumber()
    state = torch.get_rng_state()
    losses = names.train_mae(model, images, generator=torch.Generator().manual_seed(seed), **settings)
    expect(torch.equal(state, torch.get_rng_state()), "the global random state was used although a generator was there", "every draw from the generator", "a draw without generator=generator")
    expect(isinstance(losses, list | tuple) and len(losses) == settings["steps"], "what came back is not one loss per step", f"a list of {settings['steps']} floats")
    expect(all(isinstance(loss, float) for loss in losses), f"the losses are of type {type(losses[0]).__name__}", "Python floats", "loss.item() is missing")
    expect(len(model.shown) == settings["steps"], f"the model was run on {len(model.shown)} batches", f"{settings['steps']}, one per step")
    return losses, model


def train_mae(names):
    """Losses and masks of a few steps, batches over epochs, gradients, learning in place, rate, generator, mode."""
    losses_are_right(names)
    masks_are_fresh(names)
    epochs_are_whole(names)
    _, model = trained(names, marked(6), steps=4, batch_size=6)
    expect(not model.stale, "a step's gradient holds those of earlier steps", "this step's gradient alone", "gradients are never cleared")
    learns(names)
    first, again, other = (trained(names, marked(8) * 0 + torch.linspace(0, 1, 8).view(-1, 1, 1, 1), seed=seed, steps=3, batch_size=2)[0] for seed in (1, 1, 2))
    expect(first == again and first != other, "the losses do not follow from the generator's seed", "one seed, one run; another seed, another run", "draws that do not use the generator")
    _, model = trained(names, marked(4), steps=1)
    expect(model.training, "the model came in training mode and was left in evaluation mode", "training mode, or the mode in which it came")


def losses_are_right(names) -> None:
    """Each loss is the error on hidden patches, computed here from the log."""
    images = marked(9)
    losses, model = trained(names, images, OneNumber(0.2), steps=4, batch_size=9, mask_ratio=0.5)
    for loss, step in zip(losses, model.shown, strict=True):
        expect(step["keep"].shape == (9, 8), f"with 16 patches and mask_ratio=0.5 the model is shown {step['keep'].shape[1]} patches", "8", "a fixed ratio in the place of mask_ratio", "random-masking")
        error = (patches_of(step["images"]) - step["grey"]).square().mean(2)
        hidden = step["restore"] >= 8
        want = error[hidden].mean().item()
        cause = {"all patches are counted": error.mean().item(), "the mask is inverted": error[~hidden].mean().item()}
        guess = next((text for text, value in cause.items() if abs(loss - value) < 1e-5), "targets other than the raw pixels")
        expect(abs(loss - want) < 1e-4, f"a loss of {loss:.4f} where the hidden patches have an error of {want:.4f}", "the error of hidden patches, before the update", guess, "mae-loss")


def patches_of(images: torch.Tensor) -> torch.Tensor:
    """2x2 patches of 8x8 images with one channel, (n, 16, 4)."""
    return images[:, 0].unfold(1, 2, 2).unfold(2, 2, 2).flatten(3).flatten(1, 2)


def masks_are_fresh(names) -> None:
    """Each image at each step has its own shuffle, and every patch is hidden equally often."""
    _, model = trained(names, marked(6), steps=4, batch_size=6, mask_ratio=0.5)
    shuffles = [[tuple(row) for row in step["restore"].tolist()] for step in model.shown]
    expect(all(len(set(rows)) == 6 for rows in shuffles), "images of a batch share one mask", "one score per image and token", "a single row of scores", "random-masking")
    expect(len({row for rows in shuffles for row in rows}) == 24, "a mask of one step comes again in another", "fresh scores in every step", "scores drawn before the loop", "random-masking")
    _, model = trained(names, marked(50), steps=30, batch_size=50, mask_ratio=0.5)
    share = torch.cat([step["restore"] >= 8 for step in model.shown]).float().mean(0)
    expect((share - 0.5).abs().max() < 0.08, f"some patch is hidden in {share.max():.0%} of the masks, another in {share.min():.0%}", "50 % for each", "scores that are not uniform")


def epochs_are_whole(names) -> None:
    """10 images in batches of 4, then 3 images in one batch."""
    _, model = trained(names, marked(10), steps=12, batch_size=4)
    shown = [numbers(step, 10) for step in model.shown]
    expect(all(len(batch) in (2, 4) for batch in shown), f"batches of {sorted({len(batch) for batch in shown})} images for batch_size=4", "4 (and 2 at the end of an epoch)", "batch_size is not used")
    stream = [i for batch in shown for i in batch]
    cuts = [[stream[i : i + size] for i in range(0, len(stream) - size + 1, size)] for size in (10, 8)]
    epochs = next((found for found in cuts if all(len(set(epoch)) == len(epoch) for epoch in found)), None)
    expect(epochs is not None, "within an epoch an image came again before all others had come", "every image once per epoch", "draws with replacement")
    expect(any(epoch != sorted(epoch) for epoch in epochs), "images come in the order of the data", "a shuffled order", "no shuffle")
    expect(len({tuple(epoch) for epoch in epochs}) > 1, "all epochs have one order", "a fresh shuffle for each", "one shuffle before the loop")
    _, model = trained(names, marked(3), steps=4)
    expect(all(sorted(numbers(step, 3)) == [0, 1, 2] for step in model.shown), "three images with batch_size=128 do not come as batches of these three", "all three in every step")
    expect(all(step["keep"].shape[1] == 4 for step in model.shown), "without a mask_ratio, other than 4 of 16 patches are shown", "4, for the default of 0.75")


def learns(names) -> None:
    """The one number goes to the mean pixel, in the model that was handed over, the faster the larger lr is."""
    _, model = trained(names, marked(16), OneNumber(4.0), steps=120, batch_size=8, lr=0.1)
    grey = model.grey.item()
    if abs(grey - 4) < 1e-6:
        fail("after 120 steps the model is as it was", "a trained model", "the optimiser's step is missing, or a copy is trained")
    expect(abs(grey - 0.5) < 0.7, f"a model of one grey value, begun at 4, ends at {grey:.2f}", "near 0.5, the mean pixel", "the sign of the step, or old gradients")
    slow, fast = (abs(trained(names, marked(6), steps=2, batch_size=6, lr=lr)[1].grey.item()) for lr in (1e-3, 1e-1))
    expect(fast > 5 * slow, f"two steps move the model by {slow:.2g} with lr=0.001 and by {fast:.2g} with lr=0.1", "larger steps for a larger lr", "lr is not passed on")


def puzzle_training(names):
    """The debug exercise: masks of two steps, and of two images, differ."""
    model, images = OneNumber(), marked(40)
    masks = [names.puzzle_training(model, images, 1, torch.Generator().manual_seed(seed))[1] for seed in (1, 2)]
    expect(masks[0].shape == (40, 16), f"the mask has shape {tuple(masks[0].shape)}", "one row per image, one entry per patch")
    names.puzzle_training(model, images, 3, torch.Generator().manual_seed(3))
    shuffles = [tuple(row) for step in model.shown for row in step["restore"].tolist()]
    expect(len(set(shuffles[:40])) == 40, f"the 40 images of a batch have {len(set(shuffles[:40]))} different mask(s)", "one of its own for each", None, "random-masking")
    expect(len(set(shuffles)) == len(shuffles), "masks of one step come again in another", "fresh ones in every step", "where does the generator of the scores come from?", "random-masking")
