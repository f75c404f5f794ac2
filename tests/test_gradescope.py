"""The Gradescope zip: its form, that it holds only its own assignment, and that it grades as here."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from grading import VAE, notebook

from autograder.gradescope import write_zip
from autograder.jail.launch import find_bwrap
from autograder.places import Places

WRONG = {"gaussian_kl": "def gaussian_kl(mu, logvar):\n    return (mu**2 + logvar.exp() - logvar - 1).sum(1)\n"}


@pytest.fixture(scope="module")
def unpacked():
    """A folder as Gradescope lays it out, with the zip unpacked; other users find the way to it, as to /autograder (pytest's own folders hide what is in them)."""
    with tempfile.TemporaryDirectory(prefix="gradescope-") as name:
        root = Path(name)
        root.chmod(0o755)
        with zipfile.ZipFile(write_zip(VAE, root / "vae.zip", Places.here())) as archive:
            for entry in archive.infolist():
                archive.extract(entry, root / "source")
                if mode := entry.external_attr >> 16:
                    (root / "source" / entry.filename).chmod(mode & 0o777)
        yield root


def test_it_holds_what_gradescope_runs_and_nothing_of_other_assignments(unpacked):
    names = {str(path.relative_to(unpacked / "source")) for path in (unpacked / "source").rglob("*")}
    assert {"setup.sh", "run_autograder", "autograder/checks/vae/test_gaussian_kl.py", "solutions/03_vae.py"} <= names
    assert not any("checks/ddpm/test_" in name or "misconceptions/unet" in name or "04_ddpm" in name for name in names)


KEYS = {"score": (int, float), "execution_time": int, "output": str, "output_format": str, "tests": list, "extra_data": dict}
OF_A_TEST = {"score": (int, float), "max_score": (int, float), "name": str, "output": str, "output_format": str, "status": str}


def valid(verdict: dict) -> dict:
    """The verdict, if it is of the form that Gradescope documents."""
    assert verdict.keys() <= KEYS.keys() and all(isinstance(value, KEYS[key]) for key, value in verdict.items())
    assert verdict.get("output_format") == "text" and verdict["score"] >= 0
    for test in verdict.get("tests", []):
        assert test.keys() <= OF_A_TEST.keys() and all(isinstance(value, OF_A_TEST[key]) for key, value in test.items())
        assert test["status"] in ("passed", "failed") and 0 <= test["score"] <= test["max_score"]
    return verdict


def container() -> list[str]:
    """A command's beginning that gives every user this Python to run, as an image does, where it lies in a folder of root's own."""
    base = Path(sys.base_prefix).resolve()
    closed = [folder for folder in reversed(base.parents) if not folder.stat().st_mode & 0o005]
    if not closed:
        return []
    between = [part for folder in reversed(base.parents) if closed[0] in folder.parents for part in ("--perms", "0755", "--dir", str(folder))]
    return [find_bwrap(), "--dev-bind", "/", "/", "--perms", "0755", "--tmpfs", str(closed[0]), *between, "--ro-bind", str(base), str(base), "--cap-add", "ALL", "--"]


def graded(unpacked, namespaces: bool = True) -> dict:
    """What run_autograder leaves, run as Gradescope runs it: a copy beside the source."""
    shutil.copy(unpacked / "source" / "run_autograder", unpacked)
    (unpacked / "results").mkdir(exist_ok=True)
    environment = os.environ | {"AUTOGRADER_ROOT": str(unpacked), "AUTOGRADER_PYTHON": sys.executable, "AUTOGRADER_NAMESPACES": "" if namespaces else "no"}
    done = subprocess.run([*([] if namespaces else container()), unpacked / "run_autograder"], cwd="/", env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return valid(json.loads((unpacked / "results" / "results.json").read_text()))


def test_it_grades_with_the_same_checks(unpacked):
    folder = unpacked / "submission"
    folder.mkdir(exist_ok=True)
    (folder / "mine.ipynb").write_bytes(notebook(WRONG))
    verdict = graded(unpacked)
    tests = {test["name"]: test for test in verdict["tests"]}
    assert tests["gaussian_kl"]["score"] == 0 and "factor" in tests["gaussian_kl"]["output"]
    assert verdict["score"] == sum(t["max_score"] for t in tests.values()) - tests["gaussian_kl"]["max_score"]


SPY = """
import os, pathlib
def kl_weight(step, warmup_steps):
    seen = []
    for path in ("{root}/source/autograder/checks/vae/test_elbo.py", "{root}/source/solutions/03_vae.py"):
        try:
            seen.append(open(path).read())
        except OSError:
            pass
    for path in ("{root}/results/results.json", "{root}/open/inside/driver.py", "{root}/submission/x"):
        try:
            pathlib.Path(path).write_text("{{}}"); seen.append(path)
        except OSError:
            pass
    try:
        import autograder
        seen += [autograder.__file__] if autograder.__file__.startswith("{root}") else []
    except ImportError:
        pass
    raise ValueError(f"uid {{os.getuid()}} saw {{len(seen)}} {{seen!r:.200}}")
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="another user needs root and setpriv")
def test_without_namespaces_the_students_code_is_another_user_who_sees_nothing(unpacked):
    folder = unpacked / "submission"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "mine.ipynb").write_bytes(notebook(WRONG | {"kl_weight": SPY.format(root=unpacked)}))
    verdict = graded(unpacked, namespaces=False)
    tests = {test["name"]: test for test in verdict["tests"]}
    assert "uid 65534 saw 0" in tests["kl_weight"]["output"]
    assert tests["gaussian_kl"]["score"] == 0 and tests["elbo"]["score"] == 12


def test_what_a_person_must_grade_is_said_first(unpacked):
    folder = unpacked / "submission"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "mine.ipynb").write_bytes(b"{")
    verdict = graded(unpacked)
    assert verdict["score"] == 0 and "A person has to grade: gaussian_kl" in verdict["output"] and "not a complete notebook" in verdict["output"]


def test_no_notebook_is_said(unpacked):
    for path in (unpacked / "submission").glob("*"):
        path.unlink()
    assert "no notebook" in graded(unpacked)["output"]
