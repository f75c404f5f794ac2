"""The solutions to read: each assignment's notebook with its solutions in, run from top to bottom, with its outputs.

    python -m autograder.solved [ASSIGNMENT ...]

writes `solutions/NN_name.ipynb` and says how long each took. A cell that fails, or a check that does not pass, stops the run with what it said.
"""

import base64
import io
import os
import resource
import shutil
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

from autograder.places import Places, topic
from autograder.release import KERNEL, folding, with_facts
from autograder.source import Assignment, Cell, load

SECONDS = 1800  # for one cell; the longest training takes a few minutes


def solved_notebook(assignment: Assignment) -> nbformat.NotebookNode:
    """The notebook with its solutions in and without markers, planted bugs mended, questions answered."""
    cells = [_cell(cell, number) for number, cell in enumerate(assignment.cells)]
    return nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)


def execute(notebook: nbformat.NotebookNode, weights: Path | None = None) -> Iterator[int]:
    """Run all cells in a folder of its own, beside a copy of the reference's weights, yielding each index when it is done. Raises nbclient's CellExecutionError."""
    with tempfile.TemporaryDirectory(prefix="solved-") as folder:
        if weights is not None and weights.exists():
            shutil.copy(weights, folder)
        client = NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", coalesce_streams=True, resources={"metadata": {"path": folder}})
        with client.setup_kernel(env=os.environ | {"WORKBOOK_PLAIN": "1"}):
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


def main(names: list[str], places: Places | None = None) -> int:
    places = places or Places.here()
    for name in names or places.assignment_names():
        notebook, started, used = solved_notebook(load(name, places)), time.monotonic(), _children_seconds()
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
        print(f"{name}: {(time.monotonic() - started) / 60:.1f} minutes, {(_children_seconds() - used) / 60:.1f} minutes of CPU, {path.stat().st_size / 1e6:.1f} MB")
    return 0


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
