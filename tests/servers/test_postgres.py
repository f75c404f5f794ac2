"""The gradebook on a PostgreSQL server: two graders at once, marks given by hand meanwhile, a server that goes away."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import database
import pytest
from commands import run, wait_for

from benchmarks.small import ASSIGNMENT

pytestmark = [pytest.mark.servers, pytest.mark.skipif(bool(database.missing()), reason=database.missing() or "a server can be had")]
MARKS = """select submitted_assignment.student_id, grade.auto_score, grade.manual_score from grade
           join submitted_notebook on grade.notebook_id = submitted_notebook.id
           join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id"""


@pytest.fixture(scope="module")
def server():
    with database.server() as running:
        yield running


@pytest.fixture
def url(server, monkeypatch) -> str:
    """A new database, named in the environment."""
    url = server.new_database()
    monkeypatch.setenv("AUTOGRADER_DB_URL", url)
    return url


def marks(server, url: str) -> list[tuple]:
    """Student, automatic and manual score of every row."""
    with server.connection(url.rpartition("/")[2]) as connection:
        return sorted(connection.execute(MARKS).fetchall())


def start(*arguments, places) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=os.environ | {"WORKBOOK_ROOT": str(places.root), "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "160"})  # fmt: skip


def test_two_graders_write_at_once(server, url, course_of, small_places):
    """Two machines grade into one gradebook; some students are in both's hands. Each has one row, the deserved mark, and what a person gave."""
    (first, one), (second, two) = course_of(range(12), "first"), course_of(range(6, 18), "second")
    assert run("course", "prepare", ASSIGNMENT, "--course", first, places=small_places).returncode == 0
    graders = [start("-m", "autograder.cli", "course", "grade", ASSIGNMENT, "--course", folder, "-w", 1, places=small_places) for folder in (first, second)]
    ended = [(grader.communicate(timeout=120)[0], grader.returncode) for grader in graders]
    assert [code for _, code in ended] == [0, 0], ended
    assert "12 judged" in ended[0][0] and "postgresql" in ended[0][0] and database.PASSWORD not in ended[0][0] and "se%25cret" not in ended[0][0]
    wanted = [(student, 10.0 if kind == "passed" else 0.0, None) for student, kind in sorted((one | two).items())]
    assert marks(server, url) == wanted
    with server.connection(url.rpartition("/")[2]) as connection:
        connection.execute("update grade set manual_score = 7 where id in (select id from grade limit 1)")
    given = marks(server, url)
    shutil.rmtree(second / "results")
    again = run("course", "grade", ASSIGNMENT, "--course", second, "-w", 1, places=small_places)
    assert again.returncode == 0 and "12 judged" in again.stdout and marks(server, url) == given, again.stderr
    assert run("course", "feedback", ASSIGNMENT, "--course", first, places=small_places).returncode == 0
    assert not (first / "gradebook.db").exists() and not (second / "gradebook.db").exists()


def test_the_same_students_in_opposite_orders_are_no_deadlock(server, url, course_of, small_places):
    """Nothing but writing, so that both writers meet: 60 new students each, one from the front and one from the back; then the same rows again."""
    folders = [course_of(range(60), name)[0] for name in ("forwards", "backwards")]
    assert run("course", "prepare", ASSIGNMENT, "--course", folders[0], places=small_places).returncode == 0
    for _ in range(2):
        writers = [start(Path(__file__).with_name("canned.py"), folder, folder.name, places=small_places) for folder in folders]
        for writer in writers:
            assert writer.stdout.readline() == "ready\n", writer.stdout.read()
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.flush()
        said = [writer.communicate(timeout=60)[0] for writer in writers]
        assert [json.loads(text.splitlines()[-1]) for text in said] == [{}, {}], said
        assert marks(server, url) == [(f"s{number:03}", 10.0, None) for number in range(60)]
        for folder in folders:
            shutil.rmtree(folder / "results")


def test_a_server_that_goes_away_is_named_and_the_next_run_goes_on(server, url, course_of, small_places):
    """Half-way the server crashes: the message says so once and what to do, judged work is kept, and the same command finishes it."""
    course, who = course_of(range(24))
    assert run("course", "prepare", ASSIGNMENT, "--course", course, places=small_places).returncode == 0
    grader = start("-m", "autograder.cli", "course", "grade", ASSIGNMENT, "--course", course, "-w", 1, places=small_places)
    wait_for(course, 4)
    server.stop()
    said, _ = grader.communicate(timeout=120)
    server.start()
    kept = len(list((course / "results").rglob("*.json")))
    assert grader.returncode == 2 and "Traceback" not in said and said.count("gradebook's server cannot be reached") == 1 and "same command again" in said, said
    again = run("course", "grade", ASSIGNMENT, "--course", course, "-w", 1, places=small_places)
    assert again.returncode == 0 and f"{kept} unchanged" in again.stdout, again.stdout + again.stderr
    assert marks(server, url) == [(student, 10.0 if kind == "passed" else 0.0, None) for student, kind in sorted(who.items())]


def test_a_wrong_url_and_a_silent_server_are_explained(course_of, small_places, monkeypatch):
    """No traceback, no password."""
    for text, word in (("nonsense", "not a database's URL"), ("postgresql://grader:hidden@127.0.0.1:9/course", "127.0.0.1")):
        course, _ = course_of(range(1), word[:3])
        monkeypatch.setenv("AUTOGRADER_DB_URL", text)
        done = run("course", "grade", ASSIGNMENT, "--course", course, "-w", 1, places=small_places)
        assert done.returncode == 2 and word in done.stderr and "Traceback" not in done.stderr and "hidden" not in done.stderr, done.stderr
