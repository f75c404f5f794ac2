"""What all tests share: one torch thread, and one pool of graders for the whole run."""

import pytest
import torch

from autograder.places import Places
from autograder.pool import Pool

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def places() -> Places:
    """The folders of this repository."""
    return Places.here()


@pytest.fixture(scope="session")
def pool():
    """Two sandboxed grading workers."""
    with Pool(2) as workers:
        yield workers
