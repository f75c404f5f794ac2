"""Helpers of the tests that grade: submissions from sources, verdicts by exercise."""

import sqlite3
from pathlib import Path

from autograder import source
from autograder.notebooks import submission, to_bytes
from autograder.pool import Pool
from autograder.submission import Submission
from autograder.worker import Job

VAE = "03_vae"


def notebook(replaced: dict[str, str] | None = None, assignment: str = VAE, **options) -> bytes:
    """The reference's notebook with other sources for some exercises."""
    return to_bytes(submission(source.load(assignment), replaced, **options))


def grade(pool: Pool, data: bytes, only: tuple[str, ...] = (), seed: int = 7, assignment: str = VAE, files: dict | None = None) -> dict:
    """The result JSON of one submission."""
    ((_, result),) = pool.run([Job("one", Submission(assignment, "student", data, files or {}), seed, only)])
    return result


def outcomes(result: dict) -> dict[str, str]:
    """Outcome by exercise."""
    return {exercise["name"]: exercise["outcome"] for exercise in result["exercises"]}


def marks(course: Path) -> list[tuple[str, float]]:
    """Student and score of every row of a course's gradebook that has one, whoever wrote it."""
    with sqlite3.connect(course / "gradebook.db") as database:
        return database.execute(
            "select submitted_assignment.student_id, grade.auto_score from grade join submitted_notebook on grade.notebook_id = submitted_notebook.id "
            "join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id where auto_score is not null order by 1"
        ).fetchall()
