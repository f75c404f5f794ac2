"""A course folder of nbgrader's form, graded by this judge: submitted notebooks to gradebook, feedback pages and marks.

    course/source, release, submitted/STUDENT/ASSIGNMENT/, autograded, feedback, gradebook.db, and results/ASSIGNMENT/STUDENT.json

Nothing here holds the class in memory but the students' names: verdicts are stored as they come and read again where they are wanted.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from autograder import garbage, release, source
from autograder.cluster import Cluster
from autograder.limits import Limits
from autograder.places import Places
from autograder.pool import Pool
from autograder.regrade import Change, changes, fits, merged
from autograder.results import Result
from autograder.store import ResultStore, key_of, looks
from autograder.submission import Submission
from autograder.turns import turn
from autograder.worker import Job

PREPARING_SECONDS = 120.0  # how long to wait until another run has prepared another assignment of the same gradebook


class CourseError(RuntimeError):
    """A step of the course could not be done; the message says what to do."""


@dataclass
class StoredResults(Mapping):
    """Results by student, each read from the store when it is asked for."""

    store: ResultStore
    assignment: str
    students: dict[str, None] = field(default_factory=dict)

    def __getitem__(self, student: str) -> Result:
        if student not in self.students:
            raise KeyError(student)
        return Result.from_json(self.store.last(self.assignment, student))

    def __iter__(self) -> Iterator[str]:
        return iter(self.students)

    def __len__(self) -> int:
        return len(self.students)


@dataclass
class Graded:
    """What a grading run did: results by student, how many were judged anew, and who could not be written into the gradebook, with the reason."""

    results: StoredResults
    judged: int = 0
    changes: list[Change] = field(default_factory=list)  # of those judged before
    failures: dict[str, str] = field(default_factory=dict)


@dataclass
class Course:
    """One course folder."""

    root: Path
    places: Places = field(default_factory=Places.here)

    def __post_init__(self):
        self.root = self.root.resolve()
        self.store = ResultStore(self.root)
        self._api = None

    @property
    def api(self):
        """nbgrader's Python interface for this folder."""
        if self._api is None:
            self._api = release.nbgrader_api(self.root)
        return self._api

    def prepare(self, assignment: str) -> None:
        """Put the assignment's source into the course and make nbgrader's release and gradebook entry of it. Raises Taken while another run has it in hand."""
        with self._turn(assignment, "prepares"):
            self._prepare(assignment)

    def _turn(self, assignment: str, does: str):
        """One run at a time per assignment: two would judge everybody twice and write each other's folders."""
        return turn(self.root / f".{assignment}.lock", f"{does} {assignment} in {self.root}")

    def _prepare(self, assignment: str) -> None:
        assigned = source.load(assignment, self.places)
        with turn(self.root / ".gradebook.lock", f"prepares {assignment} in {self.root}", PREPARING_SECONDS):  # nbgrader cannot make a gradebook twice at once
            release.put_source(assigned, self.root)
            release.generate(assignment, self.root)
        (self.root / "exchange").mkdir(exist_ok=True)  # which nbgrader and formgrader release into, but do not make

    def students(self, assignment: str) -> list[str]:
        """Who handed in: the folders `submitted/STUDENT/ASSIGNMENT`."""
        folder = self.root / "submitted"
        return sorted(entry.name for entry in os.scandir(folder) if os.path.isdir(f"{entry.path}/{assignment}")) if folder.is_dir() else []

    def notebook(self, student: str, assignment: str) -> Path:
        """The submitted notebook: the one of the assignment's name, else the only one in the folder, which then gets that name."""
        folder = self.root / "submitted" / student / assignment
        wanted = folder / f"{assignment}.ipynb"
        if not wanted.exists():
            others = sorted(folder.glob("*.ipynb"))
            if len(others) == 1:
                others[0].rename(wanted)
        return wanted

    def submission(self, student: str, assignment: str) -> Submission:
        """What was handed in; an unreadable or absent file says so and is ungradable."""
        return Submission.read(self.notebook(student, assignment), assignment, student, self._limits(assignment))

    def _limits(self, assignment: str) -> Limits:
        return Limits.load(self.places.checks(assignment) / "limits.toml")

    def grade(
        self, assignment: str, graders: Pool | Cluster | None = None, progress: Callable[[Result, int, int], None] | None = None, only: tuple[str, ...] = ()
    ) -> Graded:
        """Judge what has no stored result, and write everything into the gradebook, some students at a time.

        only: judge these exercises of everybody again, with the seed of the stored result, and keep its other verdicts, though checks may have changed.

        graders: who judges (one worker per core of this machine where None); entered only if there is something to judge.
        progress: called with each result, how many students are done, and how many there are.
        Interrupted at any moment (Ctrl-C, a full disk, a lost machine), every stored result is kept and the next call goes on from there.
        Raises Taken while another run has this assignment in hand in this folder.
        """
        with self._turn(assignment, "grades"):
            return self._grade(assignment, graders, progress, only)

    def _grade(self, assignment: str, graders: Pool | Cluster | None, progress: Callable[[Result, int, int], None] | None, only: tuple[str, ...]) -> Graded:
        if not (self.root / "source" / assignment).is_dir():
            self._prepare(assignment)
        students = self.students(assignment)
        unknown = set(only) - {exercise.name for exercise in source.load(assignment, self.places).exercises}
        if unknown:
            raise CourseError(f"{assignment} has no exercise {', '.join(sorted(unknown))}; it has {', '.join(e.name for e in source.load(assignment, self.places).exercises)}")
        if not students:
            raise CourseError(f"there is nothing to grade: no folder {self.root}/submitted/STUDENT/{assignment}")
        graded = Graded(StoredResults(self.store, assignment))
        with ExitStack() as stack:
            writer = cache(lambda: self._writer(assignment, graded, stack))
            for student, result in self._verdicts(assignment, students, graders or Pool(places=self.places), graded, only, writer):
                graded.results.students[student] = None
                if not self._is_written(assignment, student):
                    self._with_a_file(student, assignment, result)
                    writer().add(student, result)
                if progress is not None:
                    progress(result, len(graded.results), len(students))
        return graded

    def _writer(self, assignment: str, graded: Graded, stack: ExitStack):
        """Who writes into the gradebook; closed with the stack. To load what that needs takes a second."""
        from autograder.gradebook import GradebookWriter

        writer = GradebookWriter(self.api, assignment, self.places, lambda student: self._mark(assignment, student).touch(), graded.failures)
        stack.enter_context(closing(writer))
        stack.enter_context(garbage.seldom())
        return writer

    def _verdicts(self, assignment: str, students: list[str], graders: Pool | Cluster, graded: Graded, only: tuple[str, ...],
                  meanwhile: Callable[[], object]) -> Iterator[tuple[str, Result]]:  # fmt: skip
        """Stored results first, then new ones as they come; each new one is stored before it is used. `meanwhile` is called while the graders start."""
        to_judge, in_part, limits, exercises = [], set(), self._limits(assignment), source.load(assignment, self.places)
        for student in students:
            if only and fits(self.store.of_same_files(self.notebook(student, assignment), assignment, student, limits), exercises):
                in_part.add(student)
                to_judge.append(student)
                continue
            stored = self.store.unchanged(self.notebook(student, assignment), assignment, student, limits)
            if stored is None:
                to_judge.append(student)
            else:
                yield student, Result.from_json(stored)
        if not to_judge:
            return
        under_way: dict[str, tuple[str, list | None]] = {}  # key and looks of what was handed to the graders, which may have changed on disk since

        def jobs() -> Iterator[Job]:
            for student in to_judge:
                seen = looks(self.notebook(student, assignment))
                submission = self.submission(student, assignment)
                under_way[student] = key_of(submission), seen
                yield Job(student, submission, self.store.last(assignment, student)["seed"], only) if student in in_part else Job(student, submission)

        with graders:
            meanwhile()
            for student, data in graders.run(jobs()):
                graded.judged += 1
                key, seen = under_way.pop(student)
                before = self.store.last(assignment, student)
                data = merged(before, data) if student in in_part else data
                graded.changes += changes(student, before, data)
                self.store.keep(assignment, student, key, data, seen)
                yield student, Result.from_json(data)

    def _mark(self, assignment: str, student: str) -> Path:
        """A file that is newer than a student's result as soon as that is in the gradebook."""
        return self.store.path(assignment, student).with_suffix(".written")

    def _is_written(self, assignment: str, student: str) -> bool:
        """Whether folder and gradebook have the stored result already, and the time of handing in as it is now."""
        try:
            written = self._mark(assignment, student).stat().st_mtime_ns
            stored = self.store.path(assignment, student).stat().st_mtime_ns
        except FileNotFoundError:
            return False
        for lateness in (self.root / "submitted" / student / assignment / "timestamp.txt", self.root / "late.toml"):
            if lateness.exists() and lateness.stat().st_mtime_ns > written:
                return False
        return written >= stored and (self.root / "autograded" / student / assignment).is_dir()

    def _with_a_file(self, student: str, assignment: str, result: Result) -> None:
        """nbgrader looks for a notebook of the right name; where none was handed in, an empty file stands for it, and has the same result."""
        path = self.notebook(student, assignment)
        for link in [found for found in path.parent.rglob("*") if found.is_symlink()]:
            link.unlink()  # nbgrader copies what links point to, up to the feedback folder
        if not path.exists():
            path.touch()
            self.store.put(self.submission(student, assignment), result.to_json())
        stamp = path.parent / "timestamp.txt"
        if stamp.exists() and not _is_timestamp(stamp):
            stamp.rename(stamp.with_name("timestamp-invalid.txt"))

    def feedback(self, assignment: str, progress: Callable[[str, int, int], None] | None = None) -> Path:
        """Write the feedback pages of everyone graded; their folder."""
        from autograder.feedback import FeedbackWriter

        students = [student for student in self.students(assignment) if (self.root / "autograded" / student / assignment).is_dir()]
        if not students:
            raise CourseError(f"there are no graded submissions of {assignment} in {self.root}; run: autograder course grade {assignment}")
        with closing(FeedbackWriter(self.api, assignment)) as writer, garbage.seldom():
            for done, student in enumerate(writer.write(students), 1):
                if progress is not None:
                    progress(student, done, len(students))
        if writer.failures:
            raise CourseError("\n".join(f"feedback for {student} could not be written: {reason}" for student, reason in writer.failures.items()))
        return self.root / "feedback"

    def results(self, assignment: str) -> list[Result]:
        """The stored results of an assignment that belong to what is handed in now."""
        return list(self.each_result(assignment))

    def each_result(self, assignment: str) -> Iterator[Result]:
        """The same, one after another."""
        limits = self._limits(assignment)
        for student in self.students(assignment):
            stored = self.store.unchanged(self.notebook(student, assignment), assignment, student, limits)
            if stored is not None:
                yield Result.from_json(stored)


def _is_timestamp(path: Path) -> bool:
    from nbgrader.utils import parse_utc

    try:
        with path.open() as file:
            parse_utc(file.read(200).strip())
    except Exception:  # dateutil raises many kinds for a damaged date
        return False
    return True
