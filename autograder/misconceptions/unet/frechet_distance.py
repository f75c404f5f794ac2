"""Wrong versions of frechet_distance."""

import torch

from autograder.versions import misconception


@misconception("You return the distance; the Frechet distance of FID is its square.", see="frechet")
def not_squared(mu_a, cov_a, mu_b, cov_b):
    a, b = cov_a.double(), cov_b.double()
    values, vectors = torch.linalg.eigh(a)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ b @ root).clamp(min=0).sqrt().sum()
    return ((mu_a - mu_b).double().square().sum() + a.trace() + b.trace() - 2 * cross).clamp(min=0).sqrt().to(mu_a.dtype)


@misconception("The norm of the difference of the means is not squared.", see="frechet")
def mean_not_squared(mu_a, cov_a, mu_b, cov_b):
    a, b = cov_a.double(), cov_b.double()
    values, vectors = torch.linalg.eigh(a)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ b @ root).clamp(min=0).sqrt().sum()
    return ((mu_a - mu_b).double().norm() + a.trace() + b.trace() - 2 * cross).clamp(min=0).to(mu_a.dtype)


@misconception("The means are left out: two clouds of one shape at different places have a distance.", see="frechet")
def means_left_out(mu_a, cov_a, mu_b, cov_b):
    a, b = cov_a.double(), cov_b.double()
    values, vectors = torch.linalg.eigh(a)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ b @ root).clamp(min=0).sqrt().sum()
    return (a.trace() + b.trace() - 2 * cross).clamp(min=0).to(mu_a.dtype)


@misconception("The factor 2 before the root is missing: equal clouds get a distance.", see="frechet")
def two_forgotten(mu_a, cov_a, mu_b, cov_b):
    a, b = cov_a.double(), cov_b.double()
    values, vectors = torch.linalg.eigh(a)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ b @ root).clamp(min=0).sqrt().sum()
    return ((mu_a - mu_b).double().square().sum() + a.trace() + b.trace() - cross).clamp(min=0).to(mu_a.dtype)


@misconception("The root is taken of every entry; the root of a matrix is another matrix whose square it is.", see="frechet")
def root_of_every_entry(mu_a, cov_a, mu_b, cov_b):
    a, b = cov_a.double(), cov_b.double()
    cross = (a @ b).abs().sqrt().trace()
    return ((mu_a - mu_b).double().square().sum() + a.trace() + b.trace() - 2 * cross).clamp(min=0).to(mu_a.dtype)


@misconception("This is the distance of the two roots, tr (A^(1/2) - B^(1/2))^2, which is right only where the covariances commute.", see="frechet")
def as_if_they_commuted(mu_a, cov_a, mu_b, cov_b):
    def root(cov):
        values, vectors = torch.linalg.eigh(cov.double())
        return vectors * values.clamp(min=0).sqrt() @ vectors.T

    return ((mu_a - mu_b).double().square().sum() + (root(cov_a) - root(cov_b)).square().sum()).to(mu_a.dtype)


@misconception("Only the diagonals count here: correlations between features are ignored.", see="frechet")
def diagonals_only(mu_a, cov_a, mu_b, cov_b):
    a, b = cov_a.double().diagonal(), cov_b.double().diagonal()
    return ((mu_a - mu_b).double().square().sum() + (a.clamp(min=0).sqrt() - b.clamp(min=0).sqrt()).square().sum()).to(mu_a.dtype)


@misconception("For equal arguments the result comes out slightly negative by rounding: clamp it at 0.", see="frechet")
def below_zero(mu_a, cov_a, mu_b, cov_b):
    a, b = cov_a.double(), cov_b.double()
    values, vectors = torch.linalg.eigh(a)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ b @ root).clamp(min=0).sqrt().sum()
    return ((mu_a - mu_b).double().square().sum() + a.trace() + b.trace() - 2 * cross).to(mu_a.dtype)


@misconception("A singular covariance gives nan: an eigenvalue that should be 0 came out slightly negative before the root.", see="frechet")
def nan_for_singular(mu_a, cov_a, mu_b, cov_b):
    a, b = cov_a.double(), cov_b.double()
    values, vectors = torch.linalg.eigh(a)
    root = vectors * values.sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ b @ root).sqrt().sum()
    return ((mu_a - mu_b).double().square().sum() + a.trace() + b.trace() - 2 * cross).clamp(min=0).to(mu_a.dtype)


@misconception("The result is a complex number: the product of two covariances is not symmetric, and its root was left complex.", see="frechet")
def complex_result(mu_a, cov_a, mu_b, cov_b):
    a, b = cov_a.double(), cov_b.double()
    cross = torch.linalg.eigvals(a @ b).sqrt().sum()
    return (mu_a - mu_b).double().square().sum() + a.trace() + b.trace() - 2 * cross
