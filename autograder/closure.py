"""Which of the package's files a file's code depends on, by its import statements: what has to stay the same for a verdict to stay the same."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent
HOLDERS = ("body", "orelse", "finalbody", "handlers", "cases")  # fields of statements


def closure(files: set[Path], package: Path = PACKAGE) -> set[Path]:
    """The files, and all files of the package that they import, directly or through others."""
    found, look_at = set(), [path.resolve() for path in files]
    while look_at:
        path = look_at.pop()
        if path not in found:
            found.add(path)
            look_at += imported(path, package)
    return found


def imported(path: Path, package: Path = PACKAGE) -> list[Path]:
    """The package's files that a Python file imports, anywhere in it; a package's own `__init__` with each of its modules."""
    names = set()
    for node in _statements(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return [file for name in names if name.partition(".")[0] == package.name for file in _files(name, package)]


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All statements of a file, and what holds statements; expressions, ten times as many, can hold none."""
    look_at = [tree]
    while look_at:
        node = look_at.pop()
        yield node
        for name in HOLDERS:
            part = getattr(node, name, None)
            look_at += part if isinstance(part, list) else ()


def _files(name: str, package: Path) -> list[Path]:
    """The files of a dotted name: the module's, and the `__init__` of every package on the way."""
    place = package.parent.joinpath(*name.split("."))
    inits = [parent / "__init__.py" for parent in (place, *place.parents) if parent == package or package in parent.parents]
    return [file for file in (*inits, place.with_suffix(".py")) if file.is_file()]
