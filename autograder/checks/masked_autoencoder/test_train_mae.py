"""Checks of train_mae by a recorder: a model of one number v that predicts v everywhere (or v with a rise) and notes its batches, masks and gradients.

So every loss is known exactly: the mean of (v - pixel)^2 over hidden patches. A batch is recognised by its pixels.
"""

from dataclasses import dataclass, field

import torch

from autograder.checking import kind_of, number, tensor, wrong
from autograder.probes.masked_autoencoder import Recorder

DEPENDS = ("patchify", "random_masking", "masked_loss")
LIMITS = {"cpu": 12.0}
LENGTH = 16  # tokens of an 8x8 image with patches of 2


@dataclass
class Step:
    """One step as the recorder saw it."""

    images: torch.Tensor
    keep: torch.Tensor
    value: torch.Tensor
    restore: torch.Tensor
    gradient: torch.Tensor | None = None
    accumulated: torch.Tensor | None = None
    rows: list[int] = field(default_factory=list)


def pictures(draw, n: int) -> torch.Tensor:
    """Random 8x8 images, no two alike."""
    return draw.uniform(n, 1, 8, 8)


def train(student, model, images, **kwargs) -> tuple[list[float], list[Step]]:
    """Train, and return the losses as floats and the steps that ended in a gradient."""
    student.observed()
    losses = student.train_mae(model, images, **kwargs)
    if not isinstance(losses, list | tuple) or len(losses) != kwargs["steps"]:
        wrong(f"train_mae should return a list of {kwargs['steps']} losses, one per step.")
    if any(isinstance(loss, torch.Tensor) for loss in losses):
        wrong("The losses should be Python floats, but your list holds tensors.", "returns_tensors")
    return [number(loss, "a loss") for loss in losses], parse(student.observed(), images)


def parse(seen: list, images: torch.Tensor) -> list[Step]:
    """Group what was observed into steps; a prediction without a gradient after it (a look at the model) is left out."""
    steps, latest = [], {}
    for part in (part for part in seen if isinstance(part, dict)):
        if part.keys() == {"images", "keep", "value"}:
            latest = part | {"keep": tensor(part["keep"], "keep, as the model got it"), "value": tensor(part["value"], "the model's parameter", ())}
        elif "restore" in part:
            latest = latest | {"restore": part["restore"]}
        elif "gradient" in part and {"images", "restore"} <= latest.keys():
            steps.append(Step(**latest, gradient=tensor(part["gradient"], "the model's gradient", (), latest["value"].dtype)))
        elif "accumulated" in part and steps:
            steps[-1].accumulated = tensor(part["accumulated"], "the model's gradient", (), steps[-1].gradient.dtype)
    for step in steps:
        step.rows = rows_of(step.images, images)
        step.restore = tensor(step.restore, "restore, as the model got it", (len(step.rows), LENGTH), torch.int64)
        if step.keep.dim() != 2 or len(step.keep) != len(step.rows) or not step.value.is_floating_point():
            wrong(f"For a batch of {len(step.rows)} images the model got {kind_of(step.keep)} as keep.")
    if not steps:
        wrong("No gradient ever reached the model: nothing was trained.", "never_steps")
    return steps


def rows_of(batch, images: torch.Tensor) -> list[int]:
    """Which images a batch holds."""
    batch = tensor(batch, "a batch handed to the model")
    if batch.shape[1:] != images.shape[1:] or not batch.is_floating_point():
        wrong(f"The model was handed {kind_of(batch)}, but images have shape {tuple(images.shape[1:])}.")
    distance = (batch.unsqueeze(1) - images.unsqueeze(0)).abs().flatten(2).amax(2)
    if bool((distance.amin(1) > 1e-5).any()):
        wrong("The model was handed images that are not in the data: hand them over as they are.")
    return distance.argmin(1).tolist()


def expected_loss(reference, step: Step, model: Recorder, ratio: float) -> tuple[torch.Tensor, ...]:
    """The loss of a step, its predictions, targets and mask, which is rebuilt from the ranks that `restore` holds."""
    keep, mask, again = reference.random_masking(step.restore.float(), ratio)
    if tuple(step.keep.shape) != tuple(keep.shape):
        named = "ratio_ignored" if step.keep.shape[1] == LENGTH - round(0.75 * LENGTH) else None
        wrong(f"With mask_ratio={ratio} the model should see {keep.shape[1]} of {LENGTH} patches, but it was shown {step.keep.shape[1]}.", named)
    if not torch.equal(keep, step.keep) or not torch.equal(again, step.restore):
        wrong("keep and restore, as the model got them, do not belong together: both come from one call of random_masking.")
    target = reference.patchify(step.images, 2)
    predicted = step.value + model.across.expand_as(target)
    return reference.masked_loss(predicted, target, mask), predicted, target, mask


def test_losses_are_those_of_the_hidden_patches(student, reference, draw):
    """Every loss is the mean squared error of this step's predictions on the hidden patches, in raw pixels."""
    images = pictures(draw, 9)
    model = Recorder(start=0.2, rise=0.3)  # rising, since a flat prediction is equally wrong about every patch that is set to mean 0 and variance 1
    losses, steps = train(student, student.place(model), images, steps=4, batch_size=9, mask_ratio=0.5, generator=draw.generator())
    if len(steps) != 4:
        wrong(f"In 4 steps the model got {len(steps)} gradients.")
    for loss, step in zip(losses, steps, strict=True):
        want, predicted, target, mask = expected_loss(reference, step, model, 0.5)
        if abs(loss - float(want)) > 1e-5 * max(1.0, abs(float(want))):
            wrong(f"A loss of yours is {loss:.4f}; the hidden patches of that step give another number.", misread(loss, predicted, target, mask))


def misread(loss: float, predicted: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> str | None:
    """Which other error a loss is."""
    error = (predicted - target).square().mean(2)
    normal = (target - target.mean(2, keepdim=True)) / (target.var(2, keepdim=True) + 1e-6).sqrt()
    candidates = {"loss_on_everything": error.mean(), "loss_on_visible": error[~mask].mean(), "normalised_targets": (predicted - normal).square().mean(2)[mask].mean()}
    return next((name for name, other in candidates.items() if abs(loss - float(other)) < 1e-5), None)


def test_every_image_and_step_has_a_fresh_mask(student, reference, draw):
    """No two images of a batch and no two steps share their shuffle (by chance: 200 pairs at 1/16! each, 1e-11)."""
    images = pictures(draw, 6)
    _, steps = train(student, student.place(Recorder()), images, steps=4, batch_size=6, mask_ratio=0.5, generator=draw.generator())
    shuffles = [[tuple(row) for row in step.restore.tolist()] for step in steps]
    if any(len(set(rows)) < len(rows) for rows in shuffles):
        wrong("Images of one batch share their mask: draw one score per token and image.", "one_mask_per_batch")
    if any(set(first) & set(second) for first, second in zip(shuffles, shuffles[1:], strict=False)):
        by_image = [dict(zip(step.rows, rows, strict=True)) for step, rows in zip(steps, shuffles, strict=True)]
        same = all(by_image[0][row] == by_image[1][row] for row in by_image[0])
        wrong("Masks come back in the next step: draw fresh scores in every step.", "mask_per_image" if same else "masks_drawn_once")


def test_masks_are_uniform(student, draw):
    """Every token is hidden equally often: 2,400 masks at one half, so a share has standard deviation 0.0102; 6 of them are allowed (16 x 2e-9)."""
    _, steps = train(student, student.place(Recorder()), pictures(draw, 60), steps=40, batch_size=60, mask_ratio=0.5, generator=draw.generator())
    hidden = torch.cat([step.restore >= LENGTH // 2 for step in steps]).double()
    if (hidden.mean(0) - 0.5).abs().max() > 6 * (0.25 / len(hidden)) ** 0.5:
        wrong("Some patches are hidden more often than others: scores should be uniform and independent.")


def test_every_epoch_shows_every_image_once(student, draw):
    """Batches without replacement, in a new order every epoch."""
    images = pictures(draw, 10)
    _, steps = train(student, student.place(Recorder()), images, steps=12, batch_size=4, generator=draw.generator())
    sizes = {len(step.rows) for step in steps}
    if not sizes <= {4, 2}:
        wrong(f"With batch_size=4 and 10 images, batches of {sorted(sizes)} images came.", "batch_size_ignored" if sizes & {10, 128} else None)
    epochs = epochs_of([step.rows for step in steps])
    if all(epoch == sorted(epoch) for epoch in epochs):
        wrong("Every epoch goes through the images in the order in which they came: shuffle.", "no_shuffle")
    if len({tuple(epoch) for epoch in epochs}) == 1:
        wrong("Every epoch has the same order: shuffle afresh each time.", "shuffled_once")


def epochs_of(batches: list[list[int]]) -> list[list[int]]:
    """The images of each epoch (of 10, or of 8 where a last short batch is dropped) in order; a judgement where images repeat within epochs."""
    stream = [row for batch in batches for row in batch]
    for size in (10, 8):
        epochs = [stream[i : i + size] for i in range(0, len(stream) - size + 1, size)]
        if all(len(set(epoch)) == size for epoch in epochs):
            return epochs
    wrong("Within an epoch some images come twice and others not at all: draw without replacement.", "with_replacement")


def test_fewer_images_than_a_batch(student, draw):
    """Three images and a batch size of 128: every step gets all three. The mask ratio is 0.75 by default, so four of 16 patches stay."""
    _, steps = train(student, student.place(Recorder()), pictures(draw, 3), steps=5, generator=draw.generator())
    if any(sorted(step.rows) != [0, 1, 2] for step in steps):
        wrong("With 3 images and batch_size=128 every batch should hold each image once.", "with_replacement" if any(len(step.rows) > 3 for step in steps) else None)
    if any(step.keep.shape[1] != 4 for step in steps):
        wrong("Without a mask_ratio 75 % of the patches should be hidden.")


def test_gradients_do_not_pile_up(student, draw):
    """Each step uses this step's gradient alone."""
    _, steps = train(student, student.place(Recorder()), pictures(draw, 6), steps=4, batch_size=6, generator=draw.generator())
    for step in steps:
        if step.accumulated is not None and not torch.allclose(step.accumulated, step.gradient, rtol=1e-4, atol=1e-7):
            wrong("Gradients of earlier steps are still there: call zero_grad in every step.", "no_zero_grad")


def test_the_model_learns_in_place(student, draw):
    """The model that was handed over ends near the mean pixel (0.5), where the loss is least, with finite parameters."""
    model = student.place(Recorder(start=4.0))
    _, steps = train(student, model, pictures(draw, 16), steps=120, batch_size=8, lr=0.1, generator=draw.generator())
    value = number(model.state_dict().get("value"), "the model's parameter")
    if abs(value - 4.0) < 1e-6:
        wrong("The model is the same after training as before.", "trains_a_copy" if abs(float(steps[-1].value) - 4.0) > 1e-6 else "never_steps")
    if abs(value - 0.5) > 0.7:
        wrong(f"120 steps with lr=0.1 lead the model's only parameter from 4 to {value:.2f}; the loss is least near 0.5.")


def test_lr_is_the_step_size(student, draw):
    """A hundred times the learning rate moves the model further."""
    images, moved = pictures(draw, 6), []
    for lr in (1e-3, 1e-1):
        model = student.place(Recorder())
        train(student, model, images, steps=2, batch_size=6, lr=lr, generator=draw.generator())
        moved.append(abs(number(model.state_dict().get("value"), "the model's parameter")))
    if not moved[1] > 5 * moved[0]:
        wrong(f"Two steps move the parameter by {moved[0]:.2g} with lr=0.001 and by {moved[1]:.2g} with lr=0.1: lr has to reach the optimiser.", "lr_ignored")


def test_the_generator_decides(student, draw):
    """The same seed gives the same losses, another seed others."""
    images, seeds = pictures(draw, 12), [draw.seed(), draw.seed()]
    runs = [train(student, student.place(Recorder()), images, steps=3, batch_size=4, generator=torch.Generator().manual_seed(seed))[0] for seed in (seeds[0], seeds[0], seeds[1])]
    if runs[0] != runs[1] or runs[0] == runs[2]:
        wrong("The same generator seed should give the same losses, and another seed others.", "global_random_state")


def test_the_mode_stays(student, draw):
    """A model that came in training mode is in training mode afterwards."""
    model = student.place(Recorder())
    train(student, model, pictures(draw, 4), steps=1, generator=draw.generator())
    if not model.training():
        wrong("The model came in training mode and was left in evaluation mode.", "left_in_eval")
