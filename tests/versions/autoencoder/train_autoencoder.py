"""Correct versions of train_autoencoder."""

import torch
import torch.nn.functional as F

from autograder.versions import correct


@correct("epochs by hand, the short batch dropped, plain SGD, set_to_none off")
def plain_sgd(model, x, *, steps, batch_size=128, lr=0.1, generator=None):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    size, losses = min(batch_size, len(x)), []
    model.train()
    while len(losses) < steps:
        order = torch.randperm(len(x), generator=generator)
        for start in range(0, len(x) - size + 1, size):
            if len(losses) == steps:
                break
            optimizer.zero_grad(set_to_none=False)
            batch = x[order[start : start + size]]
            loss = mse_loss(model(batch), batch)
            loss.backward()
            optimizer.step()
            losses.append(float(loss))
    return losses


@correct("a DataLoader, gradient clipping, AdamW with a falling learning rate")
def data_loader(model, x, *, steps, batch_size=128, lr=2e-3, generator=None):
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=batch_size, shuffle=True, generator=generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / (2 * steps))
    losses, batches_ = [], iter(loader)
    for _ in range(steps):
        try:
            (batch,) = next(batches_)
        except StopIteration:
            batches_ = iter(loader)
            (batch,) = next(batches_)
        loss = F.mse_loss(model.decode(model.encode(batch)), batch)
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


@correct("gradients by torch.autograd.grad and updates by hand, sorting random numbers as the shuffle, evaluation mode kept")
def by_hand(model, x, *, steps, batch_size=128, lr=1e-2, generator=None):
    parameters, losses, queue = list(model.parameters()), [], []
    for _ in range(steps):
        if not queue:
            queue = list(torch.rand(len(x), generator=generator).argsort().split(batch_size))
        batch = x[queue.pop()]
        loss = (model(batch) - batch).square().mean()
        with torch.no_grad():
            for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                parameter -= lr * gradient
        losses.append(loss.item())
    return losses


@correct("one stream of images over the epochs' ends, order by Python's random seeded from the generator, gradients cleared after the step")
def one_stream(model, x, *, steps, batch_size=128, lr=1e-2, generator=None):
    import random

    shuffler = random.Random(int(torch.randint(1 << 30, (1,), generator=generator)))
    optimizer, losses, queue = torch.optim.RMSprop(model.parameters(), lr=lr), [], []
    size = min(batch_size, len(x))
    optimizer.zero_grad()
    for _ in range(steps):
        while len(queue) < size:
            epoch = list(range(len(x)))
            shuffler.shuffle(epoch)
            queue += epoch
        batch, queue = x[queue[:size]], queue[size:]
        loss = mse_loss(model(batch), batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses
