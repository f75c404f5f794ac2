"""Read an assignment's one source, `solutions/NN_name.py`, into its cells and exercises."""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from autograder import source_rules
from autograder.lean import without
from autograder.places import Places

with without("jupyter_server", "jupyter_client"):  # for parts of jupytext that are not used here
    import jupytext

KINDS = ("exercise", "check", "setup", "experiment", "debug", "question")
REGION = re.compile(r"^[ \t]*### BEGIN (\w+)[ \t]*\n(.*?)^[ \t]*### END \1[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
INSTALL = Path(__file__).parent / "for_students" / "install.py"  # finds the library; begins the cell setup="install" of every notebook


@dataclass(frozen=True)
class Cell:
    """A cell of the source: `type` "code" or "markdown", `kind` one of KINDS or "prose", and the name in its header."""

    type: str
    kind: str
    name: str
    source: str
    header: tuple[tuple[str, object], ...]

    @cached_property
    def released(self) -> str:
        """The source as students get it: solutions replaced by stubs, planted bugs uncovered."""
        if self.kind == "question":
            return REGION.sub("*Your answer here.*\n", self.source).rstrip()
        return REGION.sub(self._region, self.source).rstrip()

    def _region(self, match: re.Match) -> str:
        kind, body = match[1], match[2]
        indent = re.match(r"[ \t]*", body)[0]
        if kind == "BUGGY":
            return "".join(re.sub(r"^([ \t]*)# ?", r"\1", line, count=1) for line in body.splitlines(keepends=True))
        if kind == "SOLUTION":
            if self.kind == "debug":
                return ""
            return "".join(f"{indent}{line}\n" for line in STUB.splitlines())
        raise ValueError(f"cell {self.name!r}: unknown region {kind}; known are SOLUTION and BUGGY")

    @cached_property
    def solved(self) -> str:
        """The source with its solution in and without markers or planted bugs."""
        return REGION.sub(lambda match: match[2] if match[1] == "SOLUTION" else "", self.source).rstrip()

    def solution_bodies(self) -> list[str]:
        """The hidden text between the solution markers."""
        return [match[2] for match in REGION.finditer(self.source) if match[1] == "SOLUTION"]


@dataclass(frozen=True)
class Exercise:
    """One graded function or class: points, minutes and difficulty (1 to 5)."""

    name: str
    points: float
    minutes: int
    difficulty: int


@dataclass(frozen=True)
class Assignment:
    """An assignment's source: its name, cells and exercises in order."""

    name: str
    cells: tuple[Cell, ...]

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        return tuple(
            Exercise(cell.name, dict(cell.header)["points"], dict(cell.header)["minutes"], dict(cell.header)["difficulty"])
            for cell in self.cells
            if cell.kind == "exercise" and cell.type == "markdown"
        )

    @property
    def max_score(self) -> float:
        return sum(exercise.points for exercise in self.exercises)

    def code(self, kind: str) -> dict[str, Cell]:
        """The code cells of a kind by name."""
        return self._code.get(kind, {})

    @cached_property
    def handed_out(self) -> frozenset[str]:
        """The cells as students get them."""
        return frozenset(cell.released for cell in self.cells)

    @cached_property
    def _code(self) -> dict[str, dict[str, Cell]]:
        """The same of all kinds: it is asked for at every exercise of every submission."""
        return {kind: {cell.name: cell for cell in self.cells if cell.kind == kind and cell.type == "code"} for kind in KINDS}


@cache
def load(name: str, places: Places | None = None) -> Assignment:
    """Parse and verify a source. Raises ValueError that names the cell and what is wrong with it, FileNotFoundError for an unknown assignment."""
    places = places or Places.here()
    path = places.source(name)
    if not path.exists():
        raise FileNotFoundError(f"there is no assignment {name!r}; known are {', '.join(places.assignment_names()) or 'none'}")
    assignment = Assignment(name, tuple(_cell(cell, number, path) for number, cell in enumerate(jupytext.read(path).cells, 1)))
    broken = source_rules.of_form(assignment)
    if broken:
        raise ValueError("\n".join(f"{path}: {source_rules.with_lines(sentence, path)}" for sentence in broken))
    return assignment


def _cell(cell, number: int, path: Path) -> Cell:
    header = {key: value for key, value in cell.metadata.items() if key not in ("lines_to_next_cell", "title", "cell_marker")}
    kinds = [kind for kind in KINDS if kind in header]
    if len(kinds) > 1:
        raise ValueError(f"{path}: {source_rules.with_lines(f'cell {number}', path)}: one kind only, not {' and '.join(kinds)}")
    kind = kinds[0] if kinds else "prose"
    if kind == "prose" and cell.cell_type == "code":
        raise ValueError(f"{path}: {source_rules.with_lines(f'cell {number}', path)}: a code cell needs a kind in its header, one of {', '.join(KINDS)}")
    name = str(header.get(kind, ""))
    text = f"{INSTALL.read_text(encoding='utf-8')}\n{cell.source}" if (kind, name) == ("setup", "install") else cell.source
    return Cell(cell.cell_type, kind, name, text, tuple(sorted(header.items())))
