"""Meters of computing time: around functions in this process, and around the student processes of a sandbox."""

import fcntl
import os
import select
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder import diagnosis
from autograder.checks_runner import ChecksRunner
from autograder.jail.launch import Jail
from autograder.session import Session
from autograder.side_by_side import Check
from autograder.student import RemoteFunction, Student

TRIALS = 2001  # of a meter around nothing
TICKS = os.sysconf("SC_CLK_TCK")
GONE = 0.02  # seconds between two looks whether a job has gone
LINES = 1 << 20  # bytes of a sandbox's standard error that its jobs may write before it is read


@dataclass
class Meter:
    """CPU seconds of this thread between entering and leaving, less what the meter itself takes of them.

    Nested ones count once, and only those within another meter's where one is given, which then does not count them.
    """

    within: "Meter | None" = None
    total: float = 0.0
    depth: int = 0
    began: float | None = None
    inside: float = 0.0  # seconds that entering and leaving adds to this meter
    outside: float = 0.0  # and to one that runs around it

    def __enter__(self):
        self.depth += 1
        if self.depth == 1:
            self.began = time.thread_time() if self.within is None or self.within.depth else None

    def __exit__(self, *_exception):
        self.depth -= 1
        if self.depth == 0 and self.began is not None:
            took = time.thread_time() - self.began - self.inside
            self.total += took
            if self.within is not None:
                self.within.total -= took + self.outside

    def around(self, function: Callable) -> Callable:
        """A function whose time counts."""

        def metered(*arguments, **keywords):
            if self.depth:
                return function(*arguments, **keywords)
            with self:
                return function(*arguments, **keywords)

        return metered

    def pausing(self, function: Callable) -> Callable:
        """A function whose time does not count, though it is called from one whose time does: what runs meanwhile is another's, and may be metered itself."""

        def paused(*arguments, **keywords):
            depth = self.depth
            if depth:
                self.depth = 1
                self.__exit__()
            try:
                return function(*arguments, **keywords)
            finally:
                if depth:
                    self.__enter__()
                self.depth = depth

        return paused

    def calibrated(self) -> "Meter":
        """This meter, knowing its own cost: the median of many runs around nothing."""
        own, nothing, counted, passed = Meter(Meter(depth=1)), lambda: None, [], []
        run = own.around(nothing)
        for _ in range(TRIALS):
            before, began = own.total, time.thread_time()
            run()
            passed.append(time.thread_time() - began)
            counted.append(own.total - before)
        self.inside = statistics.median(counted)
        self.outside = statistics.median(passed) - clock_cost()
        return self


def clock_cost() -> float:
    """Seconds between two looks at the thread's clock."""
    return statistics.median(-(time.thread_time() - time.thread_time()) for _ in range(TRIALS))


@contextmanager
def metered(meter: Meter, *functions: tuple[object, str], but_for: tuple[tuple[object, str], ...] = ()) -> Iterator[None]:
    """Count the time in some functions, given by owner and name, but for that in others which they call."""
    originals = [(owner, name, getattr(owner, name)) for owner, name in (*functions, *but_for)]
    for owner, name, original in originals:
        setattr(owner, name, (meter.pausing if (owner, name) in but_for else meter.around)(original))
    try:
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


class MeteredChannel(socket.socket):
    """A job's channel that reads the meter before it closes, since the job ends with it."""

    def on_close(self, read: Callable[[], None]) -> "MeteredChannel":
        self.read = read
        return self

    def close(self) -> None:
        if self.fileno() >= 0:
            self.read()
        super().close()


class WatchedJail(Jail):
    """A jail that tells the CPU seconds of all that happens in it, and is else as in a class."""

    warm = 0  # the process that forks the jobs: the last one below the sandbox's own

    def fork(self, limits: dict) -> tuple[socket.socket, socket.socket]:
        self.wait_ready()
        if not self.warm:
            self.warm = [self.process.pid, *descendants(self.process.pid, parents())][-1]
        return super().fork(limits)

    def all_of_it(self) -> float:
        """CPU seconds of the warm process, which watches its jobs, and of all its jobs with the taking down of their memory, which is waited for."""
        if not self.warm:  # no job has been asked for yet
            return 0.0
        while self.warm in parents().values():
            time.sleep(GONE)
        time.sleep(GONE)  # the warm process still has to take leave of the last one
        return computed(self.warm)


class MeteredJail(WatchedJail):
    """A jail that adds up the CPU seconds of its student processes, up to their end."""

    student = 0.0  # of the student's processes
    own = 0.0  # and of these what the student's cells and functions computed (`inside/metered.py`)

    def fork(self, limits: dict) -> tuple[socket.socket, socket.socket]:
        first = not self.warm
        channel, control = super().fork(limits | {"modules": [*limits.get("modules", ()), "metered"]})
        if first:
            self.counted = set()
            fcntl.fcntl(self.process.stderr, fcntl.F_SETPIPE_SZ, LINES)
        return MeteredChannel(fileno=channel.detach()).on_close(self.read), control

    def read(self) -> None:
        """Count the job that runs now, a child of the warm process with all that it has started; one that ran before may still be on its way out."""
        parent_of = parents()
        for job in (process for process, parent in parent_of.items() if parent == self.warm and process not in self.counted):
            self.student += sum(computed(process) for process in (job, *descendants(job, parent_of)))
            self.counted.add(job)
        told = b""
        while select.select([self.process.stderr], [], [], 0)[0] and (more := os.read(self.process.stderr.fileno(), LINES)):
            told += more
        self.own += sum(int(line) for line in told.split(b"\n") if line.lstrip(b"-").isdigit()) / 1e9


CHECKS = ((ChecksRunner, "_call"), (pytest.Function, "runtest"), (ChecksRunner, "fresh_reference"), (diagnosis, "by_replay"))  # checks, stand-ins, the search for the misconception,
ASKING = ((RemoteFunction, "__call__"), *((Student, name) for name in ("ask", "ask_each", "tell", "settle", "_value", "observed")), (Session, "exchange"), (MeteredJail, "read"))  # what of it only asks
WAITING = ((Check, "wait"),)  # and while other checks run


def parents() -> dict[int, int]:
    """The parent of every living process of this machine."""
    found = {int(name): fields_of(name) for name in os.listdir("/proc") if name.isdigit()}
    return {process: int(fields[1]) for process, fields in found.items() if fields and fields[0] != b"Z"}  # Z: ended, and its parent has not taken leave of it


def computed(process: int) -> float:
    """CPU seconds of a process and of its children that have ended. The kernel tells these in hundredths, but what living threads computed in nanoseconds."""
    fields = fields_of(process)
    own, children = (sum(map(int, fields[first : first + 2])) / TICKS for first in (11, 13)) if fields else (0.0, 0.0)
    try:
        own = max(own, sum(int(task.read_bytes().split()[0]) for task in Path(f"/proc/{process}/task").glob("*/schedstat")) / 1e9)
    except (OSError, IndexError):  # ended meanwhile, or a kernel without these figures
        pass
    return own + children


def fields_of(process: int | str) -> list[bytes]:
    """The fields of /proc/PID/stat after the name; none where the process has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []


def descendants(process: int, parent_of: dict[int, int]) -> list[int]:
    """All processes below one."""
    below = [child for child, parent in parent_of.items() if parent == process]
    return below + [further for child in below for further in descendants(child, parent_of)]
