"""Wrong versions of Down."""

import torch.nn.functional as F
from torch import nn

from autograder.versions import misconception


@misconception("The size is not halved: without padding, 28 rows become 13.", see="conv-sizes")
class no_padding(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv = nn.Conv2d(ch, ch, 3, stride=2)

    def forward(self, x):
        return self.conv(x)


@misconception("The size stays as it is: the stride is missing.", see="conv-sizes")
class no_stride(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv = nn.Conv2d(ch, ch, 3, padding=1)

    def forward(self, x):
        return self.conv(x)


@misconception("The channels are doubled; Down keeps them.", see="conv-sizes")
class channels_doubled(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv = nn.Conv2d(ch, 2 * ch, 3, stride=2, padding=1)

    def forward(self, x):
        return self.conv(x)


@misconception("Every second pixel is taken and three of four are thrown away unseen: neither learned nor a pooling.", see="conv-sizes")
class drops_pixels(nn.Module):
    def __init__(self, ch):
        super().__init__()

    def forward(self, x):
        return x[:, :, ::2, ::2]


@misconception("The result is always 14 x 14, whatever the image's size.", see="conv-sizes")
class always_14(nn.Module):
    def __init__(self, ch):
        super().__init__()

    def forward(self, x):
        return F.adaptive_avg_pool2d(x, 14)
