"""The reference solutions as namespaces, in this (trusted) process only."""

import io
import linecache
import types
from contextlib import redirect_stdout
from functools import cache

from autograder import source
from autograder.places import Places


def build(assignment: source.Assignment, replaced: dict[str, str] | None = None) -> types.ModuleType:
    """Run the setup and exercise cells with solutions in; `replaced` gives other sources for some exercises."""
    module = types.ModuleType(f"reference_{assignment.name}")
    for cell in assignment.cells:
        if cell.type == "code" and cell.kind in ("setup", "exercise"):
            text = (replaced or {}).get(cell.name, cell.solved) if cell.kind == "exercise" else cell.solved
            run(module, text, f"<{assignment.name} {cell.name}>")
    return module


def run(module: types.ModuleType, text: str, filename: str) -> None:
    """Run source text in a module's namespace, silently, with its lines known to tracebacks."""
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    with redirect_stdout(io.StringIO()):
        exec(compiled(text, filename), module.__dict__)


@cache
def compiled(text: str, filename: str) -> types.CodeType:
    """A source's code, which takes longer to make than to run; only the course's own sources come here, so there are as many as it has."""
    return compile(text, filename, "exec")


@cache
def load(name: str, places: Places | None = None) -> types.ModuleType:
    """The reference namespace of an assignment: `load("03_vae").gaussian_kl`."""
    return build(source.load(name, places))
