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
from autograder.submission import ReadCell, Ungradable, grade_id, parse, read_capped

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
    """The notebook at `path`, made whole: every released cell there once and of its type, nothing claiming to be one that is not, no outputs."""
    try:
        handed_in, _ = parse(read_capped(path, limits.notebook), limits)
    except Ungradable as reason:
        note = nbformat.v4.new_markdown_cell(NOTE.format(reason=reason))
        return nbformat.v4.new_notebook(cells=[note, *copy.deepcopy(_released(assignment))], metadata=_metadata())
    missing, cells = _named(assignment).copy(), []
    for number, cell in enumerate(handed_in):
        original = missing.pop(cell.name, None)
        cells.append(_own(cell, f"cell-{number}") if original is None else _restored(cell, f"cell-{number}", original))
    cells += [copy.deepcopy(cell) for cell in missing.values() if cell.metadata.nbgrader.grade]
    return nbformat.NotebookNode(cells=cells, metadata=_metadata(), nbformat=4, nbformat_minor=5)


@cache
def _released(assignment: Assignment) -> list[nbformat.NotebookNode]:
    """The released cells with nbgrader's metadata and no other, as in a graded notebook; with its checksums, by which untouched answers are known."""
    cells = [_cell(cell.cell_type, cell.id, cell.source, cell.metadata.get("nbgrader")) for cell in release_cells(assignment)]
    for cell in cells:
        if grade_id(cell):
            cell.metadata.nbgrader.checksum = compute_checksum(cell)
    return cells


@cache
def _named(assignment: Assignment) -> dict[str, nbformat.NotebookNode]:
    """The released cells that have a name, by it."""
    return {grade_id(cell): cell for cell in _released(assignment) if grade_id(cell)}


def _restored(cell: ReadCell, identity: str, released: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A student's cell with the marks and the type of the released one; its text stays, unless it is locked."""
    marks = released["metadata"]["nbgrader"]
    return _cell(released["cell_type"], identity, released["source"] if marks["locked"] else cell.source, marks)


def _own(cell: ReadCell, identity: str) -> nbformat.NotebookNode:
    """A cell that is a student's own, without marks; a raw one, which pages would take for HTML, uncleaned, is text."""
    return _cell("markdown" if cell.type == "raw" else cell.type, identity, cell.source, None)


def _cell(kind: str, identity: str, source: str, marks: dict | None) -> nbformat.NotebookNode:
    """A cell without outputs, valid by construction (validating each would take longer than all the rest). marks: nbgrader's metadata, if any."""
    metadata = nbformat.NotebookNode() if marks is None else nbformat.NotebookNode(nbgrader=nbformat.NotebookNode(marks))
    cell = {"cell_type": kind, "id": identity, "metadata": metadata, "source": source}
    return nbformat.NotebookNode(cell, outputs=[], execution_count=None) if kind == "code" else nbformat.NotebookNode(cell)


def _metadata() -> nbformat.NotebookNode:
    return nbformat.from_dict({"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "language_info": {"name": "python"}})
