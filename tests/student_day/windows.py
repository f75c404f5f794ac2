"""Run as a program: what of Linux a student's Windows does not have is taken away, then the library is used. Prints "all well" at the end.

Other packages are loaded first: on this system they rightly use what it has.
"""

import importlib
import os
import pkgutil
import signal
import sys
import warnings

POSIX_MODULES = {"resource", "fcntl", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix", "_posixsubprocess"}
POSIX_NAMES = {os: ("fork", "forkpty", "getuid", "geteuid", "getgid", "setsid", "killpg", "getpgid", "wait3", "wait4", "sched_getaffinity", "mkfifo", "uname", "getloadavg", "chroot"),
               signal: ("SIGALRM", "SIGKILL", "SIGUSR1", "SIGHUP", "alarm", "setitimer", "pthread_sigmask", "sigwait")}  # fmt: skip


class NotOnWindows:
    def find_spec(self, name, path=None, target=None):
        if name in POSIX_MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def load_others() -> None:
    import IPython.display  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import mlxtend.data  # noqa: F401
    import nbclient  # noqa: F401
    import nbformat
    import safetensors.torch  # noqa: F401
    import sklearn.datasets  # noqa: F401
    import torch
    import tqdm.auto  # noqa: F401

    nbformat.validate(nbformat.v4.new_notebook())
    layer = torch.nn.Linear(2, 2)
    torch.optim.Adam(layer.parameters()).step()  # loads the rest of torch


def become_windows() -> None:
    for name in POSIX_MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, NotOnWindows())
    for module, names in POSIX_NAMES.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    warnings.filterwarnings("error", category=EncodingWarning, module=r"workbook(\.|$)")


def use_the_library(solved: str, notebook: str) -> None:
    import workbook
    from workbook import validate
    from workbook.checks import Checker
    from workbook.checks import vae as checks

    for module in pkgutil.walk_packages(workbook.__path__, "workbook."):
        importlib.import_module(module.name)
    names = {}
    exec(compile(open(solved, encoding="utf-8").read(), solved, "exec"), names)
    check = Checker("03_vae", names)
    for name, points in checks.POINTS.items():
        check(name, points=points)
        assert check.verdicts[name].state == "right", (name, check.verdicts[name].message)
    assert validate.main([notebook]) == 1


if __name__ == "__main__":
    load_others()
    become_windows()
    use_the_library(*sys.argv[1:])
    print("all well")
