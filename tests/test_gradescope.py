"""The Gradescope zip: its form, that it holds only its own assignment, and that it grades as here."""

import json
import os
import subprocess
import sys
import zipfile

import pytest
from grading import VAE, notebook

from autograder.gradescope import write_zip
from autograder.places import Places

WRONG = {"gaussian_kl": "def gaussian_kl(mu, logvar):\n    return (mu**2 + logvar.exp() - logvar - 1).sum(1)\n"}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """A folder as Gradescope lays it out, with the zip unpacked."""
    root = tmp_path_factory.mktemp("autograder")
    with zipfile.ZipFile(write_zip(VAE, root / "vae.zip", Places.here())) as archive:
        archive.extractall(root / "source")
    return root


def test_it_holds_what_gradescope_runs_and_nothing_of_other_assignments(unpacked):
    names = {str(path.relative_to(unpacked / "source")) for path in (unpacked / "source").rglob("*")}
    assert {"setup.sh", "run_autograder", "autograder/checks/vae/test_gaussian_kl.py", "solutions/03_vae.py"} <= names
    assert not any("checks/ddpm/test_" in name or "misconceptions/unet" in name or "04_ddpm" in name for name in names)


def graded(unpacked) -> dict:
    source = unpacked / "source"
    environment = os.environ | {"WORKBOOK_ROOT": str(source), "PYTHONPATH": str(source)}
    subprocess.run([sys.executable, "-m", "autograder.gradescope", VAE, str(unpacked)], cwd=source, env=environment, check=True, capture_output=True)
    return json.loads((unpacked / "results" / "results.json").read_text())


def test_it_grades_with_the_same_checks(unpacked):
    folder = unpacked / "submission"
    folder.mkdir(exist_ok=True)
    (folder / "mine.ipynb").write_bytes(notebook(WRONG))
    verdict = graded(unpacked)
    tests = {test["name"]: test for test in verdict["tests"]}
    assert tests["gaussian_kl"]["score"] == 0 and "factor" in tests["gaussian_kl"]["output"]
    assert verdict["score"] == sum(t["max_score"] for t in tests.values()) - tests["gaussian_kl"]["max_score"]


def test_no_notebook_is_said(unpacked):
    for path in (unpacked / "submission").glob("*"):
        path.unlink()
    assert "no notebook" in graded(unpacked)["output"]
