"""Correct versions of VAE."""

import torch
from torch import nn

from autograder.versions import correct


@correct("one head of 2k columns, split afterwards; ReLU")
class split_head(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.encoder = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, 2 * latent_dim))
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, input_dim))

    def encode(self, x):
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        return mu, logvar

    def decode(self, z):
        return self.decoder(z)


@correct("deeper, GELU, separate layers, a forward of its own")
class deeper(nn.Module):
    def __init__(self, input_dim: int = 64, hidden_dim: int = 32, latent_dim: int = 2):
        super().__init__()
        self.latent_dim = latent_dim
        self.in_1, self.in_2 = nn.Linear(input_dim, 2 * hidden_dim), nn.Linear(2 * hidden_dim, hidden_dim)
        self.to_mu, self.to_logvar = nn.Linear(hidden_dim, latent_dim), nn.Linear(hidden_dim, latent_dim)
        self.out_1, self.out_2, self.out_3 = nn.Linear(latent_dim, hidden_dim), nn.Linear(hidden_dim, 2 * hidden_dim), nn.Linear(2 * hidden_dim, input_dim)

    def encode(self, x):
        h = F.gelu(self.in_2(F.gelu(self.in_1(x))))
        return self.to_mu(h), self.to_logvar(h)

    def decode(self, z):
        return self.out_3(F.gelu(self.out_2(F.gelu(self.out_1(z)))))

    def forward(self, x):
        mu, logvar = self.encode(x)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.decode(z), mu, logvar


@correct("weights as bare parameters, a wide clamp of logvar")
class bare_parameters(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim
        self.w1, self.b1 = nn.Parameter(torch.randn(input_dim, hidden_dim) / input_dim**0.5), nn.Parameter(torch.zeros(hidden_dim))
        self.wm, self.bm = nn.Parameter(torch.randn(hidden_dim, latent_dim) / hidden_dim**0.5), nn.Parameter(torch.zeros(latent_dim))
        self.wv, self.bv = nn.Parameter(torch.zeros(hidden_dim, latent_dim)), nn.Parameter(torch.zeros(latent_dim))
        self.w2, self.b2 = nn.Parameter(torch.randn(latent_dim, hidden_dim) / latent_dim**0.5), nn.Parameter(torch.zeros(hidden_dim))
        self.w3, self.b3 = nn.Parameter(torch.zeros(hidden_dim, input_dim)), nn.Parameter(torch.zeros(input_dim))

    def encode(self, x):
        h = torch.tanh(x @ self.w1 + self.b1)
        return h @ self.wm + self.bm, (h @ self.wv + self.bv).clamp(-10, 10)

    def decode(self, z):
        return torch.tanh(z @ self.w2 + self.b2) @ self.w3 + self.b3


@correct("separate networks for mean and log-variance, dropout, layer normalisation, a list returned")
class separate_networks(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.latent_dim = latent_dim

        def network(a, b):
            return nn.Sequential(nn.Linear(a, hidden_dim), nn.LayerNorm(hidden_dim), nn.SiLU(), nn.Linear(hidden_dim, b))

        self.mean, self.logvar, self.decoder = network(input_dim, latent_dim), network(input_dim, latent_dim), network(latent_dim, input_dim)
        self.dropout = nn.Dropout(0.1)

    def encode(self, x):
        x = self.dropout(x)
        return [self.mean(x), self.logvar(x)]

    def decode(self, z):
        return self.decoder(z)
