"""`nbgrader export` with nbgrader's own columns, but with names that hold commas kept in their column, and nothing that a spreadsheet would compute."""

import csv

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

from autograder.exports import neutral

COLUMNS = ("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score", "late_submission_penalty", "score", "max_score")


class SafeCsv(ExportPlugin):
    """Every assignment with every student; who handed in nothing has 0."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the file named by --to (grades.csv where none), limited to --assignment and --student where they are given."""
        with open(self.to or "grades.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for assignment in gradebook.assignments:
                for student in gradebook.students:
                    if (not self.assignment or assignment.name in self.assignment) and (not self.student or student.id in self.student):
                        writer.writerow([value if isinstance(value, float) else neutral("" if value is None else value) for value in _row(gradebook, assignment, student)])


def _row(gradebook: Gradebook, assignment, student) -> list:
    raw, penalty, timestamp = 0.0, 0.0, None
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
        raw, penalty, timestamp = submission.score, submission.late_submission_penalty, submission.timestamp
    except MissingEntry:
        pass
    return [assignment.name, assignment.duedate, timestamp, student.id, student.last_name, student.first_name, student.email, raw, penalty, max(0.0, raw - penalty), assignment.max_score]
