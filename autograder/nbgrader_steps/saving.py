"""In the place of nbgrader's SaveAutoGrades: scores come from the judge's result, never from a cell's output."""

from dataclasses import dataclass

from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades
from nbgrader.utils import compute_checksum, is_grade, is_solution, is_task

from autograder.results import NEEDS_A_PERSON, Result


class SaveVerdicts(SaveAutoGrades):
    """Writes the judge's points; what the judge could not decide asks for a manual grade. Manual scores and comments stay."""

    def preprocess(self, nb, resources):
        """Write all of a notebook's grades and comments in one transaction: all of them are in the gradebook, or none."""
        result, names = resources.get("autograder"), resources["nbgrader"]
        if result is None:  # not one of our assignments
            return super().preprocess(nb, resources)
        with Gradebook(names["db_url"]) as gradebook:
            submitted = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
            grades, comments = ({row.name: row for row in rows} for rows in (submitted.grades, submitted.comments))
            marks_of(nb, result).put_into(grades, comments)
            gradebook.db.commit()
        return nb, resources


@dataclass(frozen=True)
class Marks:
    """What the gradebook is to hold of one notebook, by grade id: points (None where the judge is undecided), and automatic comments."""

    scores: dict[str, float | None]
    comments: dict[str, str | None]

    def put_into(self, grades: dict, comments: dict) -> None:
        """Set the gradebook's rows, given by grade id. Raises KeyError where one is not there."""
        for name, score in self.scores.items():
            grades[name].auto_score = score
            grades[name].needs_manual_grade = score is None and grades[name].manual_score is None  # a manual score settles it
        for name, comment in self.comments.items():
            comments[name].auto_comment = comment


def marks_of(nb, result: Result) -> Marks:
    """The marks of a notebook whose cells carry nbgrader's metadata. A graded cell without a verdict (a written answer) is a person's business."""
    verdicts = {f"check-{exercise.name}": exercise for exercise in result.exercises}
    scores, comments = {}, {}
    for cell in nb["cells"]:
        if "nbgrader" not in cell["metadata"]:
            continue
        name = cell["metadata"]["nbgrader"].get("grade_id")
        if is_grade(cell):
            verdict = verdicts.get(name)
            scores[name] = None if verdict is None or verdict.outcome in NEEDS_A_PERSON else float(verdict.points)
        if is_solution(cell) or is_task(cell):
            comments[name] = "No response." if _untouched(cell) else None
    return Marks(scores, comments)


def _untouched(cell) -> bool:
    return cell.metadata.nbgrader.get("checksum") == compute_checksum(cell) and not is_task(cell)
