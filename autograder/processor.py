"""One processor for a submission: the grader and the student's process take turns, and where they do so on one processor, each finds its caches warm
and nobody has to be woken on another. A machine with several is kept busy by several workers."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def kept() -> Iterator[int | None]:
    """Keep the calling thread on the processor where the system has put it, for the time of the block: its number, for the student's process.

    The system chooses an idle one for a worker that wakes up with a new submission; it may choose another one for the next. None where it cannot be kept.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield None
        return
    allowed, number = os.sched_getaffinity(0), ctypes.CDLL(None).sched_getcpu()
    try:
        os.sched_setaffinity(0, {number})
    except (OSError, ValueError):  # it was taken away meanwhile
        yield None
        return
    try:
        yield number
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, allowed)
