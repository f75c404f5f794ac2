"""Find submissions in files and folders, and tell whose they are and of which assignment."""

import re
from pathlib import Path

from autograder import source
from autograder.limits import Limits
from autograder.places import Places
from autograder.submission import Submission
from autograder.worker import Job

SKIPPED = {".ipynb_checkpoints", "__MACOSX"}


def find_submissions(paths: list[Path], assignment: str | None, seed: int | None = None) -> list[Job]:
    """A job per notebook. Raises FileNotFoundError for a path that is not there, ValueError where the assignment cannot be told."""
    places, jobs = Places.here(), []
    if assignment is not None:
        source.load(assignment, places)
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no {path}")
        for file in [path] if path.is_file() else _notebooks(path):
            name = assignment or _assignment_of(file, places)
            student = _student_of(file, path, name)
            submission = Submission.read(file, name, student, Limits.load(places.checks(name) / "limits.toml"))
            jobs.append(Job(str(file), submission, seed))
    if not jobs:
        raise FileNotFoundError(f"no notebooks (*.ipynb) in {', '.join(map(str, paths))}")
    return jobs


def _notebooks(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.ipynb") if not SKIPPED & set(p.parts) and not p.is_symlink())


def _assignment_of(file: Path, places: Places) -> str:
    """The assignment named in the file's path, nearest first."""
    known = places.assignment_names()
    for part in (file.stem, *(parent.name for parent in file.parents)):
        for name in known:
            if re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", part):
                return name
    raise ValueError(f"cannot tell which assignment {file} is; say it with --assignment, one of {', '.join(known)}")


def _student_of(file: Path, given: Path, assignment: str) -> str:
    """The student: the folder above ASSIGNMENT/, else the nearest telling folder or the file's own name."""
    if file.parent.name == assignment and file.parent.parent.name:
        return file.parent.parent.name
    if file.stem != assignment:
        return file.stem
    return file.parent.name if given.is_dir() and file.parent != given else file.stem
