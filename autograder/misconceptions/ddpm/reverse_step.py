"""Wrong versions of reverse_step."""

import torch

from autograder.versions import misconception


@misconception("Your noise has variance beta[t]; this step asks for posterior_variance[t].", see="ancestral")
def variance_of_the_step_forward(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t, device=x_t.device)
    mean = reverse_mean(x_t, times, model(x_t, times), schedule)
    return mean + (schedule.beta[t].sqrt().to(x_t.dtype) * eps if t > 1 else 0)


@misconception("You multiply the noise by the variance; the root of it is missing.", see="ancestral")
def root_missing(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t, device=x_t.device)
    return reverse_mean(x_t, times, model(x_t, times), schedule) + schedule.posterior_variance[t].to(x_t.dtype) * eps


@misconception("You add noise at t = 1, too: the last step is the mean alone.", see="ancestral")
def noise_at_the_last_step(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t, device=x_t.device)
    sigma = schedule.posterior_variance[max(t, 2)].sqrt().to(x_t.dtype)
    return reverse_mean(x_t, times, model(x_t, times), schedule) + sigma * eps


@misconception("You return the mean alone; the step is random, and its noise is the argument eps.", see="ancestral")
def noise_forgotten(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t, device=x_t.device)
    return reverse_mean(x_t, times, model(x_t, times), schedule)


@misconception("You leave out the noise at every step but the first; it is left out at t = 1 only.", see="ancestral")
def noise_at_the_wrong_steps(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t, device=x_t.device)
    mean = reverse_mean(x_t, times, model(x_t, times), schedule)
    return mean + (schedule.posterior_variance[t].sqrt().to(x_t.dtype) * eps if t == schedule.T else 0)


@misconception("The model is asked about t - 1; x_t is at time t.", see="ancestral")
def model_asked_one_step_too_early(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t, device=x_t.device)
    mean = reverse_mean(x_t, times, model(x_t, times - 1), schedule)
    return mean + schedule.posterior_variance[t].sqrt().to(x_t.dtype) * eps


@misconception("The noise has the root of 1 - alpha_bar[t], that of all steps; one step back adds far less.", see="ancestral")
def noise_of_all_steps(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t, device=x_t.device)
    mean = reverse_mean(x_t, times, model(x_t, times), schedule)
    return mean + ((1 - schedule.alpha_bar[t]).sqrt().to(x_t.dtype) * eps if t > 1 else 0)


@misconception("You use the variance of the step before, posterior_variance[t - 1].", see="ancestral")
def variance_of_another_step(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t, device=x_t.device)
    return reverse_mean(x_t, times, model(x_t, times), schedule) + schedule.posterior_variance[t - 1].sqrt().to(x_t.dtype) * eps


@misconception("The model gets a plain number for t; it wants a tensor (n,) of integers, one time per example.", see="ancestral")
def plain_number_for_the_model(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t, device=x_t.device)
    return reverse_mean(x_t, times, model(x_t, t), schedule) + schedule.posterior_variance[t].sqrt().to(x_t.dtype) * eps


@misconception("The model gets times as floating-point numbers; they are integers (int64).", see="ancestral")
def floating_times(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t, device=x_t.device)
    mean = reverse_mean(x_t, times, model(x_t, times.float()), schedule)
    return mean + schedule.posterior_variance[t].sqrt().to(x_t.dtype) * eps


@misconception("You clip the result to [-1, 1]; the contract asks for the plain step.", see="ancestral")
def clipped(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t, device=x_t.device)
    mean = reverse_mean(x_t, times, model(x_t, times), schedule)
    return (mean + schedule.posterior_variance[t].sqrt().to(x_t.dtype) * eps).clamp(-1, 1)


@misconception("New tensors must be made on the device of the inputs: give torch.full device=x_t.device.", see="ancestral")
def wrong_device(model, x_t, t, schedule, eps):
    times = torch.full((len(x_t),), t)
    mean = reverse_mean(x_t, times, model(x_t, times), schedule)
    return mean + schedule.posterior_variance[t].sqrt().to(x_t.dtype) * eps
