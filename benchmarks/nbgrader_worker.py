"""One process of stock nbgrader: grades some students of a course folder of its own, and writes their feedback pages.

    python -m benchmarks.nbgrader_worker COURSE ASSIGNMENT STUDENT ...

Says "ready" once everything is imported, waits for a line, and then prints one JSON line per student: seconds of both steps, and what passed.
Its best case: nbgrader's Python interface in one process, instead of a command per student, which would cost two more seconds each.
"""

import json
import logging
import sys
import time
import warnings
from pathlib import Path

from traitlets.config import Config

CELL_SECONDS = 900  # nbgrader's own 30 would end a training cell on a busy machine


def interface(course: Path):
    """nbgrader's Python interface with its own steps, quiet."""
    warnings.filterwarnings("ignore")
    from nbgrader.apps import NbGraderAPI

    logging.disable(logging.CRITICAL)
    config = Config()
    config.CourseDirectory.root = str(course)
    config.ExecutePreprocessor.timeout = CELL_SECONDS
    config.Exchange.root = str(course / "exchange")
    return NbGraderAPI(config=config)


def passed(course: Path, assignment: str, student: str) -> dict[str, bool]:
    """Exercises with full points in the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        rows = gradebook.find_submission_notebook(assignment, assignment, student).grades
        return {row.name.removeprefix("check-"): row.auto_score == row.max_score for row in rows if row.name.startswith("check-")}


def main(course: Path, assignment: str, students: list[str]) -> None:
    """Serve one round."""
    api = interface(course)
    print("ready", flush=True)
    sys.stdin.readline()
    for student in students:
        began = time.perf_counter()
        graded = api.autograde(assignment, student)
        middle = time.perf_counter()
        pages = api.generate_feedback(assignment, student)
        ended = time.perf_counter()
        if not graded["success"] or not pages["success"]:
            raise RuntimeError(f"nbgrader could not grade {student}: {graded.get('log') or pages.get('log') or graded.get('error')}")
        print(json.dumps({"student": student, "grading": middle - began, "feedback": ended - middle}), flush=True)
    print("done", flush=True)
    print(json.dumps({student: passed(course, assignment, student) for student in students}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:])
