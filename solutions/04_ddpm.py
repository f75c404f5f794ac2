# %% [markdown]
# # 4 · Denoising diffusion: from noise to digits
#
# Take a picture of a digit and add a little noise. Again, and again, a hundred times, until nothing is left but noise. Each of those steps is
# trivial. This notebook asks whether the road can be walked backwards: start from pure noise, take a hundred small steps, and arrive at a digit
# that nobody ever wrote.
#
# The answer comes in two halves. The first needs no learning at all: for data whose law you know, the way back can be computed exactly, and you
# will watch noise turn into the data. The second replaces the one thing you cannot know for real images, the noise predictor, by a network.
#
# **You will be able to**
# - build a noise schedule and jump to any time of the forward process in one line;
# - go back one step, from the clean image or from a noise prediction, and say which variance belongs to it;
# - train a noise predictor, and say to which value its loss must fall (not to 0);
# - sample by the full chain and by DDIM in ten steps, and put a number on the difference.
#
# **You need** lectures 05 (diffusion) and 06 (sampling). Assignment 03 helps, but nothing here depends on it.
#
# **Time:** about three and a half hours of work, of which the computer needs about two minutes of one CPU core and no network.
#
# Time runs over $t = 1, \dots, T$, and $t = 0$ is the clean data. Arrays have length $T + 1$, so `alpha_bar[t]` is $\bar\alpha_t$ as in the
# formulas, with $\bar\alpha_0 = 1$, and no index is ever shifted.

# %% setup="install"
from workbook.ready import make_ready

device = make_ready()

# %% setup="imports"
import math
import time

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from workbook.checks import Checker
from workbook.data import digits8
from workbook.denoisers import DigitDenoiser, ExactNoise, ToyDenoiser, sliced_distance, spiral
from workbook.device import set_seed
from workbook.judge import Judge
from workbook.plots import COLOURS, loss_curve, show_images, show_rows
from workbook.progress import track
from workbook.schedule import NoiseSchedule

check = Checker("04_ddpm", globals())

# %% [markdown]
# ## Part 1 · Destroying a picture
#
# Everything here runs on the CPU: the networks are small, and a second device would only be slower. These are the digits, moved from $[0, 1]$ to
# $[-1, 1]$, so that a grey picture sits at 0, where the noise is centred too.

# %% experiment="look"
digits = digits8()
x_digits = digits.train_x * 2 - 1  # (1500, 64), pixels in [-1, 1]
show_images(x_digits[:20], title="Twenty of the 1,500 digits that we train on", value_range=(-1, 1))

# %% [markdown] exercise="linear_betas" points=2 minutes=8 difficulty=1
# ## Choose how much noise each step adds
#
# **The question.** One step of the forward process keeps a share of the picture and adds fresh noise,
# $$x_t = \sqrt{1 - \beta_t}\; x_{t-1} + \sqrt{\beta_t}\; \varepsilon_t .$$
# Which $\beta_t$? Early on the picture is clean and small noise matters; later it is noisy anyway and larger steps cost nothing. The simplest
# schedule that respects this lets $\beta_t$ rise on a straight line:
# $$\beta_t = \beta_1 + \frac{t - 1}{T - 1}\,(\beta_T - \beta_1), \qquad t = 1, \dots, T, \qquad \beta_0 = 0 .$$
#
# **By hand.** $T = 3$, start 0.1, end 0.3: the array is $(0,\ 0.1,\ 0.2,\ 0.3)$. Four numbers for three steps, because index 0 is the clean data.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two pieces side by side: one zero for the clean data, then $T$ evenly spaced values.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# The $T$ values start **at** `start` and end **at** `end`, both included. `torch.linspace` includes both ends.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `torch.cat([one zero, torch.linspace(start, end, how many?)])`
#
# </details>

# %% exercise="linear_betas"
def linear_betas(T: int, start: float = 1e-4, end: float = 0.02) -> torch.Tensor:
    """Noise variances that rise on a straight line.

    T: number of diffusion steps, at least 2. Returns (T + 1,), float32 or float64, on the CPU:
    beta[0] = 0 (the clean data), beta[1] = start, beta[T] = end, evenly spaced from 1 to T.
    """
    ### BEGIN SOLUTION
    return torch.cat([torch.zeros(1, dtype=torch.float64), torch.linspace(start, end, T, dtype=torch.float64)])
    ### END SOLUTION

# %% check="linear_betas"
check("linear_betas", points=2)

# %% [markdown]
# **Why** does the step multiply the picture by $\sqrt{1 - \beta_t}$ at all, instead of only adding noise?
#
# <details><summary>Answer</summary>
#
# To keep the scale. A pixel of variance 1 has variance $(1 - \beta_t) + \beta_t = 1$ afterwards, and any other variance is pulled towards 1. Without
# the factor the variance would grow for ever, and the noise we start from when sampling would have to be as large as the sum of all that was added.
#
# </details>

# %% [markdown] exercise="cosine_betas" points=3 minutes=12 difficulty=2
# ## Let the signal fade evenly
#
# **The question.** What matters to a picture at time $t$ is not $\beta_t$ but what is left of it after all the steps so far, the product
# $\bar\alpha_t = \prod_{s \le t} (1 - \beta_s)$. Can we prescribe *that*? The cosine schedule does, and computes the betas from it:
# $$\bar\alpha_t = \frac{f(t)}{f(0)}, \qquad f(t) = \cos^2\!\Big(\frac{t/T + s}{1 + s}\cdot\frac{\pi}{2}\Big), \qquad
# \beta_t = \min\Big(1 - \frac{\bar\alpha_t}{\bar\alpha_{t-1}},\ 0.999\Big).$$
# The small $s$ keeps the first steps from being too small to notice. The bound 0.999 is needed at the very end: $\bar\alpha_T = 0$ would make
# $\beta_T = 1$, and the way back divides by $\sqrt{1 - \beta_t}$.
#
# **By hand.** $T = 2$, $s = 0$: $f(0), f(1), f(2) = 1, \tfrac12, 0$, so the array is $(0,\ 0.5,\ 0.999)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# First the whole curve $\bar\alpha_0, \dots, \bar\alpha_T$, then the ratio of each value to the one before it.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# $f(0)$ cancels in the ratio: $\beta_t = 1 - f(t)/f(t-1)$. Don't forget $\beta_0 = 0$ in front, and the bound.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `f = torch.cos(... torch.arange(T + 1) ...) ** 2`, then `1 - f[1:] / f[:-1]`, bounded from above, with one zero in front.
#
# </details>

# %% exercise="cosine_betas"
def cosine_betas(T: int, s: float = 0.008) -> torch.Tensor:
    """Noise variances under which alpha_bar follows a squared cosine (Nichol and Dhariwal 2021, eq. 17).

    alpha_bar(t) = f(t) / f(0) with f(t) = cos^2(((t / T + s) / (1 + s)) * pi / 2); beta_t = 1 -
        alpha_bar(t) / alpha_bar(t - 1), at most 0.999.
    T: number of diffusion steps, at least 2.
    Returns (T + 1,), float32 or float64, on the CPU; beta[0] = 0.
    """
    ### BEGIN SOLUTION
    u = torch.arange(T + 1, dtype=torch.float64) / T
    f = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2  # (T + 1,)
    beta = (1 - f[1:] / f[:-1]).clamp(max=0.999)  # (T,)
    return torch.cat([torch.zeros(1, dtype=torch.float64), beta])  # (T + 1,)
    ### END SOLUTION

# %% check="cosine_betas"
check("cosine_betas", points=3)

# %% [markdown]
# **Why** is the bound a property of the way back and not of the way forward?
#
# <details><summary>Answer</summary>
#
# The forward step with $\beta_T = 1$ is harmless: it throws the last of the picture away. The step back has $1/\sqrt{1 - \beta_t}$ in its mean, so a
# small error in the predicted noise is multiplied by it. At 0.999 that factor is already 32; part 5 comes back to it.
#
# </details>

# %% [markdown] exercise="make_schedule" points=3 minutes=12 difficulty=2
# ## Compute everything that depends on the betas only
#
# **The question.** Which numbers will every later formula ask for? Four arrays, computed once, gathered by $t$ ever after:
# $$\alpha_t = 1 - \beta_t, \qquad \bar\alpha_t = \prod_{s=1}^{t} \alpha_s, \qquad
# \tilde\beta_t = \beta_t\,\frac{1 - \bar\alpha_{t-1}}{1 - \bar\alpha_t}, \qquad \bar\alpha_0 = 1,\ \ \tilde\beta_0 = \tilde\beta_1 = 0 .$$
# $\tilde\beta_t$ is the variance of one step back when the clean picture is known. It vanishes at $t = 1$: knowing $x_0$, there is nothing left to
# be uncertain about.
#
# **By hand.** $\beta = (0, 0.5, 0.5)$: $\alpha = (1, 0.5, 0.5)$, $\bar\alpha = (1, 0.5, 0.25)$,
# $\tilde\beta_2 = 0.5 \cdot \frac{1 - 0.5}{1 - 0.25} = \tfrac13$, so $\tilde\beta = (0, 0, \tfrac13)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# $\bar\alpha$ is a cumulative product. For $\tilde\beta_t$ put $\bar\alpha$ and $\bar\alpha$ shifted by one side by side.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# At $t = 0$ the formula is $0/0$, which is NaN: fill index 0 by hand. At $t = 1$ it gives 0 by itself, because $\bar\alpha_0 = 1$.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `alpha_bar = alpha.cumprod(0)`; start `posterior_variance` as zeros and fill `[1:]` from `beta[1:]`, `alpha_bar[:-1]`, `alpha_bar[1:]`.
#
# </details>

# %% exercise="make_schedule"
def make_schedule(betas: torch.Tensor) -> NoiseSchedule:
    """All arrays of a noise schedule from its betas.

    betas: (T + 1,) with betas[0] = 0.
    Returns NoiseSchedule(beta, alpha, alpha_bar, posterior_variance), each (T + 1,) in the dtype
        and on the device of betas; alpha_bar[0] = 1, posterior_variance[0] = posterior_variance[1]
        = 0.
    """
    ### BEGIN SOLUTION
    alpha = 1 - betas
    alpha_bar = alpha.cumprod(0)
    posterior_variance = torch.zeros_like(betas)
    posterior_variance[1:] = betas[1:] * (1 - alpha_bar[:-1]) / (1 - alpha_bar[1:])
    return NoiseSchedule(betas, alpha, alpha_bar, posterior_variance)
    ### END SOLUTION

# %% check="make_schedule"
check("make_schedule", points=3)

# %% [markdown]
# **Predict before you run.** The betas from $10^{-4}$ to $0.02$ were chosen for $T = 1000$. Use the same betas with $T = 100$: what is left of the
# picture at the end, $\sqrt{\bar\alpha_T}$? Nothing, a tenth, more than half?

# %% experiment="schedules"
curves = {
    "linear, T = 1000": make_schedule(linear_betas(1000)),
    "linear, same betas, T = 100": make_schedule(linear_betas(100)),
    "linear, ten times the betas, T = 100": make_schedule(linear_betas(100, 1e-3, 0.2)),
    "cosine, T = 100": make_schedule(cosine_betas(100)),
}
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
for i, (name, s) in enumerate(curves.items()):
    u = torch.arange(s.T + 1) / s.T
    left.plot(u, s.alpha_bar.sqrt(), color=COLOURS[i], linestyle=("-", ":", "--", "-.")[i], label=name)
    right.plot(u[1:-1], (s.alpha_bar / (1 - s.alpha_bar)).log()[1:-1], color=COLOURS[i], linestyle=("-", ":", "--", "-.")[i], label=name)
left.set(title="What is left of the picture", xlabel="t / T", ylabel=r"$\sqrt{\bar\alpha_t}$")
right.set(title="Signal-to-noise ratio", xlabel="t / T", ylabel=r"$\log \bar\alpha_t / (1 - \bar\alpha_t)$")
right.legend(frameon=False, fontsize=8)
plt.show()
for name, s in curves.items():
    print(f"{name:38} leaves {s.alpha_bar[-1].sqrt():.4f} of the picture")

# %% [markdown]
# *What to see.* The dotted curve stops at 0.6: with these betas and a hundred steps the "noise" at the end still shows the picture, and a sampler
# that starts from pure noise starts in a place where training never was. A schedule is a pair, betas **and** $T$. The cosine curve falls evenly;
# the linear ones spend their last third on pictures that are noise already.

# %% [markdown] exercise="add_noise" points=3 minutes=10 difficulty=2
# ## Jump to any time in one step
#
# **The question.** To train on time 700, must we add noise 700 times? Sums of Gaussians are Gaussian, so all those steps collapse into one
# (lecture 05, the law of $x_t$ given $x_0$):
# $$x_t = \sqrt{\bar\alpha_t}\; x_0 + \sqrt{1 - \bar\alpha_t}\; \varepsilon, \qquad \varepsilon \sim N(0, I) .$$
# Every example of a batch has its own time.
#
# **By hand.** $\bar\alpha_t = 0.64$, $x_0 = 1$, $\varepsilon = -1$: $x_t = 0.8 - 0.6 = 0.2$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Gather one number per example from the schedule, `schedule.alpha_bar[t]`, and give it as many trailing axes of length 1 as the data has.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# For `x0` of shape `(n, c, h, w)` the gathered numbers must have shape `(n, 1, 1, 1)`; `(n,)` alone would broadcast along the **last** axis.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `ab = schedule.alpha_bar[t].to(x0.dtype).view(-1, *[1] * (x0.dim() - 1))`, then the formula as it stands.
#
# </details>

# %% exercise="add_noise"
def add_noise(x0: torch.Tensor, t: torch.Tensor, eps: torch.Tensor, schedule: NoiseSchedule) -> torch.Tensor:
    """x_t given x_0 and the noise: one draw of q(x_t | x_0) (lecture 05, forward-marginal).

    x0, eps: (n, ...) of any shape.
    t: (n,) int64 in 0..T, one time per example.
    Returns x_t: (n, ...), in the dtype of x0 (the schedule may be float64).
    """
    ### BEGIN SOLUTION
    alpha_bar = schedule.alpha_bar[t].view(-1, *[1] * (x0.dim() - 1))  # (n, 1, ...)
    return alpha_bar.sqrt().to(x0.dtype) * x0 + (1 - alpha_bar).sqrt().to(x0.dtype) * eps
    ### END SOLUTION

# %% check="add_noise"
check("add_noise", points=3)

# %% [markdown]
# **Predict before you run.** A judge, a small classifier that was trained on clean digits, tells us how many noisy pictures it still recognises with
# confidence. At which share of the way, $t/T$, does it lose half of them under the cosine schedule: 0.1, 0.3, or 0.6?

# %% experiment="forward"
judge = Judge.load(8)
schedule = make_schedule(cosine_betas(100)).to(torch.float32)
g = torch.Generator().manual_seed(0)
eps = torch.randn(10, 64, generator=g)
rows = {f"t = {t}": add_noise(x_digits[:10], torch.full((10,), t), eps, schedule) for t in (0, 10, 20, 40, 60, 80, 100)}
show_rows(rows, "Ten digits on their way to noise (cosine, T = 100)", value_range=(-1.5, 1.5))
plt.show()

times = torch.arange(0, 101, 5)
known = []
for t in times.tolist():
    x_t = add_noise(x_digits, torch.full((len(x_digits),), t), torch.randn(x_digits.shape, generator=g), schedule)
    known.append(judge.confident_fraction((x_t / schedule.alpha_bar[t].sqrt().clamp(min=0.1) + 1).clamp(0, 2) / 2))
plt.figure(figsize=(6, 2.8), layout="constrained")
plt.plot(times / 100, known, "o-", color=COLOURS[0])
plt.axhline(0.5, color=COLOURS[9], linewidth=0.8)
plt.gca().set(title="How long a digit can be recognised", xlabel="t / T", ylabel="share recognised with p > 0.9", ylim=(0, 1))
plt.show()

# %% [markdown]
# *What to see.* Half of the digits are lost at about $0.3\,T$, when much more than half of the signal is still there ($\sqrt{\bar\alpha_t} \approx 0.89$):
# the judge has never seen noise. (It is shown the picture scaled back by $1/\sqrt{\bar\alpha_t}$, so only the noise is new to it.) Your eyes hold out
# longer. The networks of parts 4 and 5 will see every noise level, and must be told which one they are looking at.

# %% [markdown]
# ## Part 2 · One step back
#
# Suppose somebody tells you the clean picture $x_0$. Where was the process one step before $x_t$? This has an exact answer, and everything
# that follows is this answer with a guess in the place of $x_0$.

# %% [markdown] exercise="posterior" points=3 minutes=15 difficulty=3
# ## Compute where the process was one step earlier
#
# Bayes' rule for Gaussians, precisions added (lecture 05, the posterior $q(x_{t-1} \mid x_t, x_0)$), gives a Gaussian with
# $$\tilde\mu_t = \frac{\sqrt{\bar\alpha_{t-1}}\,\beta_t}{1 - \bar\alpha_t}\; x_0 + \frac{\sqrt{\alpha_t}\,(1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t}\; x_t,
# \qquad \text{variance } \tilde\beta_t .$$
# Read it: a weighted average of where the walk began and where it is now. Note which symbols carry a bar and which don't.
#
# **By hand.** $\beta = (0, 0.5, 0.5)$, $t = 2$, so $\bar\alpha_1 = 0.5$, $\bar\alpha_2 = 0.25$. With $x_0 = 1$, $x_t = 1$: the weights are
# $\frac{0.7071 \cdot 0.5}{0.75} = 0.4714$ and $\frac{0.7071 \cdot 0.5}{0.75} = 0.4714$, the mean is $0.9428$, the variance $\tfrac13$.
# At $t = 1$ the weights are 1 and 0: the mean is $x_0$ itself.
#
# <details><summary>Hint 1: the idea</summary>
#
# Gather five numbers per example: $\beta_t$, $\alpha_t$, $\bar\alpha_t$, $\bar\alpha_{t-1}$ and $\tilde\beta_t$. Since index 0 is the clean data,
# $\bar\alpha_{t-1}$ is `schedule.alpha_bar[t - 1]`, at $t = 1$ too.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# The weight of $x_0$ has $\sqrt{\bar\alpha_{t-1}}$ (how much of $x_0$ was left one step before); the weight of $x_t$ has $\sqrt{\alpha_t}$
# (one step, no bar).
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# A helper pays off: `def at(values, t, x): return values[t].to(x.dtype).view(-1, *[1] * (x.dim() - 1))`. Then
# `mean = at(..., t, x_t) * x0 + at(..., t, x_t) * x_t` and `variance = at(schedule.posterior_variance, t, x_t)`.
#
# </details>

# %% exercise="posterior"
def posterior(x0: torch.Tensor, x_t: torch.Tensor, t: torch.Tensor, schedule: NoiseSchedule) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance of q(x_{t-1} | x_t, x_0) (lecture 05, forward-posterior).

    x0, x_t: (n, ...) of any shape.
    t: (n,) int64 in 1..T.
    Returns mean: (n, ...), and variance: any shape that broadcasts to x_t example by example, such
        as (n, 1, ...); both in the dtype of x_t (the schedule may be float64).
    """
    ### BEGIN SOLUTION
    def at(values: torch.Tensor) -> torch.Tensor:
        return values.to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # (n, 1, ...)

    before, now = schedule.alpha_bar[t - 1], schedule.alpha_bar[t]  # (n,)
    weight_x0 = before.sqrt() * schedule.beta[t] / (1 - now)
    weight_x_t = schedule.alpha[t].sqrt() * (1 - before) / (1 - now)
    return at(weight_x0) * x0 + at(weight_x_t) * x_t, at(schedule.posterior_variance[t])
    ### END SOLUTION

# %% check="posterior"
check("posterior", points=3)

# %% [markdown]
# **Why** is the variance of a step back smaller than the $\beta_t$ of the step forward?
#
# <details><summary>Answer</summary>
#
# Two sources of knowledge about $x_{t-1}$, two precisions that add: the step forward from it (variance about $\beta_t$), and where the walk began
# (variance $1 - \bar\alpha_{t-1}$). Late in the walk the second says next to nothing, and $\tilde\beta_t \approx \beta_t$. Early it says almost all.
#
# </details>

# %% [markdown] exercise="predict_x0" points=2 minutes=8 difficulty=1
# ## Turn a noise prediction into a clean picture
#
# Nobody tells us $x_0$. But if a predictor names the noise, the clean picture follows, because $x_t$ is made of just the two. Solve
# $x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \varepsilon$ for $x_0$:
# $$\hat x_0 = \frac{x_t - \sqrt{1 - \bar\alpha_t}\;\hat\varepsilon}{\sqrt{\bar\alpha_t}} .$$
#
# **By hand.** $\bar\alpha_t = 0.64$, $x_t = 0.2$, $\hat\varepsilon = -1$: $(0.2 + 0.6)/0.8 = 1$, the $x_0$ from before.
#
# <details><summary>Hint 1: the idea</summary>
#
# It is `add_noise` backwards: subtract the noise part, then undo the scaling.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Both roots carry the **bar**: the noise in $x_t$ is that of all steps so far.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Gather `ab` as in `add_noise`, then `(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()`.
#
# </details>

# %% exercise="predict_x0"
def predict_x0(x_t: torch.Tensor, t: torch.Tensor, eps: torch.Tensor, schedule: NoiseSchedule) -> torch.Tensor:
    """The clean data that x_t and a predicted noise imply (lecture 05, conversions). Nothing is clipped.

    x_t, eps: (n, ...) of any shape.
    t: (n,) int64 in 1..T.
    Returns (n, ...), in the dtype of x_t (the schedule may be float64).
    """
    ### BEGIN SOLUTION
    alpha_bar = schedule.alpha_bar[t].view(-1, *[1] * (x_t.dim() - 1))  # (n, 1, ...)
    return (x_t - (1 - alpha_bar).sqrt().to(x_t.dtype) * eps) / alpha_bar.sqrt().to(x_t.dtype)
    ### END SOLUTION

# %% check="predict_x0"
check("predict_x0", points=2)

# %% [markdown] exercise="reverse_mean" points=3 minutes=12 difficulty=3
# ## Take the mean of one step back, from predicted noise
#
# **The question.** What becomes of $\tilde\mu_t$ when $\hat x_0$ takes the place of $x_0$? Since $\bar\alpha_t = \alpha_t\,\bar\alpha_{t-1}$, dividing
# $\sqrt{\bar\alpha_{t-1}}$ by the $\sqrt{\bar\alpha_t}$ of $\hat x_0$ leaves $1/\sqrt{\alpha_t}$. So $x_t$ gets, from both terms together,
# $$\frac{\beta_t}{(1 - \bar\alpha_t)\sqrt{\alpha_t}} + \frac{\sqrt{\alpha_t}\,(1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t}
# = \frac{\beta_t + \alpha_t - \bar\alpha_t}{(1 - \bar\alpha_t)\sqrt{\alpha_t}} = \frac{1}{\sqrt{\alpha_t}}, \qquad \text{because } \beta_t + \alpha_t = 1,$$
# and $\hat\varepsilon$ gets $-\frac{\beta_t}{(1 - \bar\alpha_t)\sqrt{\alpha_t}} \cdot \sqrt{1 - \bar\alpha_t}$. What is left is the line at the heart of every DDPM sampler:
# $$\mu_t = \frac{1}{\sqrt{\alpha_t}}\Big(x_t - \frac{\beta_t}{\sqrt{1 - \bar\alpha_t}}\;\hat\varepsilon\Big) .$$
# One bar, one place without. A slip here costs no error message; the samples fall apart, and you look for the fault in the network.
#
# **By hand.** $\beta = (0, 0.5, 0.5)$, $t = 2$, $x_t = 1$, $\hat\varepsilon = 1$: $\frac{1}{0.7071}\big(1 - \frac{0.5}{0.8660}\big) = 0.5977$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Either code the formula above, or call your `posterior` with your `predict_x0`. They are the same function.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# Outside the bracket $\sqrt{\alpha_t}$ without a bar, because one step is undone; under the noise $\sqrt{1 - \bar\alpha_t}$ with a bar, because
# $\hat\varepsilon$ is the noise of all steps together, at unit scale.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# Gather `beta`, `alpha` and `ab`, then `(x_t - beta / (1 - ab).sqrt() * eps) / alpha.sqrt()`.
#
# </details>

# %% exercise="reverse_mean"
def reverse_mean(x_t: torch.Tensor, t: torch.Tensor, eps: torch.Tensor, schedule: NoiseSchedule) -> torch.Tensor:
    """Mean of the reverse step from x_t to x_{t-1}, given the predicted noise (lecture 05, conversions).

    x_t, eps: (n, ...) of any shape.
    t: (n,) int64 in 1..T.
    Returns (n, ...), in the dtype of x_t (the schedule may be float64).
    It equals the posterior mean at x0 = predict_x0(x_t, t, eps, schedule). Nothing is clipped.
    """
    ### BEGIN SOLUTION
    def at(values: torch.Tensor) -> torch.Tensor:
        return values.to(x_t.dtype).view(-1, *[1] * (x_t.dim() - 1))  # (n, 1, ...)

    noise_share = schedule.beta[t] / (1 - schedule.alpha_bar[t]).sqrt()  # (n,)
    return (x_t - at(noise_share) * eps) / at(schedule.alpha[t].sqrt())
    ### END SOLUTION

# %% check="reverse_mean"
check("reverse_mean", points=3)

# %% [markdown]
# **Why** is the step back not simply a jump to $\hat x_0$?
#
# <details><summary>Answer</summary>
#
# At a noisy time many clean pictures fit $x_t$, and $\hat x_0$ is their average: a blur. The step goes only a little of the way towards the average,
# looks again, and averages over the fewer pictures that still fit. Part 5 shows the blur.
#
# </details>

# %% [markdown]
# ## Part 3 · Sampling with a perfect predictor, and no learning
#
# You have all the formulas of the way back. What is missing is $\hat\varepsilon$. Before any network, use data for which the best predictor
# $\varepsilon^*(x_t, t) = E[\varepsilon \mid x_t]$ can be written down: a mixture of sixty small Gaussians on two spirals. So if samples come out
# wrong, the fault is in the sampler; and if they come out right, the sampler is done and only learning is left.

# %% [markdown] exercise="reverse_step" points=3 minutes=12 difficulty=2
# ## Take one random step back
#
# The step from $x_t$ to $x_{t-1}$ asks the model for the noise, takes the mean, and adds noise of the right size:
# $$x_{t-1} = \mu_t\big(x_t, \hat\varepsilon(x_t, t)\big) + \sqrt{\tilde\beta_t}\;\varepsilon, \qquad \text{no noise at } t = 1 .$$
# All examples of a batch are at the same time here, so `t` is a plain int; the model still wants one time per example.
#
# **By hand.** $\beta = (0, 0.5, 0.5)$, $t = 2$, $x_t = 1$, a model that answers 1, $\varepsilon = 3$: the mean is $0.5977$ as before,
# $\sqrt{1/3} = 0.5774$, so $x_1 = 0.5977 + 3 \cdot 0.5774 = 2.3298$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Make the time tensor, call the model, call `reverse_mean`, add the scaled noise.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# $\tilde\beta_t$ is a variance: the noise is multiplied by its root. At $t = 1$ it is 0, so that no special case is needed.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `times = torch.full((len(x_t),), t, device=x_t.device)`, then
# `reverse_mean(x_t, times, model(x_t, times), schedule) + schedule.posterior_variance[t].sqrt() * eps`.
#
# </details>

# %% exercise="reverse_step"
def reverse_step(model: nn.Module, x_t: torch.Tensor, t: int, schedule: NoiseSchedule, eps: torch.Tensor) -> torch.Tensor:
    """One ancestral step from x_t to x_{t-1}, with variance beta~_t (Ho et al. 2020, algorithm 2).

    model: called once, as model(x_t, times) with times (n,) int64, all equal to t; answers with the
        predicted noise, shaped like x_t.
    x_t, eps: (n, ...) of any shape.
    t: a Python int in 1..T.
    Returns (n, ...), in the dtype of x_t (the schedule may be float64).
    At t = 1 no noise is added: the result is the mean whatever eps is. Nothing is clipped.
    """
    ### BEGIN SOLUTION
    times = torch.full((len(x_t),), t, dtype=torch.int64, device=x_t.device)  # (n,)
    mean = reverse_mean(x_t, times, model(x_t, times), schedule)
    return mean + schedule.posterior_variance[t].sqrt().to(x_t.dtype) * eps
    ### END SOLUTION

# %% check="reverse_step"
check("reverse_step", points=3)

# %% [markdown] exercise="sample" points=2 minutes=10 difficulty=2
# ## Walk the whole chain back
#
# Draw $x_T \sim N(0, I)$, take the step for $t = T, T - 1, \dots, 1$, each with fresh noise. The model is asked $T$ times. Nothing is trained here, so
# keep no gradient, and leave the model in the mode (training or evaluation) in which you found it.
#
# **By hand.** $T = 2$: draw $x_2$; a step at $t = 2$ with noise gives $x_1$; a step at $t = 1$ without noise gives $x_0$. Two model calls.
#
# <details><summary>Hint 1: the idea</summary>
#
# A loop over `range(schedule.T, 0, -1)` around `reverse_step`.
#
# </details>
# <details><summary>Hint 2: the details</summary>
#
# `@torch.no_grad()` above the function. `model.training` is the mode; `model.train(mode)` sets it back. All noise comes from `generator`.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `x = torch.randn(shape, generator=generator)`, moved to the device of `next(model.parameters())`; then in the loop
# `x = reverse_step(model, x, t, schedule, torch.randn(shape, generator=generator).to(x.device))`.
#
# </details>

# %% exercise="sample"
def sample(model: nn.Module, shape: tuple[int, ...], schedule: NoiseSchedule, generator: torch.Generator | None = None) -> torch.Tensor:
    """Ancestral sampling from x_T ~ N(0, I) down to x_0 with variance beta~_t (Ho et al. 2020, algorithm 2).

    model: called T times, as model(x_t, times) with the whole batch, times (n,) int64, t = T, ...,
        1.
    shape: (n, ...).
    All random numbers come from generator where one is given.
    Returns x_0: (n, ...) float32, without gradient, on the device of the model's parameters; the
        model is left in the mode (train or eval) in which it came. Nothing is clipped.
    """
    ### BEGIN SOLUTION
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    x = torch.randn(shape, generator=generator).to(device)  # (n, ...)
    with torch.no_grad():
        for t in range(schedule.T, 0, -1):
            x = reverse_step(model, x, t, schedule, torch.randn(shape, generator=generator).to(device))
    model.train(was_training)
    return x
    ### END SOLUTION

# %% check="sample"
check("sample", points=2)

# %% [markdown]
# **Predict before you run.** The predictor below is exact: no network will ever beat it. Will the samples therefore be exact too, with $T = 5$ steps?
# With 20? With 200?

# %% experiment="exact"
toy = spiral()
g = set_seed(0)
truth, other = toy.draw(2000, g), toy.draw(2000, g)
fig, axes = plt.subplots(1, 4, figsize=(11, 3), sharex=True, sharey=True, layout="constrained")
clouds = {"the data": truth}
for T in (5, 20, 200):
    exact_schedule = make_schedule(cosine_betas(T))
    clouds[f"exact predictor, T = {T}"] = sample(ExactNoise(toy, exact_schedule), (2000, 2), exact_schedule, g)
for ax, (name, points) in zip(axes, clouds.items(), strict=True):
    ax.scatter(*points.T, s=2, color=COLOURS[0])
    ax.set(title=f"{name}\ndistance {sliced_distance(points, other):.3f}", xlabel="first coordinate", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal")
axes[0].set_ylabel("second coordinate")
plt.show()

# %% [markdown]
# *What to see.* Above each cloud stands its distance to a second draw of the data (64 directions, the Wasserstein distance of the projections); the
# leftmost says how far two honest draws are apart. Two hundred steps are as good as real data, out of a formula that has learned nothing. Five steps
# are not, although the predictor is perfect: the true way back over a **long** step is no Gaussian (it may lead to one arm or to the other), and we
# walk it with a Gaussian of variance $\tilde\beta_t$. At twenty steps the shape is right and the arms are too thin: $\tilde\beta_t$ is the variance of a
# step whose $x_0$ is known, and ours is not (lecture 06, what a wrong reverse variance costs). Many small steps are the price of a simple step.

# %% experiment="chain"
exact_schedule = make_schedule(cosine_betas(200))
exact = ExactNoise(toy, exact_schedule)
x, g = torch.randn(2000, 2, generator=set_seed(1)), torch.Generator().manual_seed(2)
fig, axes = plt.subplots(2, 5, figsize=(12, 5), sharex=True, sharey=True, layout="constrained")
column = 0
with torch.no_grad():
    for t in range(200, 0, -1):
        if t in (200, 120, 60, 20, 5):
            times = torch.full((2000,), t)
            for ax, points, name in ((axes[0, column], x, f"$x_t$, t = {t}"), (axes[1, column], predict_x0(x, times, exact(x, times), exact_schedule), r"$\hat x_0$")):
                ax.scatter(*points.T, s=2, color=COLOURS[0 if ax in axes[0] else 6])
                ax.set(title=name, xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal")
            column += 1
        x = reverse_step(exact, x, t, exact_schedule, torch.randn(2000, 2, generator=g))
plt.show()

# %% [markdown]
# *What to see.* Above, the walk; below, what the predictor believes at that moment the clean point to be. At $t = 200$ it believes the average of all
# data for everyone, and rightly so: from pure noise nothing can be told. The belief sharpens as the noise goes. No $\hat x_0$ in the middle is a
# sample; only the end is.

# %% [markdown]
# ### Three slips that no error message reports
#
# All three are quickly written and have the right shapes. (a) The noise is multiplied by its variance $\tilde\beta_t$, not by the root of it. (b) The bar under the noise is missing:
# $\beta_t/\sqrt{1 - \alpha_t}$. (c) There is a bar where none belongs: $1/\sqrt{\bar\alpha_t}$ in front.
#
# **Predict before you run.** Each makes a cloud of its own. Which one shrinks, which one explodes? Which would you take, on pictures, for a network that needs more training?

# %% experiment="slips"
alpha, alpha_bar, variance = exact_schedule.alpha, exact_schedule.alpha_bar, exact_schedule.posterior_variance


def right_mean(x, times, eps_hat):
    """The mean of a step as you wrote it."""
    return reverse_mean(x, times, eps_hat, exact_schedule)


def walk_back(mean_of, root_of, n=2000):
    """The end of a walk by the exact predictor: means by mean_of(x_t, times, eps_hat), fresh noise multiplied by root_of(t)."""
    g = torch.Generator().manual_seed(3)
    x = torch.randn(n, 2, generator=g)
    with torch.no_grad():
        for t in range(exact_schedule.T, 0, -1):
            times = torch.full((n,), t)
            x = mean_of(x, times, exact(x, times)) + root_of(t) * torch.randn(n, 2, generator=g)
    return x


steps_back = {
    "as it should be": (right_mean, lambda t: variance[t].sqrt()),
    "(a) variance for its root": (right_mean, lambda t: variance[t]),
    "(b) no bar under the noise": (lambda x, t, eps_hat: right_mean(x, t, eps_hat * ((1 - alpha_bar[t]) / (1 - alpha[t])).sqrt()[:, None]), lambda t: variance[t].sqrt()),
    "(c) a bar in front": (lambda x, t, eps_hat: right_mean(x, t, eps_hat) * (alpha[t] / alpha_bar[t]).sqrt()[:, None], lambda t: variance[t].sqrt()),
}
fig, axes = plt.subplots(1, 4, figsize=(11, 3), sharex=True, sharey=True, layout="constrained")
for ax, (name, how) in zip(axes, steps_back.items(), strict=True):
    points = walk_back(*how)
    ax.scatter(*points.T, s=2, color=COLOURS[0])
    ax.set(title=f"{name}\nspread {points.std(0).mean():.2g}", xlabel="first coordinate", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal")
axes[0].set_ylabel("second coordinate")
plt.show()

# %% [markdown]
# *What to see.* The predictor is exact in all four, so nothing here is a network's fault. (a) adds too little noise at every step and (b) subtracts too much: both clouds shrink towards
# the average of the data, and on pictures that looks like blur, which one blames on training. (c) divides by $\sqrt{\bar\alpha_t}$ two hundred times and has left the picture. Now you
# know why the sampler was tested before anything was learned.

# %% [markdown]
# ## Part 4 · Learning the noise
#
# For digits there is no formula for $E[\varepsilon \mid x_t]$. But a conditional mean is what least squares finds: make $x_t$ from a known
# $\varepsilon$, ask the network for it back, and minimise the squared error.

# %% [markdown] exercise="timestep_embedding" points=3 minutes=12 difficulty=2
# ## Tell the network the time
#
# **The question.** The network must act differently at $t = 3$ and $t = 90$. A single number is a poor input: too large, and too smooth to separate
# neighbours. The remedy is the one for positions in a sequence, a row of clocks with hands from fast to slow:
# $$\big(\sin(t\,\omega_0), \dots, \sin(t\,\omega_{h-1}),\ \cos(t\,\omega_0), \dots, \cos(t\,\omega_{h-1})\big), \qquad
# \omega_i = 10000^{-i/h}, \quad h = \mathrm{dim}/2 .$$
#
# **By hand.** dim = 4: $\omega = (1, 0.01)$. At $t = 1$: $(0.8415,\ 0.0100,\ 0.5403,\ 1.0000)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# An outer product of times `(n, 1)` and frequencies `(1, h)`, then sine and cosine side by side.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# The exponent is $-i/h$ for $i = 0, \dots, h - 1$: divide by $h$, not by $h - 1$. First **all** sines, then **all** cosines.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `omega = 10000 ** (-torch.arange(h) / h)` on the device of `t`, `angle = t[:, None] * omega`, `torch.cat([..., ...], dim=1)`; before that, raise
# `ValueError` where `dim` is odd.
#
# </details>

# %% exercise="timestep_embedding"
def timestep_embedding(t: torch.Tensor, dim: int) -> torch.Tensor:
    """Sines and cosines of the time at geometrically spaced frequencies (lecture 07, timestep-embedding).

    t: (n,) int64.
    Returns (n, dim) float32 on the device of t: the first half sin(t w_i), the second half cos(t
        w_i), w_i = 10000^(-i / (dim / 2)) for i = 0..dim/2-1.
    Raises ValueError where dim is odd.
    """
    ### BEGIN SOLUTION
    if dim % 2:
        raise ValueError(f"expected an even dim, half for sines and half for cosines, got {dim}")
    half = dim // 2
    omega = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32, device=t.device) / half)  # (half,)
    angle = t.float()[:, None] * omega  # (n, half)
    return torch.cat([angle.sin(), angle.cos()], dim=1)  # (n, dim)
    ### END SOLUTION

# %% check="timestep_embedding"
check("timestep_embedding", points=3)

# %% experiment="clocks"
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
clocks = timestep_embedding(torch.arange(1, 101), 32)
left.imshow(clocks.T, aspect="auto", cmap="cividis", extent=(1, 100, 32, 0))
left.set(title="The embedding of t = 1..100", xlabel="t", ylabel="coordinate")
for i, t in enumerate((10, 50, 90)):
    right.plot(torch.arange(1, 101), clocks @ clocks[t - 1] / 16, color=COLOURS[2 * i], linestyle=("-", "--", "-.")[i], label=f"with t = {t}")
right.set(title="Inner product of two times", xlabel="t", ylabel="inner product / 16")
right.set_ylim(top=1.45)
right.legend(frameon=False, ncols=3, loc="upper center")
plt.show()

# %% [markdown]
# *What to see.* Left: fast clocks above, slow ones below, sines in the upper half and cosines in the lower. Right: the inner product of two embedded
# times depends only on how far they are apart, and has its peak where they agree; a linear layer can therefore pick out any range of times.

# %% [markdown] exercise="ddpm_loss" points=3 minutes=10 difficulty=2
# ## Measure how well the noise is predicted
#
# $$L = \operatorname{mean}\,\big(\varepsilon - \hat\varepsilon(x_t, t)\big)^2, \qquad x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\,\varepsilon,$$
# the mean over batch **and** dimensions. This is the "simple loss" (lecture 05): the bound with its weights left out.
#
# **By hand.** A model that always answers 0, and $\varepsilon = (1, -1, 2)$: $L = (1 + 1 + 4)/3 = 2$. On average over $\varepsilon$ such a model scores
# exactly 1. Remember the 1: it is the loss of knowing nothing.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two lines: make $x_t$, compare $\varepsilon$ with what the model says.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# The model gets $x_t$ (not $x_0$) and the integer $t$ as it is (not $t/T$, not $t - 1$).
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `x_t = add_noise(...)`, then `(eps - model(x_t, t)).square().mean()`.
#
# </details>

# %% exercise="ddpm_loss"
def ddpm_loss(model: nn.Module, x0: torch.Tensor, t: torch.Tensor, eps: torch.Tensor, schedule: NoiseSchedule) -> torch.Tensor:
    """Mean squared error of the predicted noise, over batch and dimensions (Ho et al. 2020, eq. 14).

    model: called once, as model(x_t, t) with t (n,) int64 as it came; answers with the predicted
        noise, shaped like x_t.
    x0, eps: (n, ...) of any shape.
    t: (n,) in 1..T.
    Returns a scalar tensor with gradient to the model's parameters.
    """
    ### BEGIN SOLUTION
    x_t = add_noise(x0, t, eps, schedule)  # (n, ...)
    return (eps - model(x_t, t)).square().mean()
    ### END SOLUTION

# %% check="ddpm_loss"
check("ddpm_loss", points=3)

# %% [markdown] exercise="vlb_weight" points=2 minutes=12 difficulty=3
# ## Find the weights that the simple loss leaves out
#
# **The question.** The variational bound compares each reverse step with $q(x_{t-1} \mid x_t, x_0)$. Both are Gaussians of variance $\tilde\beta_t$, so
# their KL is the squared distance of the means over $2\tilde\beta_t$; and the means differ by $\frac{\beta_t}{\sqrt{\alpha_t}\sqrt{1 - \bar\alpha_t}}$ times
# the error of the noise. Together
# $$\mathrm{KL}_t = w_t\,\|\varepsilon - \hat\varepsilon\|^2, \qquad
# w_t = \frac{\beta_t^2}{2\,\tilde\beta_t\,\alpha_t\,(1 - \bar\alpha_t)} \qquad (t \ge 2).$$
#
# **By hand.** $\beta = (0, 0.5, 0.5)$, $t = 2$: $w_2 = \frac{0.25}{2 \cdot \frac13 \cdot 0.5 \cdot 0.75} = 1$.
#
# <details><summary>Hint 1: the idea</summary>
#
# All four factors are arrays of the schedule, gathered at $t$. One of them carries a bar, one does not.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# A good cross-check: $w_t = \tfrac12\,(\mathrm{SNR}_{t-1} - \mathrm{SNR}_t)/\mathrm{SNR}_t$ with $\mathrm{SNR}_t = \bar\alpha_t/(1 - \bar\alpha_t)$.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `schedule.beta[t] ** 2 / (2 * schedule.posterior_variance[t] * ... * ...)`. At $t = 1$ this divides by 0, which is fine: that value is free.
#
# </details>

# %% exercise="vlb_weight"
def vlb_weight(t: torch.Tensor, schedule: NoiseSchedule) -> torch.Tensor:
    """Weight of ||eps - eps_hat||^2 (summed over dimensions, in nats) in the variational bound, for reverse
    variance beta~_t.

    t: (n,) int64 in 1..T.
    Returns (n,) in the dtype of the schedule; the value at t = 1 is free, infinity or NaN included
        (lecture 05, vlb-weight).
    """
    ### BEGIN SOLUTION
    beta, alpha, alpha_bar = schedule.beta[t], schedule.alpha[t], schedule.alpha_bar[t]  # (n,)
    return beta.square() / (2 * schedule.posterior_variance[t] * alpha * (1 - alpha_bar))
    ### END SOLUTION

# %% check="vlb_weight"
check("vlb_weight", points=2)

# %% [markdown]
# **Predict before you run.** Where is $w_t$ large: at the clean end or at the noisy end? The simple loss uses 1 instead. Which end does it neglect,
# compared with the bound?

# %% experiment="weights"
plt.figure(figsize=(6, 3), layout="constrained")
for i, (name, s) in enumerate({"linear, T = 1000": make_schedule(linear_betas(1000)), "cosine, T = 1000": make_schedule(cosine_betas(1000))}.items()):
    plt.plot(torch.arange(2, 1001), vlb_weight(torch.arange(2, 1001), s), color=COLOURS[i * 4], linestyle=("-", "--")[i], label=name)
plt.axhline(1, color=COLOURS[9], linewidth=0.8, label="the simple loss")
plt.gca().set(title="The weight of the noise error in the bound", xlabel="t", ylabel="$w_t$", yscale="log")
plt.legend(frameon=False)
plt.show()

# %% [markdown]
# *What to see.* The bound cares most about the first few steps, where the last fine grain of the picture is decided: worth many nats and hardly
# visible. Compared with it, the simple loss gives a hundred times more to the middle, where it is decided which digit this is. So models trained with it
# look better than their likelihood, and that is a choice, not a derivation. (The dashed line shoots up once more at $t = T$, where
# $\beta_T = 0.999$ throws nearly everything away in one step. There the noise is nearly all of $x_t$, and its error nearly 0.)

# %% [markdown] exercise="train_ddpm" points=4 minutes=20 difficulty=3
# ## Train the predictor
#
# The loop: a batch of data, **one random time per example** uniform on $\{1, \dots, T\}$, fresh noise, the loss, a step. The data are walked through
# without replacement, in a new order every epoch.
#
# **By hand.** 1,500 examples and batches of 128 make 11 full batches and one of 92 per epoch; 24 steps are two epochs. Of 128 times drawn for
# $T = 100$, each value is met 1.28 times on average.
#
# <details><summary>Hint 1: the idea</summary>
#
# Draw a permutation of the indices, cut it into batches, and draw a new one when it is used up. Everything else stands in `ddpm_loss`.
#
# </details>
# <details><summary>Hint 2: the details</summary>
#
# `torch.randint(1, T + 1, (n,), generator=generator)`: the upper end is exclusive. Draw noise anew at every step. Return `loss.item()`, not `loss`.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# For each step: if no indices are left, `order = torch.randperm(len(x), generator=generator).split(batch_size)`; take the next piece; `x0 = x[piece]`;
# draw `t` and `eps`; `loss = ddpm_loss(model, x0, t, eps, schedule)`; `zero_grad`, `backward`, `step`; append. `track(steps, "training", losses)` from
# the workbook iterates like `range(steps)` and shows a progress bar.
#
# </details>

# %% exercise="train_ddpm"
def train_ddpm(
    model: nn.Module, x: torch.Tensor, schedule: NoiseSchedule, *, steps: int, batch_size: int = 128, lr: float = 1e-3, generator: torch.Generator | None = None
) -> list[float]:
    """Train a noise predictor in place by ddpm_loss; any gradient optimiser with learning rate lr.

    model: called as model(x_t, t), t (n,) int64 with one time per example, uniform on 1..T (both
        ends included).
    x: (m, ...); m may be smaller than batch_size. Batches go through the data without replacement,
        freshly shuffled every epoch (a last short batch may be kept or dropped); noise and times
        are drawn anew at every step, all from generator where one is given.
    Returns one Python float, the loss, per step. The model is left in training mode or as it came.
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    order, losses = [], []
    model.train()
    for _ in track(steps, "training", losses, batch_size):
        if not order:
            order = list(torch.randperm(len(x), generator=generator).split(batch_size))
        x0 = x[order.pop()]  # (n, ...)
        t = torch.randint(1, schedule.T + 1, (len(x0),), generator=generator).to(x.device)  # (n,)
        eps = torch.randn(x0.shape, dtype=x.dtype, generator=generator).to(x.device)  # (n, ...)
        loss = ddpm_loss(model, x0, t, eps, schedule)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
    ### END SOLUTION

# %% check="train_ddpm"
check("train_ddpm", points=4)

# %% [markdown]
# **Predict before you run.** We train on the spirals, where the best possible loss is known: that of the exact predictor. Is it 0? Between 0 and 1?
# And will the curve reach it?

# %% experiment="toy"
T = 100
toy_schedule = make_schedule(linear_betas(T, 1e-3, 0.2)).to(torch.float32)
exact = ExactNoise(toy, toy_schedule)
g = set_seed(0)
x_toy = toy.draw(10_000, g)
learned = ToyDenoiser(timestep_embedding)
began, losses = time.process_time(), []
for steps, lr in ((1500, 3e-3), (700, 1e-3), (700, 2e-4)):
    losses += train_ddpm(learned, x_toy, toy_schedule, steps=steps, batch_size=512, lr=lr, generator=g)

t_test, eps_test = torch.randint(1, T + 1, (10_000,), generator=g), torch.randn(10_000, 2, generator=g)
with torch.no_grad():
    floor = ddpm_loss(exact, x_toy, t_test, eps_test, toy_schedule).item()
    reached = ddpm_loss(learned, x_toy, t_test, eps_test, toy_schedule).item()
print(f"trained for {time.process_time() - began:.0f} CPU seconds; loss of the exact predictor {floor:.3f}, of the learned one {reached:.3f}")
fig, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
loss_curve(losses, title="Learning the noise of two spirals", ax=ax)
ax.axhline(floor, color=COLOURS[4], linestyle="--", label="exact predictor")
ax.set_ylim(0.15, 0.3)
ax.legend(frameon=False)
plt.show()

fig, axes = plt.subplots(1, 3, figsize=(9, 3), sharex=True, sharey=True, layout="constrained")
clouds = {"the data": truth, "exact predictor, T = 100": sample(exact, (2000, 2), toy_schedule, g), "learned, T = 100": sample(learned, (2000, 2), toy_schedule, g)}
for ax, (name, points) in zip(axes, clouds.items(), strict=True):
    ax.scatter(*points.T, s=2, color=COLOURS[0])
    ax.set(title=f"{name}\ndistance {sliced_distance(points, other):.3f}", xlabel="first coordinate", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal")
axes[0].set_ylabel("second coordinate")
plt.show()

# %% [markdown]
# *What to see.* The loss falls fast and then creeps up to the dashed line, at a value far from 0. That is no failure: at small $t$ nobody can tell the noise
# from the data's own spread, and the exact predictor cannot either. But look at the clouds: with a loss within a few percent of the best possible, some
# points still lie between the arms, where the exact predictor leaves none. A loss curve of a diffusion model says whether something is badly wrong;
# whether the samples are good, only samples say.

# %% [markdown]
# ## Debug me · The curve that looked right
#
# A colleague trains on the digits with batches of 64 and makes $x_t$ by the three lines below. No error, no warning, and a loss curve that falls as
# it should. The samples are bad. On another data set the same code crashes at once, which it should have done here.
#
# Run the next two cells and look. Then **find the bug**, mend it, run both again, and let the check have its say.

# %% debug="noised_batch"
def noised_batch(x0: torch.Tensor, t: torch.Tensor, eps: torch.Tensor, schedule: NoiseSchedule) -> torch.Tensor:
    """x_t for flat data: x0, eps (n, d), t (n,); row i is at time t[i]."""
    ### BEGIN SOLUTION
    alpha_bar = schedule.alpha_bar[t][:, None]  # (n, 1)
    ### END SOLUTION
    ### BEGIN BUGGY
    # alpha_bar = schedule.alpha_bar[t]
    ### END BUGGY
    return alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps

# %% experiment="debug_curve"
g = set_seed(0)
schedule = make_schedule(cosine_betas(100)).to(torch.float32)
small = DigitDenoiser(timestep_embedding, schedule, x_digits)
optimizer, debug_losses = torch.optim.Adam(small.parameters(), lr=3e-3), []
for _ in track(600, "training", debug_losses):
    x0, t = x_digits[torch.randint(len(x_digits), (64,), generator=g)], torch.randint(1, 101, (64,), generator=g)
    eps = torch.randn(64, 64, generator=g)
    loss = (eps - small(noised_batch(x0, t, eps, schedule), t)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    debug_losses.append(loss.item())
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 2.6), layout="constrained")
loss_curve(debug_losses, title="The colleague's curve", ax=left)
show_images(sample(small, (20, 64), schedule, g), title="The colleague's samples", value_range=(-1, 1), ax=right)
plt.show()

# %% check="noised_batch"
check("noised_batch")

# %% [markdown]
# <details><summary>What it was</summary>
#
# The 64 times of the batch were laid along the 64 **pixels**: `(64,)` broadcasts against `(64, 64)` along the last axis. Every picture then carries all
# noise levels at once, pixel by pixel, and the network is told a time that says nothing about its picture. Equal sizes hide the error; with batches of
# 32 it crashes. Shapes written at the ends of lines, and odd batch sizes in tests, find such bugs.
#
# </details>

# %% [markdown]
# ## Part 5 · Digits
#
# The network is given, and it starts from something you know. For **Gaussian** data with the mean $m$ and the covariance $C$ of the digits, the best guess
# of the clean picture is linear in $x_t$,
# $$\hat x_0 = m + \sqrt{\bar\alpha_t}\; C\,\big(\bar\alpha_t C + (1 - \bar\alpha_t) I\big)^{-1}\big(x_t - \sqrt{\bar\alpha_t}\, m\big) .$$
# Digits are not Gaussian. But near $t = T$, where a picture is noise but for a trace, nothing can do better, whatever the data. So the network need not
# learn that end, and the factor 32 of the cosine schedule's last step meets a tiny error. A small network (convolutions at 8x8 and 4x4, one layer that sees
# the whole picture, your embedding of time in every part) is shown $x_t$ and this guess and learns the rest. `DigitDenoiser??` prints it.
#
# Training goes in four stretches with falling learning rate: large steps find the rough shape, small ones average out the noise of the last steps.
# It takes about a minute on one core. The stop button ends a stretch early and keeps what is learned.

# %% experiment="digits"
g = set_seed(0)
schedule = make_schedule(cosine_betas(100)).to(torch.float32)
denoiser = DigitDenoiser(timestep_embedding, schedule, x_digits)
began, losses = time.process_time(), []
for steps, lr in ((1900, 3e-3), (1000, 1e-3), (700, 3e-4), (400, 1e-4)):
    losses += train_ddpm(denoiser, x_digits, schedule, steps=steps, batch_size=64, lr=lr, generator=g)
print(f"trained for {time.process_time() - began:.0f} CPU seconds")
loss_curve(losses, title="Learning the noise of digits")
plt.show()

# %% experiment="digit_samples"
samples = sample(denoiser, (1000, 64), schedule, g)  # (1000, 64)
show_images(samples[:60], columns=15, title="Sixty digits that nobody wrote", value_range=(-1, 1))
plt.show()
as_pixels = ((samples + 1) / 2).clamp(0, 1)
full = judge.report(as_pixels, digits.train_x)
print(f"recognised with p > 0.9: {full.confident:.1%} of the samples, {full.real_confident:.1%} of held-out digits")
print(f"Fréchet distance of samples to real digits over that of real digits to other real digits: {full.train_ratio:.2f}")
print(f"samples per class: {full.counts}")

# %% [markdown]
# *What to see.* The judge recognises nearly as many samples as real digits. The Fréchet ratio is about the judge's 32 features: the distance of samples
# to training digits, over that of training digits to **other** training digits, equally many on each side. At 1 samples are as near to real digits as
# real digits are. All ten classes are there, although the network never saw a label; some are met more often than others.
#
# **Copies?** A network that stored the 1,500 training digits would score a perfect 1. So look at each sample's nearest training digit.

# %% experiment="copies"
distance, which = torch.cdist(as_pixels, digits.train_x).min(1)
show_rows({"sample": as_pixels[:12], "nearest in\ntraining": digits.train_x[which[:12]]}, title="Twelve samples, and the training digit nearest to each")
plt.show()
held_out = torch.cdist(digits.test_x, digits.train_x).amin(1)
plt.figure(figsize=(6, 2.8), layout="constrained")
bins = torch.linspace(0, 2.5, 40).tolist()
plt.hist(held_out, bins, density=True, color=COLOURS[1], label="held-out digits")
plt.hist(distance, bins, density=True, histtype="step", linewidth=1.5, color=COLOURS[4], label="samples")
plt.gca().set(title="Distance to the nearest training digit", xlabel="Euclidean distance", ylabel="density")
plt.legend(frameon=False)
plt.show()
print(f"median distance: samples {distance.median():.2f}, held-out digits {held_out.median():.2f}")

# %% [markdown]
# *What to see.* Samples lie as far from the training digits as digits that other people wrote do. A store of copies would have its distances at 0.

# %% experiment="digit_chain"
g = torch.Generator().manual_seed(3)
x, rows = torch.randn(10, 64, generator=g), {}
with torch.no_grad():
    for t in range(100, 0, -1):
        times = torch.full((10,), t)
        if t in (100, 80, 60, 40, 20):
            rows[f"$x_t$, t = {t}"], rows[f"$\\hat x_0$, t = {t}"] = x, predict_x0(x, times, denoiser(x, times), schedule)
        x = reverse_step(denoiser, x, t, schedule, torch.randn(10, 64, generator=g))
rows["$x_0$"] = x
show_rows(rows, title="The way back, and what the network believes on the way", value_range=(-1, 1))
plt.show()

# %% [markdown]
# *What to see.* The believed clean picture begins as the average digit, a grey blob, and becomes sharp only as the noise goes: first where the ink is,
# then which digit, last its edges. This is the answer to why one does not jump to $\hat x_0$ at once.

# %% [markdown] exercise="ddim_sample" points=4 minutes=20 difficulty=4
# ## Sample in ten steps instead of a hundred
#
# **The question.** A hundred network calls per picture: is that the price? The network was trained on the law of $x_t$ given $x_0$ at each $t$ by itself,
# and not on the steps between. Any walk that keeps those laws may use it, one with longer steps and no fresh noise too (lecture 06, DDIM): split $x_t$
# into the believed picture and the believed noise, and mix them again for an earlier time $s$,
# $$x_s = \sqrt{\bar\alpha_s}\;\hat x_0 + \sqrt{1 - \bar\alpha_s}\;\hat\varepsilon, \qquad \hat x_0 = \frac{x_t - \sqrt{1 - \bar\alpha_t}\,\hat\varepsilon}{\sqrt{\bar\alpha_t}} .$$
# The times form a decreasing sequence of `steps` values that starts at $T$ and is spaced nearly evenly; the last step lands on $s = 0$, where
# $\bar\alpha_0 = 1$ and only $\hat x_0$ remains.
#
# **By hand.** $T = 100$, 4 steps: the model is called at 100, 75, 50, 25, and the last step goes from 25 to 0. One step, with $\bar\alpha_t = 0.64$,
# $\bar\alpha_s = 0.81$, $x_t = 0.2$, $\hat\varepsilon = -1$: $\hat x_0 = 1$ as before, and $x_s = 0.9 \cdot 1 - 0.4359 = 0.4641$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Make the list of times first, with 0 at its end; then walk over neighbouring pairs $(t, s)$.
#
# </details>
# <details><summary>Hint 2: the formula</summary>
#
# `torch.linspace(T, 0, steps + 1).round()` gives `steps` calls and the final 0. Your `predict_x0` gives $\hat x_0$; $\hat\varepsilon$ is used again as it is.
#
# </details>
# <details><summary>Hint 3: almost code</summary>
#
# `for t, s in zip(times[:-1], times[1:])`: `eps = model(x, full of t)`, `x0 = predict_x0(...)`, then the mix with `schedule.alpha_bar[s]`. Begin with the
# `ValueError`; no gradient; put the model's mode back.
#
# </details>

# %% exercise="ddim_sample"
def ddim_sample(model: nn.Module, shape: tuple[int, ...], schedule: NoiseSchedule, steps: int, generator: torch.Generator | None = None) -> torch.Tensor:
    """Deterministic sampling (eta = 0) in `steps` model calls (Song et al. 2021, eq. 12; lecture 06, ddim).

    x_T ~ N(0, I), drawn from generator where one is given, is the only random draw. model: called
        `steps` times, as model(x_t, times) with the whole batch, times (n,) int64; the times
        decrease strictly, start at T, are spaced nearly evenly (every gap about T / steps) and stay
        in 1..T;
    the last step lands on t = 0.
    shape: (n, ...).
    Returns (n, ...) float32, without gradient, on the device of the model's parameters; the model
        is left in the mode (train or eval) in which it came. Nothing is clipped.
    Raises ValueError unless 1 <= steps <= T.
    """
    ### BEGIN SOLUTION
    if not 1 <= steps <= schedule.T:
        raise ValueError(f"expected 1 <= steps <= T = {schedule.T}, got {steps}")
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    x = torch.randn(shape, generator=generator).to(device)  # (n, ...)
    times = torch.linspace(schedule.T, 0, steps + 1, dtype=torch.float64).round().long().tolist()
    with torch.no_grad():
        for t, s in zip(times[:-1], times[1:], strict=True):
            at_t = torch.full((len(x),), t, dtype=torch.int64, device=device)  # (n,)
            eps = model(x, at_t)
            x0 = predict_x0(x, at_t, eps, schedule)
            x = schedule.alpha_bar[s].sqrt().to(x.dtype) * x0 + (1 - schedule.alpha_bar[s]).sqrt().to(x.dtype) * eps  # x_s
    model.train(was_training)
    return x
    ### END SOLUTION

# %% check="ddim_sample"
check("ddim_sample", points=4)

# %% [markdown]
# **Predict before you run.** The full chain makes 100 model calls. How do DDIM's samples with 10, 20 and 50 calls compare: worse, equal, or better?

# %% experiment="ddim"
same_start, picked, table = 4, {}, []
for steps in (10, 20, 50):
    made = ddim_sample(denoiser, (1000, 64), schedule, steps, torch.Generator().manual_seed(same_start))
    picked[f"{steps} steps"] = made[:12]
    table.append(("DDIM", steps, judge.report(((made + 1) / 2).clamp(0, 1), digits.train_x)))
table.append(("full chain", schedule.T, full))
show_rows(picked, title="The same twelve starts, walked in 10, 20 and 50 steps", value_range=(-1, 1))
plt.show()
print(f"{'sampler':12}{'network calls':>14}{'recognised':>12}{'Fréchet ratio':>15}")
for name, calls, found in table:
    print(f"{name:12}{calls:14}{found.confident:12.1%}{found.train_ratio:15.2f}")

# %% [markdown]
# *What to see.* The same noise leads to the same digits whether the walk has 10 steps or 50: DDIM is a fixed map from noise to pictures, and more steps
# only follow it more closely. Ten calls already give digits, though as a set they are farther from real ones; with more calls they come nearer, and with
# fifty they are about as near as the full chain at half of its cost: over three trainings of the reference, 1,500 samples each, 1.13, 1.05 and 1.01 against
# 1.15, 1.05 and 1.10. (One draw of 1,000, as here, scatters by some two tenths.) The judge is surer of the full chain's samples: its fresh noise covers
# errors of earlier steps, which DDIM carries to the end.

# %% [markdown] question="why_noise_again" points=2
# ## Say why
#
# **In writing (2 points, graded by a person).** The aim is to remove noise, and yet `reverse_step` **adds** noise after every mean. (a) What would samples look like if it did not, with everything else
# unchanged? Say what happens to their variance. (b) DDIM adds none and works. What does it do with the noise instead? Four to six sentences; you may run
# the experiment.
#
# ### BEGIN SOLUTION
# (a) The mean of a step is an average over all $x_{t-1}$ that fit $x_t$. Keeping only the mean drops the spread $\tilde\beta_t$ at every step; the walk
# contracts, its variance falls below that of $q(x_{t-1})$ at every time, the network is asked about states less noisy than their $t$ says, and the end is
# too smooth and too alike: blurred digits near the averages of many. For Gaussian data this can be computed: the variance of the samples comes out smaller
# than that of the data.
# (b) DDIM replaces the dropped spread by a larger share of the noise that is already in $x_t$: it keeps $\hat\varepsilon$ and gives it the weight
# $\sqrt{1 - \bar\alpha_s}$, the full noise level of time $s$, where the ancestral mean gives it less. So the variance at $s$ is right without anything
# fresh, and the map from noise to picture is deterministic.
# ### END SOLUTION

# %% [markdown]
# ## Summary
#
# - The forward process has no parameters and a closed form at every time; a schedule is a pair, betas and $T$ (`make_schedule`, `add_noise`).
# - A step back from $x_t$ is Gaussian **if $x_0$ is known** (`posterior`); with a predicted noise in its place it is the DDPM step (`reverse_mean`).
# - With the exact predictor and many small steps, noise turns into the data and nothing was learned (`sample`); with few steps even the exact
#   predictor fails, because a long step back is no Gaussian.
# - The predictor is learned by least squares. Its loss ends at a floor far above 0, and only samples say whether they are good (`train_ddpm`).
# - DDIM walks the same noise levels with long deterministic steps: twenty to fifty calls instead of a hundred (`ddim_sample`).
#
# **Next:** in assignment 05 the pictures grow to 28x28, and the network becomes a U-Net that you build yourself.
