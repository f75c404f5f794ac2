"""The command line as an instructor and a reader type it."""

import json
import os
import subprocess
import sys

import pytest
from grading import VAE, notebook

COMMANDS = [[], ["release"], ["grade"], ["check"], ["course"], ["course", "prepare"], ["course", "grade"], ["course", "feedback"], ["course", "export"],
            ["bundle"], ["stats"], ["gradescope"], ["scheduler"], ["worker"], ["doctor"]]  # fmt: skip


def run(*arguments, cwd=None) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "autograder.cli", *map(str, arguments)], capture_output=True, text=True, cwd=cwd, env=os.environ | {"COLUMNS": "120"})


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_explains_and_gives_an_example(command):
    done = run(*command, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout or command in ([], ["course"])


def test_grade_writes_the_documented_json(tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / f"{VAE}.ipynb").write_bytes(notebook(blank=True))
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / f"{VAE}.ipynb").write_bytes(b"")
    done = run("grade", tmp_path, "--json", tmp_path / "out.json", "--json-dir", tmp_path / "each", "-w", 1, "--seed", 3)
    results = {result["student"]: result for result in json.loads((tmp_path / "out.json").read_text())}
    assert done.returncode == 1, done.stderr  # one asks for a person
    assert set(results) == {"ada", "bob"} and results["bob"]["status"] == "ungradable" and results["ada"]["seed"] == 3
    keys = {"assignment", "student", "status", "reason", "score", "max_score", "seed", "seconds", "exercises"}
    assert keys <= set(results["ada"]) and {"name", "points", "max_points", "outcome", "misconception", "message"} <= set(results["ada"]["exercises"][0])
    assert len(list((tmp_path / "each").iterdir())) == 2
    assert "\x1b[" not in done.stdout


@pytest.mark.parametrize("arguments, said", [(["grade", "nowhere"], "there is no nowhere"), (["release", "09_nothing"], "no assignment"), (["course", "export", VAE, "-f", "xml"], "unknown format")])  # fmt: skip
def test_wrong_use_is_explained(arguments, said, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_an_unknown_notebook_is_asked_about(tmp_path):
    (tmp_path / "homework.ipynb").write_bytes(notebook())
    done = run("check", tmp_path / "homework.ipynb")
    assert done.returncode == 2 and "--assignment" in done.stderr
