# %% [markdown]
# # 1 · Autoencoders
#
# An 8x8 digit is 64 numbers. How many does it need? In this notebook you squeeze digits through a *bottleneck* of a few numbers, the
# **code**, and rebuild them from there: first with lines and planes (PCA), then with a network that learns to do the same, then with one
# that does better, and at last with convolutions.
#
# **You will be able to**
# - compute PCA, and say in which sense no other linear method beats it;
# - show that a linear autoencoder finds the same plane as PCA, and what about it differs;
# - build and train a non-linear autoencoder that makes two thirds of PCA's error on unseen digits, with as many codes;
# - search images by their codes;
# - say why decoding *random* codes disappoints, which is where variational autoencoders begin.
#
# **You need** lecture 01 (representations), a little linear algebra (the SVD) and the PyTorch of its official quickstart.
#
# **Time:** about two and a half hours of work, of which the computer needs about one minute of one CPU core and no network.
#
# **How it works.** Each exercise asks for one function or class. Replace `raise NotImplementedError`, run the cell, run the check below it.
# A check tells you what it saw and what it expected; it never costs points. Three folded hints wait under each exercise.

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
from workbook.data import batches, digits8, digits28
from workbook.device import set_seed
from workbook.judge import Judge
from workbook.plots import COLOURS, latent_map, loss_curve, show_images, show_rows
from workbook.progress import track

check = Checker("01_autoencoder", globals())

# %% experiment="look"
digits = digits8()
print("training", tuple(digits.train_x.shape), " held out", tuple(digits.test_x.shape), " grey values from", digits.train_x.min().item(), "to", digits.train_x.max().item())
show_images(digits.train_x[:20], columns=10, title="Twenty digits, 64 numbers each")

# %% [markdown]
# *Twenty of the 1,500 training digits. Another 297 are held out: no method below sees them before it is measured on them.*
#
# **Predict.** You may describe every digit by *two* numbers of your choice, and somebody rebuilds it from these two. Measured as the mean
# squared error per pixel, the dullest method of all, answering every digit with the mean digit, makes an error of about 0.074.
# What would the best two numbers reach? Write your guess down; you will meet the answer twice.

# %% [markdown] exercise="fit_pca" points=5 minutes=20 difficulty=2
# ## Fit PCA
#
# **Goal.** Find the $k$ directions along which the digits vary most.
#
# Put the mean $m$ of the data in the origin. Among all $k$-dimensional subspaces, the one that loses least of the centred data
# $x - m$ in squared error is spanned by the $k$ leading eigenvectors of the covariance matrix (lecture 01, the best $k$-dimensional projection):
#
# $$\min_{U^\top U = I}\ \frac1n \sum_i \lVert (x_i - m) - U U^\top (x_i - m) \rVert^2 = \sum_{j > k} \lambda_j .$$
#
# There are two roads to them: the eigenvectors of the $d \times d$ covariance, or the right singular vectors of the centred $n \times d$
# data, $X - m = W S V^\top$, where $\lambda_j = s_j^2 / n$. The second one also works with fewer examples than pixels, and loses no digits by squaring.
#
# **By hand.** The points $(1,1), (3,5), (5,9)$ have the mean $(3,5)$. Centred: $(-2,-4), (0,0), (2,4)$. They lie on one line, so the first
# component is $\pm(1,2)/\sqrt5 = \pm(0.447, 0.894)$, and the variance along the second one, $\pm(2,-1)/\sqrt5$, is zero.
#
# <details><summary>Hint 1: the idea</summary>
#
# Subtract the mean over the examples, not over everything: it has one entry per pixel. The components are directions in pixel space, so each has $d$ entries too.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# With $X - m = W S V^\top$, the rows of $V^\top$ are the components, already orthonormal and ordered from large to small. `torch.linalg.eigh`, on the other road, orders from small to large.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `torch.linalg.svd(..., full_matrices=False)` returns three things, and the third one is $V^\top$, of shape `(min(n, d), d)`. Keep its first `k` rows. Test `k` before.
# </details>

# %% exercise="fit_pca"
def fit_pca(x: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean of the data and its k directions of largest variance.

    x: (n, d), float32 or float64, any n >= 1, also n < d. 1 <= k.
    Returns mean (d,) and components (k, d) in x's dtype: orthonormal rows, the one of largest
        variance first. A row's sign is free.
    The result is that of an exact method (no randomised one); it need not be differentiable.
    Raises ValueError for k > min(n, d), and says what was expected and what came.
    """
    ### BEGIN SOLUTION
    n, d = x.shape
    if k > min(n, d):
        raise ValueError(f"expected k <= min(n, d) = {min(n, d)}, got {k}")
    mean = x.mean(0)  # (d,)
    rows = torch.linalg.svd(x - mean, full_matrices=False).Vh  # (min(n, d), d)
    return mean, rows[:k]  # (d,), (k, d)
    ### END SOLUTION


# %% check="fit_pca"
check("fit_pca", points=5)

# %% [markdown]
# **Why centre first?** What would the first component of the digits look like if you forgot to subtract the mean?
# <details><summary>Answer</summary>
#
# Like the mean digit. All pixels are positive, so the longest direction seen from the origin is the way from the origin to the cloud, not a
# direction inside the cloud. One of your $k$ numbers would then be spent on saying "this is a digit".
# </details>

# %% [markdown] exercise="project" points=3 minutes=5 difficulty=1
# ## Project onto the components
#
# **Goal.** Turn each image into its code: its $k$ coordinates in the basis you found.
#
# $$z = U^\top (x - m), \qquad U^\top = \texttt{components}$$
#
# **By hand.** With mean $(3,5)$ and the component $(1,2)/\sqrt5$, the point $(5,9)$ has the code $(2 \cdot 1 + 4 \cdot 2)/\sqrt5 = 10/\sqrt5 = 4.472$.
#
# <details><summary>Hint 1: the idea</summary>
#
# A coordinate is an inner product with a direction, measured from the mean that was fitted, not from the mean of the images at hand.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# For a whole batch in rows: $Z = (X - m)\, C^\top$ with $C$ = `components`, shapes `(n, d)` times `(d, k)`.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Broadcasting subtracts `mean` `(d,)` from every row of `x` `(n, d)`. Then one matrix product with the transposed `components`.
# </details>

# %% exercise="project"
def project(x: torch.Tensor, mean: torch.Tensor, components: torch.Tensor) -> torch.Tensor:
    """The codes of images in the basis of PCA, z = (x - mean) components^T.

    x: (n, d), mean: (d,), components: (k, d) with orthonormal rows, all of one dtype and device.
    Returns (n, k). Differentiable in x.
    """
    ### BEGIN SOLUTION
    return (x - mean) @ components.T  # (n, k)
    ### END SOLUTION


# %% check="project"
check("project", points=3)

# %% [markdown] exercise="reconstruct" points=3 minutes=5 difficulty=1
# ## Reconstruct from the code
#
# **Goal.** Go back from $k$ numbers to a whole image.
#
# $$\hat x = m + U z$$
#
# **By hand.** The code $4.472$ gives $(3,5) + 4.472 \cdot (0.447, 0.894) = (3,5) + (2,4) = (5,9)$: the point lay on the line, so nothing is lost.
#
# <details><summary>Hint 1: the idea</summary>
#
# The code says how far to walk along each component, starting at the mean.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# In rows: $\hat X = Z C + m$. There is nothing to clamp: PCA does not know that grey values end at 0 and 1, and may leave them a little.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# One matrix product `(n, k)` times `(k, d)`, then add `mean`, which broadcasts over the rows.
# </details>

# %% exercise="reconstruct"
def reconstruct(z: torch.Tensor, mean: torch.Tensor, components: torch.Tensor) -> torch.Tensor:
    """The images that PCA rebuilds from codes, x_hat = mean + z components, as they are (not clamped to [0,
    1]).

    z: (n, k), mean: (d,), components: (k, d) with orthonormal rows, all of one dtype and device.
    Returns (n, d). Differentiable in z.
    """
    ### BEGIN SOLUTION
    return mean + z @ components  # (n, d)
    ### END SOLUTION


# %% check="reconstruct"
check("reconstruct", points=3)

# %% [markdown]
# **Why no inverse?** `components` is not square, yet its transpose brings you back. What property makes that work, and what is lost?
# <details><summary>Answer</summary>
#
# The rows are orthonormal, so $C C^\top = I$ ($k \times k$): going back and forth changes no code. In the other order, $C^\top C$ is a projector of pixel space ($d \times d$):
# it keeps what lies in the plane and drops what is perpendicular to it. That part is the error.
# </details>

# %% [markdown]
# **Predict** before you run the next cell: how fast does the error fall with $k$? Which digits share a region when every digit is a point of the plane, $k = 2$?

# %% experiment="pca"
def pca_error(k):
    """Held-out mean squared error per pixel of PCA with k codes, fitted to the training digits."""
    mean, components = fit_pca(digits.train_x, k)
    x_hat = reconstruct(project(digits.test_x, mean, components), mean, components)
    return (x_hat - digits.test_x).square().mean().item()


mean, components = fit_pca(digits.train_x, 16)
plain = (digits.train_x.mean(0) - digits.test_x).square().mean().item()
print(f"held-out error per pixel: mean digit {plain:.4f}, PCA with 2 codes {pca_error(2):.4f}, with 16 codes {pca_error(16):.4f}")

figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
ks = [1, 2, 4, 8, 16, 24, 32, 48, 64]
axes[0].semilogy(ks[:-1], [pca_error(k) for k in ks[:-1]], "o-", color=COLOURS[0])
axes[0].set(xlabel="codes per digit, $k$", ylabel="held-out squared error per pixel", title="Every code helps, the first ones most")
axes[0].grid(alpha=0.25)
latent_map(project(digits.test_x, mean, components[:2]), digits.test_y, title="Held-out digits, two codes of PCA", ax=axes[1])
plt.show()

x = digits.test_x[:10]
rows = {"original": x}
for k in (2, 8, 16):
    rows[f"PCA, {k}"] = reconstruct(project(x, mean, components[:k]), mean, components[:k])
show_rows(rows, title="Ten held-out digits through 2, 8 and 16 numbers")

# %% [markdown]
# *Left: the error of PCA against the number of codes, on a logarithmic scale. Right: each held-out digit at its two codes; some classes are
# apart, many lie on top of each other. Below: two codes give a blur, sixteen a readable digit.*
#
# Two numbers take the error from 0.074 to about 0.053. That is the best a *plane* can do, and a theorem says so. It says nothing about curved surfaces.

# %% [markdown] exercise="mse_loss" points=2 minutes=5 difficulty=1
# ## Measure the error
#
# **Goal.** The loss by which every network of this notebook learns: one number per batch.
#
# $$L = \frac{1}{n\,d} \sum_{i=1}^{n} \sum_{j=1}^{d} (\hat x_{ij} - x_{ij})^2$$
#
# **By hand.** For $\hat x = \begin{pmatrix} 0.5 & 1 \\ 0 & 0 \end{pmatrix}$ and $x = \begin{pmatrix} 0 & 1 \\ 1 & 0 \end{pmatrix}$ the squares are
# $0.25, 0, 1, 0$; their mean is $1.25/4 = 0.3125$. Their sum would be $1.25$: four times as much. Which of the two a paper means by "MSE" you
# must look up each time. It will matter in notebook 3, where a mean in the wrong place makes a whole model collapse.
#
# <details><summary>Hint 1: the idea</summary>
#
# Difference, square, average over everything.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Divide by the number of all entries, $n d$ (for images, $n c h w$), not by $n$ alone.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# A tensor has `.square()` and `.mean()`; without an argument the mean runs over all of its entries.
# </details>

# %% exercise="mse_loss"
def mse_loss(x_hat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The squared error, averaged over pixels and batch: a scalar tensor, differentiable in x_hat.

    x_hat, x: one shape, (n, d) or (n, c, h, w), one dtype and device. No factor 1/2, no root.
    """
    ### BEGIN SOLUTION
    return (x_hat - x).square().mean()
    ### END SOLUTION


# %% check="mse_loss"
check("mse_loss", points=2)

# %% [markdown] exercise="largest_angle" points=5 minutes=20 difficulty=3
# ## Compare two subspaces
#
# A network is about to learn a plane. To say whether it is PCA's plane, you cannot compare basis vectors: one plane has many bases.
# You compare the planes themselves.
#
# **Goal.** The largest principal angle between two row spaces: 0 where they are one, $\pi/2$ where one contains a direction perpendicular to the other.
#
# Let $Q_a, Q_b$ ($d \times k$) have orthonormal columns that span the two spaces. The singular values of $Q_a^\top Q_b$ are the cosines of the
# principal angles (lecture 01, principal angles between subspaces), so the largest angle belongs to the *smallest* singular value:
#
# $$\cos\theta_{\max} = \sigma_{\min}(Q_a^\top Q_b), \qquad \sin\theta_{\max} = \sigma_{\max}\bigl(Q_b - Q_a Q_a^\top Q_b\bigr).$$
#
# The two say the same on paper. In the computer they do not: float32 has about seven digits, and $\cos(0.0001) = 0.999999995$ is rounded to 1.
# Near zero, the cosine throws away half of the digits of the angle; near $\pi/2$ the sine does. $\operatorname{atan2}(\sin, \cos)$ takes the good one of each.
#
# **By hand.** Let $a$ span the directions $(1,0,0), (0,1,0)$ and $b$ span $(1,0,0), (0,1,1)$. They share the first direction (angle 0); the second one of
# $b$ is tilted by 45 degrees. The largest angle is $\pi/4 = 0.785$.
#
# <details><summary>Hint 1: the idea</summary>
#
# First make each basis orthonormal without changing its span. Only then do singular values mean cosines.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# `torch.linalg.qr` of the transposed basis `(d, k)` gives $Q$ with orthonormal columns. Project $Q_b$ onto the span of $Q_a$; what is left over has the singular values $\sin\theta$.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `overlap = q_a.T @ ...`; the sine is the largest of `torch.linalg.svdvals` of `q_b` minus `q_a @ overlap`, the cosine the smallest of that of `overlap`; `torch.atan2` of the two.
# </details>

# %% exercise="largest_angle"
def largest_angle(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The largest principal angle between the row spaces of a and b, in radians, from 0 to pi/2.

    a, b: (k, d), k <= d, of one dtype; rows linearly independent, of any length, not necessarily
        orthogonal.
    Returns a scalar tensor of that dtype, accurate to 1e-3 in float32 and to 1e-6 in float64 for
        any k and d, and near 0 too.
    """
    ### BEGIN SOLUTION
    q_a, q_b = torch.linalg.qr(a.T).Q, torch.linalg.qr(b.T).Q  # (d, k), orthonormal columns
    overlap = q_a.T @ q_b  # (k, k)
    sine = torch.linalg.svdvals(q_b - q_a @ overlap).max()
    cosine = torch.linalg.svdvals(overlap).min()
    return torch.atan2(sine, cosine)
    ### END SOLUTION


# %% check="largest_angle"
check("largest_angle", points=5)

# %% [markdown]
# **Why the largest?** Two planes in space always share at least one direction, so their smallest angle is 0 whatever they are. What does the largest angle being 0 say?
# <details><summary>Answer</summary>
#
# All other angles are at most as large, so every direction of one lies in the other: the spaces are equal. The smallest angle only says that they touch.
# </details>

# %% [markdown]
# ## A network rediscovers PCA
#
# Two linear layers with a bottleneck between them, $\hat x = W_d (W_e x + b_e) + b_d$, trained by `mse_loss` with gradient descent. Nobody tells it
# about eigenvectors.
#
# **Predict.** After training: (1) Is the error below, at or above PCA's? (2) Do the two columns of $W_d$ span PCA's plane? (3) Are they PCA's components?
# (4) Do the two rows of $W_e$ span PCA's plane?

# %% experiment="linear"
def train_linear(k, steps=2500, lr=0.03, seed=0):
    """A linear autoencoder on all training digits at once, by Adam with a falling rate; returns both layers and
    the decoder's angle to PCA, in degrees.
    """
    set_seed(seed)
    encoder, decoder = nn.Linear(64, k), nn.Linear(k, 64)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    x, angles, losses = digits.train_x, [], []
    for step in track(steps, "linear autoencoder", losses):
        loss = mse_loss(decoder(encoder(x)), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
        if step % 25 == 0:
            angles.append((step, math.degrees(largest_angle(decoder.weight.detach().T, components[:k]))))
    return encoder, decoder, angles


encoder, decoder, angles = train_linear(2)
W_e, W_d = encoder.weight.detach(), decoder.weight.detach()
alive = digits.train_x.var(0) > 0  # pixels that are not the same in every digit
with torch.no_grad():
    print(f"held-out error: linear autoencoder {mse_loss(decoder(encoder(digits.test_x)), digits.test_x):.5f}, PCA {pca_error(2):.5f}")
print(f"angle to PCA's plane, degrees: columns of W_d {math.degrees(largest_angle(W_d.T, components[:2])):.4f}, "
      f"rows of W_e {math.degrees(largest_angle(W_e, components[:2])):.1f}, rows of W_e without the dead pixels {math.degrees(largest_angle(W_e * alive, components[:2])):.2f}")
print("inner products of the columns of W_d:", [[round(v, 2) for v in row] for row in (W_d.T @ W_d).tolist()])
print("pixels that are 0 in every training digit:", (~alive).sum().item())

figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.semilogy(*zip(*angles, strict=True), color=COLOURS[0])
ax.axhline(1.0, color=COLOURS[6], linestyle="--", label="1 degree")
ax.set(xlabel="step", ylabel="largest angle, degrees", title="The learned plane turns into PCA's plane")
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# *The angle between the plane spanned by the decoder and the plane of PCA, during training, on a logarithmic scale: from nearly perpendicular to far below one degree.*
#
# So: the same error, the same plane, but **other coordinates**. The columns of $W_d$ are neither orthogonal nor of length 1, for a good reason: put
# any invertible $2 \times 2$ matrix $A$ between the layers, $W_d A^{-1}$ and $A W_e$, and the loss cannot tell. It sees only the product.
#
# And the surprise: the rows of $W_e$ seem to miss the plane by many degrees. A few pixels at the border are 0 in every digit. Whatever weight they have
# in the encoder, it is multiplied by 0, gets no gradient and stays at its random first value. Ignore these pixels and the angle is gone. A weight
# that the data never uses says nothing, however large it is: remember that before reading meaning into weights.

# %% [markdown] exercise="Autoencoder" points=6 minutes=20 difficulty=2
# ## Build an autoencoder that bends
#
# **Goal.** A network that is free to use a *curved* surface instead of a plane.
#
# $$z = W_2\, \phi(W_1 x + b_1) + b_2, \qquad \hat x = \operatorname{sigmoid}\bigl(W_4\, \phi(W_3 z + b_3) + b_4\bigr)$$
#
# Three decisions hide in this line. (1) Each side has a hidden layer with a non-linearity $\phi$ (tanh, ReLU, SiLU, ...): without it we are back at PCA. (2) The
# code has **no** activation: a ReLU there would cut off half of the code's axis. (3) The output passes a sigmoid, because grey values lie in $[0, 1]$. A clamp would
# keep the range too, but where it clips, its slope is exactly 0: a pixel that starts on the wrong side gets no gradient and never learns.
#
# **By hand.** The default sizes 64-32-2-32-64 hold $(64 \cdot 32 + 32) + (32 \cdot 2 + 2) + (2 \cdot 32 + 32) + (32 \cdot 64 + 64) = 4354$ parameters.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two small networks: one from pixels to code, one from code to pixels. `forward` runs one after the other.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Encoder: linear, $\phi$, linear. Decoder: linear, $\phi$, linear, sigmoid. Use the three arguments, not the numbers 64, 32 and 2.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# In `__init__`, after `super().__init__()`, store two `nn.Sequential` of `nn.Linear`, `nn.SiLU`, ..., `nn.Sigmoid`. `encode` and `decode` call them; `forward` calls one on the result of the other.
# </details>

# %% exercise="Autoencoder"
class Autoencoder(nn.Module):
    """An autoencoder of flat images with a non-linear hidden layer on each side.

    That layer has `hidden_dim` units; more layers are welcome.
    encode: (n, input_dim) -> codes (n, latent_dim), the last layer linear (no activation on the code).
    decode: (n, latent_dim) -> images (n, input_dim) in [0, 1] through a sigmoid (not a clamp),
        any value of (0, 1) within reach.
    forward: decode(encode(x)), the images alone.
    """

    def __init__(self, input_dim: int = 64, hidden_dim: int = 32, latent_dim: int = 2):
        super().__init__()
        ### BEGIN SOLUTION
        self.encoder = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.SiLU(), nn.Linear(hidden_dim, latent_dim))
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.SiLU(), nn.Linear(hidden_dim, input_dim), nn.Sigmoid())
        ### END SOLUTION

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.encoder(x)  # (n, latent_dim)
        ### END SOLUTION

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.decoder(z)  # (n, input_dim)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.decode(self.encode(x))
        ### END SOLUTION


# %% check="Autoencoder"
check("Autoencoder", points=6)

# %% [markdown] exercise="train_autoencoder" points=6 minutes=20 difficulty=3
# ## Train it
#
# **Goal.** The loop that every later notebook varies: draw a batch, rebuild it, measure, step.
#
# $$\theta \leftarrow \theta - \eta \cdot \text{step}\bigl(\nabla_\theta L(\hat x_\theta(x), x)\bigr) \qquad \text{for one batch } x \text{ after the other}$$
#
# The batches go through all images once, in random order, before any image comes again: then all are reshuffled. `batches(x, size, generator)` from
# `workbook.data` yields such batches without end, so that `next(stream)` is the next one; or write it yourself with `torch.randperm`.
# `track(steps, "training", losses)` is `range(steps)` with a progress bar.
#
# **By hand.** 1,500 digits in batches of 128 are 11 full batches and one of 92: 12 steps for one pass (an *epoch*). 3,000 steps are 250 epochs.
#
# <details><summary>Hint 1: the idea</summary>
#
# An image is its own label: the network's answer to the batch is compared with the batch.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Per step: the batch, `mse_loss` of the model's answer to it and itself, clear the gradients, `loss.backward()`, `optimizer.step()`, remember `loss.item()`.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Before the loop: `optimizer = torch.optim.Adam(model.parameters(), lr=lr)`, `stream = batches(...)`, `losses = []`. In it, `batch = next(stream)` and the five steps of hint 2. After it: `return losses`.
# </details>

# %% exercise="train_autoencoder"
def train_autoencoder(model: nn.Module, x: torch.Tensor, *, steps: int, batch_size: int = 128, lr: float = 1e-2,
                      generator: torch.Generator | None = None) -> list[float]:
    """Train `model` in place to rebuild x, by `mse_loss` and any gradient method with the learning rate `lr`.

    model: has encode, decode and forward = decode of encode.
    x: (n, d) or (n, c, h, w), on the model's device; n may be smaller than batch_size.
    Goes through x in batches without replacement, with a fresh shuffle every epoch (a last short
        batch may be kept or dropped).
    generator: a CPU generator that alone decides the order; where it is given, the global random
        state is left alone.
    Returns `steps` Python floats, the loss of each step's batch before that step. Leaves the model
        in training mode, or as it came.
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x, batch_size, generator), []
    for _ in track(steps, "training", losses, batch_size):
        batch = next(stream)  # (<= batch_size, ...)
        loss = mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
    ### END SOLUTION


# %% check="train_autoencoder"
check("train_autoencoder", points=6)

# %% [markdown]
# **Why not always the same order?** The images stay the same, so what could a fresh shuffle change?
# <details><summary>Answer</summary>
#
# Which images share a batch. The gradient of a batch is a noisy guess of the gradient of all the data; with fixed batches the same guesses come back in the same
# order, their errors no longer average out, and the network can fit the quirks of that order. Sorted data is worse still: batches of zeros only, then of ones only.
# </details>

# %% [markdown]
# **Predict** once more: PCA with 2 codes makes an error of 0.053 on held-out digits. Your network has the same 2 codes. Where will it end?

# %% experiment="train"
def held_out(model, x):
    """Held-out mean squared error per pixel."""
    with torch.no_grad():
        return mse_loss(model(x), x).item()


models, curves = {}, {}
for k in (2, 16):
    generator = set_seed(0)
    models[k] = Autoencoder(latent_dim=k)
    curves[f"{k} codes"] = train_autoencoder(models[k], digits.train_x, steps=3000, generator=generator)
for k, model in models.items():
    print(f"{k:2d} codes: held-out error per pixel PCA {pca_error(k):.4f}, autoencoder {held_out(model, digits.test_x):.4f}")

loss_curve(curves, title="Training the autoencoder", ylabel="squared error per pixel")
plt.show()
with torch.no_grad():
    show_rows({"original": x, "PCA, 2": rows["PCA, 2"], "network, 2": models[2](x), "PCA, 16": rows["PCA, 16"], "network, 16": models[16](x)},
              title="The same ten held-out digits")
plt.show()


def ranks(z, among):
    """Each coordinate of codes z (n, k) as the share of the codes `among` (m, k) below it: from 0 to 1, evenly
    spread over `among` itself.
    """
    return (z[:, None] > among[None]).float().mean(1)  # (n, k)


with torch.no_grad():
    codes, codes_test = models[2].encode(digits.train_x), models[2].encode(digits.test_x)
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
latent_map(codes_test, digits.test_y, title="Two codes of the network", ax=axes[0])
latent_map(ranks(codes_test, codes), digits.test_y, title="The same codes by rank", xlabel="share of the training digits with a smaller $z_1$", ylabel="with a smaller $z_2$", ax=axes[1])
plt.show()

# %% [markdown]
# *Top: running means of the training loss. Middle: originals, and what PCA and the network make of them with 2 and with 16 codes; look at how much sharper the network's two codes
# are than PCA's two. Bottom left: held-out digits at the network's two codes. Some classes are stretched far out, most crowd in a corner. Bottom right: the crowd pulled
# apart, by writing each code as its rank.*
#
# With the same two numbers, the bent surface makes less than two thirds of PCA's error. The network was never told a label, yet classes sit together: digits that look
# different must be kept apart, or the decoder could not tell them from each other. But **where** a class sits, and on which scale, nobody asked: the codes run to
# -30 on one axis, for no reason except that training came that way. Keep that in mind; it comes back at the end.
#
# How does the surface bend? Walk over the right-hand map on a grid, and decode every point of it:

# %% experiment="manifold"
levels = torch.linspace(0.02, 0.98, 15)
first, second = codes.quantile(levels, 0).T  # the codes at these ranks, (15,) each
across, down = torch.meshgrid(first, second.flip(0), indexing="xy")
with torch.no_grad():
    grid = models[2].decode(torch.stack([across.flatten(), down.flatten()], 1))
show_images(grid, columns=15, title="What two codes can draw")

# %% [markdown]
# *The decoder's answer to a 15 x 15 grid of codes, evenly spaced in rank, so that each picture belongs to the point at its place in the map above: digits in some places, mixtures of their
# neighbours between them.*

# %% [markdown] exercise="nearest" points=4 minutes=15 difficulty=2
# ## Find the nearest codes
#
# **Goal.** Search: given an image, find the most similar ones. Comparing codes is cheaper than comparing pixels. Is it also better?
#
# $$\text{for each query } q:\quad \text{the } k \text{ indices } i \text{ with the smallest } \lVert q - x_i \rVert, \text{ nearest first}$$
#
# **By hand.** The query $2.2$ and the index $(0, 2, 3)$: the distances are $2.2, 0.2, 0.8$. The two nearest are the indices $1, 2$, in this order.
#
# <details><summary>Hint 1: the idea</summary>
#
# All pairs of distances are a matrix `(q, m)`. Sort each of its rows and keep the first `k` places.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# The root changes no order, so squared distances will do. Inner products alone will not: a long vector has a large inner product with everything.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `torch.cdist` gives the matrix; `.topk(k, largest=False)` gives values and indices, already sorted.
# </details>

# %% exercise="nearest"
def nearest(query: torch.Tensor, index: torch.Tensor, k: int) -> torch.Tensor:
    """For every query the k nearest rows of index in Euclidean distance, nearest first; rows at equal distance
    in any order.

    query: (q, d), index: (m, d), one dtype and device, 1 <= k <= m.
    Returns their positions in index, (q, k) int64, without repetition.
    A row of index that equals the query counts like any other: its distance is 0.
    """
    ### BEGIN SOLUTION
    distance = torch.cdist(query, index, compute_mode="donot_use_mm_for_euclid_dist")  # (q, m)
    return distance.topk(k, largest=False).indices  # (q, k)
    ### END SOLUTION


# %% check="nearest"
check("nearest", points=4)

# %% [markdown]
# **Predict.** For each held-out digit, look up the ten nearest training digits and count how many show the same class. Rank these five spaces: all 64 pixels, PCA with
# 2 and with 16 codes, the network with 2 and with 16 codes.

# %% experiment="retrieval"
def precision(query, index, k=10):
    """Share of the k nearest training digits that show the query's class, over all held-out digits."""
    found = digits.train_y[nearest(query, index, k)]  # (q, k)
    return (found == digits.test_y[:, None]).float().mean().item()


with torch.no_grad():
    spaces = {"64 pixels": (digits.test_x, digits.train_x)}
    for k in (2, 16):
        spaces[f"PCA, {k} codes"] = tuple(project(part, mean, components[:k]) for part in (digits.test_x, digits.train_x))
        spaces[f"network, {k} codes"] = tuple(models[k].encode(part) for part in (digits.test_x, digits.train_x))
print("same class among the ten nearest:", ", ".join(f"{name} {precision(*pair):.2f}" for name, pair in spaces.items()))

query = 4
shown = {"query": digits.test_x[query : query + 1]}
for name, (test, train) in spaces.items():
    shown[name] = digits.train_x[nearest(test[query : query + 1], train, 10)[0]]
show_rows(shown, title="One held-out digit and its ten nearest training digits")

# %% [markdown]
# *First row: the query. Below: its ten nearest training digits, the nearest at the left, in five spaces.*
#
# Sixteen codes find what 64 pixels find, with a quarter of the numbers. With only two codes the network's bent map is clearly better than PCA's flat one.
#
# **Why is the network not better than the pixels here?**
# <details><summary>Answer</summary>
#
# It learned to rebuild pixels, so its codes keep what matters for pixels: slant and thickness as much as the class. Nothing asked it to group classes.
# Lecture 01 ends with a loss that does ask, without labels: the contrastive one.
# </details>

# %% [markdown] exercise="ConvAutoencoder" points=6 minutes=25 difficulty=4
# ## Build a convolutional autoencoder
#
# **Goal.** An autoencoder for 28x28 images that knows that pixels have neighbours.
#
# A strided convolution looks at every place with the same small filter and moves two pixels at a time, so each one halves height and width. A transposed
# convolution runs the same way backwards and doubles them. Sizes (lecture 07, sizes of convolutions), for kernel $k$, stride $s$, padding $p$:
#
# $$\text{down: } \Bigl\lfloor \frac{h + 2p - k}{s} \Bigr\rfloor + 1, \qquad \text{up: } (h - 1)\,s - 2p + k .$$
#
# **By hand.** With $k = 4, s = 2, p = 1$: down $28 \to (28 + 2 - 4)/2 + 1 = 14 \to 7$, up $7 \to (7-1) \cdot 2 - 2 + 4 = 14 \to 28$. Sizes match, with nothing to crop.
#
# Between 32 channels of 7x7 (1,568 numbers) and the code sits one linear layer on each side.
#
# <details><summary>Hint 1: the idea</summary>
#
# Encoder: convolution, activation, convolution, activation, flatten, linear. The decoder is its mirror image with a sigmoid at the end.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# `nn.Conv2d(channels, 16, 4, stride=2, padding=1)`, then 16 to 32 channels; `nn.ConvTranspose2d` takes the same kernel, stride and padding. There is no activation between the last transposed convolution and the sigmoid.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `nn.Flatten()` turns `(n, 32, 7, 7)` into `(n, 1568)`; `nn.Unflatten(1, (32, 7, 7))` turns it back. Both work for any batch size.
# </details>

# %% exercise="ConvAutoencoder"
class ConvAutoencoder(nn.Module):
    """A convolutional autoencoder of 28x28 images.

    encode: (n, channels, 28, 28) -> (n, latent_dim), on the way down with strided convolutions (at
        least one).
    decode: (n, latent_dim) -> (n, channels, 28, 28), on the way up with transposed convolutions (at
        least one that enlarges its input);
    values in [0, 1] through a sigmoid (not a clamp), any value of (0, 1) within reach.
    forward: decode(encode(x)), the images alone. Number of layers, widths, kernels and activations
        are free.
    """

    def __init__(self, latent_dim: int = 16, channels: int = 1):
        super().__init__()
        ### BEGIN SOLUTION
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, 16, 4, stride=2, padding=1), nn.SiLU(),  # (n, 16, 14, 14)
            nn.Conv2d(16, 32, 4, stride=2, padding=1), nn.SiLU(),  # (n, 32, 7, 7)
            nn.Flatten(), nn.Linear(32 * 7 * 7, latent_dim),  # (n, latent_dim)
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, 32 * 7 * 7), nn.SiLU(), nn.Unflatten(1, (32, 7, 7)),  # (n, 32, 7, 7)
            nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1), nn.SiLU(),  # (n, 16, 14, 14)
            nn.ConvTranspose2d(16, channels, 4, stride=2, padding=1), nn.Sigmoid(),  # (n, channels, 28, 28)
        )  # fmt: skip
        ### END SOLUTION

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.encoder(x)
        ### END SOLUTION

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.decoder(z)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.decode(self.encode(x))
        ### END SOLUTION


# %% check="ConvAutoencoder"
check("ConvAutoencoder", points=6)

# %% [markdown]
# **Predict.** Sixteen codes again, now for 784 pixels. Three candidates: PCA; your `Autoencoder(784, 32, 16)`, fully connected; your `ConvAutoencoder(16)`. The fully
# connected network gets 4,000 batches, the convolutional one, whose steps are slower, only 800. Who wins on held-out digits?

# %% experiment="convolution"
large = digits28()
flat_train, flat_test = large.train_x.flatten(1), large.test_x.flatten(1)
mean28, components28 = fit_pca(flat_train, 16)
pca28 = reconstruct(project(flat_test, mean28, components28), mean28, components28)

generator = set_seed(0)
dense = Autoencoder(784, 32, 16)
dense_losses = train_autoencoder(dense, flat_train, steps=4000, batch_size=64, generator=generator)
generator = set_seed(0)
conv = ConvAutoencoder(16)
conv_losses = train_autoencoder(conv, large.train_x, steps=800, batch_size=64, lr=3e-3, generator=generator)

size = {name: sum(p.numel() for p in model.parameters()) for name, model in (("dense", dense), ("conv", conv))}
print(f"held-out error per pixel: PCA {mse_loss(pca28, flat_test):.4f}, fully connected ({size['dense']} parameters) {held_out(dense, flat_test):.4f}, "
      f"convolutional ({size['conv']} parameters) {held_out(conv, large.test_x):.4f}")
loss_curve({"fully connected": dense_losses, "convolutional": conv_losses}, title="28x28 digits, 16 codes", ylabel="squared error per pixel")
plt.show()
with torch.no_grad():
    show_rows({"original": large.test_x[:10], "PCA": pca28[:10], "connected": dense(flat_test[:10]).reshape(-1, 1, 28, 28), "convolutional": conv(large.test_x[:10])},
              title="Ten held-out digits through 16 numbers")

# %% [markdown]
# *Top: running means of both training losses; the convolutional network stops after 800 steps. Below: originals and three reconstructions, all from 16 numbers per digit.*
#
# After a fifth of the batches the convolutional network makes two thirds of the error, with parameters of the same order (so it is over three seeds: 0.020 to 0.021 against 0.012 to 0.014). It did not
# have to learn separately, for every place of the image, what a stroke looks like.

# %% [markdown]
# ## Decode codes that nobody encoded
#
# A decoder turns codes into digits. So draw random codes and you have a generator of new digits, have you not?
#
# **Predict.** Take the network with 16 codes. What does it draw for codes $z \sim \mathcal N(0, I)$? For codes with the mean and covariance of the training
# codes? For the point half way between the codes of two digits? A small classifier, trained on real digits and on rubbish, will say how many of the drawings it takes for a digit with
# more than 90% confidence. It accepts most of the real ones.

# %% experiment="random_codes"
judge, model, generator = Judge.load(8), models[16], set_seed(0)
with torch.no_grad():
    codes = model.encode(digits.train_x)
    centre, spread = codes.mean(0), torch.linalg.cholesky(codes.T.cov())
    noise = torch.randn(300, 16, generator=generator)
    left, right = codes[torch.randperm(1500, generator=generator)[:600]].split(300)
    drawn = {"held out": digits.test_x, "rebuilt": model(digits.test_x), "N(0, I)": model.decode(noise),
             "like codes": model.decode(centre + noise @ spread.T), "half way": model.decode((left + right) / 2)}
    print("share taken for a digit:", ", ".join(f"{name} {judge.confident_fraction(images):.2f}" for name, images in drawn.items()))
    print(f"standard deviation of the codes: {codes.std(0).min():.1f} to {codes.std(0).max():.1f}; mean of the codes: {centre.min():.1f} to {centre.max():.1f}")
show_rows({name: images[:12] for name, images in drawn.items()}, title="Real, rebuilt and invented digits")

# %% [markdown]
# *From the top: real digits, their reconstructions, and drawings from three kinds of codes that belong to no image.*
#
# The loss asked for one thing: that each training image comes back from *its own* code. It never said where the codes should lie, nor what should be between them.
# So the codes sit wherever training left them, at a scale of its own, in clumps and strands with holes between; a random code falls into the holes, and there the decoder was never told
# what to draw. To generate, codes need a known distribution that is filled everywhere. That is what the KL term of a variational autoencoder buys (notebook 3).

# %% [markdown] question="why_random" points=2
# **In writing (2 points, graded by a person).** Two autoencoders with 16 codes reach exactly the same reconstruction error on held-out digits. Decoding random codes
# $z \sim \mathcal N(0, I)$ gives readable digits with one of them and rubbish with the other. How can that be? Name one change to an autoencoder that keeps its
# reconstructions exactly as they are and ruins its random drawings.
#
# ### BEGIN SOLUTION
# The loss sees codes only through decode(encode(x)). Any invertible map g put between the two, encode' = g(encode(x)), decode'(z) = decode(g^-1(z)), leaves every
# reconstruction and so the loss unchanged, but moves the codes wherever g likes: multiply all codes by 1000 and divide by 1000 in the decoder's first layer, and N(0, I) becomes
# a single point, next to the code's origin, so that all drawings are one image. Reconstruction error therefore says nothing about the distribution of codes; only a term in the loss that
# constrains that distribution (as the KL of a VAE) does.
# ### END SOLUTION

# %% [markdown]
# ## Debug me: the denoiser that keeps the noise
#
# An autoencoder can be asked for more than a copy. Give it a *noisy* digit, ask for the *clean* one, and it must know what digits look like: a denoising
# autoencoder. Training diffusion models, in notebook 4, is this very idea at a thousand noise levels at once.
#
# The function below was written in a hurry. It runs, its loss falls and settles. Run it, look at the numbers, and ask yourself what the network was rewarded for. One line is wrong.

# %% debug="train_denoiser"
def train_denoiser(model: nn.Module, x: torch.Tensor, *, steps: int, sigma: float, batch_size: int = 128, lr: float = 1e-2,
                   generator: torch.Generator | None = None) -> list[float]:
    """Train `model` in place to give back clean images for images with Gaussian noise of standard deviation
    sigma, by `mse_loss`.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    stream, losses = batches(x, batch_size, generator), []
    for _ in track(steps, "denoising", losses, batch_size):
        clean = next(stream)
        noisy = clean + sigma * torch.randn(clean.shape, generator=generator, dtype=clean.dtype)
        ### BEGIN SOLUTION
        loss = mse_loss(model(noisy), clean)
        ### END SOLUTION
        ### BEGIN BUGGY
        # loss = mse_loss(model(noisy), noisy)
        ### END BUGGY
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% experiment="denoise"
generator = set_seed(0)
denoiser = Autoencoder(64, 64, 32)
losses = train_denoiser(denoiser, digits.train_x, steps=2000, sigma=0.3, generator=generator)
noisy = digits.test_x + 0.3 * torch.randn(digits.test_x.shape, generator=generator)
with torch.no_grad():
    cleaned = denoiser(noisy)
print(f"error per pixel against the clean digits: noisy {mse_loss(noisy, digits.test_x):.4f}, denoised {mse_loss(cleaned, digits.test_x):.4f}; last training losses {sum(losses[-50:]) / 50:.4f}")
loss_curve(losses, title="Training the denoiser", ylabel="loss")
plt.show()
show_rows({"clean": digits.test_x[:10], "noisy": noisy[:10], "denoised": cleaned[:10]}, title="Noise in, digit out")

# %% check="train_denoiser"
check("train_denoiser")

# %% [markdown]
# *Clean digits, the same with noise, and what the denoiser makes of them. When the bug is mended, the error against the clean digits is about a fifth of the noise's.*
#
# <details><summary>What to remember from it</summary>
#
# A falling loss shows that training minimises something. Whether it is what you wanted, only a measurement shows that is independent of the loss: here, the error against clean images the network never saw.
# </details>

# %% [markdown]
# ## What you found
#
# - **PCA** is the best linear way through a bottleneck: 0.053 per pixel with 2 codes, 0.0116 with 16 on held-out digits.
# - A **linear autoencoder** finds PCA's plane, not PCA's axes: the loss sees only the product of its two matrices.
# - A **non-linear autoencoder** bends the plane: 0.033 with 2 codes, 0.007 with 16.
# - **Convolutions** build in that a stroke looks the same everywhere, and win on larger images.
# - **Codes** are good for search. They are no generator: nothing told them how to be distributed.
#
# Next: notebook 2 hides most of the image instead of squeezing it; notebook 3 gives the codes a distribution.
