"""Wrong versions of UNet: one compact network, one slip in each."""

import torch
from torch import nn

from autograder.versions import misconception


@misconception("At full resolution nothing is carried across: the finest skip is missing.", see="skips")
class finest_skip_missing(nn.Module):
    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128):
        super().__init__()
        chs = [base * m for m in multipliers]
        self.time_dim, self.time = time_dim, nn.Sequential(nn.Linear(time_dim, time_dim), nn.SiLU())
        self.stem, self.head = nn.Conv2d(in_ch, base, 3, padding=1), nn.Conv2d(chs[0], in_ch, 3, padding=1)
        self.encoder = nn.ModuleList(TimeResBlock(a, b, time_dim) for a, b in zip([base, *chs], chs))
        self.downs, self.ups = nn.ModuleList(map(Down, chs[:-1])), nn.ModuleList(map(Up, chs[:0:-1]))
        sides = list(zip(chs[:0:-1], chs[-2::-1]))
        self.decoder = nn.ModuleList(TimeResBlock(low + (high if i < len(sides) - 1 else 0), high, time_dim) for i, (low, high) in enumerate(sides))

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
            h, skip = up(h), skips.pop()
            h = block(torch.cat([h, skip], 1) if skips else h, emb)
        return self.head(h)


@misconception("Only the finest level is carried across; the levels between it and the bottom have no skip.", see="skips")
class coarse_skip_missing(nn.Module):
    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128):
        super().__init__()
        chs = [base * m for m in multipliers]
        self.time_dim, self.time = time_dim, nn.Sequential(nn.Linear(time_dim, time_dim), nn.SiLU())
        self.stem, self.head = nn.Conv2d(in_ch, base, 3, padding=1), nn.Conv2d(chs[0], in_ch, 3, padding=1)
        self.encoder = nn.ModuleList(TimeResBlock(a, b, time_dim) for a, b in zip([base, *chs], chs))
        self.downs, self.ups = nn.ModuleList(map(Down, chs[:-1])), nn.ModuleList(map(Up, chs[:0:-1]))
        sides = list(zip(chs[:0:-1], chs[-2::-1]))
        self.decoder = nn.ModuleList(TimeResBlock(low + (high if i == len(sides) - 1 else 0), high, time_dim) for i, (low, high) in enumerate(sides))

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
            h, skip = up(h), skips.pop()
            h = block(h if skips else torch.cat([h, skip], 1), emb)
        return self.head(h)


@misconception("There are no skips at all: everything has to pass through the bottom.", see="skips")
class no_skips(nn.Module):
    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128):
        super().__init__()
        chs = [base * m for m in multipliers]
        self.time_dim, self.time = time_dim, nn.Sequential(nn.Linear(time_dim, time_dim), nn.SiLU())
        self.stem, self.head = nn.Conv2d(in_ch, base, 3, padding=1), nn.Conv2d(chs[0], in_ch, 3, padding=1)
        self.encoder = nn.ModuleList(TimeResBlock(a, b, time_dim) for a, b in zip([base, *chs], chs))
        self.downs, self.ups = nn.ModuleList(map(Down, chs[:-1])), nn.ModuleList(map(Up, chs[:0:-1]))
        self.decoder = nn.ModuleList(TimeResBlock(low, high, time_dim) for low, high in zip(chs[:0:-1], chs[-2::-1]))

    def forward(self, x, t):
        factor = 2 ** len(self.downs)
        if x.shape[2] % factor or x.shape[3] % factor:
            raise ValueError(f"height and width must be divisible by {factor}")
        emb, h = self.time(time_features(t, self.time_dim).to(x.dtype)), self.stem(x)
        for block, down in zip(self.encoder, self.downs):
            h = down(block(h, emb))
        h = self.encoder[-1](h, emb)
        for up, block in zip(self.ups, self.decoder):
            h = block(up(h), emb)
        return self.head(h)


@misconception("The lowest level is computed and then left out: the way up joins the skips only.", see="skips")
class bottom_unused(nn.Module):
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
        self.encoder[-1](h, emb)
        h = self.encoder[-1](torch.zeros_like(h), emb)
        for up, block in zip(self.ups, self.decoder):
            h = block(torch.cat([up(h), skips.pop()], 1), emb)
        return self.head(h)


@misconception("A size that cannot be halved often enough is padded in silence instead of refused with a ValueError.", see="conv-sizes")
class sizes_not_checked(nn.Module):
    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128):
        super().__init__()
        chs = [base * m for m in multipliers]
        self.time_dim, self.time = time_dim, nn.Sequential(nn.Linear(time_dim, time_dim), nn.SiLU())
        self.stem, self.head = nn.Conv2d(in_ch, base, 3, padding=1), nn.Conv2d(chs[0], in_ch, 3, padding=1)
        self.encoder = nn.ModuleList(TimeResBlock(a, b, time_dim) for a, b in zip([base, *chs], chs))
        self.downs, self.ups = nn.ModuleList(map(Down, chs[:-1])), nn.ModuleList(map(Up, chs[:0:-1]))
        self.decoder = nn.ModuleList(TimeResBlock(low + high, high, time_dim) for low, high in zip(chs[:0:-1], chs[-2::-1]))

    def forward(self, x, t):
        factor, (rows, columns) = 2 ** len(self.downs), x.shape[2:]
        x = nn.functional.pad(x, (0, -columns % factor, 0, -rows % factor))
        emb, h, skips = self.time(time_features(t, self.time_dim).to(x.dtype)), self.stem(x), []
        for block, down in zip(self.encoder, self.downs):
            h = block(h, emb)
            skips.append(h)
            h = down(h)
        h = self.encoder[-1](h, emb)
        for up, block in zip(self.ups, self.decoder):
            h = block(torch.cat([up(h), skips.pop()], 1), emb)
        return self.head(h)[:, :, :rows, :columns]


@misconception("Only the height is checked; a width that cannot be halved often enough is accepted, and cut.", see="conv-sizes")
class only_height_checked(nn.Module):
    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128):
        super().__init__()
        chs = [base * m for m in multipliers]
        self.time_dim, self.time = time_dim, nn.Sequential(nn.Linear(time_dim, time_dim), nn.SiLU())
        self.stem, self.head = nn.Conv2d(in_ch, base, 3, padding=1), nn.Conv2d(chs[0], in_ch, 3, padding=1)
        self.encoder = nn.ModuleList(TimeResBlock(a, b, time_dim) for a, b in zip([base, *chs], chs))
        self.downs, self.ups = nn.ModuleList(map(Down, chs[:-1])), nn.ModuleList(map(Up, chs[:0:-1]))
        self.decoder = nn.ModuleList(TimeResBlock(low + high, high, time_dim) for low, high in zip(chs[:0:-1], chs[-2::-1]))

    def forward(self, x, t):
        factor, columns = 2 ** len(self.downs), x.shape[3]
        if x.shape[2] % factor:
            raise ValueError(f"height must be divisible by {factor}")
        x = nn.functional.pad(x, (0, -columns % factor))
        emb, h, skips = self.time(time_features(t, self.time_dim).to(x.dtype)), self.stem(x), []
        for block, down in zip(self.encoder, self.downs):
            h = block(h, emb)
            skips.append(h)
            h = down(h)
        h = self.encoder[-1](h, emb)
        for up, block in zip(self.ups, self.decoder):
            h = block(torch.cat([up(h), skips.pop()], 1), emb)
        return self.head(h)[:, :, :, :columns]


@misconception("The prediction does not depend on t: the blocks get a time vector that never changes.", see="timestep-embedding")
class blind_to_time(nn.Module):
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
        emb, h, skips = self.time(time_features(torch.zeros_like(t), self.time_dim).to(x.dtype)), self.stem(x), []
        for block, down in zip(self.encoder, self.downs):
            h = block(h, emb)
            skips.append(h)
            h = down(h)
        h = self.encoder[-1](h, emb)
        for up, block in zip(self.ups, self.decoder):
            h = block(torch.cat([up(h), skips.pop()], 1), emb)
        return self.head(h)


@misconception("The first example's time is used for the whole batch.", see="timestep-embedding")
class one_time_for_all(nn.Module):
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
        emb, h, skips = self.time(time_features(t[:1], self.time_dim).to(x.dtype)), self.stem(x), []
        for block, down in zip(self.encoder, self.downs):
            h = block(h, emb)
            skips.append(h)
            h = down(h)
        h = self.encoder[-1](h, emb)
        for up, block in zip(self.ups, self.decoder):
            h = block(torch.cat([up(h), skips.pop()], 1), emb)
        return self.head(h)


@misconception("Layers stand in a plain Python list, so torch neither trains nor saves them: a fresh UNet with the same state_dict answers differently.", see="skips")
class plain_list(nn.Module):
    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128):
        super().__init__()
        chs = [base * m for m in multipliers]
        self.time_dim, self.time = time_dim, nn.Sequential(nn.Linear(time_dim, time_dim), nn.SiLU())
        self.stem, self.head = nn.Conv2d(in_ch, base, 3, padding=1), nn.Conv2d(chs[0], in_ch, 3, padding=1)
        self.encoder = nn.ModuleList(TimeResBlock(a, b, time_dim) for a, b in zip([base, *chs], chs))
        self.downs, self.ups = nn.ModuleList(map(Down, chs[:-1])), nn.ModuleList(map(Up, chs[:0:-1]))
        self.decoder = [TimeResBlock(low + high, high, time_dim) for low, high in zip(chs[:0:-1], chs[-2::-1])]

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


@misconception("The result is squashed into [-1, 1]; noise has no such limits.", see="simple-loss")
class squashed(nn.Module):
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
        return self.head(h).tanh()


@misconception("The features of time stay float32, so model.double() does not work: bring them to x.dtype.", see="timestep-embedding")
class float32_inside(nn.Module):
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
        emb, h, skips = self.time(time_features(t, self.time_dim)), self.stem(x), []
        for block, down in zip(self.encoder, self.downs):
            h = block(h, emb)
            skips.append(h)
            h = down(h)
        h = self.encoder[-1](h, emb)
        for up, block in zip(self.ups, self.decoder):
            h = block(torch.cat([up(h), skips.pop()], 1), emb)
        return self.head(h)


@misconception("The frequencies of the time embedding are a plain tensor on the CPU, so the network works on no other device.", see="timestep-embedding")
class wrong_device(nn.Module):
    def __init__(self, in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128):
        super().__init__()
        chs = [base * m for m in multipliers]
        self.time_dim, self.time = time_dim, nn.Sequential(nn.Linear(time_dim, time_dim), nn.SiLU())
        self.rates = torch.logspace(0, -4, time_dim // 2)
        self.stem, self.head = nn.Conv2d(in_ch, base, 3, padding=1), nn.Conv2d(chs[0], in_ch, 3, padding=1)
        self.encoder = nn.ModuleList(TimeResBlock(a, b, time_dim) for a, b in zip([base, *chs], chs))
        self.downs, self.ups = nn.ModuleList(map(Down, chs[:-1])), nn.ModuleList(map(Up, chs[:0:-1]))
        self.decoder = nn.ModuleList(TimeResBlock(low + high, high, time_dim) for low, high in zip(chs[:0:-1], chs[-2::-1]))

    def forward(self, x, t):
        factor = 2 ** len(self.downs)
        if x.shape[2] % factor or x.shape[3] % factor:
            raise ValueError(f"height and width must be divisible by {factor}")
        turns = t[:, None] * self.rates
        emb = self.time(torch.cat([turns.sin(), turns.cos()], 1).to(x.dtype))
        h, skips = self.stem(x), []
        for block, down in zip(self.encoder, self.downs):
            h = block(h, emb)
            skips.append(h)
            h = down(h)
        h = self.encoder[-1](h, emb)
        for up, block in zip(self.ups, self.decoder):
            h = block(torch.cat([up(h), skips.pop()], 1), emb)
        return self.head(h)
