"""The jobs of a warm process: each is a student's process in namespaces of its own, with all that it starts, watched and ended from here.

Nothing here runs code of the student's. Each job's trusted side is answered over its control socket: {"usage": ...} on request, {"end": ...} at the end.
"""

import json
import os
import signal
import socket
import time

import namespaces
import syscalls

TICK = 0.05  # seconds between two looks at a job
BROKEN = 70  # how a job's process ends that could not be set up
CLOSED = "closed"  # why a job ends whose trusted side is gone, or has no more use for it
MOST_FILES = 1 << 16  # numbers of open files that the warm process has at most
COUNTED = ("Pss_Anon", "Pss_Shmem", "SwapPss", "Shared_Hugetlb", "Private_Hugetlb")
CLOCK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
RESIDENT = 21  # the field of /proc/PID/stat, counted from the one after the name
SLACK = 4096  # pages by which the kernel's quick count may lag behind
SWAP_LOOK = 1.0  # seconds between two exact counts where only what the machine has swapped out asks for one
PROC = "/proc"
MOST_READ = 1 << 16  # bytes; what is read here has some hundreds, /proc/meminfo two thousand


class Job:
    """A student's process with its limits and its control socket. It lasts until its first process has ended, by itself, by a limit, or since its control socket closed."""

    def __init__(self, limits: dict, channel: socket.socket, control: socket.socket, sandboxed: bool):
        """Start it. Raises OSError where the system does not let us; the trusted side has been told then."""
        self.limits, self.control, self.sandboxed = limits, control, sandboxed
        try:
            self.pid = namespaces.fork_into_namespaces() if sandboxed else os.fork()
        except OSError as error:
            _tell(control, {"end": "sandbox", "detail": str(error)})
            channel.close()
            control.close()
            raise
        if self.pid == 0:
            try:
                _become_student(limits, channel, sandboxed)
            finally:
                os._exit(1)  # whatever a student's code brings about there, that process never goes on as this one
        channel.close()
        self.clock, self.memory, self.next_look = Clock(), Memory(limits["memory"]), time.monotonic() + TICK
        self.process = os.pidfd_open(self.pid)
        self.ending = False  # whether it has been killed

    def waited_for(self) -> list:
        """What becomes readable when there is something to do."""
        return [self.process] if self.ending else [self.process, self.control]

    def attend(self, ready: set) -> bool:
        """Answer a question, look at the limits if it is time; False where the job is over. `ready`: what is readable."""
        if self.process in ready:
            self.bury()
            return False
        if not self.ending and (self.control in ready or time.monotonic() >= self.next_look):
            reason = self.look(self.control in ready)
            if reason is not None:
                if reason != CLOSED:
                    _tell(self.control, {"end": reason, "used": self.clock.seen})  # before the kill: a crowd of processes takes its time to go
                self.kill()
        return True

    def look(self, asked: bool) -> str | None:
        """Tell what the job has used, where that is asked; why it must be ended, or None."""
        processes = _family(self.pid) if self.sandboxed else {self.pid: _stat(self.pid)}
        used = self.clock.seconds(processes)
        if asked:
            if self.is_closed():
                return CLOSED
            _tell(self.control, {"usage": used, "queued": self.clock.queued(processes), "threads": sum(int(stat[17]) for stat in processes.values() if stat)})
        if time.monotonic() < self.next_look:
            return None
        self.next_look = time.monotonic() + TICK
        if len(processes) > self.limits["processes"]:
            return "processes"
        if self.memory.exceeded(processes):
            return "memory"
        return "time" if time.monotonic() > self.limits["until"] else None

    def is_closed(self) -> bool:
        """Take one question; whether it is the end of all questions."""
        try:
            return not self.control.recv(4096)
        except OSError:  # closed with an answer unread
            return True

    def kill(self) -> None:
        """End the job: the first process of a process namespace takes all others with it."""
        self.ending, self.next_look = True, float("inf")
        try:
            os.kill(self.pid, signal.SIGKILL)
            if not self.sandboxed:
                os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def bury(self) -> None:
        """Take leave of the process that has ended, and say how."""
        if not self.sandboxed:
            self.kill()  # what it left running
        _, status = os.waitpid(self.pid, 0)
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        _tell(self.control, {"end": "exit", "code": code, "used": self.clock.seen})
        os.close(self.process)
        self.control.close()


def _become_student(limits: dict, channel: socket.socket, sandboxed: bool) -> None:
    """In the new process: close the door behind, then serve calls. Does not return."""
    try:
        os.setsid()  # a signal to one's own group must not reach the warm process
        close_all_but(channel)
        if sandboxed:
            namespaces.become_user()
            namespaces.limit_processes(limits["processes"])
            namespaces.forbid_new_namespaces()
        namespaces.limit_resources(limits["memory"], limits["cpu"], limits["disk"], limits["processes"])
        if sandboxed:
            namespaces.mount_private_files(limits["disk"], limits["files"])
            namespaces.drop_capabilities()
            namespaces.die_with_parent()
            syscalls.refuse_dangerous_calls()
        import forks
        from driver import Driver

        forks.let_go()
        driver = Driver(channel, limits)
        driver.set_up()
    except OSError as error:
        os.write(2, f"job: {error}\n".encode())
        os._exit(BROKEN)
    driver.serve()
    os._exit(0)


def close_all_but(kept: socket.socket) -> None:
    """Close what the process that this one was forked from has open, its own sockets and its jobs', but the standard files."""
    os.closerange(3, kept.fileno())
    os.closerange(kept.fileno() + 1, MOST_FILES)


def _stat(process: int) -> list[bytes] | None:
    """The fields of /proc/PID/stat after the name (parent, times, ...), readable for every process; None where it is gone."""
    try:
        return _read(f"{PROC}/{process}/stat").rpartition(b")")[2].split()
    except OSError:
        return None


def _read(path: str) -> bytes:
    """A short file of the kernel's. Looks at a job are many, and most of what one costs would be Python's own files."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, MOST_READ)
    finally:
        os.close(file)


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
            total += int(_read(f"{PROC}/{process}/task/{thread}/schedstat").split()[1])
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
        known = {line.split()[0]: int(line.split()[1]) for line in _read(f"{PROC}/meminfo").splitlines() if line.startswith(b"Swap")}
        return (known[b"SwapTotal:"] - known[b"SwapFree:"]) * 1024
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
        _, resident, shared = (int(value) for value in _read(f"{PROC}/{process}/statm").split()[:3])
    except OSError:
        return 0
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


def _tell(control: socket.socket, message: dict) -> None:
    try:
        control.send(json.dumps(message).encode())
    except OSError:
        pass
