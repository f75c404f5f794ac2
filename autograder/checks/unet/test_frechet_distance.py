"""Checks of frechet_distance: closed forms, general covariances, symmetry, equal and singular arguments."""

import pytest
import torch

from autograder.checking import number, wrong
from autograder.jail.errors import Raised
from autograder.jail.inside.wire import Opaque


def covariance(draw, k: int, rank: int | None = None, dtype=torch.float64) -> torch.Tensor:
    """A random covariance of a rank (default full)."""
    root = draw.normal(k, rank or 2 * k, dtype=torch.float64)
    return ((root @ root.T) / (rank or 2 * k)).to(dtype)


def real(got, what: str) -> float:
    """A distance as a number; a complex one has a name of its own."""
    opaque = isinstance(got, Opaque) and "complex" in got.type  # Python's complex numbers and torch.complex128 do not cross the channel
    if opaque or (isinstance(got, torch.Tensor) and got.is_complex()):
        wrong(f"{what} is a complex number.", "complex_result")
    return number(got, what)


@pytest.mark.parametrize("k", [5, 16, 2, 1])  # most telling first: in two dimensions two covariances may almost commute
def test_general_covariances(student, reference, draw, k):
    """The distance of random Gaussians whose covariances do not commute, the same both ways.

    Any sensible method is good to 1e-9 of the trace in float64 here; 1e-6 leaves room for iterative matrix roots.
    """
    mu_a, mu_b, cov_a, cov_b = draw.normal(k, dtype=torch.float64), draw.normal(k, dtype=torch.float64), covariance(draw, k), covariance(draw, k)
    want = float(reference.frechet_distance(mu_a, cov_a, mu_b, cov_b))
    tolerance = 1e-6 * float(cov_a.trace() + cov_b.trace() + want)
    forth = real(student.frechet_distance(mu_a, cov_a, mu_b, cov_b), "The distance")
    back = real(student.frechet_distance(mu_b, cov_b, mu_a, cov_a), "The distance the other way")
    if abs(forth - want) > tolerance:
        wrong(f"For two random Gaussians in {k} dimension(s) the distance is off by {abs(forth - want):.2g}.")
    if abs(back - forth) > 2 * tolerance:
        wrong("The distance from a to b is not the distance from b to a.")


def test_float32(student, reference, draw):
    """Moments in float32 give the distance to single precision.

    The condition of these covariances is below some 1e3, so eigenvalues computed in float32 are off by at most 1e-4 of the largest.
    """
    parts = [draw.normal(6), covariance(draw, 6, dtype=torch.float32), draw.normal(6), covariance(draw, 6, dtype=torch.float32)]
    want = float(reference.frechet_distance(*(part.double() for part in parts)))
    got = real(student.frechet_distance(*parts), "The distance in float32")
    if abs(got - want) > 1e-2 * float(parts[1].trace() + parts[3].trace()):
        wrong("For float32 moments the distance is off by more than rounding can explain.")


def test_equal_arguments(student, draw):
    """Equal arguments are 0 apart, and never less.

    Unclamped, rounding is negative in about half of the cases; none of 40 negative has probability 1e-12.
    """
    for _ in range(40):
        k = draw.integer(2, 9)
        mu, cov = draw.normal(k, dtype=torch.float64), covariance(draw, k)
        got = real(student.frechet_distance(mu, cov, mu, cov), "The distance of equal arguments")
        if got < 0:
            wrong(f"Equal Gaussians are {got:.1g} apart: below 0 by rounding. Clamp the result at 0.", "below_zero")
        if got > 1e-6 * float(cov.trace()):
            wrong(f"Equal Gaussians are {got:.2g} apart.")


def test_singular_covariances(student, reference, draw):
    """Covariances of lower rank give a real, finite distance.

    A zero eigenvalue that comes out as u * trace with u = 1e-15 has root 3e-8; methods that shift the diagonal by up to 1e-6 are off by 1e-3 a dimension at most.
    """
    zero = torch.zeros(6, 6, dtype=torch.float64)
    cases = [(covariance(draw, 6, draw.integer(1, 5)), covariance(draw, 6, draw.integer(1, 5))) for _ in range(12)]
    cases += [(covariance(draw, 6, 2), covariance(draw, 6)), (zero, covariance(draw, 6)), (zero, zero)]
    for cov_a, cov_b in cases:
        mu = draw.normal(6, dtype=torch.float64)
        want = float(reference.frechet_distance(mu, cov_a, -mu, cov_b))
        try:
            got = student.frechet_distance(mu, cov_a, -mu, cov_b)
        except Raised as raised:
            if raised.outcome == "raised":
                wrong(f"For a singular covariance your code raises: {raised.message[:200]}", "nan_for_singular")
            raise
        if isinstance(got, torch.Tensor) and not got.is_complex() and got.isnan().any():
            wrong("For a singular covariance the distance is nan.", "nan_for_singular")
        if abs(real(got, "The distance for singular covariances") - want) > 1e-2 * (1 + want):
            wrong("For singular covariances the distance is off.")
