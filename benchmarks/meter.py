"""Memory and computing time of process trees, read from outside while they run."""

import threading
from collections.abc import Iterable

import psutil

INTERVAL = 0.25  # seconds between two looks
MEMORY_EVERY = 4  # looks: the system walks through all pages of a process to tell its memory, and the time that this takes is the contestants'


class Meter(threading.Thread):
    """Watches some processes with all their descendants until `stop`; then `cpu` is the CPU seconds that they used meanwhile, those included that have ended,
    and `peak` the most memory they had together at one look, in bytes.

    A process that ends hands its CPU seconds on to the parent that takes leave of it. Where it is killed together with its parent they are gone, so what is
    added up is what came between two looks; only what it used after the last look is lost.

    Counted is the proportional set size: a page that k processes share counts 1/k in each, so that a fork is not counted twice. Where the system
    does not tell it (another user's process), the resident set stands for it, which is more.
    """

    def __init__(self, pids: Iterable[int]):
        super().__init__(daemon=True)
        self.roots, self.peak, self.cpu, self._done = [psutil.Process(pid) for pid in pids], 0, 0.0, threading.Event()
        self._seen = self._used(trees(self.roots))

    def run(self) -> None:
        looks = 0
        while not self._done.is_set():
            self._look(looks % MEMORY_EVERY == 0)
            looks += 1
            self._done.wait(INTERVAL)

    def stop(self) -> None:
        """End the watch with a last look."""
        self._done.set()
        self.join()
        self._look(True)

    def _look(self, at_memory: bool) -> None:
        alive = trees(self.roots)
        self._seen, before = self._used(alive), self._seen
        self.cpu += max(0.0, self._seen - before)
        if at_memory:
            self.peak = max(self.peak, sum(memory(process) for process in alive))

    @staticmethod
    def _used(alive: set[psutil.Process]) -> float:
        return sum(computed(process) for process in alive)


def trees(roots: list[psutil.Process]) -> set[psutil.Process]:
    """The processes and all below them that are alive now."""
    found = set(roots)
    for root in roots:
        try:
            found.update(root.children(recursive=True))
        except psutil.NoSuchProcess:
            continue
    return found


def computed(process: psutil.Process) -> float:
    """CPU seconds of a process and of its children that have ended; 0 for one that has ended itself."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system + times.children_user + times.children_system


def memory(process: psutil.Process) -> int:
    """Proportional (or else resident) set size in bytes; 0 for one that has ended."""
    try:
        return process.memory_full_info().pss
    except psutil.AccessDenied:
        try:
            return process.memory_info().rss
        except psutil.Error:
            return 0
    except psutil.Error:
        return 0
