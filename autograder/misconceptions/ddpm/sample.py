"""Wrong versions of sample."""

import torch

from autograder.versions import misconception


@misconception("Your chain starts from zeros; it starts from x_T ~ N(0, I).", see="ancestral")
@torch.no_grad()
def starts_from_zeros(model, shape, schedule, generator=None):
    x = torch.zeros(shape, device=next(model.parameters()).device)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, torch.randn(shape, generator=generator).to(x.device))
    return x


@misconception("Your chain stops one step early: the step at t = 1 is missing.", see="ancestral")
@torch.no_grad()
def last_step_missing(model, shape, schedule, generator=None):
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(schedule.T, 1, -1):
        x = reverse_step(model, x, t, schedule, torch.randn(shape, generator=generator).to(x.device))
    return x


@misconception("Your chain starts at t = T - 1: the first step, at t = T, is missing.", see="ancestral")
@torch.no_grad()
def first_step_missing(model, shape, schedule, generator=None):
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(schedule.T - 1, 0, -1):
        x = reverse_step(model, x, t, schedule, torch.randn(shape, generator=generator).to(x.device))
    return x


@misconception("Your times run upwards; the way back goes from T down to 1.", see="ancestral")
@torch.no_grad()
def walks_forwards(model, shape, schedule, generator=None):
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(1, schedule.T + 1):
        x = reverse_step(model, x, t, schedule, torch.randn(shape, generator=generator).to(x.device))
    return x


@misconception("You draw the noise once and use it at every step; every step has fresh noise.", see="ancestral")
@torch.no_grad()
def same_noise_at_every_step(model, shape, schedule, generator=None):
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    eps = torch.randn(shape, generator=generator).to(x.device)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, eps)
    return x


@misconception("You use the start x_T as the noise of the steps, too; every step has fresh noise.", see="ancestral")
@torch.no_grad()
def start_used_as_noise(model, shape, schedule, generator=None):
    x = start = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, start)
    return x


@misconception("Your steps add no noise: the variance of the samples comes out too small.", see="ancestral")
@torch.no_grad()
def steps_without_noise(model, shape, schedule, generator=None):
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, torch.zeros_like(x))
    return x


@misconception("Your noise is uniform (torch.rand); it is normal (torch.randn).", see="ancestral")
@torch.no_grad()
def uniform_noise(model, shape, schedule, generator=None):
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, torch.rand(shape, generator=generator).to(x.device))
    return x


@misconception("One draw of noise serves all examples of the batch; every example has its own.", see="ancestral")
@torch.no_grad()
def noise_shared_by_the_batch(model, shape, schedule, generator=None):
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, torch.randn(1, *shape[1:], generator=generator).expand(shape).to(x.device))
    return x


@misconception("Your samples keep the gradient of the whole chain, and with it its memory: sample under torch.no_grad().", see="ancestral")
def gradient_kept(model, shape, schedule, generator=None):
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, torch.randn(shape, generator=generator).to(x.device))
    return x


@misconception("You leave the model in another mode than you found it: put back model.training.", see="ancestral")
@torch.no_grad()
def mode_left_changed(model, shape, schedule, generator=None):
    model.eval()
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, torch.randn(shape, generator=generator).to(x.device))
    return x


@misconception("You always put the model into training mode at the end; put back the mode in which it came.", see="ancestral")
@torch.no_grad()
def always_left_in_training_mode(model, shape, schedule, generator=None):
    model.eval()
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, torch.randn(shape, generator=generator).to(x.device))
    model.train()
    return x


@misconception("A function that is given a generator must draw from it alone: the noise of your steps comes from the global state.", see="ancestral")
@torch.no_grad()
def global_random_state(model, shape, schedule, generator=None):
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, torch.randn_like(x))
    return x


@misconception("You clip the end of the chain to [-1, 1]; the contract asks for the plain chain.", see="ancestral")
@torch.no_grad()
def clipped(model, shape, schedule, generator=None):
    x = torch.randn(shape, generator=generator).to(next(model.parameters()).device)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, torch.randn(shape, generator=generator).to(x.device))
    return x.clamp(-1, 1)


@misconception("Your chain stays on the CPU while the model is on another device: move the noise to next(model.parameters()).device.", see="ancestral")
@torch.no_grad()
def wrong_device(model, shape, schedule, generator=None):
    x = torch.randn(shape, generator=generator)
    for t in range(schedule.T, 0, -1):
        x = reverse_step(model, x, t, schedule, torch.randn(shape, generator=generator))
    return x
