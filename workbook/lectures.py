"""Run the lectures as a reader would, from top to bottom, and write the executed notebooks beside their sources.

    python -m workbook.lectures            every lecture
    python -m workbook.lectures 03 05      those whose names start so
    python -m workbook.lectures --prose 03 only its text has changed: new text around the outputs that are there, nothing is run

Shows which cell is running and what each lecture cost in CPU seconds. Stops at the first cell that fails: says which, in which line of the source
it starts and with what error; the notebook that was there is left as it was.
"""

import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from workbook.plain import plain

FOLDER = Path(__file__).resolve().parents[1] / "lectures"
LIMIT = 900  # wall seconds for one cell
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class CellFailed(Exception):
    """A cell of a lecture raised; the message says which and what."""


@dataclass(frozen=True)
class Run:
    """What it took to run one lecture."""

    path: Path
    cells: int
    cpu_seconds: float
    bytes: int


def sources(starts: list[str] | None = None, folder: Path = FOLDER) -> list[Path]:
    """The lectures' sources in order: all, or those whose names start with one of `starts`; ValueError where one starts none."""
    found = sorted(folder.glob("[0-9][0-9]_*.md"))
    for start in starts or []:
        if not any(path.stem.startswith(start) for path in found):
            raise ValueError(f"no lecture starts with {start!r}; there are {', '.join(path.stem for path in found)}")
    return [path for path in found if not starts or path.stem.startswith(tuple(starts))]


def read(path: Path):
    """A lecture's source as a notebook (nbformat 4); cells get the ids cell-0, cell-1, ... so that executed notebooks can be compared."""
    import jupytext

    notebook = jupytext.read(path)
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{i}"
    return notebook


def execute(path: Path, say=lambda text: None) -> Run:
    """Run a lecture in a fresh kernel and write NAME.ipynb beside it. Raises CellFailed."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook, began, total = read(path), _children_cpu(), 0

    def started(cell, cell_index, **_):
        say(f"{path.stem}: cell {cell_index + 1} of {len(notebook.cells)}")

    client = NotebookClient(
        notebook, timeout=LIMIT, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}, record_timing=False, on_cell_start=started
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise CellFailed(_story(path, notebook, error)) from None
    target = path.with_suffix(".ipynb")
    nbformat.write(plain(notebook, path.stem), target)
    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    return Run(path, total, _children_cpu() - began, target.stat().st_size)


def woven(path: Path):
    """A lecture's source with the outputs of its executed notebook: what the website is made of. Raises ValueError where the two are of different cells."""
    import nbformat

    source, executed = read(path), nbformat.read(path.with_suffix(".ipynb"), 4)
    code = [[cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in (source, executed)]
    if [cell.source for cell in code[0]] != [cell.source for cell in code[1]]:
        raise ValueError(f"{path.stem}.ipynb was run from another source; run: make lectures ONLY={path.stem[:2]}")
    for fresh, ran in zip(*code, strict=True):
        fresh.outputs, fresh.execution_count = ran.outputs, ran.execution_count
    return source


def reword(path: Path) -> None:
    """Write NAME.ipynb with the source's text and the outputs it has. Raises ValueError where the code has changed, and leaves the notebook as it was."""
    import nbformat

    target, notebook = path.with_suffix(".ipynb"), woven(path)
    notebook.metadata = nbformat.read(target, 4).metadata
    nbformat.write(plain(notebook, path.stem), target)


def _story(path: Path, notebook, error) -> str:
    """Which cell failed, where it starts in the source, and the error."""
    failed = next(cell for cell in notebook.cells if any(output.output_type == "error" for output in cell.get("outputs", [])))
    first = failed.source.splitlines()[0]
    line = next((number for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1) if text == first), 1)
    tail = COLOUR.sub("", "\n".join(next(o for o in failed.outputs if o.output_type == "error").traceback)).splitlines()[-12:]
    return f"{path.name}: the cell that starts in line {line} failed:\n    {first}\n{error.ename}: {error.evalue}\n\n" + "\n".join(tail)


def _children_cpu() -> float:
    """CPU seconds of the kernels that have ended so far."""
    times = os.times()
    return times.children_user + times.children_system


def main(arguments: list[str]) -> int:
    """Run the named lectures; 0 when all ran."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    watched, began, spent = sys.stderr.isatty(), time.monotonic(), 0.0
    prose, arguments = "--prose" in arguments, [argument for argument in arguments if argument != "--prose"]

    def say(text: str) -> None:
        if watched:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    try:
        paths = sources(arguments)
        for path in paths:
            if prose:
                reword(path)
                print(f"{path.stem:32} text written around its outputs")
                continue
            run = execute(path, say)
            say("")
            spent += run.cpu_seconds
            print(f"{run.path.stem:32} {run.cells:3} code cells  {run.cpu_seconds:6.1f} CPU seconds  {run.bytes / 1000:5.0f} kB", flush=True)
    except (CellFailed, ValueError) as error:
        say("")
        print(error, file=sys.stderr)
        return 1
    print(f"{len(paths)} lecture(s): {spent:.0f} CPU seconds, {time.monotonic() - began:.0f} seconds on the clock")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
