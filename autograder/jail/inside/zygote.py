"""The warm process: it has imported what notebooks need, runs nothing of a student's, and forks one supervised job per request.

Started inside the outer sandbox as `python -I zygote.py FD sandboxed|unsandboxed FOLDER ...`. Over FD, a seqpacket socket, come requests: a JSON of limits with two
file descriptors (the job's channel and its control socket), or {"twin": true} with one, over which another process like this one will take requests.
"""

import ctypes
import gc
import importlib
import json
import os
import socket
import sys
from collections.abc import Iterable

PRELOAD = (
    "numpy", "torch.nn.functional", "torch.fx.experimental.symbolic_shapes", "safetensors.torch", "matplotlib.pyplot", "tqdm.auto", "multiprocessing.synchronize",
    "IPython.display", "workbook.checks", "workbook.data", "workbook.denoisers", "workbook.device", "workbook.diffusion", "workbook.judge", "workbook.plots",
    "workbook.progress", "workbook.ready", "workbook.schedule",
)  # fmt: skip
LARGE, COLLAPSE = 2 << 20, 25  # bytes of a large page, and the kernel's number for the wish to have them


def warm_up() -> None:
    """Import torch and what all notebooks use, with one thread, so that a fork finds everything loaded and no thread running."""
    gc.disable()  # what loads is not garbage, and to look for some in it takes a fifth of the time
    import torch

    torch.set_num_threads(1)  # before anything computes
    import driver  # noqa: F401  (what a job runs)
    import eager

    load(PRELOAD)
    eager.do_without_compiler()
    _first_step(torch)
    settle()


def load(names: Iterable[str]) -> bool:
    """Import modules; whether there was any that was not loaded yet."""
    before = len(sys.modules)
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"warm process: {name} is not there ({error})", file=sys.stderr)
    return len(sys.modules) > before


def settle() -> None:
    """Make forks of what is loaded now cheap."""
    gc.collect()
    gc.freeze()
    gc.enable()
    use_large_pages()


def use_large_pages() -> None:
    """Put this process's memory into pages of 2 MiB where the kernel can, since a fork copies an entry for every page: 80,000 small ones took it most of its time.

    A page that a forked process writes to is split first, so it still gets copies of 4 KiB only. Kernels before 6.1 refuse, and all stays as it was.
    """
    madvise = ctypes.CDLL(None, use_errno=True).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    with open("/proc/self/maps") as file:
        lines = [line.split() for line in file]
    for place, rights, _, _, inode, *name in lines:
        first, last = (int(part, 16) for part in place.split("-"))
        first, last = -(-first // LARGE) * LARGE, last // LARGE * LARGE
        if rights == "rw-p" and inode == "0" and name in ([], ["[heap]"]) and first < last:
            madvise(first, last - first, COLLAPSE)


def _first_step(torch) -> None:
    """The first optimiser and backward pass load modules lazily."""
    parameter = torch.nn.Parameter(torch.zeros(2))
    optimiser = torch.optim.Adam([parameter])
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
    from supervisor import supervise

    greet(control)
    while True:
        text, fds, _, _ = socket.recv_fds(control, 65536, 2)
        if not text:
            return
        request, given = json.loads(text), [socket.socket(fileno=fd) for fd in fds]
        reap()
        if load(request.get("modules", ())):
            settle()
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
