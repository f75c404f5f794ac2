"""What the threat tests share: rows and their titles, a pool with tight limits, verdicts of many hostile notebooks in one go."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from autograder.places import Places
from autograder.pool import Pool

TIGHT = """
cell_cpu = 1.0
exercise_cpu = 0.6
total_cpu = 4.0
wall = 5.0
memory = 600_000_000
processes = 12
output = 2000
observed = 2_000_000
disk = 4_000_000
files = 40
notebook = 400_000
json_depth = 20
json_parts = 20_000
code = 60_000
cells = 60
weights = 1000
"""
CARELESS = 'def test_a_value(student):\n    """A seventh."""\n    assert student.interpolate(3, 7) == 3 / 7\n'


def pytest_configure(config):
    config.addinivalue_line("markers", "row(number): the row of the threat list (autograder/threats.py) that a test is about")


def with_limits(folder: Path, limits: str) -> Places:
    """A course whose assignment 03_vae has other limits."""
    for part in ("solutions", "autograder"):
        shutil.copytree(Places.here().root / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "weights", "*.ipynb"))
    (folder / "autograder" / "checks" / "vae" / "limits.toml").write_text(limits)
    return Places(folder)


@pytest.fixture(scope="session")
def tight(tmp_path_factory):
    """One sandboxed grading worker whose limits for 03_vae are small, so that reaching them takes no time, and whose checks of `interpolate` are careless."""
    places = with_limits(tmp_path_factory.mktemp("tight"), TIGHT)
    (places.checks("03_vae") / "test_interpolate.py").write_text(CARELESS)
    with Pool(1, places=places) as workers:
        yield workers
