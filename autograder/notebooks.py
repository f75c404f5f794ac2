"""Make notebooks of an assignment from its source: with the reference in, blank, or with other versions of some exercises."""

import nbformat

from autograder.source import Assignment
from autograder.submission import cell_id


def submission(assignment: Assignment, replaced: dict[str, str] | None = None, blank: bool = False, extra: list[str] | None = None) -> nbformat.NotebookNode:
    """A notebook as a student would hand it in. `replaced` maps exercises to source; `blank` leaves the others as stubs; `extra` cells come first."""
    replaced, cells = replaced or {}, [nbformat.v4.new_code_cell(text) for text in extra or []]
    for cell in assignment.cells:
        if cell.type == "markdown":
            continue
        text = cell.released if blank else cell.solved
        if cell.kind == "exercise":
            text = replaced.get(cell.name, text)
        cells.append(nbformat.v4.new_code_cell(text, metadata={"nbgrader": {"grade_id": cell_id(cell.kind, cell.name)}}))
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})


def to_bytes(notebook: nbformat.NotebookNode) -> bytes:
    """A notebook as the bytes of its file."""
    return nbformat.writes(notebook).encode()
