"""Wrong versions of fit_pca."""

import torch

from autograder.versions import misconception


@misconception("Your components come from data that is not centred: subtract the mean before the SVD, not only in what you return.", see="centring")
def not_centred(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    return x.mean(0), torch.linalg.svd(x, full_matrices=False).Vh[:k]


@misconception("Your components are the right ones from the smallest variance to the largest: eigh sorts upwards, so flip the order.", see="pca-optimum")
def smallest_first(x, k):
    n, d = x.shape
    if k > min(n, d):
        raise ValueError(f"expected k <= {min(n, d)}, got {k}")
    mean = x.mean(0)
    vectors = torch.linalg.eigh((x - mean).T @ (x - mean)).eigenvectors
    return mean, vectors[:, d - k :].T


@misconception("Your components are the directions of least variance: eigh puts the small eigenvalues first.", see="pca-optimum")
def least_variance(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    mean = x.mean(0)
    return mean, torch.linalg.eigh((x - mean).T @ (x - mean)).eigenvectors[:, :k].T


@misconception("Your components stand in columns, (d, k): the rows should be the components, (k, d).", see="pca-optimum")
def components_in_columns(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    mean = x.mean(0)
    return mean, torch.linalg.svd(x - mean, full_matrices=False).Vh[:k].T


@misconception("Your components are left singular vectors, with one entry per example; a component has one entry per pixel.", see="pca-optimum")
def left_vectors(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    mean = x.mean(0)
    return mean, torch.linalg.svd(x - mean, full_matrices=False).U[:, :k].T


@misconception("torch.linalg.svd returns V transposed already: its rows are the components, its columns are not.", see="pca-optimum")
def columns_of_vh(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    mean = x.mean(0)
    return mean, torch.linalg.svd(x - mean, full_matrices=True).Vh[:, :k].T


@misconception("Your components have the singular values as their lengths; they should have length 1.", see="pca-optimum")
def scaled_components(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    mean = x.mean(0)
    found = torch.linalg.svd(x - mean, full_matrices=False)
    return mean, found.S[:k, None] * found.Vh[:k]


@misconception("Your mean is one number over everything; PCA's mean has one entry per pixel.", see="centring")
def one_mean_for_all(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    mean = x.mean().expand(x.shape[1])
    return mean, torch.linalg.svd(x - mean, full_matrices=False).Vh[:k]


@misconception("You divide each pixel by its standard deviation first: that is the PCA of the correlations, another basis.", see="pca-optimum")
def standardised(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    mean = x.mean(0)
    return mean, torch.linalg.svd((x - mean) / (x.std(0) + 1e-8), full_matrices=False).Vh[:k]


@misconception("You compute in float32 whatever comes in: a float64 input should give a float64 result with its digits.", see="pca-optimum")
def always_float32(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    x = x.float()
    return x.mean(0), torch.linalg.svd(x - x.mean(0), full_matrices=False).Vh[:k]


@misconception("Your function refuses fewer examples than pixels; PCA exists there too, with up to n components.", see="pca-optimum")
def needs_many_examples(x, k):
    n, d = x.shape
    if k > d or n < d:
        raise ValueError(f"expected k <= {d} and at least {d} examples, got k = {k} and {n} examples")
    mean = x.mean(0)
    return mean, torch.linalg.svd(x - mean, full_matrices=False).Vh[:k]


@misconception("Where there are fewer examples than pixels, your last component is not a unit vector: the eigenvectors of the n x n matrix cannot be scaled back where the variance is 0.",
               see="pca-optimum")
def gram_trick(x, k):
    n, d = x.shape
    if k > min(n, d):
        raise ValueError(f"expected k <= {min(n, d)}, got {k}")
    mean = x.mean(0)
    centred = x - mean
    if n >= d:
        return mean, torch.linalg.svd(centred, full_matrices=False).Vh[:k]
    values, vectors = torch.linalg.eigh(centred @ centred.T)
    rows = (centred.T @ vectors.flip(1)[:, :k]).T
    return mean, rows / values.flip(0)[:k, None].clamp(min=1e-3).sqrt()


@misconception("Your function compares k with the number of pixels only; with fewer examples than pixels there are no more components than examples.", see="pca-optimum")
def compares_with_pixels_only(x, k):
    if k > x.shape[1]:
        raise ValueError(f"expected k <= {x.shape[1]}, got {k}")
    mean = x.mean(0)
    return mean, torch.linalg.svd(x - mean, full_matrices=False).Vh[:k]


@misconception("More components than min(n, d) were asked for, and your function returned something instead of raising ValueError.", see="pca-optimum")
def no_error(x, k):
    mean = x.mean(0)
    return mean, torch.linalg.svd(x - mean, full_matrices=False).Vh[:k]


@misconception("Your function centres the data in place: the caller's x is changed. Write x - mean instead of x -= mean.", see="centring")
def changes_input(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    mean = x.mean(0)
    x -= mean
    return mean, torch.linalg.svd(x, full_matrices=False).Vh[:k]


@misconception("Your components come from a randomised method and are only roughly right where the variances fall slowly: use svd or eigh.", see="pca-optimum")
def randomised(x, k):
    if k > min(x.shape):
        raise ValueError(f"expected k <= {min(x.shape)}, got {k}")
    mean = x.mean(0)
    return mean, torch.svd_lowrank(x - mean, q=k, niter=1)[2].T
