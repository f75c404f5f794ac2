"""In the place of nbgrader's Execute: judge the submission outside of it, and show each verdict below its check cell."""

import atexit
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.limits import Limits
from autograder.nbgrader_steps.showing import summary_cell, verdict_output
from autograder.places import Places
from autograder.pool import Pool
from autograder.results import Result
from autograder.store import ResultStore
from autograder.submission import Submission, grade_id
from autograder.worker import Job


class JudgeSubmission(NbGraderPreprocessor):
    """Takes the stored verdict of the submitted bytes where there is one, else judges them now."""

    def preprocess(self, nb, resources):
        """Put the result into `resources` and a readable verdict below each check cell; nothing of the notebook runs here."""
        names, course = resources["nbgrader"], self.parent.parent.coursedir
        places = Places.here()
        if not places.source(names["assignment"]).exists():
            return without_outputs(nb), resources
        folder = Path(course.format_path(course.submitted_directory, names["student"], names["assignment"]))
        result = verdict_of(folder / f"{names['notebook']}.ipynb", names["assignment"], names["student"], Path(course.root))
        resources["autograder"] = result
        return with_verdicts(without_outputs(nb), result), resources


def without_outputs(nb):
    """The notebook with all outputs taken out, in place."""
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return nb


def with_verdicts(nb, result: Result):
    """A notebook without outputs, with a summary at its top and each verdict below its check cell; in place."""
    by_check = {f"check-{exercise.name}": exercise for exercise in result.exercises}
    for cell in nb["cells"]:
        exercise = by_check.get(grade_id(cell))
        if exercise is not None and cell["cell_type"] == "code":
            cell["outputs"] = [verdict_output(exercise)]
    if result.status == "graded":  # where not, the first cell says so already
        nb["cells"].insert(0, summary_cell(result, _by_hand(nb)))
    return nb


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


def _by_hand(nb) -> float:
    """The points of the cells that are an answer and its grade in one: written ones."""
    marks = [cell["metadata"].get("nbgrader", {}) for cell in nb["cells"]]
    return sum(mark["points"] for mark in marks if mark.get("grade") and mark.get("solution"))
