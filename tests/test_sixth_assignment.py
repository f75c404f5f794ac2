"""The how-to for a new assignment, followed to the letter in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.places import Places

ROOT = Places.here().root
FILE = re.compile(r"`([\w/]+\.py)`:\n\n````python\n(.*?)````", re.DOTALL)


@pytest.fixture(scope="module")
def steps() -> tuple[dict[str, str], list[str]]:
    """The how-to's files by path, and its commands."""
    text = (ROOT / "autograder" / "README.md").read_text().split("## 5. Adding an assignment")[1]
    return dict(FILE.findall(text)), re.search(r"```sh\n(.*?)```", text, re.DOTALL)[1].strip().splitlines()


@pytest.fixture(scope="module")
def copy(tmp_path_factory, steps) -> Path:
    """The project with the files of the how-to written into it, and no other assignment."""
    folder = tmp_path_factory.mktemp("project")
    leave = shutil.ignore_patterns("__pycache__", "*.ipynb", "threats", "site", "[0-9][0-9]_*")
    for part in ("autograder", "workbook", "tests"):
        shutil.copytree(ROOT / part, folder / part, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for path, text in steps[0].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def test_the_how_to_works_to_the_letter(copy, steps):
    files, commands = steps
    assert len(files) == 5 and len(commands) == 3
    environment = os.environ | {"PYTHONPATH": str(copy), "WORKBOOK_ROOT": str(copy)}
    for command in commands:
        program, *arguments = command.split()
        if program == "autograder":
            arguments = ["-m", "autograder.cli", *arguments]
        done = subprocess.run([sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        if "scoreboard" in command:
            assert "| in all | 4 | 0 | 4 | 3 | 0 |" in done.stdout
    assert (copy / "assignments" / "06_temperature" / "06_temperature.ipynb").exists()
