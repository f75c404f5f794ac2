"""Linux calls that Python's library lacks: namespaces, mounts, capabilities. Every failure raises OSError with what was tried."""

import ctypes
import os
import resource
import signal
import sys

import syscalls

NEW_MOUNTS, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NET = 0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
READ_ONLY, NO_SUID, NO_DEV, NO_EXEC, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 8, 32, 4096, 1 << 14, 1 << 18
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 1, 24, 38, 47, 4
LAST_CAPABILITY = 63
RESERVED = 300  # process numbers below are given out once only

_libc = ctypes.CDLL(None, use_errno=True)
_holding_the_lock = ctypes.PyDLL(None, use_errno=True)  # the interpreter's, which a new process could not take back
_outside = os.getuid(), os.getgid()  # before there are other namespaces


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _write(path: str, text: str) -> None:
    """Write to a file of the kernel's. A job does this as its first steps, where what Python's own files need would have to be copied for it first."""
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def fork_into_namespaces() -> int:
    """As os.fork, with the new process the first one in new user, process, network and IPC namespaces: its number, or 0 in it.

    The system call itself, because a process cannot enter a new process namespace but by being born in it, and a second fork for that would copy
    a large process once more. What Python does around its own fork is done here too; what C libraries asked to be told of a fork is left out, which in a process of
    one thread is nothing but CUDA's and its like's note that they cannot go on.
    """
    flags = NEW_USER | NEW_PID | NEW_NET | NEW_IPC | signal.SIGCHLD
    number = syscalls.number_of_clone()
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = _holding_the_lock.syscall(number, flags, 0, 0, 0, 0)
    error = ctypes.get_errno()
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    else:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(error, f"clone into namespaces: {os.strerror(error)}")
    return pid


def become_user() -> None:
    """Be the user 1000 of one's new user namespace, who is nobody else outside of it."""
    uid, gid = _outside
    for name, text in (("setgroups", "deny"), ("uid_map", f"1000 {uid} 1"), ("gid_map", f"1000 {gid} 1")):
        _write(f"/proc/self/{name}", text)


def mount_private_files(disk_bytes: int, files: int) -> None:
    """In a mount namespace of one's own (the warm process keeps its /proc): a bounded /tmp and /dev/shm, an empty /proc."""
    _checked(_libc.unshare(NEW_MOUNTS), "unshare mounts")
    _checked(_libc.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None), "make mounts private")
    limits = f"size={disk_bytes},nr_inodes={files},mode=0700".encode()
    shown = {path: os.open(path, os.O_PATH | os.O_DIRECTORY) for path in _python_in_tmp()}
    _checked(_libc.mount(b"tmpfs", b"/tmp", b"tmpfs", NO_SUID | NO_DEV, limits), "mount /tmp")
    for path, handle in shown.items():
        os.makedirs(path)
        _checked(_libc.mount(f"/proc/self/fd/{handle}".encode(), path.encode(), None, BIND | RECURSIVE, None), f"show {path}")
        os.close(handle)
    if os.path.isdir("/dev/shm"):
        _checked(_libc.mount(b"tmpfs", b"/dev/shm", b"tmpfs", NO_SUID | NO_DEV | NO_EXEC, limits), "mount /dev/shm")
    _checked(_libc.mount(b"tmpfs", b"/proc", b"tmpfs", NO_SUID | NO_DEV | NO_EXEC | READ_ONLY, b"size=4k,mode=0555"), "cover /proc")


def _python_in_tmp() -> list[str]:
    """The folders of this Python that lie in /tmp, where it was installed there; none inside another."""
    folders = {os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, sys.exec_prefix)} | {sys.prefix, sys.base_prefix}
    below = sorted(path for path in folders if path.startswith("/tmp/"))
    return [path for path in below if not any(path.startswith(f"{other}/") for other in below)]


def drop_capabilities() -> None:
    """Give up every capability, for good."""
    _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(LAST_CAPABILITY + 1):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # beyond the kernel's last capability
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _checked(_libc.capset(header, data), "capset")


def forbid_new_namespaces() -> None:
    """Let this user namespace have no further ones inside; where the kernel does not let us say so, the filter of system calls still refuses them."""
    try:
        _write("/proc/sys/user/max_user_namespaces", "0")
    except OSError:
        return


def die_with_parent() -> None:
    """Be killed when the parent process ends."""
    _checked(_libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0), "pdeathsig")


def limit_processes(count: int) -> None:
    """Bound the process numbers of this (new) process namespace, where the kernel keeps that bound per namespace (6.14 and later).

    The kernel takes no bound below 301, and gives out numbers from 300 on once the last one was beyond 300: so it is told that it was.
    RLIMIT_NPROC bounds the same, but not for a grader that runs as root.
    """
    release = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
    if release >= (6, 14):  # earlier kernels have one bound for the whole machine, which is not ours to set
        try:
            _write("/proc/sys/kernel/pid_max", str(RESERVED + max(count, 1)))
            _write("/proc/sys/kernel/ns_last_pid", str(RESERVED))
        except OSError:
            return  # the watching supervisor still counts


def limit_resources(memory: int, cpu: int, disk_bytes: int, processes: int) -> None:
    """Per-process limits: address space beyond what is mapped now, CPU seconds, file size, open files, processes, no core dump."""
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    for kind, value in (
        (resource.RLIMIT_AS, mapped + memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, disk_bytes),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))
