"""The bundle's own files: packages, README, Makefile, addresses; and the lists that must agree with the sources."""

import ast
import json
import re
import sys
import tomllib

import pytest
import yaml

from autograder import source
from autograder.bundle import bundle
from autograder.places import Places
from workbook import ready

PLACES = Places.here()
OPTIONAL = {"IPython", "nbformat", "nbclient", "jupytext", "torchvision"}  # of JupyterLab, or asked for when needed


def depends(text: str) -> list[str]:
    return tomllib.loads(text)["project"]["dependencies"]


def test_students_install_the_library_and_nothing_of_the_grader(handed_out):
    text = (handed_out / "pyproject.toml").read_text(encoding="utf-8")
    assert depends(text) == depends((PLACES.root / "pyproject.toml").read_text(encoding="utf-8"))
    project = tomllib.loads(text)
    assert "scripts" not in project["project"] and "optional-dependencies" not in project["project"]
    conda = yaml.safe_load((handed_out / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert next(part["pip"] for part in conda if isinstance(part, dict)) == [*depends(text), "-e ."]


def test_what_the_first_cell_installs_is_what_the_library_imports(handed_out):
    needed = set(ready.NEEDED.values())
    assert needed <= set(depends((handed_out / "pyproject.toml").read_text(encoding="utf-8")))
    imported = set()
    for path in (handed_out / "workbook").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            imported |= {name.split(".")[0] for name in names}
    assert imported - set(sys.stdlib_module_names) - {"workbook"} <= set(ready.NEEDED) | OPTIONAL


@pytest.mark.parametrize("code, there", [(0, True), (1, False), (0, False)])
def test_only_what_is_missing_is_installed_and_a_failure_says_what_to_do(code, there, monkeypatch, capsys):
    asked, present = [], set(ready.NEEDED) - {"mlxtend"}

    def pip(command, **_):
        asked.append(command)
        present.update({"mlxtend"} if there else ())
        return type("Done", (), {"returncode": code, "stderr": "no route to host\n", "stdout": ""})

    monkeypatch.setattr(ready.importlib.util, "find_spec", lambda name: name in present or None)
    monkeypatch.setattr(ready.subprocess, "run", pip)
    if there:
        assert ready.make_ready().type in ("cpu", "cuda", "mps") and "installing mlxtend" in capsys.readouterr().out
    else:
        with pytest.raises(RuntimeError, match="(?s)could not install mlxtend.*no route to host.*-m pip install mlxtend"):
            ready.make_ready()
    assert asked == [[sys.executable, "-m", "pip", "install", "--quiet", "mlxtend>=0.23.4"]]


@pytest.mark.parametrize("name", PLACES.assignment_names())
def test_the_points_of_the_progress_bar_are_the_notebooks(name):
    checks = __import__(f"workbook.checks.{name.split('_', 1)[1]}", fromlist=["POINTS"])
    assert list(checks.POINTS.items()) == [(exercise.name, exercise.points) for exercise in source.load(name, PLACES).exercises]


def test_the_readme_names_files_and_commands_that_are_there(handed_out):
    text = (handed_out / "README.md").read_text(encoding="utf-8")
    assert "@" not in re.sub(r"`[^`]*`", "", text)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (handed_out / link).exists(), link
    for path in re.findall(r"assignments/\w+/\w+\.ipynb", text):
        assert (handed_out / path).exists()
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert (handed_out / f"{module.replace('.', '/')}.py").exists() or module in ("venv", "pip")
    targets = set(re.findall(r"^([a-z]+):", (handed_out / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"lab", "validate", "help"} <= targets


def test_a_course_with_an_address_has_links_to_colab_and_to_its_website(tmp_path):
    made = bundle(tmp_path / "with", PLACES, "https://github.com/o/course", "https://example.org/noise")
    for path in sorted((made / "assignments").glob("*/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert f"https://colab.research.google.com/github/o/course/blob/main/assignments/{path.stem}/{path.name}" in "".join(cells[0]["source"])
        assert 'COURSE = "https://github.com/o/course/archive/refs/heads/main.zip"' in "".join(cells[1]["source"])
    assert (made / "workbook" / "site.txt").read_text(encoding="utf-8") == "https://example.org/noise/\n"
    assert "On Colab: the link" in (made / "README.md").read_text(encoding="utf-8")


def test_what_is_no_address_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="no web address"):
        bundle(tmp_path / "with", PLACES, "course.zip")
    assert not (tmp_path / "with").exists()
