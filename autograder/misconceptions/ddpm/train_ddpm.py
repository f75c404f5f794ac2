"""Wrong versions of train_ddpm."""

import torch

from autograder.versions import misconception


@misconception("You draw one time for the whole batch; every example has its own.", see="simple-loss")
def one_time_per_batch(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T + 1, (1,), generator=generator).expand(len(x0))
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Your times never reach T: the upper end of torch.randint is exclusive.", see="simple-loss")
def never_at_T(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Your times begin at 0, where there is no noise to predict; they are 1..T.", see="simple-loss")
def from_zero(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(0, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Your times run through the batch in a fixed pattern; draw them at random, anew at every step.", see="simple-loss")
def times_drawn_once(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    times = torch.randint(1, schedule.T + 1, (max(len(x), batch_size),), generator=generator)
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        loss = ddpm_loss(model, x0, times[: len(x0)], torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Your noise is drawn once, before the loop: the network can learn it by heart. Draw it anew at every step.", see="simple-loss")
def noise_drawn_once(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    noise = torch.randn(x.shape, generator=generator)
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        index = order.pop()
        t = torch.randint(1, schedule.T + 1, (len(index),), generator=generator)
        loss = ddpm_loss(model, x[index], t, noise[index], schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Your noise is uniform (torch.rand); it is normal (torch.randn).", see="simple-loss")
def uniform_noise(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.rand(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Your batches come in the same order every epoch; shuffle afresh every time.", see="simple-loss")
def no_shuffle(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or list(torch.arange(len(x)).split(batch_size))
        x0 = x[order.pop(0)]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("You draw batches with replacement: some examples come twice before others come once.", see="simple-loss")
def with_replacement(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for _ in range(steps):
        x0 = x[torch.randint(len(x), (min(batch_size, len(x)),), generator=generator)]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("You train on the whole data set at once and ignore batch_size.", see="simple-loss")
def batch_size_ignored(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for _ in range(steps):
        t = torch.randint(1, schedule.T + 1, (len(x),), generator=generator)
        loss = ddpm_loss(model, x, t, torch.randn(x.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The gradients are never set to zero: every step follows the sum of all gradients so far.", see="simple-loss")
def gradients_add_up(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The parameters never change: optimizer.step() is missing, or works on a copy.", see="simple-loss")
def never_steps(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
    return losses


@misconception("Your learning rate is a fixed number; it is the argument lr.", see="simple-loss")
def lr_ignored(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=1e-3), [], []
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("You count epochs; `steps` are optimiser steps, one loss each.", see="simple-loss")
def steps_are_epochs(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for _ in range(steps):
        for index in torch.randperm(len(x), generator=generator).split(batch_size):
            x0 = x[index]
            t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
            loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("You return tensors that keep their graphs; return loss.item(), a Python float, per step.", see="simple-loss")
def tensors_returned(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return losses


@misconception("You return running means; return the loss of every step as it was.", see="simple-loss")
def running_means_returned(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(0.9 * losses[-1] + 0.1 * loss.item() if losses else loss.item())
    return losses


@misconception("A function that is given a generator must draw from it alone: your noise comes from the global state.", see="simple-loss")
def global_random_state(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn_like(x0), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("You leave the model in evaluation mode; a training function leaves it in training mode or as it came.", see="simple-loss")
def left_in_evaluation_mode(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    return losses


@misconception("You drop the last short batch even where it is the only one: data with fewer examples than batch_size must train, too.", see="simple-loss")
def small_data_not_trained(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses, order = torch.optim.Adam(model.parameters(), lr=lr), [], []
    for _ in range(steps):
        order = order or [index for index in torch.randperm(len(x), generator=generator).split(batch_size) if len(index) == batch_size]
        if not order:
            break
        x0 = x[order.pop()]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator)
        loss = ddpm_loss(model, x0, t, torch.randn(x0.shape, generator=generator), schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
