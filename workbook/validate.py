"""Look a notebook over before it is handed in: python -m workbook.validate NOTEBOOK [--run]

Says which exercises pass their local checks, which cells are missing, whether the notebook was run from top to bottom in a fresh kernel, whether the
weights are there and readable, and how large everything is. With --run it is first run from top to bottom in a fresh kernel (in a copy; the file stays
as it is). Exit status 0 where nothing stands against handing in, 1 where something does, 2 where the file is not one of the assignments.
"""

import argparse
import importlib
import os
import re
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import nbformat

from workbook.terminal import say

LARGEST_NOTEBOOK = 20_000_000  # bytes; the graders refuse more
LARGEST_WEIGHTS = 16_000_000
MOST_WEIGHTS = 4_000_000
NAME = re.compile(r"\d\d_[a-z_]+")


class NotAnAssignment(ValueError):
    """The file is not a notebook of this workbook; the message says why."""


@dataclass(frozen=True)
class Finding:
    """One line of the summary: fine or not, and what."""

    fine: bool
    text: str

    def __str__(self) -> str:
        return f"{'✓' if self.fine else '✗'} {self.text}"


def look_over(path: Path, run: bool = False) -> list[Finding]:
    """All findings about the notebook at `path`. Raises NotAnAssignment, FileNotFoundError."""
    notebook, name = _read(path)
    if run:
        _run(notebook, path)
    checks = importlib.import_module(f"workbook.checks.{name.split('_', 1)[1]}").__all__
    findings = [_size(path, LARGEST_NOTEBOOK), _order(notebook), *_exercises(notebook, checks)]
    return findings + ([_weights(path.parent)] if "weights" in checks else [])


def _read(path: Path) -> tuple[nbformat.NotebookNode, str]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of cells without an id, or copied with it: nbformat gives them one, and nothing here rests on it
            notebook = nbformat.read(path, 4)
    except Exception as error:  # nbformat raises many kinds
        raise NotAnAssignment(f"{path} is not a notebook that can be read ({type(error).__name__}). Open it in Jupyter, save it, and try again.") from None
    named = re.search(r'Checker\("(\d\d_\w+)"', "\n".join(cell.source for cell in notebook.cells))
    if named is None or not NAME.fullmatch(named[1]):
        raise NotAnAssignment(f'{path} is not an assignment of this workbook: its cell with Checker("NN_name", globals()) is missing.')
    return notebook, named[1]


def _run(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Run every cell in a fresh kernel; a cell that fails does not stop the next."""
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as folder:
        for weights in path.parent.glob("*.safetensors"):
            (Path(folder) / weights.name).write_bytes(weights.read_bytes())
        found = os.pathsep.join([str(Path(__file__).resolve().parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])  # this library, also where it is not installed
        client = NotebookClient(notebook, timeout=None, allow_errors=True, kernel_name="python3", resources={"metadata": {"path": folder}})
        client.execute(env=os.environ | {"PYTHONPATH": found})


def _size(path: Path, largest: int) -> Finding:
    size = path.stat().st_size
    if size <= largest:
        return Finding(True, f"{path.name} has {size / 1e6:.1f} MB")
    return Finding(False, f"{path.name} has {size / 1e6:.0f} MB, more than {largest / 1e6:.0f}: clear the outputs of the largest pictures and save it again")


def _order(notebook: nbformat.NotebookNode) -> Finding:
    """Run from top to bottom in a fresh kernel: the numbers beside the cells are 1, 2, 3."""
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    if counts == list(range(1, len(counts) + 1)):
        return Finding(True, "every cell was run once, in order, in a fresh kernel")
    if None in counts:
        return Finding(False, f"{counts.count(None)} cells have not been run: restart the kernel, run all cells, save")
    return Finding(False, "the cells were not run in order in a fresh kernel: restart the kernel, run all cells, save")


def _exercises(notebook: nbformat.NotebookNode, names: list[str]) -> list[Finding]:
    """What the check cells said when they were last run, in the notebook's order."""
    said = {}
    for cell in notebook.cells:
        found = re.match(r'check\("(\w+)"', cell.source) if cell.cell_type == "code" else None
        if found:
            said[found[1]] = "\n".join(map(_text, cell.outputs))
    return [_exercise(name, said.get(name)) for name in [*(name for name in said if name in names), *(name for name in names if name not in said)]]


def _text(output: nbformat.NotebookNode) -> str:
    if output.output_type == "error":
        return f"its check cell failed with {output.ename}: {output.evalue}"
    return output.get("text", "") or output.get("data", {}).get("text/plain", "")


def _exercise(name: str, said: str | None) -> Finding:
    if said is None:
        return Finding(False, f'{name}: its check cell is missing; put back a cell that reads check("{name}")')
    if f"✓ {name}" in said:
        return Finding(True, f"{name}: passes its local check")
    told = said.strip().splitlines()
    if not told:
        return Finding(False, f"{name}: its check has not been run")
    head = re.sub(rf"^[✗…] {name}: ", "", told[0])
    return Finding(False, f"{name}: {head}" + (f". {told[1]}" if len(told) > 2 else ""))


def _weights(folder: Path) -> Finding:
    """The weights file beside the notebook: there, written by `save_unet`, finite, neither too large nor too many."""
    from safetensors import SafetensorError, safe_open

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        return Finding(False, "no weights beside the notebook: run the cell that saves unet.safetensors, and hand that file in too")
    path = next((file for file in files if file.name == "unet.safetensors"), files[0])
    if path.stat().st_size > LARGEST_WEIGHTS:
        return Finding(False, f"{path.name} has {path.stat().st_size / 1e6:.0f} MB, more than {LARGEST_WEIGHTS / 1e6:.0f}: train a narrower network")
    try:
        with safe_open(path, framework="pt") as file:
            architecture = (file.metadata() or {}).get("architecture")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # a safetensors file is no dict
    except (SafetensorError, OSError) as error:
        return Finding(False, f"{path.name} cannot be read ({error}): save it again with the notebook's cell")
    bad = [name for name, tensor in tensors.items() if not bool(tensor.isfinite().all())]
    count = sum(tensor.numel() for tensor in tensors.values())
    if bad:
        return Finding(False, f"{path.name}: {bad[0]} holds values that are not finite: the training has diverged")
    if architecture is None:
        return Finding(False, f"{path.name} does not say which network it belongs to: write it with save_unet, as the notebook's cell does")
    if count > MOST_WEIGHTS:
        return Finding(False, f"{path.name} holds {count:,} weights, more than {MOST_WEIGHTS:,}: train a narrower network")
    return Finding(True, f"{path.name}: {count:,} finite weights, {path.stat().st_size / 1e6:.1f} MB")


def main(arguments: list[str] | None = None) -> int:
    """Print the findings; 0, 1 or 2 as the module's docstring says."""
    parser = argparse.ArgumentParser(
        prog="python -m workbook.validate",
        description="Look a notebook over before it is handed in.",
        epilog="Examples: python -m workbook.validate assignments/03_vae/03_vae.ipynb\n          python -m workbook.validate --run assignments/05_unet/05_unet.ipynb",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("notebook", type=Path, help="the assignment's notebook, saved")
    parser.add_argument("--run", action="store_true", help="run it from top to bottom in a fresh kernel first (in a copy)")
    options = parser.parse_args(arguments)
    try:
        findings = look_over(options.notebook, options.run)
    except (FileNotFoundError, NotAnAssignment) as error:
        say(str(error), sys.stderr)
        return 2
    say("\n".join(map(str, findings)))
    against = sum(not finding.fine for finding in findings)
    things = "1 thing" if against == 1 else f"{against} things"
    say("\nReady to hand in." if not against else f"\n{things} to look at. Handing in is possible all the same: each exercise is judged by itself.")
    return int(against > 0)


if __name__ == "__main__":
    sys.exit(main())
