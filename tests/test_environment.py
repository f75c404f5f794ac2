"""The two lists of packages say the same, and the pins stay."""

import re
import tomllib

import yaml

from autograder.places import Places

ROOT = Places.here().root


def from_pyproject() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for extra in ("grader", "cluster", "postgres", "test", "test-servers", "site", "test-site") for line in project["optional-dependencies"][extra]]
    return {re.sub(r"\s", "", line) for line in project["dependencies"] + extras}


def from_conda() -> set[str]:
    parts = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(part["pip"] for part in parts if isinstance(part, dict))
    return {re.sub(r"\s", "", line) for line in pip if not line.startswith("-e")}


def test_conda_and_pip_install_the_same():
    assert from_conda() == from_pyproject()


def test_what_must_not_move_is_pinned():
    pinned = {line for line in from_pyproject() if "==" in line}
    assert {"torch==2.13.0", "nbgrader==0.9.6"} <= pinned
