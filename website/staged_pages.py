"""The pages made from the repository at build time: assignments and the list of equations."""

import copy
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.places import Places
from workbook.equations import EQUATIONS

FACTS = re.compile(r"^\*([\d.]+) points · about (\d+) minutes · difficulty (\d) of 5\*$", re.M)


@dataclass(frozen=True)
class Release:
    """One released assignment: its notebook, title, and per exercise heading, points, minutes and difficulty."""

    name: str
    notebook: nbformat.NotebookNode
    title: str
    exercises: list[tuple[str, float, int, int]]


def read_release(name: str) -> Release:
    """The release of an assignment as the repository has it (the tests prove it current)."""
    notebook = nbformat.read(Places.here().release(name), 4)
    exercises = []
    for cell in notebook.cells:
        facts = FACTS.search(cell.source) if cell.cell_type == "markdown" else None
        if facts:
            heading = cell.source.splitlines()[0].lstrip("# ").strip()
            exercises.append((heading, float(facts[1]), int(facts[2]), int(facts[3])))
    title = next(line[2:].strip() for cell in notebook.cells for line in cell.source.splitlines() if line.startswith("# "))
    return Release(name, notebook, title, exercises)


def write_assignments(source: Path) -> None:
    """Each released notebook, to read and to download, and the page that lists them."""
    folder = source / "assignments"
    folder.mkdir(exist_ok=True)
    places = Places.here()
    releases = [read_release(name) for name in places.assignment_names() if places.release(name).exists()]
    for release in releases:
        shutil.copy2(places.release(release.name), source / "files")
        (folder / f"{release.name}.ipynb").write_text(nbformat.writes(to_read(release)))
    listing = "\n".join(section(release) for release in releases)
    page = folder / "index.md"
    page.write_text(page.read_text().replace("<!-- the assignments -->", listing))


def to_read(release: Release) -> nbformat.NotebookNode:
    """The notebook as a page: a line on top that offers the file."""
    notebook = copy.deepcopy(release.notebook)
    line = f"{{download}}`Download this notebook <../files/{release.name}.ipynb>` to work on it; here it can only be read."
    first = notebook.cells[0]
    heading, _, rest = first.source.partition("\n")
    first.source = f"{heading}\n\n{line}\n{rest}"
    return notebook


def section(release: Release) -> str:
    """A heading, the two ways in, and the table of exercises."""
    points, minutes = sum(e[1] for e in release.exercises), sum(e[2] for e in release.exercises)
    rows = "\n".join(f"| {heading} | {p:g} | {m} | {d} |" for heading, p, m, d in release.exercises)
    return f"""## {release.title}

{{doc}}`Read it <{release.name}>` · {{download}}`Download the notebook <../files/{release.name}.ipynb>`

{len(release.exercises)} exercises, {points:g} points, about {minutes // 60} h {minutes % 60:02d} min.

| Exercise | Points | Minutes | Difficulty |
|---|--:|--:|--:|
{rows}
"""


def write_equations(source: Path) -> None:
    """The list of all numbered equations of the lectures that are there, with their numbers as links."""
    rows = []
    for notebook in sorted((source / "lectures").glob("*.ipynb")):
        text = notebook.read_text()
        title = next(line[2:].strip() for cell in json.loads(text)["cells"] for line in "".join(cell["source"]).splitlines() if line.startswith("# "))
        keys = re.findall(r":label: eq-([a-z0-9-]+)", text)
        rows += [f"\n## {title}\n", "| Number | What it says |", "|---|---|"]
        rows += [f"| {{eq}}`eq-{key}` | {EQUATIONS[key][1]} |" for key in keys]
    page = source / "equations.md"
    page.write_text(page.read_text().replace("<!-- the equations -->", "\n".join(rows)))
