"""Rubbish in the place of an answer is a wrong answer, for every exercise: never points, never a fault of the grader."""

import pytest
from grading import notebook

from autograder import source
from autograder.places import Places
from autograder.submission import Submission
from autograder.worker import Job

PLACES = Places.here()
RUBBISH = {
    "None": "None", "text": "'nan'", "an integer": "3", "a wrong shape": "torch.zeros(3, 1, 4, 1, 5)", "nan": "torch.full((), float('nan'))",
    "integers": "torch.arange(6)", "a tuple": "(None, [torch.zeros(2)], {'a': 1})", "an object": "object()", "the arguments": "(args, kwargs)",
}  # fmt: skip
EXERCISES = [(a, e.name) for a in PLACES.assignment_names() for e in source.load(a, PLACES).exercises if e.name != "weights"]


def rubbish(exercise: str, value: str) -> str:
    """A function, or a module with the usual methods, that answers rubbish."""
    if not exercise[0].isupper():
        return f"def {exercise}(*args, **kwargs):\n    return {value}\n"
    methods = "\n".join(f"    def {name}(self, *args, **kwargs):\n        return {value}" for name in ("forward", "encode", "decode"))
    return f"class {exercise}(nn.Module):\n    def __init__(self, *args, **kwargs):\n        super().__init__()\n        self.weight = nn.Parameter(torch.zeros(2))\n{methods}\n"


@pytest.fixture(scope="module")
def judged(pool):
    """All rubbish answers of all exercises."""
    jobs = [Job(f"{a}/{e}/{kind}", Submission(a, kind, notebook({e: rubbish(e, value)}, a)), 5, (e,)) for a, e in EXERCISES for kind, value in RUBBISH.items()]
    return {key: result["exercises"][0] for key, result in pool.run(jobs)}


@pytest.mark.parametrize("assignment, exercise", EXERCISES)
def test_rubbish_is_wrong_and_no_fault(judged, assignment, exercise):
    for kind in RUBBISH:
        verdict = judged[f"{assignment}/{exercise}/{kind}"]
        assert verdict["points"] == 0 and verdict["outcome"] in ("wrong", "raised"), (kind, verdict)
