"""Correct versions of fit_pca."""

import torch

from autograder.versions import correct


@correct("eigenvectors of the covariance, flipped")
def covariance(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    mean = x.mean(dim=0)
    centred = x - mean
    vectors = torch.linalg.eigh(centred.T @ centred / len(x)).eigenvectors
    return mean, vectors.flip(1)[:, :k].T


@correct("torch.cov, eigenvalues sorted by hand, copies")
def sorted_by_hand(x, k):
    if k > x.shape[0] or k > x.shape[1]:
        raise ValueError("too many components")
    values, vectors = torch.linalg.eigh(torch.cov(x.T, correction=0) if x.shape[1] > 1 else x.var(0, correction=0).reshape(1, 1))
    order = torch.argsort(values, descending=True)
    return [torch.sum(x, 0) / x.shape[0], vectors[:, order[:k]].T.contiguous()]


@correct("torch.svd, keyword style, signs turned")
def old_svd(x, k):
    n, d = x.shape
    if not k <= min(n, d):
        raise ValueError(f"k = {k} > {min(n, d)}")
    mean = torch.mean(x, dim=0, keepdim=True)
    _, _, v = torch.svd(x - mean)
    return mean.squeeze(0), -v[:, :k].t()


@correct("numpy in float64, converted back")
def with_numpy(x, k):
    import numpy as np

    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    data = x.detach().cpu().numpy().astype(np.float64)
    mean = data.mean(axis=0)
    rows = np.linalg.svd(data - mean, full_matrices=False)[2][:k]
    return torch.tensor(mean, dtype=x.dtype, device=x.device), torch.tensor(rows, dtype=x.dtype, device=x.device)


@correct("full_matrices left at its default")
def full_svd(x, k):
    if k > min(x.size()):
        raise ValueError("k is too large")
    x = x.clone()
    mean = x.mean(0)
    x -= mean
    return mean, torch.linalg.svd(x)[2][0:k, :]
