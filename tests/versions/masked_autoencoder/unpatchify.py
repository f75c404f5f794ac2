"""Correct versions of unpatchify."""

import torch
import torch.nn.functional as F

from autograder.versions import correct


@correct("writes every patch into its place")
def by_loops(patches, patch, channels):
    n, length, size = patches.shape
    side = round(length**0.5)
    if side**2 != length or size != patch**2 * channels:
        raise ValueError("not the patches of a square image")
    image = patches.new_zeros(n, channels, side * patch, side * patch)
    for token in range(length):
        top, left = token // side * patch, token % side * patch
        image[:, :, top : top + patch, left : left + patch] = patches[:, token].reshape(n, patch, patch, channels).permute(0, 3, 1, 2)
    return image


@correct("concatenates rows of tiles")
def by_cat(patches, patch, channels):
    n, length, size = patches.shape
    side = int(length**0.5 + 0.5)
    if side * side - length or size - patch * patch * channels:
        raise ValueError("not the patches of a square image")
    tiles = patches.unflatten(2, (patch, patch, channels)).movedim(-1, 1).unbind(2)
    return torch.cat([torch.cat(tiles[i * side : (i + 1) * side], dim=3) for i in range(side)], dim=2)


@correct("einsum on the six axes")
def by_einsum(patches, patch, channels):
    n, length, size = patches.shape
    side = next((s for s in range(length + 1) if s * s >= length), 0)
    if side * side != length or size != patch * patch * channels:
        raise ValueError("not the patches of a square image")
    return torch.einsum("nhwpqc->nchpwq", patches.reshape(n, side, side, patch, patch, channels)).reshape(n, channels, side * patch, -1)


@correct("F.fold after a reorder of the channels")
def by_fold(patches, patch, channels):
    n, length, size = patches.shape
    side = round(length**0.5)
    if side**2 != length or size != patch**2 * channels:
        raise ValueError("not the patches of a square image")
    columns = patches.reshape(n, length, patch * patch, channels).permute(0, 3, 2, 1).reshape(n, size, length)
    return F.fold(columns, side * patch, patch, stride=patch)
