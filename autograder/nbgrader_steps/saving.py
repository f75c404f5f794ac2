"""In the place of nbgrader's SaveAutoGrades: scores come from the judge's result, never from a cell's output."""

from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades
from nbgrader.utils import compute_checksum, is_grade, is_solution, is_task

from autograder.results import NEEDS_A_PERSON


class SaveVerdicts(SaveAutoGrades):
    """Writes the judge's points; what the judge could not decide asks for a manual grade. Manual scores and comments stay."""

    def preprocess(self, nb, resources):
        """Write all of a notebook's grades and comments in one transaction: all of them are in the gradebook, or none."""
        result, names = resources.get("autograder"), resources["nbgrader"]
        if result is None:  # not one of our assignments
            return super().preprocess(nb, resources)
        verdicts = {f"check-{exercise.name}": exercise for exercise in result.exercises}
        with Gradebook(names["db_url"]) as gradebook:
            submitted = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
            grades, comments = ({row.name: row for row in rows} for rows in (submitted.grades, submitted.comments))
            for cell in nb.cells:
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                if is_grade(cell):
                    _score(grades[name], verdicts.get(name))
                if is_solution(cell) or is_task(cell):
                    comments[name].auto_comment = "No response." if _untouched(cell) else None
            gradebook.db.commit()
        return nb, resources


def _score(grade, verdict) -> None:
    """A verdict's points; without one, or where the judge is undecided, a person's business, which a manual score settles."""
    undecided = verdict is None or verdict.outcome in NEEDS_A_PERSON
    grade.auto_score = None if undecided else float(verdict.points)
    grade.needs_manual_grade = undecided and grade.manual_score is None


def _untouched(cell) -> bool:
    return cell.metadata.nbgrader.get("checksum") == compute_checksum(cell) and not is_task(cell)
