"""The solutions to read: they show the sources as they are now, whole, and their heads promise what the command measures."""

import nbformat
import pytest

from autograder import solved, source
from autograder.places import Places

PLACES = Places.here()
NAMES = PLACES.assignment_names()


def kept(name: str) -> nbformat.NotebookNode:
    """The committed notebook with its outputs."""
    return nbformat.read(PLACES.source(name).with_suffix(".ipynb"), 4)


@pytest.mark.parametrize("name", NAMES)
def test_it_shows_the_source_as_it_is(name):
    fresh = solved.solved_notebook(source.load(name, PLACES))
    assert [cell.source for cell in kept(name).cells] == [cell.source for cell in fresh.cells], f"run: python -m autograder.solved {name} (or, where only prose has changed, with --prose)"


@pytest.mark.parametrize("name", NAMES)
def test_it_ran_once_from_top_to_bottom_without_a_fault_or_a_warning(name):
    notebook = kept(name)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not solved.failed_checks(notebook)
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or "Warning" in output.get("text", "")]
    assert PLACES.source(name).with_suffix(".ipynb").stat().st_size < 1_000_000


@pytest.mark.parametrize("name", NAMES)
def test_its_head_promises_minutes(name):
    assert 1 <= solved.stated_minutes(source.load(name, PLACES)) <= 10


def test_a_head_without_minutes_is_told_what_to_write():
    silent = source.Assignment("06_silent", (source.Cell("markdown", "prose", "", "# 6 · Silent", ()),))
    with pytest.raises(ValueError, match="06_silent: .* of which the computer needs about two minutes"):
        solved.stated_minutes(silent)


def test_new_prose_keeps_outputs_and_new_code_does_not():
    earlier = kept("01_autoencoder")
    notebook = solved.solved_notebook(source.load("01_autoencoder", PLACES))
    notebook.cells[0].source = "# Another head"
    solved.take_outputs(notebook, earlier)
    assert [cell.get("outputs") for cell in notebook.cells] == [cell.get("outputs") for cell in earlier.cells]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code[3].source += "\nprint(1)"
    with pytest.raises(ValueError, match="code has changed"):
        solved.take_outputs(notebook, earlier)
    code[3].source = earlier.cells[notebook.cells.index(code[3])].source
    notebook.cells.remove(code[5])
    with pytest.raises(ValueError, match="cells have moved"):
        solved.take_outputs(notebook, earlier)


def test_a_notebook_that_takes_longer_than_its_head_says_is_reported(tmp_path, capsys, monkeypatch):
    text = "# %% [markdown]\n# # 6 · Slow\n# An hour of work, of which the computer needs about one minute of one CPU core.\n\n# %% setup=\"imports\"\nx = 1\n"
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "06_slow.py").write_text(text)
    spent = iter((0.0, 80.0, 0.0, 70.0))
    monkeypatch.setattr(solved, "_children_seconds", lambda: next(spent))
    assert solved.main(["--here", "06_slow"], Places(tmp_path)) == 1
    assert "06_slow: that is longer than about 1; find out why" in capsys.readouterr().err
    assert solved.main(["--here", "06_slow"], Places(tmp_path)) == 0
    assert nbformat.read(tmp_path / "solutions" / "06_slow.ipynb", 4).cells[1].execution_count == 1
