# %% [markdown]
# # 3 · Variational autoencoders
#
# The autoencoder of assignment 01 squeezes a digit into two numbers and gets most of it back. So here is a natural wish: **choose two numbers yourself, decode
# them, and receive a digit that nobody ever wrote.** We will see in a minute that it fails, and why. A variational autoencoder (Kingma and Welling, 2014,
# [arXiv:1312.6114](https://arxiv.org/abs/1312.6114); Rezende and others, 2014, [arXiv:1401.4082](https://arxiv.org/abs/1401.4082)) is what you get when you
# repair it from the ground up: not an autoencoder with a trick, but a probability model of images whose fitting *happens to look* like an autoencoder.
#
# **By the end you can**
#
# - write the two halves of the evidence lower bound (ELBO) in code: a likelihood and a KL divergence, both in nats, both summed over the right thing;
# - draw a random code so that gradients pass through the draw;
# - train a VAE, read its loss as a number with a meaning, and say which number is possible and which is not;
# - draw new digits, walk between two given ones, and turn the knobs $\beta$ and temperature knowingly;
# - recognise posterior collapse, provoke it, cure it, and measure how far the bound is from the truth.
#
# **You need** lecture 03 (*Latent variable models and the ELBO*) and lecture 04 (*Variational autoencoders*), and the training loop of assignment 01.
#
# **Time:** about four hours of work, of which the computer needs about one minute of one CPU core and no network.

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
from workbook.data import batches, digits8
from workbook.device import set_seed
from workbook.plots import COLOURS, latent_map, loss_curve, show_images, show_rows
from workbook.progress import live_curve, track

check = Checker("03_vae", globals())

# %% [markdown]
# The models of this notebook are so small that a GPU would spend its time waiting; everything below stays on the CPU. Your functions keep the device of
# what they are given all the same, and the checks look at that.
#
# ## Why an autoencoder cannot draw
#
# **Predict.** The next cell trains an ordinary autoencoder with a code of two numbers, and then decodes forty codes drawn from $\mathcal N(0, I)$.
# Will they look like digits? Which part of the code space will the *real* codes fill?

# %% experiment="an_autoencoder"
data = digits8()  # 1,500 digits to train on, 297 held out; 64 pixels in [0, 1]
set_seed(0)
plain_encoder = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 2))
plain_decoder = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 64))
optimiser = torch.optim.Adam([*plain_encoder.parameters(), *plain_decoder.parameters()], lr=1e-2)
losses, stream = [], batches(data.train_x, 128)
for _ in track(2000, "a plain autoencoder", losses, batch_size=128):
    x = next(stream)
    loss = (plain_decoder(plain_encoder(x)).sigmoid() - x).square().sum(1).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    losses.append(loss.item())

with torch.no_grad():
    latent_map(plain_encoder(data.test_x), data.test_y, title="Where the autoencoder puts the held-out digits")
    show_images(plain_decoder(torch.randn(40, 2)).sigmoid(), columns=20, title="Forty codes drawn from N(0, I), decoded")
plt.show()

# %% [markdown]
# *What to see: the codes (each drawn as its own label) lie wherever the optimiser left them, on a scale that nothing fixes, in clumps with empty ground between
# them. Our forty draws all fell into a patch around the origin that the model uses for a few digits only. Codes from the gaps decode to blends of digits, and the
# training never asked for anything better there.*
#
# Two things are missing: nobody told the encoder **which distribution its codes should have**, and nobody told the decoder **what to do between them**.
#
# ## A model first, an encoder second
#
# So start at the other end. Say how an image comes about:
#
# $$ z \sim p(z) = \mathcal N(0, I_k), \qquad x \sim p_\theta(x \mid z). $$
#
# Drawing is now trivial, by construction. The price appears when we fit $\theta$: the probability of a digit is an integral over all codes that might have
# produced it, $p_\theta(x) = \int p(z)\, p_\theta(x \mid z)\, dz$, and nearly all codes contribute nearly nothing. So we let a second network propose where to
# look: $q_\phi(z \mid x) = \mathcal N(\mu(x), \operatorname{diag} \sigma^2(x))$, one Gaussian **per image**. Jensen's inequality (lecture 03, *the ELBO by
# Jensen's inequality*) turns the integral into a bound that we can compute:
#
# $$ \log p_\theta(x) \;=\; \log \mathbb E_{q_\phi(z\mid x)}\!\left[\frac{p(z)\, p_\theta(x\mid z)}{q_\phi(z\mid x)}\right] \;\ge\;
# \underbrace{\mathbb E_{q_\phi(z \mid x)}\big[\log p_\theta(x \mid z)\big]}_{\text{can the code explain the image?}}
# \;-\; \underbrace{\mathrm{KL}\big(q_\phi(z \mid x) \,\|\, p(z)\big)}_{\text{what does the code cost?}} \;=:\; \mathrm{ELBO}(x). $$
#
# Look at what came out. $q_\phi$ reads an image and returns a code: an encoder. $p_\theta$ reads a code and returns an image: a decoder. The autoencoder is
# back, and nobody invited it. Both things that were missing have arrived too: the KL asks the codes to be worth their cost under $\mathcal N(0, I)$, and because
# each code is a *cloud*, the decoder has to do something sensible all over it.
#
# **One convention for everything below.** Likelihoods, KLs and ELBOs are in **nats**, **summed** over pixels or latent coordinates, with **one value per image**: shape
# `(n,)`. Only a function whose name ends in `_loss` averages over the batch. `logvar` is $\log \sigma^2$, which a network may return unconstrained.

# %% [markdown] exercise="gaussian_kl" points=8 minutes=15 difficulty=2
# ## Compute what a code costs
#
# **Goal.** The KL divergence from the encoder's Gaussian to the prior, one value per image.
#
# For diagonal Gaussians the integral can be done by hand (lecture 04, *the KL divergence between Gaussians*), and what is left has no sampling noise at all:
#
# $$ \mathrm{KL}\big(\mathcal N(\mu, \operatorname{diag}\sigma^2) \,\|\, \mathcal N(0, I)\big) \;=\; \frac12 \sum_{j=1}^{k} \Big( \mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2 \Big). $$
#
# **By hand.** $\mu = (1, 0)$ and $\sigma = (1, 2)$, so `logvar = (0, 1.386)`. The first coordinate gives $\frac12(1 + 1 - 1 - 0) = 0.5$, the second
# $\frac12(0 + 4 - 1 - 1.386) = 0.807$. Together **1.307 nats**.
#
# **Predict.** What is the KL when the encoder ignores the image and always answers $\mu = 0$, `logvar = 0`? Can it ever be negative?
#
# <details><summary>Hint 1: the idea</summary>
#
# Four terms per coordinate, and you hold $\log\sigma^2$, not $\sigma$. Which of the four terms needs an exponential?
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# $\sigma_j^2 = e^{\texttt{logvar}_j}$ and $\log\sigma_j^2 = \texttt{logvar}_j$. The sum runs over the $k$ coordinates of one image, never over the batch.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Put `mu ** 2`, `logvar.exp()`, `-1` and `-logvar` together, sum over dimension 1, and multiply by one half.
# </details>

# %% exercise="gaussian_kl"
def gaussian_kl(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """KL(N(mu, diag exp(logvar)) || N(0, I)) in nats, one value per example.

    mu, logvar: (n, k); logvar is the log of the variance.
    Returns (n,), summed over the k coordinates, in the inputs' dtype and on their device.
    """
    ### BEGIN SOLUTION
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(dim=1)  # (n,)
    ### END SOLUTION

# %% check="gaussian_kl"
check("gaussian_kl", points=8)

# %% [markdown]
# **Why?** The KL is in nats. What does "this digit's code costs 5 nats" mean? <details><summary>Answer</summary>
#
# It is the price of telling someone which code, who knows only the prior: about $5 / \ln 2 \approx 7$ bits. An encoder that answers the prior itself costs nothing
# and says nothing. Averaged over the data, the KL bounds from above how much the codes reveal about the images (lecture 04, *the aggregate posterior*).
# </details>

# %% [markdown] exercise="reparameterize" points=6 minutes=10 difficulty=2
# ## Draw a code that gradients can pass
#
# **Goal.** A draw from $\mathcal N(\mu, \operatorname{diag}\sigma^2)$ that is a differentiable function of $\mu$ and `logvar`.
#
# The first half of the ELBO is an expectation over random codes. `torch.normal(mu, sigma)` would draw them, but its result does not know how it would have moved
# had $\mu$ moved. So draw the randomness *first*, from a distribution without parameters, and then shift and stretch it
# (lecture 03, *pathwise and score-function gradients*):
#
# $$ z = \mu + \sigma \odot \varepsilon, \qquad \varepsilon \sim \mathcal N(0, I), \qquad \sigma = e^{\texttt{logvar}/2}. $$
#
# **By hand.** $\mu = 1$, $\sigma = 2$ (`logvar = 1.386`) and $\varepsilon = -0.5$ give $z = 1 + 2 \cdot (-0.5) = 0$.
#
# <details><summary>Hint 1: the idea</summary>
#
# The noise comes in as an argument, so nothing random is left to do: three inputs, one line of arithmetic.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# The standard deviation is the square root of the variance: $\sqrt{e^{\ell}} = e^{\ell/2}$.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `mu` plus `eps` times the exponential of half of `logvar`. No `.detach()`, no `.data`, no `torch.no_grad()`.
# </details>

# %% exercise="reparameterize"
def reparameterize(mu: torch.Tensor, logvar: torch.Tensor, eps: torch.Tensor) -> torch.Tensor:
    """A draw from N(mu, diag exp(logvar)) made from standard normal noise, differentiable in mu and logvar.

    mu, logvar, eps: (n, k).
    Returns z (n, k) = mu + sigma * eps in the inputs' dtype and on their device; draws no noise of
        its own.
    """
    ### BEGIN SOLUTION
    return mu + (0.5 * logvar).exp() * eps  # (n, k)
    ### END SOLUTION

# %% check="reparameterize"
check("reparameterize", points=6)

# %% [markdown]
# **Why?** Is the objective differentiable *only* thanks to this trick? <details><summary>Answer</summary>
#
# No. The score-function estimator differentiates the density instead of the sample and needs nothing from the decoder's inside. It is unbiased too, but far noisier:
# for $f(z) = z^2$ and $\sigma = 1$ its variance is $m^4 + 14 m^2 + 15$, against 4 for the path through $z$ (lecture 03 computes both).
# </details>

# %% [markdown] exercise="bernoulli_log_likelihood" points=8 minutes=20 difficulty=3
# ## Score an image under independent coin flips
#
# **Goal.** $\log p_\theta(x \mid z)$ when each pixel is a coin with its own bias, and the decoder gives the bias as a **logit**.
#
# With $p = \operatorname{sigmoid}(\ell)$ (lecture 04, *the Bernoulli likelihood and cross-entropy*):
#
# $$ \log p(x \mid z) = \sum_{i=1}^{d} \Big( x_i \log p_i + (1 - x_i) \log (1 - p_i) \Big) = \sum_{i=1}^{d} \Big( x_i \ell_i - \log\big(1 + e^{\ell_i}\big) \Big). $$
#
# The two forms are equal on paper and not in the machine. In float32, $\operatorname{sigmoid}(20)$ is exactly 1, so $\log(1 - p) = -\infty$, and a repair like
# $\log(p + 10^{-8})$ replaces the infinity by a wrong number with a dead gradient. The right-hand form is finite for every logit, if $\log(1 + e^\ell)$ is
# computed with care.
#
# Our pixels are grey, in $\{0, \tfrac1{16}, \dots, 1\}$. Then this is no longer the log-probability of anything, but it is still the cross-entropy, still maximal where
# $p_i = x_i$, and what everybody uses. It has a floor, though: see the question below.
#
# **By hand.** Logits $(0, 2)$, pixels $(1, 0)$: $-\log 2 = -0.693$ for the first, $-\log(1 + e^2) = -2.127$ for the second. Together **-2.820 nats**.
#
# <details><summary>Hint 1: the idea</summary>
#
# Never form $p$. PyTorch has $\log(1 + e^\ell)$ as a function of its own, and it has the whole cross-entropy on logits too.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# `F.softplus` is $\log(1 + e^\ell)$, safe for any $\ell$. Or `F.binary_cross_entropy_with_logits`: its sign is the opposite of ours, and by default it takes a mean.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `x * logits - F.softplus(logits)` per pixel, then a sum over dimension 1.
# </details>

# %% exercise="bernoulli_log_likelihood"
def bernoulli_log_likelihood(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """log p(x | logits) of independent Bernoulli pixels in nats, one value per example.

    logits: (n, d), any real numbers, also very large ones: the result and its gradient stay exact.
    x: (n, d) in [0, 1], grey values allowed.
    Returns (n,), summed over the d pixels, in the inputs' dtype and on their device.
    """
    ### BEGIN SOLUTION
    return (x * logits - F.softplus(logits)).sum(dim=1)  # (n,)
    ### END SOLUTION

# %% check="bernoulli_log_likelihood"
check("bernoulli_log_likelihood", points=8)

# %% experiment="the_floor"
p = data.test_x.clamp(1e-6, 1 - 1e-6)
best = bernoulli_log_likelihood(torch.logit(p), data.test_x)
print(f"A decoder that outputs every held-out digit exactly scores {-best.mean():.2f} nats per image, not 0.")

# %% [markdown]
# **Why not 0?** <details><summary>Answer</summary>
#
# At $p = x$ the cross-entropy is the entropy of a coin with bias $x$, and a grey pixel's coin has entropy: up to $\log 2$ for mid-grey. So no model of these
# digits, however good, gets its negative ELBO below about 13.6 nats plus the cost of its codes. Keep the number: whoever reports 5 nats on this data has averaged
# over something they should have summed.
# </details>

# %% [markdown] exercise="gaussian_log_likelihood" points=6 minutes=15 difficulty=2
# ## Score an image under Gaussian noise
#
# **Goal.** $\log \mathcal N(x; \text{mean}, \sigma^2 I)$, with its normalising constant.
#
# The other common decoder says: the image is the mean plus Gaussian noise of one standard deviation $\sigma$ (lecture 04, *the Gaussian likelihood and squared error*):
#
# $$ \log \mathcal N(x; m, \sigma^2 I_d) = -\frac{\lVert x - m \rVert^2}{2 \sigma^2} \;-\; \frac d2 \log\big(2\pi\sigma^2\big). $$
#
# Now the squared error of assignment 01 has units: divided by $2\sigma^2$ it is in nats, and may be added to a KL. Which $\sigma$ you choose decides how much a code may
# cost. Leaving it out does not avoid the choice. It only hides it.
#
# **By hand.** $d = 1$, $x = 1$, $m = 0$, $\sigma = 2$: $-\frac18 - \log 2 - \frac12 \log 2\pi = -0.125 - 0.693 - 0.919 =$ **-1.737 nats**.
#
# <details><summary>Hint 1: the idea</summary>
#
# One term depends on the error, the other only on $\sigma$ and on the number of pixels. Both belong to every image.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# $\frac d2 \log(2\pi\sigma^2) = d\,\big(\log\sigma + \frac12\log 2\pi\big)$, and $d$ is the size of the second dimension of `x`. Note $\sigma^2$ in the first term, $\log\sigma$ here.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# The sum over dimension 1 of `(x - mean) ** 2`, divided by `-2 * sigma ** 2`, minus `d * (math.log(sigma) + 0.5 * math.log(2 * math.pi))`.
# </details>

# %% exercise="gaussian_log_likelihood"
def gaussian_log_likelihood(mean: torch.Tensor, x: torch.Tensor, sigma: float) -> torch.Tensor:
    """log N(x; mean, sigma^2 I) in nats, normalising constant included, one value per example.

    mean, x: (n, d). sigma: the standard deviation of every pixel, a positive Python float.
    Returns (n,), summed over the d pixels, in the inputs' dtype and on their device.
    """
    ### BEGIN SOLUTION
    d = x.shape[1]
    squared_error = (x - mean).square().sum(dim=1)  # (n,)
    return -squared_error / (2 * sigma**2) - d * (math.log(sigma) + 0.5 * math.log(2 * math.pi))
    ### END SOLUTION

# %% check="gaussian_log_likelihood"
check("gaussian_log_likelihood", points=6)

# %% [markdown]
# **Why?** A popular recipe minimises "mean squared error + KL". Which $\sigma$ has it chosen for 64 pixels? <details><summary>Answer</summary>
#
# The mean is the sum divided by 64, so $\frac{1}{64} = \frac{1}{2\sigma^2}$, that is $\sigma^2 = 32$: noise with a standard deviation of 5.7 on pixels between 0 and 1.
# Under so much noise no image is worth explaining, and the model stops using its codes. You will meet this recipe again in the "debug me" exercise.
# </details>

# %% [markdown] exercise="VAE" points=10 minutes=30 difficulty=3
# ## Build the two networks
#
# **Goal.** An encoder that returns a Gaussian per image, and a decoder that returns logits.
#
# $$ x \;\xrightarrow{\text{encode}}\; (\mu, \log\sigma^2) \;\rightsquigarrow\; z \;\xrightarrow{\text{decode}}\; \ell, \qquad p(x_i = 1 \mid z) = \operatorname{sigmoid}(\ell_i). $$
#
# Both outputs of the encoder are plain linear layers (*heads*) on a shared hidden layer. A mean may be anywhere, a log-variance may have any sign, a logit may be
# any number: so **no activation** on any of the three outputs. The wavy arrow is not part of the model: drawing is `reparameterize`'s work, and the noise comes from outside.
#
# **By hand.** With `input_dim=64, hidden_dim=32, latent_dim=2`, one hidden layer on each side: encoder $64 \cdot 32 + 32 = 2080$, two heads $2(32 \cdot 2 + 2) = 132$,
# decoder $2 \cdot 32 + 32 + 32 \cdot 64 + 64 = 2208$. In all **4,420 parameters**: fewer than this notebook has words.
#
# <details><summary>Hint 1: the idea</summary>
#
# Four parts: a hidden layer with its non-linearity, a head for $\mu$, a head for $\log\sigma^2$, and a decoder that mirrors the encoder.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# $h = \tanh(W_1 x + b_1)$, $\mu = W_\mu h + b_\mu$, $\log\sigma^2 = W_s h + b_s$; $\ell = W_3 \tanh(W_2 z + b_2) + b_3$. Any non-linearity will do.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# In `__init__`: `super().__init__()`, `self.latent_dim = latent_dim`, then `nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.Tanh())`, two `nn.Linear(hidden_dim, latent_dim)`, and
# an `nn.Sequential` of linear, tanh, linear for the decoder. `encode` returns a pair, in the order mean, log-variance.
# </details>

# %% exercise="VAE"
class VAE(nn.Module):
    """A Gaussian encoder and a Bernoulli decoder.

    encode(x (n, input_dim)) -> (mu, logvar), both (n, latent_dim), no activation on either (a clamp
        of logvar to [-10, 10] or wider is accepted).
    decode(z (n, latent_dim)) -> logits (n, input_dim), unbounded. Attribute latent_dim. `forward`
        is free.
    """

    def __init__(self, input_dim: int = 64, hidden_dim: int = 32, latent_dim: int = 2):
        super().__init__()
        ### BEGIN SOLUTION
        self.latent_dim = latent_dim
        self.hidden = nn.Sequential(nn.Linear(input_dim, hidden_dim), nn.Tanh())
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)
        self.decoder = nn.Sequential(nn.Linear(latent_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, input_dim))
        ### END SOLUTION

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        ### BEGIN SOLUTION
        h = self.hidden(x)  # (n, hidden_dim)
        return self.mu(h), self.logvar(h)  # (n, latent_dim) each
        ### END SOLUTION

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        ### BEGIN SOLUTION
        return self.decoder(z)  # (n, input_dim)
        ### END SOLUTION

# %% check="VAE"
check("VAE", points=10)

# %% [markdown]
# **Why?** What would a ReLU on the `logvar` head forbid? <details><summary>Answer</summary>
#
# Negative values, so every $\sigma_j \ge 1$: no code could ever be placed more precisely than the prior itself, and the clouds of different digits would all overlap.
# The network trains, the loss falls a little, and everything looks blurred. The same goes for a softplus.
# </details>

# %% [markdown] exercise="elbo" points=12 minutes=20 difficulty=3
# ## Put the bound together
#
# **Goal.** For each image: encode, draw one code, decode, score, and subtract the cost.
#
# $$ \widehat{\mathrm{ELBO}}(x) = \log p_\theta\big(x \mid z\big) - \mathrm{KL}\big(q_\phi(z \mid x) \,\|\, p(z)\big), \qquad z = \mu(x) + \sigma(x) \odot \varepsilon. $$
#
# The KL is exact, the likelihood is estimated from **one** code. That is enough: the estimate is unbiased, and a batch averages over 128 of them. Return all three
# numbers, because a loss that hides its two halves cannot be debugged.
#
# **By hand.** If the likelihood is -2.820 and the KL 1.307 (both from above), the ELBO is **-4.127**. It is a lower bound on $\log p_\theta(x)$ on average, so a
# *larger* ELBO is better, and the loss will be its negative.
#
# <details><summary>Hint 1: the idea</summary>
#
# Every step is a function you have already written. Call the model's `encode` and `decode`, and your own three functions between and after them.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# $(\mu, \log\sigma^2) = \text{encode}(x)$; $z = \text{reparameterize}(\mu, \log\sigma^2, \varepsilon)$; $\ell = \text{decode}(z)$; then the likelihood of $x$ under $\ell$, and the KL of $(\mu, \log\sigma^2)$.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Five lines: `mu, logvar = model.encode(x)`, `z = ...`, `log_likelihood = ...`, `kl = ...`, and return `log_likelihood - kl, log_likelihood, kl`. Nothing is averaged.
# </details>

# %% exercise="elbo"
def elbo(model: nn.Module, x: torch.Tensor, eps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """One-sample estimate of the evidence lower bound in nats, with its two parts: (elbo, log_likelihood, kl).

    model: any module with encode(x) -> (mu, logvar) and decode(z) -> logits (Bernoulli pixels).
    x: (n, d) in [0, 1].
    eps: (n, k), the standard normal noise to use.
    Returns three tensors (n,): elbo = log_likelihood - kl, the log-likelihood of x at the code
        drawn, and the closed-form KL; differentiable.
    """
    ### BEGIN SOLUTION
    mu, logvar = model.encode(x)
    z = reparameterize(mu, logvar, eps)  # (n, k)
    log_likelihood = bernoulli_log_likelihood(model.decode(z), x)  # (n,)
    kl = gaussian_kl(mu, logvar)  # (n,)
    return log_likelihood - kl, log_likelihood, kl
    ### END SOLUTION

# %% check="elbo"
check("elbo", points=12)

# %% experiment="an_untrained_model"
set_seed(0)
model = VAE()
with torch.no_grad():
    bound, log_likelihood, kl = elbo(model, data.test_x, torch.randn(len(data.test_x), 2))
print(f"untrained: negative ELBO {-bound.mean():.2f} = reconstruction {-log_likelihood.mean():.2f} + KL {kl.mean():.2f} nats per image")
print(f"64 fair coins cost 64 log 2 = {64 * math.log(2):.2f} nats")

# %% [markdown]
# **Why are the two so close?** <details><summary>Answer</summary>
#
# An untrained network returns logits near 0 and codes near the prior: every pixel is nearly a fair coin, and the code costs nearly nothing. A first loss far from
# $d \log 2$ is the cheapest alarm there is: look at it before you look at anything else.
# </details>

# %% [markdown] exercise="beta_vae_loss" points=4 minutes=5 difficulty=1
# ## Weigh the two halves
#
# **Goal.** The scalar that training minimises, with a weight $\beta$ on the cost of the code.
#
# $$ \mathcal L_\beta = \frac1n \sum_{i=1}^n \Big( -\log p_\theta(x_i \mid z_i) + \beta \, \mathrm{KL}_i \Big). $$
#
# $\beta = 1$ is the negative ELBO. $\beta > 1$ is still a bound, a looser one (Higgins and others, 2017); $\beta < 1$ is none (lecture 04, *beta and the decoder's variance*).
#
# **By hand.** Log-likelihoods $(-20, -30)$, KLs $(3, 5)$, $\beta = 0.5$: $25 + 0.5 \cdot 4 =$ **27**.
#
# <details><summary>Hint 1: the idea</summary>
#
# To minimise is to make the likelihood large and the KL small. Only one of the two changes its sign.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Mean over the batch of: minus the log-likelihood, plus $\beta$ times the KL. Should $\beta$ touch the likelihood?
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `(beta * kl - log_likelihood)`, then `.mean()`.
# </details>

# %% exercise="beta_vae_loss"
def beta_vae_loss(log_likelihood: torch.Tensor, kl: torch.Tensor, beta: float) -> torch.Tensor:
    """The loss to minimise: mean over the batch of -log_likelihood + beta * kl, in nats per image.

    log_likelihood, kl: (n,).
    beta: a Python float >= 0.
    Returns a scalar tensor (no dimensions), differentiable in both.
    """
    ### BEGIN SOLUTION
    return (beta * kl - log_likelihood).mean()
    ### END SOLUTION

# %% check="beta_vae_loss"
check("beta_vae_loss", points=4)

# %% [markdown] exercise="kl_weight" points=4 minutes=5 difficulty=1
# ## Warm the cost up
#
# **Goal.** A weight that lets the codes become useful before they have to pay.
#
# Early in training the decoder cannot read codes yet, so they bring nothing and still cost. *KL warm-up* (Bowman and others, 2016; lecture 04, *KL warm-up and free bits*) raises the
# price slowly:
#
# $$ w(s) = \min\!\Big(1, \frac{s}{S}\Big), \qquad s = 0, 1, 2, \dots; \qquad w(s) = 1 \text{ for all } s \text{ if } S = 0. $$
#
# **By hand.** $S = 200$: $w(0) = 0$, $w(50) = 0.25$, $w(200) = 1$, $w(1000) = 1$.
#
# <details><summary>Hint 1: the idea</summary>
#
# A straight line, then a roof. One case has to be taken apart before you divide.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# With $S = 0$ the ramp has no length: the roof starts at once, also at step 0.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# If `warmup_steps` is 0, return `1.0`; else the `min` of `1.0` and `step / warmup_steps`.
# </details>

# %% exercise="kl_weight"
def kl_weight(step: int, warmup_steps: int) -> float:
    """The weight of the KL at a training step: rises linearly from 0 at step 0 to 1 at step `warmup_steps`,
    then stays 1.

    step: counted from 0. warmup_steps: >= 0; 0 means no warm-up, weight 1 from the first step.
    Returns a Python float in [0, 1].
    """
    ### BEGIN SOLUTION
    if warmup_steps == 0:
        return 1.0
    return min(1.0, step / warmup_steps)
    ### END SOLUTION

# %% check="kl_weight"
check("kl_weight", points=4)

# %% [markdown] exercise="train_vae" points=14 minutes=35 difficulty=4
# ## Train it
#
# **Goal.** The loop, plain and visible: take a batch, draw noise, compute the bound, minimise the weighted loss, write down the honest one.
#
# At step $s = 0, 1, \dots$ the loop minimises $\mathcal L_{\beta\, w(s)}$. What it **reports** is something else: the mean negative ELBO of the batch, with
# weight 1 whatever $\beta$ and warm-up are. Otherwise the curves of two settings would be in different units, and lowering $\beta$ would look like progress.
#
# Two tools are ready. `batches(x, batch_size, generator)` yields batches without end, reshuffled every epoch. `track(steps, "training", losses, batch_size)` is `range(steps)`
# with a progress bar that shows the mean of the last losses; interrupting the cell ends it after the current step, and your function still returns what it has.
#
# **By hand.** 1,500 digits in batches of 128 are 11 full batches and one of 92: an epoch of 12 steps, and 2,000 steps are about 167 epochs. Each step needs fresh
# noise of shape `(len(x_batch), model.latent_dim)`: the last batch of an epoch is smaller, so don't write 128.
#
# <details><summary>Hint 1: the idea</summary>
#
# The loop of assignment 01, with two changes: there is noise to draw, and the loss that is minimised is not the number that is kept.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Per step: $\varepsilon \sim \mathcal N(0, I)$ of one row per image; $(\text{elbo}, \log p, \mathrm{KL})$; loss $= \mathcal L_{\beta w(s)}(\log p, \mathrm{KL})$; zero the gradients, backward, step;
# append $-\overline{\text{elbo}}$ as a Python float.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `for step in track(steps, ...)`: `x_batch = next(stream)`; `eps = torch.randn(..., generator=generator)`; `bound, log_likelihood, kl = elbo(...)`;
# then `beta_vae_loss` of the two halves, its weight being the product of `beta` and this step's `kl_weight`; the three optimiser lines; last, append the
# negated batch mean of `bound`, through `.item()`.
# </details>

# %% exercise="train_vae"
def train_vae(
    model: nn.Module,
    x: torch.Tensor,
    *,
    steps: int,
    batch_size: int = 128,
    lr: float = 1e-2,
    generator: torch.Generator | None = None,
    beta: float = 1.0,
    warmup_steps: int = 0,
) -> list[float]:
    """Train a VAE in place by stochastic gradient descent on `beta_vae_loss`; the optimiser is free (Adam,
    say), its learning rate is lr.

    model: as in `elbo`, with attribute latent_dim.
    x: (n, d) in [0, 1], n may be smaller than batch_size. Each of `steps` steps takes a batch
        without replacement (a fresh shuffle every epoch; a last short batch may be kept or
        dropped), draws fresh noise for every image, and weighs the KL by beta * kl_weight(step,
        warmup_steps), the first step being 0. Shuffles and noise come from `generator`, if one is
        given, and from nothing else.
    Returns one Python float per step: the batch's mean negative ELBO in nats per image, with weight
        1 on the KL whatever beta is.
    """
    ### BEGIN SOLUTION
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    stream = batches(x, batch_size, generator)
    losses = []
    for step in track(steps, "training the VAE", losses, batch_size):
        x_batch = next(stream)  # (b, d), b <= batch_size
        eps = torch.randn(len(x_batch), model.latent_dim, generator=generator, dtype=x.dtype).to(x.device)  # (b, k)
        bound, log_likelihood, kl = elbo(model, x_batch, eps)
        loss = beta_vae_loss(log_likelihood, kl, beta * kl_weight(step, warmup_steps))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(-bound.mean().item())
    return losses
    ### END SOLUTION

# %% check="train_vae"
check("train_vae", points=14)

# %% [markdown]
# Now let it run, with the ruler's two ends in mind. Without any code, each pixel a coin with the average digit's grey, the best score is about 27 nats per image. With perfect
# reconstruction and free codes it would be 13.6.
#
# **Predict.** Where will two latent numbers get us? Write your guess down.

# %% experiment="train"
def negative_elbo(model, x, draws=20, seed=1):
    """Mean negative ELBO in nats per image, averaged over `draws` codes per image."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        bounds = [elbo(model, x, torch.randn(len(x), model.latent_dim, generator=generator))[0] for _ in range(draws)]
    return -torch.stack(bounds).mean().item()


generator = set_seed(0)
model = VAE()
with live_curve("Training a VAE with two latent coordinates", "negative ELBO (nats per image)"):
    losses = train_vae(model, data.train_x, steps=3000, generator=generator)
average = data.train_x.mean(0).clamp(1e-4, 1 - 1e-4)
no_code = -bernoulli_log_likelihood(torch.logit(average).expand_as(data.test_x), data.test_x).mean()
print(f"held out: {negative_elbo(model, data.test_x):.2f} nats per image; without a code {no_code:.2f}; before training {64 * math.log(2):.2f}")

# %% experiment="curve"
loss_curve(losses, title="A VAE with two latent coordinates on 8x8 digits", ylabel="negative ELBO (nats per image)")
plt.show()

# %% [markdown]
# *What to see: in its first fifty steps the curve falls from 44 to 27 nats (that part is cut off here): the decoder has learned the average digit. Then comes the slow part, in which
# codes become worth their price. The curve never becomes smooth, since every step looks at other images through other noise. Held out, the model should end below 24.8 nats.*
#
# Did you expect more? Two numbers bought about 2.6 nats net: they explain some 5 nats of the image and cost 2.6 themselves. Most of what separates us from 13.6 is not in reach of two
# coordinates. You will see below how little even eight of them change.
#
# ## Look at what it does
#
# **Predict.** Which digits will two numbers not be able to tell apart? And will the reconstructions be sharp?

# %% experiment="reconstructions"
with torch.no_grad():
    mu, logvar = model.encode(data.test_x)
    x_hat = model.decode(mu).sigmoid()
show_rows({"held-out digit": data.test_x[:16], "reconstruction": x_hat[:16]}, title="Through two numbers and back")
latent_map(mu, data.test_y, title="Posterior means of the held-out digits")
plt.gca().add_patch(plt.Circle((0, 0), 2, fill=False, color="#555555", linestyle="--"))
plt.gca().set_aspect("equal")
plt.show()

# %% [markdown]
# *What to see: reconstructions that are softer than the digits, not copies: at best a well written version of the digit, at times another digit, or a blend of two. On the map each
# held-out digit stands at its posterior mean. Compare it with the first map of this notebook: the scale is now that of $\mathcal N(0, I)$ (inside the dashed circle lies 86% of the prior).
# There are no labels in the training, and still most classes have settled into territories of their own. 5, 8 and 9 share the middle, and those are the digits that come back as each other.*
#
# The third picture is a map of the decoder. Take a grid of probabilities, turn each into a quantile of the prior, and decode: the whole model in one look.

# %% experiment="manifold"
side = 15
quantiles = torch.special.ndtri(torch.linspace(0.03, 0.97, side))
grid = torch.cartesian_prod(-quantiles, quantiles).flip(1)  # (side * side, 2): z_2 falls from top to bottom, z_1 grows to the right
with torch.no_grad():
    show_images(model.decode(grid).sigmoid(), columns=side, title="Decoding a grid of prior quantiles")
plt.show()

# %% [markdown]
# *What to see: every place is some digit or a passage between two, and neighbours resemble each other. Nothing here was in the data.*

# %% [markdown] exercise="generate" points=8 minutes=15 difficulty=2
# ## Draw new digits
#
# **Goal.** What the autoencoder could not do: sample from the model.
#
# Follow the story from the top (lecture 04, *sampling: z from the prior, x from the decoder*). The encoder is not needed:
#
# $$ z \sim \mathcal N(0, \tau^2 I_k), \qquad \hat x = \operatorname{sigmoid}(\text{decode}(z)). $$
#
# $\tau$ is a *temperature*: 1 is the model, less stays near the middle of the prior. We return the pixels' means rather than coin flips, which would look like snow.
# Sampling is no training: it keeps no gradient, and leaves the model in the mode (training or evaluation) in which it was.
#
# **By hand.** With $\tau = 0$ all $n$ images are the same: the decoder's answer to $z = 0$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Draw `n` codes of the right size, scale them, decode, and turn logits into means. Then think about what the function leaves behind.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# A variance of $\tau^2$ means a standard deviation of $\tau$: multiply the standard normal draw by $\tau$. `model.training` tells you the mode you found.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Under `@torch.no_grad()`: remember `model.training`, `model.eval()`, `z = temperature * torch.randn(n, model.latent_dim, generator=generator)` moved to where the parameters live,
# `torch.sigmoid(model.decode(z))`, and `model.train(...)` with what you remembered.
# </details>

# %% exercise="generate"
def generate(model: nn.Module, n: int, temperature: float = 1.0, generator: torch.Generator | None = None) -> torch.Tensor:
    """Pixel means (n, d) in [0, 1] of n images from the model: z ~ N(0, temperature^2 I) of size
    model.latent_dim, then sigmoid(decode(z)).

    model: a module with decode(z) -> logits and attribute latent_dim. Noise comes from `generator`,
        if one is given. The result lives where the model's parameters live and carries no gradient;
        the model is put back into the mode (training or evaluation) in which it was found.
    """
    ### BEGIN SOLUTION
    was_training = model.training
    model.eval()
    like = next(model.parameters())
    with torch.no_grad():
        z = temperature * torch.randn(n, model.latent_dim, generator=generator).to(like)  # (n, k)
        x_hat = model.decode(z).sigmoid()  # (n, d)
    model.train(was_training)
    return x_hat
    ### END SOLUTION

# %% check="generate"
check("generate", points=8)

# %% [markdown]
# **Predict.** What will happen at $\tau = 0.3$, and what at $\tau = 2$, where most codes lie outside of anything the training ever decoded?

# %% experiment="samples"
temperatures = (0.3, 0.7, 1.0, 2.0)
rows = {f"temperature {tau}": generate(model, 20, tau, torch.Generator().manual_seed(0)) for tau in temperatures}
show_rows(rows, title="New digits, the same noise at four temperatures")
plt.show()

# %% [markdown]
# *What to see: read downwards, since each column is one draw pushed further out. At 0.3 the samples are much alike, and blurred: the middle of this map is where several territories
# meet, so what is most typical of the prior is not the most typical digit. At 1: the model's own idea of its data, with some blends. At 2: the far ends of the map, clear digits with
# exaggerated strokes. Temperature says how far from the middle you draw. Whether that helps depends on what the model has put there.*

# %% [markdown] exercise="interpolate" points=6 minutes=10 difficulty=2
# ## Walk from one digit to another
#
# **Goal.** The images along the straight line between two codes.
#
# With $\mu_a, \mu_b$ the posterior means of two images (lecture 04, *paths between codes*):
#
# $$ z_i = (1 - w_i)\, \mu_a + w_i\, \mu_b, \qquad w_i = \frac{i}{S - 1}, \quad i = 0, \dots, S - 1, \qquad \hat x_i = \operatorname{sigmoid}(\text{decode}(z_i)). $$
#
# **By hand.** $\mu_a = (0, 0)$, $\mu_b = (2, -4)$ and three steps: the codes are $(0, 0)$, $(1, -2)$, $(2, -4)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Mix codes, not images. The inputs have no batch dimension; `encode` wants one.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Weights from 0 to 1 with both ends included are `torch.linspace(0, 1, steps)`; as a column $(S, 1)$ they broadcast against a code $(1, k)$.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Encode `x_a[None]` and `x_b[None]` and keep the means; `w = torch.linspace(0, 1, steps)[:, None]`; `z = (1 - w) * mu_a + w * mu_b`; decode and apply the sigmoid.
# </details>

# %% exercise="interpolate"
def interpolate(model: nn.Module, x_a: torch.Tensor, x_b: torch.Tensor, steps: int) -> torch.Tensor:
    """Pixel means (steps, d) in [0, 1] along the straight line between the posterior means of two images,
    evenly spaced, both ends included.

    model: a module with encode(x) -> (mu, logvar) and decode(z) -> logits.
    x_a, x_b: (d,), one image each. steps: >= 2.
    Row 0 decodes the code of x_a, the last row the code of x_b; dtype and device of the inputs.
    """
    ### BEGIN SOLUTION
    mu_a, _ = model.encode(x_a[None])  # (1, k)
    mu_b, _ = model.encode(x_b[None])
    w = torch.linspace(0, 1, steps, dtype=x_a.dtype, device=x_a.device)[:, None]  # (steps, 1)
    z = (1 - w) * mu_a + w * mu_b  # (steps, k)
    return model.decode(z).sigmoid()
    ### END SOLUTION

# %% check="interpolate"
check("interpolate", points=6)

# %% experiment="walks"
first = {digit: data.test_x[data.test_y == digit][0] for digit in range(10)}
pairs = ((0, 6), (1, 7), (4, 9))
with torch.no_grad():
    rows = {f"{a} to {b}": interpolate(model, first[a], first[b], 12) for a, b in pairs}
weights = torch.linspace(0, 1, 12)[:, None]
rows["4 to 9 in pixels"] = (1 - weights) * first[4] + weights * first[9]
show_rows(rows, title="Straight lines between codes, and one between pixels")
plt.show()

# %% [markdown]
# *What to see: on a line between codes each image is one digit, more or less; on the line between pixels the middle is a double exposure. The walk passes through whatever
# territory lies between the two on your map: find it there.*
#
# **Why is a straight line fine here, and less so with 32 latent coordinates?** <details><summary>Answer</summary>
#
# In high dimension nearly all of a Gaussian's mass lies in a shell of radius $\sqrt k$. The middle of a straight line between two typical codes falls well inside of the shell
# (at $k = 32$ at radius 4.0 instead of 5.6), where the decoder saw no training data. A spherical path stays on the shell (lecture 04).
# </details>
#
# ## Turn the knob
#
# **Predict.** Three models, $\beta = 0.5, 1, 4$. Which one reconstructs best? Whose map spreads widest? Which has the best negative ELBO (at weight 1)? And what remains of a code
# that costs four times its price?

# %% experiment="three_betas"
models, curves = {}, {}
for beta in (0.5, 1.0, 4.0):
    generator = set_seed(0)
    models[beta] = VAE()
    curves[f"beta = {beta}"] = train_vae(models[beta], data.train_x, steps=2000, beta=beta, generator=generator)
    with torch.no_grad():
        _, log_likelihood, kl = elbo(models[beta], data.test_x, torch.randn(len(data.test_x), 2))
    print(f"beta {beta}: reconstruction {-log_likelihood.mean():5.2f}, KL {kl.mean():4.2f}, negative ELBO {negative_elbo(models[beta], data.test_x):5.2f} nats per image")

# %% experiment="three_maps"
figure, axes = plt.subplots(1, 3, figsize=(15, 4.5), sharex=True, sharey=True, layout="constrained")
with torch.no_grad():
    for ax, (beta, trained) in zip(axes, models.items(), strict=True):
        latent_map(trained.encode(data.test_x)[0], data.test_y, title=f"beta = {beta}", ax=ax)
rows = {f"beta = {beta}": generate(trained, 20, generator=torch.Generator().manual_seed(0)) for beta, trained in models.items()}
show_rows({"held out": data.test_x[:20]} | {f"beta = {b}": m.decode(m.encode(data.test_x[:20])[0]).sigmoid() for b, m in models.items()}, title="Reconstructions")
show_rows(rows, title="Samples")
plt.show()

# %% [markdown]
# *What to see: $\beta = 0.5$ buys detail with code. Its clouds are smaller, its map spreads further, and its reconstructions are the best of the three.
# On the ruler that is the same for all, the negative ELBO, it ties with $\beta = 1$: over three seeds of the reference 24.6, 24.5, 24.6 against 24.5, 24.4, 24.7, so don't read a
# difference of 0.2 nats between two single runs. What it gains in detail it pays for in code. And $\beta = 4$ is gone: all codes sit on one point, every sample is the average digit, the KL is 0. On these
# small grey images a nat of code explains two to three nats of image, so at four times the price the best buy is nothing. A recipe from larger images, where $\beta = 4$ is a popular choice,
# does not carry over, because $\beta$ has no scale of its own.*

# %% [markdown] question="why_beta" points=2
# **In writing (2 points, graded by a person).** A colleague trains with $\beta = 0.5$, reports the minimised loss, sees that it is more than a nat lower than yours at $\beta = 1$, and
# concludes that the model is better, "since the loss bounds the negative log-likelihood from above". What is wrong with the argument, and what would you compare instead?
#
# ### BEGIN SOLUTION
# For $\beta < 1$ the loss is the negative ELBO **minus** $(1 - \beta)\,\mathrm{KL}$, and a KL is never negative. So it is smaller than the negative ELBO and may well be smaller
# than $-\log p_\theta(x)$: it bounds nothing. The difference may be the discount on the KL and no better model at all. Compare the two models on one ruler: the negative ELBO with weight 1 on held-out
# data (or, tighter, the importance-weighted bound below), and for generation look at samples drawn from the prior.
# ### END SOLUTION

# %% [markdown]
# ## Debug me
#
# A friend's VAE trains without complaint. The curve falls, then flattens, and the number looks wonderfully small. But all samples are the same grey blob.
# Below is the friend's loss. Run the next two cells, look, then find the **one** mistake and mend it.

# %% debug="friends_loss"
def friends_loss(model, x, eps):
    """The scalar to minimise: the negative ELBO in nats, averaged over the batch (and over nothing else)."""
    mu, logvar = model.encode(x)
    logits = model.decode(reparameterize(mu, logvar, eps))
    ### BEGIN SOLUTION
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1).mean()
    ### END SOLUTION
    ### BEGIN BUGGY
    # reconstruction = F.binary_cross_entropy_with_logits(logits, x)
    ### END BUGGY
    kl = gaussian_kl(mu, logvar).mean()
    return reconstruction + kl

# %% experiment="the_friends_run"
def train_by(loss_of, steps=1500, seed=0):
    """Train a fresh VAE by a given loss; returns the model and the losses."""
    generator = set_seed(seed)
    model, losses = VAE(), []
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    stream = batches(data.train_x, 128, generator)
    for _ in track(steps, "the friend's VAE", losses, 128):
        x = next(stream)
        loss = loss_of(model, x, torch.randn(len(x), 2, generator=generator))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return model, losses


friends_model, friends_losses = train_by(friends_loss)
loss_curve(friends_losses, title="The friend's curve", ylabel="the friend's loss")
show_images(generate(friends_model, 20, generator=torch.Generator().manual_seed(0)), columns=20, title="The friend's samples")
with torch.no_grad():
    mu, logvar = friends_model.encode(data.test_x)
spread, sigma = mu.std(0), (0.5 * logvar).exp().mean(0)
print(f"KL {gaussian_kl(mu, logvar).mean():.4f} nats per image, spread of the means {spread[0]:.4f} and {spread[1]:.4f}, mean sigma {sigma[0]:.3f} and {sigma[1]:.3f}")
plt.show()

# %% [markdown]
# <details><summary>Help: where to look</summary>
#
# Compare the first loss with $64 \log 2 = 44.4$. Then compare the units of the two terms that are added.
# </details>

# %% check="friends_loss"
check("friends_loss")

# %% [markdown]
# **What happened?** <details><summary>Answer</summary>
#
# `F.binary_cross_entropy_with_logits` averages over the batch **and over the 64 pixels**, while the KL is a sum over its coordinates. Reconstruction counts 64 times less than it should, which
# is the same as $\beta = 64$. At that price no code is worth anything: the encoder answers $\mu = 0$ **and $\sigma = 1$** for every image (not $\sigma \to \infty$), the KL is 0, and the decoder
# draws the average digit. That is **posterior collapse**, and here it is not an accident of the optimiser but the true optimum of the wrong objective. The cure is to sum: run the friend's cell again with the line mended, and it prints a KL of about 2.6 nats and draws digits.
# </details>

# %% [markdown] exercise="active_units" points=6 minutes=10 difficulty=2
# ## Count the coordinates that are used
#
# **Goal.** A number for collapse: how many latent coordinates carry information about the image?
#
# A dead coordinate has the same posterior mean for every image. So look at how much the mean moves over the data (Burda and others, 2016; lecture 04, *counting active units*):
#
# $$ A = \#\Big\{\, j : \operatorname{Var}_{x}\big(\mu_j(x)\big) > \delta \,\Big\}, \qquad \delta = 0.01. $$
#
# **By hand.** Means of two images: $(0, 0.01)$ and $(2, -0.01)$. The first coordinate has variance 1, the second $10^{-4}$: **one** active unit.
#
# <details><summary>Hint 1: the idea</summary>
#
# One variance per coordinate, over the images. Then count.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# The variance goes over dimension 0. Not the mean of squares: a coordinate that is 5 for every image is dead too.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `mu.var(dim=0) > threshold` is a boolean per coordinate; its sum, as an `int`, is the answer.
# </details>

# %% exercise="active_units"
def active_units(mu: torch.Tensor, threshold: float = 0.01) -> int:
    """How many latent coordinates are in use: those whose posterior mean has variance over the data above
    `threshold`.

    mu: (n, k), posterior means of n images.
    Returns a Python int between 0 and k. The variance over the n images may be the biased or the
        unbiased one.
    """
    ### BEGIN SOLUTION
    return int((mu.var(dim=0, correction=0) > threshold).sum())
    ### END SOLUTION

# %% check="active_units"
check("active_units", points=6)

# %% [markdown]
# ## Provoke a collapse, and cure it
#
# You have now met collapse twice: as $\beta = 4$, and as the friend's mean over pixels. Both were cured by a smaller price, and no trick of training would have helped, because collapse *was* the
# optimum. It can also be an accident: a coordinate that the decoder cannot read yet only costs, is switched off early, and never comes back. For that case there is the warm-up.
#
# Give the model eight coordinates and watch how many it keeps.
#
# **Predict.** How many of eight are active for $\beta = 1$, 2 and 4? At which of them can a warm-up change the answer?

# %% experiment="collapse"
outcomes = {}
for beta, warmup in ((1.0, 0), (2.0, 0), (2.0, 1000), (4.0, 0), (4.0, 1000)):
    generator = set_seed(0)
    wide = VAE(latent_dim=8)
    train_vae(wide, data.train_x, steps=2000, beta=beta, warmup_steps=warmup, generator=generator)
    with torch.no_grad():
        mu, logvar = wide.encode(data.test_x)
        per_unit = 0.5 * (mu.square() + logvar.exp() - 1 - logvar).mean(0)
    outcomes[f"beta {beta:.0f}, warm-up {warmup}"] = per_unit.sort(descending=True).values
    print(f"beta {beta:4.0f}, warm-up {warmup:4d}: {active_units(mu)} of 8 active, negative ELBO {negative_elbo(wide, data.test_x):.2f}")

figure, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
for (name, values), marker, colour in zip(outcomes.items(), "os^xD", COLOURS, strict=False):
    ax.plot(range(1, 9), values, marker=marker, color=colour, linestyle="-" if name.endswith(" 0") else "--", label=name)
ax.set(xlabel="latent coordinate, sorted", ylabel="mean KL (nats)", title="How much each of eight coordinates says")
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# *What to see: a coordinate is used or off. At $\beta = 1$ four of eight are used; the other four are not a failure, they would cost more than they could explain. At $\beta = 2$ three
# survive at full price from the start, but four with a warm-up, and the negative ELBO is a little better too (so it was for each of three seeds of the reference): a weak coordinate had been lost by accident, and the warm-up saved it. At
# $\beta = 4$ nothing helps (the two lines at zero lie on each other): the warm-up lets coordinates grow and then prices all of them out. Collapse by objective is cured by the
# objective, collapse by accident by the schedule.*

# %% [markdown] exercise="iwae_bound" points=8 minutes=20 difficulty=3
# ## Tighten the bound
#
# **Goal.** A better estimate of $\log p_\theta(x)$ from the same model, with more codes per image.
#
# The ELBO is a bound; how far below the truth is it? Average the **weights** of $k$ codes before taking the logarithm (Burda and others, 2016; lecture 03, *the importance-weighted bound*):
#
# $$ \mathrm{IWAE}_k(x) = \log \frac1k \sum_{j=1}^k \frac{p_\theta(x, z_j)}{q_\phi(z_j \mid x)} = \log \frac1k \sum_{j=1}^k e^{\log p_\theta(x, z_j) - \log q_\phi(z_j \mid x)}, \qquad z_j \sim q_\phi(z \mid x). $$
#
# In expectation it grows with $k$ towards $\log p_\theta(x)$. The exponents are around $-25$ here, $-500$ for larger images: exponentiate naively and everything is 0. The cure is to
# pull out the largest exponent first.
#
# **By hand.** Log-weights $(0, \log 3)$: $\log\frac{1 + 3}{2} = \log 2 =$ **0.693**. Their mean, the ELBO's estimate from the same two codes, is $0.549$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Everything stays in logarithms. There is a function that computes $\log\sum_j e^{a_j}$ without ever forming $e^{a_j}$.
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# $\log\frac1k\sum_j e^{a_j} = \operatorname{logsumexp}_j(a_j) - \log k$ with $a_j = \log p_\theta(x, z_j) - \log q_\phi(z_j \mid x)$.
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `torch.logsumexp(log_p_xz - log_q_zx, dim=0)`, minus the logarithm of the number of rows.
# </details>

# %% exercise="iwae_bound"
def iwae_bound(log_p_xz: torch.Tensor, log_q_zx: torch.Tensor) -> torch.Tensor:
    """The importance-weighted bound on log p(x) in nats, one value per example: log-mean-exp over the k codes
    of the log-weights.

    log_p_xz, log_q_zx: (k, n), log p(x, z) and log q(z | x) of k codes for each of n images, of any
        size (hundreds below zero, say): the result stays exact.
    Returns (n,) in the inputs' dtype and on their device, differentiable; k = 1 gives the
        one-sample ELBO.
    """
    ### BEGIN SOLUTION
    k = len(log_p_xz)
    return torch.logsumexp(log_p_xz - log_q_zx, dim=0) - math.log(k)  # (n,)
    ### END SOLUTION

# %% check="iwae_bound"
check("iwae_bound", points=8)

# %% [markdown]
# **Predict.** How many nats does the ELBO of your two-coordinate model lose against $\log p_\theta(x)$: 0.1, 1, or 10? What would the answer be if the true posterior were a Gaussian?

# %% experiment="how_tight"
def log_weights(model, x, k, seed=0):
    """log p(x, z) and log q(z | x), both (k, n), for k codes per image."""
    mu, logvar = model.encode(x)
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    eps = torch.randn(k, *mu.shape, generator=torch.Generator().manual_seed(seed))
    z = mu + q.stddev * eps  # (k, n, 2)
    log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)
    log_likelihood = torch.stack([bernoulli_log_likelihood(model.decode(codes), x) for codes in z])
    return log_prior + log_likelihood, q.log_prob(z).sum(-1)


with torch.no_grad():
    log_p_xz, log_q_zx = log_weights(model, data.test_x, 2000)
sizes = (1, 2, 5, 20, 100, 500, 2000)
bounds = [torch.stack([iwae_bound(p, q) for p, q in zip(log_p_xz.split(k), log_q_zx.split(k), strict=True)]).mean().item() for k in sizes]
for k, bound in zip(sizes, bounds, strict=True):
    print(f"k = {k:4d}: {bound:.3f} nats per image")

plt.figure(figsize=(6, 3), layout="constrained")
plt.semilogx(sizes, bounds, marker="o", color=COLOURS[0])
plt.gca().set(xlabel="codes per image, k", ylabel="bound on log p(x) (nats)", title="More codes, a tighter bound")
plt.grid(alpha=0.25)
plt.show()

# %% [markdown]
# *What to see: with one code the bound is the ELBO. Each further code raises it, and from some hundred on it hardly moves: we have arrived at $\log p_\theta(x)$, about half a nat above the
# ELBO. That half nat is the mean of $\mathrm{KL}(q_\phi(z \mid x) \,\|\, p_\theta(z \mid x))$ (lecture 03, *when the bound is tight*): the true posteriors are not quite Gaussians with
# axes parallel to the coordinates, and one encoder has to serve all images. Were they, and were it perfect, the gap would be 0 for every $k$.*

# %% [markdown]
# ## What you have now
#
# - A VAE is a latent variable model whose encoder is there for the sake of training: it proposes codes so that the bound can be computed.
# - The bound has two halves in one unit. Sum over pixels, sum over latent coordinates, average over images, and nothing else.
# - The cost of the code is computed exactly; the reconstruction is estimated from one draw, through which gradients pass because the randomness comes from outside.
# - $\beta$ trades detail against cost, temperature says how far from the middle of the prior you draw, and neither gives anything for free. Only one ruler compares models: the negative ELBO at weight 1, or better, the importance-weighted bound.
# - Collapse means $\mu = 0$ and $\sigma = 1$. First ask whether it is the optimum of your objective; only then blame the optimiser.
#
# Samples are still soft. A single Gaussian code has to explain everything at once, and what it cannot explain, the decoder averages. Assignment 04 keeps the bound and replaces the one
# step from noise to image by a thousand small ones: diffusion.
