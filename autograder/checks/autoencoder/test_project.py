"""Checks of project: a worked value, random orthonormal components, one image alone, gradient, device."""

import pytest
import torch

from autograder.checking import Meta, close, rounding, wrong


def basis(draw, k: int, d: int, dtype: torch.dtype) -> torch.Tensor:
    """Random orthonormal rows (k, d)."""
    return torch.linalg.qr(draw.normal(d, k, dtype=torch.float64)).Q.T.to(dtype).contiguous()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n, d, k", [(9, 7, 3), (5, 5, 5), (1, 6, 1)])
def test_agrees_with_inner_products(student, reference, draw, n, d, k, dtype):
    """The code holds the inner products of the centred images with the components."""
    x, mean, components = draw.normal(n, d, dtype=dtype), draw.normal(d, dtype=dtype, scale=2.0), basis(draw, k, d, dtype)
    close(student.project(x, mean, components), reference.project(x, mean, components), f"codes of {n} images with {d} pixels", **rounding(dtype, terms=4 * d, scale=4.0))


def test_each_image_alone(student, draw):
    """An image's code does not depend on which other images are in the batch."""
    x, mean, components = draw.normal(6, 8), draw.normal(8), basis(draw, 3, 8, torch.float32)
    together, alone = student.project(x, mean, components), student.project(x[2:3], mean, components)
    together = close(together, (x - mean) @ components.T, "codes of 6 images", **rounding(torch.float32, terms=32, scale=4.0))
    close(alone, together[2:3], "code of one image alone", **rounding(torch.float32, terms=32, scale=4.0))


def test_gradient_reaches_the_images(student, draw):
    """The gradient with respect to the images is the sum of the components, weighted."""
    x, mean, components, weights = draw.normal(4, 6), draw.normal(6), basis(draw, 2, 6, torch.float32), draw.normal(4, 2)
    (gradient,) = student.project.gradient(x, mean, components, weights=weights)
    if gradient is None:
        wrong("The gradient of your codes with respect to the images does not exist.", "detached")
    close(gradient, weights @ components, "gradient with respect to the images", **rounding(torch.float32, terms=16, scale=4.0))


def test_keeps_to_the_device_of_the_data(student, draw):
    """The codes are made on the device of the images."""
    got = student.project.on_meta(draw.normal(4, 6), draw.normal(6), draw.normal(2, 6))
    if isinstance(got, Meta) and got.shape != (4, 2):
        wrong("On another device the codes have another shape.")
