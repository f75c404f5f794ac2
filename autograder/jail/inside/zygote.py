"""The warm process: it has imported what notebooks need, runs nothing of a student's, and forks one supervised job per request.

Started inside the outer sandbox as `python -I zygote.py FD sandboxed|unsandboxed FOLDER ...`. Over FD, a seqpacket socket, come requests: a JSON of limits with two
file descriptors (the job's channel and its control socket), or {"twin": true} with one, over which another process like this one will take requests.
"""

import gc
import importlib
import json
import os
import socket
import sys
from collections.abc import Iterable

PRELOAD = (
    "numpy.random", "torch.nn.functional", "torch.fx.experimental.symbolic_shapes", "safetensors.torch", "matplotlib.pyplot", "tqdm.auto", "multiprocessing.synchronize",
    "IPython.display", "workbook.checks", "workbook.data", "workbook.denoisers", "workbook.device", "workbook.diffusion", "workbook.judge", "workbook.plots",
    "workbook.progress", "workbook.ready", "workbook.schedule",
)  # fmt: skip


def warm_up() -> None:
    """Import torch and what all notebooks use, with one thread, so that a fork finds everything loaded and no thread running."""
    gc.disable()  # what loads is not garbage, and to look for some in it takes a fifth of the time
    import torch

    torch.set_num_threads(1)  # before anything computes
    import driver  # noqa: F401  (what a job runs)
    import eager
    import heap

    load(PRELOAD)
    eager.do_without_compiler()
    rehearse(torch)
    heap.settle()
    gc.enable()


def load(names: Iterable[str]) -> bool:
    """Import modules; whether there was any that was not loaded yet."""
    before = len(sys.modules)
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"warm process: {name} is not there ({error})", file=sys.stderr)
    return len(sys.modules) > before


def rehearse(torch) -> None:
    """Do once what costs more at its first time than later, since a forked process does everything for the first time."""
    torch.manual_seed(0)
    importlib.import_module("numpy").random.seed(0)
    parameter = torch.nn.Parameter(torch.zeros(2))
    optimiser = torch.optim.Adam([parameter])
    for device in ("cpu", "meta"):
        x = torch.ones(2, 3, device=device)
        (x.exp() * x.sin() + x**2 - x / 2).clamp(0, 1).sum(1).logsumexp(0)
        torch.nn.functional.linear(x, x).sigmoid().softmax(1).mean()
        torch.cat([x, x]).sort(1).indices.float().var(0)
    parameter.square().sum().backward()
    optimiser.step()


def reap() -> None:
    """Take leave of the supervisors that have ended (they report over their own sockets), so that the system adds their computing time to this process's account."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def serve(control: socket.socket, sandboxed: bool) -> None:
    """Fork what is asked for over the control socket until that closes: jobs, and further processes like this one, for others who ask."""
    import heap
    from supervisor import supervise

    greet(control)
    while True:
        text, fds, _, _ = socket.recv_fds(control, 65536, 2)
        if not text:
            return
        request, given = json.loads(text), [socket.socket(fileno=fd) for fd in fds]
        reap()
        if load(request.get("modules", ())):
            heap.settle()
        if os.fork() == 0:
            control.close()
            if "twin" not in request:
                supervise(request, *given, sandboxed)
                os._exit(0)
            (control,) = given
            greet(control)
            continue
        for socket_ in given:
            socket_.close()


def greet(control: socket.socket) -> None:
    """Say that this process is ready to fork."""
    control.send(json.dumps({"ready": sys.version, "threads": len(os.listdir("/proc/self/task"))}).encode())


def main() -> None:
    control, sandboxed = socket.socket(fileno=int(sys.argv[1])), sys.argv[2] == "sandboxed"
    sys.path[:0] = sys.argv[3:]
    warm_up()
    serve(control, sandboxed)


if __name__ == "__main__":
    main()
