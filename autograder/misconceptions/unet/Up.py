"""Wrong versions of Up."""

import torch.nn.functional as F
from torch import nn

from autograder.versions import misconception


@misconception("This is an interpolation followed by a convolution; the exercise asks for a transposed convolution.", see="transposed-conv")
class nearest_and_conv(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv = nn.Conv2d(ch, ch, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


@misconception("The image is only interpolated: nothing is learned, and no transposed convolution is there.", see="transposed-conv")
class bilinear_only(nn.Module):
    def __init__(self, ch):
        super().__init__()

    def forward(self, x):
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


@misconception("One row and one column are missing: kernel 3 with padding 1 gives 2h - 1 unless output_padding is 1.", see="transposed-conv")
class one_row_short(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv = nn.ConvTranspose2d(ch, ch, 3, stride=2, padding=1)

    def forward(self, x):
        return self.conv(x)


@misconception("Two rows too many: kernel 4 needs padding 1.", see="transposed-conv")
class two_rows_long(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv = nn.ConvTranspose2d(ch, ch, 4, stride=2)

    def forward(self, x):
        return self.conv(x)


@misconception("The channels are halved; Up keeps them.", see="transposed-conv")
class channels_halved(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv = nn.ConvTranspose2d(ch, ch // 2, 4, stride=2, padding=1)

    def forward(self, x):
        return self.conv(x)
