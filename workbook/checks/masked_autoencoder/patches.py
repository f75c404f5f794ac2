"""Local checks of patchify and unpatchify: images whose pixels say where they are."""

import torch

from workbook.checks import expect, expect_shape, fail


def addressed(n: int, c: int, h: int, w: int, dtype=torch.float32) -> torch.Tensor:
    """Images in which pixel (row, column) of channel k of image i has the value 10000 i + 1000 k + 20 row + column."""
    i, k, row, column = (torch.arange(size, dtype=dtype) for size in (n, c, h, w))
    return 10000 * i.view(-1, 1, 1, 1) + 1000 * k.view(-1, 1, 1) + 20 * row.view(-1, 1) + column


def refuses(function, *arguments) -> str | None:
    """None where the call raises ValueError, else what it did."""
    try:
        value = function(*arguments)
    except ValueError:
        return None
    except Exception as error:
        return f"it raised {type(error).__name__}"
    return f"it returned a tensor of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else f"it returned a {type(value).__name__}"


def connected(function, x: torch.Tensor, *arguments) -> None:
    """Every entry of the result has a gradient of one for exactly one entry of x."""
    x = x.clone().requires_grad_(True)
    result = function(x, *arguments)
    expect(result.requires_grad, "the result has no gradient", "a result that gradients can pass through", "a way through NumPy, detach, or an image filled with detached values", "patchify")
    result.sum().backward()
    expect(torch.equal(x.grad, torch.ones_like(x)), "some pixels get no gradient, or get it twice", "every pixel is used once")


def patchify(names):
    """The order of patches and of pixels in them, wide images, dtype, gradients, sizes that do not fit."""
    one = expect_shape(names.patchify(addressed(1, 1, 4, 4), 2), (1, 4, 4), "the patches of a 4x4 image, patch 2")
    first, second = one[0, 0].tolist(), one[0, 1].tolist()
    if first != [0, 1, 20, 21]:
        cause = "reshape alone keeps the order of the memory" if first == [0, 1, 2, 3] else "another order of dimensions in permute"
        fail(f"with pixel values 20 * row + column the first patch is {first}", "[0, 1, 20, 21], the square in the upper left corner, row by row", cause, "patchify")
    expect(second == [2, 3, 22, 23], f"the second patch is {second}", "[2, 3, 22, 23], the right neighbour of the first", "the grid is read down its columns", "patchify")
    images = addressed(2, 3, 6, 9)
    got = expect_shape(names.patchify(images, 3), (2, 6, 27), "the patches of two 6x9 images of 3 channels, patch 3", torch.float32)
    expect(got[0, 0, :3].tolist() == [0, 1000, 2000], f"a patch begins with {got[0, 0, :3].tolist()}", "the three channels of its first pixel, [0, 1000, 2000]", "the channel comes before the rows", "patchify")
    for token in range(6):
        top, left = 3 * (token // 3), 3 * (token % 3)
        square = images[1, :, top : top + 3, left : left + 3]
        expect(torch.equal(got[1, token].reshape(3, 3, 3), square.permute(1, 2, 0)), f"patch {token} of a 6x9 image is not the square at row {top}, column {left}", "patches in reading order, also in wide images", None, "patchify")
    expect(names.patchify(addressed(1, 1, 4, 4, torch.float64), 2).dtype == torch.float64, "float64 images give another dtype", "the dtype of the images")
    connected(names.patchify, addressed(1, 2, 4, 6), 2)
    for h, w in ((7, 6), (6, 7)):
        did = refuses(names.patchify, torch.zeros(1, 1, h, w), 3)
        expect(did is None, f"for a {h}x{w} image and patch 3, {did}", "a ValueError, since 3 does not divide both sides", "a size that is not checked", "patchify")


def unpatchify(names):
    """Hand-made patches in their places, dtype, gradients, sizes that do not fit."""
    got = expect_shape(names.unpatchify(torch.arange(16.0).reshape(1, 4, 4), 2, 1), (1, 1, 4, 4), "the image of four 2x2 patches")
    want = [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
    expect(got[0, 0].tolist() == want, f"patches 0..3, 4..7, 8..11, 12..15 give the rows {got[0, 0].int().tolist()}", f"the rows {want}", "another order of dimensions in permute", "patchify")
    image = addressed(2, 3, 6, 6)
    squares = [image[:, :, top : top + 2, left : left + 2].permute(0, 2, 3, 1).flatten(1) for top in (0, 2, 4) for left in (0, 2, 4)]
    back = expect_shape(names.unpatchify(torch.stack(squares, 1), 2, 3), (2, 3, 6, 6), "two images of nine patches, 3 channels", torch.float32)
    expect(torch.equal(back, image), f"{(back != image).float().mean():.0%} of the pixels of an image with three channels are not back in their places", "the image that was cut", "the channel is the fastest inside a patch", "patchify")
    expect(names.unpatchify(torch.zeros(1, 4, 4, dtype=torch.float64), 2, 1).dtype == torch.float64, "float64 patches give another dtype", "the dtype of the patches")
    connected(names.unpatchify, torch.rand(2, 4, 8), 2, 2)
    for shape, channels in (((1, 8, 4), 1), ((1, 4, 8), 1), ((1, 4, 4), 3)):
        did = refuses(names.unpatchify, torch.zeros(*shape), 2, channels)
        expect(did is None, f"for patches of shape {shape} with patch 2 and {channels} channel(s), {did}", "a ValueError: these make no square image", "a size that is not checked", "patchify")
