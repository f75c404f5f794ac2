"""Correct versions of train_vae."""

import torch
from torch import nn

from autograder.versions import correct


@correct("plain SGD with the epoch loop written out, the last short batch dropped where there are others")
def sgd_and_epochs(model, x, *, steps, batch_size=64, lr=1e-3, generator=None, beta=1.0, warmup_steps=0):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    size, losses = min(batch_size, len(x)), []
    while len(losses) < steps:
        order = torch.randperm(len(x), generator=generator)
        for start in range(0, len(x) - size + 1, size):
            if len(losses) == steps:
                break
            rows = x[order[start : start + size]]
            eps = torch.randn((len(rows), model.latent_dim), generator=generator)
            optimizer.zero_grad(set_to_none=False)
            value, log_likelihood, kl = elbo(model, rows, eps.to(rows))
            beta_vae_loss(log_likelihood, kl, beta * kl_weight(len(losses), warmup_steps)).backward()
            optimizer.step()
            losses.append(float(-value.detach().mean()))
    return losses


@correct("a DataLoader, AdamW, gradient clipping, noise drawn before the batch")
def with_data_loader(model, x, *, steps, batch_size=128, lr=1e-3, generator=None, beta=1.0, warmup_steps=0):
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=batch_size, shuffle=True, generator=generator or torch.Generator())
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    model.train()
    losses, stream = [], iter(loader)
    for step in range(steps):
        noise = torch.randn(batch_size, model.latent_dim, generator=generator, dtype=x.dtype)
        try:
            (rows,) = next(stream)
        except StopIteration:
            stream = iter(loader)
            (rows,) = next(stream)
        _, log_likelihood, kl = elbo(model, rows, noise[: len(rows)].to(x.device))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 100.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append((kl - log_likelihood).mean().item())
    return losses


@correct("gradients asked for by torch.autograd.grad, updates by hand with momentum, everything written out")
def by_hand(model, x, *, steps, batch_size=128, lr=1e-3, generator=None, beta=1.0, warmup_steps=0):
    parameters = [p for p in model.parameters() if p.requires_grad]
    velocity = [torch.zeros_like(p) for p in parameters]
    stream, losses = batches(x, batch_size, generator), []
    for step in range(steps):
        rows = next(stream)
        mu, logvar = model.encode(rows)
        eps = torch.stack([torch.randn(mu.shape[1], generator=generator, dtype=x.dtype) for _ in rows])
        logits = model.decode(mu + torch.exp(0.5 * logvar) * eps)
        log_likelihood = -F.binary_cross_entropy_with_logits(logits, rows, reduction="none").sum(1)
        kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)
        weight = beta * (1.0 if step >= warmup_steps else step / warmup_steps)
        grads = torch.autograd.grad((weight * kl - log_likelihood).mean(), parameters)
        with torch.no_grad():
            for p, v, g in zip(parameters, velocity, grads, strict=True):
                v.mul_(0.9).add_(g)
                p.sub_(lr * v)
        losses.append((kl - log_likelihood).mean().item())
    return losses


@correct("epochs as a generator of index batches, a learning rate that decays, the optimiser's foreach off")
def decaying_rate(model, x, *, steps, batch_size=128, lr=2e-3, generator=None, beta=1.0, warmup_steps=0):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, foreach=False)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.5, total_iters=max(1, steps))
    history, indices = [], []
    for i in range(steps):
        if not indices:
            indices = list(torch.randperm(len(x), generator=generator).split(batch_size))
        rows = x[indices.pop(0)]
        eps = torch.empty(len(rows), model.latent_dim, dtype=x.dtype).normal_(generator=generator)
        out = elbo(model, rows, eps)
        loss = beta_vae_loss(out[1], out[2], beta=beta * kl_weight(i, warmup_steps))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        history.append(-out[0].mean().item())
    return history
