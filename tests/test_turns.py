"""Two runs at once in one course folder: the second says who is at work and ends; a killed run leaves nothing locked; everybody is judged and written once."""

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from grading import marks

from autograder import source
from autograder.course import Course
from autograder.notebooks import submission, to_bytes
from autograder.turns import Taken, turn
from benchmarks import small

ROOT = Path(__file__).parents[1]
SLOW = "import time\n\ndef tempered(logits, temperature):\n    time.sleep(0.3)\n    return torch.softmax(logits / temperature, dim=-1)\n"
HOLD = "import sys; from pathlib import Path; from autograder.turns import turn\nwith turn(Path(sys.argv[1]), 'holds it'):\n    print('mine', flush=True); sys.stdin.read()"


@pytest.fixture
def holder(tmp_path):
    """A process of its own that has the lock."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "a.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout.readline() == "mine\n"
        yield process
        process.kill()


def test_a_second_process_is_told_who_has_the_turn(holder, tmp_path):
    with pytest.raises(Taken) as told, turn(tmp_path / "a.lock", "never"):
        pass
    assert f"process {holder.pid} on {socket.gethostname()}, since 20" in str(told.value) and "holds it; wait for it or stop it" in str(told.value)
    with turn(tmp_path / "b.lock", "another thing"):
        pass


def test_a_killed_process_leaves_nothing_locked(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with turn(tmp_path / "a.lock", "goes on"):
        assert "goes on" in (tmp_path / "a.lock").read_text()


def test_one_who_waits_gets_the_turn_when_it_is_free(holder, tmp_path):
    holder.stdin.close()
    with turn(tmp_path / "a.lock", "waited", wait=30):
        pass


def test_a_child_process_keeps_nothing_locked(tmp_path):
    """Grading workers outlive a killed coordinator by a moment; the lock is not theirs."""
    with turn(tmp_path / "a.lock", "starts a child"):
        child = subprocess.Popen(["sleep", "30"])
    try:
        with turn(tmp_path / "a.lock", "goes on"):
            assert child.poll() is None
    finally:
        child.kill()
        child.wait()


def test_a_file_system_without_locks_is_named_and_used(tmp_path, monkeypatch, capsys):
    def refused(*_arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    with turn(tmp_path / "a.lock", "grades"):
        assert "no locks" in capsys.readouterr().err


def grading(course: Path, places) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "autograder.cli", "course", "grade", small.ASSIGNMENT, "--course", str(course), "-w", "1"], cwd=ROOT,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"WORKBOOK_ROOT": str(places.root), "COLUMNS": "160"})  # fmt: skip


def test_a_second_grader_is_refused_and_goes_on_when_the_first_is_killed(tmp_path, monkeypatch):
    """Real commands in one folder: the second ends at once with a sentence; after a SIGKILL of the first a third does what is left, each student once."""
    places, course, students = small.write(tmp_path / "root"), tmp_path / "course", [f"s{number}" for number in range(8)]
    monkeypatch.setenv("WORKBOOK_ROOT", str(places.root))
    for student in students:
        path = course / "submitted" / student / small.ASSIGNMENT / f"{small.ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(to_bytes(submission(source.load(small.ASSIGNMENT, places), {"tempered": SLOW}, extra=[f"# {student}"])))
    first = grading(course, places)
    until = time.monotonic() + 60
    while not list((course / "results").rglob("*.json")):
        assert first.poll() is None and time.monotonic() < until, first.communicate()[0]
        time.sleep(0.02)
    with pytest.raises(Taken, match="grades 06_temperature"):
        Course(course, places).prepare(small.ASSIGNMENT)
    second = grading(course, places)
    said, _ = second.communicate(timeout=60)
    assert first.poll() is None, "the first was over before the second had begun"
    assert second.returncode == 2 and f"process {first.pid} on" in said and "grades 06_temperature in" in said and "Traceback" not in said, said
    first.send_signal(signal.SIGKILL)
    first.communicate()
    kept = len(list((course / "results").rglob("*.json")))
    third = grading(course, places)
    said, _ = third.communicate(timeout=60)
    assert third.returncode == 0 and f"{len(students) - kept} judged, {kept} unchanged" in said and 0 < kept < len(students), said
    assert marks(course) == [(student, 10.0) for student in students]
