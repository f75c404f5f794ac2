"""The warm process: it has imported what notebooks need, runs nothing of a student's, and forks one supervised job per request.

Started inside the outer sandbox as `python -I zygote.py FD SETTINGS`. Over FD, a seqpacket socket, each request is a JSON of limits with two
file descriptors (the job's channel and its control socket).
"""

import ctypes
import gc
import importlib
import json
import os
import socket
import sys

PRELOAD = ("numpy", "torch._dynamo", "torch.nn.functional", "safetensors.torch", "scipy.special", "matplotlib.pyplot", "tqdm.auto", "IPython.display",
           "workbook.data", "workbook.device", "workbook.plots", "workbook.progress", "workbook.schedule", "workbook.checks", "sklearn.datasets")  # fmt: skip
SLOW = ("torch._dynamo", "scipy.special", "sklearn.datasets")  # half of the time to load, and not needed by a notebook's first exercises

LARGE, COLLAPSE = 2 << 20, 25  # bytes of a large page, and the kernel's number for the wish to have them


def warm_up(quick: bool) -> None:
    """Import torch and all that notebooks use, with one thread, so that a fork finds everything loaded and no thread running. Quick: but for what is slow."""
    import torch

    torch.set_num_threads(1)
    for name in PRELOAD:
        if quick and name in SLOW:
            continue
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"warm process: {name} is not there ({error})", file=sys.stderr)
    if quick:
        _meta_without_compiler(torch)
    else:
        _first_step(torch)
    gc.collect()
    gc.freeze()
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


def _meta_without_compiler(torch) -> None:
    """Let functions run on the `meta` device without loading torch's compiler first, which takes a second.

    torch marks them as not to be compiled, and loads the compiler at the first call to learn how; where nothing is compiled, a function so marked is the function itself.
    """
    marked = torch._compile._disable_dynamo(lambda: None).__code__
    for function in gc.get_objects():
        if type(function) is type(main) and function.__code__ is marked:
            original = function.__closure__[marked.co_freevars.index("fn")].cell_contents
            setattr(original, "__dynamo_disable", original)


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


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = sys.argv[2].split(",")
    sandboxed = "sandboxed" in settings
    sys.path[:0] = sys.argv[3:]
    warm_up("quick" in settings)
    from driver import Driver  # noqa: F401  (loaded before the first fork)
    from supervisor import supervise

    control.send(json.dumps({"ready": sys.version, "threads": len(os.listdir("/proc/self/task"))}).encode())
    while True:
        text, fds, _, _ = socket.recv_fds(control, 65536, 2)
        if not text:
            return
        reap()
        if os.fork() == 0:
            control.close()
            supervise(json.loads(text), socket.socket(fileno=fds[0]), socket.socket(fileno=fds[1]), sandboxed)
            os._exit(0)
        for fd in fds:
            os.close(fd)


if __name__ == "__main__":
    main()
