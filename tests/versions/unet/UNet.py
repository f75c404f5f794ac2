"""Correct versions of UNet."""

import math

import torch
from torch import nn

from autograder.versions import correct


@correct("concatenation, no attention, no block in the middle")
class no_attention(nn.Module):
    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128):
        super().__init__()
        chs = [base * m for m in multipliers]
        self.time_dim, self.time = time_dim, nn.Sequential(nn.Linear(time_dim, time_dim), nn.SiLU())
        self.stem, self.head = nn.Conv2d(in_ch, base, 3, padding=1), nn.Conv2d(chs[0], in_ch, 3, padding=1)
        self.encoder = nn.ModuleList(TimeResBlock(a, b, time_dim) for a, b in zip([base, *chs], chs))
        self.downs, self.ups = nn.ModuleList(map(Down, chs[:-1])), nn.ModuleList(map(Up, chs[:0:-1]))
        self.decoder = nn.ModuleList(TimeResBlock(low + high, high, time_dim) for low, high in zip(chs[:0:-1], chs[-2::-1]))

    def forward(self, x, t):
        factor = 2 ** len(self.downs)
        if x.shape[2] % factor or x.shape[3] % factor:
            raise ValueError(f"height and width must be divisible by {factor}")
        emb, h, skips = self.time(time_features(t, self.time_dim).to(x.dtype)), self.stem(x), []
        for block, down in zip(self.encoder, self.downs):
            h = block(h, emb)
            skips.append(h)
            h = down(h)
        h = self.encoder[-1](h, emb)
        for up, block in zip(self.ups, self.decoder):
            h = block(torch.cat([up(h), skips.pop()], 1), emb)
        return self.head(h)


@correct("skips are added, after a 1x1 convolution")
class adds_skips(nn.Module):
    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128):
        super().__init__()
        chs = [base * m for m in multipliers]
        self.time_dim, self.time = time_dim, nn.Sequential(nn.Linear(time_dim, time_dim), nn.SiLU())
        self.stem, self.head = nn.Conv2d(in_ch, base, 3, padding=1), nn.Conv2d(chs[0], in_ch, 3, padding=1)
        self.encoder = nn.ModuleList(TimeResBlock(a, b, time_dim) for a, b in zip([base, *chs], chs))
        self.downs, self.ups = nn.ModuleList(map(Down, chs[:-1])), nn.ModuleList(map(Up, chs[:0:-1]))
        sides = list(zip(chs[:0:-1], chs[-2::-1]))
        self.narrow = nn.ModuleList(nn.Conv2d(low, high, 1) for low, high in sides)
        self.decoder = nn.ModuleList(TimeResBlock(high, high, time_dim) for _, high in sides)

    def forward(self, x, t):
        factor = 2 ** len(self.downs)
        if x.shape[2] % factor or x.shape[3] % factor:
            raise ValueError(f"height and width must be divisible by {factor}")
        emb, h, skips = self.time(time_features(t, self.time_dim).to(x.dtype)), self.stem(x), []
        for block, down in zip(self.encoder, self.downs):
            h = block(h, emb)
            skips.append(h)
            h = down(h)
        h = self.encoder[-1](h, emb)
        for up, narrow, block in zip(self.ups, self.narrow, self.decoder):
            h = block(narrow(up(h)) + skips.pop(), emb)
        return self.head(h)


@correct("two blocks per level, attention at the bottom, everything in a ModuleDict, learned frequencies, zero-initialised head")
class two_blocks(nn.Module):
    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128):
        super().__init__()
        chs = [base * m for m in multipliers]
        self.levels = len(chs)
        self.rates = nn.Parameter(torch.randn(time_dim // 2))
        parts = {"stem": nn.Conv2d(in_ch, chs[0], 3, padding=1), "attention": SelfAttention2d(chs[-1], 2)}
        for i, c in enumerate(chs):
            parts[f"left{i}"], parts[f"more{i}"] = TimeResBlock(chs[max(i - 1, 0)], c, time_dim), TimeResBlock(c, c, time_dim)
            if i + 1 < len(chs):
                parts[f"down{i}"], parts[f"up{i}"], parts[f"right{i}"] = Down(c), Up(chs[i + 1]), TimeResBlock(chs[i + 1] + c, c, time_dim)
        parts["head"] = nn.Conv2d(chs[0], in_ch, 1)
        nn.init.zeros_(parts["head"].weight)
        self.parts = nn.ModuleDict(parts)

    def forward(self, x, t):
        if any(side % 2 ** (self.levels - 1) for side in x.shape[-2:]):
            raise ValueError(f"cannot halve {tuple(x.shape[-2:])} {self.levels - 1} times")
        turns = t.to(self.rates.dtype)[:, None] / 1000 * self.rates
        emb = torch.cat([turns.sin(), turns.cos()], -1)
        p, kept, h = self.parts, {}, self.parts["stem"](x)
        for i in range(self.levels):
            h = p[f"more{i}"](p[f"left{i}"](h, emb), emb)
            if i + 1 < self.levels:
                kept[i] = h
                h = p[f"down{i}"](h)
        h = p["attention"](h)
        for i in reversed(range(self.levels - 1)):
            h = p[f"right{i}"](torch.cat((kept[i], p[f"up{i}"](h)), dim=1), emb)
        return p["head"](h)


@correct("recursive, own layers with pooling and batch-free normalisation, sines of a buffer, parts of the notebook not used")
class recursive(nn.Module):
    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128, outer=None):
        super().__init__()
        here, self.depth = base * multipliers[0], len(multipliers)
        outer = in_ch if outer is None else outer
        self.register_buffer("rates", torch.exp(torch.arange(time_dim // 2) * (-math.log(10000) / (time_dim // 2))))
        self.first, self.last = nn.Conv2d(outer, here, 3, padding=1), nn.Conv2d(here, outer, 3, padding=1)
        self.scale, self.shift = nn.Linear(time_dim, here), nn.Linear(time_dim, here)
        self.norm = nn.GroupNorm(1, here)
        if self.depth > 1:
            self.inner = type(self)(in_ch, base, multipliers[1:], time_dim, outer=here)
            self.up = nn.ConvTranspose2d(here, here, 2, stride=2)

    def forward(self, x, t):
        rows, columns = x.shape[2:]
        if rows % 2 ** (self.depth - 1) or columns % 2 ** (self.depth - 1):
            raise ValueError("sizes must be divisible by a power of two")
        turns = torch.outer(t.to(x.dtype), self.rates)
        emb = torch.cat([torch.sin(turns), torch.cos(turns)], dim=1)
        h = self.norm(self.first(x)) * (1 + self.scale(emb)[:, :, None, None]) + self.shift(emb)[:, :, None, None]
        h = nn.functional.gelu(h)
        if self.depth > 1:
            h = h + self.up(self.inner(nn.functional.avg_pool2d(h, 2), t))
        return self.last(h)
