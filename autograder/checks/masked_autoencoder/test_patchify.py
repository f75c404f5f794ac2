"""Checks of patchify: every pixel in its place (exactly: nothing is computed), wide images, dtypes, gradients, errors."""

import pytest
import torch

from autograder.checking import close, raises, tensor, wrong

EXACT = {"rtol": 0.0, "atol": 0.0}


def test_moves_every_pixel_to_its_place(student, reference, draw):
    """Patches come row by row, and inside a patch the order is row, column, channel."""
    images = draw.normal(2, 3, 8, 8)
    close(student.patchify(images, 2), reference.patchify(images, 2), "patches of 2x2 pixels, three channels", **EXACT)


def test_images_need_not_be_square(student, reference, draw):
    """A wide and a tall image are cut like a square one."""
    for shape in ((1, 2, 6, 9), (3, 1, 12, 3)):
        images = draw.normal(*shape)
        close(student.patchify(images, 3), reference.patchify(images, 3), f"patches of 3x3 pixels of images of shape {shape}", **EXACT)


@pytest.mark.parametrize("patch", [1, 4])
def test_smallest_and_largest_patch(student, reference, draw, patch):
    """A patch may be a single pixel or the whole image."""
    images = draw.normal(2, 2, 4, 4)
    close(student.patchify(images, patch), reference.patchify(images, patch), f"patches of {patch}x{patch} pixels of a 4x4 image", **EXACT)


def test_takes_images_of_any_layout(student, reference, draw):
    """Images whose pixels lie in memory in another order give the same patches."""
    images = draw.normal(2, 6, 6, 3).permute(0, 3, 1, 2)
    close(student.patchify(images, 3), reference.patchify(images, 3), "patches of permuted images", **EXACT)


def test_keeps_the_dtype(student, reference, draw):
    """float64 images give float64 patches, to the last digit."""
    images = draw.normal(2, 1, 4, 4, dtype=torch.float64)
    close(student.patchify(images, 2), reference.patchify(images, 2), "patches of float64 images", **EXACT)


def test_gradients_find_their_way_back(student, reference, draw):
    """The gradient of an entry reaches the pixel that it came from."""
    images, weights = draw.normal(2, 2, 6, 6), draw.normal(2, 9, 8)
    got = student.patchify.gradient(images, 2, weights=weights)
    if not isinstance(got, list | tuple) or got[0] is None:
        wrong("No gradient reaches the images: the result is cut off from them (by detach, NumPy or torch.tensor).", "through_numpy")
    want = images.clone().requires_grad_(True)
    (reference.patchify(want, 2) * weights).sum().backward()
    close(tensor(got[0], "the gradient for the images"), want.grad, "the gradient for the images", **EXACT)


@pytest.mark.parametrize(("h", "w"), [(7, 6), (6, 7), (2, 6)])
def test_refuses_a_patch_that_does_not_fit(student, draw, h, w):
    """A patch size that does not divide height and width is an error."""
    raises(ValueError, student.patchify, draw.normal(1, 1, h, w), 3 if h > 2 else 4)
