"""Correct versions of Down."""

import torch.nn.functional as F
from torch import nn

from autograder.versions import correct


@correct("average pooling, nothing to learn")
class average_pooling(nn.Module):
    def __init__(self, ch):
        super().__init__()

    def forward(self, x):
        return F.avg_pool2d(x, 2)


@correct("max pooling")
class max_pooling(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        return self.pool(x)


@correct("pixels into channels, then a 1x1 convolution")
class unshuffle(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.body = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4 * ch, ch, 1))

    def forward(self, x):
        return self.body(x)


@correct("kernel 4, stride 2, a normalisation behind it")
class kernel_four(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(ch, ch, 4, 2, 1, groups=ch), nn.GroupNorm(ch // 8, ch)

    def forward(self, x):
        return F.silu(self.norm(self.conv(x)))


@correct("interpolation over areas")
class area(nn.Module):
    def __init__(self, ch):
        super().__init__()

    def forward(self, x):
        return F.interpolate(x, scale_factor=0.5, mode="area")
