"""The job's supervisor: makes its namespaces, starts the student's process as their first process, watches it and ends it.

It runs no code of the student's. It answers the trusted side over the control socket: {"usage": ...} on request, {"end": ...} at the end.
"""

import json
import os
import select
import signal
import socket
import time

import namespaces
import syscalls

TICK = 0.05  # seconds between two looks at the job
COUNTED = ("Pss_Anon", "Pss_Shmem", "SwapPss", "Shared_Hugetlb", "Private_Hugetlb")
CLOCK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
RESIDENT = 21  # the field of /proc/PID/stat, counted from the one after the name
SLACK = 4096  # pages by which the kernel's quick count may lag behind
SWAP_LOOK = 1.0  # seconds between two exact counts where only what the machine has swapped out asks for one
PROC = "/proc"


def supervise(limits: dict, channel: socket.socket, control: socket.socket, sandboxed: bool) -> None:
    """Start the job and stay until it has ended or the trusted side closes the control socket; then kill all of it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        if sandboxed:
            namespaces.die_with_parent()
            namespaces.enter_namespaces()
        pid = os.fork()
    except OSError as error:
        _tell(control, {"end": "sandbox", "detail": str(error)})
        return
    if pid == 0:
        control.close()
        _become_student(limits, channel, sandboxed)
    channel.close()
    clock = Clock()
    reason = _watch(pid, limits, control, sandboxed, clock)
    if reason is not None:
        _tell(control, {"end": reason, "used": clock.seen})  # before the kill: a crowd of processes takes its time to go
    _kill(pid, sandboxed)
    _, status = os.waitpid(pid, 0)
    code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    _tell(control, {"end": "exit", "code": code, "used": clock.seen})


def _become_student(limits: dict, channel: socket.socket, sandboxed: bool) -> None:
    """In the new process: close the door behind, then serve calls."""
    try:
        os.setsid()  # a signal to one's own group must not reach the supervisor's and the warm process's
        if sandboxed:
            namespaces.limit_processes(limits["processes"])
            namespaces.forbid_new_namespaces()
        namespaces.limit_resources(limits["memory"], limits["cpu"], limits["disk"], limits["processes"])
        if sandboxed:
            namespaces.mount_private_files(limits["disk"], limits["files"])
            namespaces.drop_capabilities()
            syscalls.refuse_dangerous_calls()
        from driver import Driver

        Driver(channel, limits).serve()
    except OSError as error:
        channel.sendall(b"")
        os.write(2, f"job: {error}\n".encode())
        os._exit(70)
    os._exit(0)


def _watch(pid: int, limits: dict, control: socket.socket, sandboxed: bool, clock: "Clock") -> str | None:
    """Answer questions and watch the limits until the job ends by itself (None) or must be ended (the reason)."""
    child, memory, next_look = os.pidfd_open(pid), Memory(limits["memory"]), 0.0
    try:
        while True:
            ready, _, _ = select.select([child, control], [], [], max(0.0, next_look - time.monotonic()))
            if child in ready:
                return None
            processes = _family(pid) if sandboxed else {pid: _stat(pid)}
            used = clock.seconds(processes)
            if control in ready:
                if not control.recv(4096):
                    return "closed"
                _tell(control, {"usage": used, "queued": clock.queued(processes), "threads": sum(int(stat[17]) for stat in processes.values() if stat)})
            if time.monotonic() < next_look:
                continue
            next_look = time.monotonic() + TICK
            if len(processes) > limits["processes"]:
                return "processes"
            if memory.exceeded(processes):
                return "memory"
            if time.monotonic() > limits["until"]:
                return "time"
    finally:
        os.close(child)


def _stat(process: int) -> list[bytes] | None:
    """The fields of /proc/PID/stat after the name (parent, times, ...), readable for every process; None where it is gone."""
    try:
        with open(f"{PROC}/{process}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return None


def _family(pid: int) -> dict[int, list[bytes]]:
    """The job's processes: all descendants of its first one, to which the kernel gives every orphan of its process namespace."""
    stats = {int(name): stat for name in os.listdir(PROC) if name.isdigit() and (stat := _stat(int(name)))}
    children: dict[int, list[int]] = {}
    for process, stat in stats.items():
        children.setdefault(int(stat[1]), []).append(process)
    found, look_at = {}, [pid]
    while look_at:
        process = look_at.pop()
        if process in stats:
            found[process] = stats[process]
            look_at += children.get(process, [])
    return found


class Clock:
    """CPU seconds of all processes that a job ever had, those too whose parent never asked after them."""

    def __init__(self):
        self.own: dict[tuple[int, bytes], int] = {}
        self.seen = self.waited = 0.0

    def seconds(self, processes: dict) -> float:
        """Given the living processes by number: what the living used with their collected children, or what each was last seen to have used by itself, whichever is more."""
        living = 0
        for process, stat in processes.items():
            if stat:
                user, system, childs_user, childs_system = (int(value) for value in stat[11:15])
                living += user + system + childs_user + childs_system
                self.own[process, stat[19]] = user + system
        self.seen = max(self.seen, max(living, sum(self.own.values())) / CLOCK)
        return self.seen

    def queued(self, processes) -> float:
        """Seconds that the job's threads were ready to compute while the machine computed for others; 0 where the kernel does not say."""
        self.waited = max(self.waited, sum(_queued(process) for process in processes))
        return self.waited


def _queued(process: int) -> float:
    """Seconds that a process's threads have waited for a processor."""
    total = 0
    try:
        for thread in os.listdir(f"{PROC}/{process}/task"):
            with open(f"{PROC}/{process}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[1])
    except (OSError, IndexError):  # gone meanwhile, or a kernel without these figures
        pass
    return total / 1e9


class Memory:
    """Whether a job holds more memory than it may, whether that is in memory or has been swapped out.

    An exact count costs the kernel a walk through all pages of each process, a hundred times as long as what is read of them anyway. It is made only where
    that does not settle it: by pages in memory alone at every look, by these and all that the machine has swapped out (whose it is, is not known) once a second.
    """

    def __init__(self, limit: int):
        self.limit, self.next = limit, 0.0

    def exceeded(self, processes: dict) -> bool:
        """Given what was read of the processes, by number."""
        there = _resident_at_most(processes)
        if there <= self.limit:
            if there + _swapped_out() <= self.limit or time.monotonic() < self.next:
                return False
            self.next = time.monotonic() + SWAP_LOOK
        return sum(map(_memory, processes)) > self.limit


def _swapped_out() -> float:
    """Bytes that this machine has swapped out, whoever they belong to; infinity where it does not say."""
    try:
        with open(f"{PROC}/meminfo") as file:
            known = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in file)}
        return (known["SwapTotal"] - known["SwapFree"]) * 1024
    except (OSError, KeyError, ValueError):
        return float("inf")


def _resident_at_most(processes: dict) -> int:
    """Bytes in memory that the processes cannot exceed: all pages of each, shared ones counted every time."""
    return sum((int(stat[RESIDENT]) + SLACK) * PAGE for stat in processes.values() if stat)


def _memory(process: int) -> int:
    """Bytes of anonymous and shared memory that count for this process (proportional where pages are shared)."""
    try:
        with open(f"{PROC}/{process}/smaps_rollup") as file:
            wanted = [line.split() for line in file if line.startswith(COUNTED)]
    except PermissionError:
        return _resident(process)
    except OSError:
        return 0
    return sum(int(parts[1]) for parts in wanted) * 1024


def _resident(process: int) -> int:
    """Bytes of private memory by a coarser count that every process shows."""
    try:
        with open(f"{PROC}/{process}/statm") as file:
            _, resident, shared = (int(value) for value in file.read().split()[:3])
    except OSError:
        return 0
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


def _kill(pid: int, sandboxed: bool) -> None:
    """End the job: the first process of a process namespace takes all others with it."""
    try:
        os.kill(pid, signal.SIGKILL)
        if not sandboxed:
            os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _tell(control: socket.socket, message: dict) -> None:
    try:
        control.send(json.dumps(message).encode())
    except OSError:
        pass
