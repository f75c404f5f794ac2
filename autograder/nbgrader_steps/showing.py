"""Verdicts as an instructor sees them in formgrader and a student on the feedback page: a summary at the top, and each verdict below its check."""

from html import escape

import nbformat

from autograder.results import NEEDS_A_PERSON, ExerciseResult, Result

MARKS = {"passed": "✓", "blank": "…", "missing": "…"}
PASSED, OPEN, PERSON, LOST = "#e9f5ee", "#f2f2f2", "#fff4cc", "#fcecea"  # behind a verdict; black text has a contrast of at least 15 on each


def verdict_output(exercise: ExerciseResult) -> nbformat.NotebookNode:
    """A verdict as the output of its check cell, in HTML for pages and in plain text for everything else."""
    data = nbformat.NotebookNode({"text/plain": as_text(exercise), "text/html": as_html(exercise)})
    return nbformat.NotebookNode(output_type="display_data", metadata=nbformat.NotebookNode(), data=data)  # valid by construction: to validate it took a quarter of the gradebook's time


def as_text(exercise: ExerciseResult) -> str:
    """A verdict in words."""
    named = f"Misconception: {exercise.misconception}" if exercise.misconception else ""
    return "\n".join(part for part in (f"{_head(exercise)} {_points(exercise)}", exercise.message, named) if part)


def as_html(exercise: ExerciseResult) -> str:
    """The same as a box whose long lines wrap; a student's words in it are escaped."""
    lines = [f"<b>{escape(_head(exercise))}</b> {_points(exercise)}"]
    lines += [escape(exercise.message)] if exercise.message else []
    lines += [f"Misconception: <code>{escape(exercise.misconception)}</code>"] if exercise.misconception else []
    colour = {"passed": PASSED, "blank": OPEN, "missing": OPEN}.get(exercise.outcome, PERSON if exercise.outcome in NEEDS_A_PERSON else LOST)
    inside = "\n".join(f'<p style="white-space: pre-wrap; margin: 2px 0">{line}</p>' for line in lines)
    return f'<div style="background-color: {colour}; color: #000; padding: 8px 12px; margin-bottom: 12px">\n{inside}\n</div>'


def summary_cell(result: Result, by_hand: float) -> nbformat.NotebookNode:
    """A text cell that says all verdicts at once, with links to what lost points. by_hand: points that only a person gives."""
    passed = [f"`{e.name}`" for e in result.exercises if e.outcome == "passed"]
    lines = [f"**The checks gave {result.score:g} of {result.max_score:g} points**; what was given by hand is not counted here."]
    lines += [f"{by_hand:g} points are for written answers, which a person reads."] if by_hand else []
    for repair in result.repairs:
        lines.append(f"Mended while reading: {escape(repair)}.")
    lost = [f"- {_linked(e)}" for e in result.exercises if e.outcome != "passed"]
    lines += ["\n".join(lost)] if lost else []
    lines += [f"✓ passed: {', '.join(passed)}"] if passed else []
    return nbformat.from_dict({"cell_type": "markdown", "id": "what-the-checks-say", "metadata": {}, "source": "\n\n".join(lines)})


def _linked(exercise: ExerciseResult) -> str:
    named = f", which looks like `{exercise.misconception}`" if exercise.misconception else ""
    return f"[{MARKS.get(exercise.outcome, '✗')} {exercise.name}](#check-{exercise.name}): {exercise.outcome} {_points(exercise)}{named}"


def _head(exercise: ExerciseResult) -> str:
    return f"{MARKS.get(exercise.outcome, '✗')} {exercise.name}: {exercise.outcome}"


def _points(exercise: ExerciseResult) -> str:
    return f"({exercise.points:g} of {exercise.max_points:g} points)"
