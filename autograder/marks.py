"""What counts in the end: the gradebook's marks, with manual grades, extra credit and late penalties in them, and what still waits for a person."""

from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import select
from sqlalchemy.orm import selectinload


@dataclass(frozen=True)
class Mark:
    """One submission's mark. `cells`: points by cell of the gradebook (check-NAME, question-NAME), extra credit in them; `waiting`: cells that a person has to grade."""

    score: float
    max_score: float
    penalty: float
    cells: dict[str, float]
    waiting: tuple[str, ...]
    name: str
    email: str
    lms_id: str


def of_course(db_url: str, assignment: str) -> dict[str, Mark]:
    """Marks by student; empty where there is no gradebook of this assignment yet. `score` has the penalty taken off, and is never below 0."""
    if db_url.startswith("sqlite:///") and not Path(db_url.removeprefix("sqlite:///")).exists():
        return {}
    with Gradebook(db_url) as book:
        rows = selectinload(SubmittedAssignment.notebooks)
        wanted = select(SubmittedAssignment).where(SubmittedAssignment.assignment.has(name=assignment))
        found = book.db.scalars(wanted.options(rows.selectinload(SubmittedNotebook.grades), selectinload(SubmittedAssignment.student)))
        return {submission.student_id: _mark(submission, submission.student) for submission in found}


def _mark(submission: SubmittedAssignment, student: Student) -> Mark:
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    cells = {grade.name: _points(grade) for grade in grades}
    penalty = sum(notebook.late_submission_penalty or 0.0 for notebook in submission.notebooks)
    return Mark(
        score=max(0.0, sum(cells.values()) - penalty), max_score=sum(grade.cell.max_score for grade in grades), penalty=penalty, cells=cells,
        waiting=tuple(grade.name for grade in grades if grade.needs_manual_grade),
        name=", ".join(part for part in (student.last_name, student.first_name) if part) or student.id, email=student.email or "", lms_id=student.lms_user_id or "",
    )  # fmt: skip


def _points(grade) -> float:
    """A manual grade counts before the automatic one, and extra credit on top, as nbgrader counts."""
    given = grade.auto_score if grade.manual_score is None else grade.manual_score
    return (given or 0.0) + (grade.extra_credit or 0.0)
