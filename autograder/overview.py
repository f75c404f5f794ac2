"""A class over one assignment's exercises: how many passed, how long their code computed, how they failed, which misconceptions were recognised."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from autograder.results import OUTCOMES, Result


@dataclass
class Row:
    """One exercise over the class. `seconds`: CPU seconds of each student's code, where it ran."""

    name: str
    outcomes: Counter = field(default_factory=Counter)
    misconceptions: Counter = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share of submissions that passed."""
        return self.outcomes["passed"] / max(1, self.outcomes.total())

    @property
    def rate(self) -> str:
        return f"{self.share:.0%}"

    @property
    def ordered(self) -> list[tuple[str, int]]:
        """Outcomes with their counts, in the order in which they are explained."""
        return [(outcome, self.outcomes[outcome]) for outcome in OUTCOMES if self.outcomes[outcome]]

    @property
    def time(self) -> str:
        """Median and maximum in seconds; empty where nobody's code ran."""
        return f"{_short(median(self.seconds))} / {_short(max(self.seconds))}" if self.seconds else ""


def rows(results: Iterable[Result]) -> list[Row]:
    """Every exercise, hardest first; of two as hard, the one that took longer to compute."""
    made: dict[str, Row] = {}
    for result in results:
        for exercise in result.exercises:
            row = made.setdefault(exercise.name, Row(exercise.name))
            row.outcomes[exercise.outcome] += 1
            if exercise.misconception:
                row.misconceptions[exercise.misconception] += 1
            if exercise.name in result.computed:
                row.seconds.append(result.computed[exercise.name])
    return sorted(made.values(), key=lambda row: (row.share, -sum(row.seconds), row.name))


def _short(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds < 1 else f"{seconds:.1f}"
