"""Correct versions of train_mae."""

import torch

from autograder.versions import correct


@correct("AdamW, its own epochs, the last short batch dropped, scores before the batch")
def own_epochs(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.0)
    size = min(batch_size, len(images))
    length = (images.shape[2] // model.patch) * (images.shape[3] // model.patch)
    order, start, losses = None, 0, []
    while len(losses) < steps:
        scores = torch.rand(size, length, generator=generator)
        if order is None or start + size > len(images):
            order, start = torch.randperm(len(images), generator=generator), 0
        x, start = images[order[start : start + size]], start + size
        keep, mask, restore = random_masking(scores.to(x.device), mask_ratio)
        loss = masked_loss(model(x, keep, restore), patchify(x, model.patch), mask)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
    return losses


@correct("plain gradient descent by torch.autograd.grad, normal scores, encode and decode called apart")
def by_hand(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    model.train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    stream, history = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.randn(target.shape[:2], generator=generator, device=x.device), mask_ratio=mask_ratio)
        loss = masked_loss(pred=model.decode(model.encode(x, keep), restore), target=target, mask=mask)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True):
                if gradient is not None:
                    parameter -= lr * gradient
        history.append(loss.detach().cpu().item())
    return history


@correct("the order by argsort of random numbers, one mask at a time, set_to_none off, gradients clipped, a fast learning rate warm-up")
def one_mask_at_a_time(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, betas=(0.9, 0.95))
    losses, queue = [], []
    for step in range(steps):
        if not queue:
            queue = list(torch.rand(len(images), generator=generator).argsort().split(batch_size))
        x = images[queue.pop(0)]
        target = patchify(x, model.patch)
        scores = torch.stack([torch.rand(target.shape[1], generator=generator) for _ in x]).to(x.device)
        keep, mask, restore = random_masking(scores, mask_ratio)
        optimizer.zero_grad(set_to_none=False)
        loss = masked_loss(model(x, keep, restore), target, mask)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
    return losses
