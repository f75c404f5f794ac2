"""Correct versions of train_ddpm."""

import torch

from autograder.versions import correct


@correct("epochs and batches as nested loops, AdamW, the last short batch kept")
def nested_loops(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, losses = torch.optim.AdamW(model.parameters(), lr), []
    model.train()
    while len(losses) < steps:
        for index in torch.randperm(len(x), generator=generator).split(batch_size)[: steps - len(losses)]:
            batch = x[index]
            t = (torch.rand(len(batch), generator=generator) * schedule.T).long().clamp(max=schedule.T - 1) + 1
            loss = ddpm_loss(model, batch, t, torch.randn(batch.shape, generator=generator), schedule)
            optimizer.zero_grad(set_to_none=False)
            loss.backward()
            optimizer.step()
            losses.append(float(loss))
    return losses


@correct("a DataLoader that drops the last short batch, SGD")
def with_a_loader(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    size = min(batch_size, len(x))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=size, shuffle=True, drop_last=True, generator=generator)
    optimizer, losses, batches = torch.optim.SGD(model.parameters(), lr=lr), [], iter(())
    while len(losses) < steps:
        batch = next(batches, None)
        if batch is None:
            batches = iter(loader)
            continue
        eps = torch.randn(batch[0].shape, generator=generator)
        t = torch.randint(low=1, high=schedule.T + 1, size=(len(eps),), generator=generator)
        x_t = add_noise(batch[0], t, eps, schedule)
        loss = torch.nn.functional.mse_loss(model(x_t, t), eps)
        model.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@correct("one long order of indices, batches across its seams, falling learning rate and gradient clipping")
def long_order(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    size = min(batch_size, len(x))
    epochs = -(-steps * size // len(x))
    order = torch.cat([torch.randperm(len(x), generator=generator) for _ in range(epochs)])
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for step in range(steps):
        x0 = x[order[step * size : (step + 1) * size]]
        optimizer.param_groups[0]["lr"] = lr * (1 - 0.5 * step / steps)
        eps = torch.randn(x0.shape, generator=generator)
        t = 1 + torch.randperm(schedule.T * len(x0), generator=generator)[: len(x0)] % schedule.T
        loss = ddpm_loss(model, x0, t, eps, schedule)
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


@correct("noise before times, other names, evaluation mode kept")
def another_order_of_draws(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    optimizer, history, queue = torch.optim.RMSprop(model.parameters(), lr=lr), [], torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(queue) == 0:
            queue = torch.rand(len(x), generator=generator).argsort()
        batch, queue = x[queue[:batch_size]], queue[batch_size:]
        noise = torch.empty_like(batch).normal_(generator=generator)
        when = torch.multinomial(torch.ones(schedule.T), len(batch), replacement=True, generator=generator) + 1
        objective = ddpm_loss(model, batch, when, noise, schedule)
        optimizer.zero_grad()
        objective.backward()
        optimizer.step()
        history.append(objective.detach().item())
    return history


@correct("gradient descent by hand, times and noise of a whole epoch drawn at once, its own loss")
def by_hand(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    parameters, losses, batches = [p for p in model.parameters() if p.requires_grad], [], []
    for _ in range(steps):
        if not batches:
            times = torch.randint(schedule.T, (len(x),), generator=generator) + 1
            noise = torch.randn(x.shape, generator=generator, dtype=torch.float64).to(x.dtype)
            batches = [(x[i], times[i], noise[i]) for i in torch.randperm(len(x), generator=generator).split(batch_size)]
        x0, t, eps = batches.pop(0)
        shares = schedule.alpha_bar.to(x.dtype)[t].reshape(len(t), *[1] * (x.dim() - 1))
        loss = torch.mean((model(shares.sqrt() * x0 + torch.sqrt(1 - shares) * eps, t) - eps) ** 2)
        with torch.no_grad():
            for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                parameter -= lr * slope
        losses.append(loss.item())
    return losses


@correct("times spread over each batch, SGD with momentum, trained in evaluation mode and put back")
def spread_times(model, x, schedule, *, steps, batch_size=128, lr=1e-3, generator=None):
    mode, losses, left = model.training, [], []
    model.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)
    for _ in range(steps):
        if len(left) == 0:
            left = torch.randperm(len(x), generator=generator).tolist()
        batch, left = x[left[:batch_size]], left[batch_size:]
        n = len(batch)
        strata = (torch.rand(1, generator=generator) + torch.randperm(n, generator=generator) / n) % 1.0
        t = 1 + (strata * schedule.T).floor().long().clamp(max=schedule.T - 1)
        loss = ddpm_loss(model, batch, t, torch.randn(batch.size(), generator=generator), schedule)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses += [float(loss.detach())]
    model.train(mode)
    return losses
