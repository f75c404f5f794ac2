"""An autograder zip of Gradescope's form, and what runs inside of it. The same checks; the container is the sandbox there, see SECURITY.md.

Gradescope unpacks the zip to /autograder/source, runs setup.sh once when it builds the image, and run_autograder for each submission, which finds the
student's files in /autograder/submission and leaves its verdict in /autograder/results/results.json.
"""

import json
import sys
import zipfile
from pathlib import Path

from autograder.exports import to_gradescope
from autograder.intake import find_submissions
from autograder.places import Places, topic
from autograder.pool import Pool
from autograder.results import Result

SETUP = """#!/usr/bin/env bash
set -euo pipefail
apt-get update -qq && apt-get install -y -qq python3 python3-venv
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install --quiet /autograder/source[grader]
"""
RUN = """#!/usr/bin/env bash
cd /autograder/source
WORKBOOK_ROOT=/autograder/source OMP_NUM_THREADS=1 /autograder/venv/bin/python -m autograder.gradescope {assignment} /autograder
"""
TOP = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-prose")
SKIPPED = {"__pycache__", ".ipynb_checkpoints"}


def write_zip(assignment: str, to: Path, places: Places) -> Path:
    """The zip of one assignment at `to`. Raises FileNotFoundError for an unknown assignment."""
    if not places.source(assignment).exists():
        raise FileNotFoundError(f"there is no assignment {assignment!r}; known are {', '.join(places.assignment_names())}")
    to.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("setup.sh", SETUP), ("run_autograder", RUN.format(assignment=assignment))):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, text)
        for path in _files(assignment, places):
            archive.write(path, path.relative_to(places.root))
    return to


def _files(assignment: str, places: Places) -> list[Path]:
    """The library, the grader with this assignment's hidden parts and no other's, its source."""
    hidden = {places.checks(assignment).parent, places.misconceptions(assignment).parent}
    wanted = [places.root / name for name in TOP] + [places.source(assignment)]
    for folder in ("autograder", "workbook"):
        for path in sorted((places.root / folder).rglob("*")):
            others = [part for part in hidden if part in path.parents and topic(assignment) not in path.relative_to(part).parts[:1]]
            if path.is_file() and not others and not SKIPPED & set(path.parts):
                wanted.append(path)
    return wanted


def judge_here(assignment: str, root: Path, sandboxed: bool = False) -> dict:
    """Judge the submission in `root`/submission and write `root`/results/results.json; what was written."""
    (root / "results").mkdir(parents=True, exist_ok=True)
    try:
        jobs = find_submissions([root / "submission"], assignment)
        with Pool(1, sandboxed) as pool:
            ((_, result),) = pool.run(jobs[:1])
        verdict = json.loads(to_gradescope(Result.from_json(result)))
    except FileNotFoundError:
        verdict = {"score": 0, "output": f"There is no notebook among the files. Hand in {assignment}.ipynb."}
    (root / "results" / "results.json").write_text(json.dumps(verdict, indent=2))
    return verdict


if __name__ == "__main__":
    judge_here(sys.argv[1], Path(sys.argv[2]))
