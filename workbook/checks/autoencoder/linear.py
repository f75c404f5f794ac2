"""Local checks of PCA and of the loss: eigenvectors stretch and do not turn, codes and images are checked one direction at a time."""

import torch

from workbook.checks import expect, expect_shape, fail
from workbook.checks.autoencoder.measuring import gradient, near, on_another_device, orthonormal, untouched

PRECISE = {torch.float32: 1e-3, torch.float64: 1e-8}


def spread_out(n: int, spreads: list[float], d: int, dtype: torch.dtype) -> torch.Tensor:
    """n points whose standard deviations along some hidden orthonormal axes are exactly `spreads`, around a mean far from 0."""
    scores = torch.randn(n, len(spreads), dtype=torch.float64)
    scores = torch.linalg.qr(scores - scores.mean(0)).Q * n**0.5
    return (scores * torch.tensor(spreads, dtype=torch.float64) @ orthonormal(len(spreads), d) + 3 * torch.randn(d, dtype=torch.float64)).to(dtype)


def fit_pca(names):
    """Eigenvectors of the covariance with the largest eigenvalues; few examples; refusals."""
    for dtype in (torch.float64, torch.float32):
        principal(names.fit_pca, spread_out(40, [4.0, 3.5, 3.0, 2.0, 1.0, 0.5], 7, dtype), [4.0, 3.5, 3.0])
    x = spread_out(5, [4.0, 3.0, 2.0], 12, torch.float64)
    principal(names.fit_pca, x, [4.0, 3.0])
    rows = names.fit_pca(x, 5)[1]
    expect_shape(rows, (5, 12), "components for 5 examples of 12 pixels and k = 5")
    expect(near(rows @ rows.T, torch.eye(5), 1e-6), "with 5 examples of 12 pixels the 5 components are not orthonormal", "unit vectors at right angles to each other",
           "a division by a variance that is 0", "pca-optimum")
    for n, d, k in ((20, 4, 5), (5, 12, 6)):
        refuses(names.fit_pca, torch.randn(n, d), k)
    on_another_device(names.fit_pca, torch.randn(6, 4), 2)


def principal(function, x: torch.Tensor, spreads: list[float]) -> None:
    """The components are eigenvectors with these standard deviations along them."""
    k, d, tolerance = len(spreads), x.shape[1], PRECISE[x.dtype]
    found = untouched(function, x, k)
    if not isinstance(found, tuple | list) or len(found) != 2:
        fail(f"a {type(found).__name__} came back", "two tensors: mean, components")
    mean, rows = found
    expect_shape(mean, (d,), "the mean", x.dtype)
    expect_shape(rows, (k, d), "the tensor of components", x.dtype)
    centred = x.double() - x.double().mean(0)
    expect(near(mean, x.double().mean(0), tolerance), "the mean is not the average image", "per pixel, the average over the images", "a mean over all entries", "centring")
    rows = rows.double()
    expect(near(rows @ rows.T, torch.eye(k), tolerance), f"inner products of your components: {(rows @ rows.T)[0].tolist()} ...", "1 with themselves, 0 with each other", None, "pca-optimum")
    variances = (centred @ rows.T).square().mean(0)
    for j, spread in enumerate(spreads):
        expect(abs(variances[j] - spread**2) <= 30 * tolerance, f"the data varies by {variances[j]:.3f} along component {j + 1}", f"{spread**2:.3f} in this test, the variances fall from row to row",
               "the order of the components, or data from which the mean was not subtracted", "pca-optimum")
    turned = centred.T @ (centred @ rows.T) / len(x) - (rows * variances[:, None]).T
    expect(turned.abs().max() <= 30 * tolerance, f"the covariance turns your components by up to {turned.abs().max():.2g}", "it only stretches an eigenvector", "an inexact method", "pca-optimum")


def refuses(function, x: torch.Tensor, k: int) -> None:
    """A ValueError for too many components."""
    try:
        function(x, k)
    except ValueError:
        return
    fail(f"fit_pca accepted k = {k} for {x.shape[0]} examples of {x.shape[1]} pixels", "a ValueError", "only one of the two sizes is compared with k, or neither", "pca-optimum")


def project(names):
    """The mean has the code 0, a step along a component changes one entry; each image on its own; gradient."""
    for dtype in (torch.float64, torch.float32):
        mean, components, tolerance = 2 * torch.randn(6, dtype=dtype), orthonormal(3, 6, dtype), PRECISE[dtype]
        z = untouched(names.project, mean[None].clone(), mean, components)
        expect_shape(z, (1, 3), "the code of one image", dtype)
        expect(near(z, torch.zeros(1, 3), tolerance), f"the code of the mean image is {[round(v, 2) for v in z[0].tolist()]}", "zeros: the code counts from the mean", None, "centring")
        steps = torch.tensor([[2.0, 0.0, 0.0], [0.0, -1.5, 0.0], [1.0, 0.5, -3.0], [0.0, 0.0, 0.1]], dtype=dtype)
        z = untouched(names.project, mean + steps @ components, mean, components)
        expect_shape(z, (4, 3), "the codes of 4 images", dtype)
        expect(near(z, steps, tolerance), f"2 steps along the first component give the code {[round(v, 2) for v in z[0].tolist()]}", "[2, 0, 0], whatever else is in the batch",
               "a mean or a scale taken from the batch, or a lost sign", "pca-optimum")
    slope = gradient(names.project, torch.randn(2, 6), torch.zeros(6), orthonormal(3, 6, torch.float32))
    expect(slope is not None, "your codes carry no gradient to the images", "a differentiable result", "detach, no_grad or a detour through NumPy")
    on_another_device(names.project, torch.randn(4, 6), torch.randn(6), torch.randn(3, 6))


def reconstruct(names):
    """The code 0 gives the mean; a step in the code is a step along a component, as far as it leads; gradient."""
    for dtype in (torch.float64, torch.float32):
        mean, components, tolerance = 2 * torch.randn(6, dtype=dtype), orthonormal(3, 6, dtype), PRECISE[dtype]
        x_hat = untouched(names.reconstruct, torch.zeros(1, 3, dtype=dtype), mean, components)
        expect_shape(x_hat, (1, 6), "the image of one code", dtype)
        expect(near(x_hat[0], mean, tolerance), "the code 0 does not give the mean image", "the mean, unchanged", "the mean is missing, has the wrong sign, or the result is squeezed", "centring")
        steps = torch.tensor([[2.0, 0.0, 0.0], [0.0, -5.0, 0.0], [1.0, 0.5, -3.0]], dtype=dtype)
        x_hat = untouched(names.reconstruct, steps, mean, components)
        expect_shape(x_hat, (3, 6), "the images of 3 codes", dtype)
        walked = (x_hat - mean) @ components.T
        expect(near(walked, steps, tolerance), f"for the code [2, 0, 0] you walk {[round(v, 2) for v in walked[0].tolist()]} along the components", "2, 0 and 0, and no limit at 0 or 1",
               "a clamp, a mean over components, or one code used for all images", "pca-optimum")
    slope = gradient(names.reconstruct, torch.randn(2, 3), torch.zeros(6), orthonormal(3, 6, torch.float32))
    expect(slope is not None, "your images carry no gradient to the codes", "a differentiable result", "detach, no_grad or a detour through NumPy")
    on_another_device(names.reconstruct, torch.randn(4, 3), torch.randn(6), torch.randn(3, 6))


def mse_loss(names):
    """The worked example, opposite errors, more copies of one batch, image batches; gradient."""
    for dtype in (torch.float64, torch.float32):
        x_hat, x = torch.tensor([[0.5, 1.0], [0.0, 0.0]], dtype=dtype), torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=dtype)
        worked = untouched(names.mse_loss, x_hat, x)
        expect_shape(worked, (), "the loss", dtype)
        expect(abs(worked.item() - 0.3125) < 1e-6, f"{worked.item():.4f} for the worked example", "0.3125, the mean of 0.25, 0, 1 and 0", "a sum, a root, a factor, or a mean over one of the two dimensions only", "reductions")
        opposite = names.mse_loss(torch.tensor([[1.0, -1.0, 3.0]], dtype=dtype), torch.zeros(1, 3, dtype=dtype)).item()
        expect(abs(opposite - 11 / 3) < 1e-5, f"{opposite:.4f} for the differences 1, -1 and 3", "11/3, the mean of 1, 1 and 9", "averaging before squaring", "reductions")
    x_hat, x = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)
    once, thrice = names.mse_loss(x_hat, x), names.mse_loss(x_hat.repeat(3, 1, 1, 1), x.repeat(3, 1, 1, 1))
    expect_shape(once, (), "the loss of an image batch")
    expect(abs(once.item() - thrice.item()) < 1e-5, f"{once.item():.4f} for a batch, {thrice.item():.4f} for three copies of it", "the same value", "a sum over the batch", "reductions")
    expect(gradient(names.mse_loss, x_hat, x) is not None, "the loss has no gradient with respect to x_hat", "a loss that can be trained by", "detach, item() or no_grad", "reductions")
    on_another_device(names.mse_loss, x_hat, x)
