"""Every wrong version loses its points and is named; every correct version keeps them. Judged by the real grader, in the jail."""

from collections import Counter

import pytest

from autograder import source
from autograder.places import Places
from autograder.scoreboard import cases, holds

PLACES = Places.here()
CASES = {case.key: case for case in cases(PLACES)}
SEED = 20_260


@pytest.fixture(scope="session")
def judged(request, pool):
    """The verdicts of all selected versions, judged together so that both workers are busy."""
    keys = [item.callspec.params.get("key") for item in request.session.items if item.path.name == "test_scoreboard.py" and hasattr(item, "callspec")]
    chosen = [CASES[key] for key in keys if key in CASES]
    return {key: result["exercises"][0] for key, result in pool.run(case.job(PLACES, SEED) for case in chosen)}


@pytest.mark.parametrize("key", CASES)
def test_version_gets_the_verdict_it_deserves(judged, key):
    case, verdict = CASES[key], judged[key]
    assert holds(case, verdict), f"{verdict['outcome']}, named {verdict['misconception']}: {verdict['message']}\n{verdict['detail']}"


@pytest.mark.parametrize("name", [f"{a}/{e.name}" for a in PLACES.assignment_names() for e in source.load(a, PLACES).exercises])
def test_every_exercise_has_enough_versions(name):
    assignment, exercise = name.split("/")
    found = Counter(case.right for case in CASES.values() if (case.assignment, case.exercise) == (assignment, exercise))
    long = exercise[0].isupper() or exercise.startswith("train_")
    if exercise == "weights":
        pytest.fail("an exercise without code is judged in tests/test_weights.py") if found else None
        return
    assert found[False] >= (3 if long else 4) and found[True] >= (2 if long else 3), dict(found)
