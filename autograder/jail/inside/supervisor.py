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

TICK = 0.05  # seconds between two looks at the job
CLOCK = os.sysconf("SC_CLK_TCK")


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
    reason = _watch(pid, limits, control, sandboxed)
    if reason is not None:
        _tell(control, {"end": reason})  # before the kill: a crowd of processes takes its time to go
    _kill(pid, sandboxed)
    _, status = os.waitpid(pid, 0)
    code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    _tell(control, {"end": "exit", "code": code})


def _become_student(limits: dict, channel: socket.socket, sandboxed: bool) -> None:
    """In the new process: close the door behind, then serve calls."""
    try:
        if sandboxed:
            namespaces.limit_processes(limits["processes"])
        else:
            os.setpgid(0, 0)
        namespaces.limit_resources(limits["memory"], limits["cpu"], limits["disk"], limits["processes"])
        if sandboxed:
            namespaces.mount_private_files(limits["disk"], limits["files"])
            namespaces.drop_capabilities()
        from driver import Driver

        Driver(channel, limits).serve()
    except OSError as error:
        channel.sendall(b"")
        os.write(2, f"job: {error}\n".encode())
        os._exit(70)
    os._exit(0)


def _watch(pid: int, limits: dict, control: socket.socket, sandboxed: bool) -> str | None:
    """Answer questions and watch the limits until the job ends by itself (None) or must be ended (the reason)."""
    child = os.pidfd_open(pid)
    peak = 0
    try:
        while True:
            ready, _, _ = select.select([child, control], [], [], TICK)
            if child in ready:
                return None
            processes = _processes(pid, sandboxed)
            if control in ready:
                question = control.recv(4096)
                if not question:
                    return "closed"
                _tell(control, {"usage": _cpu_seconds(processes), "memory": peak})
            if len(processes) > limits["processes"]:
                return "processes"
            memory = sum(_memory(p) for p in processes)
            peak = max(peak, memory)
            if memory > limits["memory"]:
                return "memory"
            if time.monotonic() > limits["until"]:
                return "time"
    finally:
        os.close(child)


def _processes(pid: int, sandboxed: bool) -> list[int]:
    """The job's processes: all that live in the process namespace of its first one."""
    if not sandboxed:
        return [pid]
    home = _namespace(str(pid))
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and home is not None and _namespace(name) == home]


def _namespace(process: str) -> str | None:
    """The process namespace of a process, or None where it is gone or not ours to look at."""
    try:
        return os.readlink(f"/proc/{process}/ns/pid")
    except OSError:
        return None


def _cpu_seconds(processes: list[int]) -> float:
    """CPU seconds of all processes of the job, ended children included."""
    ticks = 0
    for process in processes:
        try:
            with open(f"/proc/{process}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        ticks += sum(int(value) for value in fields[11:15])
    return ticks / CLOCK


def _memory(process: int) -> int:
    """Bytes of anonymous and shared memory that count for this process (proportional where pages are shared)."""
    try:
        with open(f"/proc/{process}/smaps_rollup") as file:
            wanted = [line.split() for line in file if line.startswith(("Pss_Anon", "Pss_Shmem"))]
    except OSError:
        return 0
    return sum(int(parts[1]) for parts in wanted) * 1024


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
