"""Correct versions of largest_angle."""

import math

import torch

from autograder.versions import correct


@correct("arcsin of what the projection leaves over")
def arcsine(a, b):
    q_a, q_b = torch.linalg.qr(a.mT)[0], torch.linalg.qr(b.mT)[0]
    return torch.linalg.matrix_norm(q_b - q_a @ (q_a.T @ q_b), ord=2).clamp(max=1).arcsin()


@correct("arccos in float64, rounded at the end")
def arccos_in_float64(a, b):
    q_a, q_b = torch.linalg.qr(a.double().T).Q, torch.linalg.qr(b.double().T).Q
    return torch.linalg.svdvals(q_a.T @ q_b).clamp(0, 1).min().arccos().to(a.dtype)


@correct("the norm of the difference of two projectors")
def projectors(a, b):
    def projector(rows):
        q = torch.linalg.qr(rows.T).Q
        return q @ q.T

    return torch.asin(torch.linalg.svdvals(projector(a) - projector(b))[0].clamp(0, 1))


@correct("scipy's subspace_angles")
def with_scipy(a, b):
    from scipy.linalg import subspace_angles

    return torch.tensor(subspace_angles(a.numpy().T, b.numpy().T).max(), dtype=a.dtype)


@correct("orthonormal bases by the SVD, sine below 45 degrees, cosine above")
def two_formulas(a, b):
    u = torch.linalg.svd(a, full_matrices=False).Vh
    v = torch.linalg.svd(b, full_matrices=False).Vh
    overlap = v @ u.T
    cosine, sine = torch.linalg.svdvals(overlap)[-1], torch.linalg.svdvals(v - overlap @ u)[0]
    return torch.where(sine < math.sqrt(0.5), sine.clamp(max=1).asin(), cosine.clamp(max=1).acos())
