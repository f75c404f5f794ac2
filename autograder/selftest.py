"""The sandbox tried from inside: attacks by code in a fresh jail, and the same code in an ordinary process as control, where it must succeed."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.jail.errors import StudentFailure
from autograder.jail.launch import Jail
from autograder.jail.process import StudentProcess
from autograder.limits import MIB, Limits

SMALL = Limits(memory=300 * MIB, processes=20, disk=4 * MIB, files=100, wall=10.0)  # so that reaching a limit takes no time and no memory
FIRST_NUMBER = 500  # process numbers inside are below
LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\ndef check(result):\n    if result != 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))\n"
CHILDREN = "import os, signal, time\nchildren = []\ntry:\n    for _ in range(COUNT):\n        child = os.fork()\n        if child == 0:\n            hog = bytearray(os.urandom(1 << 20)) * SIZE\n            time.sleep(30)\n            os._exit(0)\n" \
           "        children.append(child)\n    time.sleep(1.0)\n    got = len(children)\nfinally:\n    for child in children: os.kill(child, signal.SIGKILL)\n"  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """An attack by code: the layer that holds it off, what it tries, the code (it sets `got`), and code that another job runs before it.

    `cpu` is the time it gets; `control` replaces the same code in an ordinary process, where that would do harm; `rare` is what not every machine has,
    so that there is nothing to hold off.
    """

    layer: str
    what: str
    code: str
    before: str = ""
    cpu: float = 5.0
    control: bool | None = None
    rare: bool = False


@dataclass(frozen=True)
class Observation:
    """What became of an attempt: inside, and outside."""

    attempt: Attempt
    held: bool
    detail: str
    control: bool


def attempts(secret: Path, port: int, process: int) -> list[Attempt]:
    """The attacks, against a file, a listener and a process of our own."""
    written = f"{sys.prefix}/written-by-doctor"
    mark = f"/tmp/left-by-doctor-{os.getpid()}"
    return [
        Attempt("mount namespace", "read a hidden file", f"got = open({str(secret)!r}).read()"),
        Attempt("mount namespace", "write into the installation", f"open({written!r}, 'w').write('x'); got = 1", control=os.access(sys.prefix, os.W_OK), rare=True),
        Attempt("mount namespace", "import the reference", "import autograder; got = autograder.__file__"),
        Attempt("mount namespace", "find what another submission left", f"import os; got = os.stat({mark!r}); os.unlink({mark!r})", before=f"open({mark!r}, 'w').close()"),
        Attempt("process namespace", "see other processes", f"import os; os.kill({process}, 0); got = 1"),
        Attempt("network namespace", "connect to this machine", f"import socket; socket.create_connection(('127.0.0.1', {port}), 2); got = 1"),
        Attempt("cleared environment", "read the environment", "import os; got = os.environ['AUTOGRADER_CANARY']"),
        Attempt("no capabilities", "mount a file system", LIBC + "libc.unshare(0x10020000)\ncheck(libc.mount(b'x', b'/tmp', b'tmpfs', 0, None))\ngot = 1"),
        Attempt("system-call filter", "make a user namespace", LIBC + "check(libc.unshare(0x10000000))\ngot = 1"),
        Attempt("system-call filter", "take memory of no process (memfd)", "import os; got = os.write(os.memfd_create('x'), bytes(1 << 20))"),
        Attempt("system-call filter", "open a socket to the host (vsock)", "import socket; got = socket.socket(40, socket.SOCK_STREAM).family", rare=True),
        Attempt("system-call filter", "queue calls in the kernel (io_uring)", LIBC + "check(libc.syscall(425, 8, ctypes.byref(ctypes.create_string_buffer(120))) < 0)\ngot = 1", rare=True),
        Attempt("resource limits", "take 1 GB in one process", "got = len(bytearray(1 << 30))"),
        Attempt("resource limits", "compute without end", "import time\nwhile time.process_time() < 1.5: pass\ngot = 1", cpu=0.5),
        Attempt("bounded /tmp", "write 8 MB", "import tempfile\nwith tempfile.TemporaryFile() as file:\n    got = file.write(bytes(8 << 20)); file.flush()"),
        Attempt("bounded /tmp", "make 200 files", "import pathlib, tempfile\nwith tempfile.TemporaryDirectory() as name:\n    for i in range(200): pathlib.Path(name, str(i)).touch()\n    got = 1"),
        Attempt("bounds on the whole job", "start 40 processes", CHILDREN.replace("COUNT", "40").replace("SIZE", "0")),
        Attempt("bounds on the whole job", "take 400 MB in four processes", CHILDREN.replace("COUNT", "4").replace("SIZE", "100")),
    ]  # fmt: skip


def self_test(sandboxed: bool = True) -> Iterator[Observation]:
    """Try every attack inside a fresh jail, and outside. Raises SandboxMissing."""
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder, socket.create_server(("127.0.0.1", 0)) as listener, _bystander() as process, Jail(sandboxed) as jail:
        threading.Thread(target=_accept, args=(listener,), daemon=True).start()
        secret = Path(folder) / "secret.txt"
        secret.write_text("secret")
        os.environ["AUTOGRADER_CANARY"] = "1"
        try:
            for attempt in attempts(secret, listener.getsockname()[1], process):
                yield Observation(attempt, *_inside(jail, attempt), _outside(attempt))
        finally:
            del os.environ["AUTOGRADER_CANARY"]


def _inside(jail: Jail, attempt: Attempt) -> tuple[bool, str]:
    """Whether the attempt is held off in the jail, and by what."""
    for code in filter(None, (attempt.before, attempt.code)):
        process = StudentProcess(jail, SMALL, 1)
        try:
            answer = process.request("cells", cpu=attempt.cpu, cells=[{"label": "attempt", "source": code, "definitions_only": False}])
        except StudentFailure as failure:  # its process was ended
            return True, str(failure)
        finally:
            process.close()
    error = answer.observed[-1][0].get("raised")
    return (False, "it worked") if error is None else (True, f"{error['kinds'][0]}: {error['message']}".removesuffix(": "))


def _outside(attempt: Attempt) -> bool:
    """Whether the attempt succeeds in an ordinary process."""
    if attempt.control is not None:
        return attempt.control
    code = f"{attempt.before}\n{attempt.code}\nassert got"
    return subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tempfile.gettempdir()).returncode == 0


@contextmanager
def _bystander() -> Iterator[int]:
    """A process outside, by a number that no process inside has: in a container they count from 1 as well."""
    while (process := subprocess.Popen(["sleep", "600"])).pid < FIRST_NUMBER:
        _end(process)
    try:
        yield process.pid
    finally:
        _end(process)


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


def _accept(listener: socket.socket) -> None:
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return
