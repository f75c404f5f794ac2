"""How a local verdict looks: HTML in a notebook, plain text elsewhere."""

import html

STYLES = {"right": ("✓", "#1b7f4d", "right"), "wrong": ("✗", "#b3261e", "not right yet"), "not yet": ("…", "#6b5d00", "not yet")}


def show(verdict, verdicts) -> None:
    """Display one verdict and the progress over all verdicts so far."""
    text = as_text(verdict, verdicts)
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        print(text)
    else:
        display({"text/plain": text, "text/html": as_html(verdict, verdicts)}, raw=True)


def progress(verdicts) -> str:
    """One line over the notebook: how many exercises pass, and their points."""
    graded = [verdict for verdict in verdicts.values() if verdict.points]
    right = [verdict for verdict in graded if verdict.state == "right"]
    return f"{len(right)} of {len(graded)} checked exercises right, {sum(v.points for v in right)} points so far"


def as_text(verdict, verdicts) -> str:
    """The verdict as plain text."""
    mark, _, word = STYLES[verdict.state]
    points = f" ({verdict.points} points)" if verdict.points and verdict.state == "right" else ""
    head = f"{mark} {verdict.exercise}: {word}{points}"
    return "\n".join(part for part in (head, verdict.message, progress(verdicts)) if part)


def as_html(verdict, verdicts) -> str:
    """The verdict as HTML, with every text escaped."""
    mark, colour, word = STYLES[verdict.state]
    points = f" ({verdict.points} points)" if verdict.points and verdict.state == "right" else ""
    message = html.escape(verdict.message).replace("\n", "<br>")
    return (
        f'<div role="status" style="border-left:4px solid {colour};padding:.4em .8em;margin:.2em 0">'
        f'<strong style="color:{colour}">{mark} {html.escape(verdict.exercise)}: {word}{points}</strong>'
        f'{"<br>" + message if message else ""}<br><small>{progress(verdicts)}</small></div>'
    )
