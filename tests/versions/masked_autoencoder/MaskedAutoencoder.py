"""Correct versions of MaskedAutoencoder."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.versions import correct


@correct("attention written out with einsum, post-norm, learned positions, ReLU, a mask token of the encoder's width")
class own_attention(nn.Module):
    class Layer(nn.Module):
        def __init__(self, width, heads):
            super().__init__()
            self.heads = heads
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

        def forward(self, x):
            n, length, width = x.shape
            q, k, v = self.qkv(x).reshape(n, length, 3, self.heads, -1).unbind(2)
            weight = torch.einsum("nqhd,nkhd->nhqk", q, k).div((width / self.heads) ** 0.5).softmax(-1)
            x = self.norm1(x + self.out(torch.einsum("nhqk,nkhd->nqhd", weight, v).reshape(n, length, width)))
            return self.norm2(x + self.down(self.up(x).relu()))

    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch = patch
        self.channels = channels
        length = (image_size // patch) * (image_size // patch)
        self.patch_to_code = nn.Linear(channels * patch**2, dim)
        self.where = nn.Embedding(length, dim)
        self.where_again = nn.Parameter(torch.zeros(length, decoder_dim))
        self.blank = nn.Parameter(torch.zeros(dim))
        self.encoder_layers = nn.ModuleList([self.Layer(dim, heads) for _ in range(depth)])
        self.decoder_layers = nn.ModuleList([self.Layer(decoder_dim, heads) for _ in range(decoder_depth)])
        self.shrink, self.paint = nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, channels * patch**2)

    def encode(self, images, keep):
        patches = patchify(images, self.patch)
        visible = torch.stack([patches[i, keep[i]] for i in range(len(images))])
        x = self.patch_to_code(visible) + self.where(keep)
        for layer in self.encoder_layers:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        n, kept, dim = latent.shape
        sequence = torch.cat([latent, self.blank.repeat(n, restore.size(1) - kept, 1)], dim=1)
        x = self.shrink(sequence[torch.arange(n, device=latent.device)[:, None], restore]) + self.where_again
        for layer in self.decoder_layers:
            x = layer(x)
        return self.paint(x)

    def forward(self, images, keep, restore):
        return self.decode(latent=self.encode(images, keep), restore=restore)


@correct("all tokens in nn.TransformerEncoder with hidden ones masked out of attention; pixels through a sigmoid")
class hidden_by_padding_mask(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels, self.length = patch, channels, (image_size // patch) ** 2
        self.embed = nn.Conv2d(channels, dim, patch, stride=patch)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(dim, heads, 4 * dim, dropout=0, batch_first=True), depth, enable_nested_tensor=False)
        self.decoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(decoder_dim, heads, 4 * decoder_dim, dropout=0, batch_first=True), decoder_depth, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(dim)
        self.to_decoder, self.to_pixels = nn.Linear(dim, decoder_dim, bias=False), nn.Linear(decoder_dim, patch * patch * channels)
        self.mask_token = nn.Parameter(torch.randn(1, 1, decoder_dim))
        self.register_buffer("positions", sincos_positions(self.length, dim), persistent=False)
        self.register_buffer("decoder_positions", sincos_positions(self.length, decoder_dim), persistent=False)

    def encode(self, images, keep):
        tokens = self.embed(images).flatten(2).transpose(1, 2) + self.positions
        hidden = torch.ones(len(images), self.length, dtype=torch.bool, device=images.device)
        hidden[torch.arange(len(images), device=images.device).unsqueeze(1), keep] = False
        codes = self.encoder(tokens, src_key_padding_mask=hidden)
        return self.norm(codes.gather(1, keep[..., None].repeat(1, 1, codes.size(-1))))

    def decode(self, latent, restore):
        kept = latent.shape[1]
        visible = self.to_decoder(latent)
        place = restore.clamp(max=kept - 1).unsqueeze(-1)
        tokens = torch.where((restore < kept).unsqueeze(-1), torch.take_along_dim(visible, place, dim=1), self.mask_token)
        return self.to_pixels(self.decoder(tokens + self.decoder_positions)).sigmoid()

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@correct("sequence first, a class token that is dropped again, row and column positions, scaled_dot_product_attention in the decoder")
class with_class_token(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels, self.heads = patch, channels, heads
        self.side = image_size // patch
        self.embed = nn.Sequential(nn.Linear(patch * patch * channels, dim), nn.LayerNorm(dim))
        self.summary = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.encoder = nn.Sequential(*[nn.TransformerEncoderLayer(dim, heads, dim, dropout=0.0, norm_first=True) for _ in range(depth)])
        self.bridge = nn.Linear(dim, decoder_dim)
        self.unknown = nn.Parameter(torch.randn(1, 1, decoder_dim) * 0.02)
        self.qkv = nn.ModuleList([nn.Linear(decoder_dim, 3 * decoder_dim) for _ in range(decoder_depth)])
        self.mix = nn.ModuleList([nn.Sequential(nn.LayerNorm(decoder_dim), nn.Linear(decoder_dim, decoder_dim), nn.SiLU()) for _ in range(decoder_depth)])
        self.last = nn.Linear(decoder_dim, patch * patch * channels)

    def grid(self, width, like):
        one = sincos_positions(self.side, width // 2).to(like)
        return torch.cat([one.repeat_interleave(self.side, 0), one.repeat(self.side, 1)], 1)

    def encode(self, images, keep):
        tokens = self.embed(patchify(images, self.patch))
        tokens = tokens + self.grid(tokens.shape[2], tokens)
        visible = torch.take_along_dim(tokens, keep[:, :, None], 1)
        visible = torch.cat([self.summary.expand(len(visible), -1, -1), visible], 1)
        return self.encoder(visible.transpose(0, 1)).transpose(0, 1)[:, 1:]

    def decode(self, latent, restore):
        n, kept, _ = latent.shape
        sequence = torch.cat([self.bridge(latent), self.unknown.expand(n, restore.shape[1] - kept, -1)], 1)
        x = torch.take_along_dim(sequence, restore[:, :, None], 1)
        x = x + self.grid(x.shape[2], x)
        for qkv, mix in zip(self.qkv, self.mix, strict=True):
            q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in qkv(x).chunk(3, dim=2))
            x = x + F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
            x = x + mix(x)
        return self.last(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)
