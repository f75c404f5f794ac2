"""Correct versions of train_unet."""

import copy

import torch
import torch.nn.functional as F

from autograder.versions import correct


@correct("nested epochs, last short batch dropped, noise before times, AdamW, no warm-up, batches moved one by one")
def nested_epochs(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device="cpu", ema_decay=0.999, amp=None):
    model.train().to(device)
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.AdamW(model.parameters(), lr, weight_decay=0.0)
    alpha_bar, losses, size = schedule.alpha_bar.to(device), [], min(batch_size, len(images))
    while True:
        order = torch.randperm(len(images), generator=generator)
        for start in range(0, len(images) - size + 1, size):
            if len(losses) == steps:
                return average, losses
            x0 = images[order[start : start + size]].to(device)
            eps = torch.empty(x0.shape, dtype=x0.dtype).normal_(generator=generator).to(device)
            t = torch.randint(schedule.T, (size,), generator=generator).add(1).to(device)
            signal = alpha_bar.to(x0)[t].reshape(-1, 1, 1, 1)
            loss = F.mse_loss(model(signal**0.5 * x0 + (1 - signal) ** 0.5 * eps, t), eps)
            model.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            ema_update(average, model, ema_decay)
            losses.append(float(loss))


@correct("plain gradient descent by autograd.grad, a warm-up that copies for fifty steps")
def by_hand(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device=None, ema_decay=0.999, amp=None):
    device = torch.device(device or "cpu")
    model = model.to(device)
    weights, average, losses = [p for p in model.parameters() if p.requires_grad], copy.deepcopy(model), []
    roots = torch.stack([schedule.alpha_bar.sqrt(), (1 - schedule.alpha_bar).sqrt()]).to(device)

    def chunks():
        while True:
            yield from torch.randperm(len(images), generator=generator).split(batch_size)

    for k, index in zip(range(steps), chunks()):
        x0 = images.to(device)[index.to(images.device)]
        t = torch.randint(1, 1 + schedule.T, x0.shape[:1], generator=generator)
        eps = torch.randn(x0.shape, generator=generator).to(x0)
        s, n = (row[t.to(device)].to(x0.dtype)[:, None, None, None] for row in roots)
        loss = torch.mean((model(s * x0 + n * eps, t.to(device)) - eps) ** 2)
        with torch.no_grad():
            for p, g in zip(weights, torch.autograd.grad(loss, weights), strict=True):
                p -= lr * g
        ema_update(average, model, 0.0 if k < 50 else ema_decay)
        losses.append(loss.item())
    return average, losses


@correct("momentum, gradients clipped, mixed precision by a scaler and a warm-up, average updated before the step's parameters are changed again")
def with_scaler(model, images, schedule, *, steps, batch_size=128, lr=1e-3, generator=None, device="cpu", ema_decay=0.999, amp=None):
    device = torch.device(device)
    model.to(device)
    on = device.type == "cuda" if amp is None else amp
    scaler = torch.amp.GradScaler(device.type, enabled=on and device.type == "cuda")
    optimizer = torch.optim.RAdam(model.parameters(), lr=lr)
    average = copy.deepcopy(model)
    losses = []
    pool = torch.empty(0, dtype=torch.long)
    for k in range(steps):
        if len(pool) == 0:
            pool = torch.rand(len(images), generator=generator).argsort()
        index, pool = pool[:batch_size], pool[batch_size:]
        x0 = images[index.to(images.device)].to(device)
        t = (torch.rand(len(x0), generator=generator) * schedule.T).long().clamp(max=schedule.T - 1) + 1
        a = schedule.to(device).alpha_bar[t.to(device)].to(x0.dtype).view(len(x0), 1, 1, 1)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=on):
            guess = model(torch.sqrt(a) * x0 + torch.sqrt(1 - a) * eps, t.to(device))
        loss = F.mse_loss(guess.to(eps.dtype), eps)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        losses.append(loss.detach().cpu().item())
        ema_update(average, model, min(ema_decay, (k + 1) / (k + 10)))
    return average, losses
