"""Correct versions of TimeResBlock."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.versions import correct


@correct("scale and shift behind a per-channel normalisation, post-activation")
class scale_and_shift(nn.Module):
    def __init__(self, in_ch, out_ch, time_dim):
        super().__init__()
        self.a, self.b = nn.Conv2d(in_ch, out_ch, 3, padding="same"), nn.Conv2d(out_ch, out_ch, 3, padding="same")
        self.norm = nn.InstanceNorm2d(out_ch)
        self.film = nn.Linear(time_dim, 2 * out_ch)
        self.skip = nn.Conv2d(in_ch, out_ch, 1)

    def forward(self, x, emb):
        scale, shift = self.film(emb).unflatten(1, (2, -1))[..., None, None].unbind(1)
        h = F.gelu(self.norm(self.a(x)) * (1 + scale) + shift)
        return self.skip(x) + self.b(h)


@correct("the shift comes first, on the input's channels; residual scaled by 1/sqrt 2; zero-initialised last convolution")
class shift_first(nn.Module):
    def __init__(self, in_ch, out_ch, time_dim):
        super().__init__()
        self.shift = nn.Sequential(nn.SiLU(), nn.Linear(time_dim, in_ch))
        self.main = nn.Sequential(nn.GroupNorm(1, in_ch), nn.ReLU(), nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.ReLU(), nn.Conv2d(out_ch, out_ch, 3, padding=1))
        nn.init.zeros_(self.main[-1].weight)
        nn.init.zeros_(self.main[-1].bias)
        self.match = nn.Conv2d(in_ch, out_ch, 1, bias=False) if in_ch != out_ch else None

    def forward(self, x, emb):
        h = self.main(x + self.shift(emb).reshape(len(x), -1, 1, 1))
        residual = x if self.match is None else self.match(x)
        return (residual + h) * 0.5**0.5


@correct("no normalisation at all, functional convolutions, time through an einsum")
class functional(nn.Module):
    def __init__(self, in_ch, out_ch, time_dim):
        super().__init__()
        self.w1, self.w2 = nn.Parameter(torch.randn(out_ch, in_ch, 3, 3) * 0.05), nn.Parameter(torch.randn(out_ch, out_ch, 3, 3) * 0.05)
        self.wt, self.wr = nn.Parameter(torch.randn(out_ch, time_dim) * 0.05), nn.Parameter(torch.randn(out_ch, in_ch, 1, 1) * 0.1)

    def forward(self, x, emb):
        h = F.silu(F.conv2d(x, self.w1, padding=1))
        h += torch.einsum("oe,ne->no", self.wt, emb)[..., None, None]
        return F.conv2d(x, self.wr).add_(F.conv2d(F.silu(h), self.w2, padding=1))


@correct("batch normalisation, time added twice, dropout that is off in evaluation mode")
class batch_normalised(nn.Module):
    def __init__(self, in_ch, out_ch, time_dim):
        super().__init__()
        self.n1, self.n2 = nn.BatchNorm2d(in_ch), nn.BatchNorm2d(out_ch)
        self.c1, self.c2 = nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.Conv2d(out_ch, out_ch, 3, padding=1)
        self.t1, self.t2 = nn.Linear(time_dim, out_ch), nn.Linear(time_dim, out_ch)
        self.drop = nn.Dropout(0.1)
        self.skip = nn.Conv2d(in_ch, out_ch, 1) if in_ch != out_ch else nn.Identity()

    def forward(self, x, emb):
        h = self.c1(F.silu(self.n1(x))) + self.t1(emb).view(x.shape[0], -1, 1, 1)
        h = self.c2(self.drop(F.silu(self.n2(h)))) + self.t2(emb).view(x.shape[0], -1, 1, 1)
        return h + self.skip(x)
