"""Where an equation can be read from here: on the website, where the course has named its address, else in the lecture's notebook beside this library."""

import html
import json
import os
import re
from functools import cache
from pathlib import Path

from workbook.equations import EQUATIONS, KEYS, NUMBERS

NUMBER = re.compile(r"equation \((\d+\.\d+)\)")  # as workbook.equations.where writes it
HERE = Path(__file__).resolve().parent


def address(key: str, start: Path | None = None) -> str | None:
    """What to open for an equation: a web address, or a lecture's notebook relative to `start` (default: the working folder); None where neither is there."""
    page = f"lectures/{EQUATIONS[key][0]}.html#equation-eq-{key}"
    if site():
        return site() + page
    notebook = HERE.parent / "lectures" / f"{EQUATIONS[key][0]}.ipynb"
    if not notebook.exists():
        return None
    try:
        path = Path(os.path.relpath(notebook, start or Path.cwd())).as_posix()
    except ValueError:  # on another drive of Windows
        path = notebook.as_uri()
    return f"{path}#cell-id={_cell_of(notebook, key)}"  # JupyterLab opens the notebook at that cell


def site() -> str:
    """The website's address with a slash at its end: of the environment variable WORKBOOK_SITE, else what the bundle's maker wrote; empty where unknown."""
    named = os.environ.get("WORKBOOK_SITE", "")
    file = HERE / "site.txt"
    if not named and file.exists():
        named = file.read_text(encoding="utf-8").strip()
    return named.rstrip("/") + "/" if named else ""


def to_open(key: str) -> str | None:
    """The same for a terminal: the page of the website that was built here, where there is one, else a web address or the lecture's notebook."""
    page = HERE.parent / "build" / "site" / "lectures" / f"{EQUATIONS[key][0]}.html"
    if page.exists() and not site():
        return f"{page.as_uri()}#equation-eq-{key}"
    place = address(key)
    return place if place is None or site() else place.partition("#")[0]


def with_links(text: str) -> str:
    """Text as HTML, escaped, with a link where it names an equation."""
    return NUMBER.sub(_link, html.escape(text))


def named_in(text: str) -> list[str]:
    """Keys of the equations that a text names, in order."""
    return [KEYS[number] for number in NUMBER.findall(text) if number in KEYS]


def _link(found: re.Match) -> str:
    place = address(KEYS[found[1]]) if found[1] in KEYS else None
    return f'<a href="{html.escape(place)}" target="_blank" rel="noopener">{found[0]}</a>' if place else found[0]


@cache
def _cell_of(notebook: Path, key: str) -> str:
    """The id of the cell with an equation, by its number; an empty text where it is not found."""
    mark = f"\\tag{{{NUMBERS[key]}}}"
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return next((cell["id"] for cell in cells if cell["cell_type"] == "markdown" and mark in "".join(cell["source"])), "")
