"""Correct versions of frechet_distance."""

import torch

from autograder.versions import correct


@correct("scipy's matrix root of the product, real part")
def with_scipy(mu_a, cov_a, mu_b, cov_b):
    import numpy as np
    import scipy.linalg

    a, b = cov_a.double().numpy(), cov_b.double().numpy()
    root = scipy.linalg.sqrtm(a @ b)
    if not np.isfinite(root).all():
        shift = 1e-10 * np.eye(len(a))
        root = scipy.linalg.sqrtm((a + shift) @ (b + shift))
    difference = (mu_a - mu_b).double().numpy()
    return float(max(0.0, difference @ difference + np.trace(a) + np.trace(b) - 2 * np.trace(root.real)))


@correct("eigenvalues of the product, which are real and not negative up to rounding")
def eigenvalues_of_the_product(mu_a, cov_a, mu_b, cov_b):
    cross = torch.linalg.eigvals(cov_a.double() @ cov_b.double()).real.clamp(min=0).sqrt().sum()
    d = ((mu_a.double() - mu_b.double()) ** 2).sum() + torch.trace(cov_a.double()) + torch.trace(cov_b.double()) - 2 * cross
    return torch.clamp(d, min=0)


@correct("nuclear norm of the product of two roots")
def nuclear_norm(mu_a, cov_a, mu_b, cov_b):
    def root(cov):
        values, vectors = torch.linalg.eigh(cov.double())
        return vectors * values.clamp(min=0).sqrt()

    a, b = root(cov_a), root(cov_b)
    trace = a.square().sum() + b.square().sum() - 2 * torch.linalg.svdvals(a.mT @ b).sum()
    return ((mu_a - mu_b).double().square().sum() + trace).clamp(min=0).to(cov_a.dtype)


@correct("all in the dtype that came")
def in_the_own_dtype(mu_a, cov_a, mu_b, cov_b):
    values, vectors = torch.linalg.eigh(cov_b)
    root = vectors @ torch.diag(values.relu().sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_a @ root).relu().sqrt().sum()
    return (torch.dist(mu_a, mu_b) ** 2 + (cov_a + cov_b).trace() - 2 * cross).relu()
