"""Where the computing time of judging one submission goes, and how much of it is the grader's own. Run: python -m autograder.overhead [ASSIGNMENT]

The reference is judged with a meter in every place: around the student's cells and functions, around the checks' own computing (what they compute between two
questions to the student), and around all else: reading, questions and answers on both sides, pytest, the fork, the watching supervisor. The last is the overhead.
The student's process runs beside this one without the sandbox, since a meter cannot be put into it; what the sandbox adds is taken from `autograder.cost`.
"""

import importlib
import json
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from autograder import cost, diagnosis, side_by_side
from autograder.arguments import assignment, program
from autograder.checks_runner import ChecksRunner, with_checks
from autograder.jail.launch import INSIDE
from autograder.judge import Judge
from autograder.places import Places
from autograder.seeds import reference_jobs
from autograder.session import Session
from autograder.student import Student

RUNS = 5  # measured, after two that warm up
CHECKS = ((ChecksRunner, "run"), (ChecksRunner, "fresh_reference"), (diagnosis, "by_replay"))  # what checks, with stand-ins and the search for the misconception,
ASKING = ((Student, "_question"), (Student, "_value"), (Session, "exchange"), (side_by_side, "_state"), (side_by_side, "_put_state"))  # and what of it is no check's own
PARTS = ("student's cells and functions", "checks' own computing", "overhead: grader", "overhead: student's process", "overhead: sandbox")


@dataclass
class Meter:
    """CPU seconds between entering and leaving; nested ones count once, and only those within another meter's where one is given."""

    within: "Meter | None" = None
    total: float = 0.0
    depth: int = 0
    began: float | None = None

    def __enter__(self):
        self.depth += 1
        if self.depth == 1:
            self.began = time.thread_time() if self.within is None or self.within.depth else None

    def __exit__(self, *_exception):
        self.depth -= 1
        if self.depth == 0 and self.began is not None:
            self.total += time.thread_time() - self.began

    def around(self, function):
        """A function whose time counts."""

        def metered(*arguments, **keywords):
            with self:
                return function(*arguments, **keywords)

        return metered


@dataclass
class BesideJail:
    """In the place of a Jail: student processes forked from this one, with a meter around all that is the student's."""

    report: int = 0  # the pipe on which the last process tells its CPU seconds
    process: int = 0
    forking: Meter = field(default_factory=Meter)  # in the sandbox another process does it, and its time is in `autograder.cost`'s

    def fork(self, _limits: dict) -> tuple[socket.socket, socket.socket]:
        """As Jail's: the channel, and a control socket on which no CPU time is told."""
        (channel, theirs), (control, watcher) = socket.socketpair(), socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.report, tell = os.pipe()
        with self.forking:
            self.process = os.fork()
        if self.process == 0:
            channel.close()
            control.close()
            serve_metered(theirs, _limits, tell)
        theirs.close()
        os.close(tell)
        threading.Thread(target=answer_nothing, args=(watcher,), daemon=True).start()
        return channel, control

    def ended(self) -> bool:
        return False

    def read(self) -> tuple[float, float]:
        """CPU seconds of the last process: the student's own, and in all."""
        with os.fdopen(self.report) as pipe:
            own, all_of_it = json.loads(pipe.read())
        os.waitpid(self.process, 0)
        return own, all_of_it


def serve_metered(channel: socket.socket, limits: dict, tell: int) -> None:
    """In the forked process: serve as in the jail, then tell the time."""
    driver = sys.modules["driver"]  # loaded before the fork, as in the warm process
    own = Meter()
    original = driver.Driver.target
    driver.Driver.target = lambda self, request: own.around(original(self, request)) if request["op"] == "call" else original(self, request)
    driver.gradient = own.around(driver.gradient)
    try:
        served = driver.Driver(channel, limits)
        served.notebook.run = own.around(served.notebook.run)
        served.set_up()
        served.serve()
    finally:
        os.write(tell, json.dumps([own.total, time.process_time()]).encode())
        os._exit(0)


def answer_nothing(watcher: socket.socket) -> None:
    """The supervisor's side of the control socket."""
    while watcher.recv(4096):
        watcher.send(b'{"usage": 0.0, "queued": 0.0, "threads": 1}')


@contextmanager
def metered(meter: Meter, *functions: tuple[object, str]) -> Iterator[None]:
    """Count the time in some functions, given by owner and name."""
    originals = [getattr(owner, name) for owner, name in functions]
    for (owner, name), original in zip(functions, originals, strict=True):
        setattr(owner, name, meter.around(original))
    try:
        yield
    finally:
        for (owner, name), original in zip(functions, originals, strict=True):
            setattr(owner, name, original)


def measure(judge: Judge, job) -> dict[str, float]:
    """One judging: CPU seconds by part, the sandbox's aside."""
    checks, judge.jail.forking = Meter(), Meter()
    asking = Meter(checks)
    with metered(checks, *CHECKS), metered(asking, *ASKING):
        began = time.thread_time()
        result = judge.judge(job.submission)
        grader = time.thread_time() - began - judge.jail.forking.total
    if result.score != result.max_score:
        raise RuntimeError(f"the reference lost points: {result.to_json()}")
    own, all_of_it = judge.jail.read()
    computing = checks.total - asking.total
    return dict(zip(PARTS, (own, computing, grader - computing, all_of_it - own), strict=False))


def main(arguments: list[str]) -> int:
    """Print the means over some runs, in milliseconds."""
    parser = program("autograder.overhead", __doc__)
    parser.add_argument("assignment", nargs="?", type=assignment, default="03_vae", help="03_vae where none is named")
    name = parser.parse_args(arguments).assignment
    sys.path.insert(0, str(INSIDE))
    importlib.import_module("driver")
    torch.set_num_threads(1)
    torch.zeros(1, device="meta").exp()  # loads what a forked process could not
    torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))])
    places, runs, sandbox = Places.here(), [], []
    (job,) = reference_jobs([name], range(1), places)

    def serve(runner: ChecksRunner) -> None:
        judge = Judge(BesideJail(), runner, places)
        runs.extend([measure(judge, job) for _ in range(RUNS + 2)][2:])
        sandbox.extend(cost.measure_all([name], runner, places)[name])

    with_checks(places, serve, [places.checks(name)])
    means = {part: statistics.mean(run[part] for run in runs) for part in PARTS[:4]} | {PARTS[4]: statistics.mean(run.jail for run in sandbox)}
    print(f"CPU milliseconds of judging the reference of {name} once, mean of {RUNS} runs\n")
    for part, seconds in means.items():
        print(f"{part:32} {1000 * seconds:6.0f}")
    print(f"{'overhead in all':32} {1000 * sum(means[part] for part in PARTS[2:]):6.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
