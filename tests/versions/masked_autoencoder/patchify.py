"""Correct versions of patchify."""

import torch
import torch.nn.functional as F

from autograder.versions import correct


@correct("nested loops over the grid")
def by_loops(images, patch):
    n, c, h, w = images.shape
    if h % patch != 0 or w % patch != 0:
        raise ValueError(f"{h}x{w} is no multiple of {patch}")
    rows = []
    for top in range(0, h, patch):
        for left in range(0, w, patch):
            rows.append(images[:, :, top : top + patch, left : left + patch].permute(0, 2, 3, 1).reshape(n, -1))
    return torch.stack(rows, dim=1)


@correct("Tensor.unfold")
def by_unfold(images, patch):
    if any(size % patch for size in images.shape[-2:]):
        raise ValueError("patch does not fit")
    tiles = images.unfold(2, patch, patch).unfold(3, patch, patch)
    return tiles.permute(0, 2, 3, 4, 5, 1).flatten(3).flatten(1, 2)


@correct("F.unfold and a reorder of its channels")
def by_im2col(images, patch):
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError("patch does not fit")
    columns = F.unfold(images, patch, stride=patch)
    return columns.reshape(n, c, patch * patch, -1).permute(0, 3, 2, 1).reshape(n, -1, patch * patch * c)


@correct("einsum on the six axes, in place on a tensor of its own")
def by_einsum(images, patch):
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError("patch does not fit")
    split = images.view(n, c, h // patch, patch, w // patch, patch) if images.is_contiguous() else images.reshape(n, c, h // patch, patch, w // patch, patch)
    return torch.einsum("nchpwq->nhwpqc", split).reshape(n, (h // patch) * (w // patch), -1)


@correct("gathers pixels by an index computed with arithmetic")
def by_index(images, patch):
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError("patch does not fit")
    number = torch.arange(h * w, device=images.device).reshape(1, h, w)
    order = torch.stack([number[0, i : i + patch, j : j + patch].flatten() for i in range(0, h, patch) for j in range(0, w, patch)])
    return images.flatten(2)[:, :, order].permute(0, 2, 3, 1).flatten(2)
