"""Read a submitted notebook: bounded, repaired where that is safe, else ungradable with a sentence for the student."""

import ast
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat

from autograder.limits import Limits
from autograder.source import Assignment

STRINGS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)  # possessive, so that a string without an end costs no more than one with it
BRACKETS = re.compile(r"[\[\]{}]")
NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{},"' rb"\/bfnrtu"))  # which letters may follow a backslash, JSON says; none else changes where a string ends
HALF_CHARACTERS = re.compile(r"[\ud800-\udfff]")  # halves of a UTF-16 pair, which no file can hold
MOST_WEIGHT_FILES = 8
USUAL = 1 << 18  # bytes that few notebooks have
ROLES_NOT_RUN = ("check", "debug", "question")


class Ungradable(Exception):
    """The file cannot be judged; the message says why and what to do."""


@dataclass(frozen=True)
class Submission:
    """What a student handed in: the assignment's name, who, the notebook's bytes, and the other files by name; or why it cannot be read."""

    assignment: str
    student: str
    notebook: bytes
    files: dict[str, bytes] = field(default_factory=dict)
    unreadable: str = ""

    @classmethod
    def read(cls, path: Path, assignment: str, student: str, limits: Limits | None = None) -> "Submission":
        """The notebook at `path` with the weights beside it; reads no more than the limits allow. What cannot be read says so in `unreadable`."""
        limits = limits or Limits()
        if path.is_symlink():
            return cls(assignment, student, b"", unreadable="The notebook is a link to another file. Hand in the notebook itself.")
        if path.exists() and not path.is_file():  # a folder, or a pipe, whose reading would never end
            return cls(assignment, student, b"", unreadable="What has the notebook's name is not a file. Hand in the notebook itself.")
        try:
            files = {}
            beside = [weights for weights in sorted(path.parent.glob("*.safetensors")) if weights.is_file() and not weights.is_symlink()]
            for weights in beside[:MOST_WEIGHT_FILES]:
                files[weights.name] = read_capped(weights, limits.weights)
            return cls(assignment, student, read_capped(path, limits.notebook), files)
        except FileNotFoundError:
            return cls(assignment, student, b"", unreadable="There is no notebook. Hand in the .ipynb file of the assignment.")
        except OSError as error:
            return cls(assignment, student, b"", unreadable=f"The file could not be read ({error.strerror}). Hand it in again.")


def read_capped(path: Path, most: int) -> bytes:
    """The bytes of a file, but one more than `most` at most, so that too much can be told from enough."""
    with path.open("rb") as file:
        start = file.read(min(most + 1, USUAL))  # Python takes memory for all that is asked for, before it looks how much there is
        return start if len(start) < USUAL else start + file.read(most + 1 - USUAL)


class ReadCell(NamedTuple):
    """A cell as it was handed in: its type ("code", "markdown" or "raw"), nbgrader's name for it, if any, and its text. Nothing else of it is believed."""

    type: str
    name: str | None
    source: str


@dataclass(frozen=True)
class RunCell:
    """A code cell to run: its label in messages, its source, and whether only its definitions count."""

    label: str
    source: str
    definitions_only: bool = False

    def as_request(self) -> dict:
        return {"label": self.label, "source": self.source, "definitions_only": self.definitions_only}


@dataclass(frozen=True)
class Opened:
    """A readable notebook: cells to run in order, the source of each exercise's cell, and what was repaired on the way."""

    cells: tuple[RunCell, ...]
    exercise_sources: dict[str, str]
    repairs: tuple[str, ...] = ()


def open_notebook(data: bytes, assignment: Assignment, limits: Limits) -> Opened:
    """Parse a notebook's bytes against its assignment's source. Raises Ungradable."""
    cells, repairs = parse(data, limits)
    if sum(len(cell.source) for cell in cells) > limits.code:
        raise Ungradable(f"The notebook holds more than {limits.code >> 10} KiB of text. Load data from files instead of writing it into cells.")
    if not any(cell.type == "code" for cell in cells):
        raise Ungradable("The notebook has no code cells. Hand in the notebook of the assignment.")
    return _arrange(cells, assignment, repairs)


def parse(data: bytes, limits: Limits) -> tuple[list[ReadCell], list[str]]:
    """A notebook's bytes to its cells, with what had to be repaired. Raises Ungradable."""
    if len(data) > limits.notebook:
        raise Ungradable(f"The file is larger than {limits.notebook >> 20} MiB. Clear its outputs, save it and hand it in again.")
    if not data.strip():
        raise Ungradable("The file is empty. Save the notebook and hand it in again.")
    repairs = []
    raw = _json(data, limits, repairs)
    if not isinstance(raw, dict) or not (isinstance(raw.get("cells"), list) or isinstance(raw.get("worksheets"), list)):
        raise Ungradable("The file is JSON but not a Jupyter notebook. Hand in the .ipynb file of the assignment.")
    if raw.get("nbformat") not in (3, 4):
        raise Ungradable(f"The notebook says that its format is {str(raw.get('nbformat'))[:20]}; formats 3 and 4 can be read. Open it in Jupyter, save it and hand it in again.")
    try:
        if raw["nbformat"] == 3:
            raw = nbformat.convert(nbformat.from_dict(raw), 4)
            repairs.append("converted from notebook format 3")
        cells = _cells(raw, repairs)
    except Ungradable:
        raise
    except Exception as error:  # nbformat's converter raises many kinds for a damaged file
        raise Ungradable("The notebook is damaged and cannot be read. Open it in Jupyter, save it and hand it in again.") from error
    if len(cells) > limits.cells:
        raise Ungradable(f"The notebook has more than {limits.cells} cells. Remove the superfluous ones and hand it in again.")
    return cells, repairs


def _json(data: bytes, limits: Limits, repairs: list[str]):
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        repairs.append("removed a byte order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Ungradable("The file is not text in UTF-8, so it is no notebook. Hand in the .ipynb file of the assignment.") from error
    depth, parts = _depth(data)
    if depth > limits.json_depth:
        raise Ungradable(f"The file's JSON is nested more than {limits.json_depth} deep, as no notebook is.")
    if parts > limits.json_parts:
        raise Ungradable(f"The file's JSON has more than {limits.json_parts:,} parts. Clear its outputs, save it and hand it in again.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Ungradable("The file is not a complete notebook (its JSON breaks off or is damaged). Save it again in Jupyter and hand it in again.") from error


def _depth(data: bytes) -> tuple[int, int]:
    """The deepest nesting of brackets outside of strings, and the number of opening brackets and commas there."""
    bare = STRINGS.sub("", data.translate(None, NOT_STRUCTURE).decode("ascii"))
    depth = deepest = 0
    for bracket in BRACKETS.findall(bare):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest, bare.count("[") + bare.count("{") + bare.count(",")


def _cells(raw: dict, repairs: list[str]) -> list[ReadCell]:
    """The readable cells of a raw notebook of format 4."""
    cells = []
    for cell in raw["cells"]:
        if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
            repairs.append("left out a cell of no known type")
            continue
        source = cell.get("source", "")
        source = "".join(map(str, source)) if isinstance(source, list) else str(source)
        source = source if source.isascii() else HALF_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", source)
        cells.append(ReadCell(cell["cell_type"], _name(cell.get("metadata")), source))
    return cells


def grade_id(cell: dict) -> str | None:
    """nbgrader's name of a notebook's cell, or None."""
    return _name(cell["metadata"])


def _name(metadata) -> str | None:
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else None


def _arrange(cells: list[ReadCell], assignment: Assignment, repairs: list[str]) -> Opened:
    """The cells to run: setup from the release, the student's own in their order, experiments for their definitions only."""
    roles, unchanged = released_roles(assignment), _by_text(assignment)
    seen, run, sources = set(), [], {}
    for cell in assignment.cells:
        if cell.type == "code" and cell.kind == "setup":
            run.append(RunCell(f"setup {cell.name}", cell.solved))
    for number, cell in enumerate(cells, 1):
        name = cell.name
        kind, exercise = roles.get(name, ("added", None))
        if name is not None and kind != "added" and name in seen:
            kind, exercise = "added", None  # a copied cell is the student's own
        if kind == "added":
            kind, exercise = unchanged.get(cell.source.strip(), (kind, exercise))  # a program has taken the cells' names away, or it is an experiment's copy
        seen.add(name)
        if kind == "exercise" and cell.type != "code":
            repairs.append(f"read the cell of {exercise} as code, though its type was {cell.type}")
        elif cell.type != "code" or kind in ROLES_NOT_RUN or kind == "setup":
            if kind == "setup" and cell.source.strip() != _setup(assignment, exercise):
                run.append(RunCell(f"{number} (your version of the setup)", cell.source))
            continue
        if kind == "exercise":
            sources[exercise] = cell.source
        run.append(RunCell(exercise if kind == "exercise" else str(number), cell.source, definitions_only=kind == "experiment"))
    homeless = any(exercise.name not in sources for exercise in assignment.exercises)
    defined = {name: cell.source for cell in run for name in _defined(cell.source)} if homeless else {}
    for exercise in assignment.exercises:
        if exercise.name not in sources and exercise.name in defined:
            sources[exercise.name] = defined[exercise.name]
            repairs.append(f"took {exercise.name} from a cell that is not its own")
    return Opened(tuple(run), sources, tuple(repairs))


def _setup(assignment: Assignment, name: str) -> str:
    return assignment.code("setup")[name].solved.strip()


@cache
def _by_text(assignment: Assignment) -> dict[str, tuple[str, str]]:
    """What each released cell is that is no exercise, by its text."""
    return {cell.released.strip(): (cell.kind, cell.name) for cell in assignment.cells if cell.type == "code" and cell.kind != "exercise"}


@cache
def released_roles(assignment: Assignment) -> dict[str, tuple[str, str]]:
    """What each released cell is, by its grade id: (kind, name)."""
    roles = {}
    for cell in assignment.cells:
        if cell.type == "code" or cell.kind == "question":
            roles[cell_id(cell.kind, cell.name)] = (cell.kind, cell.name)
    return roles


def cell_id(kind: str, name: str) -> str:
    """The grade id of a released cell: an exercise's is its name, another's has its kind before it."""
    return name if kind == "exercise" else f"{kind}-{name}"


def _defined(source: str) -> list[str]:
    """The functions and classes that a cell defines at its top level."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def is_blank(source: str, stub: str) -> bool:
    """Whether an exercise's cell is the released stub still, up to comments, docstrings and layout."""
    if source == stub:
        return True
    if "NotImplementedError" in stub and "NotImplementedError" not in source:  # most answers, without a look at their grammar
        return False
    return skeleton(source) == _of_stub(stub)


@cache
def _of_stub(stub: str) -> str:
    return skeleton(stub)


def skeleton(source: str) -> str:
    """What code does: without comments, docstrings and layout; the text itself where it is no Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
            node.body = body[1:]
    return ast.dump(tree)
