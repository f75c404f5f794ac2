"""Versions of an exercise as code: wrong ones with their diagnosis, correct ones with what makes them different.

A version is a top-level function or class in a file named after the exercise. Its own name is the version's id; its source,
renamed to the exercise, becomes a cell of a submission or is run in the reference's namespace.
"""

import ast
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workbook.equations import EQUATIONS


@dataclass(frozen=True)
class Version:
    """One version of an exercise: `id`, the exercise's name, renamed source, a one-line text, and an equation key or None."""

    id: str
    exercise: str
    source: str
    text: str
    see: str | None = None


def misconception(diagnosis: str, see: str | None = None) -> Callable:
    """Mark a wrong version with its one-line diagnosis and the key of the equation to read, if there is one. Raises ValueError for an unknown key."""
    if see is not None and see not in EQUATIONS:
        raise ValueError(f"{see!r} is not the key of an equation; the keys are in workbook/equations.py")
    return _mark(diagnosis, see)


def correct(difference: str) -> Callable:
    """Mark an alternative correct version with what makes it different."""
    return _mark(difference, None)


def _mark(text: str, see: str | None) -> Callable:
    def attach(version):
        version.__version_of_exercise__ = (text, see)
        return version

    return attach


@cache
def load(path: Path) -> tuple[Version, ...]:
    """All versions in a file `EXERCISE.py`, in file order. Raises ValueError where a marked one has no text."""
    exercise = path.stem
    spec = importlib.util.spec_from_file_location(f"versions_of_{exercise}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = []
    for node in ast.parse(path.read_text()).body:
        marked = getattr(getattr(module, getattr(node, "name", ""), None), "__version_of_exercise__", None)
        if marked is None:
            continue
        if not marked[0].strip():
            raise ValueError(f"{path}: version {node.name} needs a text")
        found.append(Version(node.name, exercise, _renamed(node, exercise), *marked))
    return tuple(found)


def _renamed(node: ast.FunctionDef | ast.ClassDef, name: str) -> str:
    """The definition's source without its mark (other decorators stay), under another name (uses of its own name follow)."""
    old, node.name = node.name, name
    node.decorator_list = [mark for mark in node.decorator_list if getattr(getattr(mark, "func", None), "id", "") not in ("misconception", "correct")]
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id == old:
            part.id = name
    return ast.unparse(node)
