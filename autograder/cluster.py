"""Several machines: the same unit of work, submission to result JSON, on a Dask cluster. Every machine has its own jail and warm process.

A scheduler runs somewhere (`autograder scheduler`), every grading machine joins it (`autograder worker tcp://HOST:PORT`), and the machine with the
course hands out submissions (`autograder grade ... --scheduler tcp://HOST:PORT`). What a lost machine had in hand is judged by another. A machine
whose torch or checks differ, or whose sandbox fails, is told so and sent away. Only the coordinator writes results, each once.
"""

import json
import logging
import queue
import sys
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

from autograder import nodes
from autograder.places import Places
from autograder.pool import PoolFailed, lost
from autograder.worker import Job

AHEAD = 3  # submissions on their way per worker, so that none waits for the network
LOOK_SECONDS = 2  # how often to count the machines
ALONE_SECONDS = 600  # how long to wait for a machine when the last one is gone


@dataclass
class Cluster:
    """The grading machines behind a Dask scheduler. Use as a context manager, like a Pool; `say` gets a line for what a person should know."""

    scheduler: str
    places: Places = field(default_factory=Places.here)
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr)
    tls: Path | None = None
    _machines: int = 0
    _under_way: dict[str, tuple[Job, object]] = field(default_factory=dict)  # by the future's key, the oldest first

    def __enter__(self) -> "Cluster":
        from distributed import Client

        nodes.settings()
        for name in ("distributed", "distributed.client"):  # what there is to say of a lost connection, we say
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._looked, self._alone_since = 0.0, None
        security = nodes.credentials(self.tls)
        try:
            self._client = Client(self.scheduler, timeout=nodes.JOIN_SECONDS, name="autograder", set_as_default=False, security=security)
        except (OSError, TimeoutError, RuntimeError, TypeError, ValueError) as error:
            raise PoolFailed(f"no scheduler answers at {self.scheduler} ({error}). Start one with: autograder scheduler") from None
        try:
            self._client.wait_for_workers(1, timeout=nodes.JOIN_SECONDS)
        except (OSError, TimeoutError) as error:
            self._client.close()
            raise PoolFailed(f"no grading machine has joined {self.scheduler} ({error}). Start one with: autograder worker {self.scheduler}") from None
        return self

    def __exit__(self, *_exception) -> None:
        self._client.close()

    def in_hand(self) -> list[str]:
        """The keys of the jobs that are being judged now: the oldest on their way, one per machine, since each machine takes its next in the order of sending.

        The rest wait at a machine. Where one machine is much slower than another, a name may be a moment early. May be called from another thread.
        """
        return [job.key for job, _ in islice(self._under_way.copy().values(), self._machines)]

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[str, dict]]:
        """Judge jobs and yield (key, result JSON) in the order in which they finish. Raises PoolFailed where no machine is left that may grade."""
        waiting, again, done = iter(jobs), deque(), queue.SimpleQueue()
        under_way = self._under_way = {}
        names = (f"judge-{uuid.uuid4().hex}-{number}" for number in count())  # of this run only: a cluster may serve several courses
        asked = set()
        while True:
            while len(under_way) < AHEAD * max(1, self._count()) and (job := again.popleft() if again else next(waiting, None)) is not None:
                if job.submission.assignment not in asked:
                    asked.add(job.submission.assignment)
                    self._ask_all(job.submission.assignment)
                future = self._submit(job, next(names))
                under_way[future.key] = job, future
                future.add_done_callback(done.put)
            if not under_way:
                return
            if (future := self._next(done)) is None:
                continue
            job, _ = under_way.pop(future.key)
            answer = self._answer(future)
            if answer is None:  # Dask gives up on a submission in whose hands several machines died
                yield job.key, lost(job, self.places)
            elif "result" in answer:
                yield job.key, answer["result"]
            else:
                again.append(job)
                self._send_away(answer["address"], answer["refused"])

    def _submit(self, job: Job, name: str):
        wanted = nodes.versions(self.places, job.submission.assignment)
        return self._client.submit(nodes.judge_here, nodes.packed(job), wanted, key=name, pure=False)

    def _next(self, done: queue.SimpleQueue):
        """The next future that is done, or None after a while in which none was."""
        try:
            return done.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return None

    def _answer(self, future) -> dict | None:
        """What a machine said of a job; None where the machines that had it died. Raises PoolFailed where the scheduler is gone."""
        from distributed.scheduler import KilledWorker

        try:
            if future.status == "finished":
                return json.loads(future.result())
            error = None if future.cancelled() else future.exception()
        except (OSError, TimeoutError, CancelledError) as broken:
            error = broken
        if isinstance(error, KilledWorker):
            return None
        raise PoolFailed(f"the scheduler at {self.scheduler} is gone ({error or 'its connection broke'}). What was judged is kept where the command keeps it: "
                         "start the scheduler and the workers again, then the same command.")  # fmt: skip

    def _count(self) -> int:
        """How many machines there are, looked up every few seconds. Raises PoolFailed where the last one is long gone."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._machines, self._looked = len(self._addresses()), now
            if self._machines:
                self._alone_since = None
            elif self._alone_since is None:
                self._alone_since = now
                self.say(f"no grading machine is left at {self.scheduler}; waiting for one: autograder worker {self.scheduler}")
            elif now - self._alone_since > ALONE_SECONDS:
                raise PoolFailed(f"no grading machine has come back to {self.scheduler} in {ALONE_SECONDS // 60} minutes")
        return self._machines

    def _addresses(self) -> list[str]:
        try:
            return list(self._client.scheduler_info(n_workers=-1)["workers"])
        except (OSError, TimeoutError) as error:
            raise PoolFailed(f"the scheduler at {self.scheduler} is gone ({error})") from None

    def _ask_all(self, assignment: str) -> None:
        """Compare versions with every machine that is there, before it gets work; those that come later are asked with their first submission."""
        wanted = nodes.versions(self.places, assignment)
        for address, differs in self._client.run(nodes.differences, assignment, wanted, on_error="ignore").items():
            if differs:
                self._send_away(address, differs)

    def _send_away(self, address: str, why: str) -> None:
        """A machine that would judge otherwise, or cannot, takes no more work."""
        if address in self._addresses():
            self.say(f"the machine {address} may not grade: {why}. Mend that there, then start its worker again.")
            self._client.retire_workers([address], close_workers=True)
        if not self._addresses():
            raise PoolFailed(f"no machine at {self.scheduler} may grade: {why}")
