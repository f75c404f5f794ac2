"""Grade a course on a small disk that fills up: run in a mount namespace of its own (`unshare --user --map-root-user --mount python full_disk.py ...`).

Arguments: a prepared course, a folder with submissions STUDENT.ipynb, an empty folder where the small disk is mounted. Prints a JSON: what became
of each run, with more and more room left, and of the last, with all of it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from grading import VAE
from test_faults import Lent, consistent

from autograder.course import Course
from autograder.pool import Pool

SIZE = 6 << 20  # bytes of the whole disk
ROOM = (0, 4096, 20_000, 60_000, 150_000, 300_000)  # bytes left for one run after another


def fill(folder: Path, left: int) -> None:
    """Take all of the disk but so many bytes."""
    (folder / "filler").unlink(missing_ok=True)
    free = shutil.disk_usage(folder).free - left
    with (folder / "filler").open("wb") as file:
        while free > 0:
            free -= file.write(bytes(min(free, 1 << 16)))
            file.flush()


def seeds(course: Course) -> dict[str, int]:
    """The seed of every stored result, which tells whether it was judged again; fails where a file is not whole."""
    stored = [json.loads(path.read_text())["result"] for path in (course.root / "results" / VAE).glob("*.json")]
    return {result["student"]: result["seed"] for result in stored}


def grade(course: Course, pool: Pool) -> dict:
    """One run: what stopped it, or whom it could not write, and what is stored now."""
    graders, stopped, failures = Lent(pool), "", {}
    try:
        failures = course.grade(VAE, graders).failures
    except OSError as error:
        stopped = str(error)
    return {"stopped": stopped, "failures": failures, "judged": graders.judged, "stored": seeds(course)}


def main(prepared: Path, submissions: Path, small: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "small", str(small)], check=True)
    course = Course(small / "course")
    shutil.copytree(prepared, course.root)
    for path in submissions.glob("*.ipynb"):
        folder = course.root / "submitted" / path.stem / VAE
        folder.mkdir(parents=True)
        shutil.copy(path, folder / f"{VAE}.ipynb")
    runs = []
    with Pool(1) as pool:
        for left in ROOM:
            fill(small, left)
            runs.append(grade(course, pool))
        (small / "filler").unlink()
        runs.append(grade(course, pool))
    consistent(course)
    print(json.dumps(runs))


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main(*map(Path, sys.argv[1:]))
