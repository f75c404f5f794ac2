"""Write a course whose verdicts are known already into its gradebook: `python canned.py COURSE forwards|backwards`. Nothing is judged, so that the writing meets.

Waits for a line on standard input before it begins; prints the failures as JSON.
"""

import json
import sys
from pathlib import Path

from autograder import source
from autograder.course import Course
from autograder.results import ExerciseResult, Result
from benchmarks.small import ASSIGNMENT


class Canned:
    """In the place of a pool: full marks for everyone, in an order of one's choice."""

    def __init__(self, backwards: bool):
        self.backwards = backwards

    def __enter__(self) -> "Canned":
        return self

    def __exit__(self, *_exception) -> None:
        return None

    def run(self, jobs):
        exercises = [ExerciseResult(e.name, e.points, e.points, "passed") for e in source.load(ASSIGNMENT).exercises]
        keys = [job.key for job in jobs]
        for key in reversed(keys) if self.backwards else keys:
            yield key, Result(ASSIGNMENT, key, "graded", None, 0, 0.0, exercises).to_json()


if __name__ == "__main__":
    course = Course(Path(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    graded = course.grade(ASSIGNMENT, Canned(sys.argv[2] == "backwards"))
    print(json.dumps(graded.failures))
