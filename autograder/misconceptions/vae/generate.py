"""Wrong versions of generate."""

import torch

from autograder.versions import misconception


@misconception("You return logits; pixel means are their sigmoid.", see="ancestral-vae")
@torch.no_grad()
def sigmoid_forgotten(model, n, temperature=1.0, generator=None):
    return model.decode(temperature * torch.randn(n, model.latent_dim, generator=generator))


@misconception("temperature is ignored.", see="ancestral-vae")
@torch.no_grad()
def temperature_ignored(model, n, temperature=1.0, generator=None):
    return model.decode(torch.randn(n, model.latent_dim, generator=generator)).sigmoid()


@misconception("You scale the codes by the square root of the temperature; N(0, temperature^2 I) has standard deviation temperature.", see="ancestral-vae")
@torch.no_grad()
def temperature_is_variance(model, n, temperature=1.0, generator=None):
    return model.decode(temperature**0.5 * torch.randn(n, model.latent_dim, generator=generator)).sigmoid()


@misconception("The temperature squared scales the codes; N(0, temperature^2 I) has standard deviation temperature.", see="ancestral-vae")
@torch.no_grad()
def temperature_squared(model, n, temperature=1.0, generator=None):
    return model.decode(temperature**2 * torch.randn(n, model.latent_dim, generator=generator)).sigmoid()


@misconception("The temperature divides the logits, as in a language model; here it scales the codes.", see="ancestral-vae")
@torch.no_grad()
def temperature_on_logits(model, n, temperature=1.0, generator=None):
    return (model.decode(torch.randn(n, model.latent_dim, generator=generator)) / temperature).sigmoid()


@misconception("You flip a coin for every pixel; the pixels' means are asked for.", see="ancestral-vae")
@torch.no_grad()
def coin_flips(model, n, temperature=1.0, generator=None):
    return torch.bernoulli(model.decode(temperature * torch.randn(n, model.latent_dim, generator=generator)).sigmoid(), generator=generator)


@misconception("One code for all n images: every image needs its own draw.", see="ancestral-vae")
@torch.no_grad()
def one_code_for_all(model, n, temperature=1.0, generator=None):
    return model.decode(temperature * torch.randn(1, model.latent_dim, generator=generator).expand(n, -1)).sigmoid()


@misconception("The codes are uniform (torch.rand); the prior is normal (torch.randn).", see="ancestral-vae")
@torch.no_grad()
def uniform_codes(model, n, temperature=1.0, generator=None):
    return model.decode(temperature * torch.rand(n, model.latent_dim, generator=generator)).sigmoid()


@misconception("The size of the code is written as 2; use model.latent_dim.", see="ancestral-vae")
@torch.no_grad()
def two_coordinates(model, n, temperature=1.0, generator=None):
    z = torch.zeros(n, model.latent_dim)
    z[:, :2] = temperature * torch.randn(n, 2, generator=generator)
    return model.decode(z).sigmoid()


@misconception("The images carry gradients: draw under torch.no_grad().", see="ancestral-vae")
def gradient_kept(model, n, temperature=1.0, generator=None):
    was_training = model.training
    model.eval()
    x = model.decode(temperature * torch.randn(n, model.latent_dim, generator=generator)).sigmoid()
    model.train(was_training)
    return x


@misconception("The model is left in evaluation mode, whatever mode it was in.", see="ancestral-vae")
@torch.no_grad()
def left_in_evaluation_mode(model, n, temperature=1.0, generator=None):
    model.eval()
    return model.decode(temperature * torch.randn(n, model.latent_dim, generator=generator)).sigmoid()


@misconception("The model is always put into training mode at the end, also where it came in evaluation mode.", see="ancestral-vae")
@torch.no_grad()
def left_in_training_mode(model, n, temperature=1.0, generator=None):
    model.eval()
    x = model.decode(temperature * torch.randn(n, model.latent_dim, generator=generator)).sigmoid()
    model.train()
    return x


@misconception("The generator is ignored, so that the draw cannot be repeated.", see="ancestral-vae")
@torch.no_grad()
def global_random_state(model, n, temperature=1.0, generator=None):
    return model.decode(temperature * torch.randn(n, model.latent_dim)).sigmoid()


@misconception("A fixed seed of your own replaces the generator given: every call returns the same images.", see="ancestral-vae")
@torch.no_grad()
def fixed_seed(model, n, temperature=1.0, generator=None):
    return model.decode(temperature * torch.randn(n, model.latent_dim, generator=torch.Generator().manual_seed(0))).sigmoid()
