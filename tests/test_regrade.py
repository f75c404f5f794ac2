"""One exercise of everybody judged again: nothing else moves."""

import copy
import shutil

import pytest
from grading import VAE, notebook
from judges import EXERCISES, Judges
from nbgrader.api import Gradebook

from autograder import regrade, source, store
from autograder.course import Course, CourseError
from autograder.results import ExerciseResult, Result


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The folder of three students' course, all judged wrong in everything."""
    course = Course(tmp_path_factory.mktemp("judged") / "course")
    for number, student in enumerate(("ada", "bob", "eve")):
        path = course.root / "submitted" / student / VAE / f"{VAE}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(notebook(extra=[f"x = {number}"]))
    course.grade(VAE, Judges(lambda name: "wrong"))
    return course.root


@pytest.fixture
def course(judged, tmp_path, monkeypatch):
    """A copy of it, after which the checks changed, and the third handed in something else."""
    shutil.copytree(judged, tmp_path / "course")
    course = Course(tmp_path / "course")
    monkeypatch.setattr(store, "judge_key", lambda places, assignment: "another")
    (course.root / "submitted" / "eve" / VAE / f"{VAE}.ipynb").write_bytes(notebook(extra=["x = 'new'"]))
    return course


def test_only_that_exercise_changes_and_what_was_given_by_hand_stays(course):
    with Gradebook(course.api.coursedir.db_url) as book:
        book.find_grade("check-gaussian_kl", VAE, VAE, "ada").manual_score = 3.0
        book.find_comment("elbo", VAE, VAE, "ada").manual_comment = "Nearly."
        book.db.commit()
    before = copy.deepcopy(course.store.last(VAE, "ada"))
    judges = Judges(lambda name: "passed")
    graded = course.grade(VAE, judges, only=("elbo",))
    after = course.store.last(VAE, "ada")
    assert judges.asked == {"ada": (77, ("elbo",)), "bob": (77, ("elbo",)), "eve": (None, ())}  # who handed in anew is judged as a whole
    assert [e for e in after["exercises"] if e["name"] != "elbo"] == [e for e in before["exercises"] if e["name"] != "elbo"]
    assert after["score"] == next(e.points for e in EXERCISES if e.name == "elbo") and set(after["judged_again"]) == {"elbo"} and after["seed"] == before["seed"]
    assert [(c.student, c.exercise, c.before, c.after) for c in graded.changes if c.student != "eve"] == [(s, "elbo", "wrong", "passed") for s in ("ada", "bob")]
    with Gradebook(course.api.coursedir.db_url) as book:
        assert book.find_grade("check-gaussian_kl", VAE, VAE, "ada").score == 3.0
        assert book.find_grade("check-elbo", VAE, VAE, "ada").score == after["score"]
        assert book.find_comment("elbo", VAE, VAE, "ada").manual_comment == "Nearly."


def test_afterwards_everything_counts_as_judged(course):
    course.grade(VAE, Judges(lambda name: "passed"), only=("elbo",))
    assert course.grade(VAE, Judges(lambda name: "raised")).judged == 0
    assert {result.score for result in course.results(VAE)} == {12, 100}


def test_an_exercise_that_is_not_there_is_refused(course):
    with pytest.raises(CourseError, match="has no exercise elbow; it has gaussian_kl"):
        course.grade(VAE, Judges(lambda name: "passed"), only=("elbow",))


def test_a_result_for_other_points_is_not_kept_in_part():
    results = [ExerciseResult(e.name, 0, e.points, "wrong") for e in EXERCISES]
    stored = Result(VAE, "ada", "graded", None, 1, 1.0, results).to_json()
    assert regrade.fits(stored, source.load(VAE))
    stored["exercises"][0]["max_points"] += 1
    assert not regrade.fits(stored, source.load(VAE)) and not regrade.fits(None, source.load(VAE))


def test_what_builds_on_an_exercise_is_named(places):
    assert "train_vae" in regrade.dependents(source.load(VAE), ["beta_vae_loss"], places)
    assert regrade.dependents(source.load(VAE), ["train_vae"], places) == []
