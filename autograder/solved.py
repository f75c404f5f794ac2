"""The solutions to read: each assignment's notebook with its solutions in, run from top to bottom, with its outputs.

    python -m autograder.solved [ASSIGNMENT ...]            runs them without a network, where the machine can take it away
    python -m autograder.solved --prose [ASSIGNMENT ...]    runs nothing: new prose around the outputs that are there, where no code has changed

writes `solutions/NN_name.ipynb` and says how long each took, beside what its head promises. A cell that fails, or a check that does not pass, stops the
run with what it said. The exit status is 1 then, and also where a notebook computes for longer than its head says.
"""

import argparse
import base64
import io
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image
from rich.progress import Progress
from traitlets.config import Config

from autograder.jail.errors import SandboxMissing
from autograder.jail.launch import find_bwrap
from autograder.places import Places, topic
from autograder.release import KERNEL, folding, with_facts
from autograder.source import Assignment, Cell, load

SECONDS = 1800  # for one cell; the longest training takes a few minutes
STATED = re.compile(r"of which the computer needs about (one|two|three|four|five|six|seven|eight|nine|ten) minutes? of one CPU core")
MINUTES = {word: number for number, word in enumerate("one two three four five six seven eight nine ten".split(), 1)}
ABOUT = 1.25  # times its number: machines differ
NOWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}  # addresses that documentation uses and nobody has


def solved_notebook(assignment: Assignment) -> nbformat.NotebookNode:
    """The notebook with its solutions in and without markers, planted bugs mended, questions answered."""
    cells = [_cell(cell, number) for number, cell in enumerate(assignment.cells)]
    return nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)


def stated_minutes(assignment: Assignment) -> int:
    """The minutes of computing that the notebook's head promises. Raises ValueError where it promises none."""
    found = STATED.search(" ".join(assignment.cells[0].source.split()))
    if found is None:
        raise ValueError(f"{assignment.name}: its first cell does not say how long it computes; write: of which the computer needs about two minutes of one CPU core")
    return MINUTES[found[1]]


def execute(notebook: nbformat.NotebookNode, weights: Path | None = None) -> Iterator[int]:
    """Run all cells in a folder of its own, beside a copy of the reference's weights, yielding each index when it is done. Raises nbclient's CellExecutionError."""
    with tempfile.TemporaryDirectory(prefix="solved-") as folder, tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
        if weights is not None and weights.exists():
            shutil.copy(weights, folder)
        private = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})  # files, which other users of the machine cannot reach
        client = NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", coalesce_streams=True, resources={"metadata": {"path": folder}}, config=private)
        with client.setup_kernel(env=os.environ | {"WORKBOOK_PLAIN": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}):
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
                yield index


def failed_checks(notebook: nbformat.NotebookNode) -> list[str]:
    """The check cells whose output has no tick, each with what it said."""
    failed = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("check("):
            said = "\n".join(str(output.get("text", "") or output.get("data", {}).get("text/plain", "")) for output in cell.outputs)
            if "✓" not in said:
                failed.append(f"{cell.source}\n{said}")
    return failed


def take_outputs(notebook: nbformat.NotebookNode, earlier: nbformat.NotebookNode) -> None:
    """Give each code cell the output of the same cell in an earlier run. Raises ValueError where code has changed since."""
    cells, known = ([cell for cell in one.cells if cell.cell_type == "code"] for one in (notebook, earlier))
    changed = [cell.source.partition("\n")[0] for cell in cells if cell.source not in {one.source for one in known}]
    if changed or [cell.source for cell in cells] != [one.source for one in known]:
        raise ValueError(f"code has changed since the last run, so it has to run again: {', '.join(changed) or 'cells have moved'}")
    for cell, one in zip(cells, known, strict=True):
        cell.outputs, cell.execution_count = one.outputs, one.execution_count


def has_network() -> bool:
    """Whether this process knows a way to other machines. Nothing is sent."""
    return any(_leads_to(family, address) for family, address in NOWHERE.items())


def leave_the_network(arguments: list[str]) -> None:
    """Start this program again where there is no network, and never return; return where this machine cannot do that."""
    try:
        without = [find_bwrap(), "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent", "--"]
    except SandboxMissing:
        return
    if subprocess.run([*without, "true"], capture_output=True).returncode == 0:
        sys.stdout.flush()
        os.execv(without[0], [*without, sys.executable, "-m", "autograder.solved", "--here", *arguments])


def main(arguments: list[str], places: Places | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m autograder.solved", description="The solutions to read, run from top to bottom.")
    parser.add_argument("assignments", nargs="*")
    parser.add_argument("--prose", action="store_true", help="run nothing: new prose around the outputs that are there")
    parser.add_argument("--here", action="store_true", help="with the network that is there")
    given, places = parser.parse_args(arguments), places or Places.here()
    if not (given.prose or given.here) and has_network():
        leave_the_network(arguments)
    codes = []
    try:
        for name in given.assignments or places.assignment_names():
            codes.append((_reword if given.prose else _solve)(load(name, places), places))
    except (ValueError, FileNotFoundError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return max(codes)


def _reword(assignment: Assignment, places: Places) -> int:
    """Write the notebook with its last outputs. Raises ValueError where code has changed, FileNotFoundError where it has never run."""
    notebook, path = solved_notebook(assignment), places.source(assignment.name).with_suffix(".ipynb")
    take_outputs(notebook, nbformat.read(path, 4))
    _write(notebook, path)
    print(f"{assignment.name}: prose as it is now, outputs as they were")
    return 0


def _solve(assignment: Assignment, places: Places) -> int:
    """Run the notebook, write it, and say how long it took; 1 where it failed or took longer than its head says."""
    name, stated, started, used = assignment.name, stated_minutes(assignment), time.monotonic(), _children_seconds()
    notebook = solved_notebook(assignment)
    with Progress(transient=True) as progress:
        bar = progress.add_task(name, total=len(notebook.cells))
        try:
            for _ in execute(notebook, places.solutions / "weights" / f"{topic(name)}.safetensors"):
                progress.advance(bar)
        except CellExecutionError as error:
            sys.stderr.write(f"{name}: a cell failed, so nothing was written\n{error}\n")
            return 1
    failed = failed_checks(notebook)
    if failed:
        sys.stderr.write(f"{name}: {len(failed)} checks did not pass, so nothing was written\n" + "\n".join(failed) + "\n")
        return 1
    path = _write(notebook, places.source(name).with_suffix(".ipynb"))
    clock, cpu = (time.monotonic() - started) / 60, (_children_seconds() - used) / 60
    network = "with a network in reach" if has_network() else "without a network"
    print(f"{name}: {cpu:.1f} minutes of CPU (its head says about {stated}), {clock:.1f} by the clock, {network}, {path.stat().st_size / 1e6:.1f} MB", flush=True)
    if cpu <= ABOUT * stated:
        return 0
    sys.stderr.write(f"{name}: that is longer than about {stated}; find out why, or say in its first cell how long it takes\n")
    return 1


def _leads_to(family: int, address: str) -> bool:
    """Whether there is a route to an address: naming the other end of a UDP socket only looks for one."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
        return True
    except OSError:
        return False


def _cell(cell: Cell, number: int) -> nbformat.NotebookNode:
    text = with_facts(cell) if cell.kind == "exercise" and cell.type == "markdown" else cell.solved
    make = nbformat.v4.new_code_cell if cell.type == "code" else nbformat.v4.new_markdown_cell
    return make(text, id=f"cell-{number}", metadata=folding(cell))


def _write(notebook: nbformat.NotebookNode, path: Path) -> Path:
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day: they change from run to run and tell nothing
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = lighter(output.data["image/png"])
    nbformat.write(notebook, path)
    return path


def lighter(picture: str) -> str:
    """A PNG (base64) with a palette of 256 colours, half the size and to the eye the same; as it was where that is not smaller."""
    small = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return min(base64.b64encode(small.getvalue()).decode(), picture, key=len)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
