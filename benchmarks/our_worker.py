"""This project as a contestant: grades a course folder, from submitted files to gradebook rows and feedback pages.

    python -m benchmarks.our_worker COURSE ASSIGNMENT WORKERS [again]

Says "ready" once everything is imported, waits for a line, and grades; starting the grading workers and their sandboxes is part of the time.
Prints JSON lines: seconds of both steps, a second grading of the unchanged class where "again" is given, and at the end what passed.
"""

import json
import sys
import time
from pathlib import Path

from autograder.course import Course
from autograder.pool import Pool


def timed(work) -> tuple[float, object]:
    """Seconds of `work()`, and its result."""
    began = time.perf_counter()
    value = work()
    return time.perf_counter() - began, value


def main(root: Path, assignment: str, workers: int, again: bool) -> None:
    """Serve one round."""
    course = Course(root)
    print("ready", flush=True)
    sys.stdin.readline()
    grading, graded = timed(lambda: course.grade(assignment, Pool(workers)))
    feedback, _ = timed(lambda: course.feedback(assignment))
    print(json.dumps({"students": len(graded.results), "grading": grading, "feedback": feedback, "failures": graded.failures}), flush=True)
    print("done", flush=True)
    if again:
        seconds, second = timed(lambda: Course(root).grade(assignment, Pool(workers)))
        print(json.dumps({"again": seconds, "judged": second.judged}), flush=True)
    verdicts = {student: {exercise.name: exercise.outcome == "passed" for exercise in result.exercises} for student, result in graded.results.items()}
    print(json.dumps(verdicts), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3]), "again" in sys.argv[4:])
