"""Feedback pages: what nbgrader's generate_feedback writes, by the same template and the same steps, but no cell is rendered twice.

Most cells of a class are the release's own. A cell's HTML depends on its text, its outputs, its score and its comment; it is made by nbconvert once for each
of these and kept. Code is coloured apart from its cell, since of an answer nothing but the code is its student's own. What is left for a page is its frame:
around it the style, which all pages share, and in it the heading and the list of scores.
"""

import html
import json
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader import utils
from nbgrader.api import Comment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import BaseConverter
from sqlalchemy import select
from traitlets.config import Config

from autograder.colours import coloured
from autograder.gradebook import Layout, with_indices
from autograder.nbgrader_steps.config import feedback_has_own_steps
from autograder.text import clean

BATCH = 50  # students whose rows are read at once
MOST_KEPT = 64 << 20  # characters of rendered cells that are kept, and of what they were rendered from
CELLS = """{{% extends 'index.html.j2' %}}{{% block header %}}{{% endblock %}}{{% block body %}}{{{{ self.body_loop() }}}}{{% endblock %}}
{{% block footer %}}{{% endblock %}}{{%- block any_cell scoped -%}}{mark}{{{{ super() }}}}{{%- endblock -%}}"""
OTHER_STEPS = ("GetGrades", "CSSHTMLHeaderPreprocessor")  # the gradebook is read for many students at once, and the style is the same on all pages
OUTER = "{{% extends 'index.html.j2' %}}{{% block body %}}{mark}{{% endblock %}}"
INNER = """{{% extends 'index.html.j2' %}}{{% block header %}}{{% endblock %}}{{% block body_loop %}}{mark}{{% endblock %}}{{% block footer %}}{{% endblock %}}"""


class PartExporter(HTMLExporter):
    """nbconvert's exporter for a part of a page, of cells that are known to be valid: it checks none, and parses its own HTML again only where an image is in it.

    The parts of a page share the templates of the first one, `like`, which would be compiled anew for each else.
    """

    part, like, _own = "", None, None

    @property
    def environment(self):
        """The templates, and the filters that they use."""
        return super().environment if self.like is None else self.like.environment

    @property
    def template(self):
        """The template of this part."""
        if self._own is None:
            self._own = self.environment.from_string(self.part)
        return self._own

    def from_notebook_node(self, nb, resources=None, **keywords):
        """As HTMLExporter does it, which would parse every page for the sake of images without a description."""
        text, resources = TemplateExporter.from_notebook_node(self, nb, self._init_resources(resources), **keywords)
        if "<img" in text:
            soup = BeautifulSoup(text, features="html.parser")
            for image in soup.select("img:not([alt])"):
                image.attrs["alt"] = "No description has been provided for this image"
            text = str(soup)
        return text, resources

    def _preprocess(self, nb, resources):
        for step in self._preprocessors:
            nb, resources = step(nb, resources)
        return nb, resources


@dataclass
class FeedbackWriter:
    """Writes the feedback pages of one assignment. `failures` says whose could not be written, and why."""

    api: object
    assignment: str
    failures: dict[str, str] = field(default_factory=dict)
    _kept: OrderedDict = field(default_factory=OrderedDict)
    _size: int = 0
    _book: Gradebook | None = None

    def __post_init__(self):
        self._app = GenerateFeedback(coursedir=self.api.coursedir, parent=self.api)
        self._app.update_config(Config({"HTMLExporter": {"template_name": "feedback"}}))
        self._by_nbgrader = feedback_has_own_steps(self.api.config)
        self._mark, self._place = f"mark-{secrets.token_hex(16)}", f"id-{secrets.token_hex(16)}"  # which no student's text can hold
        self._code = f"code-{secrets.token_hex(16)}"
        self._cells = self._exporter(CELLS, [step for step in self._app.preprocessors if not str(step).endswith(OTHER_STEPS)])
        self._frame = self._exporter(INNER, [], self._cells)
        _, self._style = CSSHTMLHeaderPreprocessor(parent=self._frame)(None, self._frame._init_resources({}))
        self._around: list[str] = []  # of every page: what comes before its body and after it

    def _exporter(self, template: str, steps: list, like: PartExporter | None = None) -> PartExporter:
        exporter = PartExporter(parent=self._app, config=self._app.config)
        exporter.part, exporter.like = template.format(mark=self._mark), like
        exporter.register_filter("highlight_code", lambda _source, metadata: self._code)
        for step in steps:
            exporter.register_preprocessor(step)
        return exporter

    def write(self, students: list[str]) -> Iterator[str]:
        """Write the pages of these students; each is yielded when it is done."""
        for first in range(0, len(students), BATCH):
            batch = students[first : first + BATCH]
            rows = {} if self._by_nbgrader else self._rows(batch)
            for student in batch:
                try:
                    self._write(student, rows)
                except Exception as error:  # one page that cannot be written costs nobody else's
                    self.failures[student] = f"{type(error).__name__}: {error}"
                yield student

    def close(self) -> None:
        """Leave the gradebook."""
        if self._book is not None:
            self._book.close()

    def _rows(self, students: list[str]) -> dict[str, "Marked"]:
        """What the gradebook says of some students, by name."""
        if self._book is None:
            self._book = Gradebook(self.api.coursedir.db_url, self.api.coursedir.course_id)
            with_indices(self._book)
            self._layout = Layout.read(self._book, self.assignment)
        db, layout = self._book.db, self._layout
        wanted = select(SubmittedAssignment.student_id, SubmittedNotebook.id, SubmittedNotebook.late_submission_penalty).join(SubmittedNotebook.assignment)
        found = db.execute(wanted.where(SubmittedAssignment.assignment_id == layout.assignment, SubmittedAssignment.student_id.in_(students))).all()
        scores, comments = ({notebook: {} for _, notebook, _ in found} for _ in range(2))
        for notebook, cell, score in db.execute(select(Grade.notebook_id, Grade.cell_id, Grade.score).where(Grade.notebook_id.in_(scores))):
            scores[notebook][layout.graded[cell]] = score, layout.points[cell]
        for notebook, cell, comment in db.execute(select(Comment.notebook_id, Comment.cell_id, Comment.comment).where(Comment.notebook_id.in_(comments))):
            comments[notebook][layout.commented[cell]] = comment
        db.rollback()
        most = sum(layout.points.values())
        return {student: Marked(scores[notebook], comments[notebook], most, penalty or 0) for student, notebook, penalty in found}

    def _write(self, student: str, rows: dict[str, "Marked"]) -> None:
        if self._by_nbgrader:
            outcome = self.api.generate_feedback(self.assignment, student)
            if not outcome["success"]:
                raise RuntimeError(outcome.get("log") or outcome.get("error"))
            return
        if student not in rows:
            raise LookupError("the gradebook does not have this submission; run: autograder course grade")
        names = (self.assignment, student)
        graded, folder = Path(self._app._format_source(*names)), Path(os.path.normpath(self._app._format_dest(*names)))
        cells = json.loads((graded / f"{self.assignment}.ipynb").read_bytes())["cells"]
        page = self.page(cells, student, rows[student])
        if folder.exists():
            utils.rmtree(str(folder))
        os.makedirs(folder)
        if os.listdir(graded) != [f"{self.assignment}.ipynb"]:
            BaseConverter.init_assignment(self._app, *names)  # copies what lies beside the notebook
        (folder / f"{self.assignment}.html").write_bytes(page.encode())
        self._app.set_permissions(*names)

    def page(self, cells: list[dict], student: str, marked: "Marked") -> str:
        """The page of a graded notebook, whose cells are as its file has them: most are known, and only the others are made nbformat's own."""
        shown = {"score": marked.score - marked.penalty, "max_score": marked.max_score, "late_penalty": marked.penalty}
        resources = {
            "inlining": self._style["inlining"], "unique_key": self.assignment, "output_files_dir": f"{self.assignment}_files", "metadata": {"name": self.assignment, "path": ""},
            "nbgrader": {"student": student, "assignment": self.assignment, "notebook": self.assignment, "db_url": "", **shown},
        }  # fmt: skip
        listed = [{"cell_type": cell["cell_type"], "metadata": cell["metadata"]} for cell in cells if "nbgrader" in cell["metadata"]]  # all that the frame shows
        for cell in listed:
            marked.put_into(cell["metadata"]["nbgrader"])
        fragments = self._fragments(cells, resources)
        notebook = nbformat.NotebookNode(cells=listed, metadata=nbformat.NotebookNode())
        if not self._around:
            self._around = self._render(self._exporter(OUTER, [], self._cells), notebook, resources).split(self._mark)
        above, below = self._around
        frame = self._once([shown, listed], lambda: self._frame.template.render(nb=notebook, resources=resources))
        before, _, after = frame.lstrip("\n").partition(self._mark)  # as nbconvert does, less its steps, which are for cells
        self._forget()
        return above + before + "".join(fragments) + after + below

    def _fragments(self, cells: list[dict], resources: dict) -> list[str]:
        """Every cell's HTML: kept from before, or made now, all new ones together."""
        names = [html.escape(str(cell.pop("id", ""))) for cell in cells]
        codes = ["".join(cell.pop("source")) if cell["cell_type"] == "code" else None for cell in cells]  # nbformat writes a text as its lines
        keys = [json.dumps(cell) for cell in cells]
        new = {key: cell for key, cell in zip(keys, cells, strict=True) if key not in self._kept}
        if new:
            some = [{"source": ""} | cell | {"id": f"{self._place}-{number}"} for number, cell in enumerate(new.values())]
            some = nbformat.v4.to_notebook({"cells": some, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
            made = self._render(self._cells, some, resources).split(self._mark)[1:]
            for number, (key, fragment) in enumerate(zip(new, made, strict=True)):
                self._keep(key, fragment.replace(f"{self._place}-{number}", self._place))
        found = []
        for key, name, code in zip(keys, names, codes, strict=True):
            self._kept.move_to_end(key)
            fragment = self._kept[key].replace(self._place, name)
            if code is not None:  # coloured as by nbconvert's filter: cleaned, as the steps before it clean all else
                fragment = fragment.replace(self._code, self._once(code, lambda code=code: coloured(clean(code))))
            found.append(fragment)
        return found

    def _once(self, part: str | list, make: Callable[[], str]) -> str:
        """The HTML of a part of a page: kept from before, or made now."""
        key = json.dumps(part)
        if key not in self._kept:
            self._keep(key, make())
        self._kept.move_to_end(key)
        return self._kept[key]

    def _keep(self, key: str, fragment: str) -> None:
        self._kept[key] = fragment
        self._size += len(key) + len(fragment)

    def _forget(self) -> None:
        """Keep no more than may be kept: what has not been wanted for longest goes first."""
        while self._size > MOST_KEPT:
            key, fragment = self._kept.popitem(last=False)
            self._size -= len(key) + len(fragment)

    def _render(self, exporter: PartExporter, notebook, resources: dict) -> str:
        text, _ = exporter.from_notebook_node(notebook, resources)
        return text


@dataclass(frozen=True)
class Marked:
    """What the gradebook says of one notebook: scores with their maxima and comments by grade id, the sum of the maxima and the penalty."""

    scores: dict[str, tuple[float, float]]
    comments: dict[str, str | None]
    max_score: float
    penalty: float

    @property
    def score(self) -> float:
        """The sum of the scores, before the penalty."""
        return sum(score for score, _ in self.scores.values())

    def put_into(self, marks: dict) -> None:
        """Score and comment into nbgrader's metadata of a cell, where its template looks for them. Raises KeyError where the gradebook has no such cell."""
        task = marks.get("task")
        if marks.get("solution") or task:
            marks["comment"] = self.comments[marks["grade_id"]]
        if marks.get("grade") or task:
            marks["score"], marks["points"] = self.scores[marks["grade_id"]]
