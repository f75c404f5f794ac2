"""Several machines: the same unit of work, submission to result JSON, on a Dask cluster. Every machine has its own jail and warm process.

A scheduler runs somewhere (`dask scheduler`), every grading machine joins it (`autograder worker tcp://HOST:PORT`), and the machine with the course
hands out submissions (`autograder grade ... --scheduler tcp://HOST:PORT`). What a lost machine had in hand is judged by another. A machine whose torch
or checks differ is told so and sent away, since its verdicts would not be comparable.
"""

import asyncio
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version

from autograder.places import Places
from autograder.pool import Pool, PoolFailed, lost
from autograder.store import judge_key
from autograder.worker import Job

AHEAD = 3  # submissions on their way per worker, so that none waits for the network
JOIN_SECONDS = 30  # how long to wait for a scheduler and its first worker


class OtherVersion(RuntimeError):
    """A worker's torch or checks are not the coordinator's. Arguments: its address, and what differs."""


@dataclass
class Cluster:
    """The grading machines behind a Dask scheduler. Use as a context manager, like a Pool; `say` gets a line for each machine sent away."""

    scheduler: str
    places: Places = field(default_factory=Places.here)
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr)

    def __enter__(self) -> "Cluster":
        from distributed import Client

        try:
            self._client = Client(self.scheduler, timeout=JOIN_SECONDS, name="autograder", set_as_default=False)
            self._client.wait_for_workers(1, timeout=JOIN_SECONDS)
        except (OSError, TimeoutError) as error:
            raise PoolFailed(f"no grading machine answers at {self.scheduler} ({error}). Start one with: autograder worker {self.scheduler}") from None
        return self

    def __exit__(self, *_exception) -> None:
        self._client.close()

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[str, dict]]:
        """Judge jobs and yield (key, result JSON) in the order in which they finish. Raises PoolFailed where no machine is left that may grade."""
        from distributed import as_completed

        waiting, numbers, under_way = iter(jobs), itertools.count(), {}
        results = as_completed(loop=self._client.loop)

        def hand_out(some: Iterable[Job]) -> None:
            for job in some:
                wanted = versions(self.places, job.submission.assignment)
                future = self._client.submit(judge_here, job, wanted, key=f"judge-{next(numbers)}-{job.key}", pure=False)
                under_way[future.key] = job
                results.add(future)

        hand_out(itertools.islice(waiting, AHEAD * max(1, self._machines())))
        for future in results:
            job = under_way.pop(future.key)
            if (error := future.exception()) is None:
                yield job.key, future.result()
                hand_out(itertools.islice(waiting, 1))
            elif isinstance(error, OtherVersion):
                self._send_away(*error.args)
                hand_out([job])
            else:  # Dask gives up on a submission in whose hands several machines died
                yield job.key, lost(job, self.places)
                hand_out(itertools.islice(waiting, 1))

    def _machines(self) -> int:
        return len(self._client.scheduler_info(n_workers=-1)["workers"])

    def _send_away(self, address: str, differs: str) -> None:
        """A machine that would judge otherwise takes no more work."""
        if address in self._client.scheduler_info(n_workers=-1)["workers"]:
            self.say(f"the machine {address} may not grade: {differs}. Install the same versions there, then start its worker again.")
            self._client.retire_workers([address], close_workers=True)
        if not self._machines():
            raise PoolFailed(f"no machine at {self.scheduler} has the versions of this one: {differs}")


def versions(places: Places, assignment: str) -> dict[str, str]:
    """What two machines must share for their verdicts to be the same."""
    return {"torch": version("torch"), "python": ".".join(map(str, sys.version_info[:2])), "checks": judge_key(places, assignment)[:12]}


def judge_here(job: Job, wanted: dict[str, str]) -> dict:
    """Judge on this machine. Raises OtherVersion where its versions are not the wanted ones."""
    from distributed import get_worker

    own = versions(Places.here(), job.submission.assignment)
    differs = ", ".join(f"{name} is {own[name]} there and {wanted[name]} here" for name in wanted if own[name] != wanted[name])
    if differs:
        print(f"refused by the coordinator: {differs}", file=sys.stderr, flush=True)
        raise OtherVersion(get_worker().address, differs)
    ((_, result),) = _own_pool().run([job])
    return result


@cache
def _own_pool() -> Pool:
    """This process's one grading worker; it ends with this process."""
    return Pool(1).__enter__()


def work(scheduler: str, host: str | None = None) -> None:
    """Join a scheduler and judge until it goes away or Ctrl-C. Raises PoolFailed where it cannot be reached or this machine has no sandbox."""
    asyncio.run(_work(scheduler, host))


async def _work(scheduler: str, host: str | None) -> None:
    import dask
    from distributed import Worker

    dask.config.set({"distributed.comm.timeouts.connect": JOIN_SECONDS})
    next(iter(_own_pool().run([])), None)  # the jail and torch are up before the first submission comes
    try:
        async with Worker(scheduler, nthreads=1, host=host, death_timeout=JOIN_SECONDS) as worker:
            print(f"grading for {scheduler} as {worker.address}", flush=True)
            await worker.finished()
    except (OSError, TimeoutError) as error:
        raise PoolFailed(f"no scheduler answers at {scheduler} ({error}). Start one with: dask scheduler") from None
