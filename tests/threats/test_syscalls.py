"""Row 60: the filter of system calls holds what it lists on both kinds of machines, and memory counts that was swapped out.

Numbers are compared with the kernel's own headers, and the compiled filter is run by a small interpreter of its instructions, so that one kind of machine is
enough to look at both.
"""

import errno
import os
import re
import struct
import sys
from pathlib import Path

import pytest

from autograder.jail.inside import syscalls

HEADERS = {
    "x86_64": [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")],
    "aarch64": [Path("/usr/include/asm-generic/unistd.h"), Path("/usr/include/aarch64-linux-gnu/asm/unistd_64.h")],
}
OTHERS = {"clone": syscalls.CLONE, "clone3": syscalls.CLONE3, "prctl": syscalls.PRCTL, "socket": syscalls.SOCKET}
NEEDED = ("read", "write", "openat", "close", "mmap", "munmap", "mprotect", "brk", "futex", "execve", "exit_group", "getrandom", "ppoll", "recvmsg", "sendto",
          "socketpair", "connect", "kill", "wait4", "pipe2", "dup3", "getdents64", "statx", "ioctl", "sched_yield", "clock_nanosleep", "madvise", "fstat")  # fmt: skip
ALLOWED, REFUSED, ABSENT, KILLED = syscalls.ALLOW, syscalls.ERRNO | errno.EPERM, syscalls.ERRNO | errno.ENOSYS, syscalls.KILL
NAMESPACES = {"CLONE_NEWTIME": 0x80, "CLONE_NEWNS": 0x20000, "CLONE_NEWCGROUP": 0x2000000, "CLONE_NEWUTS": 0x4000000, "CLONE_NEWIPC": 0x8000000, "CLONE_NEWUSER": 0x10000000,
              "CLONE_NEWPID": 0x20000000, "CLONE_NEWNET": 0x40000000}  # fmt: skip
THREAD = 0x3D0F00  # CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID: what pthread_create asks for


def numbers(machine: str) -> dict[str, int]:
    """The system calls of a machine by name, from the kernel's headers."""
    header = next((path for path in HEADERS[machine] if path.exists()), None)
    if header is None:
        pytest.skip(f"the kernel's headers for {machine} are not installed (linux-libc-dev)")
    return {name: int(number) for name, number in re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)\s*$", header.read_text(), re.MULTILINE)}


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the filter says to a call: the kernel's part, as its documentation describes the instructions."""
    kind, column = syscalls.MACHINES[machine]
    program = [struct.unpack("<HBBI", step) for step in syscalls._filter(kind, column)]
    data = struct.pack("<IIQ6Q", number, kind if architecture is None else architecture, 0, *(arguments + (0,) * 6)[:6])
    holds = {syscalls.EQUAL: lambda a, k: a == k, syscalls.AT_LEAST: lambda a, k: a >= k, syscalls.ANY_BIT: lambda a, k: bool(a & k)}
    accumulator, at = 0, 0
    while True:
        code, if_so, if_not, value = program[at]
        at += 1
        if code == syscalls.RETURN:
            return value
        if code == syscalls.LOAD:
            (accumulator,) = struct.unpack_from("<I", data, value)
        else:
            at += if_so if holds[code](accumulator, value) else if_not


@pytest.mark.row(60)
@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_the_numbers_are_the_kernels(machine):
    known, column = numbers(machine), syscalls.MACHINES[machine][1]
    for name, listed in {**syscalls.REFUSED, **OTHERS}.items():
        assert known[name] == listed[column], name


@pytest.mark.row(60)
@pytest.mark.parametrize("machine, elf", [("x86_64", "EM_X86_64"), ("aarch64", "EM_AARCH64")])
def test_the_architectures_are_the_kernels(machine, elf):
    header = Path("/usr/include/linux/elf-em.h")
    if not header.exists():
        pytest.skip("the kernel's headers are not installed (linux-libc-dev)")
    number = int(re.search(rf"^#define {elf}\s+(\d+)", header.read_text(), re.MULTILINE)[1])
    assert syscalls.MACHINES[machine][0] == 0x80000000 | 0x40000000 | number  # 64 bits, little-endian


@pytest.mark.row(60)
@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_the_filter_refuses_what_it_lists_and_nothing_else(machine):
    column = syscalls.MACHINES[machine][1]
    listed = {pair[column] for pair in syscalls.REFUSED.values()}
    special = {pair[column] for pair in OTHERS.values()}
    for number in set(range(600)) - special:
        assert verdict(machine, number, 1) == (REFUSED if number in listed else ALLOWED), number
    known = numbers(machine)
    assert not {known[name] for name in NEEDED} & listed
    assert verdict(machine, 0, architecture=syscalls.MACHINES[machine][0] ^ 1) == KILLED
    assert verdict(machine, syscalls.X32 | 1) == REFUSED


@pytest.mark.row(60)
@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_the_filter_looks_at_arguments(machine):
    """Threads and forks but no namespaces; sockets of the families that a network namespace holds; no process that cannot be measured."""
    clone, clone3, prctl, socket = (OTHERS[name][syscalls.MACHINES[machine][1]] for name in ("clone", "clone3", "prctl", "socket"))
    assert verdict(machine, clone, THREAD) == verdict(machine, clone, 17) == ALLOWED  # 17: SIGCHLD, as fork asks for
    assert {verdict(machine, clone, 17 | flag) for flag in NAMESPACES.values()} == {REFUSED}
    assert syscalls.ANY_NAMESPACE == sum(NAMESPACES.values())
    assert verdict(machine, clone3, 0) == ABSENT
    families = {family: verdict(machine, socket, family) for family in range(64)}
    assert {family for family, said in families.items() if said == ALLOWED} == {1, 2, 10, 16} and set(families.values()) == {ALLOWED, REFUSED}
    assert verdict(machine, socket, 1 << 32 | 40) == REFUSED  # vsock, with a half that the kernel does not look at
    options = {option: verdict(machine, prctl, option) for option in range(80)}
    assert [option for option, said in options.items() if said == REFUSED] == [4] and set(options.values()) == {ALLOWED, REFUSED}


@pytest.fixture
def supervisor(tmp_path, monkeypatch):
    """The supervisor's module, reading from a made-up /proc."""
    monkeypatch.syspath_prepend(str(Path(syscalls.__file__).parent))
    module = __import__("supervisor")
    monkeypatch.setattr(module, "PROC", str(tmp_path))
    yield module
    for name in ("supervisor", "namespaces", "syscalls"):
        sys.modules.pop(name, None)


def process(folder: Path, number: int, resident: int, swapped: int) -> list[bytes]:
    """A process in a made-up /proc, megabytes in memory and swapped out; what the supervisor reads of it at every look."""
    (folder / str(number)).mkdir()
    text = f"Rss: {resident * 1024} kB\nPss_Anon: {resident * 1024} kB\nPss_Shmem: 0 kB\nSwap: {2 * swapped * 1024} kB\nSwapPss: {swapped * 1024} kB\n"
    (folder / str(number) / "smaps_rollup").write_text(text)
    fields = [b"0"] * 40
    fields[21] = str((resident << 20) // os.sysconf("SC_PAGE_SIZE")).encode()
    return fields


MEGABYTE = 1 << 20


@pytest.mark.row(60)
@pytest.mark.parametrize("each, over", [(90, True), (20, False)])
def test_swapped_memory_counts_against_the_limit(supervisor, tmp_path, each, over):
    """Ten processes with hardly anything in memory and much of theirs swapped out, by the share of each."""
    (tmp_path / "meminfo").write_text("MemTotal: 16000000 kB\nSwapTotal: 4000000 kB\nSwapFree: 1000000 kB\n")
    job = {number: process(tmp_path, number, 5, each) for number in range(100, 110)}
    assert supervisor.Memory(600 * MEGABYTE).exceeded(job) is over


@pytest.mark.row(60)
def test_without_swap_no_pages_are_walked(supervisor, tmp_path):
    """Where nothing is swapped out, the pages in memory settle it; where they do not, at every look."""
    (tmp_path / "meminfo").write_text("SwapTotal: 0 kB\nSwapFree: 0 kB\n")
    counted, exact = [], supervisor._memory
    supervisor._memory = lambda number: counted.append(number) or exact(number)
    small, large = process(tmp_path, 7, 100, 0), process(tmp_path, 8, 700, 0)
    assert not supervisor.Memory(600 * MEGABYTE).exceeded({7: small}) and not counted
    assert supervisor.Memory(600 * MEGABYTE).exceeded({7: small, 8: large}) and counted == [7, 8]


@pytest.mark.row(60)
def test_others_swapped_memory_is_looked_through_once_a_second(supervisor, tmp_path, monkeypatch):
    """Swap that is full of other programs' memory costs a job neither its life nor the grader its time."""
    (tmp_path / "meminfo").write_text("SwapTotal: 64000000 kB\nSwapFree: 0 kB\n")
    now, counted, exact = [10.0], [], supervisor._memory
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now[0])
    supervisor._memory = lambda number: counted.append(number) or exact(number)
    job, memory = {9: process(tmp_path, 9, 100, 0)}, supervisor.Memory(600 * MEGABYTE)
    for _ in range(60):
        assert not memory.exceeded(job)
        now[0] += 0.05
    assert len(counted) == 3
