"""Due dates: the date into the gradebook, the rule for lateness into the course's `late.toml`."""

from nbgrader.utils import parse_utc

from autograder.course import Course
from autograder.nbgrader_steps import lateness
from autograder.nbgrader_steps.lateness import Rule
from autograder.store import write_whole


def set_due(course: Course, assignment: str, when: str, rule: Rule) -> str:
    """Set the due date (text with an optional zone, UTC where none; "none" for no date) and the rule; a sentence that says what holds now.

    Raises ValueError for what is no date. Everybody's marks are written anew by the next grading; nothing is judged for it.
    """
    due = None if when.strip().lower() == "none" else _date(when)
    if not (course.root / "source" / assignment).is_dir():
        course.prepare(assignment)
    rules = lateness.rules(course.root) | {assignment: rule}
    with course.api.gradebook as gradebook:
        gradebook.update_or_create_assignment(assignment, duedate=due)
    write_whole(course.root / lateness.FILE, lateness.as_toml(rules))
    if due is None:
        return f"{assignment} has no due date"
    cost = f"each day begun costs {rule.per_day:.0%} of the points reached, {rule.at_most:.0%} at most" if rule.per_day else "lateness costs nothing"
    return f"{assignment} is due {due:%Y-%m-%d %H:%M} UTC; {cost}{f', the first {rule.grace_minutes:g} minutes nothing' if rule.per_day and rule.grace_minutes else ''}"


def _date(text: str):
    try:
        return parse_utc(text)
    except Exception:  # dateutil raises many kinds
        raise ValueError(f'{text!r} is no date; give one like "2026-12-01 18:00 +0100"') from None
