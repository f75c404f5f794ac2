"""An instructor's way through formgrader: assignments, autograding, a submission, grades and comments by hand, feedback."""

from types import SimpleNamespace

import pytest
from desk import VAE, Desk
from nbgrader.api import Gradebook

from autograder import exports, marks
from autograder.course import Course
from autograder.pool import Pool

EXERCISES, WRITTEN = 100, 2  # points
QUESTION = "question-why_beta"


def row(page, path: str, text: str):
    """The row of a formgrader table that has a cell with exactly this text."""
    page.goto(path)
    page.wait_for_selector("tbody tr td a")
    return page.locator("tbody tr").filter(has=page.get_by_text(text, exact=True))


def press(page, button) -> str:
    """Press a button that works in the background and reports in a window; what it reports."""
    button.click()
    window = page.locator(".modal.in")
    window.get_by_text("Log Output").or_(window.get_by_text("Error")).first.wait_for(timeout=120_000)
    return window.inner_text()


def submission(page, desk: Desk, student: str) -> None:
    """Open a student's page with everything loaded."""
    with Gradebook(desk.course.api.coursedir.db_url) as book:
        number = book.find_submission_notebook(VAE, VAE, student).id
    page.goto(f"{desk.address}/formgrader/submissions/{number}/")
    page.wait_for_function("() => formgrader.grades && formgrader.grades.loaded && formgrader.comments.loaded")


def verdict(page, exercise: str) -> SimpleNamespace:
    """What stands below an exercise's check, and the placeholder of its score field."""
    cell = page.locator(".cell").filter(has=page.locator(f'[id="check-{exercise}"]'))
    return SimpleNamespace(text=cell.locator(".output_area").inner_text(), points=float(cell.locator(".score").get_attribute("placeholder")), box=cell.locator(".output_area").bounding_box())


def test_assignments_are_listed_with_their_submissions(page, desk):
    line = row(page, f"{desk.address}/formgrader/manage_assignments", VAE)
    assert line.locator(".num-submissions").inner_text() == "5"
    assert page.get_by_text("exchange directory").count() == 0  # formgrader warns where it is missing


def test_autograde_in_formgrader_is_our_judge(page, desk):
    path = f"{desk.address}/formgrader/manage_submissions/{VAE}"
    line = row(page, path, "new")
    assert "needs autograding" in line.inner_text()
    assert "Successfully autograded" in press(page, line.locator(".autograde a"))
    assert f"{EXERCISES - 8} / {EXERCISES + WRITTEN}" in row(page, path, "new").inner_text()
    (result,) = [result for result in desk.course.results(VAE) if result.student == "new"]
    assert {e.name: e.misconception for e in result.exercises if e.outcome != "passed"} == {"gaussian_kl": "half_forgotten"}


@pytest.mark.parametrize("student, points", [("ada", EXERCISES), ("bob", EXERCISES - 8), ("zip", 0)])
def test_the_list_of_submissions_has_the_judges_points(page, desk, student, points):
    page.goto(f"{desk.address}/formgrader/gradebook/{VAE}/{VAE}")
    page.get_by_text("Show All Names").click()
    line = page.locator("tbody tr").filter(has=page.get_by_text(student, exact=True))
    assert f"{points} / {EXERCISES + WRITTEN}" in line.inner_text()


def test_a_submission_shows_outcome_and_misconception_at_the_grade(page, desk):
    submission(page, desk, "bob")
    lost, kept = verdict(page, "gaussian_kl"), verdict(page, "elbo")
    assert lost.points == 0 and "gaussian_kl: wrong" in lost.text and "the factor 1/2 is missing" in lost.text and "half_forgotten" in lost.text
    assert kept.points == 12 and "elbo: passed" in kept.text
    assert lost.box["x"] + lost.box["width"] <= 1280  # a long message wraps and is all there


def test_the_summary_at_the_top_leads_to_what_was_lost(page, desk):
    submission(page, desk, "bob")
    top = page.locator("#notebook-container .cell").first
    assert f"{EXERCISES - 8} of {EXERCISES} points" in top.inner_text() and "half_forgotten" in top.inner_text()
    top.get_by_role("link", name="gaussian_kl").click()
    page.wait_for_function("() => window.scrollY > 1000")
    assert page.locator('[id="check-gaussian_kl"]').bounding_box()["y"] < 1000


def test_a_submission_that_cannot_be_read_says_so(page, desk):
    submission(page, desk, "zip")
    assert "could not be graded automatically" in page.locator("#notebook-container .cell").first.inner_text()
    assert "needs_manual_grade" in page.locator('[id="check-elbo"]').get_attribute("class")


def test_nothing_that_a_student_wrote_acts_in_the_page(page, desk):
    asked = []
    page.on("request", lambda request: asked.append(request.method))
    submission(page, desk, "eve")
    page.wait_for_timeout(300)
    assert page.evaluate("window.acted") is None and page.locator('[href^="javascript"]').count() == 0
    assert set(asked) == {"GET"} and page.locator('[id="check-gaussian_kl"]').count() == 1
    assert verdict(page, "gaussian_kl").points == 0


def by_hand(page) -> dict:
    """The fields of the written question."""
    return {"score": page.locator(f'[id="{QUESTION}"]'), "extra": page.locator(f'[id="{QUESTION}_extra_credit"]'), "comment": page.locator(f'[id="{QUESTION}-comment"]')}


def enter(page, field, text: str) -> None:
    """Type into a field and leave it; formgrader saves then."""
    with page.expect_response(lambda response: response.request.method == "PUT" and response.ok):
        field.fill(text)
        field.blur()


def test_grades_and_comments_by_hand_stay_through_a_regrade(page, desk):
    submission(page, desk, "ada")
    fields = by_hand(page)
    for name, text in {"score": "1.5", "extra": "1", "comment": "Well seen: $\\beta$ weighs."}.items():
        enter(page, fields[name], text)
    enter(page, page.locator('[id="check-elbo"]'), "11")  # a verdict overruled
    (desk.course.root / "results" / VAE / "ada.json").unlink()
    again = Course(desk.course.root)
    assert again.grade(VAE, Pool(1)).judged == 1
    submission(page, desk, "ada")
    fields = by_hand(page)
    assert [fields[name].input_value() for name in fields] == ["1.5", "1", "Well seen: $\\beta$ weighs."]
    assert page.locator('[id="check-elbo"]').input_value() == "11" and verdict(page, "elbo").points == 12
    mark = marks.of_course(again.api.coursedir.db_url, VAE)["ada"]
    assert mark.score == EXERCISES - 12 + 11 + 1.5 + 1 and mark.waiting == ()
    (line,) = [line for line in exports.to_moodle(again.results(VAE), {"ada": mark}).splitlines() if line.startswith("ada")]
    assert f",{mark.score:g}," in line


def test_feedback_made_in_formgrader(page, desk):
    line = row(page, f"{desk.address}/formgrader/manage_submissions/{VAE}", "bob")
    assert "Successfully generated feedback" in press(page, line.locator(".generate-feedback a"))
    page.goto((desk.course.root / "feedback" / "bob" / VAE / f"{VAE}.html").as_uri())
    text = page.inner_text("body")
    assert "gaussian_kl: wrong" in text and "the factor 1/2 is missing" in text
    assert page.get_by_text("Four terms per coordinate").is_hidden()  # a hint stays folded
    page.get_by_text("Hint 1: the idea").first.click()
    assert page.get_by_text("Four terms per coordinate").is_visible()
