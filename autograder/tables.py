"""Results as tables for a terminal: colour on a terminal, plain in a pipe."""

from collections.abc import Iterable, Iterator
from string import ascii_lowercase

from rich.markup import escape
from rich.table import Table

from autograder import overview
from autograder.results import ExerciseResult, Result
from autograder.text import clean
from workbook.equations import EQUATIONS, NUMBERS
from workbook.reading import named_in, to_open

MARKS = {"passed": "✓", "wrong": "✗", "depends on another": "d", "raised": "r", "timed out": "t", "out of memory": "m", "blank": "·",
         "missing": "-", "ungradable": "?", "grader fault": "!"}  # fmt: skip
COLOUR = {"passed": "green", "wrong": "red", "blank": "dim", "ungradable": "yellow", "grader fault": "yellow"}


def class_table(results: list[Result]) -> Table:
    """Student by exercise: a mark for each outcome below the exercise's letter, then the misconceptions that were recognised, with a legend."""
    table = Table(title=f"{results[0].assignment}: {len(results)} submissions" if results else "no submissions", title_justify="left", caption_justify="left")
    names = [e.name for e in results[0].exercises] if results else []
    table.add_column("student", overflow="fold")
    table.add_column("score", justify="right")
    table.add_column(" ".join(ascii_lowercase[: len(names)]), no_wrap=True)
    table.add_column("what was found", overflow="fold", ratio=1)
    for result in results:
        marks = " ".join(_mark(e.outcome) for e in result.exercises)
        named = ", ".join(f"{e.name}: {e.misconception}" for e in result.exercises if e.misconception)
        table.add_row(escape(clean(result.student)), f"{result.score:g}/{result.max_score:g}", marks, escape(result.reason or named))
    met = {e.outcome for result in results for e in result.exercises}
    legend = "  ".join(f"{letter} {name}" for letter, name in zip(ascii_lowercase, names, strict=False))
    table.caption = f"{escape(legend)}\n{'  '.join(f'{_mark(outcome)} {outcome}' for outcome in MARKS if outcome in met)}"
    return table


def _mark(outcome: str) -> str:
    colour = COLOUR.get(outcome, "magenta")
    return f"[{colour}]{MARKS.get(outcome, '?')}[/{colour}]"


def _cell(exercise) -> str:
    text = exercise.misconception if exercise.misconception and exercise.outcome == "wrong" else exercise.outcome
    colour = COLOUR.get(exercise.outcome, "magenta")
    return f"[{colour}]{escape(text)}[/{colour}]"


def verdict_line(exercise: ExerciseResult) -> str:
    """One exercise's verdict in a line."""
    return f"{_mark(exercise.outcome)} {escape(exercise.name)} {exercise.points:g}/{exercise.max_points:g}"


def verdict_table(result: Result) -> Table:
    """One submission: every exercise with its message."""
    table = Table(title=f"{result.assignment}: {result.score:g} of {result.max_score:g} points", show_lines=True)
    for name in ("exercise", "points", "outcome", "what was found"):
        table.add_column(name, overflow="fold")
    for e in result.exercises:
        table.add_row(escape(e.name), f"{e.points:g}/{e.max_points:g}", _cell(e), escape(e.message))
    return table


def reading_list(result: Result) -> list[str]:
    """A line for each equation that the verdicts name: its number and what to open."""
    keys = dict.fromkeys(key for e in result.exercises for key in named_in(e.message))
    return [f"equation ({NUMBERS[key]}), {EQUATIONS[key][1]}: {place}" for key in keys if (place := to_open(key))]


def stats_table(results: Iterable[Result]) -> Table:
    """Per exercise over a class, hardest first: success rate, computing time, outcomes, misconceptions. Results are taken one by one."""
    title, number = "", 0

    def counted() -> Iterator[Result]:
        nonlocal title, number
        for result in results:
            title, number = result.assignment, number + 1
            yield result

    rows = overview.rows(counted())
    table = Table(title=f"{title}: {number:,} submissions, hardest first" if number else "no submissions", title_justify="left")
    for name in ("exercise", "passed", "median / longest CPU s", "outcomes", "misconceptions"):
        table.add_column(name, overflow="fold", justify="right" if name in ("passed", "median / longest CPU s") else "left")
    for row in rows:
        failed = ", ".join(f"{n} {outcome}" for outcome, n in row.ordered if outcome != "passed")
        named = ", ".join(f"{what} ({n})" for what, n in row.misconceptions.most_common())
        table.add_row(escape(row.name), row.rate, row.time, failed, escape(named))
    return table
