"""Checks of timestep_embedding: the formula, float32, odd sizes, device.

An angle up to 1000 in float32 is off by at most some 4 ulp of 1000 (the product, and the frequency's own relative error), 5e-4; sine and
cosine pass that on at most unchanged. Times up to 20 are known to 1e-5.
"""

import pytest
import torch

from autograder.checking import close, raises


@pytest.mark.parametrize("dim", [4, 2, 6, 32])
def test_small_times(student, reference, draw, dim):
    """Sines first, then cosines, of t times each frequency."""
    t = draw.integers(1, 21, draw.integer(3, 9))
    close(student.timestep_embedding(t, dim), reference.timestep_embedding(t, dim), f"the embedding for dim = {dim}", rtol=0, atol=2e-5)


def test_large_times(student, reference, draw):
    """Times up to 1000 keep their accuracy."""
    t = draw.integers(0, 1001, 12)
    close(student.timestep_embedding(t, 16), reference.timestep_embedding(t, 16), "the embedding of times up to 1000", rtol=0, atol=1e-3)


def test_one_time(student, reference):
    """A batch of one time works, too."""
    t = torch.tensor([5])
    close(student.timestep_embedding(t, 8), reference.timestep_embedding(t, 8), "the embedding of a single time", rtol=0, atol=2e-5)


@pytest.mark.parametrize("dim", [7, 1])
def test_odd_sizes_are_refused(student, dim):
    """An odd dim raises ValueError."""
    raises(ValueError, student.timestep_embedding, torch.tensor([1, 2]), dim)


def test_device(student, draw):
    """New tensors are made on the device of t."""
    student.timestep_embedding.on_meta(draw.integers(1, 21, 4), 8)
