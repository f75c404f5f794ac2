# %% [markdown]
# # 5 · A U-Net that removes noise
#
# In assignment 04 a small network learned to predict the noise on 64 pixels, with the best guess for Gaussian data to lean on. Here the images have 784 pixels,
# nothing to lean on, and the network has to know three things at once: what the whole digit is (is this a 3 or an 8?), where each stroke runs to the pixel, and how noisy the picture is.
# The U-Net answers with one idea for each: **go down** to a small image to see the whole, **skip** across to keep the pixels, and **tell every
# block the time**. You build it from its parts, train it, and hand in its weights with the code.
#
# **You will be able to**
# - build a residual block that is told the time, and say which normalisation would make it deaf;
# - move between resolutions by strided and transposed convolutions, and see where a checkerboard comes from;
# - let every position look at every other by self-attention, and say why that happens at the lowest resolution only;
# - train on any device, with mixed precision where it pays, and average the weights;
# - measure samples by a Fréchet distance, and say when two such distances may be compared.
#
# **You need** lectures 05 and 06 (diffusion, sampling), lecture 07 (U-Nets), and assignment 04.
#
# **Time:** about three and a half hours of work, of which the computer needs about three minutes of one CPU core and no network. With a GPU, the training
# takes a network four times as wide for thirteen times as many steps; without one, everything below works as well, only smaller.

# %% setup="install"
from workbook.ready import make_ready

device = make_ready()

# %% setup="imports"
import copy
import math
import time
from pathlib import Path

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from workbook.checks import Checker
from workbook.data import batches, digits28
from workbook.device import pick_device, set_seed
from workbook.diffusion import angle_schedule, clipped_sampler, load_unet, save_unet, time_features
from workbook.judge import Judge
from workbook.plots import COLOURS, loss_curve, show_images, show_rows
from workbook.progress import track
from workbook.schedule import NoiseSchedule

check = Checker("05_unet", globals())
schedule = angle_schedule(1000)

CPU = dict(architecture=dict(in_ch=1, base=8, multipliers=(1, 2, 4), time_dim=64), steps=900, batch_size=64, lr=3e-3)
GPU = dict(architecture=dict(in_ch=1, base=32, multipliers=(1, 2, 4), time_dim=128), steps=12_000, batch_size=256, lr=1e-3)
SETTING = GPU if torch.cuda.is_available() else CPU

# %% [markdown]
# ## The task, as a picture
#
# A noisy image is a point on a quarter circle between data and noise. With the angle $a_t$ that turns evenly from $0$ at $t = 0$ to almost
# $\pi/2$ at $t = T$,
# $$x_t = \cos(a_t)\, x_0 + \sin(a_t)\, \varepsilon, \qquad \bar\alpha_t = \cos^2 a_t .$$
# This is the forward process of lecture 05 with another schedule; `angle_schedule(1000)` from the workbook holds it, in the same `NoiseSchedule`
# that you filled in assignment 04. The network gets $x_t$ and $t$ and must return $\varepsilon$, in the same shape.
#
# **Predict before you run.** At which of the times 100, 300, 500, 700, 900 can you still tell which digit it is? And a harder one: at which times
# does the network need to look at far-away pixels to do its job?

# %% experiment="look"
digits = digits28()
images = digits.train_x * 2 - 1  # pixels in [-1, 1]: the scale of diffusion
eps = torch.randn(10, 1, 28, 28, generator=torch.Generator().manual_seed(0))
turned = {f"t = {t}": schedule.alpha_bar[t].sqrt() * images[:10] + (1 - schedule.alpha_bar[t]).sqrt() * eps for t in (0, 100, 300, 500, 700, 900)}
show_rows(turned, "Ten digits on their way to noise", value_range=(-1, 1))

# %% [markdown]
# *Each row is one time, each column one digit with one noise.* To about t = 500 the eye still reads most digits; at 900 almost nothing is left.
# At t = 100 the noise is what stands out against a smooth stroke: a few neighbours suffice to tell it. At t = 700 a bright pixel may be ink or noise, and
# only the whole picture says which. So the network needs full-resolution detail at small t and a view of the whole at large t.

# %% [markdown] exercise="TimeResBlock" points=4 minutes=20 difficulty=3
# ## Build the block that is told the time
#
# One set of weights serves all noise levels, so every block must be able to act differently at different times. The time arrives as a vector `emb`
# (made from sines and cosines, as in assignment 04), and a linear map of it is added to every channel, the same number at every pixel:
#
# $$h = \mathrm{conv}(\mathrm{silu}(\mathrm{norm}(x))), \qquad h \leftarrow h + W\,\mathrm{silu}(e), \qquad
# y = \mathrm{residual}(x) + \mathrm{conv}(\mathrm{silu}(\mathrm{norm}(h))).$$
#
# The residual path is the identity where the channel counts agree and a 1x1 convolution where they don't.
#
# **One value by hand.** A channel holds the two pixels (0, 2); the time adds 5, which gives (5, 7). If that channel is normalised *alone*, its mean 6
# is subtracted and what is left is (-1, 1): exactly what (0, 2) would have given. The shift is gone. Normalised in a *group* with other
# channels that were shifted by other amounts, it stays. So: several channels per group after the shift.
#
# <details><summary>Hint 1: the idea</summary>
#
# Write a block without time first: norm, silu, conv, norm, silu, conv, plus the residual path. Then add one linear
# layer that turns the time vector into one number per output channel.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# The linear layer's result has shape `(n, out_ch)`. To add it to `(n, out_ch, h, w)` it needs two more
# dimensions of size 1. Group normalisation takes the number of groups first; channel counts are multiples of 8, so groups of eight channels always fit.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `norm1` with `in_ch // 8` groups; `conv1` 3x3 with padding 1; `shift = nn.Linear(time_dim, out_ch)`; `norm2` with
# `out_ch // 8` groups; `conv2` likewise; `residual` is `nn.Identity()` where the channel counts agree, else a 1x1 convolution. In `forward`: the shift indexed
# with `[:, :, None, None]`, added between `conv1` and `norm2`.
# </details>

# %% exercise="TimeResBlock"
class TimeResBlock(nn.Module):
    """A residual block that is told the time: y = residual(x) + f(x, emb).

    in_ch, out_ch: channel counts, multiples of 8. time_dim: length of the time vector.
    forward(x (n, in_ch, h, w), emb (n, time_dim)) -> (n, out_ch, h, w), for any n, h, w (1 image,
        and height unlike width, too).
    The residual path is the identity or a 1x1 convolution: with tiny weights in f, x still comes
        through it.
    Every example is moved by its own emb, and emb can move every output channel: the normalisation
        that follows the shift must not have one channel per group (nor be per channel in any other
        way), which would subtract the shift again.
    `model.double()` works: float64 in, float64 out. Zero-initialised last layers are welcome
        (checks give all parameters random values).
    """

    def __init__(self, in_ch: int, out_ch: int, time_dim: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.norm1, self.conv1 = nn.GroupNorm(in_ch // 8, in_ch), nn.Conv2d(in_ch, out_ch, 3, padding=1)
        self.shift = nn.Linear(time_dim, out_ch)
        self.norm2, self.conv2 = nn.GroupNorm(out_ch // 8, out_ch), nn.Conv2d(out_ch, out_ch, 3, padding=1)
        self.residual = nn.Identity() if in_ch == out_ch else nn.Conv2d(in_ch, out_ch, 1)
        ### END SOLUTION

    def forward(self, x: torch.Tensor, emb: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        h = self.conv1(F.silu(self.norm1(x)))  # (n, out_ch, h, w)
        h = h + self.shift(F.silu(emb))[:, :, None, None]  # one number per example and channel
        h = self.conv2(F.silu(self.norm2(h)))
        return self.residual(x) + h
        ### END SOLUTION

# %% check="TimeResBlock"
check("TimeResBlock", points=4)

# %% [markdown]
# **Why?** Some implementations multiply instead: after the second normalisation, $h \leftarrow (1 + s)\,h + b$ with $(s, b)$ from the time. Why is
# one channel per group harmless there?
# <details><summary>Answer</summary>
#
# Because nothing is subtracted after the shift: scale and shift come behind the normalisation. The order decides, not
# the kind of normalisation.
# </details>

# %% [markdown] exercise="Down" points=1 minutes=5 difficulty=1
# ## Halve the image
#
# A 3x3 convolution with stride 2 and padding 1 turns $h$ rows into $\lfloor (h + 2\cdot 1 - 3)/2 \rfloor + 1$.
#
# **One value by hand.** 28 rows: $\lfloor 27/2 \rfloor + 1 = 14$. And without the padding: $\lfloor 25/2 \rfloor + 1 = 13$, which the way back up will never
# turn into 28 again.
#
# <details><summary>Hint 1: the idea</summary>
#
# Either a convolution that takes every second position, or a pooling of 2x2 pixels.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Kernel 3, stride 2 and padding 1 halve every even size: $\lfloor (h - 1)/2 \rfloor + 1 = h/2$.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# One layer, an `nn.Conv2d` from `ch` to `ch` channels with kernel 3, `stride=2` and `padding=1`, applied in `forward`.
# </details>

# %% exercise="Down"
class Down(nn.Module):
    """Halves height and width, keeps the channels.

    ch: number of channels. forward(x (n, ch, h, w)) -> (n, ch, h/2, w/2) for even h and w, which
        may differ.
    A learned layer (a strided convolution) or a pooling; dropping three of four pixels unseen is
        neither.
    """

    def __init__(self, ch: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv = nn.Conv2d(ch, ch, 3, stride=2, padding=1)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.conv(x)
        ### END SOLUTION

# %% check="Down"
check("Down", points=1)

# %% [markdown] exercise="Up" points=2 minutes=10 difficulty=2
# ## Double the image
#
# A transposed convolution is the transpose (the adjoint) of the map that a strided convolution computes: every input pixel stamps the kernel onto the output, `stride` pixels
# apart, and overlapping stamps add up. Its output has $(h - 1)\cdot\mathrm{stride} - 2\cdot\mathrm{padding} + \mathrm{kernel} + \mathrm{output\ padding}$ rows.
#
# **One value by hand.** From 14 with kernel 4, stride 2, padding 1: $13 \cdot 2 - 2 + 4 = 28$. With kernel 3 it is 27, unless `output_padding=1` adds
# the missing row.
#
# <details><summary>Hint 1: the idea</summary>
#
# The layer has the same name as the convolution, with Transpose in it.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# $2h = 2(h - 1) - 2 \cdot \mathrm{padding} + \mathrm{kernel} + \mathrm{output\ padding}$: try kernel 2, kernel 3 and kernel 4.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# One layer, an `nn.ConvTranspose2d` from `ch` to `ch` channels with kernel 4, `stride=2` and `padding=1`, applied in `forward`.
# </details>

# %% exercise="Up"
class Up(nn.Module):
    """Doubles height and width by a transposed convolution, keeps the channels.

    ch: number of channels. forward(x (n, ch, h, w)) -> (n, ch, 2h, 2w) for any h and w.
    Contains a transposed convolution of stride 2, any kernel; other layers may stand around it.
    (An interpolation followed by a convolution is another, also popular, way; here the transposed
        convolution is the exercise.)
    """

    def __init__(self, ch: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv = nn.ConvTranspose2d(ch, ch, 4, stride=2, padding=1)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.conv(x)
        ### END SOLUTION

# %% check="Up"
check("Up", points=2)

# %% [markdown]
# ### Where the checkerboard comes from
#
# **Predict before you run.** We stamp a kernel of ones from a constant image. Which of the kernels 2, 3 and 4 (stride 2) gives a constant result away from the border?

# %% experiment="checkerboard"
figure, axes = plt.subplots(1, 3, figsize=(8, 3), layout="constrained")
for ax, (kernel, padding, output_padding) in zip(axes, ((2, 0, 0), (3, 1, 1), (4, 1, 0)), strict=True):
    stamps = F.conv_transpose2d(torch.ones(1, 1, 7, 7), torch.ones(1, 1, kernel, kernel), stride=2, padding=padding, output_padding=output_padding)
    picture = ax.imshow(stamps[0, 0], cmap="cividis", vmin=0, vmax=4)
    ax.set(title=f"kernel {kernel}", xlabel="column", xticks=(0, 5, 10), yticks=(0, 5, 10))
axes[0].set_ylabel("row")
figure.colorbar(picture, ax=axes, label="stamps that overlap here", ticks=range(5))
plt.show()

# %% [markdown]
# *How many stamps fall on each output pixel.* A kernel that the stride divides (2 or 4) covers every pixel equally often; kernel 3 covers them 1, 2 or 4 times, and a network has to
# learn weights that undo it. Even overlap is no guarantee: a learned kernel of size 4 can still paint a checkerboard, it is only not born with one.

# %% [markdown] exercise="SelfAttention2d" points=4 minutes=25 difficulty=4
# ## Let every position see every other
#
# A convolution sees its neighbours. Whether a stroke at the top belongs to a 7 or a 9 is decided at the bottom. With queries, keys and values
# $q_i, k_j, v_j$ (each a linear map of the normalised pixel vectors), position $i$ collects
# $$y_i = x_i + W_o \sum_j p_{ij}\, v_j, \qquad p_{ij} = \frac{\exp(q_i^\top k_j / \sqrt{d})}{\sum_{j'} \exp(q_i^\top k_{j'} / \sqrt{d})},$$
# in each of `heads` groups of $d = c/\mathrm{heads}$ channels. The weights of one position add up to 1 over the positions it looks at.
#
# **One value by hand.** On 7x7 there are 49 positions and $49^2 = 2401$ weights per head. On 28x28 there are 784 and 614,656: 256 times as many. That is why
# attention lives at the lowest resolution.
#
# <details><summary>Hint 1: the idea</summary>
#
# Flatten the $h \times w$ positions into a sequence of $h w$ vectors of length $c$, run attention over that sequence, fold it
# back, add $x$.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# `(n, c, h, w)` becomes `(n, heads, d, h*w)` by `reshape`; only then transpose to `(n, heads, h*w, d)`. A reshape alone never swaps
# dimensions: it reads the same memory in the same order. The softmax runs over the last dimension of $q k^\top$, the keys.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `qkv` is a 1x1 convolution to `3 * ch` channels; reshape its result to `(n, 3, heads, d, h*w)`, transpose the last two dimensions, `unbind(1)`;
# the weights are the softmax of `q @ k.transpose(2, 3) / math.sqrt(d)`; the weights times `v`, transposed back, reshaped to `(n, c, h, w)`, go through a 1x1 convolution; add `x`.
# </details>

# %% exercise="SelfAttention2d"
class SelfAttention2d(nn.Module):
    """Self-attention over the positions of an image, with a residual path: y = x + W_o attention(x).

    ch: channels, a multiple of 8; heads: groups of channels that attend separately.
    Raises ValueError unless heads divides ch.
    forward(x (n, ch, h, w)) -> (n, ch, h, w), any h and w. Every position sees every other of its
        own image, and no other image.
    There is no position code inside: moving pixels to other positions moves the result in the same
        way.
    Any normalisation within one image is fine.
    """

    def __init__(self, ch: int, heads: int = 4):
        super().__init__()
        ### BEGIN SOLUTION
        if ch % heads:
            raise ValueError(f"expected a number of heads that divides {ch} channels, got {heads}")
        self.heads = heads
        self.norm = nn.GroupNorm(1, ch)
        self.qkv, self.proj = nn.Conv2d(ch, 3 * ch, 1), nn.Conv2d(ch, ch, 1)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        n, c, h, w = x.shape
        d = c // self.heads
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3, self.heads, d, h * w).transpose(3, 4).unbind(1)  # (n, heads, h*w, d) each
        p = (q @ k.transpose(2, 3) / math.sqrt(d)).softmax(3)  # (n, heads, h*w, h*w), rows add up to 1
        y = (p @ v).transpose(2, 3).reshape(n, c, h, w)
        return x + self.proj(y)
        ### END SOLUTION

# %% check="SelfAttention2d"
check("SelfAttention2d", points=4)

# %% [markdown]
# **Why?** Nothing in this layer knows where a position is: shuffle the pixels, and the result is shuffled alike. How can the U-Net still paint a 7 whose bar is at
# the top?
# <details><summary>Answer</summary>
#
# The convolutions before it know: their padding marks the border, and their kernels know left from right. By 7x7 the channels carry
# that with them, so the attention layer sees where things are without being told.
# </details>

# %% [markdown] exercise="UNet" points=5 minutes=35 difficulty=4
# ## Put the U-Net together
#
# Level $i$ has `base * multipliers[i]` channels and $1/2^i$ of the image's height and width. Down the left side: a block per level, its result kept, then `Down`. At the
# bottom: blocks and attention. Up the right side: `Up`, join what was kept at this level, a block. A last convolution returns to `in_ch` channels.
#
# ```
# x ─ stem ─ block ───────────── skip ─────────── block ─ head ─ noise        28x28, base
#              └ Down ─ block ── skip ── block ─ Up ┘                         14x14, 2 base
#                         └ Down ─ block ─ attention ─ block ─ Up ┘            7x7, 4 base
# ```
#
# The time becomes a vector once, by `time_features(t, dim)` (sines and cosines; the workbook's, or your own embedding of assignment 04) and a small network, and goes to every block.
#
# **One value by hand.** With base 16 and multipliers (1, 2, 4) the lowest level has 64 channels, the skip next to it 32. Joined by concatenation the block there
# takes 96 channels and gives 32.
#
# <details><summary>Hint 1: the idea</summary>
#
# Write the channel counts of the levels into a list first. Going down, append to a list of skips; going up, pop from its end: the last kept is the
# first needed.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Blocks down: `(base, c0)`, `(c0, c1)`, `(c1, c2)`. Blocks up: `(c2 + c1, c1)`, `(c1 + c0, c0)` with concatenation.
# Lists of layers are `nn.ModuleList`, else their weights are neither trained nor saved.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Check the sizes; `emb` is the small network's answer to `time_features(t, dim).to(x.dtype)`; `h = stem(x)`; for each level but the last: `h = block(h, emb)`, keep `h`, `h = down(h)`; then the
# last level's block, attention, one more block; for each level upwards: `torch.cat` of `up(h)` and `skips.pop()` along dimension 1 through the block; last, the head.
# </details>

# %% exercise="UNet"
class UNet(nn.Module):
    """A U-Net that predicts the noise in x at time t.

    in_ch: channels of the image. base: channels at full resolution, at least 8 and a multiple of 8.
    multipliers: one positive integer per level; level i works with base * multipliers[i] channels
        at 1/2^i of height and width. time_dim: length of the time vector, even.
    forward(x (n, in_ch, h, w), t (n,) int64 in 1..T) -> predicted noise, of x's shape, unbounded
        (no squashing at the end).
    Raises ValueError unless 2^(len(multipliers) - 1) divides h and w.
    Each example is treated by itself, with its own t. At every resolution above the lowest, a skip
        (by concatenation or addition) carries what the way down had there to the way up. All
        weights are in state_dict(): loaded into a fresh UNet of the same architecture they give the
        same function.
    `model.double()` and `model.to(device)` work: x and the weights have one dtype and one device,
        and so has the result.
    """

    def __init__(self, in_ch: int = 1, base: int = 32, multipliers: tuple[int, ...] = (1, 2, 4), time_dim: int = 128):
        super().__init__()
        ### BEGIN SOLUTION
        chs = [base * m for m in multipliers]
        self.time_dim = time_dim
        self.time = nn.Sequential(nn.Linear(time_dim, time_dim), nn.SiLU(), nn.Linear(time_dim, time_dim))
        self.stem = nn.Conv2d(in_ch, base, 3, padding=1)
        self.encoder = nn.ModuleList(TimeResBlock(a, b, time_dim) for a, b in zip([base, *chs], chs))
        self.downs = nn.ModuleList(Down(c) for c in chs[:-1])
        self.attention, self.middle = SelfAttention2d(chs[-1]), TimeResBlock(chs[-1], chs[-1], time_dim)
        sides = list(zip(chs[:0:-1], chs[-2::-1]))  # (channels below, channels here), from the bottom up
        self.ups = nn.ModuleList(Up(below) for below, _ in sides)
        self.decoder = nn.ModuleList(TimeResBlock(below + here, here, time_dim) for below, here in sides)
        self.head = nn.Sequential(nn.GroupNorm(chs[0] // 8, chs[0]), nn.SiLU(), nn.Conv2d(chs[0], in_ch, 3, padding=1))
        nn.init.zeros_(self.head[-1].weight)  # start from "no noise": the first steps are calmer
        nn.init.zeros_(self.head[-1].bias)
        ### END SOLUTION

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        factor = 2 ** len(self.downs)
        if x.shape[2] % factor or x.shape[3] % factor:
            raise ValueError(f"expected height and width divisible by {factor}, got {x.shape[2]} x {x.shape[3]}")
        emb = self.time(time_features(t, self.time_dim).to(x.dtype))  # (n, time_dim)
        h, skips = self.stem(x), []
        for block, down in zip(self.encoder, self.downs):
            h = block(h, emb)
            skips.append(h)
            h = down(h)
        h = self.middle(self.attention(self.encoder[-1](h, emb)), emb)
        for up, block in zip(self.ups, self.decoder):
            h = block(torch.cat([up(h), skips.pop()], dim=1), emb)
        return self.head(h)
        ### END SOLUTION

# %% check="UNet"
check("UNet", points=5)

# %% [markdown]
# ### How far does one output pixel see?
#
# The gradient of one output pixel with respect to all input pixels shows what it depends on. **Predict before you run:** how wide is the bright spot around the pixel for one block, for a U-Net of two levels,
# for one of three?

# %% experiment="receptive_field"
def sensitivity(function, channels: int = 1) -> torch.Tensor:
    """|d output[14, 14] / d input[i, j]|, summed over channels, `(28, 28)`, of a function of `(1, channels, 28,
    28)`.
    """
    x = torch.randn(1, channels, 28, 28, generator=torch.Generator().manual_seed(0), requires_grad=True)
    (gradient,) = torch.autograd.grad(function(x)[0, :, 14, 14].sum(), x)
    return gradient[0].abs().sum(0)


set_seed(0)
block, emb = TimeResBlock(8, 8, 16), torch.zeros(1, 16)
views = {"one block": sensitivity(lambda x: block(x, emb), 8)}
for multipliers in ((1, 2), (1, 2, 4)):
    net = UNet(base=8, multipliers=multipliers)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.2)
    views[f"U-Net, {len(multipliers)} levels"] = sensitivity(lambda x, net=net: net(x, torch.tensor([500])))
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for ax, (name, view) in zip(axes, views.items(), strict=True):
    picture = ax.imshow((view / view.max()).clamp(min=1e-6).log10(), cmap="cividis", vmin=-6, vmax=0)
    ax.set(title=name, xlabel="column", xticks=(0, 14, 27), yticks=(0, 14, 27))
axes[0].set_ylabel("row")
figure.colorbar(picture, ax=axes, label="log10 of the relative gradient")
plt.show()

# %% [markdown]
# *What the output pixel in the middle depends on, on a logarithmic scale, with random weights.* The block's bright spot is 5 pixels wide: what two 3x3 convolutions reach. With one level below it is about 10 wide, with two
# about 17: one step at a lower level is two or four pixels wide up here. The faint remainder reaches the border. In the block it comes through the statistics of group normalisation, which belong to the whole image; in the
# U-Nets attention at the bottom adds to it, and training can make that path as strong as it needs to be.

# %% [markdown] exercise="ema_update" points=2 minutes=10 difficulty=2
# ## Average the weights
#
# Adam's steps keep jittering around a good point. Averaging the weights over the last thousand steps removes the jitter, at the price of one more copy:
# $$\bar\theta \leftarrow \lambda\, \bar\theta + (1 - \lambda)\, \theta .$$
# Buffers (a batch normalisation's counters, say) are no weights: they are copied.
#
# **One value by hand.** Start at $\bar\theta = 0$, let $\theta$ be 1 all along, $\lambda = 0.9$: 0.1, then 0.19, then 0.271, after $n$ steps $1 - 0.9^n$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Walk over the two models' parameters in parallel and write into the average's.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# In place means: the tensors of `ema_model` stay the same objects, only their values change (`mul_` and `add_`, `lerp_`, or `copy_`). None of this belongs
# into a gradient.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Under `torch.no_grad()`, for each pair `(old, new)` of parameters: `old.mul_(decay)`, then `old.add_(new, alpha=1 - decay)`; for each pair of buffers: `copy_`.
# </details>

# %% exercise="ema_update"
def ema_update(ema_model: nn.Module, model: nn.Module, decay: float) -> None:
    """One step of the running average of the weights, in place on ema_model.

    average = decay * average + (1 - decay) * new.
    ema_model, model: two modules of one structure. decay: in [0, 1]; 0 copies the model, 1 keeps
        the average as it is.
    Parameters (any float dtype) are averaged, buffers (also integer ones) copied by value. `model`
        stays as it is, nothing is shared between the two, and no gradient is recorded. Whatever it
        returns is ignored.
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        for average, new in zip(ema_model.parameters(), model.parameters(), strict=True):
            average.mul_(decay).add_(new, alpha=1 - decay)
        for kept, new in zip(ema_model.buffers(), model.buffers(), strict=True):
            kept.copy_(new)
    ### END SOLUTION

# %% check="ema_update"
check("ema_update", points=2)

# %% [markdown]
# ### What an average is good for, and when it is too late
#
# **Predict before you run.** A weight wanders from 0 to 1 within 100 noisy steps and then jitters around 1. Which average is best after 400 steps: decay 0.9, 0.99 or 0.999?

# %% experiment="averages"
class Weight(nn.Module):
    """A model of one number."""

    def __init__(self):
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))


def follow(path: torch.Tensor, decay_at) -> list[float]:
    """The running average of a path `(steps,)` of one weight, with the decay of step k given by `decay_at(k)`.
    """
    average, weight, seen = Weight(), Weight(), []
    for k, value in enumerate(path):
        weight.value.data.fill_(value)
        ema_update(average, weight, decay_at(k))
        seen.append(average.value.item())
    return seen


steps = torch.arange(400)
path = (steps / 100).clamp(max=1) + 0.2 * torch.randn(400, generator=torch.Generator().manual_seed(0))
figure, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
ax.plot(path, color="0.8", linewidth=0.8, label="the weight")
for (name, decay_at), colour, style in zip({
    "0.9": lambda k: 0.9, "0.99": lambda k: 0.99, "0.999": lambda k: 0.999, "0.999, warmed up": lambda k: min(0.999, (1 + k) / (10 + k)),
}.items(), (COLOURS[0], COLOURS[2], COLOURS[6], COLOURS[4]), ("-", "--", ":", "-."), strict=True):
    ax.plot(follow(path, decay_at), color=colour, linestyle=style, label=f"decay {name}")
ax.set(title="Running averages of a jittering weight", xlabel="step", ylabel="value")
ax.legend(frameon=False, ncols=2)
plt.show()

# %% [markdown]
# *One weight (grey) and its averages.* 0.9 still jitters, 0.99 is calm but arrives late, and 0.999 has hardly left its starting point: after $n$ steps a share $0.999^n$ of the average is
# still the random initialisation, 67 % after 400 steps. The remedy is a warm-up, $\lambda_k = \min(\lambda, (1 + k)/(10 + k))$: short averages first, long ones later. It follows from the first step on, and grows calmer the longer it runs.

# %% [markdown] exercise="train_unet" points=5 minutes=35 difficulty=4
# ## Train it, on whatever you have
#
# The loss is the one of assignment 04: draw a time and a noise for every image, and compare,
# $$L = \mathbb{E}\,\big(\varepsilon - \hat\varepsilon(\sqrt{\bar\alpha_t}\,x_0 + \sqrt{1 - \bar\alpha_t}\,\varepsilon,\ t)\big)^2,$$
# a mean over batch and pixels. New are three things around it. **Device**: the function brings model, schedule and batches to `device` itself; only the random numbers come from a
# CPU generator, so that a seed means the same everywhere. **Mixed precision** on CUDA: the forward pass runs under `torch.autocast` in bfloat16 (on older cards float16, whose gradients would
# underflow; `torch.amp.GradScaler` multiplies the loss first and divides the gradients later), weights and loss stay float32. **EMA**: a copy of the model follows by `ema_update`.
#
# **One value by hand.** A network whose last layer is zero predicts 0, so its first loss is the mean of $\varepsilon^2$: 1, up to about $\sqrt{2/50{,}176} = 0.006$ for a batch of 64 images of 784 pixels. If your first loss is
# far from 1, something is wrong before training begins.
#
# <details><summary>Hint 1: the idea</summary>
#
# Take your loop of assignment 04. Add `.to(device)` in the right places, the autocast context around the model call, and one line for the average.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# `ema_model = copy.deepcopy(model)` after the model has moved. The scaler has an `enabled` switch, so the same lines serve with and without it:
# `scaler.scale(loss).backward()`, `scaler.step(optimizer)`, `scaler.update()`. Warm-up: `min(ema_decay, (1 + step) / (10 + step))`.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `for step in track(steps, "training", losses, batch_size)`: `x0` is the next of `batches` (endless, shuffled every epoch); `t` is `torch.randint(1, T + 1, (len(x0),), generator=generator)` on the device, `eps` likewise;
# `x_t` from `alpha_bar[t]` viewed as `(n, 1, 1, 1)`; under `torch.autocast(device.type, dtype=..., enabled=mixed)`: `eps_hat = model(x_t, t)`; the loss in float32; zero_grad, backward, step, `ema_update`, append.
# </details>

# %% exercise="train_unet"
def train_unet(
    model: nn.Module, images: torch.Tensor, schedule: NoiseSchedule, *, steps: int, batch_size: int = 128, lr: float = 1e-3,
    generator: torch.Generator | None = None, device, ema_decay: float = 0.999, amp: bool | None = None,
) -> tuple[nn.Module, list[float]]:
    """Train `model(x_t, t) -> eps_hat` on the DDPM loss and keep a running average of its weights.
    Returns (ema_model, losses).

    model: a module, trained in place and moved to `device`; left in training mode or as it came.
    images: (N, c, h, w), float, on any device; N may be smaller than batch_size.
    schedule: a NoiseSchedule; times are drawn uniformly from {1, ..., T}, both ends included, one
        per example and step, noise likewise.
    Batches are drawn without replacement, freshly shuffled in every epoch; a last short batch may
        be kept or dropped (but not if it is the only one).
    x_t has the images' dtype (float32 or float64). lr: the optimiser's step size; any torch
        optimiser.
    generator: a CPU generator for shuffle, times and noise (None: the global one).
    device: a torch.device or its name.
    ema_decay: as in `ema_update`, after every step; a warm-up that starts with smaller decays is
        allowed, if it has reached 0.9 within 100 steps. ema_model is a separate module on `device`
        with the structure of `model`.
    amp: mixed precision. None: on CUDA only. True or False: as told (on the CPU True means
        bfloat16).
    losses: one Python float per step, the mean squared error of that step's batch before the
        update.
    """
    ### BEGIN SOLUTION
    device = torch.device(device)
    model, schedule, images = model.to(device), schedule.to(device), images.to(device)
    mixed = device.type == "cuda" if amp is None else amp
    half = torch.float16 if device.type == "cuda" and not torch.cuda.is_bf16_supported() else torch.bfloat16
    scaler = torch.amp.GradScaler(device.type, enabled=mixed and half == torch.float16)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ema_model, losses, stream = copy.deepcopy(model), [], batches(images, batch_size, generator)
    for step in track(steps, "training", losses, batch_size):
        x0 = next(stream)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(device)
        eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype).to(device)
        alpha_bar = schedule.alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
        x_t = alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps
        with torch.autocast(device.type, dtype=half, enabled=mixed):
            eps_hat = model(x_t, t)
        loss = (eps_hat.to(eps.dtype) - eps).square().mean()
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        ema_update(ema_model, model, min(ema_decay, (1 + step) / (10 + step)))
        losses.append(loss.item())
    return ema_model, losses
    ### END SOLUTION

# %% check="train_unet"
check("train_unet", points=5)

# %% [markdown]
# ### The run
#
# `SETTING` was chosen by what you have: on a CPU a network with 8 channels at full resolution and 900 steps (about two minutes on one core), on a GPU one with 32 channels and
# 12,000 steps of 256 images.
#
# **Predict before you run.** The loss starts at 1. Where will it be after 50 steps, and where at the end: at 0.5, 0.1, 0.05 or 0? (Can it reach 0?)

# %% experiment="train"
set_seed(0)
model = UNet(**SETTING["architecture"])
began = time.time()
ema_model, losses = train_unet(model, images, schedule, steps=SETTING["steps"], batch_size=SETTING["batch_size"], lr=SETTING["lr"],
                               generator=torch.Generator().manual_seed(0), device=device)
print(f"{sum(p.numel() for p in model.parameters()):,} weights, {SETTING['steps'] * SETTING['batch_size'] / (time.time() - began):,.0f} images per second, "
      f"loss of the last 100 steps {sum(losses[-100:]) / 100:.4f}")
loss_curve(losses, title="Training the U-Net", ylabel="mean squared error of the noise")

# %% [markdown]
# *The loss falls steeply, then creeps.* It cannot reach 0: from $x_t$ alone several clean images are possible, and the noise with them (lecture 05, the minimiser of the epsilon-prediction loss). From
# here on the curve hardly tells a good model from a fair one. The samples do.

# %% experiment="samples"
generator = torch.Generator().manual_seed(1)
samples = clipped_sampler(ema_model, (40, 1, 28, 28), schedule, steps=25, generator=generator, device=device).cpu()
show_images(samples, columns=10, title="Samples in 25 steps from the averaged weights", value_range=(-1, 1))

# %% [markdown]
# *Forty samples, none chosen.* After two CPU minutes most strokes are clean and many samples are digits; some are shapes that no one has a name for. Longer training is what mends them, and the next
# pictures show what else matters.
#
# **Predict before you run.** The same noise, decoded by the averaged and by the last weights: which is cleaner?

# %% experiment="average_or_last"
pair = {}
for name, net in {"averaged": ema_model, "last": model}.items():
    pair[name] = clipped_sampler(net, (10, 1, 28, 28), schedule, 25, torch.Generator().manual_seed(2), device).cpu()
show_rows(pair, "The same starting noise, averaged and last weights", value_range=(-1, 1))

# %% [markdown]
# *Columns share their starting noise.* The averaged weights give calmer strokes; the last weights were caught in the middle of a jump.
#
# ### What do the skips carry?
#
# We build a twin without skips from your own blocks, train both for the same short time and look at the error at every time. **Predict before you run:** at which times will the
# twin be worst, near the data or near the noise?

# %% experiment="without_skips"
class Funnel(nn.Module):
    """A U-Net without its skips: everything goes through the bottom."""

    def __init__(self, base: int = 8):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 64))
        self.first, self.last = nn.Conv2d(1, base, 3, padding=1), nn.Conv2d(base, 1, 3, padding=1)
        self.down_blocks = nn.ModuleList([TimeResBlock(base, base, 64), TimeResBlock(base, 2 * base, 64)])
        self.downs = nn.ModuleList([Down(base), Down(2 * base)])
        self.bottom = nn.ModuleList([TimeResBlock(2 * base, 4 * base, 64), TimeResBlock(4 * base, 2 * base, 64)])
        self.ups = nn.ModuleList([Up(2 * base), Up(base)])
        self.up_blocks = nn.ModuleList([TimeResBlock(2 * base, base, 64), TimeResBlock(base, base, 64)])

    def forward(self, x, t):
        """Predicted noise of x's shape."""
        emb, h = self.time(time_features(t, 64)), self.first(x)
        for block, down in zip(self.down_blocks, self.downs, strict=True):
            h = down(block(h, emb))
        for block in self.bottom:
            h = block(h, emb)
        for up, block in zip(self.ups, self.up_blocks, strict=True):
            h = block(up(h), emb)
        return self.last(h)


@torch.no_grad()
def error_at(net, times, n: int = 200) -> list[float]:
    """Mean squared error of the noise on held-out digits, at each of the times."""
    generator, x0, errors = torch.Generator().manual_seed(3), digits.test_x[:n].to(device) * 2 - 1, []
    for t in times:
        eps = torch.randn(x0.shape, generator=generator).to(device)
        a = schedule.alpha_bar[t].item()
        errors.append((net(a**0.5 * x0 + (1 - a) ** 0.5 * eps, torch.full((n,), t, device=device)) - eps).square().mean().item())
    return errors


times = (20, 50, 100, 200, 300, 450, 600, 750, 900, 990)
brief = dict(steps=150, batch_size=64, lr=3e-3, device=device, ema_decay=0.99)
figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for (name, build), colour, style in zip({"with skips": lambda: UNet(base=8, time_dim=64), "without": Funnel}.items(), (COLOURS[0], COLOURS[6]), ("-", "--"), strict=True):
    set_seed(0)
    twin, _ = train_unet(build(), images, schedule, generator=torch.Generator().manual_seed(0), **brief)
    ax.semilogy(times, error_at(twin, times), color=colour, linestyle=style, marker="o", label=name)
ax.set(title="150 steps each: error against time", xlabel="t", ylabel="mean squared error of the noise")
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# *Error of the predicted noise on held-out digits (logarithmic), with and without skips.* The twin is worse at every time, and worst, by a factor of some forty, near the **noise**. There $x_t$ is almost the noise itself, and
# the right answer is little more than a copy of 784 independent numbers. The bottom has room for them (7x7 places with 16 channels are 784 numbers too), but folding every pixel into channels and unfolding it in its place has to
# be learned, and in 150 steps it was not: half of the noise is lost at all times. Near the data the noise is faint, both find it hard, and the factor is less than two. What the skips carry is the pixels.

# %% [markdown] exercise="frechet_distance" points=3 minutes=15 difficulty=3
# ## Measure the distance between two clouds
#
# Fit a Gaussian to the features of real images and one to those of samples; between Gaussians the squared Fréchet (Wasserstein-2) distance has a closed form:
# $$d^2 = \lVert \mu_a - \mu_b \rVert^2 + \operatorname{tr}\!\big(\Sigma_a + \Sigma_b - 2\,(\Sigma_a^{1/2}\, \Sigma_b\, \Sigma_a^{1/2})^{1/2}\big).$$
# With the features of an Inception network this is the FID of the literature.
#
# **One value by hand.** In one dimension, $N(0, 1)$ against $N(3, 4)$: $9 + 1 + 4 - 2\sqrt{1 \cdot 4} = 10$, which is $(0 - 3)^2 + (1 - 2)^2$: means and *standard deviations* move apart.
#
# <details><summary>Hint 1: the idea</summary>
#
# A square root of a symmetric matrix comes from its eigenvalues: root the eigenvalues, keep the vectors. It is not the root of every entry.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# The trace of a root is the sum of the roots of the eigenvalues, so the outer root needs eigenvalues only. Rounding can make an eigenvalue that should
# be 0 slightly negative: clamp before the root.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# In float64: `values, vectors = torch.linalg.eigh(a)`; the root is `vectors` times the clamped roots of `values`, times `vectors.T`; the trace of the outer root is the sum of the clamped roots of `eigvalsh(root @ b @ root)`; then the formula, clamped at 0.
# </details>

# %% exercise="frechet_distance"
def frechet_distance(mu_a: torch.Tensor, cov_a: torch.Tensor, mu_b: torch.Tensor, cov_b: torch.Tensor) -> torch.Tensor:
    """The squared Fréchet distance between N(mu_a, cov_a) and N(mu_b, cov_b), as in FID: a scalar, at least 0.

    mu_a, mu_b: (k,).
    cov_a, cov_b: (k, k), symmetric, positive semi-definite, possibly singular. k may be 1.
    Symmetric in a and b; 0 for equal arguments up to rounding, and never below 0; real and finite
        for singular covariances.
    Returns a 0-d tensor (or a float). Need not be differentiable.
    """
    ### BEGIN SOLUTION
    a, b = cov_a.double(), cov_b.double()
    values, vectors = torch.linalg.eigh(a)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T  # the symmetric root of cov_a
    cross = torch.linalg.eigvalsh(root @ b @ root).clamp(min=0).sqrt().sum()
    distance = (mu_a.double() - mu_b.double()).square().sum() + a.trace() + b.trace() - 2 * cross
    return distance.clamp(min=0).to(mu_a.dtype)
    ### END SOLUTION

# %% check="frechet_distance"
check("frechet_distance", points=3)

# %% [markdown]
# ### A distance depends on how many you count
#
# **Predict before you run.** Real training digits against real held-out digits, in the features of the workbook's judge, with 50, 100, 200, 400 and 1,000 images on each side. The two sets come from one
# distribution. What will the distance do?

# %% experiment="bias"
judge = Judge.load(28)


def moments(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and covariance of the judge's features of images in [0, 1]."""
    features = judge.features(x)
    return features.mean(0), features.T.cov()


sizes = (50, 100, 200, 400, 1000)
real_against_real = [frechet_distance(*moments(digits.train_x[:n]), *moments(digits.test_x[:n])) for n in sizes]
samples = clipped_sampler(ema_model, (200, 1, 28, 28), schedule, 20, torch.Generator().manual_seed(4), device).cpu()
against_samples = [frechet_distance(*moments((samples[:n] + 1) / 2), *moments(digits.test_x[:n])) for n in sizes[:3]]
figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.loglog(sizes, real_against_real, "o-", color=COLOURS[0], label="real digits")
ax.loglog(sizes[:3], against_samples, "s--", color=COLOURS[6], label="your samples")
ax.set(title="Distance to held-out digits", xlabel="images on each side", ylabel="squared Fréchet distance")
ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
ax.set_yticks((50, 100, 200, 500, 1000), ("50", "100", "200", "500", "1,000"))
ax.minorticks_off()
ax.legend(frameon=False)
plt.show()
report = judge.report((samples + 1) / 2)
print(f"recognised with p > 0.9: {report.confident:.0%} of the samples, {report.real_confident:.0%} of held-out real digits; classes {report.counts}; distance ratio {report.ratio:.1f}")

# %% [markdown]
# *Squared Fréchet distance against the number of images.* Real against real should be 0, and it is about 400 with 50 images a side and still 35 with 1,000: the distance of two finite samples is biased
# upwards. So compare distances only at equal sizes, in the same features, against the same reference.

# %% [markdown] question="two_distances" points=2
# **In writing (2 points, graded by a person).** Two classmates report the Fréchet distance of their samples: one 4.1 with 200 samples, the other 3.6 with 2,000. Whose model is better? What would you ask them
# before you answer, and which number would you want beside each of the two?
#
# ### BEGIN SOLUTION
# It cannot be said. The distance of finite samples is biased upwards, the more the fewer they are, so 4.1 at 200 may well belong to the better model. I would ask for the same number of samples on both sides, the same features and the
# same reference images, and beside each the distance of real training images to the same reference at that same size: the ratio to it says how far from perfect a model is. (Full points for the bias, the equal sizes and a real-to-real baseline.)
# ### END SOLUTION

# %% [markdown] exercise="weights" points=4 minutes=20 difficulty=3
# ## Hand in the weights
#
# The cells below save averaged weights as `unet.safetensors` beside this notebook; hand the file in with the notebook. The grader loads it into *your* `UNet` and lets it predict noise: on real
# digits that no one trained on, and on the way from noise to 64 samples in 20 steps, with the workbook's sampler and `angle_schedule(1000)`. A judge that was trained on real digits looks at the samples.
#
# What counts:
# - **the file**: safetensors (no pickle), at most 16 MB, floating-point weights (half precision will do), all finite, at most 4 million, with the architecture in its metadata as `save_unet` writes it:
#   `in_ch` 1, `base` at most 64, one to four multipliers of at most 8, `time_dim` at most 512;
# - **your class**: `UNet(**architecture)` loads it by `load_state_dict`;
# - **the noise**: on held-out digits, at times from 5 to 1000, the mean squared error of the predicted noise is at most 0.15, and with the same numbers in another order it is not: what the network knows, it knows
#   from its weights;
# - **the samples**: of 64, at least 32 are recognised as a digit with more than 90 % probability, and among those are at least six different digits. (If your samples are recognised in 70 % of cases, chance takes you below 32 about
#   once in four thousand times; at 78 %, less than once in a million.)
#
# <details><summary>Hint 1: the idea</summary>
#
# Train a wider network for longer. The short run above learns to draw strokes; the bar here asks for some nine times its computing time.
# </details>
# <details><summary>Hint 2: what helps</summary>
#
# `base=16` instead of 8, and a learning rate that falls towards the end: `train_unet` goes on from the weights that the model has, so call it again with a smaller `lr`.
# </details>
# <details><summary>Hint 3: how to know</summary>
#
# The check cell judges your file by the same measures as the grader. Look at the samples first: if you can read most of them, so can the judge.
# </details>

# %% experiment="longer"
TRAIN_LONGER = False  # True without a GPU and with a lunch break: some twenty minutes on one core
LONG = dict(in_ch=1, base=16, multipliers=(1, 2, 4), time_dim=128)
file = Path("unet.safetensors")


def train_longer() -> nn.Module:
    """Four stretches of 1,000 steps with a falling learning rate; the averaged weights of the last."""
    set_seed(0)
    net = UNet(**LONG)
    for stretch, lr in enumerate((2e-3, 1e-3, 5e-4, 2e-4)):
        average, _ = train_unet(net, images, schedule, steps=1000, batch_size=64, lr=lr, generator=torch.Generator().manual_seed(stretch), device=device)
    return average


if TRAIN_LONGER:
    save_unet(train_longer(), file, **LONG)
elif not file.exists():
    save_unet(ema_model, file, **SETTING["architecture"])
else:
    print("kept the file that was here: a short run does not write over the work of a longer one")
print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
best = load_unet(UNet, file).to(device)
from_file = clipped_sampler(best, (20, 1, 28, 28), schedule, 20, torch.Generator().manual_seed(5), device).cpu()
show_images(from_file, columns=10, title=f"Twenty samples from {file}", value_range=(-1, 1))

# %% check="weights"
check("weights", points=4)

# %% [markdown]
# ## Debug me: the loss is fine, the samples are noise
#
# A colleague trains with the function below. The loss falls as it should, the last weights draw their first strokes, and yet the samples from the *averaged* weights look like television without an aerial.
# Run the next two cells and look (twenty seconds). **Before you change anything**, say what share of the average is still the random initialisation after these 120 steps. Then mend the one line (keep the signature,
# and keep `decay` as the value for long runs), run both cells again, and let the check have its say.

# %% debug="train_briefly"
def train_briefly(model, images, schedule, steps, decay=0.9999):
    """Train for a few steps; returns the averaged model, which should follow the model from the very beginning,
    however few the steps.
    """
    average = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(steps):
        x0 = images[torch.randint(len(images), (64,))]
        t, eps = torch.randint(1, schedule.T + 1, (64,)), torch.randn_like(x0)
        alpha_bar = schedule.alpha_bar[t].view(-1, 1, 1, 1)
        loss = (model(alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps, t) - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ### BEGIN SOLUTION
        ema_update(average, model, min(decay, (1 + step) / (10 + step)))
        ### END SOLUTION
        ### BEGIN BUGGY
        # ema_update(average, model, decay)
        ### END BUGGY
    return average

# %% experiment="brief_run"
set_seed(0)
hasty = UNet(base=8, time_dim=64)
their_average = train_briefly(hasty, images, schedule, steps=120)
pair = {}
for name, net in {"averaged": their_average, "last": hasty}.items():
    pair[name] = clipped_sampler(net, (10, 1, 28, 28), schedule, 20, torch.Generator().manual_seed(6), "cpu")
show_rows(pair, "After 120 steps: the same starting noise, averaged and last weights", value_range=(-1, 1))

# %% check="train_briefly"
check("train_briefly")

# %% [markdown]
# <details><summary>What happened</summary>
#
# With decay 0.9999 the share of the initial weights after 120 steps is $0.9999^{120}$, 98.8 %. Nothing is wrong with the loss, because the loss never looks at the average. That is what makes this bug expensive:
# only the samples show it, after hours.
# </details>
#
# ## On a GPU
#
# Nothing in this notebook changes on a GPU: `pick_device` finds it, `SETTING` becomes the larger one, and `train_unet` computes in mixed precision. To see what mixed precision gains on yours, time 200 steps with `amp=True` and with `amp=False`
# and compare images per second. For a small network on a fast card the gain can be nothing: then the time goes into launching many small operations, not into arithmetic. A larger batch or a wider network moves the balance.
#
# ## What you have now
#
# - A block that is told the time by a shift, and the reason why a normalisation may erase it.
# - A U-Net: the way down sees the whole, the skips keep the pixels, attention at the bottom joins what is far apart.
# - A training function that runs on any device, in mixed precision where that pays, with averaged weights that sample better than the last ones.
# - A number for the quality of samples, and the habit of writing the real-to-real distance beside it.
#
# Next: lecture 08 gives the network a wish (a class, a text) and moves it into a latent space.
