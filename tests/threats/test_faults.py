"""Rows 17, 18, 46, 49, 59 and 61 to 63: faults of the machine and hostile folders, through a whole course: nothing lost, nothing twice, nothing disclosed."""

import contextlib
import errno
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from grading import VAE, notebook
from hostile import EXERCISE, WRONG
from nbgrader.api import Gradebook

from autograder import store
from autograder.course import Course

KILLS = int(os.environ.get("THREAT_KILLS", "3"))
GRADE = "import sys\nfrom pathlib import Path\nfrom autograder.course import Course\nfrom autograder.pool import Pool\nprint(Course(Path(sys.argv[1])).grade('03_vae', Pool(1)).judged, flush=True)"


class Lent:
    """A pool that a course may use and must leave open; counts what it judged."""

    def __init__(self, pool):
        self.pool, self.judged = pool, []

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        return None

    def run(self, jobs):
        for key, result in self.pool.run(jobs):
            self.judged.append(key)
            yield key, result


SUBMISSIONS = {"blank": notebook(blank=True), "wrong": notebook({EXERCISE: WRONG}, blank=True), "empty": b"", "half": notebook(blank=True)[:5000]}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A course with its source and gradebook made once."""
    folder = tmp_path_factory.mktemp("prepared")
    Course(folder).prepare(VAE)
    return folder


@pytest.fixture
def course(prepared, tmp_path):
    """A course of four cheap submissions, ungraded."""
    shutil.copytree(prepared, tmp_path / "course")
    for student, data in SUBMISSIONS.items():
        folder = tmp_path / "course" / "submitted" / student / VAE
        folder.mkdir(parents=True)
        (folder / f"{VAE}.ipynb").write_bytes(data)
    return Course(tmp_path / "course")


def consistent(course: Course) -> None:
    """The gradebook is sound and holds exactly the stored results."""
    path = course.root / "gradebook.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    results = {result.student: result for result in course.results(VAE)}
    with Gradebook(f"sqlite:///{path}") as gradebook:
        rows = {s.student.id: {g.name: g.auto_score for n in s.notebooks for g in n.grades} for s in gradebook.assignment_submissions(VAE)}
    assert set(rows) == set(results) == set(course.students(VAE))
    for student, result in results.items():
        for exercise in result.exercises:
            wanted = None if result.status == "ungradable" else exercise.points
            assert rows[student][f"check-{exercise.name}"] == wanted, (student, exercise.name)


@pytest.mark.row(61)
def test_killed_at_any_moment_nothing_is_lost_or_done_twice(course):
    """SIGKILL at random moments; the next run goes on, keeps every finished verdict (its seed shows it), and the gradebook is whole."""
    moments, seeds = random.Random(int(os.environ.get("THREAT_SEED", "1"))), {}
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", GRADE, str(course.root)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moments.uniform(1.0, 14.0))
        with contextlib.suppress(ProcessLookupError):  # it may have finished before its moment
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        for path in (course.root / "results").rglob("*.json"):
            result = json.loads(path.read_text())["result"]
            assert seeds.setdefault(result["student"], result["seed"]) == result["seed"], "a finished verdict was judged again"
    last = subprocess.run([sys.executable, "-c", GRADE, str(course.root)], capture_output=True, text=True)
    assert last.returncode == 0 and int(last.stdout) == len(SUBMISSIONS) - len(seeds), last.stderr[-2000:]
    consistent(course)


@pytest.mark.row(61)
def test_a_dead_worker_is_replaced(pool, course):
    """A grading worker killed with a submission in its hands: judged by another, once."""
    run = pool.run([])
    next(run, None)
    victim = pool._all[0].process

    class Killing(Lent):
        def run(self, jobs):
            os.kill(victim.pid, signal.SIGKILL)
            yield from super().run(jobs)

    graders = Killing(pool)
    graded = course.grade(VAE, graders)
    assert sorted(graders.judged) == sorted(SUBMISSIONS) and not graded.failures and not victim.is_alive()
    consistent(course)


@pytest.mark.row(62)
def test_a_full_disk_loses_nothing(pool, course, monkeypatch):
    """The third stored result meets a full disk: what was stored stays whole, no half file is left, the next run does the rest."""
    real, calls = os.fsync, []

    def full(handle):
        calls.append(handle)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle)

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        course.grade(VAE, Lent(pool))
    monkeypatch.undo()
    stored = list((course.root / "results" / VAE).glob("*.json"))
    assert len(stored) == 2 and all(json.loads(path.read_text())["result"] for path in stored) and not list((course.root / "results" / VAE).glob(".*.json.*"))
    graders = Lent(pool)
    assert not course.grade(VAE, graders).failures and len(graders.judged) == len(SUBMISSIONS) - 2
    consistent(course)


@pytest.mark.row(63)
def test_a_locked_gradebook_is_named_and_nothing_is_lost(pool, course):
    """Another program holds the gradebook: the verdicts are stored, the failure is told per student, and the next run writes without judging again."""
    for student in list(SUBMISSIONS)[1:]:  # one is enough: each waits for the lock as long as SQLite does
        shutil.rmtree(course.root / "submitted" / student)
    with contextlib.closing(sqlite3.connect(course.root / "gradebook.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        graded = course.grade(VAE, Lent(pool))
        assert set(graded.failures) == {"blank"} and "locked" in graded.failures["blank"]
        other.rollback()
    again = Lent(pool)
    assert not course.grade(VAE, again).failures and not again.judged
    consistent(course)


@pytest.mark.row(14)
@pytest.mark.row(17)
@pytest.mark.row(18)
@pytest.mark.row(46)
def test_a_hostile_folder_wins_and_discloses_nothing(pool, course, tmp_path):
    """Files beside the notebook: pytest's and Python's own, a gradebook, links to what is hidden, a false time stamp."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the hidden solution")
    folder = course.root / "submitted" / "wrong" / VAE
    for name in ("conftest.py", "sitecustomize.py", "torch.py", "workbook.py"):
        (folder / name).write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\ndef pytest_runtest_makereport(item, call): call.excinfo = None\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--collect-only'\n")
    (folder / "gradebook.db").write_bytes(b"not one")
    (folder / "notes.txt").symlink_to(secret)
    (folder / "folder").symlink_to(tmp_path)
    (folder / "timestamp.txt").write_text("1999-01-01 00:00:00 UTC")
    before = (course.root / "gradebook.db").read_bytes()[:16]
    graded = course.grade(VAE, Lent(pool))
    assert not graded.failures and graded.results["wrong"].score == 0 and not (tmp_path / "executed").exists()
    course.feedback(VAE)
    for shown in ("autograded", "feedback"):
        for path in (course.root / shown).rglob("*"):
            assert not path.is_symlink() and (path.is_dir() or b"the hidden solution" not in path.read_bytes()), path
    assert (course.root / "gradebook.db").read_bytes()[:16] == before
    consistent(course)


@pytest.mark.row(59)
def test_a_dead_jail_is_the_graders_fault_and_mended(pool):
    """The warm process is killed under a worker: exercises ask for a person or are judged, none is scored as zero, and the next submission is judged."""
    from grading import grade

    children = subprocess.run(["ps", "-o", "pid=,ppid=,comm=", "-A"], capture_output=True, text=True).stdout.split("\n")
    workers = {str(worker.process.pid) for worker in pool._all}
    jails = [int(line.split()[0]) for line in children if len(line.split()) > 2 and line.split()[1] in workers and "bwrap" in line]
    assert jails
    for pid in jails:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    for _ in range(4):
        result = grade(pool, notebook(), only=(EXERCISE,))
        assert result["exercises"][0]["outcome"] in ("grader fault", "passed"), result
    assert result["exercises"][0]["outcome"] == "passed"

