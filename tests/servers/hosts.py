"""Hosts on this machine: network namespaces, each with its own interface and address, on a switch of their own. Needs root and iproute2."""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field

NUMBERS = itertools.count()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def missing() -> str:
    """Why no hosts can be had here; empty where they can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need root on Linux"
    if not shutil.which("ip"):
        return "network namespaces need the program ip (Debian's package iproute2)"
    name = f"trial-{os.getpid()}"
    done = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if done.returncode:
        return f"network namespaces cannot be made here: {done.stderr.strip()}"
    _ip("netns", "del", name)
    return ""


@dataclass
class Host:
    """A namespace with one interface, eth0."""

    name: str
    address: str
    programs: list[subprocess.Popen] = field(default_factory=list)

    def start(self, *command: str, **environment: str) -> subprocess.Popen:
        """Run a module of this environment on the host: `start("autograder.cli", "worker", ...)`. Its output is one readable stream."""
        program = subprocess.Popen(
            ["ip", "netns", "exec", self.name, sys.executable, "-m", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | environment, start_new_session=True,
        )  # fmt: skip
        self.programs.append(program)
        return program

    def kill(self) -> None:
        """As by a power failure of its programs: the kernel still closes their connections."""
        for program in self.programs:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()

    def unplug(self) -> None:
        """Take the link down: nothing closes, nothing answers."""
        _ip("-n", self.name, "link", "set", "eth0", "down")


@contextlib.contextmanager
def network(count: int):
    """Hosts at 10.77.0.1, 10.77.0.2, ... that reach each other and nothing else; all is gone after the block."""
    mark = f"{os.getpid()}-{next(NUMBERS)}"
    switch, hosts = f"switch-{mark}", []
    _ip("netns", "add", switch)
    try:
        _ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        _ip("-n", switch, "link", "set", "bridge", "up")
        for number in range(1, count + 1):
            hosts.append(_host(f"host-{mark}-{number}", switch, number))
        yield hosts
    finally:
        for host in hosts:
            host.kill()
        for name in [*(host.name for host in hosts), switch]:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def _host(name: str, switch: str, number: int) -> Host:
    _ip("netns", "add", name)
    host = Host(name, f"10.77.0.{number}")
    _ip("-n", switch, "link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
    _ip("-n", switch, "link", "set", f"port{number}", "master", "bridge", "up")
    _ip("-n", name, "addr", "add", f"{host.address}/24", "dev", "eth0")
    for interface in ("lo", "eth0"):
        _ip("-n", name, "link", "set", interface, "up")
    return host


def line_of(program: subprocess.Popen, beginning: str) -> str:
    """Read a program's output up to a line that begins so; that line. Raises AssertionError with what it said where it ends before."""
    said = []
    for line in program.stdout:
        said.append(line)
        if line.startswith(beginning):
            return line
    raise AssertionError(f"ended without {beginning!r}:\n{''.join(said)}")
