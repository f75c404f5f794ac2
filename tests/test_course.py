"""A class through nbgrader: gradebook, regrade, manual grades, feedback pages, marks."""

import csv
import io

import pytest
from grading import VAE, notebook
from nbgrader.api import Gradebook

from autograder import exports, source
from autograder.course import Course
from autograder.leaks import leaks_in, public_texts
from autograder.places import Places
from autograder.pool import Pool
from autograder.report import report

PLACES = Places.here()
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m" + "y" * 10_000
WRONG = {"gaussian_kl": "def gaussian_kl(mu, logvar):\n    return (mu**2 + logvar.exp() - logvar - 1).sum(1)\n"}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A graded class of five."""
    course = Course(tmp_path_factory.mktemp("course"))
    submissions = {
        "right": notebook(), "blank": notebook(blank=True), "wrong": notebook(WRONG), "corrupt": b'{"cells": [',
        "evil": notebook(extra=[f"x = {EVIL!r}", f"# {EVIL}"]),
    }  # fmt: skip
    for student, data in submissions.items():
        path = course.root / "submitted" / student / VAE / f"{VAE}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    (course.root / "submitted" / "wrong" / VAE / "timestamp.txt").write_text("the day before yesterday")
    course.graded = course.grade(VAE, Pool(2))
    course.pages = course.feedback(VAE)
    return course


def rows(course) -> dict:
    with Gradebook(course.api.coursedir.db_url) as gradebook:
        return {s.student.id: (s.score, s.needs_manual_grade, {g.name: (g.auto_score, g.needs_manual_grade) for n in s.notebooks for g in n.grades})
                for s in gradebook.assignment_submissions(VAE)}  # fmt: skip


def test_gradebook_has_the_judges_points(course):
    assert not course.graded.failures and set(course.graded.results) == {"right", "blank", "wrong", "corrupt", "evil"}
    found = rows(course)
    for student, result in course.graded.results.items():
        grades = found[student][2]
        for exercise in result.exercises:
            wanted = (None, True) if result.status == "ungradable" else (exercise.points, False)
            assert grades[f"check-{exercise.name}"] == wanted, (student, exercise.name)
    assert found["right"][0] == found["evil"][0] == source.load(VAE).max_score


def test_written_questions_wait_for_a_person(course):
    questions = [cell.name for cell in source.load(VAE).cells if cell.kind == "question"]
    for name in questions:
        assert rows(course)["right"][2][f"question-{name}"] == (None, True)


def test_untouched_answers_are_marked_as_no_response(course):
    with Gradebook(course.api.coursedir.db_url) as gradebook:
        comments = {c.name: c.auto_comment for c in gradebook.find_submission_notebook(VAE, VAE, "blank").comments}
        written = {c.name: c.auto_comment for c in gradebook.find_submission_notebook(VAE, VAE, "right").comments}
    assert set(comments.values()) == {"No response."} and written["gaussian_kl"] is None


def test_regrading_an_unchanged_class_judges_nothing(course):
    assert course.grade(VAE).judged == 0


def test_manual_grade_and_comment_survive_a_regrade(course):
    question = next(cell.name for cell in source.load(VAE).cells if cell.kind == "question")
    with Gradebook(course.api.coursedir.db_url) as gradebook:
        grade = gradebook.find_grade(f"question-{question}", VAE, VAE, "right")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        gradebook.find_comment(f"question-{question}", VAE, VAE, "right").manual_comment = "Well seen."
        gradebook.db.commit()
    (course.root / "results" / VAE / "right.json").unlink()
    assert course.grade(VAE).judged == 1
    with Gradebook(course.api.coursedir.db_url) as gradebook:
        assert gradebook.find_grade(f"question-{question}", VAE, VAE, "right").manual_score == 1.5
        assert gradebook.find_comment(f"question-{question}", VAE, VAE, "right").manual_comment == "Well seen."


def test_feedback_names_outcome_and_misconception(course):
    page = (course.pages / "wrong" / VAE / f"{VAE}.html").read_text()
    named = next(e for e in course.graded.results["wrong"].exercises if e.name == "gaussian_kl")
    assert named.misconception in page and "gaussian_kl: wrong" in page


def test_feedback_escapes_what_students_wrote(course):
    page = (course.pages / "evil" / VAE / f"{VAE}.html").read_text()
    assert "<script>alert(1)" not in page and "onerror=alert(2)>" not in page.replace("&lt;img src=x onerror=alert(2)&gt;", "")
    assert "\x1b" not in page and "y" * 5_000 not in page


def test_feedback_leaks_nothing_hidden(course):
    """Only the diagnosis of the student's own mistake may be there; not the other misconceptions, checks or solutions."""
    own = [e.message for result in course.graded.results.values() for e in result.exercises]
    for leak in leaks_in({k: v for k, v in public_texts(course.pages).items() if "right" not in k and "evil" not in k and "wrong" not in k}, [VAE], PLACES):
        assert any(leak.text in message for message in own), leak


def test_corrupt_submission_has_a_page_that_says_why(course):
    page = (course.pages / "corrupt" / VAE / f"{VAE}.html").read_text()
    assert "could not be graded automatically" in page


def test_report_counts_the_class_and_escapes_names(course):
    page = report(course.results(VAE))
    assert "5 submissions, 1 of them not gradable" in page and "half_forgotten" in page
    assert page.index("gaussian_kl") < page.index("kl_weight")  # hardest first: one more failed it
    results = course.results(VAE)
    results[0].exercises[0].misconception = "<script>"
    assert "<script>" not in report(results)


def test_marks_csv_is_complete_and_holds_no_formula(course):
    results = course.results(VAE)
    results[0].student = "=HYPERLINK(evil)"
    table = list(csv.DictReader(io.StringIO(exports.to_csv(results))))
    assert len(table) == len(results) and table[0]["student"] == "'=HYPERLINK(evil)"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in table for cell in row.values())


def test_an_import_never_turns_a_manual_grade_into_zero(course):
    moodle = {row["username"]: row for row in csv.DictReader(io.StringIO(exports.to_moodle(course.results(VAE))))}
    assert moodle["corrupt"]["grade"] == "" and float(moodle["right"]["grade"]) == source.load(VAE).max_score
