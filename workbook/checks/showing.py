"""How a local verdict looks: HTML in a notebook, plain text elsewhere."""

import html

from workbook.reading import with_links
from workbook.terminal import say

STYLES = {"right": ("✓", "#1b7f4d", "right"), "wrong": ("✗", "#b3261e", "not right yet"), "not yet": ("…", "#6b5d00", "not yet")}


def show(verdict, verdicts, worth: dict[str, float]) -> None:
    """Display one verdict and the progress over the notebook; `worth`: the points of all its exercises, empty where unknown."""
    text = as_text(verdict, verdicts, worth)
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        say(text)
    else:
        display({"text/plain": text, "text/html": as_html(verdict, verdicts, worth)}, raw=True)


def progress(verdicts, worth: dict[str, float]) -> str:
    """One line over the notebook: how many of its exercises pass, and their points."""
    graded = worth or {name: verdict.points for name, verdict in verdicts.items() if verdict.points}
    right = [name for name, verdict in verdicts.items() if verdict.state == "right" and name in graded]
    return f"{len(right)} of {len(graded)} exercises right, {sum(graded[name] for name in right):g} of {sum(graded.values()):g} points"


def as_text(verdict, verdicts, worth: dict[str, float]) -> str:
    """The verdict as plain text."""
    return "\n".join(part for part in (_head(verdict), verdict.message, progress(verdicts, worth)) if part)


def as_html(verdict, verdicts, worth: dict[str, float]) -> str:
    """The verdict as HTML, with every text escaped, and a bar with a field for each exercise."""
    colour = STYLES[verdict.state][1]
    message = with_links(verdict.message).replace("\n", "<br>")
    fields = "".join(
        f'<span title="{html.escape(name)}" style="display:inline-block;height:.45em;margin-right:2px;border-radius:2px;width:{.3 * points + .6:.1f}em;'
        f'background:{_colour(verdicts.get(name))}"></span>'
        for name, points in worth.items()
    )
    return (
        f'<div role="status" style="border-left:4px solid {colour};padding:.4em .8em;margin:.2em 0">'
        f'<strong style="color:{colour}">{html.escape(_head(verdict))}</strong>'
        f'{"<br>" + message if message else ""}<br><small>{fields} {progress(verdicts, worth)}</small></div>'
    )


def _head(verdict) -> str:
    mark, _, word = STYLES[verdict.state]
    points = f" ({verdict.points:g} point{'s' * (verdict.points != 1)})" if verdict.points and verdict.state == "right" else ""
    return f"{mark} {verdict.exercise}: {word}{points}"


def _colour(verdict) -> str:
    """An exercise's colour in the bar; grey for one that has not been checked yet."""
    return STYLES[verdict.state][1] if verdict else "#b0b0b088"
