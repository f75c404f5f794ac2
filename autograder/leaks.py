"""Search what students get for what is hidden: solution bodies, check bodies, misconceptions."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from autograder import versions
from autograder.places import Places
from autograder.source import load

SHORTEST_BODY = 25  # characters (without white space) of a whole hidden body that is searched for
SHORTEST_LINE = 60  # characters of a single hidden line that is searched for


@dataclass(frozen=True)
class Leak:
    """A hidden text found in a public file."""

    file: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.kind}: {self.text[:120]}"


def leaks_in(public: dict[str, str], assignments: list[str], places: Places) -> list[Leak]:
    """Hidden texts of the assignments in the public texts, by file name."""
    needles = [(kind, text, _squeezed(text)) for name in assignments for kind, text in hidden_texts(name, places)]
    found = []
    for file, text in public.items():
        haystack = _squeezed(_readable(text))
        found += [Leak(file, kind, needle) for kind, needle, squeezed in needles if squeezed in haystack]
    return found


def hidden_texts(name: str, places: Places) -> list[tuple[str, str]]:
    """All that must not reach a student of an assignment: (kind, text)."""
    texts = []
    assignment = load(name, places)
    shown = _squeezed("\n".join(cell.released for cell in assignment.cells if cell.kind in ("experiment", "setup", "debug")))
    for cell in assignment.cells:
        for body in cell.solution_bodies():
            texts += [("solution", body)] * (len(_squeezed(body)) >= SHORTEST_BODY)
            texts += [("a solution's line", line) for line in _long_lines(body)]
    for path in sorted(places.checks(name).glob("test_*.py")):
        texts += [("a check's line", line) for line in _long_lines(_without_imports(path.read_text()))]
    for path in sorted(places.misconceptions(name).glob("*.py")):
        for version in versions.load(path):
            texts.append(("a misconception", version.text))
            body = version.source.partition("\n")[2]
            texts += [("a wrong version", body)] * (len(_squeezed(body)) >= SHORTEST_BODY)
    return [(kind, text) for kind, text in texts if _squeezed(text) not in shown]  # what provided code shows as well is no secret


def _long_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if len(_squeezed(line)) >= SHORTEST_LINE and not line.strip().startswith(("#", "def ", "class ", '"""'))]


def _without_imports(text: str) -> str:
    """The bodies of a module's functions (its imports and docstring are no secret)."""
    lines, kept = text.splitlines(), []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            kept += lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(kept)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _readable(text: str) -> str:
    """A notebook's JSON without the escapes that would hide quotes and line ends from a search."""
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\").replace('",\n', "\n")


def public_texts(folder: Path) -> dict[str, str]:
    """Every text file below a folder, by its relative name."""
    texts = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            texts[str(path.relative_to(folder))] = path.read_bytes().decode("utf-8", "replace")
    return texts
