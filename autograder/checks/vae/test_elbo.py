"""Checks of elbo: its three results for probe models, the use of eps, gradients, forms."""

import torch

from autograder.checking import close, kind_of, rounding, tensor, wrong
from autograder.probes.vae import TinyVAE

DEPENDS = ("gaussian_kl", "reparameterize", "bernoulli_log_likelihood")
NAMES = ("elbo", "log_likelihood", "kl")


def probe(draw, d=6, k=2, dtype=torch.float32):
    """A tiny model with random parameters, whose logits stay small: a likelihood that overflows at large ones is another exercise's slip.

    The largest logit of 12,000 draws was 6; a sigmoid in float32 rounds to 1 from 17 on.
    """
    model = TinyVAE(d, k).to(dtype)
    with torch.no_grad():
        for parameter in model.read.parameters():
            parameter.copy_(draw.normal(*parameter.shape, dtype=dtype, scale=0.5 / d**0.5))
        for parameter in model.write.parameters():
            parameter.copy_(draw.normal(*parameter.shape, dtype=dtype, scale=0.25 / k**0.5))
    return model


def compare(got, want, dtype):
    """Three tensors (n,), each the right one; a swap of the last two is named."""
    if not isinstance(got, tuple | list) or len(got) != 3:
        wrong(f"elbo: expected three tensors (elbo, log_likelihood, kl), but your code returned {kind_of(got)}.")
    want = [part.detach() for part in want]
    n = len(want[0])
    for name, part in zip(NAMES, got, strict=True):
        if isinstance(part, torch.Tensor) and part.dim() == 0:
            wrong(f"{name}: expected one value per example, shape ({n},), but yours is a single number.", "averaged_over_batch")
        tensor(part, name, (n,), dtype)
    bound = rounding(dtype, terms=40, scale=float(want[1].abs().max()) + float(want[2].abs().max()))
    for name, part, right in zip(NAMES, got, want, strict=True):
        close(part, right, name, **bound, misconception=_named(got, want, bound))


def _named(got, want, bound):
    """Which slip a wrong triple shows, where it can be told from the values."""
    def same(a, b):
        return torch.allclose(a, b, **bound)

    if same(got[1], want[2]) and same(got[2], want[1]):
        return "results_swapped"
    if same(got[1], want[1]) and same(got[2], want[2]):
        return "negated" if same(got[0], -want[0]) else "kl_added" if same(got[0], want[1] + want[2]) else None
    if same(got[2], want[2]) and same(got[1] * 6, want[1]):
        return "mean_over_pixels"
    return None


def test_three_results(student, reference, draw):
    """elbo, log-likelihood and KL are right for each example, with the noise given."""
    dtypes = torch.float32, torch.float64
    cases = [(probe(draw, dtype=dtype), draw.uniform(5, 6, dtype=dtype), draw.normal(5, 2, dtype=dtype)) for dtype in dtypes]
    found = student.elbo.each(*(case for case in cases for _ in range(2)))
    for dtype, case in zip(dtypes, cases, strict=True):
        got, again = next(found), next(found)
        same_form = isinstance(got, tuple | list) and isinstance(again, tuple | list) and len(got) == len(again) == 3
        if same_form and all(isinstance(part, torch.Tensor) for part in [*got, *again]) and not all(map(torch.equal, got, again)):
            wrong("Two calls with the same eps gave different results.", "own_noise")
        compare(got, reference.elbo(*case), dtype)


def test_any_size(student, reference, draw):
    """Any number of examples, pixels and latent coordinates works."""
    cases = [(probe(draw, d, k), draw.uniform(n, d), draw.normal(n, k)) for n, d, k in ((1, 6, 2), (7, 3, 5), (4, 20, 1))]
    for case, got in zip(cases, student.elbo.each(*cases), strict=True):
        compare(got, reference.elbo(*case), torch.float32)


def test_gradients_reach_the_encoder(student, reference, draw):
    """Gradients pass from both parts back to the image, through encoder and code."""
    model, x, eps = probe(draw, dtype=torch.float64), draw.uniform(4, 6, dtype=torch.float64), draw.normal(4, 2, dtype=torch.float64)
    x.requires_grad_(True)
    for output in (1, 2, 0):
        (want,) = torch.autograd.grad(reference.elbo(model, x, eps)[output].sum(), x)
        (got,) = student.elbo.gradient(model, x.detach(), eps, wrt=(1,), output=output)
        if got is None and bool(want.any()):
            wrong(f"No gradient comes back from {NAMES[output]}.")
        got = torch.zeros_like(want) if got is None else got  # nothing is right where a function of the student's own gives none
        if not torch.allclose(tensor(got, f"gradient of {NAMES[output]}", (4, 6)), want, rtol=1e-7, atol=1e-8):
            (noise,) = student.elbo.gradient(model, x.detach(), eps, wrt=(2,), output=1)
            wrong(f"The gradient of {NAMES[output]} is wrong: some path from the encoder is cut.", "code_detached" if noise is None or not bool(noise.any()) else None)


def test_keeps_the_device(student, draw):
    """The results live on the device of model and data."""
    student.elbo.on_meta(probe(draw), draw.uniform(4, 6), draw.normal(4, 2))
