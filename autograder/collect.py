"""Put what was handed in elsewhere (a learning platform's archive, a folder of notebooks) where nbgrader collects it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import Course
from autograder.intake import Handed, find


@dataclass
class Collected:
    """How many submissions were new, replaced an earlier one, or were there already; and whom the platform marked as late."""

    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    late: list[str] = field(default_factory=list)


def collect(course: Course, assignment: str, paths: list[Path], say: Callable[[str], None] = lambda text: None) -> Collected:
    """Copy each student's latest notebook, and the weights beside it, into `submitted/STUDENT/ASSIGNMENT/`. Raises as `intake.find` does."""
    if not (course.root / "source" / assignment).is_dir():
        course.prepare(assignment)
    done = Collected()
    with course.api.gradebook as gradebook:
        for handed in find(paths, assignment, say):
            _put(course, handed, done)
            if handed.owner.platform == "canvas":
                gradebook.update_or_create_student(handed.owner.student, lms_user_id=handed.owner.number)
            if handed.owner.late:
                done.late.append(handed.owner.student)
    return done


def _put(course: Course, handed: Handed, done: Collected) -> None:
    """Write one submission's files; what lies there from an earlier one and is not among them goes."""
    submission = handed.submission
    folder = course.root / "submitted" / submission.student / submission.assignment
    files = {f"{submission.assignment}.ipynb": submission.notebook} | submission.files
    before = {path.name: path.read_bytes() for path in folder.glob("*") if path.is_file() and path.suffix in (".ipynb", ".safetensors")} if folder.is_dir() else None
    if before == files:
        done.unchanged += 1
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in set(before or {}) - set(files):
        (folder / name).unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    if before is None:
        done.new += 1
    else:
        done.replaced += 1
