"""Checks of train_autoencoder, with a model that reports each batch, its weights, its answer and the gradients it receives.

Random orders: two independent shuffles of 20 images agree with probability 1/20! < 1e-18. A new permutation at every step gives distinct images over an epoch of
three full batches of 6 with probability [C(14,6)/C(20,6)] [C(8,6)/C(20,6)] < 6e-5, so eight epochs in a row with less than 1e-33; drawing with replacement is rarer still.
"""

from dataclasses import dataclass

import torch

from autograder.checking import number, tensor, wrong
from autograder.probes.autoencoder import Recorder

DEPENDS = ("mse_loss",)
N, SIZE, STEPS = 20, 6, 24  # 24 steps are 6 epochs with the short batch of 2, 8 epochs without


@dataclass
class Step:
    """What the model saw in one step: batch, weights at that moment, answer, gradients by name."""

    batch: torch.Tensor
    down: torch.Tensor
    up: torch.Tensor
    answer: torch.Tensor | None = None
    gradients: dict | None = None


@dataclass
class Run:
    """One training run: the losses returned, the steps recorded, the state before and after, and the mode after."""

    losses: object
    steps: list[Step]
    before: dict
    after: dict
    training: bool


def images(draw, n: int = N, shape: tuple = (6,)) -> torch.Tensor:
    """Images of which the first pixel tells the position: position / n."""
    x = draw.uniform(n, *shape)
    x.view(n, -1)[:, 0] = torch.arange(n) / n
    return x


def recorder(draw, shape: tuple = (6,), latent_dim: int = 3) -> Recorder:
    """A recording model with random weights."""
    model = Recorder(shape=shape, latent_dim=latent_dim)
    model.down.data, model.up.data = (draw.normal(*weight.shape, scale=0.4) for weight in (model.down, model.up))
    return model


def trained(student, draw, x: torch.Tensor, model: Recorder | None = None, **settings) -> Run:
    """Train a recorder with the student's function and collect what it reports."""
    model = model or recorder(draw, tuple(x.shape[1:]))
    handle = student.place(model)
    student.observed()
    losses = student.train_autoencoder(handle, x, **settings)
    steps = []
    for entry in student.observed():
        kind = entry[0] if isinstance(entry, list | tuple) and entry else None
        if kind == "batch":
            steps.append(Step(entry[1], *weights(entry[2:], model), gradients={}))
        elif kind == "answer" and steps:
            steps[-1].answer = entry[1]
        elif isinstance(kind, str) and kind.startswith("gradient") and steps:
            steps[-1].gradients[kind.removeprefix("gradient ")] = entry[1]
    before = {"down": model.down.detach(), "up": model.up.detach()}
    return Run(losses, steps, before, handle.state_dict(), handle.training())


def weights(seen: tuple | list, model: Recorder) -> list[torch.Tensor]:
    """The recorder's two weights at some moment, validated; they may have become nan."""
    both = zip(seen, (model.down, model.up), strict=True)
    return [tensor(value, "a weight during training", tuple(own.shape), own.dtype, finite=False) for value, own in both]


def floats(losses, steps: int) -> list[float]:
    """The losses, validated: a list of `steps` finite Python floats."""
    if isinstance(losses, list | tuple) and losses and all(isinstance(loss, torch.Tensor) for loss in losses):
        wrong("Your losses are tensors, not Python floats.", "tensor_losses")
    if isinstance(losses, float | torch.Tensor) or losses is None:
        wrong(f"Your function returned {'nothing' if losses is None else 'one number'}, not a list with one loss per step.", "one_loss_only" if losses is not None else None)
    if not isinstance(losses, list | tuple):
        wrong("Your function should return a list of floats, one per step.")
    if len(losses) != steps:
        wrong(f"After {steps} steps your function returned {len(losses)} losses.")
    if not all(isinstance(loss, float) for loss in losses):
        wrong("Your losses should be Python floats.")
    return [number(loss, "a loss") for loss in losses]


def answer(step: Step) -> torch.Tensor:
    """The model's answer in a step, one image for each of the batch."""
    return tensor(step.answer, "the images that your model gave for a batch", tuple(step.batch.shape), step.batch.dtype)


def positions(x: torch.Tensor, step: Step) -> list[int]:
    """Which images were in a step's batch; a judgement where it holds anything else."""
    if step.batch.dim() == 0:
        wrong("The model was given a single number, not a batch of images.")
    if step.batch.dim() >= 2 and len(step.batch) and step.batch.shape[1:] != x.shape[1:] and step.batch[0].numel() == x[0].numel():
        wrong(f"Images of shape {tuple(x.shape[1:])} came to the model in shape {tuple(step.batch.shape[1:])}.", "flattens_images")
    tensor(step.batch, "a batch", (len(step.batch), *x.shape[1:]), x.dtype)
    where = (step.batch.flatten(1)[:, :1] * len(x)).round().long().clamp(0, len(x) - 1)[:, 0]
    if not torch.equal(x[where], step.batch):
        wrong("The model was given something else than images of x.", "noisy_input")
    return where.tolist()


def test_steps_and_losses(student, reference, draw):
    """Each step gives the model one batch of images, and returns their loss before the step as a float."""
    x = images(draw)
    run = trained(student, draw, x, steps=STEPS, batch_size=SIZE, lr=0.01, generator=draw.generator())
    if len(run.steps) > STEPS and len(run.steps) % STEPS == 0:
        wrong(f"For {STEPS} steps your model was run on {len(run.steps)} batches.", "steps_are_epochs")
    losses = floats(run.losses, STEPS)
    if len(run.steps) != STEPS or any(step.answer is None for step in run.steps):
        wrong(f"For {STEPS} steps your model was run on {len(run.steps)} batches.")
    if any(len(positions(x, step)) > SIZE for step in run.steps):
        wrong(f"With batch_size={SIZE} a batch had {max(len(step.batch) for step in run.steps)} images.", "ignores_batch_size")
    want = torch.tensor([number(reference.mse_loss(answer(step), step.batch), "the loss") for step in run.steps])
    off = (torch.tensor(losses) - want).abs() > 1e-4 * want.abs() + 1e-6
    if off.any():
        wrong(f"{int(off.sum())} of {STEPS} losses are not the loss of that step's batch, before the step.")


def test_gradients_of_this_loss_alone(student, reference, draw):
    """Each step's gradient is that of its own loss, and the weights move along."""
    x = images(draw)
    run = trained(student, draw, x, steps=STEPS, batch_size=SIZE, lr=0.01, generator=draw.generator())
    moved = [not torch.equal(a.down, b.down) for a, b in zip(run.steps, run.steps[1:], strict=False)]
    if not any(moved):
        wrong("The weights of your model never change during training.", "never_steps")
    if all(torch.equal(run.after[name], run.before[name]) for name in ("down", "up")):
        wrong("After training the model that you were given is unchanged.", "trains_a_copy")
    for value in run.after.values():
        tensor(value, "a weight after training")
    judge_gradients(x, run.steps, reference)


def judge_gradients(x: torch.Tensor, steps: list[Step], reference) -> None:
    """Gradients point where the loss's gradient points (any positive scale); pass where none were accumulated (gradients taken by hand)."""
    total = 0.0
    for i, step in enumerate(steps):
        positions(x, step)
        if not all(isinstance(step.gradients.get(name), torch.Tensor) for name in ("down", "up")):
            continue
        got = torch.cat([step.gradients[name].flatten() for name in ("down", "up")]).double()
        want = expected_gradient(step, reference)
        total = total + want
        if got.shape == want.shape and cosine(got, want) > 0.999:
            continue
        if i > 0 and got.shape == want.shape and cosine(got, total) > 0.999:
            wrong(f"In step {i + 1} your model holds the sum of the gradients of all steps so far.", "gradients_pile_up")
        wrong(f"In step {i + 1} your model receives another gradient than that of the mean squared error of its batch.")


def expected_gradient(step: Step, reference) -> torch.Tensor:
    """The loss's gradient with respect to both weights, by the chain rule by hand from the gradient with respect to the answer."""
    given = answer(step).clone().requires_grad_(True)
    (outer,) = torch.autograd.grad(reference.mse_loss(given, step.batch), given)
    outer, flat = outer.flatten(1).double(), step.batch.flatten(1).double()
    down, up = step.down.double(), step.up.double()
    return torch.cat([((outer @ up).T @ flat).flatten(), (outer.T @ (flat @ down.T)).flatten()])


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    """The cosine of the angle between two gradients."""
    return torch.nn.functional.cosine_similarity(a, b, dim=0).item()


def test_every_image_once_per_epoch(student, draw):
    """Every image comes once before any comes again, in a fresh order each time."""
    x = images(draw)
    run = trained(student, draw, x, steps=STEPS, batch_size=SIZE, lr=0.01, generator=draw.generator())
    order = [positions(x, step) for step in run.steps]
    flat = [i for batch in order for i in batch]
    full, partial = epochs(flat, N), epochs(flat, N // SIZE * SIZE)
    found = full if distinct(full) else partial
    if not distinct(found):
        repeats = any(len(set(batch)) < len(batch) for batch in order)
        wrong("An image came again before all others had come.", "with_replacement" if repeats else "new_order_every_step")
    if all(epoch == sorted(epoch) for epoch in found):
        wrong("The images always come in the order in which they lie in x.", "no_shuffle")
    if any(a == b for a, b in zip(found, found[1:], strict=False)):
        wrong("Two epochs went through the images in the same order.", "one_shuffle_for_all")
    if any({*a[:SIZE]} == {*b[:SIZE]} and {*a[SIZE : 2 * SIZE]} == {*b[SIZE : 2 * SIZE]} for a, b in zip(found, found[1:], strict=False)):
        wrong("Two epochs had the same images together in their batches.", "one_shuffle_for_all")


def epochs(flat: list[int], length: int) -> list[list[int]]:
    """A stream of positions in complete stretches of an epoch's length."""
    return [flat[i : i + length] for i in range(0, len(flat) - length + 1, length)]


def distinct(stretches: list[list[int]]) -> bool:
    """Whether no stretch holds an image twice."""
    return all(len(set(stretch)) == len(stretch) for stretch in stretches)


def test_the_generator_decides_the_order(student, draw):
    """Generators with one seed give one order, generators with different seeds different ones."""
    x, model, seed = images(draw), recorder(draw), draw.seed()
    orders = []
    for s in (seed, seed, seed + 1):
        run = trained(student, draw, x, model, steps=4, batch_size=SIZE, lr=0.01, generator=torch.Generator().manual_seed(s))
        orders.append([positions(x, step) for step in run.steps])
    if orders[0] == orders[2]:
        wrong("Two generators with different seeds gave the same order of images.", "own_seed")
    if orders[0] != orders[1]:
        wrong("Two generators with the same seed gave different orders of images.", "global_random_state")
    run = trained(student, draw, x, model, steps=3, batch_size=SIZE, lr=0.01)
    floats(run.losses, 3)


def test_small_data_and_images(student, draw):
    """Fewer images than a batch, and image batches with channels, are trained on as they are."""
    x = images(draw, 5, (1, 2, 3))
    run = trained(student, draw, x, steps=30, batch_size=128, lr=0.01, generator=draw.generator())
    losses = floats(run.losses, 30)
    if any(sorted(positions(x, step)) != list(range(5)) for step in run.steps):
        wrong("With 5 images and batch_size=128 every batch should hold all 5.")
    if not losses[-1] < losses[0]:
        wrong(f"Training on all images at once, the loss went from {losses[0]:.4g} to {losses[-1]:.4g}.")


def test_the_learning_rate_is_an_argument(student, draw):
    """A tiny learning rate hardly moves the weights."""
    x = images(draw)
    run = trained(student, draw, x, steps=5, batch_size=SIZE, lr=1e-9, generator=draw.generator())
    moved = max((run.after[name] - run.before[name]).abs().max().item() for name in ("down", "up"))
    if moved > 1e-5:  # Adam moves a weight by about lr per step, plain gradient descent by lr times the gradient
        wrong(f"With lr=1e-9 a weight moved by {moved:.2g} in 5 steps.", "ignores_lr")


def test_leaves_the_model_in_training_mode(student, draw):
    """A model that comes in training mode is given back in training mode."""
    run = trained(student, draw, images(draw), steps=3, batch_size=SIZE, lr=0.01, generator=draw.generator())
    if not run.training:
        wrong("After training, the model that came in training mode is in evaluation mode.", "left_in_eval")
