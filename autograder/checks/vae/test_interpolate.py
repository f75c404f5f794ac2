"""Checks of interpolate: every image on the way, ends, sizes, dtypes, devices."""

import pytest
import torch

from autograder.checking import close, tensor, wrong
from autograder.probes.vae import TinyVAE


def probe(draw, d=6, k=2, dtype=torch.float32):
    """A tiny model with random parameters; its curved decoder tells a mix of codes from a mix of images."""
    model = TinyVAE(d, k).to(dtype)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(draw.normal(*parameter.shape, dtype=dtype))
    return model


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_images_on_the_way(student, reference, draw, dtype):
    """Each row decodes its code on the straight line between the two means, ends included."""
    model, a, b = probe(draw, dtype=dtype), draw.uniform(6, dtype=dtype), draw.uniform(6, dtype=dtype)
    # draws from the posteriors differ from call to call, so look for that first
    got, again = student.interpolate.each((model, a, b, 5), (model, a, b, 5))
    if isinstance(got, torch.Tensor) and isinstance(again, torch.Tensor) and got.shape == again.shape and not torch.equal(got, again):
        wrong("Two equal calls gave different images.", "posterior_draws")
    # the decoder's slope is at most some tens, its codes are right to a few roundings
    tolerance = 1e-4 if dtype == torch.float32 else 1e-10
    close(got, reference.interpolate(model, a, b, 5).detach(), "images between two", rtol=0, atol=tolerance)


@pytest.mark.parametrize("steps", [2, 3, 12])
def test_any_number_of_steps(student, reference, draw, steps):
    """Any number of steps from 2 on works."""
    model, a, b = probe(draw), draw.uniform(6), draw.uniform(6)
    close(student.interpolate(model, a, b, steps), reference.interpolate(model, a, b, steps).detach(), f"{steps} images", rtol=0, atol=1e-4)


@pytest.mark.parametrize("d, k", [(1, 1), (64, 2), (5, 9)])
def test_any_size(student, reference, draw, d, k):
    """Any number of pixels and of latent coordinates works."""
    model, a, b = probe(draw, d, k), draw.uniform(d), draw.uniform(d)
    close(student.interpolate(model, a, b, 4), reference.interpolate(model, a, b, 4).detach(), f"images of {d} pixels", rtol=0, atol=2e-4)


def test_equal_ends(student, draw):
    """Between an image and itself nothing moves."""
    model, a = probe(draw), draw.uniform(6)
    x = tensor(student.interpolate(model, a, a.clone(), 4), "images between an image and itself", (4, 6), torch.float32)
    if not torch.allclose(x, x[:1].expand(4, 6), atol=1e-5):
        wrong("The walk from an image to itself should stay where it is.")


def test_keeps_the_device(student, draw):
    """The images live where model and data live."""
    student.interpolate.on_meta(probe(draw), draw.uniform(6), draw.uniform(6), 4)
