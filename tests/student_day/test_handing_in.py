"""Before handing in: the look over a notebook that was just run, and nbgrader's Validate button, which must not call an untouched notebook fine."""

import subprocess
from pathlib import Path

import nbformat
import pytest
from desk import alone, surroundings, write_kernel

from autograder import source
from autograder.places import Places

PLACES = Places.here()
NAME = "03_vae"


def without_experiments(solved: bool) -> nbformat.NotebookNode:
    """The released notebook without its long trainings, with or without solutions in; setup, exercises and checks as they are."""
    notebook, exercises = nbformat.read(PLACES.release(NAME), 4), source.load(NAME, PLACES).code("exercise")
    kept = []
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if not name.startswith(("experiment", "debug")) and cell.source != 'check("friends_loss")':
            kept.append(cell)
        if solved and name in exercises:
            cell.source = exercises[name].solved
    notebook.cells = kept
    return notebook


@pytest.fixture
def hand_in(unpacked, tmp_path):
    """Write a notebook into the bundle and run a command of Python's on it, as a student without this repository; its exit code and output."""
    folder = unpacked / "assignments" / NAME
    around = surroundings(**write_kernel(tmp_path / "home"))
    around["PYTHONPATH"] = f"{unpacked}:{around['PYTHONPATH']}"

    def run(notebook: nbformat.NotebookNode, *command: str) -> tuple[int, str]:
        path = folder / f"{NAME}.ipynb"
        nbformat.write(notebook, path)
        done = subprocess.run(alone(*command, str(path)), cwd=folder, env=around, capture_output=True, text=True, timeout=240)
        return done.returncode, done.stdout + done.stderr

    yield run
    (folder / f"{NAME}.ipynb").write_bytes(PLACES.release(NAME).read_bytes())


def test_a_run_from_top_to_bottom_with_everything_right_is_ready(hand_in):
    code, said = hand_in(without_experiments(solved=True), "-m", "workbook.validate", "--run")
    passing = [line for line in said.splitlines() if line.endswith("passes its local check")]
    assert len(passing) == len(source.load(NAME, PLACES).exercises) and "every cell was run once, in order, in a fresh kernel" in said, said
    assert code == 1 and "friends_loss: its check cell is missing" in said and "\n1 thing to look at" in said


def test_an_untouched_notebook_says_what_is_open(hand_in):
    code, said = hand_in(without_experiments(solved=False), "-m", "workbook.validate", "--run")
    assert code == 1 and "✗ gaussian_kl: not yet. The cell above is as it was handed out." in said


@pytest.mark.parametrize("solved", [True, False])
def test_nbgraders_validate_button_tells_right_from_untouched(hand_in, solved, tmp_path):
    notebook = without_experiments(solved)
    last = next(number for number, cell in enumerate(notebook.cells) if cell.source.startswith('check("gaussian_kl"'))
    notebook.cells = notebook.cells[: last + 1]
    config = tmp_path / "home" / "none.py"
    config.write_text("")
    said = hand_in(notebook, "-m", "nbgrader", "validate", f"--config={config}")[1]
    assert ("Success! Your notebook passes all the tests." in said) == solved, said
    assert solved or ("VALIDATION FAILED" in said and "gaussian_kl: The cell above is as it was handed out" in said), said


def test_help_has_examples():
    done = subprocess.run(alone("-m", "workbook.validate", "--help"), env=surroundings(), cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0 and "Examples: python -m workbook.validate assignments/" in done.stdout
