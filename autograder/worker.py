"""A grading worker: one pytest session and one jail, judging one submission after another."""

import gc
import os
import signal
import socket
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from autograder.places import Places
from autograder.submission import Submission


@dataclass(frozen=True)
class Job:
    """One unit of work: a submission, the seed (None draws one), and the exercises to judge (all where empty)."""

    key: str
    submission: Submission
    seed: int | None = None
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Soon:
    """A note to a worker that starts: an assignment that it will have to judge, and may load while it waits for its sandbox."""

    assignment: str


def main(connection: Connection, root: Path, sandboxed: bool, warm: socket.socket | None) -> None:
    """Serve jobs from `connection`, which a Soon may precede, until it sends None or closes. Sends ("ready",), then (key, result JSON) or ("failed", text).

    warm: the control socket of a warm process that was made for this worker; None where it is to make one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides when to stop
    try:
        _serve(connection, Places(root), sandboxed, warm)
    except EOFError:
        return
    except Exception:
        connection.send(("failed", traceback.format_exc()))


def _serve(connection: Connection, places: Places, sandboxed: bool, warm: socket.socket | None) -> None:
    from autograder.jail.launch import Jail

    gc.disable()  # what loads is not garbage, and to look for some in it takes a fifth of the time
    with Jail(sandboxed, warm) as jail:  # warms up while this process imports torch and collects the checks
        from autograder.checks_runner import with_checks
        from autograder.sparing import be_sparing

        be_sparing()
        with_checks(places, lambda runner: _loop(connection, runner, jail, places))


def _loop(connection: Connection, runner, jail, places: Places) -> None:
    from autograder.judge import Judge

    judge = Judge(jail, runner, places)
    gc.enable()
    try:
        _look_ahead(connection, runner)
        jail.wait_ready()
    except Exception as error:
        connection.send(("failed", f"{type(error).__name__}: {error}"))
        return
    connection.send(("ready", os.getpid()))
    while (job := _next(connection)) is not None:
        result = judge.judge(job.submission, job.seed, job.only)
        connection.send((job.key, result.to_json()))
        if jail.ended(0):
            jail.close()
            jail.start()


def _look_ahead(connection: Connection, runner) -> None:
    """Load the reference of what will have to be judged, where that is known."""
    if connection.poll() and isinstance(soon := connection.recv(), Soon):  # a worker that is not ready gets nothing else
        with suppress(Exception):  # the first job will show it
            runner.reference(soon.assignment)


def _next(connection: Connection) -> Job | None:
    """The next job, or None where the coordinator is done or gone."""
    try:
        while isinstance(came := connection.recv(), Soon):
            pass  # it came too late to be of use
        return came
    except EOFError:
        return None
