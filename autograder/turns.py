"""One run at a time where two would be in each other's way: a lock on a file, which the kernel takes back from a process however that ends."""

import errno
import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

NO_LOCKS_HERE = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # what a file system answers that has none
LOOK_SECONDS = 0.1


class Taken(RuntimeError):
    """Another run has the turn; the message says which, and what to do."""


@contextmanager
def turn(path: Path, doing: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock on a file, made where it is missing, during the block; the file says who holds it and `doing` what ("grades 03_vae in course").

    wait: seconds to wait for another run's end; Raises Taken after that. The file stays, since whoever removed it could not know who is about to lock it.
    On a file system without locks, it says so and goes on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        if not _locked(file, doing, time.monotonic() + wait):
            raise Taken(_whose(file))
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n{doing}\n")
        file.flush()
        yield


def _locked(file: TextIO, doing: str, until: float) -> bool:
    """Lock a file as soon as nobody else has it locked; False where that is not before `until`."""
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # not lockf, whose lock is gone as soon as any part of the process closes the file
            return True
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(LOOK_SECONDS)
        except OSError as error:
            if error.errno not in NO_LOCKS_HERE:
                raise
            print(f"{file.name}: this file system has no locks ({error.strerror}); see to it yourself that only one run {doing}", file=sys.stderr)
            return True


def _whose(file: TextIO) -> str:
    """The sentence about another run, from what it wrote into the file; in its first moment that is nothing yet."""
    file.seek(0)
    who, _, doing = file.read().strip().partition("\n")
    return f"another run ({who or 'begun this moment'}) {doing or 'has its turn here'}; wait for it or stop it, then give the same command again"
