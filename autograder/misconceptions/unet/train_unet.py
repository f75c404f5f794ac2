"""Wrong versions of train_unet: one plain loop, one slip in each."""

import copy

import torch

from autograder.versions import misconception


@misconception("One time is drawn for the whole batch; every image needs its own.", see="simple-loss")
def one_time_per_batch(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (1,), generator=generator).expand(len(x0)).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("Times run from 0 to T - 1: t = 0 is the clean image, and T is never trained.", see="simple-loss")
def times_from_zero(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(0, schedule.T, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The time T is never drawn: randint leaves out its upper end.", see="simple-loss")
def last_time_never(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("All images of a batch get the same noise.", see="simple-loss")
def one_noise_for_all(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0[:1].shape, generator=generator, dtype=x0.dtype).to(device).expand(x0.shape)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The noise is drawn once before the loop and used in every step.", see="simple-loss")
def noise_drawn_once(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    noise = torch.randn(images.shape, generator=generator, dtype=images.dtype).to(device)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = noise[: len(x0)]
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The noise is uniform (rand) instead of normal (randn).", see="forward-marginal")
def uniform_noise(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.rand(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("x_t is mixed with alpha_bar and 1 - alpha_bar instead of their roots.", see="forward-marginal")
def roots_forgotten(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a * x0 + (1 - a) * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("x_t is mixed with alpha of the one step instead of the cumulative alpha_bar.", see="forward-marginal")
def alpha_for_alpha_bar(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The network's answer is compared with the clean image instead of the noise.", see="simple-loss")
def predicts_the_image(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - x0).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The squared error is summed instead of averaged over batch and pixels.", see="simple-loss")
def summed_loss(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("Indices are drawn with replacement: within an epoch some images come twice and others never.", see="simple-loss")
def with_replacement(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses = copy.deepcopy(model), []
    for step in range(steps):
        x0 = images[torch.randint(len(images), (min(batch_size, len(images)),), generator=generator)]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The images are shuffled once before the loop; every epoch then has the same batches.", see="simple-loss")
def never_reshuffled(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses = copy.deepcopy(model), []
    chunks = torch.randperm(len(images), generator=generator).split(batch_size)
    for step in range(steps):
        x0 = images[chunks[step % len(chunks)]]
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("Gradients are never reset, so every step follows the sum of all gradients so far.", see="simple-loss")
def gradients_pile_up(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The average is the model itself under another name: copy it before training.", see="ema")
def average_is_the_model(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = model, [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The average is made and never updated: it still is the initialisation.", see="ema")
def average_never_updated(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return ema_model, losses


@misconception("The returned model is a copy of the last weights; nothing was averaged.", see="ema")
def copied_at_the_end(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses, stream = [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return copy.deepcopy(model), losses


@misconception("The average is updated with 1 - ema_decay: it follows the last step almost alone.", see="ema")
def decay_upside_down(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, 1 - ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The average is updated every tenth step only, so it reaches ten times as far back as asked.", see="ema")
def averaged_too_rarely(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 10 == 9:
            ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The pair comes in the wrong order: first the averaged model, then the losses.", see="ema")
def losses_first(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return losses, ema_model


@misconception("The losses are tensors that hold on to their graphs; append loss.item().", see="simple-loss")
def losses_as_tensors(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.detach())
    return ema_model, losses


@misconception("The optimiser keeps its own default step size: lr is not handed over.", see="simple-loss")
def lr_forgotten(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters())
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("Model or batches stay where they were: bring both to `device`.", see="simple-loss")
def stays_behind(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule = model.to(device), schedule.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("Mixed precision is on although this is the CPU and nobody asked for it.", see="simple-loss")
def half_precision_everywhere(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
            eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The images are turned into float32, whatever dtype they came in.", see="forward-marginal")
def float32_noise(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("The generator is not used: shuffle, times and noise come from the global random state.", see="simple-loss")
def global_random_state(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size)
    for step in range(steps):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),)).to(device)
        eps = torch.randn(x0.shape, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses


@misconception("steps is taken as a number of epochs: far more losses come back than steps were asked for.", see="simple-loss")
def steps_as_epochs(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device, ema_decay=0.999, amp=None):
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in range(steps * -(-len(images) // batch_size)):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        a = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        eps_hat = model(a.sqrt() * x0 + (1 - a).sqrt() * eps, t)
        loss = (eps_hat - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema_update(ema_model, model, ema_decay)
        losses.append(loss.item())
    return ema_model, losses
