"""The autoencoder and the VAE of assignments 01 and 03 once more, in NumPy alone: gradients derived by hand, Adam written out, float32, no loop but over steps.

Weights are dictionaries of arrays, in torch's layout `(out, in)`. A batch x is `(n, d)`; `a @ w.T` is a layer.
"""

from collections.abc import Callable, Iterator

import numpy as np

Weights = dict[str, np.ndarray]


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def layer_back(up: np.ndarray, a: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Through `a @ w.T + b`, from the gradient `up` of its result: those of w, b and a."""
    return up.T @ a, up.sum(0), up @ w


def autoencoder_gradients(p: Weights, x: np.ndarray) -> tuple[float, Weights]:
    """Mean squared error per pixel of sigmoid(W4 silu(W3 (W2 silu(W1 x)))), and its gradients."""
    h = x @ p["w1"].T + p["b1"]
    gate = sigmoid(h)
    a = h * gate  # (n, hidden)
    z = a @ p["w2"].T + p["b2"]  # (n, k)
    g = z @ p["w3"].T + p["b3"]
    gate_2 = sigmoid(g)
    c = g * gate_2
    out = sigmoid(c @ p["w4"].T + p["b4"])  # (n, d)
    error = out - x
    grads: Weights = {}
    grads["w4"], grads["b4"], back = layer_back(2 / error.size * error * out * (1 - out), c, p["w4"])
    grads["w3"], grads["b3"], back = layer_back(back * (gate_2 + c * (1 - gate_2)), z, p["w3"])  # silu' = s + g s (1 - s)
    grads["w2"], grads["b2"], back = layer_back(back, a, p["w2"])
    grads["w1"], grads["b1"], _ = layer_back(back * (gate + a * (1 - gate)), x, p["w1"])
    return float(np.square(error).mean()), grads


def vae_gradients(p: Weights, x: np.ndarray, eps: np.ndarray) -> tuple[float, Weights]:
    """The negative ELBO in nats per image for the noise eps `(n, k)`, and its gradients; tanh layers, Bernoulli pixels."""
    n = len(x)
    a = np.tanh(x @ p["w1"].T + p["b1"])  # (n, hidden)
    mu, logvar = a @ p["wm"].T + p["bm"], a @ p["wv"].T + p["bv"]  # (n, k)
    sigma = np.exp(0.5 * logvar)
    z = mu + sigma * eps
    c = np.tanh(z @ p["w2"].T + p["b2"])
    logits = c @ p["w3"].T + p["b3"]  # (n, d)
    softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
    loss = (softplus - x * logits).sum() + 0.5 * (np.square(mu) + np.square(sigma) - 1 - logvar).sum()
    grads: Weights = {}
    grads["w3"], grads["b3"], back = layer_back((sigmoid(logits) - x) / n, c, p["w3"])
    grads["w2"], grads["b2"], to_z = layer_back(back * (1 - np.square(c)), z, p["w2"])
    to_mu = to_z + mu / n
    to_logvar = 0.5 * to_z * eps * sigma + 0.5 * (np.square(sigma) - 1) / n
    grads["wm"], grads["bm"], back_m = layer_back(to_mu, a, p["wm"])
    grads["wv"], grads["bv"], back_v = layer_back(to_logvar, a, p["wv"])
    grads["w1"], grads["b1"], _ = layer_back((back_m + back_v) * (1 - np.square(a)), x, p["w1"])
    return float(loss / n), grads


class Adam:
    """Adam over one flat vector that all weights are views of (Kingma and Ba, 2015), with torch's defaults."""

    def __init__(self, p: Weights, lr: float):
        self.lr, self.flat, self.step_number = lr, np.concatenate([value.ravel() for value in p.values()]), 0
        self.first, self.second, at = np.zeros_like(self.flat), np.zeros_like(self.flat), 0
        for name, value in p.items():
            p[name] = self.flat[at : at + value.size].reshape(value.shape)
            at += value.size

    def step(self, gradients: Weights, names: list[str]) -> None:
        """One step down, in place."""
        g = np.concatenate([gradients[name].ravel() for name in names])
        self.step_number += 1
        self.first += 0.1 * (g - self.first)
        self.second += 0.001 * (np.square(g) - self.second)
        unbiased = np.sqrt(self.second / np.float32(1 - 0.999**self.step_number)) + 1e-8
        self.flat -= np.float32(self.lr / (1 - 0.9**self.step_number)) * self.first / unbiased


def batches(x: np.ndarray, size: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Endless batches without replacement, reshuffled every epoch; a last short batch is kept."""
    while True:
        order = generator.permutation(len(x))
        for start in range(0, len(x), size):
            yield x[order[start : start + size]]


def train(p: Weights, x: np.ndarray, loss_of: Callable, steps: int, seed: int, watch: Callable[[], None], batch_size: int = 128, lr: float = 1e-2) -> list[float]:
    """Train weights in place; `loss_of(p, batch, generator)` gives loss and gradients, `watch` is called after every step."""
    generator, losses = np.random.default_rng(seed), []
    optimiser, names, stream = Adam(p, lr), list(p), batches(x, batch_size, generator)
    for _ in range(steps):
        loss, gradients = loss_of(p, next(stream), generator)
        optimiser.step(gradients, names)
        losses.append(loss)
        watch()
    return losses


def autoencoder_loss(p: Weights, x: np.ndarray, generator: np.random.Generator) -> tuple[float, Weights]:
    """For `train`: nothing to draw."""
    return autoencoder_gradients(p, x)


def vae_loss(p: Weights, x: np.ndarray, generator: np.random.Generator) -> tuple[float, Weights]:
    """For `train`: fresh noise for every image."""
    return vae_gradients(p, x, generator.standard_normal((len(x), len(p["bm"])), dtype=np.float32))
