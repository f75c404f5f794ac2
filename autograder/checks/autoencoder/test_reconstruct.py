"""Checks of reconstruct: random orthonormal components, round trip, values beyond [0, 1], gradient, device."""

import pytest
import torch

from autograder.checking import Meta, close, rounding, wrong


def basis(draw, k: int, d: int, dtype: torch.dtype) -> torch.Tensor:
    """Random orthonormal rows (k, d)."""
    return torch.linalg.qr(draw.normal(d, k, dtype=torch.float64)).Q.T.to(dtype).contiguous()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n, d, k", [(9, 7, 3), (5, 5, 5), (1, 6, 1)])
def test_walks_from_the_mean(student, reference, draw, n, d, k, dtype):
    """The image is the mean plus the components, weighted by the code, wherever that leads."""
    z, mean, components = draw.normal(n, k, dtype=dtype, scale=2.0), draw.normal(d, dtype=dtype), basis(draw, k, d, dtype)
    close(student.reconstruct(z, mean, components), reference.reconstruct(z, mean, components), f"{n} images of {d} pixels from {k} codes",
          **rounding(dtype, terms=4 * d, scale=4.0))


def test_images_in_the_plane_come_back(student, draw):
    """An image that lies in the plane is rebuilt exactly from its code."""
    mean, components = draw.uniform(8), basis(draw, 3, 8, torch.float64).float()
    x = mean + draw.normal(6, 3) @ components
    close(student.reconstruct((x - mean) @ components.T, mean, components), x, "images that lie in the plane", **rounding(torch.float32, terms=64, scale=4.0))


def test_gradient_reaches_the_codes(student, draw):
    """The gradient with respect to the codes comes through the components."""
    z, mean, components, weights = draw.normal(4, 2), draw.normal(6), basis(draw, 2, 6, torch.float32), draw.normal(4, 6)
    (gradient,) = student.reconstruct.gradient(z, mean, components, weights=weights)
    if gradient is None:
        wrong("The gradient of your images with respect to the codes does not exist.", "detached")
    close(gradient, weights @ components.T, "gradient with respect to the codes", **rounding(torch.float32, terms=24, scale=4.0))


def test_keeps_to_the_device_of_the_codes(student, draw):
    """The images are made on the device of the codes."""
    got = student.reconstruct.on_meta(draw.normal(4, 2), draw.normal(6), draw.normal(2, 6))
    if isinstance(got, Meta) and got.shape != (4, 6):
        wrong("On another device the images have another shape.")
