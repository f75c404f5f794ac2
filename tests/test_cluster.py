"""Grading on a Dask cluster: the same verdicts, once each, with a machine lost half-way and one that has other checks."""

import contextlib
import json
import os
import pickle
import pickletools
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from grading import VAE, notebook

from autograder import nodes
from autograder.cluster import Cluster
from autograder.places import Places
from autograder.pool import PoolFailed
from autograder.submission import Submission
from autograder.worker import Job

PLACES = Places.here()
ONE = ("kl_weight",)
WRONG = {"kl_weight": "def kl_weight(step, warmup_steps):\n    return step / warmup_steps\n"}


@contextlib.contextmanager
def program(*command: str, root: Path | None = None):
    """A program of this environment, until the end of the block; its first line of output has been read when the block begins."""
    environment = os.environ | ({"WORKBOOK_ROOT": str(root)} if root else {})
    process = subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def scheduler():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with program("autograder.cli", "scheduler", "--host", "127.0.0.1", "--port", str(port)):
        yield f"tcp://127.0.0.1:{port}"


def worker(scheduler: str, host: str, root: Path | None = None):
    """A grading machine with an address of its own."""
    return program("autograder.cli", "worker", scheduler, "--host", host, root=root)


def joined(process) -> None:
    for line in process.stdout:
        if line.startswith("grading for"):
            return
    raise AssertionError("the worker ended without joining")


def jobs(count: int) -> list[Job]:
    return [Job(f"s{i}", Submission(VAE, f"s{i}", notebook(WRONG if i % 3 == 0 else None), {}), 5, ONE) for i in range(count)]


def verdict(result: dict) -> tuple:
    return result["score"], [(e["name"], e["outcome"], e["misconception"]) for e in result["exercises"]]


def test_verdicts_equal_the_local_ones_though_a_machine_dies(scheduler, pool):
    """Two machines, one killed after its first results: everything is judged once, as here, and who is in hand is told on the way."""
    work = jobs(12)
    work[0] = Job("slow", Submission(VAE, "slow", notebook(extra=["import time\ntime.sleep(2)"])), 5, ONE)
    local = {key: verdict(result) for key, result in pool.run(work)}
    with worker(scheduler, "127.0.0.2") as first, worker(scheduler, "127.0.0.3") as second:
        joined(first), joined(second)
        found, counted = {}, Counter()
        cluster = Cluster(scheduler, PLACES)
        assert cluster.in_hand() == []  # the progress bar asks before there is anything to judge
        with cluster:
            for key, result in cluster.run(work):
                found[key] = verdict(result)
                counted[key] += 1
                shown = cluster.in_hand()
                assert bool(shown) == (len(found) < len(work)) and len(shown) <= 2 and not set(shown) & set(found) and ("slow" in found or shown[0] == "slow")
                if len(found) == 3:
                    first.send_signal(signal.SIGKILL)
    assert found == local and set(counted.values()) == {1}


def test_a_machine_with_other_checks_is_sent_away(scheduler, tmp_path):
    """Its verdicts would not be comparable: it takes no work, and the reason is said."""
    for folder in ("autograder/checks", "autograder/misconceptions", "autograder/probes", "solutions"):
        shutil.copytree(PLACES.root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"))
    with (tmp_path / "autograder" / "checks" / "vae" / "test_kl_weight.py").open("a") as file:
        file.write("\n# another version\n")
    said = []
    with worker(scheduler, "127.0.0.4", tmp_path) as other:
        joined(other)
        with Cluster(scheduler, PLACES, said.append) as cluster, pytest.raises(PoolFailed, match="checks is"):
            list(cluster.run(jobs(2)))
    assert len(said) == 1 and "127.0.0.4" in said[0] and "may not grade" in said[0]


def test_a_silent_address_is_explained(monkeypatch):
    monkeypatch.setattr("autograder.nodes.JOIN_SECONDS", 1)
    with pytest.raises(PoolFailed, match="autograder scheduler"):
        Cluster("tcp://127.0.0.1:9").__enter__()


def test_nothing_of_a_students_is_ever_unpickled_as_an_object():
    """What crosses the network of a job is built-in types: its pickle names no class and calls nothing."""
    job = Job("Ünï/\udce4", Submission(VAE, "ada", b"\x80\x04]\x94.", {"w.safetensors": b"x"}), 7, ONE)
    calls = {"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "REDUCE", "BUILD"}
    assert not calls & {operation.name for operation, _, _ in pickletools.genops(pickle.dumps(nodes.packed(job)))}
    assert nodes.unpacked(nodes.packed(job)) == job


def test_a_machine_whose_sandbox_fails_refuses_and_says_why(monkeypatch):
    """It does not turn every submission that it gets into a grader fault."""

    class Broken:
        def run(self, _jobs):
            raise PoolFailed("no user namespaces")

    (job,) = jobs(1)
    monkeypatch.setattr(nodes, "_own_pool", Broken)
    monkeypatch.setattr("distributed.get_worker", lambda: SimpleNamespace(address="tcp://there"))
    answer = json.loads(nodes.judge_here(nodes.packed(job), nodes.versions(PLACES, VAE)))
    assert answer == {"refused": "its grader failed: no user namespaces", "address": "tcp://there"}
