"""One process of otter-grader: grades some students' notebooks on this machine, without containers.

    build/bench/otter-venv/bin/python benchmarks/otter_worker.py COURSE ASSIGNMENT STUDENT ...

Says "ready" once everything is imported, waits for a line, and then prints one JSON line per student: seconds, and at the end what passed.
Otter keeps no gradebook and writes no pages; what is timed is `otter.api.grade_submission`, which `otter run` calls. Imports nothing of the project.
"""

import json
import logging
import sys
import time
from pathlib import Path


def main(course: Path, assignment: str, students: list[str]) -> None:
    """Serve one round."""
    from otter.api import grade_submission

    logging.disable(logging.CRITICAL)
    print("ready", flush=True)
    sys.stdin.readline()
    verdicts = {}
    for student in students:
        path, began = course / "submitted" / student / assignment / f"{assignment}.ipynb", time.perf_counter()
        results = grade_submission(str(path), str(course / "otter.zip"), quiet=True)
        print(json.dumps({"student": student, "grading": time.perf_counter() - began, "feedback": 0.0}), flush=True)
        verdicts[student] = {name: result.score == result.possible for name, result in results.results.items()}
    print("done", flush=True)
    print(json.dumps(verdicts), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:])
