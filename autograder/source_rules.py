"""What an assignment's source must be like, each rule with a sentence that says which cell breaks it and how to mend that.

`of_form` holds for every use of a source; `of_release` for handing it out. Both take an `Assignment` and return sentences, so that all are read at once.
"""

import ast
import difflib
import re
from collections.abc import Iterator
from pathlib import Path

MARKER = re.compile(r"^[ \t]*### (BEGIN|END) (\w+)", re.MULTILINE)
NUMBERS = {"exercise": ("points", "minutes", "difficulty"), "question": ("points",)}


def of_form(assignment) -> list[str]:
    """Rules without which the cells cannot be told apart, run, or counted."""
    broken = [*_markers(assignment), *_python(assignment), *_twice(assignment), *_numbers(assignment)]
    return broken or [*_exercises(assignment), *_checks(assignment)]


def of_release(assignment, places) -> list[str]:
    """Rules for what students get: three hints, hidden checks, a local check."""
    broken, local = [], "".join(path.read_text() for path in sorted((places.root / "workbook" / "checks" / places.checks(assignment.name).name).glob("*.py")))
    for number, cell in _numbered(assignment):
        if cell.kind != "exercise" or cell.type != "markdown":
            continue
        if (hints := cell.source.count("<summary>Hint")) < 3:
            broken.append(f"cell {number}: exercise {cell.name} has {hints} hints; write three, each as <details><summary>Hint 1: the idea</summary> ... </details>")
        hidden = places.checks(assignment.name) / f"test_{cell.name}.py"
        if not hidden.exists():
            broken.append(f"cell {number}: exercise {cell.name} has no hidden checks; write them into {hidden.relative_to(places.root)}")
        if not re.search(rf"\b{re.escape(cell.name)}\b", local):
            broken.append(f"cell {number}: exercise {cell.name} has no local check; write a function of that name into workbook/checks/{hidden.parent.name}/")
    return broken


def with_lines(sentence: str, path: Path) -> str:
    """The sentence with the line at which its (first) cell begins in the source."""
    lines = [number for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if line.startswith("# %%")]
    return re.sub(r"\bcell (\d+)", lambda found: f"{found[0]} (line {lines[int(found[1]) - 1]})" if int(found[1]) <= len(lines) else found[0], sentence, count=1)


def _numbered(assignment) -> Iterator:
    return enumerate(assignment.cells, 1)


def _markers(assignment) -> Iterator[str]:
    """Every region that begins ends, before another begins."""
    for number, cell in _numbered(assignment):
        waiting = ""
        for edge, kind in MARKER.findall(cell.source):
            if edge == "BEGIN" and waiting or edge == "END" and kind != waiting:
                yield f"cell {number}: ### {edge} {kind} {f'comes before ### END {waiting}' if waiting else f'has no ### BEGIN {kind} before it'}"
            waiting = kind if edge == "BEGIN" else ""
        if waiting:
            yield f"cell {number}: ### BEGIN {waiting} has no ### END {waiting} below it"


def _python(assignment) -> Iterator[str]:
    """Code is Python, solved and as released."""
    for number, cell in _numbered(assignment):
        for form, text in {"": cell.source, " as students get it": cell.released}.items() if cell.type == "code" else ():
            try:
                ast.parse(re.sub(r"^(\s*)[%!]", r"\1# ", text, flags=re.MULTILINE))  # magics and commands of a shell are no errors
            except SyntaxError as error:
                yield f"cell {number} ({cell.kind} {cell.name}){form}, line {error.lineno}: {error.msg}"
                break


def _twice(assignment) -> Iterator[str]:
    """A name stands for one cell of its kind and type."""
    seen = {}
    for number, cell in _numbered(assignment):
        if cell.kind != "prose":
            first = seen.setdefault((cell.type, cell.kind, cell.name), number)
            if first != number:
                yield f'cells {first} and {number} are both {cell.kind}="{cell.name}"; a name stands for one cell'


def _numbers(assignment) -> Iterator[str]:
    for number, cell in _numbered(assignment):
        header = dict(cell.header)
        for key in NUMBERS.get(cell.kind, ()) if cell.type == "markdown" else ():
            if not isinstance(header.get(key), int | float):
                yield f"cell {number}: {cell.kind} {cell.name} needs {key}=NUMBER in its header"


def _exercises(assignment) -> Iterator[str]:
    """An exercise has an introduction, a definition of its name, and a solution."""
    introduced = {cell.name for cell in assignment.cells if cell.kind == "exercise" and cell.type == "markdown"}
    exercises, checks = assignment.code("exercise"), assignment.code("check")
    for number, cell in _numbered(assignment):
        name = cell.name
        if cell.kind != "exercise":
            continue
        if cell.type == "markdown":
            if name not in exercises and name not in checks:
                yield f"cell {number}: exercise {name} is introduced, but neither an exercise cell nor a check follows{_like(name, exercises)}"
            continue
        if name not in introduced:
            yield f"cell {number}: exercise {name} needs an introducing markdown cell with points=NUMBER, minutes=NUMBER and difficulty=NUMBER in its header{_like(name, introduced)}"
        if not cell.solution_bodies():
            yield f"cell {number}: exercise {name} has no text between ### BEGIN SOLUTION and ### END SOLUTION"
        if name not in [getattr(node, "name", None) for node in ast.parse(cell.source).body]:
            yield f"cell {number}: the cell of exercise {name} does not define {name}"


def _checks(assignment) -> Iterator[str]:
    """A check belongs to an exercise, for the same points, or to a bug to find."""
    points = {cell.name: dict(cell.header)["points"] for cell in assignment.cells if cell.kind == "exercise" and cell.type == "markdown"}
    checks, bugs = assignment.code("check"), assignment.code("debug")
    for name in points:
        wanted = f'check("{name}", points={points[name]})'
        if name not in checks:
            yield f'exercise {name} needs a cell with check="{name}" in its header that reads {wanted}{_like(name, checks)}'
        elif checks[name].source.strip() != wanted:
            yield f"the check cell of exercise {name} must read {wanted}"
    for name in checks:
        if name not in points and name not in bugs:
            yield f"there is a check of {name}, but no exercise or debug cell of that name{_like(name, [*points, *bugs])}"


def _like(name: str, others) -> str:
    found = difflib.get_close_matches(name, list(others), 1)
    return f" (did you mean {found[0]}?)" if found and found[0] != name else ""
