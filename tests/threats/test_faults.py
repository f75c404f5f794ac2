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
from collections import Counter
from pathlib import Path

import pytest
from grading import VAE, notebook
from hostile import EXERCISE, WRONG
from nbgrader.api import Gradebook

from autograder import store
from autograder.course import Course
from autograder.places import Places

KILLS = int(os.environ.get("THREAT_KILLS", "3"))
NEW = 4  # submissions before each kill
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


def sound(course: Course) -> bool:
    """Whether SQLite finds nothing wrong with the gradebook."""
    with contextlib.closing(sqlite3.connect(course.root / "gradebook.db")) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def consistent(course: Course) -> None:
    """The gradebook is sound and holds exactly the stored results."""
    assert sound(course)
    path = course.root / "gradebook.db"
    results = {result.student: result for result in course.results(VAE)}
    with Gradebook(f"sqlite:///{path}") as gradebook:
        submissions = gradebook.assignment_submissions(VAE)
        rows = {s.student.id: {g.name: g.auto_score for n in s.notebooks for g in n.grades} for s in submissions}
        assert len(submissions) == len(rows) and all(len(s.notebooks) == 1 and len(s.notebooks[0].grades) == len({g.name for g in s.notebooks[0].grades}) for s in submissions)
    assert set(rows) == set(results) == set(course.students(VAE))
    for student, result in results.items():
        for exercise in result.exercises:
            wanted = None if result.status == "ungradable" else exercise.points
            assert rows[student][f"check-{exercise.name}"] == wanted, (student, exercise.name)


def hand_in(course: Course, student: str) -> None:
    """One more submission, unlike all others, that takes a moment to judge."""
    folder = course.root / "submitted" / student / VAE
    folder.mkdir(parents=True)
    (folder / f"{VAE}.ipynb").write_bytes(notebook({EXERCISE: WRONG}, blank=True, extra=[f"import time\ntime.sleep(0.2)  # {student}"]))


def graded_seeds(course: Course) -> dict[str, int]:
    """The seed of every stored verdict, which tells one judging from another; raises where a file is not whole."""
    return {result["student"]: result["seed"] for path in (course.root / "results").rglob("*.json") for result in [json.loads(path.read_text())["result"]]}


def stored(course: Course) -> dict[str, float]:
    """When each verdict was stored; a file is there when it is whole."""
    return {path.name: path.stat().st_mtime for path in (course.root / "results" / VAE).glob("*.json")}


def killed(command: list[str], course: Course, wanted: int, wait: float) -> None:
    """Start the command and kill it with its workers `wait` seconds after it has stored `wanted` verdicts (or ended)."""
    before = len(stored(course))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while process.poll() is None and len(stored(course)) - before < wanted:
        time.sleep(0.002)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(wait)
    with contextlib.suppress(ProcessLookupError):  # it may have finished before its moment
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.row(61)
def test_killed_at_any_moment_nothing_is_lost_or_done_twice(course):
    """SIGKILL at random moments, with new work each time; every finished verdict is kept, the gradebook stays sound, and the last run does just the rest.

    The moments fall evenly: before the first of four new verdicts, after each of them, and while what was judged is written; each at a random part of the
    time that this step takes, as the first run shows.
    """
    chance, command = random.Random(int(os.environ.get("THREAT_SEED", "1"))), [sys.executable, "-c", GRADE, str(course.root)]
    for part in range(NEW):
        hand_in(course, f"first-{part}")
    begun = time.time()
    subprocess.run(command, check=True, capture_output=True)
    ended, first = time.time(), stored(course)
    alike = [first[f"first-{part}.json"] for part in range(NEW)]
    waits = [min(first.values()) - begun, *[(max(alike) - min(alike)) / (NEW - 1)] * (NEW - 1), ended - max(first.values())]
    seeds, hit = graded_seeds(course), Counter()
    for kill in range(KILLS):
        for part in range(NEW):
            hand_in(course, f"late-{kill}-{part}")
        step = (kill + 1) % (NEW + 1)
        killed(command, course, step if step < NEW else len(course.students(VAE)) - len(seeds), chance.random() * waits[step])
        now = graded_seeds(course)
        assert now | seeds == now, "a finished verdict was lost or judged again"
        assert sound(course)
        hit["before a verdict" if len(now) == len(seeds) else "after the last" if len(now) == len(course.students(VAE)) else "between verdicts"] += 1
        seeds = now
    last = subprocess.run(command, capture_output=True, text=True)
    assert last.returncode == 0 and int(last.stdout) == len(course.students(VAE)) - len(seeds), last.stderr[-2000:]
    consistent(course)
    print(f"killed {KILLS} times: {', '.join(f'{count} {when}' for when, count in hit.items())}; {len(course.students(VAE))} submissions, none lost, none judged twice")


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


@pytest.mark.slow
@pytest.mark.row(62)
def test_a_disk_that_is_really_full(prepared, tmp_path):
    """A small disk with nothing left, then a little more for every run, then enough: what was stored is never judged again, and in the end all is there."""
    submissions, small = tmp_path / "submissions", tmp_path / "small"
    submissions.mkdir()
    small.mkdir()
    for student, data in SUBMISSIONS.items():
        (submissions / f"{student}.ipynb").write_bytes(data)
    here = Path(__file__).parent
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, str(here / "full_disk.py"), str(prepared), str(submissions), str(small)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": f"{here.parent}:{here}"})
    assert done.returncode == 0, done.stderr[-3000:]
    runs = json.loads(done.stdout)
    seeds = {}
    for run in runs:
        assert not run["stopped"] or "No space" in run["stopped"]
        assert all("No space" in reason or "disk is full" in reason or "disk I/O" in reason for reason in run["failures"].values())
        assert all(run["stored"].get(student) == seed for student, seed in seeds.items()), "a stored verdict was lost or judged again"
        assert not set(run["judged"]) & set(seeds)
        seeds = run["stored"]
    assert runs[0]["stopped"] and not runs[0]["stored"], "the disk was not full"
    assert not runs[-1]["failures"] and not runs[-1]["stopped"] and set(seeds) == set(SUBMISSIONS)


@pytest.mark.row(63)
def test_a_gradebook_that_is_locked_for_a_moment_is_waited_for(pool, course):
    """Another process writes while we grade; nobody fails, nothing is judged twice."""
    hold = "import sqlite3, sys, time\nbook = sqlite3.connect(sys.argv[1])\nbook.execute('BEGIN EXCLUSIVE')\nprint(flush=True)\ntime.sleep(1.5)\nbook.rollback()"
    with subprocess.Popen([sys.executable, "-c", hold, str(course.root / "gradebook.db")], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        graders = Lent(pool)
        assert not course.grade(VAE, graders).failures and sorted(graders.judged) == sorted(SUBMISSIONS)
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


PROGRAM = "from autograder import cli, pool\nWITHOUT\nif __name__ == '__main__':\n    cli.main()\n"  # as the installed program is: a file in a folder of its own


@pytest.mark.slow
@pytest.mark.row(14)
@pytest.mark.row(72)
@pytest.mark.parametrize("command, without", [("check", ""), ("grade", ""), ("grade", "import contextlib; pool._blind_to_this_folder = contextlib.nullcontext")], ids=["one", "two", "control"])
def test_a_command_given_in_a_students_folder_runs_nothing_of_it(tmp_path, command, without):
    """Modules of the student's under Python's and the libraries' names beside the notebook: none is imported, neither here nor by the workers."""
    folder, program, ran = tmp_path / "eve", tmp_path / "bin" / "autograder", tmp_path / "ran"
    folder.mkdir()
    program.parent.mkdir()
    program.write_text(PROGRAM.replace("WITHOUT", without))
    for name in {*sys.stdlib_module_names, "torch", "numpy", "pytest", "nbgrader", "rich", "workbook", "autograder", "sitecustomize", "usercustomize", "conftest", "evil"} - {"__future__"}:
        (folder / f"{name}.py").write_text(f"open({str(ran)!r}, 'a').write({name!r} + ' ')\nraise ImportError('taken in')\n")
    (folder / "matplotlibrc").write_text("backend: module://evil\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p evil\n")
    names = [f"{VAE}.ipynb", f"{VAE}_2.ipynb"][: 1 if command == "check" else 2]
    for name in names:
        (folder / name).write_bytes(notebook(blank=True))
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"} | {"PYTHONPATH": str(Places.here().root)}
    done = subprocess.run([sys.executable, str(program), command, *names], cwd=folder, env=kept, capture_output=True, text=True)
    if without:
        assert "multiprocessing" in ran.read_text(), "control: a worker that looks for its modules here runs the student's"
    else:
        assert not ran.exists() and "blank" in done.stdout, done.stdout + done.stderr


@pytest.mark.row(59)
def test_a_dead_jail_is_the_graders_fault_and_mended(pool):
    """The warm process is killed under a worker: exercises ask for a person or are judged, none is scored as zero, and the next submission is judged."""
    from grading import grade

    children = subprocess.run(["ps", "-o", "pid=,ppid=,comm=", "-A"], capture_output=True, text=True).stdout.split("\n")
    owners = {str(pid) for pid in (os.getpid(), *(worker.process.pid for worker in pool._all))}  # one is shared by the workers, who make others when that is lost
    jails = [int(line.split()[0]) for line in children if len(line.split()) > 2 and line.split()[1] in owners and "bwrap" in line]
    assert jails
    for pid in jails:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    for _ in range(4):
        result = grade(pool, notebook(), only=(EXERCISE,))
        assert result["exercises"][0]["outcome"] in ("grader fault", "passed"), result
    assert result["exercises"][0]["outcome"] == "passed"

