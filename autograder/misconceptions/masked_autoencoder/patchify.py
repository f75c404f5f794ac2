"""Wrong versions of patchify."""

import torch

from autograder.versions import misconception


@misconception("Your patches are strips of the flattened image: a reshape alone never moves a pixel, so it cannot collect a square.", see="patchify")
def reshape_only(images, patch):
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError("the patch size must divide height and width")
    return images.reshape(n, (h // patch) * (w // patch), patch * patch * c)


@misconception("Inside a patch you list channel by channel; the order is (row, column, channel), the channel fastest.", see="patchify")
def channel_slowest(images, patch):
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError("the patch size must divide height and width")
    grid = images.reshape(n, c, h // patch, patch, w // patch, patch).permute(0, 2, 4, 1, 3, 5)
    return grid.reshape(n, -1, patch * patch * c)


@misconception("Your patches run down the columns of the grid; row-major order goes along a row first.", see="patchify")
def column_major_patches(images, patch):
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError("the patch size must divide height and width")
    grid = images.reshape(n, c, h // patch, patch, w // patch, patch).permute(0, 4, 2, 3, 5, 1)
    return grid.reshape(n, -1, patch * patch * c)


@misconception("Every patch is transposed: inside a patch rows come first, then columns.", see="patchify")
def transposed_inside(images, patch):
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError("the patch size must divide height and width")
    grid = images.reshape(n, c, h // patch, patch, w // patch, patch).permute(0, 2, 4, 5, 3, 1)
    return grid.reshape(n, -1, patch * patch * c)


@misconception("You split height and width the wrong way round: reshape to (h/p, p), since a run of p neighbouring rows makes one row of patches.", see="patchify")
def split_swapped(images, patch):
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError("the patch size must divide height and width")
    grid = images.reshape(n, c, patch, h // patch, patch, w // patch).permute(0, 3, 5, 2, 4, 1)
    return grid.reshape(n, -1, patch * patch * c)


@misconception("Only the height is checked; the patch must divide the width as well.", see="patchify")
def width_unchecked(images, patch):
    n, c, h, w = images.shape
    if h % patch:
        raise ValueError("the patch size must divide the height")
    images = images[:, :, :, : w // patch * patch]
    grid = images.reshape(n, c, h // patch, patch, w // patch, patch).permute(0, 2, 4, 3, 5, 1)
    return grid.reshape(n, -1, patch * patch * c)


@misconception("You cut off what does not fit; a patch size that does not divide the image is an error, not a smaller image.", see="patchify")
def crops_the_rest(images, patch):
    n, c, h, w = images.shape
    images = images[:, :, : h // patch * patch, : w // patch * patch]
    grid = images.reshape(n, c, h // patch, patch, w // patch, patch).permute(0, 2, 4, 3, 5, 1)
    return grid.reshape(n, -1, patch * patch * c)


@misconception("You take the number of patches in a row from the height: that holds for square images only.", see="patchify")
def square_only(images, patch):
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError("the patch size must divide height and width")
    side = h // patch
    tiles = images.unfold(2, patch, patch).unfold(3, patch, patch)[:, :, :, :side]  # (n, c, rows, columns, patch, patch)
    return tiles.permute(0, 2, 3, 4, 5, 1).reshape(n, -1, patch * patch * c)


@misconception("You turn the pixels into float32; the dtype of the images is to be kept.", see="patchify")
def always_float32(images, patch):
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError("the patch size must divide height and width")
    grid = images.float().reshape(n, c, h // patch, patch, w // patch, patch).permute(0, 2, 4, 3, 5, 1)
    return grid.reshape(n, -1, patch * patch * c)


@misconception("On its way through NumPy the result loses its gradient; stay with torch's reshape and permute.", see="patchify")
def through_numpy(images, patch):
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ValueError("the patch size must divide height and width")
    array = images.detach().numpy().reshape(n, c, h // patch, patch, w // patch, patch).transpose(0, 2, 4, 3, 5, 1)
    return torch.from_numpy(array.reshape(n, -1, patch * patch * c).copy())
