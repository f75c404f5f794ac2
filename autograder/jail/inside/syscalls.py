"""System calls that a notebook never needs and that would leave the job's limits: refused by a seccomp filter.

New namespaces would hide processes from the supervisor that counts them; memfd, System V shared memory and io_uring hold memory that belongs to
no process; ptrace and its kin look into others; keys and bpf outlive the job.
"""

import ctypes
import errno
import os
import struct

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF: ld [k]; jeq; jge; jset; ret
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data (the low half of the argument: both machines are little-endian)
ANY_NAMESPACE = 0x7E020080  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWTIME
PR_SET_DUMPABLE, PR_SET_SECCOMP, MODE_FILTER = 4, 22, 2
X32 = 0x40000000  # x86-64's second calling convention, with numbers of its own
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
CLONE, CLONE3, PRCTL, SOCKET = (56, 220), (435, 435), (157, 167), (41, 198)
FAMILIES = (1, 2, 10, 16)  # unix, IPv4, IPv6, netlink: those that a network namespace holds; others (vsock) reach the host
REFUSED = {
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "mount_setattr": (442, 442),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "kexec_load": (246, 104),
    "init_module": (175, 105), "finit_module": (313, 273),
}  # fmt: skip


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def refuse_dangerous_calls() -> bool:
    """Install the filter for this process and all it starts, for good; False on a machine whose call numbers are not listed. Raises OSError."""
    if not CODE:
        return False
    program = _Program(len(CODE) // 8, CODE)
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")
    return True


def number_of_clone() -> int:
    """The number of the system call that forks into new namespaces. Raises OSError on a machine whose call numbers are not listed."""
    machine = os.uname().machine
    if machine not in MACHINES:
        raise OSError(errno.ENOSYS, f"no system call numbers are known for {machine}, only for {', '.join(MACHINES)}")
    return CLONE[MACHINES[machine][1]]


def _filter(architecture: int, column: int):
    """The instructions. A jump's two numbers say how many instructions to skip if it holds, and if not."""
    refused = _step(RETURN, ERRNO | errno.EPERM)
    yield _step(LOAD, ARCHITECTURE)
    yield _step(EQUAL, architecture, 1, 0)
    yield _step(RETURN, KILL)
    yield _step(LOAD, NUMBER)
    yield _step(AT_LEAST, X32, 0, 1)
    yield refused
    for numbers in REFUSED.values():
        yield _step(EQUAL, numbers[column], 0, 1)
        yield refused
    yield _step(EQUAL, CLONE3[column], 0, 1)
    yield _step(RETURN, ERRNO | errno.ENOSYS)  # its flags lie in memory, out of a filter's sight; libc falls back to clone
    yield _step(EQUAL, SOCKET[column], 0, len(FAMILIES) + 3)
    yield _step(LOAD, FIRST_ARGUMENT)
    for left, family in reversed(list(enumerate(FAMILIES))):
        yield _step(EQUAL, family, left + 1, 0)
    yield refused
    yield _step(RETURN, ALLOW)
    yield _step(EQUAL, CLONE[column], 0, 4)
    yield _step(LOAD, FIRST_ARGUMENT)
    yield _step(ANY_BIT, ANY_NAMESPACE, 0, 1)
    yield refused
    yield _step(RETURN, ALLOW)
    yield _step(EQUAL, PRCTL[column], 0, 3)
    yield _step(LOAD, FIRST_ARGUMENT)
    yield _step(EQUAL, PR_SET_DUMPABLE, 0, 1)  # a process that cannot be dumped cannot be measured by the supervisor either
    yield refused
    yield _step(RETURN, ALLOW)


def _step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_so, if_not, value)


CODE = b"".join(_filter(*MACHINES[os.uname().machine])) if os.uname().machine in MACHINES else b""  # made once, before any job is forked
