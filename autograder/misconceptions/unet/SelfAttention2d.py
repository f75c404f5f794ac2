"""Wrong versions of SelfAttention2d."""

import math

from torch import nn

from autograder.versions import misconception


@misconception("A number of heads that does not divide the channels is accepted in silence.", see="attention")
class heads_not_checked(nn.Module):
    def __init__(self, ch, heads=4):
        super().__init__()
        self.heads, self.width = heads, heads * (ch // heads)
        self.norm, self.qkv, self.proj = nn.GroupNorm(1, ch), nn.Conv2d(ch, 3 * self.width, 1), nn.Conv2d(self.width, ch, 1)

    def forward(self, x):
        n, c, h, w = x.shape
        d = self.width // self.heads
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3, self.heads, d, h * w).transpose(3, 4).unbind(1)
        p = (q @ k.transpose(2, 3) / math.sqrt(d)).softmax(3)
        return x + self.proj((p @ v).transpose(2, 3).reshape(n, self.width, h, w))


@misconception("The result holds the attended values alone: x is not added.", see="attention")
class attention_without_residual(nn.Module):
    def __init__(self, ch, heads=4):
        super().__init__()
        if ch % heads:
            raise ValueError(f"{heads} heads do not divide {ch} channels")
        self.heads = heads
        self.norm, self.qkv, self.proj = nn.GroupNorm(1, ch), nn.Conv2d(ch, 3 * ch, 1), nn.Conv2d(ch, ch, 1)

    def forward(self, x):
        n, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3, self.heads, c // self.heads, h * w).transpose(3, 4).unbind(1)
        p = (q @ k.transpose(2, 3) / math.sqrt(c // self.heads)).softmax(3)
        return self.proj((p @ v).transpose(2, 3).reshape(n, c, h, w))


@misconception("Channels and positions are mixed up: a reshape stands where a transpose was needed.", see="attention")
class scrambled(nn.Module):
    def __init__(self, ch, heads=4):
        super().__init__()
        if ch % heads:
            raise ValueError(f"{heads} heads do not divide {ch} channels")
        self.heads = heads
        self.norm, self.qkv, self.proj = nn.GroupNorm(1, ch), nn.Conv2d(ch, 3 * ch, 1), nn.Conv2d(ch, ch, 1)

    def forward(self, x):
        n, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3, self.heads, h * w, c // self.heads).unbind(1)
        p = (q @ k.transpose(2, 3) / math.sqrt(c // self.heads)).softmax(3)
        return x + self.proj((p @ v).reshape(n, c, h, w))


@misconception("The attended values are folded back in the wrong order: (positions, channels) is reshaped to (channels, h, w) without a transpose.", see="attention")
class folded_back_wrongly(nn.Module):
    def __init__(self, ch, heads=4):
        super().__init__()
        if ch % heads:
            raise ValueError(f"{heads} heads do not divide {ch} channels")
        self.norm, self.attention = nn.GroupNorm(1, ch), nn.MultiheadAttention(ch, heads, batch_first=True)

    def forward(self, x):
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        return x + self.attention(tokens, tokens, tokens)[0].reshape(x.shape)


@misconception("Positions attend within their row only; the other rows are out of sight.", see="attention")
class rows_only(nn.Module):
    def __init__(self, ch, heads=4):
        super().__init__()
        if ch % heads:
            raise ValueError(f"{heads} heads do not divide {ch} channels")
        self.attention = nn.MultiheadAttention(ch, heads, batch_first=True)

    def forward(self, x):
        n, c, h, w = x.shape
        tokens = x.permute(0, 2, 3, 1).reshape(n * h, w, c)
        y = self.attention(tokens, tokens, tokens)[0]
        return x + y.reshape(n, h, w, c).permute(0, 3, 1, 2)


@misconception("Attention runs over the images of the batch instead of over the positions: batch_first is missing.", see="attention")
class across_the_batch(nn.Module):
    def __init__(self, ch, heads=4):
        super().__init__()
        if ch % heads:
            raise ValueError(f"{heads} heads do not divide {ch} channels")
        self.norm, self.attention = nn.GroupNorm(1, ch), nn.MultiheadAttention(ch, heads)

    def forward(self, x):
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        return x + self.attention(tokens, tokens, tokens)[0].transpose(1, 2).reshape(x.shape)
