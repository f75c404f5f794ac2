"""Checks of mse_loss: random batches of several shapes, gradient, device."""

import pytest
import torch

from autograder.checking import Meta, close, rounding, wrong


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(5, 7), (1, 9), (3, 2, 4, 4)])
def test_is_the_mean_over_everything(student, draw, shape, dtype):
    """The loss is the mean of all squared differences, for flat images and for image batches."""
    x_hat, x = draw.normal(*shape, dtype=dtype), draw.normal(*shape, dtype=dtype)
    want = (x_hat.double() - x.double()).square().mean().to(dtype)
    close(student.mse_loss(x_hat, x), want, f"loss of a batch of shape {shape}", **rounding(dtype, terms=x.numel(), scale=1.0))


def test_zero_for_equal_images(student, draw):
    """Equal images have the loss zero."""
    x = draw.uniform(4, 6)
    close(student.mse_loss(x, x.clone()), torch.zeros(()), "loss of images with themselves", rtol=0.0, atol=1e-12)


def test_gradient_reaches_the_reconstruction(student, draw):
    """The gradient with respect to x_hat is twice the difference, divided by the number of entries."""
    x_hat, x = draw.normal(3, 8), draw.normal(3, 8)
    (gradient,) = student.mse_loss.gradient(x_hat, x)
    if gradient is None:
        wrong("The loss has no gradient with respect to x_hat.", "no_gradient")
    close(gradient, 2 * (x_hat - x) / x.numel(), "gradient with respect to x_hat", **rounding(torch.float32, terms=4, scale=1.0))


def test_keeps_to_the_device_of_the_images(student, draw):
    """The loss is made on the device of the images."""
    got = student.mse_loss.on_meta(draw.normal(4, 6), draw.normal(4, 6))
    if isinstance(got, Meta) and got.shape != ():
        wrong("On another device the loss is not a scalar.")
