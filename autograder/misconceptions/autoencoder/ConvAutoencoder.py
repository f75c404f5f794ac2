"""Wrong versions of ConvAutoencoder."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.versions import misconception


@misconception("Your decoder enlarges by upsampling and plain convolutions: transposed convolutions are asked for here.", see="transposed-conv")
class upsamples_instead(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(channels, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, latent_dim))
        self.start = nn.Linear(latent_dim, 784)
        self.first, self.second = nn.Conv2d(16, 8, 3, padding=1), nn.Conv2d(8, channels, 3, padding=1)

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        h = F.relu(self.start(z)).view(-1, 16, 7, 7)
        h = F.relu(self.first(F.interpolate(h, scale_factor=2)))
        return torch.sigmoid(self.second(F.interpolate(h, scale_factor=2)))

    def forward(self, x):
        return self.decode(self.encode(x))


@misconception("Your encoder shrinks by pooling, with convolutions of stride 1: let a convolution take strides of 2 instead.", see="conv-sizes")
class pools_instead(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(channels, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                                  nn.Flatten(), nn.Linear(784, latent_dim))
        self.up = nn.Sequential(nn.Linear(latent_dim, 784), nn.ReLU(), nn.Unflatten(1, (16, 7, 7)), nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ReLU(),
                                nn.ConvTranspose2d(8, channels, 4, 2, 1), nn.Sigmoid())

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(z)

    def forward(self, x):
        return self.decode(self.encode(x))


@misconception("There is no convolution in your autoencoder: it is fully connected, with the image flattened.", see="conv-sizes")
class fully_connected(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Flatten(), nn.Linear(channels * 784, 32), nn.ReLU(), nn.Linear(32, latent_dim))
        self.up = nn.Sequential(nn.Linear(latent_dim, 32), nn.ReLU(), nn.Linear(32, channels * 784), nn.Sigmoid(), nn.Unflatten(1, (channels, 28, 28)))

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(z)

    def forward(self, x):
        return self.decode(self.encode(x))


@misconception("Your decoder ends without a sigmoid: its pixels leave [0, 1].", see="sigmoid-decoder")
class no_sigmoid(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(channels, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, latent_dim))
        self.up = nn.Sequential(nn.Linear(latent_dim, 784), nn.ReLU(), nn.Unflatten(1, (16, 7, 7)), nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ReLU(),
                                nn.ConvTranspose2d(8, channels, 4, 2, 1))

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(z)

    def forward(self, x):
        return self.decode(self.encode(x))


@misconception("A clamp keeps pixels in [0, 1], but where it clips its slope is 0: those pixels never learn. Use a sigmoid.", see="sigmoid-decoder")
class clamped_output(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(channels, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, latent_dim))
        self.up = nn.Sequential(nn.Linear(latent_dim, 784), nn.ReLU(), nn.Unflatten(1, (16, 7, 7)), nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ReLU(),
                                nn.ConvTranspose2d(8, channels, 4, 2, 1))

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(z).clamp(0, 1)

    def forward(self, x):
        return self.decode(self.encode(x))


@misconception("A ReLU stands between the last transposed convolution and the sigmoid: no pixel can be darker than sigmoid(0) = 1/2.", see="sigmoid-decoder")
class relu_before_sigmoid(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(channels, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, latent_dim))
        self.up = nn.Sequential(nn.Linear(latent_dim, 784), nn.ReLU(), nn.Unflatten(1, (16, 7, 7)), nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ReLU(),
                                nn.ConvTranspose2d(8, channels, 4, 2, 1), nn.ReLU(), nn.Sigmoid())

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(z)

    def forward(self, x):
        return self.decode(self.encode(x))


@misconception("Your convolutions are made for grey images only: use the argument channels, at both ends.", see="conv-sizes")
class channels_ignored(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, latent_dim))
        self.up = nn.Sequential(nn.Linear(latent_dim, 784), nn.ReLU(), nn.Unflatten(1, (16, 7, 7)), nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ReLU(),
                                nn.ConvTranspose2d(8, 1, 4, 2, 1), nn.Sigmoid())

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(z)

    def forward(self, x):
        return self.decode(self.encode(x))


@misconception("Your code has 16 numbers whatever is asked for: use the argument latent_dim on both sides.", see="sigmoid-decoder")
class latent_dim_ignored(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(channels, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, 16))
        self.up = nn.Sequential(nn.Linear(16, 784), nn.ReLU(), nn.Unflatten(1, (16, 7, 7)), nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ReLU(),
                                nn.ConvTranspose2d(8, channels, 4, 2, 1), nn.Sigmoid())

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(z)

    def forward(self, x):
        return self.decode(self.encode(x))


@misconception("Your reshaping has the number of images written into it: use -1 or the size of the input, so that every batch size works.", see="conv-sizes")
class fixed_batch(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(channels, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, latent_dim))
        self.start = nn.Linear(latent_dim, 784)
        self.up = nn.Sequential(nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(8, channels, 4, 2, 1), nn.Sigmoid())

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(torch.relu(self.start(z)).view(128, 16, 7, 7))

    def forward(self, x):
        return self.decode(self.encode(x))


@misconception("Your forward returns the code beside the image: return the image alone.", see="sigmoid-decoder")
class returns_the_code_too(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(channels, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, latent_dim))
        self.up = nn.Sequential(nn.Linear(latent_dim, 784), nn.ReLU(), nn.Unflatten(1, (16, 7, 7)), nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ReLU(),
                                nn.ConvTranspose2d(8, channels, 4, 2, 1), nn.Sigmoid())

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(z)

    def forward(self, x):
        z = self.encode(x)
        return self.decode(z), z


@misconception("Your transposed convolutions end at another size than 28: with kernel 4, stride 2 and padding 1 each one doubles exactly (kernel 3 needs output_padding=1).",
               see="conv-sizes")
class wrong_size(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(channels, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, latent_dim))
        self.up = nn.Sequential(nn.Linear(latent_dim, 784), nn.ReLU(), nn.Unflatten(1, (16, 7, 7)), nn.ConvTranspose2d(16, 8, 3, 2, 1), nn.ReLU(),
                                nn.ConvTranspose2d(8, channels, 3, 2, 1), nn.Sigmoid())

    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(z)

    def forward(self, x):
        return self.decode(self.encode(x))


@misconception("The code is cut off from the gradient (detach, no_grad or .data): the encoder never learns.", see="sigmoid-decoder")
class detached_code(nn.Module):
    def __init__(self, latent_dim=16, channels=1):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(channels, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(784, latent_dim))
        self.up = nn.Sequential(nn.Linear(latent_dim, 784), nn.ReLU(), nn.Unflatten(1, (16, 7, 7)), nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ReLU(),
                                nn.ConvTranspose2d(8, channels, 4, 2, 1), nn.Sigmoid())

    @torch.no_grad()
    def encode(self, x):
        return self.down(x)

    def decode(self, z):
        return self.up(z)

    def forward(self, x):
        return self.decode(self.encode(x))
