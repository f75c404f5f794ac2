"""Tests of 03_vae's exercises as nbgrader and otter run them: inside the student's process, with fixed inputs and the reference's answers beside them.

Each `test_NAME(names, same)` takes the notebook's namespace. `same(value)` notes the reference's answer when a cell is made, and compares with what was
noted when the cell runs. What is random or free (networks, training) is tested by properties. An exercise that calls others is compared with
the same composition of the notebook's own ones, as far as that can be done in there, so that one slip does not cost two exercises.
"""

import inspect
import math

import torch
from torch import nn

from workbook.progress import quiet


class Same:
    """The reference's answers in the order in which a test asks for them: noted where `answers` is None, else compared."""

    def __init__(self, answers=None):
        self.noting, self.answers = answers is None, list(answers or [])

    def __call__(self, value, rtol=1e-4, atol=1e-5):
        assert isinstance(value, torch.Tensor), "a tensor is asked for"
        if self.noting:
            self.answers.append((str(value.dtype), value.tolist()))
            return
        dtype, numbers = self.answers.pop(0)
        wanted = torch.tensor(numbers, dtype=getattr(torch, dtype.removeprefix("torch.")))
        assert value.dtype == wanted.dtype and value.shape == wanted.shape, "another dtype or shape"
        assert torch.allclose(value, wanted, rtol=rtol, atol=atol), "other values"


class Probe(nn.Module):
    """A small VAE of 6 pixels and 2 latent numbers that remembers how it was used, step by step."""

    latent_dim = 2

    def __init__(self, seed=0, scale=0.7):
        super().__init__()
        self.read, self.write, self.seen = nn.Linear(6, 4).double(), nn.Linear(2, 6).double(), []
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(scale * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))

    def encode(self, x):
        if torch.is_grad_enabled():
            self.seen.append({"x": x, "state": {name: value.clone() for name, value in self.state_dict().items()}})
        return self.read(x + (2 * x).sin()).chunk(2, dim=1)

    def decode(self, z):
        if torch.is_grad_enabled() and self.seen:
            self.seen[-1]["z"] = z.detach().clone()
        return self.write(z + (2 * z).sin())


def normal(seed, *shape, scale=1.0, dtype=torch.float32):
    """Fixed normal numbers."""
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def uniform(seed, *shape, dtype=torch.float32):
    """Fixed numbers between 0 and 1."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def compared(function, same, *inputs, wrt=(), **others):
    """Values in float32 and float64, gradients with respect to some inputs, and inputs left as they were."""
    for dtype in (torch.float32, torch.float64):
        given = [value.to(dtype) for value in inputs]
        kept = [value.clone() for value in given]
        same(function(*given, **others))
        assert all(map(torch.equal, given, kept)), "an input was changed in place"
    given = [value.double().requires_grad_(i in wrt) for i, value in enumerate(inputs)]
    if wrt:
        value = function(*given, **others)
        weights = torch.arange(1.0, value.numel() + 1, dtype=torch.float64).reshape(value.shape)
        for gradient in torch.autograd.grad((value * weights).sum(), [given[i] for i in wrt]):
            same(gradient)


def test_gaussian_kl(names, same):
    for n, k in ((6, 4), (1, 3), (5, 1)):
        compared(names["gaussian_kl"], same, normal(1, n, k), normal(2, n, k), wrt=(0, 1))


def test_reparameterize(names, same):
    for n, k in ((6, 4), (1, 3)):
        compared(names["reparameterize"], same, normal(1, n, k), normal(2, n, k), normal(3, n, k), wrt=(0, 1))


def test_bernoulli_log_likelihood(names, same):
    for scale in (2.0, 30.0, 300.0):
        compared(names["bernoulli_log_likelihood"], same, normal(1, 6, 9, scale=scale), uniform(2, 6, 9), wrt=(0,))


def test_gaussian_log_likelihood(names, same):
    for sigma, d in ((0.3, 7), (2.5, 7), (1.0, 64)):
        compared(names["gaussian_log_likelihood"], same, uniform(1, 5, d), uniform(2, 5, d), wrt=(0,), sigma=sigma)


def test_VAE(names, same):
    for d, h, k in ((64, 32, 2), (10, 12, 3), (7, 5, 1)):
        model = names["VAE"](input_dim=d, hidden_dim=h, latent_dim=k).eval()
        x, z = uniform(1, 5, d), normal(2, 5, k)
        (mu, logvar), again = model.encode(x), model.encode(x)
        assert model.latent_dim == k and mu.shape == logvar.shape == (5, k) and model.decode(z).shape == (5, d)
        assert torch.equal(mu, again[0]) and torch.equal(logvar, again[1]), "encode draws"
        assert torch.allclose(model.encode(x[2:3])[0], mu[2:3], atol=1e-5), "examples mix"
    assert names["VAE"]().latent_dim == 2
    model, ranges = names["VAE"](12, 16, 6).eval(), {"mu": [], "logvar": [], "logits": []}
    parts = (("mu", lambda: model.encode(normal(4, 40, 12))[0]), ("logvar", lambda: model.encode(normal(4, 40, 12))[1]), ("logits", lambda: model.decode(normal(5, 40, 6))))
    for name, output in parts:
        assert any(g is not None and g.any() for g in torch.autograd.grad(output().sum(), list(model.parameters()), allow_unused=True)), f"{name}: nothing to learn"
    for seed in range(3):
        with torch.no_grad():
            for i, parameter in enumerate(model.parameters()):
                parameter.copy_(normal(10 * i + seed, *parameter.shape, scale=20.0))
            for name, output in parts:
                ranges[name].append(output())
    for name, values in ranges.items():
        assert torch.cat(values).min() < -9.99 and torch.cat(values).max() > 9.99, f"{name} is bounded"
    assert not torch.allclose(torch.cat(ranges["mu"]), torch.cat(ranges["logvar"]))


def test_elbo(names, same):
    model, x, eps = Probe(), uniform(1, 5, 6, dtype=torch.float64), normal(2, 5, 2, dtype=torch.float64)
    mu, logvar = model.encode(x)
    z = names["reparameterize"](mu, logvar, eps)
    likelihood, kl = names["bernoulli_log_likelihood"](model.decode(z), x), names["gaussian_kl"](mu, logvar)
    got = names["elbo"](model, x, eps)
    assert len(got) == 3
    for part, wanted in zip(got, (likelihood - kl, likelihood, kl), strict=True):
        assert part.shape == wanted.shape and torch.allclose(part, wanted, rtol=1e-4, atol=1e-6)
        for a, b in zip(torch.autograd.grad(part.sum(), model.read.parameters(), retain_graph=True),
                        torch.autograd.grad(wanted.sum(), model.read.parameters(), retain_graph=True), strict=True):  # fmt: skip
            assert torch.allclose(a, b, rtol=1e-4, atol=1e-6), "a path to the encoder is cut"


def test_beta_vae_loss(names, same):
    for beta in (0.0, 0.5, 1.0, 3.0):
        compared(names["beta_vae_loss"], same, -20 + normal(1, 7), uniform(2, 7), wrt=(0, 1) if beta else (0,), beta=beta)


def test_kl_weight(names, same):
    for step, warmup, wanted in ((0, 200, 0.0), (50, 200, 0.25), (199, 200, 0.995), (200, 200, 1.0), (1000, 200, 1.0), (0, 0, 1.0), (7, 0, 1.0), (1, 3, 1 / 3)):
        got = names["kl_weight"](step, warmup)
        assert isinstance(got, int | float) and math.isclose(got, wanted, abs_tol=1e-9)


def test_train_vae(names, same):
    x, n, size, steps, beta, warmup, model = uniform(1, 12, 6, dtype=torch.float64), 12, 4, 9, 2.5, 20, Probe()
    with quiet():
        losses = names["train_vae"](model, x, steps=steps, batch_size=size, lr=1e-2, generator=torch.Generator().manual_seed(3), beta=beta, warmup_steps=warmup)
    seen, drawn = model.seen, []
    assert isinstance(losses, list) and all(isinstance(loss, float) for loss in losses) and len(losses) == len(seen) == steps and model.training
    for i, (step, loss) in enumerate(zip(seen, losses, strict=True)):
        then = Probe()
        then.load_state_dict(step["state"])
        mu, logvar = then.encode(step["x"])
        mean, further = (names["reparameterize"](mu, logvar, torch.full_like(mu, value)) for value in (0.0, 1.0))
        eps = ((step["z"] - mean) / (further - mean)).detach()
        drawn.append(eps)
        bound, log_likelihood, kl = names["elbo"](then, step["x"], eps)
        assert math.isclose(loss, -bound.mean().item(), rel_tol=1e-4, abs_tol=1e-4), "another number is reported"
        wanted = torch.autograd.grad(names["beta_vae_loss"](log_likelihood, kl, beta * names["kl_weight"](i, warmup)), list(then.parameters()))
    left = [p.grad for p in model.parameters()]
    if all(g is not None and g.any() for g in left):  # an optimiser that clears them at once shows nothing here
        assert all(torch.allclose(g, w, rtol=1e-3, atol=1e-6) for g, w in zip(left, wanted, strict=True)), "other gradients than this step's"
    rows = [[int((x - row).abs().amax(1).argmin()) for row in step["x"]] for step in seen]
    epochs = [sum(rows[i : i + 3], []) for i in range(0, steps, 3)]
    assert all(sorted(epoch) == list(range(n)) for epoch in epochs), "an epoch is not the data, once"
    assert epochs[0] != epochs[1] != epochs[2] != list(range(n)), "not shuffled"
    eps = torch.stack(drawn).reshape(-1, 2)
    assert len({tuple(pair) for pair in eps.mul(1e6).round().tolist()}) == steps * size and 0.5 < eps.std() < 1.6 and eps.min() < 0, "not fresh noise for each image"
    training_learns(names)


def training_learns(names):
    """One simple pattern is learned, by all parameters; the learning rate and the generator are those that are given."""
    pattern, runs, moved = (torch.arange(6) % 2).double().repeat(40, 1), [], []
    for seed, lr in ((4, 1e-2), (4, 1e-2), (5, 1e-2), (4, 1e-9)):
        model = Probe(1, scale=0.1)
        before = [p.clone() for p in model.parameters()]
        torch.manual_seed(len(runs))
        with quiet():
            runs.append(names["train_vae"](model, pattern, steps=60, batch_size=16, lr=lr, generator=torch.Generator().manual_seed(seed)))
        moved.append([float((p - b).detach().abs().max()) for p, b in zip(model.parameters(), before, strict=True)])
    assert sum(runs[0][-10:]) / 10 < sum(runs[0][:3]) / 3 - 0.3 and min(moved[0]) > 0, "it does not learn, or not all of it"
    assert max(moved[3]) < 1e-5, "another learning rate"
    assert runs[0] == runs[1] != runs[2], "not all randomness is the generator's"


def test_generate(names, same):
    model = Probe()
    with torch.no_grad():
        model.write.weight.copy_(torch.cat([torch.eye(2), torch.zeros(4, 2)]))
        model.write.bias.zero_()
    model.decode = lambda z: model.write(z)
    for temperature in (1.0, 0.4, 1.7):
        x = names["generate"](model, 4000, temperature, torch.Generator().manual_seed(1))
        assert x.shape == (4000, 6) and not x.requires_grad and model.training
        z = torch.logit(x[:, :2].double())
        assert (z.mean(0).abs() < 0.11 * temperature).all() and ((z.std(0) / temperature - 1).abs() < 0.08).all()
        assert abs(torch.corrcoef(z.T)[0, 1]) < 0.11 and ((z / z.std(0)).pow(4).mean(0) - 3).abs().max() < 0.8, "not normal, or not independent"
    model.eval()
    first, again, other = (names["generate"](model, 5, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other) and not model.training


def test_interpolate(names, same):
    model, (a, b) = Probe(), uniform(2, 2, 6, dtype=torch.float64)
    for steps in (2, 5):
        same(names["interpolate"](model, a, b, steps).detach())


def test_active_units(names, same):
    noise = normal(1, 40, 6, dtype=torch.float64)
    noise = (noise - noise.mean(0)) / noise.std(0, correction=0)
    mu = noise * torch.tensor([0.5, 0.05, 0.02, 1.7, 0.002, 0.0]).double().sqrt() + torch.tensor([0.0, 3.0, 0.0, -1.0, 5.0, 0.06])
    for threshold, wanted in ((0.01, 4), (0.03, 3), (1.0, 1), (3.0, 0), (0.001, 5)):
        got = names["active_units"](mu, threshold)
        assert isinstance(got, int) and not isinstance(got, bool) and got == wanted
    assert names["active_units"](mu) == 4


def test_iwae_bound(names, same):
    for offset in (0.0, -500.0):
        compared(names["iwae_bound"], same, normal(1, 8, 5, scale=3.0) + offset, normal(2, 8, 5), wrt=(0, 1))
    compared(names["iwae_bound"], same, normal(3, 1, 4), normal(4, 1, 4))


HELPERS = (Same, Probe, normal, uniform, compared, training_learns)
TESTS = {name.removeprefix("test_"): test for name, test in list(globals().items()) if name.startswith("test_")}


def answers(exercise: str, reference: dict) -> list:
    """What the reference answers to a test's questions. Raises AssertionError where the reference does not pass."""
    same = Same()
    TESTS[exercise](reference, same)
    return same.answers


def as_source(exercise: str, reference: dict) -> str:
    """A test as source text that needs nothing else: `test_NAME(names, Same(ANSWERS))`, names being the notebook's namespace."""
    parts = ["import math\n\nimport torch\nfrom torch import nn\n\nfrom workbook.progress import quiet", *map(inspect.getsource, (*HELPERS, TESTS[exercise]))]
    return "\n\n\n".join(parts) + f"\n\nANSWERS = {answers(exercise, reference)!r}\n"
