"""Marks for other systems: CSV, Canvas and Moodle columns, Gradescope's results.json. Text that a spreadsheet would compute is neutralised.

`marks` are the gradebook's, by student, where there is one: they count, not the checks' own points. Where a person still has something to grade
a mark is left empty, so that no import turns it into a zero; `provisional` fills in what is decided so far.
"""

import csv
import io
import json
import math
from collections.abc import Mapping

from autograder.marks import Mark
from autograder.results import NEEDS_A_PERSON, Result
from autograder.text import clean

FORMULA = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}", "\N{FULLWIDTH COMMERCIAL AT}", "\N{FULLWIDTH HYPHEN-MINUS}")
NONE: Mapping[str, Mark] = {}


def neutral(text) -> str:
    """A CSV cell that no spreadsheet takes for a formula."""
    text = " ".join(clean(str(text)).split("\n"))
    return f"'{text}" if text.lstrip(" \t\N{REPLACEMENT CHARACTER}").startswith(FORMULA) else text


def _csv(header: list[str], rows: list[list]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([[value if isinstance(value, int | float) else neutral(value) for value in row] for row in rows])
    return out.getvalue()


def waits(result: Result, marks: Mapping[str, Mark] = NONE) -> list[str]:
    """What of a submission still asks for a person: exercises, and written answers where there is a gradebook."""
    mark = marks.get(result.student)
    return list(mark.waiting) if mark else [e.name for e in result.exercises if e.outcome in NEEDS_A_PERSON]


def _score(result: Result, marks: Mapping[str, Mark]) -> float:
    mark = marks.get(result.student)
    return _short(mark.score if mark else result.score)


def _final(result: Result, marks: Mapping[str, Mark], provisional: bool):
    """A score, or nothing where a person has to decide."""
    return "" if waits(result, marks) and not provisional else _score(result, marks)


def _most(results: list[Result], marks: Mapping[str, Mark]) -> float:
    return _short(max((mark.max_score for mark in marks.values()), default=results[0].max_score if results else 0))


def _short(number: float) -> float:
    return int(number) if number == int(number) else round(number, 4)


def to_csv(results: list[Result], marks: Mapping[str, Mark] = NONE) -> str:
    """One row per student: status, score so far, what waits for a person, points, outcome and misconception of every exercise, points of written answers."""
    names = [exercise.name for exercise in results[0].exercises] if results else []
    written = sorted({name for mark in marks.values() for name in mark.cells if name.removeprefix("check-") not in names})
    header = ["student", "name", "assignment", "status", "score", "max_score", "late_penalty", "waiting",
              *[f"{name} {kind}" for name in names for kind in ("points", "outcome", "misconception")], *[f"{name} points" for name in written]]  # fmt: skip
    rows = []
    for result in results:
        mark = marks.get(result.student)
        cells = mark.cells if mark else {}
        each = [part for e in result.exercises for part in (_short(cells.get(f"check-{e.name}", e.points)), e.outcome, e.misconception or "")]
        rows.append([result.student, mark.name if mark else "", result.assignment, result.status, _score(result, marks), _most(results, marks), mark.penalty if mark else 0,
                     " ".join(waits(result, marks)), *each, *[_short(cells[name]) if name in cells else "" for name in written]])  # fmt: skip
    return _csv(header, rows)


def to_canvas(results: list[Result], marks: Mapping[str, Mark] = NONE, provisional: bool = False) -> str:
    """Canvas's gradebook import: the student, ids, and one column of points, whose second row says how many are possible."""
    name = results[0].assignment if results else "assignment"
    rows = [["    Points Possible", "", "", "", _most(results, marks)]]
    for result in results:
        mark = marks.get(result.student)
        rows.append([mark.name if mark else result.student, mark.lms_id if mark else "", result.student, "", _final(result, marks, provisional)])
    return _csv(["Student", "ID", "SIS Login ID", "Section", name], rows)


def to_moodle(results: list[Result], marks: Mapping[str, Mark] = NONE, provisional: bool = False) -> str:
    """Moodle's grade import: an identifier and a grade, with the outcomes as feedback."""
    rows = []
    for result in results:
        mark = marks.get(result.student)
        said = "; ".join(f"{e.name}: {e.outcome}" for e in result.exercises)
        rows.append([result.student, mark.email if mark else "", _final(result, marks, provisional), said])
    return _csv(["username", "email", "grade", "feedback"], rows)


def to_gradescope(result: Result) -> str:
    """Gradescope's results.json of one submission. It knows no undecided score, so what a person has to grade counts 0 there, and the page's first lines say so."""
    tests = [{"name": e.name, "score": e.points, "max_score": e.max_points, "status": "passed" if e.outcome == "passed" else "failed",
              "output": f"{e.outcome}. {e.message}".strip(), "output_format": "text"} for e in result.exercises]  # fmt: skip
    waiting = waits(result)
    note = f"A person has to grade: {', '.join(waiting)}. Until then they count 0 here." if waiting else ""
    said = "\n".join(part for part in (result.reason or "", note) if part)
    return json.dumps({"score": result.score, "output": said, "output_format": "text", "execution_time": math.ceil(result.seconds), "tests": tests,
                       "extra_data": {"seed": str(result.seed), "waiting": waiting}}, indent=2)  # fmt: skip
