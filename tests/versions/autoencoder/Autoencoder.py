"""Correct versions of Autoencoder."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.versions import correct


@correct("functional activations, layers one by one")
class functional(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(input_dim, hidden_dim), nn.Linear(hidden_dim, latent_dim)
        self.fc3, self.fc4 = nn.Linear(latent_dim, hidden_dim), nn.Linear(hidden_dim, input_dim)

    def encode(self, x):
        return self.fc2(F.relu(self.fc1(x)))

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        z = self.encode(x)
        return self.decode(z)


@correct("deeper, batch normalisation and dropout between, encode and decode as attributes")
class deeper(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.BatchNorm1d(hidden_dim), nn.LeakyReLU(), nn.Dropout(0.1),
                                    nn.Linear(hidden_dim, hidden_dim), nn.GELU(), nn.Linear(hidden_dim, latent_dim))
        self.decode = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.GELU(), nn.Linear(hidden_dim, hidden_dim), nn.ELU(),
                                    nn.Linear(hidden_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, input_dim), nn.Sigmoid())

    def forward(self, x):
        return self.decode(self.encode(x))


@correct("tied weights: the decoder uses the encoder's matrices, transposed")
class tied(nn.Module):
    def __init__(self, input_dim=64, hidden_dim=32, latent_dim=2):
        super().__init__()
        self.first = nn.Parameter(torch.randn(hidden_dim, input_dim) / input_dim**0.5)
        self.second = nn.Parameter(torch.randn(latent_dim, hidden_dim) / hidden_dim**0.5)
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(size)) for size in (hidden_dim, latent_dim, hidden_dim, input_dim)])

    def encode(self, x):
        h = torch.tanh(x @ self.first.T + self.biases[0])
        return h @ self.second.T + self.biases[1]

    def decode(self, z):
        h = torch.tanh(z @ self.second + self.biases[2])
        return 1 / (1 + torch.exp(-(h @ self.first + self.biases[3])))

    def forward(self, x):
        return self.decode(self.encode(x))


@correct("centred input, layer normalisation, no biases at the ends, a scaled tanh as the sigmoid")
class unusual(nn.Module):
    def __init__(self, input_dim: int = 64, hidden_dim: int = 32, latent_dim: int = 2, activation=nn.SiLU):
        super().__init__()
        self.down = nn.ModuleList([nn.Linear(input_dim, hidden_dim, bias=False), nn.LayerNorm(hidden_dim), activation(), nn.Linear(hidden_dim, latent_dim, bias=False)])
        self.up = nn.ModuleList([nn.Linear(latent_dim, hidden_dim), activation(), nn.Linear(hidden_dim, input_dim, bias=False)])

    def encode(self, x):
        x = 2 * x - 1
        for layer in self.down:
            x = layer(x)
        return x

    def decode(self, z):
        for layer in self.up:
            z = layer(z)
        return (torch.tanh(z / 2) + 1) / 2

    def forward(self, x):
        return self.decode(self.encode(x))
