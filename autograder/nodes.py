"""The programs on a cluster's machines, the scheduler and the worker that judges, and what they share with the coordinator in `cluster.py`.

Dask's messages are pickles between machines that trust each other: whoever reaches a port of the cluster can run code there. Keep the ports inside
your own network, or encrypt (`--tls`), which lets in only who has a certificate of the cluster's own authority. What is a student's travels as plain
bytes and text inside: a job is built-in types, a verdict JSON.
"""

import asyncio
import json
import signal
import sys
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path

from autograder.places import Places
from autograder.pool import Pool, PoolFailed
from autograder.store import judge_key
from autograder.submission import Submission
from autograder.worker import Job

JOIN_SECONDS = 30  # how long to wait for a scheduler
GONE_SECONDS = 20  # a machine that leaves its messages unanswered for so long is lost
SILENT_SECONDS = 60  # and so is one that answers but reports no more: heartbeats come every few seconds
TLS_FILES = {"ca": "ca.crt", "cert": "tls.crt", "key": "tls.key"}  # the names that Kubernetes gives them
HEALTH_ONLY = ["distributed.http.health"]  # what is served over HTTP besides


def settings() -> None:
    """Dask's settings in this process, the same for all three programs."""
    import dask

    dask.config.set({
        "distributed.comm.timeouts.connect": JOIN_SECONDS,
        "distributed.comm.timeouts.tcp": GONE_SECONDS,
        "distributed.scheduler.worker-ttl": SILENT_SECONDS,
        "distributed.scheduler.http.routes": HEALTH_ONLY,
        "distributed.worker.http.routes": HEALTH_ONLY,
    })  # fmt: skip


def credentials(folder: Path | None):
    """Dask's security from a folder with `ca.crt`, `tls.crt` and `tls.key`; where None, what Dask's own configuration says. Raises PoolFailed where a file is missing."""
    from distributed import Security

    if folder is None:
        return Security()
    missing = [name for name in TLS_FILES.values() if not (folder / name).is_file()]
    if missing:
        raise PoolFailed(f"no {', '.join(missing)} in {folder}, which should hold {', '.join(TLS_FILES.values())}")
    own = {f"tls_{role}_{part}": str(folder / TLS_FILES[part]) for role in ("client", "scheduler", "worker") for part in ("cert", "key")}
    return Security(require_encryption=True, tls_ca_file=str(folder / TLS_FILES["ca"]), **own)


def packed(job: Job) -> dict:
    """A job as built-in types, so that no class of ours or of a student's is needed to read it."""
    return asdict(job)


def unpacked(data: dict) -> Job:
    """The job that `packed` wrote."""
    return Job(data["key"], Submission(**data["submission"]), data["seed"], tuple(data["only"]))


@cache
def versions(places: Places, assignment: str) -> dict[str, str]:
    """What two machines must share for their verdicts to be the same."""
    return {"torch": version("torch"), "python": ".".join(map(str, sys.version_info[:2])), "checks": judge_key(places, assignment)[:12]}


def differences(assignment: str, wanted: dict[str, str]) -> str:
    """In what this machine would judge otherwise; empty where in nothing."""
    places = Places.here()
    if not places.source(assignment).exists():
        return f"there is no {assignment} there"
    own = versions(places, assignment)
    return ", ".join(f"{name} is {own[name]} there and {wanted[name]} here" for name in wanted if own[name] != wanted[name])


def judge_here(data: dict, wanted: dict[str, str]) -> str:
    """Judge a packed job on this machine. JSON: {"result": ...}, or {"refused": why, "address": whose} where it may not or cannot."""
    from distributed import get_worker

    job = unpacked(data)
    refused = differences(job.submission.assignment, wanted)
    if not refused:
        try:
            ((_, result),) = _own_pool().run([job])
            return json.dumps({"result": result})
        except PoolFailed as error:
            refused = f"its grader failed: {error}"
    print(f"refused by the coordinator: {refused}", file=sys.stderr, flush=True)
    return json.dumps({"refused": refused, "address": get_worker().address})


@cache
def _own_pool() -> Pool:
    """This process's one grading worker; it ends with this process."""
    return Pool(1).__enter__()


def work(scheduler: str, host: str | None = None, tls: Path | None = None) -> None:
    """Join a scheduler and judge until it goes away, or until Ctrl-C or SIGTERM. Raises PoolFailed where it cannot be reached or this machine has no sandbox."""
    asyncio.run(_until_told(_work(scheduler, host, tls)))


async def _work(scheduler: str, host: str | None, tls: Path | None) -> None:
    from distributed import Worker

    settings()
    for name in (places := Places.here()).assignment_names():
        versions(places, name)  # of the checks that the pool has loaded, whatever becomes of the files
    next(iter(_own_pool().run([])), None)  # the jail and torch are up before the first submission comes
    try:
        async with Worker(scheduler, nthreads=1, host=host, security=credentials(tls), death_timeout=JOIN_SECONDS) as worker:
            print(f"grading for {scheduler} as {worker.address}", flush=True)
            await worker.finished()
    except (OSError, TimeoutError, RuntimeError, TypeError) as error:
        raise PoolFailed(f"no scheduler answers at {scheduler} ({error}). Start one with: autograder scheduler") from None


def schedule(host: str | None, port: int, tls: Path | None = None) -> None:
    """Run a scheduler until Ctrl-C or SIGTERM. Raises PoolFailed where the port cannot be had."""
    asyncio.run(_until_told(_schedule(host, port, tls)))


async def _schedule(host: str | None, port: int, tls: Path | None) -> None:
    from distributed import Scheduler

    settings()
    security = credentials(tls)
    if not security.require_encryption:
        print("not encrypted: whoever reaches this port can run code here; keep it inside your own network, or use --tls", file=sys.stderr, flush=True)
    try:
        async with Scheduler(host=host, port=port, protocol="tls" if security.require_encryption else "tcp", security=security, dashboard=False) as scheduler:
            print(f"scheduling at {scheduler.address}", flush=True)
            await scheduler.finished()
    except OSError as error:
        raise PoolFailed(f"the scheduler could not start ({error})") from None


async def _until_told(program) -> None:
    """Run a program; SIGTERM, which is how Kubernetes and systemd end one, lets it take its leave."""
    task = asyncio.ensure_future(program)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        print("told to end", file=sys.stderr, flush=True)
