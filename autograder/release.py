"""Make the students' notebook from the one source, through nbgrader's own generate step, and refuse to release what is hidden."""

import logging
import os
import re
import sysconfig
import tempfile
import warnings
from pathlib import Path

import nbformat
from traitlets.config import Config

from autograder import source_rules
from autograder.database import require_reachable
from autograder.leaks import leaks_in
from autograder.nbgrader_steps.config import configure
from autograder.places import Places
from autograder.source import Assignment, Cell, load
from autograder.submission import cell_id

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "language_info": {"name": "python"}}


class ReleaseFailed(RuntimeError):
    """The release was not made; the message says why."""


def source_notebook(assignment: Assignment) -> nbformat.NotebookNode:
    """The instructor's notebook: solutions between markers, nbgrader's metadata in every cell that has a role."""
    cells, used = [], {}
    for cell in assignment.cells:
        slug = _slug(cell)
        used[slug] = used.get(slug, 0) + 1
        cells.append(_notebook_cell(cell, assignment, slug if used[slug] == 1 else f"{slug}-{used[slug]}"))
    return nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)


def release_cells(assignment: Assignment) -> list[nbformat.NotebookNode]:
    """The cells as a student first sees them."""
    notebook = source_notebook(assignment)
    for made, cell in zip(notebook.cells, assignment.cells, strict=True):
        if cell.kind in ("exercise", "question") and not (cell.kind == "exercise" and cell.type == "markdown"):
            made.source = cell.released
    return notebook.cells


def release(name: str, places: Places) -> Path:
    """Write `assignments/NAME/NAME.ipynb`; its path. Raises ReleaseFailed where nbgrader fails or something hidden would be in it."""
    assignment = load(name, places)
    broken = source_rules.of_release(assignment, places)
    if broken:
        raise ReleaseFailed(f"{name} was not released, because its source is not whole:\n" + "\n".join(f"{places.source(name)}: {source_rules.with_lines(sentence, places.source(name))}" for sentence in broken))
    text = nbformat.writes(generated(assignment))
    found = leaks_in({f"{name}.ipynb": text}, [name], places)
    if found:
        raise ReleaseFailed(f"{name} was not released, because it would show what is hidden:\n" + "\n".join(str(leak) for leak in found))
    path = places.release(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")
    return path


def generated(assignment: Assignment) -> nbformat.NotebookNode:
    """The release as nbgrader's generate step makes it, in a temporary course."""
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        course = Path(folder)
        put_source(assignment, course)
        generate(assignment.name, course, own_gradebook=True)
        notebook = nbformat.read(course / "release" / assignment.name / f"{assignment.name}.ipynb", 4)
    return notebook


def put_source(assignment: Assignment, course: Path) -> Path:
    """Write the instructor's notebook into a course's source folder."""
    path = course / "source" / assignment.name / f"{assignment.name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(source_notebook(assignment)))
    return path


def generate(name: str, course: Path, own_gradebook: bool = False) -> None:
    """Run nbgrader's generate step in a course: its release folder and its gradebook's assignment. Raises ReleaseFailed, ConnectionError.

    own_gradebook: write into a file in the course, even where the environment names a database server.
    """
    api = nbgrader_api(course)
    if own_gradebook:
        api.coursedir.db_url = f"sqlite:///{course}/gradebook.db"
    require_reachable(api.coursedir.db_url)
    outcome = api.generate_assignment(name)
    if not outcome["success"]:
        raise ReleaseFailed(f"nbgrader could not generate {name}: {outcome.get('log') or ''}{outcome.get('error') or ''}")


def nbgrader_api(course: Path):
    """nbgrader's Python interface for a course folder, quiet."""
    warnings.filterwarnings("ignore", "Object of type <", module=r"nbgrader\..*")  # its own queries before its own commits: harmless
    from nbgrader.apps import NbGraderAPI

    scripts = sysconfig.get_path("scripts")
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):  # nbgrader runs the program alembic to make a gradebook
        os.environ["PATH"] = scripts + os.pathsep + os.environ.get("PATH", "")
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    course.mkdir(parents=True, exist_ok=True)
    config = configure(Config(), course.resolve())
    config.Exchange.root = str(course.resolve() / "exchange")
    return NbGraderAPI(config=config)


def _slug(cell: Cell) -> str:
    if cell.kind == "prose":
        return "prose"
    return re.sub(r"[^A-Za-z0-9_-]", "-", f"{cell.kind}-{cell.name}" + ("-intro" if cell.kind == "exercise" and cell.type == "markdown" else ""))[:56]


def _notebook_cell(cell: Cell, assignment: Assignment, identity: str) -> nbformat.NotebookNode:
    text, marks = cell.source, _marks(cell)
    if cell.kind == "debug":
        text = cell.released
    if cell.kind == "exercise" and cell.type == "markdown":
        text = with_facts(cell)
    make = nbformat.v4.new_code_cell if cell.type == "code" else nbformat.v4.new_markdown_cell
    made = make(text, id=identity)
    made.metadata |= folding(cell)
    if marks:
        made.metadata["nbgrader"] = {"schema_version": 3, "grade_id": cell_id(cell.kind, cell.name), "task": False} | marks
    return made


def folding(cell: Cell) -> dict:
    """Metadata that fold the code of the cell that installs: for JupyterLab and VS Code, for Colab, for the website."""
    return {"jupyter": {"source_hidden": True}, "cellView": "form", "tags": ["hide-input"]} if (cell.kind, cell.name) == ("setup", "install") else {}


def _marks(cell: Cell) -> dict | None:
    """nbgrader's flags for a cell's role."""
    plain = {"grade": False, "solution": False, "locked": False}
    header = dict(cell.header)
    if cell.kind == "question":
        return plain | {"grade": True, "solution": True, "points": header["points"]}
    if cell.type == "markdown" or cell.kind == "prose":
        return None
    if cell.kind == "exercise":
        return plain | {"solution": True}
    if cell.kind == "setup":
        return plain | {"locked": True}
    if cell.kind == "check":
        points = re.search(r"points=([\d.]+)", cell.source)
        return plain | {"locked": True} | ({"grade": True, "points": float(points[1])} if points else {})
    return plain


def with_facts(cell: Cell) -> str:
    """An exercise's introduction with a line of points, minutes and difficulty below its heading."""
    header = dict(cell.header)
    facts = f"*{header['points']:g} points · about {header['minutes']} minutes · difficulty {header['difficulty']} of 5*"
    heading, _, rest = cell.source.partition("\n")
    return f"{heading}\n\n{facts}\n{rest}"


