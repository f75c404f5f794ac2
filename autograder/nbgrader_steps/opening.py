"""Open a submitted notebook safely: what cannot be read is replaced by the release with a note, so that the class goes on."""

import copy
import json
from functools import cache
from pathlib import Path

import nbformat
from nbconvert.exporters import Exporter, NotebookExporter
from nbgrader.utils import compute_checksum

from autograder import source
from autograder.limits import Limits
from autograder.places import Places
from autograder.release import release_cells
from autograder.source import Assignment
from autograder.submission import Ungradable, grade_id, parse

NOTE = "**This submission could not be graded automatically.** {reason}\n\nA person will look at it. The cells below are those of the released notebook."


class OpenSubmission(NotebookExporter):
    """nbgrader's notebook reader, for strangers' files."""

    def from_filename(self, filename, resources=None, **keywords):
        """Read a submission of one of our assignments; any other notebook as nbgrader does."""
        name, places = resources["nbgrader"]["assignment"], Places.here()
        if not places.source(name).exists():
            return super().from_filename(filename, resources, **keywords)
        assignment = source.load(name, places)
        notebook = readable(Path(filename), assignment, Limits.load(places.checks(name) / "limits.toml"))
        resources.setdefault("metadata", {})
        resources["metadata"]["path"] = str(Path(filename).parent)
        resources["metadata"]["name"] = Path(filename).stem
        notebook, resources = Exporter.from_notebook_node(self, notebook, resources, **keywords)
        return as_file(notebook), resources


def as_file(notebook: nbformat.NotebookNode) -> str:
    """A graded notebook as the text of its file, on one line: nbformat itself indents, for which Python's encoder takes six times as long."""
    return json.dumps(notebook, ensure_ascii=False, sort_keys=True) + "\n"


def readable(path: Path, assignment: Assignment, limits: Limits) -> nbformat.NotebookNode:
    """The notebook at `path`, made whole: every released cell there once and of its type, nothing claiming to be one that is not."""
    released = _released(assignment)
    try:
        with path.open("rb") as file:
            notebook, _ = parse(file.read(limits.notebook + 1), limits)
    except Ungradable as reason:
        note = nbformat.v4.new_markdown_cell(NOTE.format(reason=reason))
        return nbformat.v4.new_notebook(cells=[note, *copy.deepcopy(released)], metadata=_metadata())
    wanted = {grade_id(cell): cell for cell in released if grade_id(cell)}
    seen = set()
    for cell in notebook.cells:
        name = grade_id(cell)
        cell.metadata.pop("nbgrader", None)
        if name in wanted and name not in seen:
            seen.add(name)
            _restore(cell, wanted[name])
        elif cell.cell_type == "raw":  # which pages would take for HTML, uncleaned
            cell.cell_type = "markdown"
    notebook.cells += [copy.deepcopy(cell) for name, cell in wanted.items() if name not in seen and cell.metadata.nbgrader.grade]
    notebook.metadata = _metadata()
    return notebook


@cache
def _released(assignment: Assignment) -> list[nbformat.NotebookNode]:
    """The released cells, with nbgrader's checksums, by which untouched answers are known."""
    cells = release_cells(assignment)
    for cell in cells:
        if grade_id(cell):
            cell.metadata.nbgrader.checksum = compute_checksum(cell)
    return cells


def _restore(cell, released) -> None:
    """Give a student's cell the marks and the type of the released one; its text stays, unless it is locked."""
    cell.metadata.nbgrader = nbformat.NotebookNode(released.metadata.nbgrader)
    cell.cell_type = released.cell_type
    if released.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    else:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)
    if released.metadata.nbgrader.locked:
        cell.source = released.source


def _metadata() -> nbformat.NotebookNode:
    return nbformat.from_dict({"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "language_info": {"name": "python"}})
