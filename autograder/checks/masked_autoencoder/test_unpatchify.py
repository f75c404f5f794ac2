"""Checks of unpatchify: every pixel back in its place (exactly), the inverse of patchify, dtypes, gradients, errors."""

import pytest
import torch

from autograder.checking import close, raises, tensor, wrong

EXACT = {"rtol": 0.0, "atol": 0.0}


def test_puts_every_pixel_into_its_place(student, reference, draw):
    """Patches row by row, and inside a patch (row, column, channel), become images."""
    patches = draw.normal(2, 9, 12)
    close(student.unpatchify(patches, 2, 3), reference.unpatchify(patches, 2, 3), "images from nine patches of 2x2 pixels, three channels", **EXACT)


@pytest.mark.parametrize(("length", "patch", "channels"), [(49, 4, 1), (1, 5, 2), (16, 1, 3)])
def test_other_sizes(student, reference, draw, length, patch, channels):
    """Any square number of patches, any patch size and number of channels."""
    patches = draw.normal(1, length, patch * patch * channels)
    what = f"images from {length} patches of {patch}x{patch} pixels, {channels} channels"
    close(student.unpatchify(patches, patch, channels), reference.unpatchify(patches, patch, channels), what, **EXACT)


def test_keeps_the_dtype(student, reference, draw):
    """float64 patches give float64 images."""
    patches = draw.normal(3, 4, 9, dtype=torch.float64)
    close(student.unpatchify(patches, 3, 1), reference.unpatchify(patches, 3, 1), "images from float64 patches", **EXACT)


def test_gradients_find_their_way_back(student, reference, draw):
    """The gradient of a pixel reaches the entry that it came from."""
    patches, weights = draw.normal(2, 4, 8), draw.normal(2, 2, 4, 4)
    got = student.unpatchify.gradient(patches, 2, 2, weights=weights)
    if not isinstance(got, list | tuple) or got[0] is None:
        wrong("No gradient reaches the patches: the result is cut off from them (by detach, NumPy or torch.tensor).", "written_without_gradient")
    want = patches.clone().requires_grad_(True)
    (reference.unpatchify(want, 2, 2) * weights).sum().backward()
    close(tensor(got[0], "the gradient for the patches"), want.grad, "the gradient for the patches", **EXACT)


@pytest.mark.parametrize("length", [8, 15])
def test_refuses_a_length_that_is_no_square(student, draw, length):
    """Patches that fill no square are an error."""
    raises(ValueError, student.unpatchify, draw.normal(1, length, 4), 2, 1)


@pytest.mark.parametrize(("size", "patch", "channels"), [(8, 2, 1), (4, 2, 3), (9, 2, 1)])
def test_refuses_a_last_size_that_does_not_fit(student, draw, size, patch, channels):
    """A last size other than patch * patch * channels is an error."""
    raises(ValueError, student.unpatchify, draw.normal(1, 4, size), patch, channels)
