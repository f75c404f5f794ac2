"""Wrong versions of largest_angle."""

import math

import torch

from autograder.versions import misconception


@misconception("Your angle is the smallest one: the largest belongs to the smallest cosine, the last singular value.", see="principal-angles")
def smallest_angle(a, b):
    q_a, q_b = torch.linalg.qr(a.T).Q, torch.linalg.qr(b.T).Q
    overlap = q_a.T @ q_b
    return torch.atan2(torch.linalg.svdvals(q_b - q_a @ overlap).min(), torch.linalg.svdvals(overlap).max())


@misconception("You take the rows as if they were orthonormal: make each basis orthonormal first (QR of the transposed basis).", see="principal-angles")
def assumes_orthonormal(a, b):
    return torch.arccos(torch.linalg.svdvals(a @ b.T).min().clamp(-1, 1))


@misconception("You scale the rows to length 1, but they must also be perpendicular to each other: use QR.", see="principal-angles")
def only_normalised(a, b):
    a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    return torch.arccos(torch.linalg.svdvals(a @ b.T).min().clamp(-1, 1))


@misconception("Your angle is wrong near 0: there the cosine is rounded to nearly 1, and its rounding error becomes a large error of the angle. Compute the sine from what the projection leaves over.", see="principal-angles")
def arccos_near_zero(a, b):
    q_a, q_b = torch.linalg.qr(a.T).Q, torch.linalg.qr(b.T).Q
    return torch.arccos(torch.linalg.svdvals(q_a.T @ q_b).min().clamp(-1, 1))


@misconception("Your angle is nan where rounding makes the cosine larger than 1.", see="principal-angles")
def arccos_of_more_than_one(a, b):
    q_a, q_b = torch.linalg.qr(a.T).Q, torch.linalg.qr(b.T).Q
    return torch.arccos(torch.linalg.svdvals(q_a.T @ q_b).amin())


@misconception("You take the Frobenius norm, which adds up all the sines: the largest singular value alone is the sine of the largest angle.", see="principal-angles")
def frobenius(a, b):
    q_a, q_b = torch.linalg.qr(a.T).Q, torch.linalg.qr(b.T).Q
    return torch.arcsin((q_b - q_a @ (q_a.T @ q_b)).norm().clamp(max=1))


@misconception("Your result is in degrees: radians are asked for.", see="principal-angles")
def degrees(a, b):
    q_a, q_b = torch.linalg.qr(a.T).Q, torch.linalg.qr(b.T).Q
    overlap = q_a.T @ q_b
    return torch.atan2(torch.linalg.svdvals(q_b - q_a @ overlap).max(), torch.linalg.svdvals(overlap).min()) * 180 / math.pi


@misconception("Your result is the sine of the angle, not the angle.", see="principal-angles")
def sine_returned(a, b):
    q_a, q_b = torch.linalg.qr(a.T).Q, torch.linalg.qr(b.T).Q
    return torch.linalg.svdvals(q_b - q_a @ (q_a.T @ q_b)).max()


@misconception("Your result is the cosine of the angle, not the angle.", see="principal-angles")
def cosine_returned(a, b):
    q_a, q_b = torch.linalg.qr(a.T).Q, torch.linalg.qr(b.T).Q
    return torch.linalg.svdvals(q_a.T @ q_b).min()


@misconception("Your result is the mean of the principal angles: the largest is asked for.", see="principal-angles")
def mean_angle(a, b):
    q_a, q_b = torch.linalg.qr(a.T).Q, torch.linalg.qr(b.T).Q
    return torch.arccos(torch.linalg.svdvals(q_a.T @ q_b).clamp(-1, 1)).mean()


@misconception("You compare the spaces of the columns: the bases stand in rows, so transpose before QR.", see="principal-angles")
def column_spaces(a, b):
    q_a, q_b = torch.linalg.qr(a).Q, torch.linalg.qr(b).Q
    overlap = q_a.T @ q_b
    return torch.atan2(torch.linalg.svdvals(q_b - q_a @ overlap).max(), torch.linalg.svdvals(overlap).min())


@misconception("You compare basis vectors one by one; one space has many bases. Singular values of Q_a^T Q_b compare the spaces.", see="principal-angles")
def vector_by_vector(a, b):
    q_a, q_b = torch.linalg.qr(a.T).Q, torch.linalg.qr(b.T).Q
    return torch.arccos((q_a * q_b).sum(0).abs().min().clamp(-1, 1))


@misconception("You compute in float32 whatever comes in: float64 bases should give an angle with their digits.", see="principal-angles")
def always_float32(a, b):
    q_a, q_b = torch.linalg.qr(a.float().T).Q, torch.linalg.qr(b.float().T).Q
    overlap = q_a.T @ q_b
    return torch.atan2(torch.linalg.svdvals(q_b - q_a @ overlap).max(), torch.linalg.svdvals(overlap).min())
