"""The gradebook on a PostgreSQL server: two graders at once, marks given by hand meanwhile, a server that goes away."""

import csv
import io
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
ROOT = Path(__file__).parents[2]
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
                            env=os.environ | {"WORKBOOK_ROOT": str(places.root), "PYTHONPATH": str(ROOT), "COLUMNS": "160"})  # fmt: skip


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


@pytest.fixture
def writers(small_places):
    """Starts writers of canned verdicts, by folder and order, that wait for `go`."""

    def begin(*wanted: tuple[Path, str]) -> list[subprocess.Popen]:
        begun = [start(Path(__file__).with_name("canned.py"), folder, order, places=small_places) for folder, order in wanted]
        for writer in begun:
            assert writer.stdout.readline() == "ready\n", writer.stdout.read()
        return begun

    return begin


def go(writers: list[subprocess.Popen]) -> None:
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()


def failures(writers: list[subprocess.Popen]) -> list[dict]:
    """What each could not write."""
    said = [writer.communicate(timeout=60)[0] for writer in writers]
    return [json.loads(text.splitlines()[-1]) for text in said]


def test_the_same_students_in_opposite_orders_never_wait_in_a_circle(server, url, course_of, small_places, writers):
    """One writer has 20 new students from the front, one from the back. Both have begun when the one in the middle is let go: taken in two orders, they would
    then hold what the other wants. After that the same rows again, which are there by then."""
    folders, name, before = [course_of(range(20), way)[0] for way in ("forwards", "backwards")], url.rpartition("/")[2], server.deadlocks()
    assert run("course", "prepare", ASSIGNMENT, "--course", folders[0], places=small_places).returncode == 0
    for round in range(2):
        begun = writers(*((folder, folder.name) for folder in folders))
        with server.connection(name) as held:
            if round == 0:
                held.execute("begin; insert into student (id) values ('s010')")
            go(begun)
            if round == 0:
                server.wait_until_blocked(name, 2)
                held.execute("rollback")
        assert failures(begun) == [{}, {}]
        assert marks(server, url) == [(f"s{number:03}", 10.0, None) for number in range(20)]
        for folder in folders:
            shutil.rmtree(folder / "results")
    assert server.deadlocks() == before


def test_a_writer_whom_the_server_ends_for_a_circle_writes_all_the_same(server, url, course_of, small_places, writers):
    """Someone else, formgrader say, takes rows in another order: of the two who wait in a circle the server ends the writer, who then begins again."""
    (course, _), name, before = course_of(range(20)), url.rpartition("/")[2], server.deadlocks()
    assert run("course", "prepare", ASSIGNMENT, "--course", course, places=small_places).returncode == 0
    begun = writers((course, "forwards"))
    with server.connection(name) as held:
        held.execute("set deadlock_timeout = '60s'")  # the other looks first, and who looks is ended
        held.execute("begin; insert into student (id) values ('s002')")
        go(begun)
        server.wait_until_blocked(name, 1)
        held.execute("insert into student (id) values ('s000')")  # which the writer has: now it is a circle
        held.execute("rollback")
    assert failures(begun) == [{}] and server.deadlocks() > before
    assert marks(server, url) == [(f"s{number:03}", 10.0, None) for number in range(20)]


def test_a_student_whom_another_writer_enrols_meanwhile_is_written(server, url, course_of, small_places, writers):
    """Between the look who is there and the making of the rest: also where it is the only student of a transaction."""
    (course, _), name = course_of(range(1)), url.rpartition("/")[2]
    assert run("course", "prepare", ASSIGNMENT, "--course", course, places=small_places).returncode == 0
    begun = writers((course, "forwards"))
    with server.connection(name) as held:
        held.execute("begin; insert into student (id) values ('s000')")
        go(begun)
        server.wait_until_blocked(name, 1)
        held.execute("commit")
    assert failures(begun) == [{}] and marks(server, url) == [("s000", 10.0, None)]


def nbgrader(folder: Path, *arguments: str, places) -> subprocess.CompletedProcess:
    """One of nbgrader's own commands, with this project's configuration, in the folder above a course."""
    home = {"HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder / "jupyter"), "JUPYTER_DATA_DIR": str(folder / "data"), "PYTHONWARNINGS": "ignore"}
    found = {"WORKBOOK_ROOT": str(places.root), "PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([sys.executable, "-m", "nbgrader", *arguments], cwd=folder, env=os.environ | home | found, capture_output=True, text=True)


def test_nbgraders_own_commands_use_the_same_gradebook(server, url, course_of, small_places):
    """`nbgrader autograde`, `generate_feedback`, `export` and `db`, then our commands, then nbgrader's again: one set of rows on the server, the marks deserved,
    a person's grade in all that come after it; no password in anything that is said, and no gradebook.db."""
    course, who = course_of(range(5))
    shutil.copy(ROOT / "nbgrader_config.py", course.parent)
    wanted = [(student, 10.0 if kind == "passed" else 0.0, None) for student, kind in sorted(who.items())]
    assert run("course", "prepare", ASSIGNMENT, "--course", course, places=small_places).returncode == 0
    said = ""
    for words in (["autograde", ASSIGNMENT], ["generate_feedback", ASSIGNMENT], ["export", "--to", "grades.csv"], ["db", "student", "list"]):
        done = nbgrader(course.parent, *words, places=small_places)
        said += done.stdout + done.stderr
        assert done.returncode == 0 and "Traceback" not in said, said
    assert marks(server, url) == wanted and all(student in done.stdout + done.stderr for student in who)
    assert [(row["student_id"], float(row["score"]), None) for row in csv.DictReader((course.parent / "grades.csv").open())] == wanted
    assert "the temperature multiplies" in (course / "feedback" / "s001" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text().lower()
    with server.connection(url.rpartition("/")[2]) as connection:
        connection.execute("update grade set manual_score = 7")
    ours = run("course", "grade", ASSIGNMENT, "--course", course, "-w", 1, places=small_places)
    assert ours.returncode == 0 and "0 judged, 5 unchanged" in ours.stdout, ours.stdout + ours.stderr
    again = nbgrader(course.parent, "autograde", ASSIGNMENT, "--force", places=small_places)
    assert again.returncode == 0 and marks(server, url) == [(student, score, 7.0) for student, score, _ in wanted], again.stderr
    export = run("course", "export", ASSIGNMENT, "--course", course, places=small_places)
    assert export.returncode == 0 and {(row["student"], float(row["score"])) for row in csv.DictReader(io.StringIO(export.stdout))} == {(student, 7.0) for student in who}
    said += again.stdout + again.stderr + ours.stdout + ours.stderr + export.stderr
    assert database.PASSWORD not in said and "se%25cret" not in said and not list(course.parent.rglob("gradebook.db"))


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
