# %% [markdown]
# # 2 · Masked autoencoders
#
# Cover three quarters of a picture and ask a network for the rest. To answer well it has to know what pictures look like, and nobody had to label one.
#
# A masked autoencoder (He et al., 2022, [arXiv:2111.06377](https://arxiv.org/abs/2111.06377)) cuts an image into patches, hides most of them, lets an encoder
# read **only the patches that are left**, and lets a small decoder guess the hidden ones. You build all of it here, train it on 28x28 digits in about three
# minutes, and then ask what the encoder has learned.
#
# **By the end you can**
#
# - cut images into patches and put them together again, without losing track of a single pixel;
# - hide an exact number of patches per image at random, and undo the shuffle;
# - build an encoder that never sees a hidden patch, and a decoder that knows where every patch belongs;
# - say which predictions the loss judges, and why the others look like rubbish;
# - measure what a frozen encoder knows with a linear probe, and report the figure honestly.
#
# **You need** lecture 02, *Masked autoencoders*; attention as in its first half. Exercises build on each other in order.
#
# **Time:** about three hours of work, of which the computer needs about four minutes of one CPU core and no network.

# %% setup="install"
from workbook.ready import make_ready

device = make_ready()

# %% setup="imports"
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from workbook.checks import Checker
from workbook.data import batches, digits28
from workbook.device import set_seed
from workbook.plots import COLOURS, loss_curve, show_images, show_rows
from workbook.progress import live_curve, track

check = Checker("02_masked_autoencoder", globals())

# %% experiment="look"
data = digits28()
show_images(data.train_x[:20], columns=10, title="The data: 4,000 digits to train on, 1,000 held out")

# %% [markdown]
# *What to see: handwritten digits, white ink on black, 28x28 pixels with values in [0, 1]. Labels exist, and we will not touch them until the very end.*
#
# ## The plan
#
# $$
# x \;\xrightarrow{\text{patchify}}\; (x_1, \dots, x_L) \;\xrightarrow{\text{hide } 75\%}\; (x_i)_{i \in \text{keep}} \;\xrightarrow{\text{encoder}}\; (z_i)_{i \in \text{keep}}
# \;\xrightarrow{\text{+ mask tokens, back in order}}\; (\hat x_1, \dots, \hat x_L)
# $$
#
# Two things make it different from every autoencoder before it. The bottleneck is not a narrow layer, it is **missing input**. And the loss looks at the
# hidden patches only: a patch that the encoder saw is no test of anything.

# %% [markdown] exercise="patchify" points=4 minutes=15 difficulty=2
# ## Cut images into patches
#
# **Goal.** A transformer reads a sequence of vectors. Turn each image into one: non-overlapping squares of `patch` x `patch` pixels, each written out as a vector.
#
# Let $p$ be the patch size. Token $\ell$ sits in row $\lfloor \ell / (w/p) \rfloor$ and column $\ell \bmod (w/p)$ of the grid of patches, and pixel $(a, b)$ of
# channel $k$ inside it becomes entry $(a\,p + b)\,c + k$ of its vector (lecture 02, *patches and their order*):
#
# $$ \text{patches}_{n,\ \ell,\ (a p + b) c + k} \;=\; \text{images}_{n,\ k,\ p\lfloor \ell p / w \rfloor + a,\ p (\ell \bmod (w/p)) + b}, \qquad L = \frac{h}{p}\cdot\frac{w}{p}. $$
#
# **By hand.** The 4x4 image with pixels 0 to 15 in reading order and $p = 2$ has $L = 4$ patches: `[0, 1, 4, 5]`, `[2, 3, 6, 7]`, `[8, 9, 12, 13]`, `[10, 11, 14, 15]`.
#
# **Predict.** What would `images.reshape(n, L, p * p * c)` give instead for the first patch? Does it have the right shape? Is it right?
#
# <details><summary>Hint 1: the idea</summary>
#
# Give every part of the address a dimension of its own: batch, channel, row of the grid, row in the patch, column of the grid, column in the patch. Then it is only a
# matter of the order of dimensions.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# `reshape` splits `h` into `(h/p, p)` and `w` into `(w/p, p)`, in place. Which of the six dimensions belong to the token's number, and which to the entry in its vector?
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `images.reshape(n, c, h // p, p, w // p, p)`, then `.permute(...)` to (batch, grid row, grid column, row in patch, column in patch, channel), then one more `reshape`.
# </details>

# %% exercise="patchify"
def patchify(images: torch.Tensor, patch: int) -> torch.Tensor:
    """Cut images into square patches, one vector per patch.

    images: (n, c, h, w), h and w may differ.
    Returns (n, L, patch * patch * c) with L = (h / patch) * (w / patch), same dtype and device:
    patches in row-major order (left to right, then top to bottom); inside a patch the order is
        (row, column, channel), channel fastest.
    Raises ValueError unless patch divides both h and w.
    """
    ### BEGIN SOLUTION
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError(f"expected a patch size that divides {h} and {w}, got {patch}")
    grid = images.reshape(n, c, h // patch, patch, w // patch, patch)
    grid = grid.permute(0, 2, 4, 3, 5, 1)  # (n, h/p, w/p, p, p, c)
    return grid.reshape(n, (h // patch) * (w // patch), patch * patch * c)
    ### END SOLUTION

# %% check="patchify"
check("patchify", points=4)

# %% [markdown]
# **Why not `reshape` alone?** <details><summary>Answer</summary>
#
# It has the right shape and the wrong content: the first $p \cdot p$ numbers of an image in memory are the start of its first *row*, so every "patch" would be a
# strip one pixel high. Nothing would crash. A model would even train, a little worse. Shapes cannot catch this; a picture can.
# </details>

# %% [markdown] exercise="unpatchify" points=4 minutes=10 difficulty=2
# ## Put the patches back together
#
# **Goal.** The inverse, so that predictions can be looked at: $\text{unpatchify}(\text{patchify}(x)) = x$, to the last bit.
#
# The sequence does not say whether it came from a wide or a tall image, so we agree on square ones: the grid has $s = \sqrt{L}$ rows and columns, the image $h = w = s\,p$.
#
# **By hand.** Four patches of one pixel, `[[1], [2], [3], [4]]`, with `patch=1` and `channels=1` are the 2x2 image with rows `1 2` and `3 4`.
#
# <details><summary>Hint 1: the idea</summary>
#
# Walk `patchify` backwards: split the two merged dimensions, undo the permutation, merge rows with rows and columns with columns.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# After splitting you hold (batch, grid row, grid column, row in patch, column in patch, channel). The image wants
# (batch, channel, grid row, row in patch, grid column, column in patch). `math.isqrt` gives the whole root of an integer.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Check the sizes and raise `ValueError`; then `patches.reshape(n, s, s, p, p, c)`, `.permute(0, 5, 1, 3, 2, 4)`, `.reshape(n, c, s * p, s * p)`.
# </details>

# %% exercise="unpatchify"
def unpatchify(patches: torch.Tensor, patch: int, channels: int) -> torch.Tensor:
    """Put patches back together into square images: the inverse of `patchify`.

    patches: (n, L, patch * patch * channels), in the order of `patchify`.
    Returns (n, channels, s * patch, s * patch) with s * s = L, same dtype and device.
    Raises ValueError if L is no square number or the last size is not patch * patch * channels.
    """
    ### BEGIN SOLUTION
    n, length, size = patches.shape
    side = math.isqrt(length)
    if side * side != length:
        raise ValueError(f"expected a square number of patches, got {length}")
    if size != patch * patch * channels:
        raise ValueError(f"expected {patch} * {patch} * {channels} values per patch, got {size}")
    grid = patches.reshape(n, side, side, patch, patch, channels)
    grid = grid.permute(0, 5, 1, 3, 2, 4)  # (n, c, s, p, s, p)
    return grid.reshape(n, channels, side * patch, side * patch)
    ### END SOLUTION

# %% check="unpatchify"
check("unpatchify", points=4)

# %% experiment="patches"
PATCH = 4
tiles = patchify(data.train_x[:1], PATCH)  # (1, 49, 16)
figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
axes[0].imshow(unpatchify(tiles, PATCH, 1)[0, 0], cmap="gray")
axes[0].set(title="One digit, cut into 49 patches", xlabel="pixel column", ylabel="pixel row")
for edge in range(0, 29, PATCH):
    axes[0].axvline(edge - 0.5, color=COLOURS[1], linewidth=0.8)
    axes[0].axhline(edge - 0.5, color=COLOURS[1], linewidth=0.8)
axes[1].imshow(tiles[0], cmap="gray", aspect="auto")
axes[1].set(title="The same digit as the transformer gets it", xlabel="entry of the patch's vector", ylabel="token (row-major)")
plt.show()

# %% [markdown]
# *What to see: on the right, one row per token. The digit is gone to our eye, since neighbours above and below are seven rows apart. The transformer starts with
# even less than we have here: without help it does not know that the rows have an order.*

# %% [markdown] exercise="random_masking" points=6 minutes=25 difficulty=3
# ## Hide tokens at random
#
# **Goal.** From one random score per token, choose which tokens stay, mark which are hidden, and remember how to undo the shuffle.
#
# A fair coin per token would hide a different number in every image, and a batch of ragged sequences is slow. Sorting gives an exact count
# (lecture 02, *masking by sorting random scores*). Let $\sigma$ list the tokens by ascending score (`argsort`), and let
#
# $$ K = L - \operatorname{round}(r L), \qquad \text{keep} = (\sigma_0, \dots, \sigma_{K-1}), \qquad \text{restore} = \sigma^{-1}. $$
#
# The decoder will hold the sequence (kept tokens, hidden tokens), that is: place $j$ holds token $\sigma_j$. To get back to image order, position $i$ has to fetch
# from place $\sigma^{-1}(i)$, and that is why `restore` is the **inverse** permutation. It is the rank of each token's score.
#
# **By hand.** Scores `[0.7, 0.1, 0.9, 0.3]` with $r = 0.5$: ascending order $\sigma$ = (1, 3, 0, 2), so keep = (1, 3), mask = (yes, no, yes, no), and
# restore = (2, 0, 3, 1): token 0 is third in the order, token 1 first, and so on.
#
# **Predict.** Permuting by $\sigma$ twice is not the identity in general. For which of the 24 orders of four tokens is it?
#
# <details><summary>Hint 1: the idea</summary>
#
# One sort does it all. Everything after it is reading: the first K entries, the ranks, and which ranks are at least K.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# The inverse of a permutation is its own `argsort`: sorting $\sigma$ asks "where does 0 stand, where does 1 stand, ...". A token is hidden when its rank is K or more.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `order = scores.argsort(dim=1)`, `restore = order.argsort(dim=1)`, `keep = order[:, :K]`, `mask = restore >= K`. Check the ratio and K first.
# </details>

# %% exercise="random_masking"
def random_masking(scores: torch.Tensor, mask_ratio: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Choose which tokens stay visible: in every row the K = L - round(mask_ratio * L) tokens of lowest score
    (Python's round).

    scores: (n, L), one random number per token, any real values, no ties within a row. Returns, on
        the device of scores, keep (n, K) int64: the kept tokens' indices, by ascending score;
    mask (n, L) bool in image order: True = hidden;
    restore (n, L) int64: the inverse of the full sort, so that (kept tokens, then hidden ones, by
        ascending score) gathered by restore is back in image order.
    Raises ValueError unless 0 <= mask_ratio < 1 and K >= 1.
    """
    ### BEGIN SOLUTION
    length = scores.shape[1]
    if not 0 <= mask_ratio < 1:
        raise ValueError(f"expected 0 <= mask_ratio < 1, got {mask_ratio}")
    kept = length - round(mask_ratio * length)
    if kept < 1:
        raise ValueError(f"a mask_ratio of {mask_ratio} hides all {length} tokens")
    order = scores.argsort(dim=1)  # order[j]: the token at place j
    restore = order.argsort(dim=1)  # restore[i]: the place of token i
    return order[:, :kept], restore >= kept, restore
    ### END SOLUTION

# %% check="random_masking"
check("random_masking", points=6)

# %% [markdown]
# **When is a permutation its own inverse?** <details><summary>Answer</summary>
#
# When it only swaps pairs: 10 of the 24. So code that gathers by $\sigma$ instead of $\sigma^{-1}$ is right now and then on four tokens, and practically never on 49.
# A test on one small example can pass by luck.
# </details>

# %% [markdown]
# **Predict.** Look at the next picture's titles before you run it. At which ratio will you stop recognising the digits? Write the number down.

# %% experiment="masks"
def hide(images: torch.Tensor, mask: torch.Tensor, patch: int, grey: float = 0.5) -> torch.Tensor:
    """The images with their hidden patches painted grey; mask (n, L), True = hidden."""
    tokens = patchify(images, patch)
    return unpatchify(tokens.masked_fill(mask.unsqueeze(-1), grey), patch, images.shape[1])


scores = torch.rand(10, 49, generator=torch.Generator().manual_seed(3))
masked = {f"{ratio:.0%} hidden": hide(data.test_x[:10], random_masking(scores, ratio)[1], PATCH) for ratio in (0.25, 0.5, 0.75, 0.9)}
show_rows(masked | {"original": data.test_x[:10]}, title="How much can go?")
plt.show()

# %% [markdown]
# *What to see: the same scores in every row, so a higher ratio only adds to what is hidden. At 50 % nearly all digits can still be read; at 75 % many are
# a guess, and at 90 % it is hardly ever more than that. Images repeat themselves so much that hiding a few patches poses no problem at all: the holes can be filled by copying the neighbours.
# At 75 % one needs to know what a 7 is.*

# %% [markdown] exercise="sincos_positions" points=3 minutes=10 difficulty=2
# ## Give every position a vector
#
# **Goal.** Attention treats its input as a *set*. A vector per position, added to the token, tells it where the token sits.
#
# With $h = \text{dim}/2$ and frequencies $\omega_i = 10000^{-i/h}$, $i = 0, \dots, h - 1$ (lecture 02, *sine and cosine positions*):
#
# $$ P_{t} = \big(\sin \omega_0 t, \dots, \sin \omega_{h-1} t,\; \cos \omega_0 t, \dots, \cos \omega_{h-1} t\big). $$
#
# **By hand.** dim = 4 has $\omega = (1, 0.01)$, so $P_1 = (\sin 1, \sin 0.01, \cos 1, \cos 0.01) = (0.8415, 0.0100, 0.5403, 0.99995)$, and $P_0 = (0, 0, 1, 1)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# An outer product of positions and frequencies gives all the angles at once.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Angles: (length, 1) times (dim/2,) is (length, dim/2). The halves stand side by side, they do not alternate.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `frequency = 10000 ** (-torch.arange(half) / half)`, `angle = torch.arange(length).unsqueeze(1) * frequency`, then `torch.cat` of sine and cosine along dimension 1.
# </details>

# %% exercise="sincos_positions"
def sincos_positions(length: int, dim: int) -> torch.Tensor:
    """Sine and cosine vectors for the positions 0 .. length - 1.

    Returns (length, dim), float32 on the CPU: first dim / 2 columns sin, last dim / 2 columns cos
        of position * 10000^(-i / (dim / 2)), i = 0 .. dim / 2 - 1.
    Raises ValueError for odd dim.
    """
    ### BEGIN SOLUTION
    if dim % 2:
        raise ValueError(f"expected an even dim, got {dim}")
    half = dim // 2
    frequency = 10000.0 ** (-torch.arange(half) / half)
    angle = torch.arange(length).unsqueeze(1) * frequency  # (length, dim/2)
    return torch.cat([angle.sin(), angle.cos()], dim=1)
    ### END SOLUTION

# %% check="sincos_positions"
check("sincos_positions", points=3)

# %% experiment="positions"
positions = sincos_positions(49, 64)
similar = positions @ positions.T / 32
figure, axes = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
axes[0].imshow(positions, cmap="cividis", aspect="auto")
axes[0].set(title="Position vectors", xlabel="entry (32 sines, then 32 cosines)", ylabel="position")
axes[1].imshow(similar, cmap="cividis")
axes[1].set(title="Inner products / 32", xlabel="position s", ylabel="position t")
axes[2].plot(similar[24], color=COLOURS[0])
axes[2].set(title="Position 24 against all others", xlabel="position s", ylabel="inner product / 32")
axes[2].grid(alpha=0.25)
plt.show()

# %% [markdown]
# *What to see: every position has a pattern of its own, and the inner product depends only on the distance $t - s$ (constant along diagonals), largest at zero.
# Positions here count along the sequence, so the patch below is seven steps away. That this is two-dimensional, the model has to find out.*
#
# **Why the constant diagonals?** <details><summary>Answer</summary>
#
# $\sin \omega t \sin \omega s + \cos \omega t \cos \omega s = \cos \omega (t - s)$, summed over the frequencies. A linear map can therefore look for "seven to the
# left" with the same weights everywhere.
# </details>

# %% [markdown]
# ## What attention cannot know
#
# Before the model, a question. The decoder gets the kept tokens' codes and, for every hidden patch, the *same* learned vector, the mask token.
# Suppose we forget the position vectors there. **Predict**: how many *different* predictions come out for the 37 hidden patches of one image?

# %% experiment="permutation"
set_seed(0)
layer = nn.TransformerEncoderLayer(32, nhead=4, dim_feedforward=128, dropout=0.0, batch_first=True).double()
codes, token = torch.randn(1, 12, 32).double(), torch.randn(1, 1, 32).double()
sequence = torch.cat([codes, token.expand(1, 37, 32)], dim=1)  # 12 codes, 37 mask tokens
with torch.no_grad():
    without = layer(sequence)[0, 12:]
    with_positions = layer(sequence + sincos_positions(49, 32))[0, 12:]
for name, rows in (("without positions", without), ("with positions", with_positions)):
    distinct = len(torch.unique((rows * 1e9).round(), dim=0))
    print(f"{name:18} {distinct:3d} different predictions among 37, spread {rows.std(0).mean():.1e}")

# %% [markdown]
# *What to see: without positions there is exactly one. Equal inputs ask equal questions of the same keys and get equal answers. Attention is equivariant to
# permutations (lecture 02), so 37 equal tokens stay equal through any number of layers: the model would paint the same patch into every hole, a sort of average.*

# %% [markdown] exercise="MaskedAutoencoder" points=10 minutes=45 difficulty=4
# ## Build the masked autoencoder
#
# **Goal.** An encoder on visible patches, a decoder with mask tokens. With $E$ and $D$ stacks of transformer layers, $P$ and $P'$ position vectors of width `dim` and
# `decoder_dim`, and $m$ the mask token:
#
# $$
# (z_i)_{i \in \text{keep}} = E\big( (A x_i + P_i)_{i \in \text{keep}} \big), \qquad
# u_i = \begin{cases} B z_i & i \text{ kept} \\ m & i \text{ hidden} \end{cases}, \qquad
# (\hat x_i)_{i=1}^{L} = C\, D\big( (u_i + P'_i)_{i=1}^{L} \big),
# $$
#
# with learned linear maps $A$ (patch to `dim`), $B$ (`dim` to `decoder_dim`), $C$ (`decoder_dim` to patch).
#
# **By hand.** A 28x28 image with patch 4 has L = 49 tokens of 16 numbers; at 75 % K = 12 are kept. Attention compares every token with every other: $12^2 = 144$ pairs
# per head in the encoder, where a full encoder has $49^2 = 2401$. Masking makes the large part of the network almost 17 times cheaper in pairs, and 4 times cheaper in everything else.
#
# Three traps, each of which trains without an error message:
#
# 1. *When* are positions added? A kept patch must carry the position it has **in the image**, not its place in the short sequence.
# 2. `nn.TransformerEncoderLayer` takes (length, batch, width) unless told otherwise. Then the images of a batch talk to each other.
# 3. It also has dropout 0.1 unless told otherwise.
#
# <details><summary>Hint 1: the idea</summary>
#
# `encode`: patchify, embed, add positions, pick the kept tokens, run the layers. `decode`: project, append mask tokens, put into image order, add positions, run the layers, project
# to pixels. Each step is one line.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# `torch.take_along_dim(tokens, index.unsqueeze(-1), dim=1)` picks tokens per image: result (n, number of indices, width). With `keep` it selects; with `restore` it
# puts (kept, hidden) back into image order.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# In `__init__`: `self.embed = nn.Linear(p * p * c, dim)`; a stack
# `nn.Sequential(*[nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True) for _ in range(depth)], nn.LayerNorm(width))`
# for either side; `self.mask_token = nn.Parameter(...)` of width `decoder_dim`; positions by `register_buffer`.
# In `decode`: `hidden = self.mask_token.expand(n, L - K, -1)`, `torch.cat([visible, hidden], dim=1)`, pick by `restore`, **then** add positions.
# </details>

# %% exercise="MaskedAutoencoder"
class MaskedAutoencoder(nn.Module):
    """A transformer that encodes the visible patches of an image and predicts all of them.

    image_size: height and width of the (square) images. patch: height and width of a patch.
        channels: of the images.
    dim, depth, heads: width, number of layers and attention heads of the encoder. decoder_dim,
        decoder_depth: of the decoder, with the same number of heads;
    dim and decoder_dim are multiples of 2 * heads. `patch` and `channels` are kept as attributes.
        With L = (image_size / patch)^2 tokens per image:

    encode(images, keep): (n, channels, image_size, image_size), (n, K) int64 -> codes (n, K, dim),
        row j the code of patch keep[:, j]. Kept patches, in any order and number K >= 1, enter with
        their positions in the image (sine-cosine or learned) and attend to each other. Hidden
        patches don't enter: neither their pixels nor anything in their place.
    decode(latent, restore): (n, K, dim), (n, L) int64 -> (n, L, patch * patch * channels),
        predicted patches in image order and in the order of `patchify`.
        restore[:, i] says which place of the sequence (K kept, L - K hidden) token i of the image
            has. Every hidden token starts from one and the same learned vector, the mask token;
            every token, kept or hidden, gets its position in the image again; all attend to each
            other.
    forward(images, keep, restore): decode(encode(images, keep), restore).

    Attention stays within an image: no result depends on the other images of a batch. No dropout:
        the same answer in training and evaluation mode.
    """

    def __init__(
        self,
        image_size: int = 28,
        patch: int = 4,
        channels: int = 1,
        dim: int = 64,
        depth: int = 2,
        heads: int = 4,
        decoder_dim: int = 32,
        decoder_depth: int = 1,
    ):
        super().__init__()
        self.patch, self.channels = patch, channels
        ### BEGIN SOLUTION
        length, size = (image_size // patch) ** 2, patch * patch * channels

        def layers(width: int, count: int) -> nn.Module:
            blocks = [nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True) for _ in range(count)]
            return nn.Sequential(*blocks, nn.LayerNorm(width))

        self.embed = nn.Linear(size, dim)
        self.encoder = layers(dim, depth)
        self.register_buffer("positions", sincos_positions(length, dim))
        self.narrow = nn.Linear(dim, decoder_dim)
        self.mask_token = nn.Parameter(0.02 * torch.randn(decoder_dim))
        self.register_buffer("decoder_positions", sincos_positions(length, decoder_dim))
        self.decoder = layers(decoder_dim, decoder_depth)
        self.to_pixels = nn.Linear(decoder_dim, size)
        ### END SOLUTION

    def encode(self, images: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        tokens = self.embed(patchify(images, self.patch)) + self.positions  # (n, L, dim)
        visible = torch.take_along_dim(tokens, keep.unsqueeze(-1), dim=1)  # (n, K, dim)
        return self.encoder(visible)
        ### END SOLUTION

    def decode(self, latent: torch.Tensor, restore: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        (n, kept, _), length = latent.shape, restore.shape[1]
        hidden = self.mask_token.expand(n, length - kept, -1)
        shuffled = torch.cat([self.narrow(latent), hidden], dim=1)  # (n, L, decoder_dim)
        tokens = torch.take_along_dim(shuffled, restore.unsqueeze(-1), dim=1)  # image order again
        return self.to_pixels(self.decoder(tokens + self.decoder_positions))  # (n, L, p*p*c)
        ### END SOLUTION

    def forward(self, images: torch.Tensor, keep: torch.Tensor, restore: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.decode(self.encode(images, keep), restore)
        ### END SOLUTION

# %% check="MaskedAutoencoder"
check("MaskedAutoencoder", points=10)

# %% [markdown]
# **Why does the decoder get to be so much smaller?** <details><summary>Answer</summary>
#
# It is thrown away. Only the encoder is kept for later use, so we want the knowledge to sit there. The decoder runs over all L tokens, so it had better be cheap; and a
# weak decoder leaves the encoder no choice but to hand over codes that say what the picture is, not only what the visible pixels are.
# </details>

# %% [markdown] exercise="masked_loss" points=4 minutes=10 difficulty=2
# ## Score the hidden patches
#
# **Goal.** One number to minimise. With $m_{ni} = 1$ where patch $i$ of image $n$ is hidden and $d = p^2 c$ numbers per patch (lecture 02, *the loss on hidden patches*):
#
# $$ \mathcal L = \frac{\sum_{n,i} m_{ni}\, \tfrac1d \lVert \hat x_{ni} - x_{ni} \rVert^2}{\sum_{n,i} m_{ni}}. $$
#
# **By hand.** Three patches of two numbers, prediction all 0, targets `(1, 1)`, `(2, 0)`, `(5, 5)`, the first two hidden: the patch errors are $1$, $2$ and $25$, the loss is
# $(1 + 2)/2 = 1.5$. The third was visible, and its large error costs nothing.
#
# <details><summary>Hint 1: the idea</summary>
#
# First one error per patch, then keep the hidden ones, then one mean.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# The denominator counts hidden patches in the whole batch, not all patches, and not one image after the other.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `per_patch = (pred - target).square().mean(dim=2)` has shape (n, L), and so has `mask`: a boolean mask indexes directly.
# </details>

# %% exercise="masked_loss"
def masked_loss(pred: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean squared error over hidden patches only.

    pred, target: (n, L, d).
    mask: (n, L) bool, True = hidden; rows may hide different numbers. The mean over d gives one
        error per patch; the loss is the mean of these errors over all hidden patches of the batch
        together, a 0-d tensor, differentiable in pred.
    Raises ValueError where nothing is hidden.
    """
    ### BEGIN SOLUTION
    if not mask.any():
        raise ValueError("expected at least one hidden patch, got none")
    per_patch = (pred - target).square().mean(dim=2)  # (n, L)
    return per_patch[mask].mean()
    ### END SOLUTION

# %% check="masked_loss"
check("masked_loss", points=4)

# %% [markdown] question="why_hidden_only" points=2
# **In writing (2 points, graded by a person).** Suppose the loss were the mean over *all* patches, visible ones included. Say in three or four sentences what the network would learn to do
# first, what would become of the reported number, and why it says little about what the encoder knows.
#
# ### BEGIN SOLUTION
# Visible patches can be copied: the encoder has seen them, the decoder only has to pass them on, and a linear path through the network is enough. Gradient descent takes this
# easy part first and spends capacity of the narrow decoder on it. The reported number drops, since a quarter of the patches is nearly free, so it is
# no longer comparable to a loss on hidden patches or to another mask ratio. It measures copying, as a plain autoencoder without bottleneck does, and copying needs
# no knowledge of what digits look like.
# ### END SOLUTION

# %% [markdown] exercise="train_mae" points=6 minutes=25 difficulty=3
# ## Train it
#
# **Goal.** The loop, in the open: a batch, fresh scores, masks, prediction, loss, step.
#
# Every image gets **a fresh mask at every step**. Over many epochs each image then comes with thousands of different puzzles, and that is why a masked autoencoder hardly overfits,
# even on 4,000 images.
#
# **By hand.** With 4,000 images and batches of 128, one epoch has 31 full batches and one of 32. 4,000 steps are 125 epochs, hence 125 different masks for each image, out of
# $\binom{49}{12} \approx 9 \cdot 10^{10}$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Everything is written already. `batches(images, batch_size, generator)` yields shuffled batches for ever; `track(steps, "training", losses, batch_size)` counts steps behind a progress bar.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Scores are uniform, one per token and image: `torch.rand(n, L, generator=generator)`. n is the size of *this* batch, which may be smaller than `batch_size`. Targets are raw pixels: `patchify(x, model.patch)`.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Per step: `x = next(stream)`, `target`, `keep, mask, restore = random_masking(...)`, `loss = masked_loss(model(x, keep, restore), target, mask)`,
# then `zero_grad`, `backward`, `step`, and `losses.append(loss.item())`.
# </details>

# %% exercise="train_mae"
def train_mae(
    model: nn.Module,
    images: torch.Tensor,
    *,
    steps: int,
    mask_ratio: float = 0.75,
    batch_size: int = 128,
    lr: float = 1e-3,
    generator: torch.Generator | None = None,
) -> list[float]:
    """Train a masked autoencoder in place by `masked_loss` on raw pixels; returns the loss of every step, as
    Python floats.

    model: has `patch`, `channels`, `encode`, `decode` and `forward` like `MaskedAutoencoder`.
    images: (N, c, h, w) on the model's device; N may be below batch_size.
    Images are drawn without replacement, with a fresh shuffle every epoch (a last short batch may
        be kept or dropped). Every image gets a fresh uniformly random mask at every step, by
        `random_masking` with mask_ratio. lr: the optimiser's step size. All random numbers come
        from the generator (on the CPU), if one is given.
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream = batches(images, batch_size, generator)
    losses = []
    for _ in track(steps, "training", losses, batch_size):
        x = next(stream)
        target = patchify(x, model.patch)  # (n, L, p*p*c)
        scores = torch.rand(target.shape[:2], generator=generator).to(x.device)
        keep, mask, restore = random_masking(scores, mask_ratio)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
    ### END SOLUTION

# %% check="train_mae"
check("train_mae", points=6)

# %% [markdown] exercise="linear_probe" points=3 minutes=15 difficulty=2
# ## Ask what the features know
#
# **Goal.** Freeze the features, train nothing but a linear classifier on them, and report its accuracy on data it has not seen.
#
# With classes $c = 1, \dots, C$, features $f$ and logits $W f + b$ the probe minimises the cross-entropy on the training part and predicts $\arg\max_c\,(W f + b)_c$
# (lecture 02, *a linear classifier on frozen features*). Why linear? A strong classifier can find a class in raw pixels too; a linear one succeeds only where the features have
# already put the classes on different sides of planes.
#
# **By hand.** Test predictions `3, 7, 7, 1` against labels `3, 7, 1, 9`: 2 of 4, accuracy 0.5. If no 9 was in the training labels, no classifier could have said 9; it still counts.
#
# <details><summary>Hint 1: the idea</summary>
#
# scikit-learn's `LogisticRegression` is allowed, and so are ten lines of torch. Standardise first (with the *training* part's mean and deviation): optimisers like it.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Labels may be 3 and 7, so number them: `classes, index = labels.unique(return_inverse=True)`. Train on `index`, answer with `classes[logits.argmax(1)]`.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `weight` and `bias` zero with `requires_grad_()`; `torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")`; a closure that returns
# `F.cross_entropy(x @ weight + bias, index)` plus a small penalty on the weight's squares; one call of `step(closure)`.
# </details>

# %% exercise="linear_probe"
def linear_probe(features: torch.Tensor, labels: torch.Tensor, test_features: torch.Tensor, test_labels: torch.Tensor) -> float:
    """Test accuracy of a linear classifier with bias, trained on frozen features.

    features: (n, d), labels: (n,) integers of at least two classes, not necessarily 0 .. C-1;
    test_features: (m, d), test_labels: (m,).
    Fit on the training part alone, with any sensible regularisation or standardisation.
    Returns the share of test labels predicted right, a Python float in [0, 1];
    a test label that the training part never showed counts as a miss.
    """
    ### BEGIN SOLUTION
    mean, scale = features.mean(0), features.std(0).clamp(min=1e-6)
    x, x_test = (features - mean) / scale, (test_features - mean) / scale
    classes, index = labels.unique(return_inverse=True)
    weight = torch.zeros(x.shape[1], len(classes), dtype=x.dtype, device=x.device, requires_grad=True)
    bias = torch.zeros(len(classes), dtype=x.dtype, device=x.device, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(x @ weight + bias, index) + 1e-3 * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    predicted = classes[(x_test @ weight + bias).argmax(dim=1)]
    return (predicted == test_labels).double().mean().item()
    ### END SOLUTION

# %% check="linear_probe"
check("linear_probe", points=3)

# %% [markdown]
# ## The experiment
#
# Everything is in place. First the bar to clear: predict for every hidden patch what the *average* training image shows there. That needs no network, and a model that
# does not beat it has learned nothing about the image in front of it.
#
# **Predict.** The average image leaves an error of about 0.066 per hidden pixel. What will 4,000 steps reach: 0.06, 0.04, 0.02? Does zero make sense?

# %% experiment="train"
RATIO, SIDE = 0.75, 28 // PATCH
train_x, test_x = data.train_x.to(device), data.test_x.to(device)


@torch.no_grad()
def predict(model, images, mask_ratio=RATIO, seed=0):
    """Predicted patches (n, L, d) and the mask (n, L), for masks drawn from a seed of their own."""
    length = (images.shape[-1] // model.patch) ** 2
    scores = torch.rand(len(images), length, generator=torch.Generator().manual_seed(seed)).to(images.device)
    keep, mask, restore = random_masking(scores, mask_ratio)
    return model(images, keep, restore), mask


def hidden_error(model, images, mask_ratio=RATIO):
    """Mean squared error per hidden pixel of the model, and of the mean training image on the same masks."""
    pred, mask = predict(model, images, mask_ratio)
    target, average = patchify(images, model.patch), patchify(train_x.mean(0, keepdim=True).expand_as(images), model.patch)
    return masked_loss(pred, target, mask).item(), masked_loss(average, target, mask).item()


generator = set_seed(0)
model = MaskedAutoencoder().to(device)
untrained = MaskedAutoencoder().to(device)
with live_curve("A masked autoencoder on 4,000 digits", "squared error per hidden pixel"):
    losses = train_mae(model, train_x, steps=4000, batch_size=64, generator=generator)
error, error_of_mean = hidden_error(model, test_x)
print(f"held-out digits, error per hidden pixel: model {error:.4f}, mean image {error_of_mean:.4f}")

# %% experiment="curve"
loss_curve(losses, title="Training a masked autoencoder", ylabel="squared error per hidden pixel")
plt.axhline(error_of_mean, color=COLOURS[4], linestyle="--", label="mean image")
plt.axhline(error, color=COLOURS[2], linestyle=":", label="model, held-out digits")
plt.legend(frameon=False, loc="center right")
plt.show()

# %% [markdown]
# *What to see: within some 400 steps the loss falls to the level of the mean image. That is the easy part: it needs positions only. From there on it goes down slowly, while attention finds
# out where the visible strokes are, to about 0.04. The held-out error lies on the training curve: with fresh masks there is next to nothing to memorise.*
#
# *Zero is out of reach for anyone. From 12 patches nobody can tell exactly where a stroke runs; the best possible answer is the average over all digits that fit,
# and its error is their variance.*
#
# **Predict** for the pictures: what does the model paint where a patch was *visible*? A copy?

# %% experiment="pictures"
images = test_x[:10]
pred, mask = predict(model, images, seed=5)
tokens = patchify(images, PATCH)
pasted = torch.where(mask.unsqueeze(-1), pred, tokens)
show_rows(
    {
        "what it sees": hide(images, mask, PATCH),
        "raw output": unpatchify(pred, PATCH, 1),
        "visible pasted in": unpatchify(pasted, PATCH, 1),
        "original": images,
    },
    title="Held-out digits, 75 % hidden",
)
plt.show()
seen_error = (pred - tokens).square().mean(2)[~mask].mean().item()
print(f"error per pixel: hidden {masked_loss(pred, tokens, mask).item():.3f}, visible {seen_error:.3f}")

# %% [markdown]
# *What to see: holes are filled with blurred but sensible strokes, blurred where several continuations are possible. And in the raw output the visible patches are no copies, they are worse than the guesses.*
#
# **Why is the output worst where the model knows the answer?** <details><summary>Answer</summary>
#
# Nobody asked it. Visible patches get no loss and therefore no gradient (exactly zero, not just little), so whatever the last layer paints there is a by-product. For display one
# pastes the visible patches in, and says so. Anyone who takes the raw output for "the reconstruction" and measures it over the whole image measures garbage.
# </details>

# %% [markdown]
# **Predict.** The model was trained with 75 % hidden. Now we hide less. With 50 % it sees 24 patches in place of 12, with 25 % it sees 37. What happens to the error per hidden pixel?

# %% experiment="ratios"
ratios = [0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
curve = [hidden_error(model, test_x, ratio) for ratio in ratios]
figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.plot(ratios, [pair[0] for pair in curve], "o-", color=COLOURS[0], label="model, trained at 75 %")
ax.plot(ratios, [pair[1] for pair in curve], "s--", color=COLOURS[4], label="mean image")
ax.set(title="One model, other mask ratios", xlabel="share of patches hidden", ylabel="squared error per hidden pixel", ylim=(0, None))
ax.legend(frameon=False)
ax.grid(alpha=0.25)
plt.show()

# %% [markdown]
# *What to see: more information makes it worse. The error is lowest near the ratio of training and climbs to both sides; with only 10 % hidden the model, which sees almost everything, does no better than the mean image, which sees nothing.*
#
# **Why?** <details><summary>Answer</summary>
#
# In training every sequence the encoder saw had 12 tokens. With 37 or 44, attention averages over three times as many keys, and the codes and mask tokens that reach the decoder
# come in proportions it has never met. Nothing in the loss asked for anything at other lengths. A network is not a formula: what holds at one ratio need not hold at another.
# (Draw the ratio at random in training, and the climb on the left goes away.)
# </details>
#
# ## What has the encoder learned?
#
# Now, for the first time, labels. We freeze the encoder, show it whole images (nothing hidden) and reduce its 49 codes to one feature vector: their mean, 64 numbers; or the means over
# a 3x3 grid of regions, 576 numbers. Then a linear probe.
#
# **Predict.** Rank by accuracy, with 200 labels and with 4,000: the 784 raw pixels; 64 principal components of them; the mean code of an *untrained* encoder; the mean code of the trained one.

# %% experiment="probe"
@torch.no_grad()
def features(model, images, regions=1):
    """Mean codes over a grid of regions x regions, (n, regions * regions * dim), of whole images."""
    parts = []
    for part in images.split(500):
        everything = torch.arange(SIDE * SIDE, device=images.device).expand(len(part), -1)
        codes = model.encode(part, everything)  # (n, L, dim)
        grid = codes.transpose(1, 2).reshape(len(part), -1, SIDE, SIDE)
        parts.append(F.adaptive_avg_pool2d(grid, regions).flatten(1))
    return torch.cat(parts)


def probe_all(sets, labels_used=(200, 500, 4000)):
    """Print one line of held-out accuracies per feature set (name -> train features, test features)."""
    print(f"{'features':34} {'numbers':>7}" + "".join(f"{count:>8,}" for count in labels_used) + " labels")
    for name, (train, test) in sets.items():
        scores = [linear_probe(train[:count], train_y[:count], test, test_y) for count in labels_used]
        print(f"{name:34} {train.shape[1]:7}" + "".join(f"{score:8.1%}" for score in scores))


train_y, test_y = data.train_y.to(device), data.test_y.to(device)
pixels, test_pixels = train_x.flatten(1), test_x.flatten(1)
set_seed(0)
axes_of_pixels = torch.pca_lowrank(pixels, 64, niter=4)[2]
model.eval()
probe_all(
    {
        "raw pixels": (pixels, test_pixels),
        "64 principal components": (pixels @ axes_of_pixels, test_pixels @ axes_of_pixels),
        "untrained encoder, mean": (features(untrained, train_x), features(untrained, test_x)),
        "masked autoencoder, mean": (features(model, train_x), features(model, test_x)),
        "untrained encoder, 3x3 means": (features(untrained, train_x, 3), features(untrained, test_x, 3)),
        "masked autoencoder, 3x3 means": (features(model, train_x, 3), features(model, test_x, 3)),
    }
)

# %% [markdown]
# *What to see: 64 numbers of the trained encoder beat all 784 pixels, the more clearly the fewer labels there are, and no label was used to find them.
# The untrained encoder is the control: same architecture, same number of features, far below. What helps is the training, not the transformer.*
#
# *How to read such a table: one training run, 1,000 held-out digits, so each figure has a standard error of about one point. Over three seeds the order is the same.
# And it is a statement about this small data set: on 28x28 digits a small convolutional
# network trained **with** labels gets further than any row here.*

# %% [markdown]
# ## Debug me: too good to be true
#
# A colleague wanted runs to be comparable and changed one line. Ever since, the training loss is *lower* than yours, smoothly falling, and the pictures are worse.
# Run the next cell, leave out the check for now, run the cell below it and look at its last two numbers. Then find the line, mend it, run both again, and let the check have its say. (Here with patches of
# 7 pixels, so that it takes only some fifteen seconds.)

# %% debug="puzzle_training"
def puzzle_training(model, images, steps, generator):
    """Train with masks; return the losses and the last step's mask."""
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    stream, losses = batches(images, 64, generator), []
    for _ in track(steps, "training", losses):
        x = next(stream)
        target = patchify(x, model.patch)
        ### BEGIN SOLUTION
        scores = torch.rand(target.shape[:2], generator=generator).to(x.device)
        ### END SOLUTION
        ### BEGIN BUGGY
        # scores = torch.rand(1, target.shape[1], generator=torch.Generator().manual_seed(0)).expand(len(x), -1).to(x.device)
        ### END BUGGY
        keep, mask, restore = random_masking(scores, 0.75)
        loss = masked_loss(model(x, keep, restore), target, mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, mask

# %% check="puzzle_training"
check("puzzle_training")

# %% experiment="puzzle"
generator = set_seed(0)
small = MaskedAutoencoder(patch=7).to(device)
puzzle_losses, _ = puzzle_training(small, train_x, steps=1000, generator=generator)
print(f"training loss, last 100 steps {sum(puzzle_losses[-100:]) / 100:.4f}")
print("held-out digits, fresh masks  {:.4f}   (mean image {:.4f})".format(*hidden_error(small, test_x)))

# %% [markdown]
# <details><summary>What was wrong, and what it shows</summary>
#
# The generator is made anew in every step, always with seed 0, and for one row that all images share: every image has the same patches hidden for ever. The task becomes
# easier (12 fixed holes, always the same question), so the training loss is lower, about 0.054 in place of 0.060. With any other mask the model is lost: about 0.106, far above the mean image.
# A training loss can only be compared where the task is the same. The remedy for comparable runs is *one* generator, made before the loop.
# </details>
#
# ## Summary
#
# - `patchify` and `unpatchify` are two permutations with reshapes around them. Shapes do not prove them right; a round trip and a picture do.
# - Sorting random scores gives an exact number of hidden patches and, by a second sort, the way back.
# - The encoder sees kept patches only, **with the positions they have in the image**. The decoder gets mask tokens, and without positions they would all be answered alike.
# - The loss counts hidden patches. Visible ones get no gradient, so their output is rubbish: paste the real ones in for display.
# - A held-out error means something next to a baseline: about 0.042 against 0.066 for the mean image.
# - 64 frozen features beat 784 pixels for a linear classifier, most of all with few labels, and the untrained control shows that it is the training.
#
# **Next**: assignment 3 gives the code a distribution, so that new digits can be drawn from it.
