"""Results as tables for a terminal: colour on a terminal, plain in a pipe."""

from collections import Counter

from rich.markup import escape
from rich.table import Table

from autograder.results import Result

SHORT = {"passed": "✓", "wrong": "✗", "depends on another": "dep", "raised": "raised", "timed out": "time", "out of memory": "memory", "blank": "·",
         "missing": "missing", "ungradable": "?", "grader fault": "fault"}  # fmt: skip
COLOUR = {"passed": "green", "wrong": "red", "blank": "dim", "ungradable": "yellow", "grader fault": "yellow"}


def class_table(results: list[Result]) -> Table:
    """Student by exercise: outcome, and the misconception's name where one was recognised."""
    table = Table(title=f"{results[0].assignment}: {len(results)} submissions" if results else "no submissions", show_lines=False)
    table.add_column("exercise")
    for result in results:
        table.add_column(escape(result.student), overflow="fold")
    for row in zip(*(result.exercises for result in results), strict=True):
        table.add_row(escape(row[0].name), *(_cell(exercise) for exercise in row))
    table.add_row("score", *(f"{result.score:g}/{result.max_score:g}" for result in results), end_section=True)
    return table


def _cell(exercise) -> str:
    text = exercise.misconception if exercise.misconception and exercise.outcome == "wrong" else SHORT.get(exercise.outcome, exercise.outcome)
    colour = COLOUR.get(exercise.outcome, "magenta")
    return f"[{colour}]{escape(text)}[/{colour}]"


def student_table(results: list[Result]) -> Table:
    """One row per student: score, outcomes, misconceptions."""
    table = Table(title=f"{results[0].assignment}: {len(results)} submissions" if results else "no submissions")
    for name, justify in (("student", "left"), ("score", "right"), ("outcomes", "left"), ("misconceptions", "left")):
        table.add_column(name, justify=justify, overflow="fold")
    for result in results:
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in Counter(e.outcome for e in result.exercises).most_common())
        named = ", ".join(f"{e.name}: {e.misconception}" for e in result.exercises if e.misconception)
        table.add_row(escape(result.student), f"{result.score:g}/{result.max_score:g}", result.reason and escape(result.reason) or outcomes, escape(named))
    return table


def verdict_table(result: Result) -> Table:
    """One submission: every exercise with its message."""
    table = Table(title=f"{result.assignment}: {result.score:g} of {result.max_score:g} points", show_lines=True)
    for name in ("exercise", "points", "outcome", "what was found"):
        table.add_column(name, overflow="fold")
    for e in result.exercises:
        table.add_row(escape(e.name), f"{e.points:g}/{e.max_points:g}", _cell(e), escape(e.message))
    return table


def stats_table(results: list[Result]) -> Table:
    """Per exercise over a class, hardest first: success rate, outcomes, misconceptions."""
    table = Table(title=f"{results[0].assignment}: {len(results)} submissions, hardest first" if results else "no submissions")
    for name in ("exercise", "passed", "outcomes", "misconceptions"):
        table.add_column(name, overflow="fold")
    rows = []
    for row in zip(*(result.exercises for result in results), strict=True):
        rate = sum(e.outcome == "passed" for e in row) / len(row)
        outcomes = Counter(e.outcome for e in row if e.outcome != "passed").most_common()
        named = Counter(e.misconception for e in row if e.misconception).most_common()
        rows.append((rate, row[0].name, outcomes, named))
    for rate, name, outcomes, named in sorted(rows, key=lambda row: row[:2]):
        table.add_row(escape(name), f"{rate:.0%}", ", ".join(f"{n} {what}" for what, n in outcomes), escape(", ".join(f"{what} ({n})" for what, n in named)))
    return table
