"""Checks of fit_pca: data with known axes, fewer examples than pixels, orthonormal rows, errors.

Tolerances: data of norm up to |m| + s_1 < 30 has a covariance that any exact method knows to some 100 ulp * 900 in each entry; the gaps of the
eigenvalues are at least 3, so an axis turns by at most 3e4 ulp: 4e-3 would be the worst in float32 and 1e-3 is 100 times what methods show; 1e-10 in float64.
"""

import pytest
import torch

from autograder.checking import Meta, Raised, close, raises, tensor, wrong

AXES = {torch.float32: 1e-3, torch.float64: 1e-10}


def fitted(got, n: int, d: int, k: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """The pair that came back, validated."""
    if not isinstance(got, tuple | list) or len(got) != 2:
        wrong("fit_pca should return two tensors, mean and components.")
    return tensor(got[0], "the mean", (d,), dtype), tensor(got[1], "the components", (k, d), dtype)


def data(draw, n: int, d: int, spread: list[float], dtype: torch.dtype):
    """Data with exactly this mean, these axes in rows and these standard deviations along them."""
    scores = draw.normal(n, len(spread), dtype=torch.float64)
    scores = torch.linalg.qr(scores - scores.mean(0)).Q * n**0.5  # zero mean, unit variances, uncorrelated
    axes = torch.linalg.qr(draw.normal(d, len(spread), dtype=torch.float64)).Q.T
    mean = draw.normal(d, dtype=torch.float64, scale=3.0)
    return (mean + scores * torch.tensor(spread, dtype=torch.float64) @ axes).to(dtype), mean, axes


def same_axes(rows: torch.Tensor, axes: torch.Tensor, tolerance: float, what: str) -> None:
    """Rows equal the axes up to their signs."""
    signs = torch.where((rows.double() * axes).sum(1, keepdim=True) < 0, -1.0, 1.0)
    close(rows.double() * signs, axes, what, rtol=0.0, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_finds_known_axes(student, draw, dtype):
    """The components are the axes along which the data was spread, the widest first, and the mean is its mean."""
    x, mean, axes = data(draw, 40, 7, [8.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.2], dtype)
    m, rows = fitted(student.fit_pca(x, 3), 40, 7, 3, dtype)
    _, again = fitted(student.fit_pca(x, 3), 40, 7, 3, dtype)
    if bool(((rows.double() @ again.double().T).diagonal().abs() - rows.double().square().sum(1)).abs().max() > AXES[dtype]):
        wrong("Two calls with the same data give different components.", "randomised")
    close(m.double(), mean, "the mean", rtol=0.0, atol=AXES[dtype])
    same_axes(rows, axes[:3], AXES[dtype], "the components, up to their signs")


def test_every_number_of_components(student, draw):
    """One component works as well as all of them."""
    x, _, axes = data(draw, 30, 4, [6.0, 4.0, 2.0, 1.0], torch.float64)
    for k in (1, 4):
        same_axes(fitted(student.fit_pca(x, k), 30, 4, k, torch.float64)[1], axes[:k], AXES[torch.float64], f"the components for k = {k}")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_fewer_examples_than_pixels(student, draw, dtype):
    """Five examples of twelve pixels have up to five components, all of them orthonormal."""
    x, mean, axes = data(draw, 5, 12, [8.0, 5.0, 3.0], dtype)
    try:
        _, rows = fitted(student.fit_pca(x, 3), 5, 12, 3, dtype)
    except Raised as raised:
        if "ValueError" in raised.kinds:
            wrong("With 5 examples of 12 pixels and k = 3 your code raised ValueError.", "needs_many_examples")
        raise
    same_axes(rows, axes, AXES[dtype], "the components of 5 examples with 12 pixels")
    _, rows = fitted(student.fit_pca(x, 5), 5, 12, 5, dtype)
    close(rows @ rows.T, torch.eye(5, dtype=dtype), "inner products of the 5 components of 5 examples", rtol=0.0, atol=AXES[dtype])
    same_axes(rows[:3], axes, AXES[dtype], "the first 3 components of 5 examples with 12 pixels")


def test_too_many_components_raise(student, draw):
    """More components than pixels, or than examples, are refused."""
    raises(ValueError, student.fit_pca, draw.normal(20, 4), 5)
    raises(ValueError, student.fit_pca, draw.normal(5, 12), 6)


def test_keeps_to_the_device_of_the_data(student, draw):
    """The result is made on the device of the data, in the right shapes."""
    got = student.fit_pca.on_meta(draw.normal(9, 6), 2)
    if isinstance(got, tuple | list) and all(isinstance(part, Meta) for part in got) and [part.shape for part in got] != [(6,), (2, 6)]:
        wrong("On another device the results have other shapes.")
