"""Wrong versions of train_vae."""

import torch

from autograder.versions import misconception


@misconception("The gradients are never set to zero: each step adds its own to all earlier ones.", see="vae-loss")
def gradients_accumulate(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps)).backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("The ELBO itself is minimised: training makes the model worse. Minimise its negative.", see="vae-loss")
def minimises_the_bound(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = -beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("The noise is drawn once, before the loop, and used again in every step: the decoder learns this noise by heart.", see="reparameterization")
def noise_drawn_once(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    eps = torch.randn(min(batch_size, len(x)), model.latent_dim, generator=generator, dtype=x.dtype)
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, eps[: len(b)])
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("All images of a batch share one draw of noise; every image needs its own.", see="reparameterization")
def one_noise_per_batch(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        eps = torch.randn(1, model.latent_dim, generator=generator, dtype=x.dtype).expand(len(b), -1)
        bound, log_likelihood, kl = elbo(model, b, eps)
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("The noise is uniform on [0, 1) (torch.rand); the reparameterisation needs standard normal noise (torch.randn).", see="reparameterization")
def uniform_noise(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.rand(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("There is no noise: the code is always the mean, and the model is an autoencoder with a penalty.", see="reparameterization")
def no_noise(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.zeros(len(b), model.latent_dim, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("beta never reaches the loss.", see="beta-vae")
def beta_ignored(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("The warm-up never reaches the loss: the KL has its full weight from the first step.", see="kl-warmup")
def warmup_ignored(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for _ in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("Steps are counted from 1 for the warm-up; the first step is step 0, where the KL weighs nothing.", see="kl-warmup")
def steps_from_one(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(1, steps + 1):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("You report the weighted loss that is minimised; report the plain negative ELBO, so that runs with different beta or warm-up can be compared.", see="vae-loss")
def reports_weighted_loss(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        _, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


@misconception("You report the ELBO; its negative is asked for, a number that falls.", see="vae-loss")
def reports_the_bound(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(bound.mean().item())
    return losses


@misconception("The losses are tensors: each keeps its whole computation alive. Use .item().", see="vae-loss")
def losses_are_tensors(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean())
    return losses


@misconception("The data is never shuffled: every epoch shows the same batches in the same order.", see="vae-loss")
def no_shuffle(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    parts = x.split(batch_size)
    for step in range(steps):
        b = parts[step % len(parts)]
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("The data is shuffled once; every epoch needs a fresh shuffle.", see="vae-loss")
def shuffled_once(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    parts = x[torch.randperm(len(x), generator=generator)].split(batch_size)
    for step in range(steps):
        b = parts[step % len(parts)]
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("Batches are drawn with replacement: some images come twice in an epoch, others never.", see="vae-loss")
def with_replacement(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for step in range(steps):
        b = x[torch.randint(len(x), (min(batch_size, len(x)),), generator=generator)]
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("batch_size is ignored: every step uses all the data.", see="vae-loss")
def whole_data_every_step(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, losses = torch.optim.Adam(model.parameters(), lr=lr), []
    for step in range(steps):
        b = x[torch.randperm(len(x), generator=generator)]
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("A fixed generator of your own replaces the one given: every call sees the same batches and the same noise.", see="vae-loss")
def generator_ignored(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    generator = torch.Generator().manual_seed(0)
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("The noise comes from the global random state although a generator was given: the run cannot be repeated.", see="vae-loss")
def global_random_state(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("lr is ignored: the optimiser runs with a rate of its own.", see="vae-loss")
def lr_ignored(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters()), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("The optimiser never takes a step: the parameters stay as they were.", see="vae-loss")
def never_steps(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        losses.append(-bound.mean().item())
    return losses


@misconception("Only the encoder is trained: the optimiser did not get all of model.parameters().", see="vae-loss")
def part_of_the_parameters(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    parameters = list(model.parameters())
    optimiser, stream, losses = torch.optim.Adam(parameters[: len(parameters) // 2], lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        model.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses


@misconception("One loss per epoch comes back; one per step is asked for.", see="vae-loss")
def one_loss_per_epoch(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses, epoch = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), [], []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        epoch.append(-bound.mean().item())
        if len(epoch) * batch_size >= len(x):
            losses.append(sum(epoch) / len(epoch))
            epoch = []
    return losses


@misconception("The model is left in evaluation mode.", see="vae-loss")
def left_in_evaluation_mode(model, x, *, steps, batch_size=128, lr=1e-2, generator=None, beta=1.0, warmup_steps=0):
    optimiser, stream, losses = torch.optim.Adam(model.parameters(), lr=lr), batches(x, batch_size, generator), []
    for step in range(steps):
        b = next(stream)
        bound, log_likelihood, kl = elbo(model, b, torch.randn(len(b), model.latent_dim, generator=generator, dtype=x.dtype))
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    model.eval()
    return losses
