"""Judged submissions into nbgrader's folders and gradebook: what its autograde step writes, for many students in one transaction.

The step itself (`nbgrader autograde`, formgrader's button) starts a converter, reads the notebook twice and opens the gradebook ten times for every
student. Here the same parts of it are called once per notebook, and the gradebook stays open for the class. A test compares both.
"""

import datetime
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

from nbgrader import utils
from nbgrader.api import Assignment as AssignmentRow
from nbgrader.api import Comment, Grade, Gradebook, Student, SubmittedAssignment, SubmittedNotebook, new_uuid
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import Index, insert, inspect, select
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.orm import selectinload

from autograder import source
from autograder.database import unreachable
from autograder.limits import Limits
from autograder.nbgrader_steps.config import has_own_steps
from autograder.nbgrader_steps.judging import with_verdicts
from autograder.nbgrader_steps.opening import as_file, readable
from autograder.nbgrader_steps.saving import Marks, marks_of
from autograder.places import Places
from autograder.results import Result

CROSSED = ("40P01", "40001")  # PostgreSQL's codes for two transactions in each other's way, of which one had to give in
TRIES, YIELD_SECONDS = 3, 0.1  # for a transaction that another writer's came between, and between two tries, so that the other gets on
BATCH, SECONDS = 50, 5.0  # a transaction is made of so many students, or of those of so many seconds


@dataclass(frozen=True)
class _Entry:
    """A student whose folder is written and whose rows wait."""

    student: str
    marks: Marks
    timestamp: datetime.datetime | None


@dataclass(frozen=True)
class Layout:
    """An assignment's row and its one notebook's: their ids, and by the ids of its cells their names and points."""

    assignment: str
    notebook: str
    graded: dict[str, str]
    points: dict[str, float]
    commented: dict[str, str]

    @classmethod
    def read(cls, book: Gradebook, assignment: str) -> "Layout":
        """From the gradebook. Raises RuntimeError where the assignment has other notebooks than ours."""
        row = book.find_assignment(assignment)
        if [notebook.name for notebook in row.notebooks] != [assignment]:
            raise RuntimeError(f"the gradebook's {assignment} has other notebooks than {assignment}.ipynb; run: autograder course prepare {assignment}")
        (notebook,) = row.notebooks
        cells = [*notebook.grade_cells, *notebook.task_cells]
        commented = {cell.id: cell.name for cell in [*notebook.solution_cells, *notebook.task_cells]}
        return cls(row.id, notebook.id, {cell.id: cell.name for cell in cells}, {cell.id: float(cell.max_score or 0) for cell in cells}, commented)


@dataclass(frozen=True)
class NewRows:
    """Rows of a new submission, one for every cell, that go into the gradebook together: SQLAlchemy's own objects for them took most of its time."""

    grades: list[SimpleNamespace]
    comments: list[SimpleNamespace]

    @classmethod
    def of(cls, notebook: str, layout: Layout) -> "NewRows":
        """For the notebook's id. A grade needs a person until it says otherwise, as in nbgrader."""
        grades = [SimpleNamespace(notebook_id=notebook, cell_id=cell, auto_score=None, manual_score=None, needs_manual_grade=True) for cell in layout.graded]
        return cls(grades, [SimpleNamespace(notebook_id=notebook, cell_id=cell, auto_comment=None) for cell in layout.commented])


def with_indices(book: Gradebook) -> None:
    """Let a notebook's rows be found without a look at every other's; nbgrader's own tables have no index for that."""
    for table in (Grade.__table__, Comment.__table__):
        name = f"{table.name}_by_notebook"
        index = next((known for known in table.indexes if known.name == name), None)
        try:
            (index if index is not None else Index(name, table.c.notebook_id)).create(book.engine, checkfirst=True)
        except DatabaseError:  # another grader, of this or another assignment, may have made it between the look and the making
            if name not in {known["name"] for known in inspect(book.engine).get_indexes(table.name)}:
                raise


def _crossed(error: Exception) -> bool:
    """Whether another writer came between: it had to give in, or the other has just made the same rows. The same again finds them."""
    return isinstance(error, IntegrityError) or isinstance(error, DatabaseError) and getattr(error.orig, "sqlstate", None) in CROSSED


@dataclass
class GradebookWriter:
    """Writes one assignment's submissions. `written(student)` is called when a student's folder and rows are there for good; `failures` says who is not."""

    api: object
    assignment: str
    places: Places
    written: Callable[[str], None]
    failures: dict[str, str] = field(default_factory=dict)
    _waiting: list[_Entry] = field(default_factory=list)
    _first: float = 0.0
    _book: Gradebook | None = None
    _layout: Layout | None = None

    def __post_init__(self):
        self._coursedir = self.api.coursedir
        self._app = Autograde(coursedir=self._coursedir, parent=self.api)
        self._late = AssignLatePenalties(parent=self._app)
        self._late.init_plugin()
        self._limits = Limits.load(self.places.checks(self.assignment) / "limits.toml")
        self._by_nbgrader = has_own_steps(self._app.config) or bool(self._coursedir.student_id_exclude)

    def add(self, student: str, result: Result) -> None:
        """Write a student's folder now and its rows soon."""
        if self._by_nbgrader:
            self._convert(student)
            return
        try:
            entry = self._write_folder(student, result)
        except Exception as error:  # a folder that cannot be written costs nobody else
            self.failures[student] = f"{type(error).__name__}: {error}"
            return
        self._first = self._first if self._waiting else time.monotonic()
        self._waiting.append(entry)
        if len(self._waiting) >= BATCH or time.monotonic() - self._first > SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the rows that wait: all of them in one transaction, or, where that fails, each student's in one."""
        batch, self._waiting = self._waiting, []
        if batch and not self._try(batch) and len(batch) > 1:
            for entry in batch:
                if entry.student not in self.failures:
                    self._try([entry])

    def close(self) -> None:
        """Write what waits and leave the gradebook."""
        self.flush()
        if self._book is not None:
            self._book.close()
            self._book = None

    def _convert(self, student: str) -> None:
        """nbgrader's own converter: where an instructor's configuration has steps or hooks of its own, or the assignment more than our notebook."""
        outcome = self.api.autograde(self.assignment, student)
        if outcome["success"]:
            self.written(student)
        else:
            self.failures[student] = outcome.get("log") or outcome.get("error") or "nbgrader gave no reason"

    # the folder autograded/STUDENT/ASSIGNMENT ---------------------------------------------------------------------------------

    def _write_folder(self, student: str, result: Result) -> _Entry:
        """The files that come along, and the notebook with its verdicts, as nbgrader's converter leaves them."""
        app, names = self._app, (self.assignment, student)
        submitted, folder = Path(app._format_source(*names)), Path(os.path.normpath(app._format_dest(*names)))
        if folder.exists():
            utils.rmtree(str(folder))
        os.makedirs(folder)
        name = f"{self.assignment}.ipynb"
        if os.listdir(submitted) != [name]:
            BaseConverter.init_assignment(app, *names)  # copies what was handed in beside the notebook
        self._copy_from_source(folder)
        notebook = readable(submitted / name, source.load(self.assignment, self.places), self._limits)
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"
        notebook = with_verdicts(notebook, result)
        (folder / name).write_text(as_file(notebook), encoding="utf-8")
        app.set_permissions(*names)
        return _Entry(student, marks_of(notebook, result), self._coursedir.get_existing_timestamp(str(submitted)))

    def _copy_from_source(self, folder: Path) -> None:
        """The instructor's own files take the place of a student's versions of them."""
        for name, path in self._own_files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copy(path, target)

    @cached_property
    def _own_files(self) -> dict[str, str]:
        """The paths of the files that an instructor gives out beside the notebook, by their names in a submission: the same for all students."""
        origin = self._coursedir.format_path(self._coursedir.source_directory, ".", self.assignment)
        kept = {os.path.join(origin, name) for name in self._app.exclude_overwriting.get(self.assignment, [])}
        return {os.path.relpath(path, origin): path for path in set(utils.find_all_files(origin, [*self._coursedir.ignore, "*.ipynb"])) - kept}

    # the rows of the gradebook ------------------------------------------------------------------------------------------------

    def _try(self, batch: list[_Entry], tries: int = TRIES) -> bool:
        """Write a batch's rows in one transaction, anew where another writer came between; False where it could not be done and nothing of it was."""
        try:
            self._write_rows(batch)
        except Exception as error:
            self._leave()
            if _crossed(error):
                if tries > 1:
                    time.sleep(YIELD_SECONDS)
                    return self._try(batch, tries - 1)
            elif isinstance(error, OperationalError):
                if not self._coursedir.db_url.startswith("sqlite"):  # a server that is gone for one student is gone for all
                    raise unreachable(self._coursedir.db_url, error) from None
                # a locked file: trying each alone would only wait as often
                self.failures.update({entry.student: str(error) for entry in batch})
            if len(batch) == 1:
                self.failures[batch[0].student] = f"{type(error).__name__}: {error}"
            return False
        for entry in batch:
            self.written(entry.student)
        return True

    def _leave(self) -> None:
        if self._book is not None:
            self._book.db.rollback()
            self._book.db.expunge_all()

    def _write_rows(self, batch: list[_Entry]) -> None:
        if self._book is None:
            book = Gradebook(self._coursedir.db_url, self._coursedir.course_id)
            with_indices(book)
            self._layout = Layout.read(book, self.assignment)
            self._book = book
        batch = sorted(batch, key=lambda entry: entry.student)  # two graders who take the same rows in the same order cannot wait for each other
        db, layout = self._book.db, self._layout
        names = [entry.student for entry in batch]
        there = set(db.scalars(select(Student.id).where(Student.id.in_(names))))
        for name in dict.fromkeys(names):
            if name not in there:
                db.add(Student(id=name))
        submissions, new = self._submissions(names), {}
        for entry in batch:
            if entry.student not in submissions:
                submissions[entry.student] = self._new_submission(entry.student)
                new[entry.student] = NewRows.of(submissions[entry.student].notebooks[0].id, layout)
            submission = submissions[entry.student]
            if entry.timestamp is not None:
                submission.timestamp = utils.parse_utc(entry.timestamp)
            rows = new.get(entry.student) or self._notebook_of(submission)
            grades = {layout.graded[row.cell_id]: row for row in rows.grades}
            comments = {layout.commented[row.cell_id]: row for row in rows.comments}
            try:
                entry.marks.put_into(grades, comments)
            except KeyError as cell:
                raise LookupError(f"the gradebook has no cell {cell} for this submission: the assignment changed after it was made; remove the submission in formgrader") from None
        db.flush()
        for kind, name in ((Grade, "grades"), (Comment, "comments")):
            rows = [vars(row) for made in new.values() for row in getattr(made, name)]
            if rows:
                db.execute(insert(kind.__table__), rows)  # the table alone: its class would have every row looked through for what could be in it
        for entry in batch:
            self._put_penalty(submissions[entry.student], self._notebook_of(submissions[entry.student]))
        db.commit()
        db.expunge_all()

    def _submissions(self, students: list[str]) -> dict[str, SubmittedAssignment]:
        """The submissions that the gradebook has of some students, with all their rows."""
        rows = selectinload(SubmittedAssignment.notebooks)
        wanted = select(SubmittedAssignment).where(SubmittedAssignment.assignment_id == self._layout.assignment, SubmittedAssignment.student_id.in_(students))
        found = self._book.db.scalars(wanted.options(rows.selectinload(SubmittedNotebook.grades), rows.selectinload(SubmittedNotebook.comments)))
        return {submission.student_id: submission for submission in found}

    def _new_submission(self, student: str) -> SubmittedAssignment:
        """A submission and its notebook, as `Gradebook.add_submission` makes them, but not yet committed."""
        layout = self._layout
        submission = SubmittedAssignment(id=new_uuid(), assignment_id=layout.assignment, student_id=student)
        submission.notebooks = [SubmittedNotebook(id=new_uuid(), notebook_id=layout.notebook)]
        self._book.db.add(submission)
        return submission

    def _notebook_of(self, submission: SubmittedAssignment) -> SubmittedNotebook:
        return next(row for row in submission.notebooks if row.notebook_id == self._layout.notebook)

    def _put_penalty(self, submission: SubmittedAssignment, notebook: SubmittedNotebook) -> None:
        """nbgrader's late penalty, by the plugin that is configured."""
        notebook.late_submission_penalty = None
        db = self._book.db
        if submission.timestamp is None or db.get(AssignmentRow, self._layout.assignment).duedate is None:
            return
        db.flush()
        late = submission.total_seconds_late
        if late > 0:
            db.expire(notebook, ["score"])
            self._late.assignment_id, self._late.notebook_id, self._late.student_id = self.assignment, self.assignment, submission.student_id
            penalty = self._late.plugin_inst.late_submission_penalty(submission.student_id, notebook.score, late)
            if penalty is not None:
                notebook.late_submission_penalty = self._late._check_late_penalty(notebook, penalty)
