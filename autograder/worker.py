"""A grading worker: one pytest session and one jail, judging one submission after another."""

import os
import signal
import traceback
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


def main(connection: Connection, root: Path, sandboxed: bool) -> None:
    """Serve jobs from `connection` until it sends None or closes. Sends ("ready",), then (key, result JSON) or ("failed", text)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides when to stop
    try:
        _serve(connection, Places(root), sandboxed)
    except EOFError:
        return
    except Exception:
        connection.send(("failed", traceback.format_exc()))


def _serve(connection: Connection, places: Places, sandboxed: bool) -> None:
    from autograder.jail.launch import Jail

    with Jail(sandboxed) as jail:  # warms up while this process imports torch and collects the checks
        import torch

        from autograder.checks_runner import with_checks

        torch.set_num_threads(1)
        with_checks(places, lambda runner: _loop(connection, runner, jail, places))


def _loop(connection: Connection, runner, jail, places: Places) -> None:
    from autograder.judge import Judge

    judge = Judge(jail, runner, places)
    try:
        jail.wait_ready()
    except Exception as error:
        connection.send(("failed", f"{type(error).__name__}: {error}"))
        return
    connection.send(("ready", os.getpid()))
    while (job := _next(connection)) is not None:
        result = judge.judge(job.submission, job.seed, job.only)
        connection.send((job.key, result.to_json()))
        if jail.process.poll() is not None:
            jail.close()
            jail.start()


def _next(connection: Connection) -> Job | None:
    """The next job, or None where the coordinator is done or gone."""
    try:
        return connection.recv()
    except EOFError:
        return None
