"""Grading machines as hosts of their own: one loses power, one vanishes from the network, the scheduler stops; every verdict is there once, as if graded here."""

import json
import signal
from collections import Counter
from pathlib import Path

import hosts
import pytest
from commands import run, wait_for
from grading import marks

from benchmarks.small import ASSIGNMENT

pytestmark = [pytest.mark.servers, pytest.mark.skipif(bool(hosts.missing()), reason=hosts.missing() or "hosts can be made")]


def scheduler_on(host: hosts.Host) -> str:
    program = host.start("autograder.cli", "scheduler", "--host", host.address)
    return hosts.line_of(program, "scheduling at").split()[-1]


def workers_on(machines: list[hosts.Host], address: str, places) -> None:
    """One worker per host, all there when this returns."""
    programs = [host.start("autograder.cli", "worker", address, "--host", host.address, WORKBOOK_ROOT=str(places.root)) for host in machines]
    for program in programs:
        hosts.line_of(program, "grading for")


def grading(host: hosts.Host, course: Path, address: str, places):
    return host.start("autograder.cli", "course", "grade", ASSIGNMENT, "--course", str(course), "--scheduler", address, WORKBOOK_ROOT=str(places.root))


def end_of(program) -> tuple[int, str]:
    said, _ = program.communicate(timeout=120)
    return program.returncode, said


def verdicts(course: Path) -> dict[str, tuple]:
    """By student: outcome and misconception."""
    stored = [json.loads(path.read_text())["result"] for path in (course / "results").rglob("*.json")]
    return {result["student"]: (result["exercises"][0]["outcome"], result["exercises"][0]["misconception"]) for result in stored}


def assert_everyone_once(course: Path, who: dict[str, str]) -> None:
    """One verdict and one mark for each student, the one deserved."""
    wanted = {student: (kind, None) if kind in ("passed", "blank") else ("wrong", kind) for student, kind in who.items()}
    assert verdicts(course) == wanted
    found = marks(course)
    assert set(Counter(student for student, _ in found).values()) == {1}
    assert dict(found) == {student: 10.0 if kind == "passed" else 0.0 for student, kind in who.items()}


def test_every_submission_is_graded_once_though_one_host_dies_and_one_vanishes(course_of, small_places):
    """Three grading hosts; after some results one loses power and another's link goes down. The third does all; verdicts equal those of this machine."""
    course, who = course_of(range(40))
    with hosts.network(4) as (coordinator, dying, vanishing, staying):
        address = scheduler_on(coordinator)
        workers_on([dying, vanishing, staying], address, small_places)
        grader = grading(coordinator, course, address, small_places)
        wait_for(course, 8)
        dying.kill()
        vanishing.unplug()
        code, said = end_of(grader)
    assert code == 0 and "40 judged, 0 unchanged" in said, said
    assert_everyone_once(course, who)
    here, _ = course_of(range(10), "here")
    done = run("course", "grade", ASSIGNMENT, "--course", here, "-w", 1, places=small_places)
    assert done.returncode == 0, done.stderr
    assert verdicts(here) == {student: found for student, found in verdicts(course).items() if student in verdicts(here)}


def test_a_scheduler_that_stops_is_named_and_the_next_run_goes_on(course_of, small_places):
    """What was judged is kept, the message says what to do, and the same command does the rest."""
    course, who = course_of(range(20))
    with hosts.network(2) as (coordinator, machine):
        address = scheduler_on(coordinator)
        workers_on([machine], address, small_places)
        grader = grading(coordinator, course, address, small_places)
        wait_for(course, 4)
        coordinator.programs[0].send_signal(signal.SIGKILL)
        code, said = end_of(grader)
        kept = len(verdicts(course))
        assert code == 3 and "scheduler" in said and "same command" in said and "Traceback" not in said, said
        machine.kill()
        address = scheduler_on(coordinator)
        workers_on([machine], address, small_places)
        code, said = end_of(grading(coordinator, course, address, small_places))
    assert code == 0 and 4 <= kept < 20 and f"{20 - kept} judged, {kept} unchanged" in said, said
    assert_everyone_once(course, who)
