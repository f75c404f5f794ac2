"""Correct versions of Up."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.versions import correct


@correct("kernel 2")
class kernel_two(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.stamp = nn.ConvTranspose2d(ch, ch, 2, 2)

    def forward(self, x):
        return self.stamp(x)


@correct("kernel 3 with output_padding, then normalisation and a convolution")
class kernel_three(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.body = nn.Sequential(nn.ConvTranspose2d(ch, ch, 3, 2, 1, output_padding=1), nn.GroupNorm(1, ch), nn.SiLU(), nn.Conv2d(ch, ch, 3, padding=1))

    def forward(self, x):
        return self.body(x)


@correct("functional, with the output size given")
class functional(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(ch, ch, 4, 4) / (4 * ch**0.5))

    def forward(self, x):
        return F.conv_transpose2d(x, self.weight, stride=2, padding=1)


@correct("depthwise, then 1x1; the size is stated in the call")
class depthwise(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.stamp, self.mix = nn.ConvTranspose2d(ch, ch, 5, stride=2, padding=2, groups=ch), nn.Conv2d(ch, ch, 1)

    def forward(self, x):
        return self.mix(self.stamp(x, output_size=[2 * side for side in x.shape[2:]]))


@correct("by hand: zeros between the pixels, then a convolution, which is what a transposed convolution computes")
class zeros_between(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv = nn.Conv2d(ch, ch, 3, padding=1)

    def forward(self, x):
        n, c, h, w = x.shape
        spread = x.new_zeros(n, c, 2 * h, 2 * w)
        spread[:, :, ::2, ::2] = x
        return self.conv(spread)
