"""The look before handing in: what it finds in solved, untouched, half-run and foreign notebooks."""

import json

import nbformat
import pytest
import torch
from safetensors.torch import save_file

from autograder.places import Places
from workbook.validate import main

PLACES = Places.here()


def solved(name: str) -> nbformat.NotebookNode:
    return nbformat.read(PLACES.source(name).with_suffix(".ipynb"), 4)


def put(notebook, folder, name="mine.ipynb"):
    path = folder / name
    nbformat.write(notebook, path)
    return str(path)


@pytest.mark.parametrize("name", ["01_autoencoder", "03_vae"])
def test_a_solved_notebook_is_ready(name, tmp_path, capsys):
    assert main([put(solved(name), tmp_path)]) == 0
    assert "Ready to hand in." in capsys.readouterr().out


def test_an_untouched_notebook_is_told_what_is_missing(capsys):
    assert main([str(PLACES.release("03_vae"))]) == 1
    out = capsys.readouterr().out
    assert "have not been run" in out and "gaussian_kl: its check has not been run" in out


def test_cells_copied_with_their_ids_or_without_any_raise_no_warning(tmp_path, recwarn):
    notebook = solved("03_vae")
    notebook.cells.append(dict(notebook.cells[0]))
    notebook.cells[1].pop("id")
    (tmp_path / "copied.ipynb").write_text(json.dumps(notebook))
    assert main([str(tmp_path / "copied.ipynb")]) == 0 and not recwarn.list


def test_disorder_a_failing_check_and_a_missing_cell_are_named(tmp_path, capsys):
    notebook = solved("03_vae")
    checks = [cell for cell in notebook.cells if cell.source.startswith("check(")]
    checks[0].outputs = [nbformat.v4.new_output("display_data", {"text/plain": "✗ gaussian_kl: not right yet\nSeen: -1.\n0 of 12 exercises right"})]
    notebook.cells.remove(checks[1])
    notebook.cells[-1], code = notebook.cells[-1], [cell for cell in notebook.cells if cell.cell_type == "code"]
    code[3].execution_count = 99
    assert main([put(notebook, tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "not run in order" in out and "✗ gaussian_kl: not right yet. Seen: -1." in out and "reparameterize: its check cell is missing" in out


@pytest.mark.parametrize("content, said", [(None, "no weights"), (b"\x80\x04pickle", "cannot be read"), ("nan", "not finite"), ("plain", "does not say which network"), ("fine", "3 finite weights")])
def test_weights_are_looked_at(content, said, tmp_path, capsys):
    path = tmp_path / "unet.safetensors"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        save_file({"w": torch.full((3,), float("nan") if content == "nan" else 1.0)}, path, metadata=None if content == "plain" else {"architecture": "{}"})
    (tmp_path / "05_unet.ipynb").write_text(PLACES.release("05_unet").read_text())
    main([str(tmp_path / "05_unet.ipynb")])
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "{", json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})])
def test_a_foreign_file_is_refused_with_a_reason(text, tmp_path, capsys):
    path = tmp_path / "x.ipynb"
    path.write_text(text)
    assert main([str(path)]) == 2 and str(path) in capsys.readouterr().err
    assert main([str(tmp_path / "nowhere.ipynb")]) == 2
