"""Late penalties by the rule in the course's `late.toml`, one table per assignment:

    ["03_vae"]
    per_day = 0.1         # of the points reached, for each day begun after the due date
    grace_minutes = 15    # that cost nothing; after them the whole delay counts
    at_most = 0.5         # of the points reached, however late

The due date itself is the gradebook's, where nbgrader and formgrader keep it. `autograder course due` writes both.
"""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nbgrader.plugins import LateSubmissionPlugin

FILE = "late.toml"
DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Rule:
    """How a late submission is treated; the default takes nothing off."""

    per_day: float = 0.0
    grace_minutes: float = 0.0
    at_most: float = 1.0

    def __post_init__(self):
        if not (0 <= self.per_day <= 1 and 0 <= self.at_most <= 1 and 0 <= self.grace_minutes < math.inf):
            raise ValueError(f"a late rule takes shares from 0 to 1 and minutes from 0 on, not {self}")

    def penalty(self, score: float, seconds_late: float) -> float:
        """Points taken off a score."""
        if seconds_late <= 60 * self.grace_minutes:
            return 0.0
        return score * min(self.at_most, self.per_day * math.ceil(seconds_late / DAY))


def rules(course: Path) -> dict[str, Rule]:
    """The rules of a course by assignment. Raises ValueError for a file that cannot be understood."""
    try:
        return {name: Rule(**table) for name, table in tomllib.loads((course / FILE).read_text()).items()}
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, TypeError, AttributeError) as error:
        raise ValueError(f"{course / FILE} cannot be understood: {error}") from None


def as_toml(known: dict[str, Rule]) -> str:
    """The text of a rules file."""
    tables = [f'["{name}"]\nper_day = {rule.per_day}\ngrace_minutes = {rule.grace_minutes}\nat_most = {rule.at_most}\n' for name, rule in sorted(known.items())]
    return "# Late penalties: per_day and at_most are shares of the points reached. Written by: autograder course due\n\n" + "\n".join(tables)


class LateRule(LateSubmissionPlugin):
    """nbgrader's late penalty, by the course's rules file; by nbgrader's own setting where the file has no rule for the assignment."""

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """Points to take off, or None for none."""
        rule = rules(Path(self._coursedir().root)).get(self.parent.assignment_id)
        if rule is None:
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        return rule.penalty(score, total_seconds_late) or None

    def _coursedir(self):
        """The course, from the application that all steps belong to."""
        owner = self.parent
        while not hasattr(owner, "coursedir"):
            owner = owner.parent
        return owner.coursedir
