"""An encrypted cluster, with certificates made as autograder/README.md says: it judges, and lets in nobody without one."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import nodes, source
from autograder.cluster import Cluster
from autograder.notebooks import submission, to_bytes
from autograder.pool import PoolFailed
from autograder.submission import Submission
from autograder.worker import Job
from benchmarks.small import ASSIGNMENT

pytestmark = [pytest.mark.servers, pytest.mark.skipif(not shutil.which("openssl"), reason="the program openssl is not here")]
ROOT = Path(__file__).parents[2]


def certificates(folder: Path) -> Path:
    """Run the README's commands in a new folder."""
    folder.mkdir()
    commands = re.findall(r"^openssl .*$", (ROOT / "autograder" / "README.md").read_text(), re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        subprocess.run(command, shell=True, check=True, cwd=folder, capture_output=True)
    return folder


@contextlib.contextmanager
def program(*command: object, **environment: str):
    process = subprocess.Popen([sys.executable, "-m", "autograder.cli", *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def said_until(process, beginning: str) -> tuple[str, str]:
    """The line that begins so, and all before it."""
    said = ""
    for line in process.stdout:
        if line.startswith(beginning):
            return line, said
        said += line
    raise AssertionError(f"ended without {beginning!r}: {said}")


def test_only_who_has_a_certificate_of_the_clusters_authority_takes_part(tmp_path, small_places, monkeypatch):
    own, other = certificates(tmp_path / "own"), certificates(tmp_path / "other")
    job = Job("ada", Submission(ASSIGNMENT, "ada", to_bytes(submission(source.load(ASSIGNMENT, small_places)))))
    with program("scheduler", "--host", "127.0.0.1", "--port", "0", "--tls", own) as scheduler:
        line, before = said_until(scheduler, "scheduling at")
        address = line.split()[-1]
        assert address.startswith("tls://") and "not encrypted" not in before
        with program("worker", address, "--tls", own, WORKBOOK_ROOT=str(small_places.root)) as worker:
            assert "as tls://" in said_until(worker, "grading for")[0]
            monkeypatch.setenv("WORKBOOK_ROOT", str(small_places.root))
            with Cluster(address, small_places, tls=own) as cluster:
                ((key, result),) = cluster.run([job])
            assert key == "ada" and result["score"] == result["max_score"] > 0
            monkeypatch.setattr(nodes, "JOIN_SECONDS", 2)
            for tls in (None, other):
                for place in (address, address.replace("tls://", "tcp://")):
                    with pytest.raises(PoolFailed, match="no scheduler answers"):
                        Cluster(place, small_places, tls=tls).__enter__()


def test_missing_files_are_named(tmp_path):
    (tmp_path / "tls.crt").touch()
    with pytest.raises(PoolFailed, match="no ca.crt, tls.key in"):
        nodes.credentials(tmp_path)


def test_without_encryption_the_scheduler_warns():
    with program("scheduler", "--host", "127.0.0.1", "--port", "0") as scheduler:
        line, before = said_until(scheduler, "scheduling at tcp://")
    assert "whoever reaches this port can run code here" in before
