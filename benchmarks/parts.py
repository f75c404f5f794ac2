"""Where a submission's time goes in this project, in CPU seconds: student's code, checks, and what surrounds them, gradebook, feedback.

    python -m benchmarks.parts COURSE [ROUNDS]      prints CPU seconds per submission as a line of JSON

Judges the first ten students of a prepared course folder, one of each version, with a warm worker and a metered one as in `autograder.overhead`; then writes
the verdicts of the whole class (those of the same version are the same) into the gradebook and the feedback pages. CPU seconds, because they hardly
depend on what else the machine does; medians over the rounds, since they do a little.
"""

import json
import sys
import time
from pathlib import Path

import torch

from autograder.checks_runner import with_checks
from autograder.course import Course
from autograder.judge import Judge
from autograder.meter import MeteredJail, WatchedJail
from autograder.overhead import measure
from autograder.places import Places
from benchmarks.classroom import ASSIGNMENT, written


class Ready:
    """In the place of a pool: has the results of the first students, and gives them to the others in turn."""

    def __init__(self, results: list[dict]):
        self.results = results

    def __enter__(self):
        return self

    def __exit__(self, *_exception) -> None:
        pass

    def run(self, jobs):
        """Every job's result at once."""
        for number, job in enumerate(jobs):
            yield job.key, self.results[number % len(self.results)] | {"student": job.key}


def parts(root: Path, rounds: int) -> dict[str, float]:
    """CPU seconds per submission, by part."""
    course, found = Course(root), {}
    students, cpu = course.students(ASSIGNMENT), time.process_time
    few = students[: len(written())]

    def serve(runner) -> None:
        with WatchedJail() as watched, MeteredJail() as jail:
            judges, submissions = [Judge(each, runner, Places.here()) for each in (watched, jail)], [course.submission(student, ASSIGNMENT) for student in few]
            found["results"], found["parts"] = measure(*judges, submissions, rounds)

    with_checks(Places.here(), serve)
    spent, began = found["parts"], cpu()
    failures = course.grade(ASSIGNMENT, Ready([result.to_json() for result in found["results"]])).failures
    spent["gradebook"], began = (cpu() - began) / len(students), cpu()
    course.feedback(ASSIGNMENT)
    spent["feedback"] = (cpu() - began) / len(students)
    if failures:
        raise RuntimeError(f"not in the gradebook: {failures}")
    return spent


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(parts(Path(sys.argv[1]).resolve(), int((sys.argv[2:] or ["2"])[0]))))
