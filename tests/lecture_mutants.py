"""Small changes to the lines of a check cell that carry a formula: each must make the cell fail."""

import ast
import copy
import re
from collections.abc import Callable, Iterator

MARK = re.compile(r"#\s*formula\s*$")
PROOFS = {"prove": ("tolerance", "what"), "prove_at_most": ("slack", "what")}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
CALLS = {"sum": "mean", "mean": "sum", "sin": "cos", "cos": "sin"}

Change = tuple[str, Callable[[ast.AST], None]]


def formula_lines(source: str) -> set[int]:
    """Numbers of the lines that end in `# formula`."""
    return {number for number, line in enumerate(source.splitlines(), start=1) if MARK.search(line)}


def mutants(statement: ast.stmt, lines: set[int], names: set[str]) -> Iterator[tuple[int, str, ast.stmt]]:
    """Every version of a statement with one thing changed on one of the lines: (line, what was changed, statement).

    names: what exists where the statement stands, for changes of one name into another.
    """
    skipped = _bookkeeping(statement)
    for place, node in enumerate(ast.walk(statement)):
        line = _line(node)
        if line not in lines or node in skipped:
            continue
        for what, change in _changes(node, names):
            changed = copy.deepcopy(statement)
            change(_at(changed, place))
            yield line, what, ast.fix_missing_locations(changed)


def _at(tree: ast.AST, place: int) -> ast.AST:
    return next(node for i, node in enumerate(ast.walk(tree)) if i == place)


def _line(node: ast.AST) -> int | None:
    """The line that a change of this node would be seen on: for an operator, where its left side ends."""
    return node.left.end_lineno if isinstance(node, ast.BinOp) else getattr(node, "lineno", None)


def _bookkeeping(statement: ast.stmt) -> set[ast.AST]:
    """What is no part of a formula: keys, tolerances and descriptions of proofs, and text."""
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PROOFS:
            parts = [*node.args[:1], *node.args[3:], *(word.value for word in node.keywords if word.arg in PROOFS[node.func.id])]
            found |= {inner for part in parts for inner in ast.walk(part)}
        elif isinstance(node, ast.JoinedStr):
            found |= set(ast.walk(node))
    return found


def _changes(node: ast.AST, names: set[str]) -> Iterator[Change]:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield from _numbers(node.value)
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        other = OPERATORS[type(node.op)]
        yield f"{SIGNS[type(node.op)]} became {SIGNS[other]} in {ast.unparse(node)}", lambda new: setattr(new, "op", other())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield f"minus became plus in {ast.unparse(node)}", lambda new: setattr(new, "op", ast.UAdd())
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        swapped = _swapped(node.id)
        if swapped != node.id and swapped in names:
            yield f"{node.id} became {swapped}", lambda new: setattr(new, "id", swapped)
    elif isinstance(node, ast.Attribute) and node.attr in CALLS:
        yield f"{node.attr} became {CALLS[node.attr]} in {ast.unparse(node)}", lambda new: setattr(new, "attr", CALLS[node.attr])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sqrt":
        yield f"{ast.unparse(node)} lost its root", lambda new: setattr(new.func, "attr", "square")


def _numbers(value: float) -> Iterator[Change]:
    for new_value in sorted({2 * value, value + 1} - {value}):
        yield f"{value} became {new_value}", lambda new, new_value=new_value: setattr(new, "value", new_value)


def _swapped(name: str) -> str:
    return name.replace("alpha_bar", "alpha") if "alpha_bar" in name else name.replace("alpha", "alpha_bar")
