"""The references get full marks whatever the secret inputs: 20 seeds for 03_vae, 3 for the others (`make seeds` for more)."""

import pytest

from autograder.places import Places
from autograder.seeds import reference_jobs

PLACES = Places.here()


@pytest.mark.parametrize("name", PLACES.assignment_names())
def test_reference_keeps_full_marks_under_other_seeds(pool, name):
    seeds = range(100, 120 if name == "03_vae" else 103)
    for key, result in pool.run(reference_jobs([name], seeds, PLACES)):
        lost = [(e["name"], e["outcome"], e["message"], e["detail"]) for e in result["exercises"] if e["outcome"] != "passed"]
        assert not lost and result["score"] == result["max_score"], (key, lost)
