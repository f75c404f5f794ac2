"""Wrong versions of unpatchify."""

import math

from autograder.versions import misconception


@misconception("A reshape alone leaves the pixels in the order of the patches: rows of different patches have to be interleaved.", see="patchify")
def reshape_only(patches, patch, channels):
    n, length, size = patches.shape
    side = math.isqrt(length)
    if side * side != length or size != patch * patch * channels:
        raise ValueError("these patches make no square image")
    return patches.reshape(n, channels, side * patch, side * patch)


@misconception("You read a patch's vector channel by channel; its order is (row, column, channel), the channel fastest.", see="patchify")
def channel_slowest(patches, patch, channels):
    n, length, size = patches.shape
    side = math.isqrt(length)
    if side * side != length or size != patch * patch * channels:
        raise ValueError("these patches make no square image")
    return patches.reshape(n, side, side, channels, patch, patch).permute(0, 3, 1, 4, 2, 5).reshape(n, channels, side * patch, side * patch)


@misconception("You lay the patches down column by column; they come row by row.", see="patchify")
def column_major_patches(patches, patch, channels):
    n, length, size = patches.shape
    side = math.isqrt(length)
    if side * side != length or size != patch * patch * channels:
        raise ValueError("these patches make no square image")
    return patches.reshape(n, side, side, patch, patch, channels).permute(0, 5, 2, 3, 1, 4).reshape(n, channels, side * patch, side * patch)


@misconception("The patches lie where they should, but each one is transposed inside.", see="patchify")
def transposed_inside(patches, patch, channels):
    n, length, size = patches.shape
    side = math.isqrt(length)
    if side * side != length or size != patch * patch * channels:
        raise ValueError("these patches make no square image")
    return patches.reshape(n, side, side, patch, patch, channels).permute(0, 5, 1, 4, 2, 3).reshape(n, channels, side * patch, side * patch)


@misconception("Grid rows and grid columns are both put before the rows inside a patch: alternate them, (grid row, row, grid column, column).", see="patchify")
def not_interleaved(patches, patch, channels):
    n, length, size = patches.shape
    side = math.isqrt(length)
    if side * side != length or size != patch * patch * channels:
        raise ValueError("these patches make no square image")
    return patches.reshape(n, side, side, patch, patch, channels).permute(0, 5, 1, 2, 3, 4).reshape(n, channels, side * patch, side * patch)


@misconception("Where the number of patches is no square you drop some of them; that is an error to report.", see="patchify")
def drops_patches(patches, patch, channels):
    n, length, size = patches.shape
    side = math.isqrt(length)
    if size != patch * patch * channels:
        raise ValueError("the last size does not fit")
    grid = patches[:, : side * side].reshape(n, side, side, patch, patch, channels)
    return grid.permute(0, 5, 1, 3, 2, 4).reshape(n, channels, side * patch, side * patch)


@misconception("You work the channels out yourself and never compare: a last size that does not fit patch and channels is an error.", see="patchify")
def channels_ignored(patches, patch, channels):
    n, length, size = patches.shape
    side = math.isqrt(length)
    if side * side != length:
        raise ValueError("no square number of patches")
    grid = patches[:, :, : size // patch**2 * patch**2].reshape(n, side, side, patch, patch, -1)
    return grid.permute(0, 5, 1, 3, 2, 4).reshape(n, -1, side * patch, side * patch)


@misconception("You turn the pixels into float32; the dtype of the patches is to be kept.", see="patchify")
def always_float32(patches, patch, channels):
    n, length, size = patches.shape
    side = math.isqrt(length)
    if side * side != length or size != patch * patch * channels:
        raise ValueError("these patches make no square image")
    grid = patches.float().reshape(n, side, side, patch, patch, channels)
    return grid.permute(0, 5, 1, 3, 2, 4).reshape(n, channels, side * patch, side * patch)


@misconception("You write values into the image without their gradient; stay with torch's reshape and permute.", see="patchify")
def written_without_gradient(patches, patch, channels):
    n, length, size = patches.shape
    side = math.isqrt(length)
    if side * side != length or size != patch * patch * channels:
        raise ValueError("these patches make no square image")
    image = patches.new_zeros(n, channels, side * patch, side * patch)
    for token, values in enumerate(patches.detach().unbind(1)):
        top, left = token // side * patch, token % side * patch
        image[:, :, top : top + patch, left : left + patch] = values.reshape(n, patch, patch, channels).permute(0, 3, 1, 2)
    return image
