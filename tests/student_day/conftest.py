"""A student's day with nothing but the bundle. Collected only by `make test-student`."""

import os
import shutil

import pytest
import torch
from desk import Desk

from autograder.bundle import bundle
from autograder.places import Places

collect_ignore_glob = [] if os.environ.get("STUDENT_DAY") else ["test_*.py"]
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def handed_out(tmp_path_factory):
    """The bundle as a course hands it out."""
    return bundle(tmp_path_factory.mktemp("course") / "bundle", Places.here())


@pytest.fixture(scope="module")
def unpacked(handed_out, tmp_path_factory):
    """A student's own copy."""
    return shutil.copytree(handed_out, tmp_path_factory.mktemp("student") / "from-bottleneck-to-noise")


@pytest.fixture
def sit_down(unpacked):
    """Open an assignment of the bundle in a fresh kernel, with settings of the environment; each kernel is ended."""
    desks = []

    def sit(name: str, **environment: str) -> Desk:
        desks.append(Desk(unpacked, name, environment))
        return desks[-1]

    yield sit
    for desk in desks:
        desk.leave()
