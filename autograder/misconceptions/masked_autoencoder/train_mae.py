"""Wrong versions of train_mae: one plain loop, one slip in each."""

import torch

from autograder.versions import misconception


@misconception("One row of scores serves the whole batch: every image needs a mask of its own.", see="random-masking")
def one_mask_per_batch(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(1, target.shape[1], generator=generator).expand(len(x), -1), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The scores are drawn before the loop: every step hides the same places again, and the task becomes easier than it should be.", see="random-masking")
def masks_drawn_once(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    scores = torch.rand(min(batch_size, len(images)), (images.shape[-1] // model.patch) ** 2, generator=generator)
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(scores[: len(x)], mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Every image keeps one mask for the whole training: draw a fresh one each time it comes.", see="random-masking")
def mask_per_image(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    length = (images.shape[-1] // model.patch) ** 2
    scores = torch.rand(len(images), length, generator=generator)
    stream, losses = batches(torch.arange(len(images)), batch_size, generator), []
    for _ in range(steps):
        index = next(stream)
        x = images[index]
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(scores[index], mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The mask ratio is always 0.75, whatever the caller asks for.", see="random-masking")
def ratio_ignored(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), 0.75)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The loss counts every patch, visible ones too.", see="mae-loss")
def loss_on_everything(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, torch.ones_like(mask))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The loss is on the visible patches: the mask is the wrong way round.", see="mae-loss")
def loss_on_visible(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, ~mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The targets are normalised patch by patch; raw pixels are asked for.", see="norm-pix")
def normalised_targets(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        target = (target - target.mean(2, keepdim=True)) / (target.var(2, keepdim=True) + 1e-6).sqrt()
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Gradients are never cleared, so that every step goes along the sum of all gradients so far.", see="mae-loss")
def no_zero_grad(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The optimiser never takes its step: the loss is computed and nothing learns.", see="mae-loss")
def never_steps(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
    return losses


@misconception("A copy of the model is trained; the model that was handed over stays as it was.", see="mae-loss")
def trains_a_copy(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    import copy

    model = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Batches come in the order of the data: shuffle in every epoch.", see="mae-loss")
def no_shuffle(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    parts, losses = images.split(batch_size), []
    for step in range(steps):
        x = parts[step % len(parts)]
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The images are shuffled once, before the first epoch: shuffle in every epoch.", see="mae-loss")
def shuffled_once(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    parts, losses = images[torch.randperm(len(images), generator=generator)].split(batch_size), []
    for step in range(steps):
        x = parts[step % len(parts)]
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Every batch is drawn from all images anew, so that some come twice in an epoch and others not at all.", see="mae-loss")
def with_replacement(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        x = images[torch.randint(len(images), (batch_size,), generator=generator)]
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("Every step uses all images: batch_size is ignored.", see="mae-loss")
def batch_size_ignored(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        x = images[torch.randperm(len(images), generator=generator)]
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The learning rate of the caller never reaches the optimiser.", see="mae-loss")
def lr_ignored(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The scores come from the global random state, so that the generator does not decide the masks.", see="random-masking")
def global_random_state(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2]), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@misconception("The list holds tensors, which keep memory (and, not detached, every step's graph): use .item().", see="mae-loss")
def returns_tensors(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses


@misconception("The model is left in evaluation mode.", see="mae-loss")
def left_in_eval(model, images, *, steps, mask_ratio=0.75, batch_size=128, lr=1e-3, generator=None):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(images, batch_size, generator), []
    for _ in range(steps):
        x = next(stream)
        target = patchify(x, model.patch)
        keep, mask, restore = random_masking(torch.rand(target.shape[:2], generator=generator), mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    return losses
