"""Checks of interpolate: every image on the way, ends, sizes, dtypes, devices."""

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


def test_images_on_the_way(student, reference, draw):
    """Each row decodes its code on the straight line between the two means, ends included."""
    tolerances = {torch.float32: 1e-4, torch.float64: 1e-10}  # the decoder's slope is at most some tens, its codes are right to a few roundings
    cases = [(probe(draw, dtype=dtype), draw.uniform(6, dtype=dtype), draw.uniform(6, dtype=dtype), 5) for dtype in tolerances]
    found = student.interpolate.each(*(case for case in cases for _ in range(2)))
    for case, tolerance in zip(cases, tolerances.values(), strict=True):
        got, again = next(found), next(found)  # draws from the posteriors differ from call to call, so look for that first
        if isinstance(got, torch.Tensor) and isinstance(again, torch.Tensor) and got.shape == again.shape and not torch.equal(got, again):
            wrong("Two equal calls gave different images.", "posterior_draws")
        close(got, reference.interpolate(*case).detach(), "images between two", rtol=0, atol=tolerance)


def test_any_number_of_steps(student, reference, draw):
    """Any number of steps from 2 on works."""
    cases = [(probe(draw), draw.uniform(6), draw.uniform(6), steps) for steps in (2, 3, 12)]
    for case, got in zip(cases, student.interpolate.each(*cases), strict=True):
        close(got, reference.interpolate(*case).detach(), f"{case[-1]} images", rtol=0, atol=1e-4)


def test_any_size(student, reference, draw):
    """Any number of pixels and of latent coordinates works."""
    cases = [(probe(draw, d, k), draw.uniform(d), draw.uniform(d), 4) for d, k in ((1, 1), (64, 2), (5, 9))]
    for case, got in zip(cases, student.interpolate.each(*cases), strict=True):
        close(got, reference.interpolate(*case).detach(), f"images of {len(case[1])} pixels", rtol=0, atol=2e-4)


def test_equal_ends(student, draw):
    """Between an image and itself nothing moves."""
    model, a = probe(draw), draw.uniform(6)
    x = tensor(student.interpolate(model, a, a.clone(), 4), "images between an image and itself", (4, 6), torch.float32)
    if not torch.allclose(x, x[:1].expand(4, 6), atol=1e-5):
        wrong("The walk from an image to itself should stay where it is.")


def test_keeps_the_device(student, draw):
    """The images live where model and data live."""
    student.interpolate.on_meta(probe(draw), draw.uniform(6), draw.uniform(6), 4)
