"""The warm process: what makes a fork of it cheap."""

import ctypes
import gc
import json
import mmap
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from grading import VAE, grade, notebook, outcomes

from autograder import garbage, worker
from autograder.jail.inside.heap import COLLAPSE, LARGE
from autograder.jail.launch import INSIDE, Jail
from autograder.jail.process import StudentProcess
from autograder.limits import Limits
from autograder.meter import descendants, parents
from autograder.pool import Pool
from autograder.submission import Submission
from autograder.worker import Job


def kernel_collapses() -> bool:
    """Whether this kernel puts memory into large pages when it is asked to."""
    with mmap.mmap(-1, 4 * LARGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.write(bytes(4 * LARGE))
        try:
            memory.madvise(COLLAPSE)
        except OSError:
            return False
    return True


@pytest.mark.skipif(not kernel_collapses(), reason="a kernel before 6.1")
def test_most_of_its_memory_is_in_large_pages():
    with Jail() as jail:
        jail.wait_ready()
        warm = [jail.process.pid, *descendants(jail.process.pid, parents())][-1]
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in Path(f"/proc/{warm}/smaps_rollup").read_text().splitlines()[1:]}
    assert sizes["AnonHugePages"] > sizes["Anonymous"] / 2


HOLES = """
import ctypes, json, sys
sys.path.insert(0, sys.argv[1])
import heap

def holes():
    usage = ctypes.CDLL(None).mallinfo2
    usage.restype = heap.Usage
    now = usage()
    return now.fordblks - now.keepcost

texts = [bytearray(1000 + 16 * (i % 200)) for i in range(5000)]
del texts[::2]
before = holes()
heap.settle()
print(json.dumps([before, holes()]))
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="a C library other than glibc 2.33 or later")
def test_holes_in_its_memory_are_filled_before_it_is_forked():
    said = subprocess.run([sys.executable, "-c", HOLES, str(INSIDE)], capture_output=True, text=True, check=True)
    before, after = json.loads(said.stdout)
    assert before > 1_000_000 and after < 10_000


POOLS = """
import os, resource, sys
sys.path.insert(0, sys.argv[1])
import heap

def pages_written(blocks):
    read, write = os.pipe()
    if os.fork() == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        new = [bytes(40) for _ in range(blocks)]
        os.write(write, str(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before).encode())
        os._exit(0)
    os.wait()
    return int(os.read(read, 100))

texts = [bytes(40) for _ in range(400_000)]
del texts[::200]  # 2,000 holes, each in a page of its own
before = pages_written(1500)
heap.settle()
print(before, pages_written(1500))
"""


def test_small_objects_of_a_fork_lie_close_together():
    """1,500 of 80 bytes fit into thirty pages; in holes they come to a thousand and more."""
    said = subprocess.run([sys.executable, "-c", POOLS, str(INSIDE)], capture_output=True, text=True, check=True)
    before, after = map(int, said.stdout.split())
    assert before > 1000 and after < 200


LOADED = {"label": "1", "source": "import sys\ndef loaded(name):\n    return name in sys.modules", "definitions_only": False}


def test_what_an_assignment_names_is_loaded_for_its_jobs_before_they_start():
    with Jail() as jail:
        for modules, found in (((), False), (("xml.dom.minidom", "no_such_module"), True), ((), True)):
            process = StudentProcess(jail, Limits(modules=modules), 1)
            process.request("cells", cpu=10.0, cells=[LOADED])
            assert process.request("call", cpu=10.0, name="loaded", args=["xml.dom.minidom"]).header["value"] is found
            process.close()


FORKING = {"label": "1", "source": """
import multiprocessing, os, random, threading, time

def in_a_child():
    idle = threading.Thread(target=time.sleep, args=(60,), daemon=True)
    idle.start()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return [*pool.apply(seen), random.random()]

def seen():
    return [threading.active_count(), random.random()]
""", "definitions_only": False}  # fmt: skip


def test_what_the_students_code_forks_is_made_fit_for_it_as_python_does():
    """Its threads are those that it has, and chance goes another way there."""
    with Jail() as jail:
        process = StudentProcess(jail, Limits(), 1)
        process.request("cells", cpu=10.0, cells=[FORKING])
        threads, there, here = process.request("call", cpu=10.0, name="in_a_child", args=[]).header["value"]
        process.close()
    assert threads == 1 and there != here


def bubblewraps(pid: int) -> list[int]:
    """The sandboxes that a process has started itself."""
    return [child for child, parent in parents().items() if parent == pid and Path(f"/proc/{child}/comm").read_text().startswith("bwrap")]


def test_workers_share_a_sandbox_and_make_their_own_when_it_is_lost():
    """What notebooks need is loaded once for all workers; the shared sandbox killed, nobody loses a point."""
    jobs = [Job(str(number), Submission(VAE, "student", notebook(), {}), 7, ("kl_weight",)) for number in range(4)]
    with Pool(2) as pool:
        list(pool.run(jobs))
        (shared,) = {pid for pid in bubblewraps(os.getpid()) if pid == pool._jails[0].process.pid}
        assert [bubblewraps(worker.process.pid) for worker in pool._all] == [[], []]
        pool._jails[0].process.kill()
        pool._jails[0].process.wait()
        judged = list(pool.run(jobs * 2))
        assert len(judged) == 8 and {outcomes(result)["kl_weight"] for _, result in judged} == {"passed"}
        assert all(len(bubblewraps(worker.process.pid)) == 1 for worker in pool._all)
        assert outcomes(grade(pool, notebook(), ("kl_weight",)))["kl_weight"] == "passed"
    assert shared not in parents()


class Line:
    """In the place of a connection: gives these messages in turn, then its end."""

    def __init__(self, *messages):
        self.messages = list(messages)

    def poll(self):
        return bool(self.messages)

    def recv(self):
        if not self.messages:
            raise EOFError
        return self.messages.pop(0)


def test_a_worker_that_starts_loads_what_it_will_need_and_takes_no_note_for_a_job():
    loaded, job = [], Job("a", Submission(VAE, "a", b"", {}))

    def broken(name):
        loaded.append(name)
        raise SyntaxError("a reference that cannot be loaded")

    worker._look_ahead(Line(worker.Soon(VAE)), SimpleNamespace(reference=broken))
    worker._look_ahead(Line(), SimpleNamespace(reference=broken))
    assert loaded == [VAE]
    line = Line(worker.Soon(VAE), job, worker.Soon(VAE))
    assert worker._next(line) is job and worker._next(line) is None


def test_garbage_is_looked_for_as_before_once_the_work_is_done():
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with pytest.raises(KeyError), garbage.seldom():
        assert gc.get_threshold() == garbage.YOUNG and gc.get_freeze_count() > frozen
        raise KeyError
    assert gc.get_threshold() == before and gc.get_freeze_count() == 0
