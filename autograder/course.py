"""A course folder of nbgrader's form, graded by this judge: submitted notebooks to gradebook, feedback pages and marks.

    course/source, release, submitted/STUDENT/ASSIGNMENT/, autograded, feedback, gradebook.db, and results/ASSIGNMENT/STUDENT.json
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder import release, source
from autograder.cluster import Cluster
from autograder.limits import Limits
from autograder.places import Places
from autograder.pool import Pool
from autograder.results import Result
from autograder.store import ResultStore
from autograder.submission import Submission
from autograder.worker import Job


class CourseError(RuntimeError):
    """A step of the course could not be done; the message says what to do."""


@dataclass
class Graded:
    """What a grading run did: results by student, how many were judged anew, and nbgrader's failures by student."""

    results: dict[str, Result] = field(default_factory=dict)
    judged: int = 0
    failures: dict[str, str] = field(default_factory=dict)


@dataclass
class Course:
    """One course folder."""

    root: Path
    places: Places = field(default_factory=Places.here)

    def __post_init__(self):
        self.root = self.root.resolve()
        self.api = release.nbgrader_api(self.root)
        self.store = ResultStore(self.root)

    def prepare(self, assignment: str) -> None:
        """Put the assignment's source into the course and make nbgrader's release and gradebook entry of it."""
        release.put_source(source.load(assignment, self.places), self.root)
        release.generate(assignment, self.root)

    def students(self, assignment: str) -> list[str]:
        """Who handed in: the folders `submitted/STUDENT/ASSIGNMENT`."""
        return sorted(path.parent.name for path in (self.root / "submitted").glob(f"*/{assignment}") if path.is_dir())

    def notebook(self, student: str, assignment: str) -> Path:
        """The submitted notebook: the one of the assignment's name, else the only one in the folder, which then gets that name."""
        folder = self.root / "submitted" / student / assignment
        wanted = folder / f"{assignment}.ipynb"
        others = sorted(folder.glob("*.ipynb"))
        if not wanted.exists() and len(others) == 1:
            others[0].rename(wanted)
        return wanted

    def submission(self, student: str, assignment: str) -> Submission:
        """What was handed in; an unreadable or absent file says so and is ungradable."""
        return Submission.read(self.notebook(student, assignment), assignment, student, Limits.load(self.places.checks(assignment) / "limits.toml"))

    def grade(self, assignment: str, graders: Pool | Cluster | None = None, progress: Callable[[Result, int, int], None] | None = None) -> Graded:
        """Judge what has no stored result, then write everything into the gradebook, one student after another.

        graders: who judges (one worker per core of this machine where None); entered only if there is something to judge.
        """
        if not (self.root / "source" / assignment).is_dir():
            self.prepare(assignment)
        graded, students = Graded(), self.students(assignment)
        if not students:
            raise CourseError(f"there is nothing to grade: no folder {self.root}/submitted/STUDENT/{assignment}")
        for student, result in self._verdicts(assignment, students, graders or Pool(places=self.places), graded):
            graded.results[student] = result
            self._into_gradebook(assignment, student, graded)
            if progress is not None:
                progress(result, len(graded.results), len(students))
        return graded

    def _verdicts(self, assignment: str, students: list[str], graders: Pool | Cluster, graded: Graded) -> Iterator[tuple[str, Result]]:
        """Stored results first, then new ones as they come; each new one is stored before it is used."""
        to_judge = []
        for student in students:
            stored = self.store.get(self.submission(student, assignment))
            if stored is None:
                to_judge.append(student)
            else:
                yield student, Result.from_json(stored)
        if not to_judge:
            return
        with graders:
            for student, data in graders.run(Job(student, self.submission(student, assignment)) for student in to_judge):
                graded.judged += 1
                self.store.put(self.submission(student, assignment), data)
                yield student, Result.from_json(data)

    def _into_gradebook(self, assignment: str, student: str, graded: Graded) -> None:
        """nbgrader's autograde step, which takes the stored result; skipped where the gradebook has it already."""
        mark = self.root / "results" / assignment / f".{student}.written"
        stored = (self.root / "results" / assignment / f"{student}.json")
        done = mark.exists() and stored.exists() and mark.stat().st_mtime_ns >= stored.stat().st_mtime_ns
        if done and (self.root / "autograded" / student / assignment).is_dir():
            return
        self._with_a_file(student, assignment)
        outcome = self.api.autograde(assignment, student)
        if not outcome["success"]:
            graded.failures[student] = outcome.get("log") or outcome.get("error") or "nbgrader gave no reason"
            return
        mark.touch()

    def _with_a_file(self, student: str, assignment: str) -> None:
        """nbgrader looks for a notebook of the right name; where none was handed in, an empty file stands for it."""
        path = self.notebook(student, assignment)
        for link in [found for found in path.parent.rglob("*") if found.is_symlink()]:
            link.unlink()  # nbgrader copies what links point to, up to the feedback folder
        if not path.exists():
            path.touch()
        stamp = path.parent / "timestamp.txt"
        if stamp.exists() and not _is_timestamp(stamp):
            stamp.rename(stamp.with_name("timestamp-invalid.txt"))

    def feedback(self, assignment: str) -> Path:
        """Write the feedback pages of everyone graded; their folder."""
        for student in self.students(assignment):
            with contextlib.suppress(FileNotFoundError):
                outcome = self.api.generate_feedback(assignment, student)
                if not outcome["success"]:
                    raise CourseError(f"feedback for {student} could not be written: {outcome.get('log') or outcome.get('error')}")
        return self.root / "feedback"

    def results(self, assignment: str) -> list[Result]:
        """The stored results of an assignment."""
        found = []
        for student in self.students(assignment):
            stored = self.store.get(self.submission(student, assignment))
            if stored is not None:
                found.append(Result.from_json(stored))
        return found


def _is_timestamp(path: Path) -> bool:
    from nbgrader.utils import parse_utc

    try:
        with path.open() as file:
            parse_utc(file.read(200).strip())
    except Exception:  # dateutil raises many kinds for a damaged date
        return False
    return True
