"""In the place of nbgrader's SaveAutoGrades: scores come from the judge's result, never from a cell's output."""

from nbgrader.preprocessors import SaveAutoGrades

from autograder.results import NEEDS_A_PERSON


class SaveVerdicts(SaveAutoGrades):
    """Writes the judge's points; what the judge could not decide asks for a manual grade. Manual scores and comments stay."""

    def _add_score(self, cell, resources):
        names, name = resources["nbgrader"], cell.metadata["nbgrader"]["grade_id"]
        result = resources.get("autograder")
        verdicts = {f"check-{exercise.name}": exercise for exercise in result.exercises} if result else {}
        if name not in verdicts:
            super()._add_score(cell, resources)
            return
        verdict = verdicts[name]
        grade = self.gradebook.find_grade(name, names["notebook"], names["assignment"], names["student"])
        undecided = verdict.outcome in NEEDS_A_PERSON
        grade.auto_score = None if undecided else float(verdict.points)
        grade.needs_manual_grade = undecided and grade.manual_score is None
        self.gradebook.db.commit()
