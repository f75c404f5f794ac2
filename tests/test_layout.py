"""Imports run one way, and the files that people look for are there."""

import ast
from pathlib import Path

import pytest

from autograder.places import Places

ROOT = Places.here().root


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "workbook").rglob("*.py")), ids=str)
def test_the_library_never_imports_the_grader(path):
    assert not imported(path) & {"autograder", "solutions", "tests"}


@pytest.mark.parametrize("path", [p for folder in ("autograder/jail/inside", "autograder/probes", "autograder/stand_ins") for p in sorted((ROOT / folder).glob("*.py")) if p != ROOT / "autograder" / "stand_ins" / "__init__.py"], ids=str)
def test_what_enters_the_jail_imports_no_secret(path):
    assert not imported(path) & {"autograder", "solutions", "tests"}


@pytest.mark.parametrize("name", ["README.md", "environment.yml", "pyproject.toml", "Makefile", "nbgrader_config.py", "LICENSE", "LICENSE-prose", ".ci/run"])
def test_people_find_what_they_look_for(name):
    assert (ROOT / name).exists()
