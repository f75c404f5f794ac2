"""Judge the notebook that one works in by the full hidden checks, from one of its own cells:

    from autograder.notebook import judge
    judge()                                      # this notebook, as last saved
    judge("assignments/03_vae/03_vae.ipynb")     # any other

Where this repository is installed, a self-study reader gets the verdicts of `autograder check` below the cell, each with a link to the lecture's equation.
The judging happens in another process; the notebook's variables and random state stay as they are.
"""

import json
import os
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

from autograder.nbgrader_steps.showing import MARKS
from autograder.results import Result
from autograder.text import clean
from workbook.reading import with_links

COLOURS = {"✓": "#1b7f4d", "✗": "#b3261e", "…": "#6b5d00"}


class CannotJudge(RuntimeError):
    """There is no verdict; the message says why and what to do."""


class Verdicts:
    """One notebook's result, shown as a table in a notebook and as lines elsewhere; `result` holds it as data."""

    def __init__(self, result: Result):
        self.result = result

    def __repr__(self) -> str:
        lines = [f"{_mark(e.outcome)} {e.name}: {e.outcome} ({e.points:g} of {e.max_points:g} points)" + (f"\n  {clean(e.message)}" if e.message else "") for e in self.result.exercises]
        return "\n".join([self._head(), *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="text-align:left;color:{COLOURS[_mark(e.outcome)]}">{_mark(e.outcome)} {escape(e.name)}</td><td>{e.points:g} of {e.max_points:g}</td>'
            f'<td style="text-align:left;white-space:pre-wrap;max-width:44em">{escape(e.outcome) if e.outcome != "wrong" else ""} {with_links(clean(e.message))}</td></tr>'
            for e in self.result.exercises
        )
        return f'<div role="status"><strong>{escape(self._head())}</strong><table>{rows}</table></div>'

    def _head(self) -> str:
        return f"{self.result.assignment}: {self.result.score:g} of {self.result.max_score:g} points" + (f". {clean(self.result.reason)}" if self.result.reason else "")


def judge(notebook: str | Path | None = None, assignment: str | None = None) -> Verdicts:
    """The verdicts on a notebook file, by default the one that this is called from, as it was last saved. Raises CannotJudge."""
    path = Path(notebook) if notebook is not None else own_notebook()
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        results = Path(folder) / "results.json"
        command = [sys.executable, "-m", "autograder.cli", "grade", str(path), "--json", str(results), "--workers", "1", *(["--assignment", assignment] if assignment else [])]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
        if not results.exists():
            raise CannotJudge(done.stderr.strip() or f"the grader ended with exit code {done.returncode} and said nothing; try in a terminal: autograder check {path}")
        return Verdicts(Result.from_json(json.loads(results.read_text(encoding="utf-8"))[0]))


def own_notebook() -> Path:
    """The file of the notebook that this runs in, as JupyterLab and VS Code tell it. Raises CannotJudge where nobody tells."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    named = shell.user_ns.get("__vsc_ipynb_file__") if shell else None
    named = named or os.environ.get("JPY_SESSION_NAME", "")
    for path in (Path(named), Path.cwd() / Path(named).name):
        if named.endswith(".ipynb") and path.is_file():
            return path
    raise CannotJudge('It is not known which file this notebook is. Say it: judge("assignments/03_vae/03_vae.ipynb")')


def _mark(outcome: str) -> str:
    return MARKS.get(outcome, "✗")
