"""Marks for other systems: CSV, Canvas and Moodle columns, Gradescope's results.json. Text that a spreadsheet would compute is neutralised."""

import csv
import io
import json

from autograder.results import NEEDS_A_PERSON, Result
from autograder.text import clean

FORMULA = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}", "\N{FULLWIDTH COMMERCIAL AT}", "\N{FULLWIDTH HYPHEN-MINUS}")


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


def to_csv(results: list[Result]) -> str:
    """One row per student: status, score, and points and outcome of every exercise."""
    names = [exercise.name for exercise in results[0].exercises] if results else []
    header = ["student", "assignment", "status", "score", "max_score", *[f"{name} {kind}" for name in names for kind in ("points", "outcome", "misconception")]]
    rows = []
    for result in results:
        cells = [part for e in result.exercises for part in (e.points, e.outcome, e.misconception or "")]
        rows.append([result.student, result.assignment, result.status, result.score, result.max_score, *cells])
    return _csv(header, rows)


def to_canvas(results: list[Result]) -> str:
    """Canvas's gradebook import: a student column, an SIS login and one column of points possible."""
    name = results[0].assignment if results else "assignment"
    rows = [["    Points Possible", "", "", "", results[0].max_score if results else 0]]
    rows += [[result.student, "", result.student, "", _mark(result)] for result in results]
    return _csv(["Student", "ID", "SIS Login ID", "Section", name], rows)


def to_moodle(results: list[Result]) -> str:
    """Moodle's grade import: an identifier and a grade, with the messages as feedback."""
    rows = [[result.student, _mark(result), "; ".join(f"{e.name}: {e.outcome}" for e in result.exercises)] for result in results]
    return _csv(["username", "grade", "feedback"], rows)


def _mark(result: Result):
    """A score, or nothing where a person has to decide: an import must not turn that into a zero."""
    return "" if any(e.outcome in NEEDS_A_PERSON for e in result.exercises) else result.score


def to_gradescope(result: Result) -> str:
    """Gradescope's results.json of one submission."""
    tests = [{"name": e.name, "score": e.points, "max_score": e.max_points, "status": "passed" if e.outcome == "passed" else "failed",
              "output": f"{e.outcome}. {e.message}".strip()} for e in result.exercises]  # fmt: skip
    return json.dumps({"score": result.score, "output": result.reason or "", "output_format": "text", "tests": tests}, indent=2)
