"""Wrong versions of train_autoencoder."""

import torch

from autograder.versions import misconception
from workbook.data import batches


@misconception("Gradients of earlier steps pile up: backward adds to what is there, so clear them in every step (optimizer.zero_grad()).", see="backprop")
def gradients_pile_up(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x, batch_size, generator), []
    for _ in range(steps):
        batch = next(stream)
        loss = mse_loss(model(batch), batch)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The weights never move: the step of the optimizer is missing.", see="backprop")
def never_steps(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x, batch_size, generator), []
    for _ in range(steps):
        batch = next(stream)
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
    return losses


@misconception("You train a copy and leave the model that was given as it was: train it in place.", see="backprop")
def trains_a_copy(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    import copy

    model = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x, batch_size, generator), []
    for _ in range(steps):
        batch = next(stream)
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("You draw images with replacement: some come twice in an epoch, others not at all. Shuffle all, then go through them.", see="backprop")
def with_replacement(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for _ in range(steps):
        batch = x[torch.randint(0, len(x), (min(batch_size, len(x)),), generator=generator)]
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("You shuffle anew at every step and take the first images only: an epoch should see every image once before any comes again.", see="backprop")
def new_order_every_step(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for _ in range(steps):
        batch = x[torch.randperm(len(x), generator=generator)[:batch_size]]
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The images come in the order in which they lie in x, epoch after epoch: shuffle them.", see="backprop")
def no_shuffle(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, parts = torch.optim.Adam(model.parameters(), lr=lr), [], x.split(batch_size)
    for step in range(steps):
        batch = parts[step % len(parts)]
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("You shuffle once, and every epoch repeats that order with the same batches: shuffle at the start of each epoch.", see="backprop")
def one_shuffle_for_all(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    parts = torch.randperm(len(x), generator=generator).split(batch_size)
    for step in range(steps):
        batch = x[parts[step % len(parts)]]
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("You count steps as epochs: a step is one batch.", see="backprop")
def steps_are_epochs(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for _ in range(steps):
        for part in torch.randperm(len(x), generator=generator).split(batch_size):
            loss = mse_loss(model(x[part]), x[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Your losses are tensors, each of which keeps its whole computation alive: use loss.item().", see="backprop")
def tensor_losses(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x, batch_size, generator), []
    for _ in range(steps):
        batch = next(stream)
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return losses


@misconception("You return one loss only: one per step is asked for, in a list.", see="backprop")
def one_loss_only(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, stream = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator)
    for _ in range(steps):
        batch = next(stream)
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


@misconception("Your model is left in evaluation mode: leave it in training mode, or as it came.", see="backprop")
def left_in_eval(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x, batch_size, generator), []
    for _ in range(steps):
        batch = next(stream)
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    return losses


@misconception("You were given a generator, but the order of the images comes from the global random state: pass generator=generator to the shuffle.", see="backprop")
def global_random_state(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x, batch_size), []
    for _ in range(steps):
        batch = next(stream)
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The order of the images comes from a generator with a seed of your own: use the generator that is given.", see="backprop")
def own_seed(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x, batch_size, torch.Generator().manual_seed(0)), []
    for _ in range(steps):
        batch = next(stream)
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The learning rate is fixed: pass lr=lr to the optimizer.", see="backprop")
def ignores_lr(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters())
    stream, losses = batches(x, batch_size, generator), []
    for _ in range(steps):
        batch = next(stream)
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The size of your batches is fixed: use batch_size.", see="backprop")
def ignores_batch_size(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x, 128, generator), []
    for _ in range(steps):
        batch = next(stream)
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("You flatten the images before they reach the model; a convolutional model needs them as they are.", see="backprop")
def flattens_images(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x.flatten(1), batch_size, generator), []
    for _ in range(steps):
        batch = next(stream)
        loss = mse_loss(model(batch).flatten(1), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The batches that reach your model are not images of x as they are: was noise added (that trains a denoiser, another task), or were they rescaled?", see="backprop")
def noisy_input(model, x, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x, batch_size, generator), []
    for _ in range(steps):
        batch = next(stream)
        noise = 0.1 * torch.randn(batch.shape, generator=generator)
        loss = mse_loss(model(batch + noise), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
