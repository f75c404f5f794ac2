"""Several grading workers on this machine: hands out submissions, replaces workers that die, yields results as they come."""

import multiprocessing
import os
import signal
import sys
import threading
import types
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait

from autograder import source
from autograder.jail.errors import SandboxMissing
from autograder.jail.launch import Jail
from autograder.places import Places
from autograder.results import ExerciseResult, Result
from autograder.worker import Job, Soon, main

MOST_LOST_IDLE = 4
SHARE = 8  # workers that share a sandbox: who watches a job in it looks through all processes that are there
TRIES = 2  # a submission in whose hands two workers died is given to a person


class PoolFailed(RuntimeError):
    """No worker could start; the message says why."""


@dataclass
class _Worker:
    process: multiprocessing.Process
    connection: Connection
    job: Job | None = None
    ready: bool = False


@dataclass
class Pool:
    """Grading workers. Use as a context manager; `run` may be called several times."""

    workers: int = 0
    sandboxed: bool = True
    places: Places = field(default_factory=Places.here)
    _all: list[_Worker] = field(default_factory=list)
    _lost_idle: int = 0
    _started: int = 0
    _jails: list[Jail] = field(default_factory=list)  # where several workers each have their warm processes from

    def __enter__(self) -> "Pool":
        self.workers = self.workers or max(1, len(os.sched_getaffinity(0)))
        if self.workers > 1:
            self._jails = self._start_jails(-(-self.workers // SHARE))
            self._load()  # the workers themselves start with the first run: to ask for one waits until all is loaded
        else:
            self._fill_up()
        return self

    def __exit__(self, *_exception) -> None:
        for worker in self._all:
            worker.process.terminate()  # all at once, so that none is waited for while another goes on
        for worker in self._all:
            _end(worker)
        self._all = []
        for jail in self._jails:
            jail.close()
        self._jails = []

    def in_hand(self) -> list[str]:
        """The keys of the jobs that are being judged now."""
        return [worker.job.key for worker in list(self._all) if worker.job is not None]

    def _fill_up(self) -> None:
        """Start workers until there are as many as there should be."""
        self._all += [self._start() for _ in range(self.workers - len(self._all))]

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[str, dict]]:
        """Judge jobs and yield (key, result JSON) in the order in which they finish. Raises PoolFailed where workers cannot start."""
        source_of_jobs, again = iter(jobs), deque()
        tries: dict[str, int] = {}

        def hand_out() -> None:
            for worker in self._all:
                if worker.ready and worker.job is None:
                    job = again.popleft() if again else next(source_of_jobs, None)
                    if job is not None:
                        self._give(worker, job)

        self._fill_up()
        first = next(source_of_jobs, None)
        if first is not None:
            again.append(first)
            self._announce(first)
        try:
            while True:
                hand_out()
                busy = [worker for worker in self._all if worker.job is not None or not worker.ready]
                if not any(worker.job for worker in self._all) and not again and self._any_ready():
                    job = next(source_of_jobs, None)
                    if job is None:
                        return
                    again.append(job)
                    continue
                for answer in self._collect(busy, again, tries):
                    hand_out()  # before the answer is worked on, so that no worker waits for that
                    yield answer
        finally:
            self._drop_unfinished()

    def _announce(self, job: Job) -> None:
        """Tell workers that still start what they are going to judge."""
        for worker in [worker for worker in self._all if not worker.ready]:
            with suppress(OSError):  # it died, which is seen later
                worker.connection.send(Soon(job.submission.assignment))

    def _drop_unfinished(self) -> None:
        """After an interrupted run: nobody waits any longer for what is still being judged. The next run starts others."""
        for worker in [worker for worker in self._all if worker.job is not None]:
            _end(worker)
            self._all.remove(worker)

    def _any_ready(self) -> bool:
        return any(worker.ready for worker in self._all)

    def _give(self, worker: _Worker, job: Job) -> None:
        worker.job = job
        with suppress(OSError):  # it died unseen: what it sends, nothing, is then its end, and the job another's
            worker.connection.send(job)

    def _collect(self, busy: list[_Worker], again: deque, tries: dict[str, int]) -> Iterator[tuple[str, dict]]:
        """Results of the workers that have something to say."""
        for connection in wait([worker.connection for worker in busy]):
            worker = next(w for w in busy if w.connection is connection)
            try:
                key, value = connection.recv()
            except (EOFError, OSError):
                yield from self._replace(worker, again, tries)
                continue
            if key == "failed":
                raise PoolFailed(value)
            if key == "ready":
                worker.ready = True
                continue
            worker.job = None
            yield key, value

    def _replace(self, worker: _Worker, again: deque, tries: dict[str, int]) -> Iterator[tuple[str, dict]]:
        """A worker died: start another, and try its submission once more."""
        job = worker.job
        _end(worker)
        self._all[self._all.index(worker)] = self._start()
        if job is None:  # before it was ready, or between two submissions
            self._lost_idle += 1
            if self._lost_idle > MOST_LOST_IDLE:
                raise PoolFailed("grading workers end again and again before they have anything to do")
            return
        tries[job.key] = tries.get(job.key, 0) + 1
        if tries[job.key] < TRIES:
            again.append(job)
        else:
            yield job.key, lost(job, self.places)

    def _load(self) -> None:
        """Begin to load, once for all workers, what they need."""
        forkserver.set_forkserver_preload(["autograder.loaded"])
        with _deaf_to_interrupts(), _blind_to_this_folder():
            forkserver.ensure_running()

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("spawn" if self.workers == 1 else "forkserver")
        ours, theirs = context.Pipe()
        self._started += 1
        warm = self._jails[self._started % len(self._jails)].twin() if self._jails else None
        process = context.Process(target=main, args=(theirs, self.places.root, self.sandboxed, warm), daemon=True)
        with _deaf_to_interrupts(), _blind_to_this_folder(), _without_main():
            process.start()
        theirs.close()
        if warm is not None:
            warm.close()
        return _Worker(process, ours)

    def _start_jails(self, count: int) -> list[Jail]:
        """Jails in which all that notebooks need is loaded once for many workers; none where there is no sandbox, which the workers will say."""
        try:
            with _deaf_to_interrupts():
                return [Jail(self.sandboxed).start() for _ in range(count)]
        except SandboxMissing:
            return []


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal: those started in here ignore it from their first moment, since this one decides when to stop."""
    if threading.current_thread() is not threading.main_thread():  # which alone may say so
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _blind_to_this_folder() -> Iterator[None]:
    """A new Python looks for its first modules in the folder that the command was given in, which may be a student's: not one that is started in here."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


@contextmanager
def _without_main() -> Iterator[None]:
    """A new process runs the main module of its parent once more: not one that is started in here, which needs nothing of it."""
    main_module = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main_module


def lost(job: Job, places: Places) -> dict:
    """The result of a submission that the grader could not judge: every exercise asks for a person."""
    assignment = source.load(job.submission.assignment, places)
    message = "The grader itself failed on this submission. That costs you nothing: a person will grade it."
    exercises = [ExerciseResult(e.name, 0, e.points, "grader fault", None, message, "the grading worker died twice") for e in assignment.exercises]
    return Result(assignment.name, job.submission.student, "graded", None, job.seed or 0, 0.0, exercises).to_json()


def _end(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.terminate()
    worker.process.join(5)
    if worker.process.is_alive():
        worker.process.kill()
