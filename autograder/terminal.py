"""What the commands share: two consoles, error messages with an exit code, a progress bar, and the options that mean the same everywhere."""

import atexit
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

EXIT_CODES = """Exit codes: 0 done; 1 done, but something asks for a person, failed its check, or could not be written; 2 wrong use, files that are missing or
cannot be read, or another run that has this assignment in hand; 3 no sandbox, or no machine to grade on; 4 a fault of this program; 130 stopped with Ctrl-C."""
DONE, ASKS, WRONG_USE, NO_SANDBOX, FAULT, STOPPED = 0, 1, 2, 3, 4, 130

out, err = Console(), Console(stderr=True)

Workers = Annotated[int, typer.Option("--workers", "-w", help="grading processes (0: one per core)")]
Unsandboxed = Annotated[bool, typer.Option("--unsandboxed", help="run the code WITHOUT a sandbox; only for your own")]
Scheduler = Annotated[str, typer.Option("--scheduler", help="grade on the machines of a Dask scheduler, e.g. tcp://HOST:8786")]
Tls = Annotated[Path | None, typer.Option("--tls", help="a folder with the cluster's ca.crt, tls.crt and tls.key: encrypt, and talk only to who has such")]
CourseFolder = Annotated[Path, typer.Option("--course", "-c", help="the course's folder")]
AssignmentName = Annotated[str, typer.Argument(help="the assignment, e.g. 03_vae")]


def fail(message: str, code: int = WRONG_USE) -> typer.Exit:
    """Say what happened on standard error; what is returned ends the command when raised."""
    err.print(message, markup=False, style="red", soft_wrap=True)
    return typer.Exit(code)


def say(message: str) -> None:
    """A remark that is no result: on standard error, so that pipes stay clean."""
    err.print(message, markup=False, style="yellow", soft_wrap=True)


def tell(message: str) -> None:
    """A line of result."""
    out.print(message, markup=False, soft_wrap=True)


def progress() -> Progress:
    """A bar on a terminal, nothing in a pipe."""
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err, disable=not err.is_terminal)


def graders(workers: int, sandboxed: bool, scheduler: str = "", tls: Path | None = None):
    """Workers of this machine, or of a cluster."""
    from autograder.cluster import Cluster
    from autograder.pool import Pool

    _keep_fonts_out_of_home()
    return Cluster(scheduler, tls=tls) if scheduler else Pool(workers, sandboxed)


@cache
def _keep_fonts_out_of_home() -> None:
    """Graders import matplotlib, which keeps a list of fonts in the home folder: where there is none yet, it goes with this command."""
    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    if "MPLCONFIGDIR" not in os.environ and not any(own.glob("fontlist-*.json")):
        folder = tempfile.TemporaryDirectory(prefix="fonts-", ignore_cleanup_errors=True)
        atexit.register(folder.cleanup)
        os.environ["MPLCONFIGDIR"] = folder.name


def needs_person(result) -> bool:
    """Whether something of a result could not be decided."""
    from autograder.results import needs_a_person

    return bool(needs_a_person(result))
