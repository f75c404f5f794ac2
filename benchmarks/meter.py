"""Memory and computing time of process trees, read from outside while they run."""

import threading
from collections.abc import Iterable

import psutil

INTERVAL = 0.25  # seconds between two looks


class Meter(threading.Thread):
    """Watches some processes with all their descendants until `stop`; then `peak` is the most memory they had together at one look, in bytes.

    Counted is the proportional set size: a page that k processes share counts 1/k in each, so that a fork is not counted twice. Where the system
    does not tell it (another user's process), the resident set stands for it, which is more.
    """

    def __init__(self, pids: Iterable[int]):
        super().__init__(daemon=True)
        self.roots, self.peak, self._done = [psutil.Process(pid) for pid in pids], 0, threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            self.peak = max(self.peak, sum(memory(process) for process in trees(self.roots)))
            self._done.wait(INTERVAL)

    def stop(self) -> None:
        """End the watch."""
        self._done.set()
        self.join()


def trees(roots: list[psutil.Process]) -> set[psutil.Process]:
    """The processes and all below them that are alive now."""
    found = set(roots)
    for root in roots:
        try:
            found.update(root.children(recursive=True))
        except psutil.NoSuchProcess:
            continue
    return found


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
