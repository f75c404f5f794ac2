"""Wrong versions of MaskedAutoencoder: one compact model, one slip in each."""

import torch
from torch import nn

from autograder.versions import misconception


@misconception("The layers' default dropout of 0.1 is still on: the same input gives another answer every time in training mode.", see="mae-loss")
class dropout_left(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("Attention runs across the images of the batch: nn.TransformerEncoderLayer takes (length, batch, width) unless batch_first=True.", see="permutation")
class batch_first_forgotten(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("The encoder runs over all patches and you pick the kept codes afterwards: by then they know the hidden ones. Pick first, then encode.", see="random-masking")
class encoder_sees_everything(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        for layer in self.encoder:
            x = layer(x)
        return x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("You set hidden patches to zero and encode all L tokens: empty tokens still take part in attention. Leave them out of the sequence.", see="random-masking")
class hidden_patches_zeroed(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        patches = patchify(images, self.patch)
        seen = torch.zeros_like(patches[:, :, :1]).scatter(1, keep.unsqueeze(2), 1.0)
        x = self.embed(patches * seen) + self.p
        for layer in self.encoder:
            x = layer(x)
        return x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("Mask tokens stand in for hidden patches in the encoder; here they enter in the decoder only, the encoder gets the kept patches alone.", see="random-masking")
class mask_tokens_in_encoder(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.blank = nn.Parameter(torch.zeros(1, 1, dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        patches = patchify(images, self.patch)
        seen = torch.zeros_like(patches[:, :, 0], dtype=torch.bool).scatter(1, keep, True)
        x = torch.where(seen.unsqueeze(2), self.embed(patches), self.blank) + self.p
        for layer in self.encoder:
            x = layer(x)
        return x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("Kept patches get the positions 0 to K - 1 of the short sequence; each one needs the position it has in the image. Add positions before picking.", see="sincos-positions")
class positions_by_slot(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch))
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.p[: keep.shape[1]]
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("The encoder gets no positions: it cannot tell one place from another.", see="permutation")
class encoder_without_positions(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch))
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("The decoder gets no positions: all mask tokens are equal and all hidden patches get the same prediction.", see="permutation")
class decoder_without_positions(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("In the decoder positions are added before the tokens are back in image order, so that every token carries another one's position.", see="random-masking")
class positions_before_restore(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1) + self.q
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("In the decoder only hidden tokens get positions; without theirs, the decoder does not know where the visible patches belong.", see="sincos-positions")
class positions_on_mask_tokens_only(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2]))
        x = x + self.q * (restore >= latent.shape[1]).unsqueeze(2)
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("In the decoder only visible tokens get positions; mask tokens stay equal, so all hidden patches get the same prediction.", see="permutation")
class positions_on_visible_only(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2]))
        x = x + self.q * (restore < latent.shape[1]).unsqueeze(2)
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("The decoder leaves the tokens in the shuffled order, kept ones first: gather them by restore before positions are added.", see="random-masking")
class never_restored(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("The decoder gathers by the inverse of restore: restore already says where each token stands, gather by it directly.", see="random-masking")
class restored_by_the_inverse(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.argsort(1).unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("You put the mask tokens in front of the codes; restore counts the kept ones first.", see="random-masking")
class mask_tokens_in_front(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1), self.narrow(latent)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("The mask token is a constant: make it an nn.Parameter, so that training can shape it.", see="mae-loss")
class mask_token_not_learned(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.register_buffer("token", torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("Every position has a mask token of its own; there is one for all, and positions are added to it.", see="mae-loss")
class a_token_per_position(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, length, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        n, kept, _ = latent.shape
        x = torch.cat([self.narrow(latent), latent.new_zeros(n, restore.shape[1] - kept, self.narrow.out_features)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q + self.token * (restore >= kept).unsqueeze(2)
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("Tokens never look at each other: layers that treat each patch alone cannot fill a hole from its surroundings.", see="permutation")
class no_attention(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.GELU()) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.Sequential(nn.LayerNorm(decoder_dim), nn.Linear(decoder_dim, decoder_dim), nn.GELU()) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("Your codes come in ascending order of their index; row j of the codes belongs to keep[:, j], as restore expects.", see="random-masking")
class keep_sorted_inside(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        keep = keep.sort(1).values
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("depth and decoder_depth change nothing: as many layers are asked for as they say.", see="attention")
class one_layer_whatever_depth(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(1))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(1))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("You pick the first image's kept patches in every image of the batch; each image has its own row of keep.", see="random-masking")
class first_image_for_all(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x[:, keep[0]]
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("In the decoder tokens never look at each other: a mask token alone cannot know what is around it.", see="permutation")
class decoder_without_attention(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.Sequential(nn.LayerNorm(decoder_dim), nn.Linear(decoder_dim, decoder_dim), nn.GELU()) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("The codes are detached on their way to the decoder: the encoder would stay as random as it began.", see="mae-loss")
class encoder_without_gradient(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = nn.Parameter(sincos_positions(length, dim)), nn.Parameter(sincos_positions(length, decoder_dim))
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x.detach()

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)


@misconception("The positions are a plain attribute: they stay on the CPU when the model moves. Make them a buffer or a parameter.", see="sincos-positions")
class wrong_device(nn.Module):
    def __init__(self, image_size=28, patch=4, channels=1, dim=64, depth=2, heads=4, decoder_dim=32, decoder_depth=1):
        super().__init__()
        self.patch, self.channels = patch, channels
        length, size = (image_size // patch) ** 2, patch * patch * channels
        self.embed, self.narrow, self.pixels = nn.Linear(size, dim), nn.Linear(dim, decoder_dim), nn.Linear(decoder_dim, size)
        self.p, self.q = sincos_positions(length, dim), sincos_positions(length, decoder_dim)
        self.token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(dim, heads, 2 * dim, 0.0, batch_first=True) for _ in range(depth))
        self.decoder = nn.ModuleList(nn.TransformerEncoderLayer(decoder_dim, heads, 2 * decoder_dim, 0.0, batch_first=True) for _ in range(decoder_depth))

    def encode(self, images, keep):
        x = self.embed(patchify(images, self.patch)) + self.p
        x = x.gather(1, keep.unsqueeze(2).expand(-1, -1, x.shape[2]))
        for layer in self.encoder:
            x = layer(x)
        return x

    def decode(self, latent, restore):
        x = torch.cat([self.narrow(latent), self.token.expand(len(latent), restore.shape[1] - latent.shape[1], -1)], 1)
        x = x.gather(1, restore.unsqueeze(2).expand(-1, -1, x.shape[2])) + self.q
        for layer in self.decoder:
            x = layer(x)
        return self.pixels(x)

    def forward(self, images, keep, restore):
        return self.decode(self.encode(images, keep), restore)
