"""Wrong versions of ddpm_loss."""

from autograder.versions import misconception


@misconception("You sum over the dimensions; the loss is the mean over batch and dimensions.", see="simple-loss")
def summed_over_dimensions(model, x0, t, eps, schedule):
    error = (eps - model(add_noise(x0, t, eps, schedule), t)).square()
    return error.flatten(1).sum(1).mean()


@misconception("You sum everything; the loss is the mean over batch and dimensions.", see="simple-loss")
def summed(model, x0, t, eps, schedule):
    return (eps - model(add_noise(x0, t, eps, schedule), t)).square().sum()


@misconception("Your target is x_0; the network predicts the noise.", see="simple-loss")
def target_is_x0(model, x0, t, eps, schedule):
    return (x0 - model(add_noise(x0, t, eps, schedule), t)).square().mean()


@misconception("The model gets the clean x_0; it must get the noisy x_t.", see="simple-loss")
def model_sees_the_clean_data(model, x0, t, eps, schedule):
    return (eps - model(x0, t)).square().mean()


@misconception("The model gets t - 1; it is handed t as it came, in 1..T.", see="simple-loss")
def model_gets_t_minus_one(model, x0, t, eps, schedule):
    return (eps - model(add_noise(x0, t, eps, schedule), t - 1)).square().mean()


@misconception("The model gets t / T; it is handed the integer t as it came.", see="simple-loss")
def model_gets_a_fraction(model, x0, t, eps, schedule):
    return (eps - model(add_noise(x0, t, eps, schedule), t / schedule.T)).square().mean()


@misconception("You take absolute values; the loss is squared, and only squares are minimised by the conditional mean.", see="simple-loss")
def absolute_values(model, x0, t, eps, schedule):
    return (eps - model(add_noise(x0, t, eps, schedule), t)).abs().mean()


@misconception("You return the root of the mean squared error; leave out the root.", see="simple-loss")
def root_taken(model, x0, t, eps, schedule):
    return (eps - model(add_noise(x0, t, eps, schedule), t)).square().mean().sqrt()


@misconception("You weight the times by the bound's weights; the simple loss has weight 1 at every t.", see="simple-loss")
def weighted_as_in_the_bound(model, x0, t, eps, schedule):
    error = (eps - model(add_noise(x0, t, eps, schedule), t)).square().flatten(1).mean(1)
    before = schedule.alpha_bar[(t - 1).clamp(min=1)]
    return (error * (schedule.beta[t] / (2 * schedule.alpha[t] * (1 - before))).to(error.dtype)).mean()


@misconception("No gradient reaches the model: its answer is detached.", see="simple-loss")
def answer_detached(model, x0, t, eps, schedule):
    return (eps - model(add_noise(x0, t, eps, schedule), t).detach()).square().mean()


@misconception("You return one loss per example; ddpm_loss is one number, the mean over the batch.", see="simple-loss")
def one_per_example(model, x0, t, eps, schedule):
    return (eps - model(add_noise(x0, t, eps, schedule), t)).square().flatten(1).mean(1)


@misconception("You halve the squared error; the simple loss has no 1/2.", see="simple-loss")
def halved(model, x0, t, eps, schedule):
    return 0.5 * (eps - model(add_noise(x0, t, eps, schedule), t)).square().mean()


@misconception("x_t and the target hold different noise: you draw another one.", see="simple-loss")
def another_noise(model, x0, t, eps, schedule):
    import torch

    return (eps - model(add_noise(x0, t, torch.randn_like(eps), schedule), t)).square().mean()
