"""The warm process: it has imported what notebooks need, runs nothing of a student's, and forks one job per request, which it watches.

Started inside the outer sandbox as `python -I zygote.py FD sandboxed|unsandboxed many|few FOLDER ...`; many or few forks are expected. Over FD, a seqpacket socket,
come requests: a JSON of limits with two file descriptors (the job's channel and its control socket), or {"twin": true} with one, over which another process like this one will take requests.
"""

import gc
import importlib
import json
import os
import select
import socket
import sys
import time
from collections.abc import Iterable

PRELOAD = (
    "numpy.random", "torch.nn.functional", "safetensors.torch", "matplotlib.pyplot", "tqdm.auto", "multiprocessing.synchronize",
    "IPython.display", "workbook.checks", "workbook.data", "workbook.denoisers", "workbook.device", "workbook.diffusion", "workbook.judge", "workbook.plots",
    "workbook.progress", "workbook.ready", "workbook.schedule",
)  # fmt: skip
FOR_MANY = ("torch.fx.experimental.symbolic_shapes",)  # which only some questions need, and then the job itself loads


def warm_up(many: bool = True) -> None:
    """Import torch and what all notebooks use, with one thread, so that a fork finds everything loaded and no thread running. many: whether many forks are expected."""
    import forks

    gc.disable()  # what loads is not garbage, and to look for some in it takes a fifth of the time
    forks.hold_back()
    import torch

    torch.set_num_threads(1)  # before anything computes
    import driver  # noqa: F401  (what a job runs)
    import eager
    import heap
    import native

    write_no_manuals()
    load(PRELOAD + FOR_MANY if many else PRELOAD)
    eager.do_without_compiler()
    native.prefer_native_kernels()
    rehearse(torch, ("cpu", "meta") if many else ("cpu",))
    heap.settle(many)
    gc.enable()


def write_no_manuals() -> None:
    """matplotlib writes a page about every kind of thing it draws when it is loaded, which takes part of that time, and nobody reads them here."""
    try:
        import matplotlib.artist
    except ImportError:  # as `load` will say
        return
    manual, matplotlib.artist.kwdoc = matplotlib.artist.kwdoc, lambda _artist: ""
    load(["matplotlib.pyplot"])
    matplotlib.artist.kwdoc = manual


def load(names: Iterable[str]) -> bool:
    """Import modules; whether there was any that was not loaded yet."""
    before = len(sys.modules)
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"warm process: {name} is not there ({error})", file=sys.stderr)
    return len(sys.modules) > before


def rehearse(torch, devices: tuple[str, ...]) -> None:
    """Do once what costs more at its first time than later, since a forked process does everything for the first time."""
    torch.manual_seed(0)
    importlib.import_module("numpy").random.seed(0)
    parameter = torch.nn.Parameter(torch.zeros(2))
    optimiser = torch.optim.Adam([parameter])
    for device in devices:
        x = torch.ones(2, 3, device=device)
        (x.exp() * x.sin() + x**2 - x / 2).clamp(0, 1).sum(1).logsumexp(0)
        torch.nn.functional.linear(x, x).sigmoid().softmax(1).mean()
        torch.cat([x, x]).sort(1).indices.float().var(0)
    parameter.square().sum().backward()
    optimiser.step()


def serve(control: socket.socket, sandboxed: bool, many: bool) -> None:
    """Start the jobs that are asked for over the control socket and watch them, until that socket closes; fork further processes like this one, for others who ask."""
    from supervisor import close_all_but  # this folder is on the path only since this process has begun

    greet(control)
    jobs = []
    while True:
        waited_for = [control, *(thing for job in jobs for thing in job.waited_for())]
        until = min((job.next_look for job in jobs), default=float("inf"))
        ready, _, _ = select.select(waited_for, [], [], None if until == float("inf") else max(0.0, until - time.monotonic()))
        jobs = [job for job in jobs if job.attend(set(ready))]
        if control not in ready:
            continue
        text, fds, _, _ = socket.recv_fds(control, 65536, 2)
        given = [socket.socket(fileno=fd) for fd in fds]
        if not text:
            for job in jobs:
                job.kill()
            return
        request = json.loads(text)
        if "twin" not in request:
            jobs += started(request, *given, sandboxed, many)
        elif os.fork() == 0:
            close_all_but(*given)
            return serve(*given, sandboxed, many)


def started(request: dict, channel: socket.socket, job_control: socket.socket, sandboxed: bool, many: bool) -> list:
    """The job that is asked for, or none where it could not be started (which has been told)."""
    import heap
    from supervisor import Job

    if load(request.get("modules", ())):
        heap.settle(many)
    try:
        return [Job(request, channel, job_control, sandboxed)]
    except OSError:
        return []


def greet(control: socket.socket) -> None:
    """Say that this process is ready to fork."""
    control.send(json.dumps({"ready": sys.version, "threads": len(os.listdir("/proc/self/task"))}).encode())


def main() -> None:
    control, sandboxed, many = socket.socket(fileno=int(sys.argv[1])), sys.argv[2] == "sandboxed", sys.argv[3] == "many"
    sys.path[:0] = sys.argv[4:]
    warm_up(many)
    serve(control, sandboxed, many)


if __name__ == "__main__":
    main()
