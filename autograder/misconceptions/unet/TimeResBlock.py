"""Wrong versions of TimeResBlock."""

import torch.nn.functional as F
from torch import nn

from autograder.versions import misconception


@misconception("The time vector goes in and nothing comes of it: the block treats every noise level alike.", see="residual-block")
class time_ignored(nn.Module):
    def __init__(self, in_ch, out_ch, time_dim):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.Conv2d(out_ch, out_ch, 3, padding=1)
        self.norm1, self.norm2 = nn.GroupNorm(in_ch // 8, in_ch), nn.GroupNorm(out_ch // 8, out_ch)
        self.shift = nn.Linear(time_dim, out_ch)
        self.residual = nn.Identity() if in_ch == out_ch else nn.Conv2d(in_ch, out_ch, 1)

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x)))
        self.shift(F.silu(emb))
        return self.residual(x) + self.conv2(F.silu(self.norm2(h)))


@misconception("A normalisation with one channel per group follows the shift and subtracts it again: the block is deaf to the time.", see="residual-block")
class shift_erased(nn.Module):
    def __init__(self, in_ch, out_ch, time_dim):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.Conv2d(out_ch, out_ch, 3, padding=1)
        self.norm1, self.norm2 = nn.GroupNorm(8, in_ch), nn.GroupNorm(out_ch, out_ch)
        self.shift = nn.Linear(time_dim, out_ch)
        self.residual = nn.Identity() if in_ch == out_ch else nn.Conv2d(in_ch, out_ch, 1)

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x))) + self.shift(F.silu(emb))[:, :, None, None]
        return self.residual(x) + self.conv2(F.silu(self.norm2(h)))


@misconception("The input is never added to the result: there is no residual path.", see="residual-block")
class no_residual(nn.Module):
    def __init__(self, in_ch, out_ch, time_dim):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.Conv2d(out_ch, out_ch, 3, padding=1)
        self.norm1, self.norm2 = nn.GroupNorm(in_ch // 8, in_ch), nn.GroupNorm(out_ch // 8, out_ch)
        self.shift = nn.Linear(time_dim, out_ch)

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x))) + self.shift(F.silu(emb))[:, :, None, None]
        return self.conv2(F.silu(self.norm2(h)))


@misconception("Where the channel counts differ the residual path is dropped; a 1x1 convolution keeps it.", see="residual-block")
class residual_only_where_equal(nn.Module):
    def __init__(self, in_ch, out_ch, time_dim):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.Conv2d(out_ch, out_ch, 3, padding=1)
        self.norm1, self.norm2 = nn.GroupNorm(in_ch // 8, in_ch), nn.GroupNorm(out_ch // 8, out_ch)
        self.shift = nn.Linear(time_dim, out_ch)
        self.same = in_ch == out_ch

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x))) + self.shift(F.silu(emb))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return x + h if self.same else h


@misconception("Every example is moved by the first one's time vector.", see="residual-block")
class first_time_for_all(nn.Module):
    def __init__(self, in_ch, out_ch, time_dim):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.Conv2d(out_ch, out_ch, 3, padding=1)
        self.norm1, self.norm2 = nn.GroupNorm(in_ch // 8, in_ch), nn.GroupNorm(out_ch // 8, out_ch)
        self.shift = nn.Linear(time_dim, out_ch)
        self.residual = nn.Identity() if in_ch == out_ch else nn.Conv2d(in_ch, out_ch, 1)

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x))) + self.shift(F.silu(emb))[0].view(1, -1, 1, 1)
        return self.residual(x) + self.conv2(F.silu(self.norm2(h)))


@misconception("The time moves the first half of the channels only, and nothing behind it carries it to the others.", see="residual-block")
class half_of_the_channels(nn.Module):
    def __init__(self, in_ch, out_ch, time_dim):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.Conv2d(out_ch, out_ch, 3, padding=1)
        self.norm1, self.norm2 = nn.GroupNorm(in_ch // 8, in_ch), nn.GroupNorm(out_ch // 8, out_ch)
        self.shift = nn.Linear(time_dim, out_ch // 2)
        self.residual = nn.Identity() if in_ch == out_ch else nn.Conv2d(in_ch, out_ch, 1)

    def forward(self, x, emb):
        h = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        shift = F.pad(self.shift(F.silu(emb)), (0, h.shape[1] - h.shape[1] // 2))
        return self.residual(x) + h + shift[:, :, None, None]


@misconception("The block adds into its own input: the tensor that was handed over has changed.", see="residual-block")
class changes_input(nn.Module):
    def __init__(self, in_ch, out_ch, time_dim):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.Conv2d(out_ch, out_ch, 3, padding=1)
        self.norm1, self.norm2 = nn.GroupNorm(in_ch // 8, in_ch), nn.GroupNorm(out_ch // 8, out_ch)
        self.shift = nn.Linear(time_dim, out_ch)
        self.residual = nn.Identity() if in_ch == out_ch else nn.Conv2d(in_ch, out_ch, 1)

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x))) + self.shift(F.silu(emb))[:, :, None, None]
        out = self.residual(x)
        out += self.conv2(F.silu(self.norm2(h)))
        return out
