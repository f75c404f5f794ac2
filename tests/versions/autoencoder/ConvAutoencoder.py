"""Correct versions of ConvAutoencoder."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.versions import correct


@correct("kernel 3 with output padding, functional activations, batch normalisation")
class kernel_three(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, 8, 3, stride=2, padding=1), nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.to_code, self.from_code = nn.Linear(784, latent_dim), nn.Linear(latent_dim, 784)
        self.up1 = nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)
        self.up2 = nn.ConvTranspose2d(8, channels, 3, stride=2, padding=1, output_padding=1)

    def encode(self, x):
        h = F.relu(self.norm(self.conv2(F.relu(self.conv1(x)))))
        return self.to_code(torch.flatten(h, start_dim=1))

    def decode(self, z):
        h = F.relu(self.from_code(z)).view(z.size(0), 16, 7, 7)
        return torch.sigmoid(self.up2(F.relu(self.up1(h))))

    def forward(self, x):
        return self.decode(self.encode(x))


@correct("convolutions down to 1x1 and up from it, without a linear layer")
class all_convolutional(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(channels, 8, 4, 2, 1), nn.GELU(), nn.Conv2d(8, 16, 4, 2, 1), nn.GELU(), nn.Conv2d(16, latent_dim, 7))
        self.up = nn.Sequential(nn.ConvTranspose2d(latent_dim, 16, 7), nn.GELU(), nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.GELU(), nn.ConvTranspose2d(8, channels, 4, 2, 1))

    def encode(self, x):
        return self.down(x).squeeze(-1).squeeze(-1)

    def decode(self, z):
        return self.up(z[:, :, None, None]).sigmoid()

    def forward(self, x):
        return self.decode(self.encode(x))


@correct("three strided levels with kernel 5, a deeper head, functional convolutions")
class functional(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(8, channels, 5, 5) * 0.1)
        self.w2 = nn.Parameter(torch.randn(16, 8, 5, 5) * 0.05)
        self.w3 = nn.Parameter(torch.randn(16, 8, 4, 4) * 0.05)
        self.w4 = nn.Parameter(torch.randn(8, channels, 4, 4) * 0.1)
        self.bias = nn.Parameter(torch.zeros(channels))
        self.head = nn.Sequential(nn.Linear(784, 64), nn.Tanh(), nn.Linear(64, latent_dim))
        self.tail = nn.Sequential(nn.Linear(latent_dim, 64), nn.Tanh(), nn.Linear(64, 784), nn.Tanh())

    def encode(self, x):
        h = F.leaky_relu(F.conv2d(x, self.w1, stride=2, padding=2))
        h = F.leaky_relu(F.conv2d(h, self.w2, stride=2, padding=2))
        return self.head(h.flatten(1))

    def decode(self, z):
        h = self.tail(z).unflatten(1, (16, 7, 7))
        h = F.leaky_relu(F.conv_transpose2d(h, self.w3, stride=2, padding=1))
        return torch.sigmoid(F.conv_transpose2d(h, self.w4, self.bias, stride=2, padding=1))

    def forward(self, x):
        return self.decode(self.encode(x))
