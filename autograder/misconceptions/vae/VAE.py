"""Wrong versions of VAE."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.versions import misconception


@misconception("decode ends in a sigmoid: it returns probabilities, where logits (any real number) are asked for.", see="bernoulli-likelihood")
class sigmoid_in_decoder(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.hidden = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.Tanh())
        self.mu, self.logvar = nn.Linear(hidden_dim, latent_dim), nn.Linear(hidden_dim, latent_dim)
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, input_dim), nn.Sigmoid())

    def encode(self, x):
        h = self.hidden(x)
        return self.mu(h), self.logvar(h)

    def decode(self, z):
        return self.decoder(z)


@misconception("The logits go through a ReLU: no pixel can be darker than mid-grey, since sigmoid of 0 is 1/2.", see="bernoulli-likelihood")
class relu_on_logits(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.hidden = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.ReLU())
        self.mu, self.logvar = nn.Linear(hidden_dim, latent_dim), nn.Linear(hidden_dim, latent_dim)
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, input_dim), nn.ReLU())

    def encode(self, x):
        h = self.hidden(x)
        return self.mu(h), self.logvar(h)

    def decode(self, z):
        return self.decoder(z)


@misconception("The logvar head ends in an activation that allows no negative values: every sigma is at least 1.", see="gaussian-kl")
class logvar_never_negative(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.hidden = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.Tanh())
        self.mu, self.logvar = nn.Linear(hidden_dim, latent_dim), nn.Linear(hidden_dim, latent_dim)
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, input_dim))

    def encode(self, x):
        h = self.hidden(x)
        return self.mu(h), F.softplus(self.logvar(h))

    def decode(self, z):
        return self.decoder(z)


@misconception("logvar is squeezed into a narrow range (a tanh, or a clamp tighter than [-10, 10]): the encoder can neither be sure nor unsure.", see="gaussian-kl")
class logvar_squeezed(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.hidden = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.Tanh())
        self.mu, self.logvar = nn.Linear(hidden_dim, latent_dim), nn.Linear(hidden_dim, latent_dim)
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, input_dim))

    def encode(self, x):
        h = self.hidden(x)
        return self.mu(h), self.logvar(h).tanh()

    def decode(self, z):
        return self.decoder(z)


@misconception("The mu head ends in an activation, so a posterior mean cannot be anywhere: codes get no room.", see="elbo-jensen")
class mean_squeezed(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.hidden = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.Tanh())
        self.mu, self.logvar = nn.Linear(hidden_dim, latent_dim), nn.Linear(hidden_dim, latent_dim)
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, input_dim))

    def encode(self, x):
        h = self.hidden(x)
        return self.mu(h).tanh(), self.logvar(h)

    def decode(self, z):
        return self.decoder(z)


@misconception("One head serves as both mean and log-variance: the two always have the same value.", see="elbo-jensen")
class one_head_for_both(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.hidden = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, latent_dim))
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, input_dim))

    def encode(self, x):
        h = self.hidden(x)
        return h, h

    def decode(self, z):
        return self.decoder(z)


@misconception("encode already draws a code: the same image gets another mean each time. Drawing is reparameterize's work, with noise from outside.", see="reparameterization")
class draws_in_encode(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.hidden = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.Tanh())
        self.mu, self.logvar = nn.Linear(hidden_dim, latent_dim), nn.Linear(hidden_dim, latent_dim)
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, input_dim))

    def encode(self, x):
        h = self.hidden(x)
        mu, logvar = self.mu(h), self.logvar(h)
        return mu + (0.5 * logvar).exp() * torch.randn_like(mu), logvar

    def decode(self, z):
        return self.decoder(z)


@misconception("The sizes are written as numbers: other input_dim or latent_dim are ignored.", see="elbo-jensen")
class sizes_hard_coded(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.hidden = nn.Sequential(nn.Linear(64, 32), nn.Tanh())
        self.mu, self.logvar = nn.Linear(32, 2), nn.Linear(32, 2)
        self.decoder = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 64))

    def encode(self, x):
        h = self.hidden(x)
        return self.mu(h), self.logvar(h)

    def decode(self, z):
        return self.decoder(z)


@misconception("encode returns one tensor of 2k columns; a pair (mu, logvar) is asked for.", see="elbo-jensen")
class heads_not_split(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.encoder = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 2 * latent_dim))
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, input_dim))

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return self.decoder(z)


@misconception("The attribute latent_dim is not kept: generate needs it.", see="ancestral-vae")
class latent_dim_not_kept(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.Tanh())
        self.mu, self.logvar = nn.Linear(hidden_dim, latent_dim), nn.Linear(hidden_dim, latent_dim)
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, input_dim))

    def encode(self, x):
        h = self.hidden(x)
        return self.mu(h), self.logvar(h)

    def decode(self, z):
        return self.decoder(z)


@misconception("The layers sit in a plain Python list, which hides their parameters from the optimiser: they would never be trained.", see="vae-loss")
class layers_in_a_list(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.hidden = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.Tanh())
        self.mu, self.logvar = nn.Linear(hidden_dim, latent_dim), nn.Linear(hidden_dim, latent_dim)
        self.decoder = [nn.Linear(latent_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, input_dim)]

    def encode(self, x):
        h = self.hidden(x)
        return self.mu(h), self.logvar(h)

    def decode(self, z):
        for layer in self.decoder:
            z = layer(z)
        return z
