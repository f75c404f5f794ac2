"""In the place of nbgrader's Execute: judge the submission outside of it, and show each verdict below its check cell."""

import atexit
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.limits import Limits
from autograder.places import Places
from autograder.pool import Pool
from autograder.results import Result
from autograder.store import ResultStore
from autograder.submission import Submission, grade_id
from autograder.worker import Job

MARKS = {"passed": "✓", "blank": "…", "missing": "…"}


class JudgeSubmission(NbGraderPreprocessor):
    """Takes the stored verdict of the submitted bytes where there is one, else judges them now."""

    def preprocess(self, nb, resources):
        """Put the result into `resources` and a readable verdict below each check cell; nothing of the notebook runs here."""
        names, course = resources["nbgrader"], self.parent.parent.coursedir
        places = Places.here()
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        if not places.source(names["assignment"]).exists():
            return nb, resources
        folder = Path(course.format_path(course.submitted_directory, names["student"], names["assignment"]))
        result = verdict_of(folder / f"{names['notebook']}.ipynb", names["assignment"], names["student"], Path(course.root))
        resources["autograder"] = result
        by_check = {f"check-{exercise.name}": exercise for exercise in result.exercises}
        for cell in nb.cells:
            exercise = by_check.get(grade_id(cell))
            if exercise is not None and cell.cell_type == "code":
                cell.outputs = [nbformat.v4.new_output("display_data", {"text/plain": as_text(exercise)})]
        return nb, resources


def verdict_of(path: Path, assignment: str, student: str, course: Path) -> Result:
    """The verdict of one submitted file: the course's stored one, or a new one, which is stored."""
    submission = Submission.read(path, assignment, student, Limits.load(Places.here().checks(assignment) / "limits.toml"))
    store = ResultStore(course)
    stored = store.get(submission)
    if stored is None:
        (_, stored), = _pool().run([Job(student, submission)])
        store.put(submission, stored)
    return Result.from_json(stored)


@cache
def _pool() -> Pool:
    """One grading worker for nbgrader's own commands, started when first needed."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(Pool(1))


def as_text(exercise) -> str:
    """A verdict in words, as feedback shows it."""
    head = f"{MARKS.get(exercise.outcome, '✗')} {exercise.name}: {exercise.outcome} ({exercise.points:g} of {exercise.max_points:g} points)"
    named = f"Misconception: {exercise.misconception}" if exercise.misconception else ""
    return "\n".join(part for part in (head, exercise.message, named) if part)

