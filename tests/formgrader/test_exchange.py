"""nbgrader's own commands around our judge: release, fetch, submit, collect, autograde, feedback, export, through an exchange."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from desk import HALF, VAE, filled

from autograder.course import Course
from autograder.places import Places

STUDENT = """
c = get_config()
c.CourseDirectory.course_id = "from-bottleneck-to-noise"
c.Exchange.root = {root!r}
c.Exchange.cache = {cache!r}
"""  # what a student's own nbgrader_config.py says


def nbgrader(folder: Path, *arguments: str) -> str:
    """Run one of nbgrader's commands in a folder; what it said."""
    places = {"HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder / "jupyter"), "JUPYTER_DATA_DIR": str(folder / "data"), "PYTHONWARNINGS": "ignore"}
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([sys.executable, "-m", "nbgrader", *arguments], cwd=folder, env=os.environ | places | path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """The instructor's and a student's folder after a full round: fetched, handed in, collected, graded, feedback released and fetched."""
    folder = tmp_path_factory.mktemp("hub")
    teacher, ada = folder / "teacher", folder / "ada"
    teacher.mkdir(), ada.mkdir()
    shutil.copy(Places.here().root / "nbgrader_config.py", teacher)
    course = Course(teacher / "course")
    course.prepare(VAE)
    (ada / "nbgrader_config.py").write_text(STUDENT.format(root=str(course.root / "exchange"), cache=str(ada / "cache")))
    nbgrader(teacher, "release_assignment", VAE)
    nbgrader(ada, "fetch_assignment", VAE)
    fetched = (ada / VAE / f"{VAE}.ipynb").read_bytes()
    (ada / VAE / f"{VAE}.ipynb").write_bytes(filled(HALF))
    nbgrader(ada, "submit", VAE, "--student=ada")
    nbgrader(teacher, "collect", VAE)
    said = nbgrader(teacher, "autograde", VAE)
    nbgrader(teacher, "generate_feedback", VAE)
    nbgrader(teacher, "release_feedback", VAE)
    nbgrader(ada, "fetch_feedback", VAE, "--student=ada")
    nbgrader(teacher, "export", "--to", "grades.csv")
    return {"teacher": teacher, "ada": ada, "course": course, "fetched": fetched, "said": said}


def test_the_student_fetches_what_was_released(hub):
    assert hub["fetched"] == (hub["course"].root / "release" / VAE / f"{VAE}.ipynb").read_bytes()
    assert b"BEGIN SOLUTION" not in hub["fetched"]


def test_autograde_judged_what_was_collected(hub):
    (result,) = hub["course"].results(VAE)
    assert result.student == "ada" and result.score == 92
    assert "TimeoutError" not in hub["said"] and (hub["course"].root / "submitted" / "ada" / VAE / "timestamp.txt").exists()


def test_the_student_gets_feedback_that_names_the_misconception(hub):
    (page,) = (hub["ada"] / VAE / "feedback").rglob("*.html")
    assert "half_forgotten" in page.read_text() and "the factor 1/2 is missing" in page.read_text()


def test_nbgraders_export_has_the_points(hub):
    (line,) = csv.DictReader((hub["teacher"] / "grades.csv").open())
    assert (line["student_id"], float(line["score"]), float(line["max_score"])) == ("ada", 92, 102)
