"""Where a submission's time goes in this project, in CPU seconds: start, student's code, checks, and what surrounds them, gradebook, feedback.

    python -m benchmarks.parts COURSE [ROUNDS]      prints the means as a line of JSON

Judges the first ten students of a prepared course folder, one of each version, with one warm worker whose processes are metered one by one; then writes
the verdicts of the whole class (those of the same version are the same) into the gradebook and the feedback pages. CPU seconds, because they hardly
depend on what else the machine does.
"""

import json
import sys
import time
from pathlib import Path

import torch

from autograder.checks_runner import with_checks
from autograder.cost import MeteredJail
from autograder.course import Course
from autograder.judge import Judge
from autograder.overhead import ASKING, CHECKS, Meter, metered
from autograder.places import Places
from autograder.worker import Job
from benchmarks.classroom import ASSIGNMENT, written


class Ready:
    """In the place of a pool: has the results of the first students, and gives them to the others in turn."""

    def __init__(self, results: dict[str, dict]):
        self.results = results

    def __enter__(self):
        return self

    def __exit__(self, *_exception) -> None:
        pass

    def run(self, jobs):
        """Every job's result at once."""
        for number, job in enumerate(jobs):
            yield job.key, list(self.results.values())[number % len(self.results)] | {"student": job.key}


def judged(course: Course, students: list[str], judge: Judge, rounds: int) -> tuple[dict[str, dict], dict[str, float]]:
    """Results by student, and CPU seconds by part, summed over `rounds` judgings of the class after one that warms up."""
    results, jail, checks = {}, judge.jail, Meter()
    asking = Meter(checks)  # requests outside of a check are bookkeeping
    jobs = [Job(student, course.submission(student, ASSIGNMENT)) for student in students]
    with metered(checks, *CHECKS), metered(asking, *ASKING):
        for number in range(rounds + 1):
            for job in jobs:
                results[job.key] = judge.judge(job.submission).to_json()
            if number == 0:
                checks.total = asking.total = jail.student = 0.0
                before, began = jail.all_of_it(), time.process_time()
    grader = time.process_time() - began
    around = jail.all_of_it() - before - jail.student
    return results, {"start and end of its process": around, "student's process": jail.student, "checks": checks.total - asking.total,
                     "channel": asking.total, "reading and bookkeeping": grader - checks.total}  # fmt: skip


def parts(root: Path, rounds: int) -> dict[str, float]:
    """Means per submission."""
    course, found = Course(root), {}
    students, cpu = course.students(ASSIGNMENT), time.process_time
    few = students[: len(written())]

    def serve(runner) -> None:
        with MeteredJail() as jail:
            found["results"], found["parts"] = judged(course, few, Judge(jail, runner, Places.here()), rounds)

    with_checks(Places.here(), serve)
    means = {name: seconds / rounds / len(few) for name, seconds in found["parts"].items()}
    began = cpu()
    failures = course.grade(ASSIGNMENT, Ready(found["results"])).failures
    means["gradebook"], began = (cpu() - began) / len(students), cpu()
    course.feedback(ASSIGNMENT)
    means["feedback"] = (cpu() - began) / len(students)
    if failures:
        raise RuntimeError(f"not in the gradebook: {failures}")
    return means


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(parts(Path(sys.argv[1]).resolve(), int((sys.argv[2:] or ["2"])[0]))))
