"""Run a lecture's check cells, and each of their mutants, in copies of the state in which they stand.

    python tests/lecture_runs.py lectures/05_diffusion.md     the mutants that survive, and what the run cost

Only the cells that a check cell needs are run before it (figures and long trainings mostly are not). A mutant runs in a forked
process, from the statement that it changes to the end of the cell, so that it neither repeats nor disturbs anything.
"""

import ast
import json
import os
import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from lecture_mutants import formula_lines, mutants

from workbook.lectures import read

CPU_LIMIT = 30  # seconds for one mutant; one that runs on for so long counts as seen
SURVIVED, FAILED, RAISED = 0, 1, 2


@dataclass(frozen=True)
class Survivor:
    """A mutant that its cell did not notice."""

    key: str
    line: str
    what: str


@dataclass(frozen=True)
class Outcome:
    """What became of a lecture's check cells: `error` where a cell failed as it stands."""

    checks: int
    mutants: int
    survivors: list[Survivor]
    cpu_seconds: float
    error: str | None = None


def code_cells(notebook) -> list[tuple[str, list[str]]]:
    """Source and tags of every code cell."""
    return [(cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells if cell.cell_type == "code"]


def needed(sources: list[str], wanted: list[int]) -> list[int]:
    """Indices of the cells that must run so that the wanted ones can: those that bind or change a name that is read later."""
    reads, writes = zip(*(_names(ast.parse(source)) for source in sources), strict=True)
    chosen, open_cells = set(wanted), list(wanted)
    while open_cells:
        cell = open_cells.pop()
        for earlier in range(cell):
            if earlier not in chosen and writes[earlier] & reads[cell]:
                chosen.add(earlier)
                open_cells.append(earlier)
    return sorted(chosen)


def _names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """What a cell reads (in functions too), and what it binds at its top level or may change in place there."""
    reads = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    writes = set()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            writes.add(statement.name)
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                writes.add(node.id)
            elif isinstance(node, ast.alias):
                writes.add((node.asname or node.name).split(".")[0])
            elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
                writes |= {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and not _is_shown(statement.value):
            writes |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}  # a call for its effect
    return reads, writes


def _is_shown(call: ast.Call) -> bool:
    """Whether a call only shows or proves something."""
    root = call.func
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and (root.id in {"print", "plt", "display"} or root.id.startswith(("prove", "show_")))


def run(path: Path) -> Outcome:
    """Run the check cells of a lecture and their mutants."""
    cells = code_cells(read(path))
    checks = [i for i, (_, tags) in enumerate(cells) if "check" in tags]
    space, survivors, count = {"__name__": "__main__"}, [], 0
    os.chdir(path.parent)
    for i in needed([source for source, _ in cells], checks):
        source = cells[i][0]
        try:
            if i in checks:
                more, tried = _try_mutants(source, space)
                survivors, count = survivors + more, count + tried
            else:
                exec(compile(source, f"cell {i}", "exec"), space)
        except Exception as error:
            return Outcome(len(checks), count, survivors, _cpu(), f"{source.splitlines()[0]}: {type(error).__name__}: {error}")
    return Outcome(len(checks), count, survivors, _cpu())


def _try_mutants(source: str, space: dict) -> tuple[list[Survivor], int]:
    """Run a check cell statement by statement; before each, its mutants in forked processes."""
    statements, lines, texts = ast.parse(source).body, formula_lines(source), source.splitlines()
    survivors, count = [], 0
    for i, statement in enumerate(statements):
        for line, what, changed in mutants(statement, lines, set(space)):
            count += 1
            if _fate([changed, *statements[i + 1 :]], space) == SURVIVED:
                survivors.append(Survivor(texts[0].removeprefix("# check:").strip(), texts[line - 1].strip(), what))
        _execute([statement], space)
    return survivors, count


def _execute(statements: list[ast.stmt], space: dict) -> None:
    exec(compile(ast.Module(body=list(statements), type_ignores=[]), "check cell", "exec"), space)


def _fate(statements: list[ast.stmt], space: dict) -> int:
    """What happens to these statements in a copy of this process."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = RAISED
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT + 1))
            _execute(statements, space)
            code = SURVIVED
        except AssertionError:
            code = FAILED
        except BaseException:  # whatever it is, the reader sees that the cell failed
            code = RAISED
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _cpu() -> float:
    times = os.times()
    return sum(times[:4])


def main(path: str) -> None:
    """Print the outcome as JSON on the last line; what the cells print goes nowhere."""
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    outcome = run(Path(path).resolve())
    os.write(out, (json.dumps(asdict(outcome)) + "\n").encode())


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "agg")
    main(sys.argv[1])
