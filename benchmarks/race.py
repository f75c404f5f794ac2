"""One round of one contestant: its processes are started, made ready, set off together, timed and watched."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from autograder.places import Places
from benchmarks import venvs
from benchmarks.classroom import ASSIGNMENT, Student, hand_in
from benchmarks.meter import Meter

ROOT = Places.here().root


class ContestantFailed(RuntimeError):
    """A contestant's process ended before it was done; the message is what it said."""


@dataclass
class Round:
    """What one round took: clock seconds, CPU seconds of all processes, the most memory in bytes, verdicts by student and exercise, and the workers' own lines."""

    students: int
    seconds: float
    cpu: float
    peak: int
    verdicts: dict[str, dict[str, bool]]
    lines: list[dict] = field(default_factory=list)

    @property
    def per_minute(self) -> float:
        """Submissions per minute."""
        return 60 * self.students / self.seconds


def environment() -> dict[str, str]:
    """One thread each, the project importable, its programs (alembic, jupyter) found."""
    scripts = sysconfig.get_path("scripts")
    return os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}


def shares(students: list[Student], workers: int) -> list[list[Student]]:
    """Disjoint shares, dealt out in turn."""
    return [students[i::workers] for i in range(workers)]


def stock(name: str, template: Path, folder: Path, students: list[Student], form: str, workers: int) -> Round:
    """A round of "nbgrader" or "otter": one process per share, each in a course folder of its own, made from a template."""
    commands, program = [], [sys.executable, "-m", "benchmarks.nbgrader_worker"] if name == "nbgrader" else [str(venvs.otter()), str(ROOT / "benchmarks" / "otter_worker.py")]
    for i, share in enumerate(shares(students, workers)):
        course = fresh(template, folder / f"{name}-{i}")
        hand_in(course, share, form)
        commands.append([*program, str(course), ASSIGNMENT, *[student.name for student in share]])
    return run(commands, len(students))


def ours(template: Path, folder: Path, students: list[Student], form: str, workers: int, again: bool = False) -> Round:
    """A round of this project: one course, one gradebook, as many grading workers."""
    course = fresh(template, folder / "ours")
    hand_in(course, students, form)
    return run([[sys.executable, "-m", "benchmarks.our_worker", str(course), ASSIGNMENT, str(workers), *["again"] * again]], len(students))


def fresh(template: Path, course: Path) -> Path:
    """A new copy of a prepared course folder."""
    shutil.rmtree(course, ignore_errors=True)
    shutil.copytree(template, course)
    return course


def run(commands: list[list[str]], students: int) -> Round:
    """Start all commands; when all are ready, set them off and wait until all are done."""
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), cwd=ROOT) for command in commands]
    complaints = [_drained(process) for process in processes]
    try:
        for process, said in zip(processes, complaints, strict=True):
            _until("ready", process, said)
        meter = Meter([process.pid for process in processes])
        meter.start()
        began = time.perf_counter()
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        lines = _all_done(processes, complaints)
        seconds = time.perf_counter() - began
        meter.stop()
        return _rest(processes, Round(students, seconds, meter.cpu, meter.peak, {}, lines))
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _drained(process: subprocess.Popen) -> list[str]:
    """The last lines on standard error, collected while the process runs."""
    said: list[str] = []

    def read() -> None:
        for line in process.stderr:
            said.append(line)
            del said[:-30]

    threading.Thread(target=read, daemon=True).start()
    return said


def _until(word: str, process: subprocess.Popen, said: list[str]) -> list[dict]:
    """The JSON lines that come before a word. Raises ContestantFailed where it never comes."""
    lines = []
    for line in process.stdout:
        if line.strip() == word:
            return lines
        lines.append(json.loads(line))
    time.sleep(0.2)  # for what it says last
    raise ContestantFailed(f"{' '.join(process.args[:4])}:\n{''.join(said)}")


def _all_done(processes: list[subprocess.Popen], complaints: list[list[str]]) -> list[dict]:
    """The workers' lines up to "done", in whatever order they finish."""
    lines = [line for process, said in zip(processes, complaints, strict=True) for line in _until("done", process, said)]
    return lines


def _rest(processes: list[subprocess.Popen], found: Round) -> Round:
    """What workers say after the clock has stopped: verdicts in the last line, other lines kept."""
    for process in processes:
        out = [json.loads(line) for line in process.stdout]
        found.lines += out[:-1]
        found.verdicts |= out[-1]
        process.wait()
    return found
