"""A self-study reader with the clone: from a wrong answer to its name and its equation, in the terminal and in the notebook."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

from autograder import source, versions
from autograder.places import Places
from workbook.equations import KEYS

PLACES = Places.here()
WRONG = versions.load(PLACES.misconceptions("03_vae") / "gaussian_kl.py")[0]


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """Assignment 3 with a typical wrong answer in one exercise and a right one in another."""
    notebook = nbformat.read(PLACES.release("03_vae"), 4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name == "gaussian_kl":
            cell.source = WRONG.source
        elif name == "reparameterize":
            cell.source = source.load("03_vae", PLACES).code("exercise")["reparameterize"].solved
    path = tmp_path_factory.mktemp("own") / "03_vae.ipynb"
    nbformat.write(notebook, path)
    return path


def test_the_terminal_names_the_misconception_and_an_equation_that_can_be_opened(answered):
    done = subprocess.run([sys.executable, "-m", "autograder.cli", "check", str(answered)], cwd=PLACES.root, env=os.environ | {"COLUMNS": "160"}, capture_output=True, text=True)
    assert done.returncode == 1 and WRONG.id in done.stdout, done.stderr
    number, place = re.search(r"To read: equation \(([\d.]+)\), [^:]+: (\S+)", done.stdout).groups()
    assert KEYS[number] == WRONG.see
    file, _, anchor = place.removeprefix("file://").partition("#")
    text = (PLACES.root / file).read_text(encoding="utf-8")
    assert f'id="{anchor}"' in text if anchor else f"\\\\tag{{{number}}}" in text


def test_a_cell_judges_its_own_notebook(answered):
    manager, client = start_new_kernel(cwd=str(answered.parent), env=os.environ | {"JPY_SESSION_NAME": answered.name})
    shown = {}

    def keep(message):
        shown.update(message["content"].get("data", {}) if message["msg_type"] == "execute_result" else {})

    try:
        client.execute_interactive("from autograder.notebook import judge\njudge()", allow_stdin=False, output_hook=keep, timeout=120)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert WRONG.text in shown["text/plain"] and "✓ reparameterize: passed" in shown["text/plain"] and "… elbo: blank" in shown["text/plain"]
    assert re.search(r'<a href="[^"]*lectures/04_vaes\.(ipynb#cell-id=cell-\d+|html#equation-eq-gaussian-kl)"[^>]*>equation \(4\.3\)</a>', shown["text/html"])


def test_a_cell_that_is_no_notebooks_asks_for_the_file(monkeypatch):
    from autograder.notebook import CannotJudge, judge

    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    with pytest.raises(CannotJudge, match="Say it: judge"):
        judge()
    with pytest.raises(CannotJudge, match="nowhere.ipynb"):
        judge("nowhere.ipynb")
