"""Find submissions in files and folders, and tell whose they are and of which assignment."""

import re
from pathlib import Path

from autograder import source
from autograder.archives import unpacked
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
        if path.is_file() and path.suffix.lower() == ".zip":
            with unpacked(path) as folder:
                jobs += _jobs_in(folder, assignment, seed, places, path)
        else:
            jobs += _jobs_in(path, assignment, seed, places)
    if not jobs:
        raise FileNotFoundError(f"no notebooks (*.ipynb) in {', '.join(map(str, paths))}")
    return jobs


def _jobs_in(path: Path, assignment: str | None, seed: int | None, places: Places, archive: Path | None = None) -> list[Job]:
    """The jobs of one file or folder; an unpacked archive's are named after the archive, since the folder goes away."""
    jobs = []
    for file in [path] if path.is_file() else _notebooks(path):
        shown = archive / file.relative_to(path) if archive else file
        name = assignment or _assignment_of(shown, places)
        student = _student_of(shown, archive or path, name, folder=not path.is_file())
        jobs.append(Job(str(shown), Submission.read(file, name, student, Limits.load(places.checks(name) / "limits.toml")), seed))
    return jobs


def _notebooks(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.ipynb") if not SKIPPED & set(p.parts))


def _assignment_of(file: Path, places: Places) -> str:
    """The assignment named in the file's path, nearest first."""
    known = places.assignment_names()
    for part in (file.stem, *(parent.name for parent in file.parents)):
        for name in known:
            if re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", part):
                return name
    raise ValueError(f"cannot tell which assignment {file} is; say it with --assignment, one of {', '.join(known)}")


def _student_of(file: Path, given: Path, assignment: str, folder: bool) -> str:
    """The student: the folder above ASSIGNMENT/, else the nearest telling folder or the file's own name."""
    if file.parent.name == assignment and file.parent.parent.name:
        return file.parent.parent.name
    if file.stem != assignment:
        return file.stem
    return file.parent.name if folder and file.parent != given else file.stem
