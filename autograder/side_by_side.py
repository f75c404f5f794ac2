"""The checks of one exercise side by side: each runs until it has to wait for an answer, then the questions of all go to the student's process together.

What a question costs is mostly the way there and back, two changes of process, and most checks ask few questions. Every check has a Student of its own, and
torch's random state and gradient mode as if it ran alone. What comes out is what comes out one after another: the first check, in their order, that does not
pass. Where the student's process is lost to a question that would not have been next, that cannot be told any more, and they have to run one after another.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from greenlet import GreenletExit, getcurrent, greenlet

from autograder.jail import errors
from autograder.jail.process import Answer, Question
from autograder.student import Student


class OneAfterAnother(Exception):
    """The student's process was lost, and checks that come before the one that lost it had not ended."""


@dataclass
class Check:
    """A check on its way: what it asks now, or how it ended."""

    run: Callable[[Student], BaseException | None]
    student: Student
    state: tuple[torch.Tensor, bool]  # torch's random state and gradient mode where it stands
    question: Question | None = None
    ended: bool = False
    raised: BaseException | None = None
    _way: greenlet = field(init=False, repr=False)

    def __post_init__(self):
        self._way, self.student.put = greenlet(self.run), getcurrent().switch

    def start(self) -> None:
        """Run to the first question, or to the end."""
        self._go(lambda: self._way.switch(self.student))

    def go_on(self, found: Answer | Exception) -> None:
        """Run with an answer, or with what its question raised, to the next question or to the end."""
        self._go(lambda: self._way.throw(found) if isinstance(found, Exception) else self._way.switch(found))

    def drop(self) -> None:
        """Leave it where it stands."""
        if not self.ended:
            self._way.throw(GreenletExit)

    def _go(self, step: Callable[[], Question | BaseException | None]) -> None:
        _put_state(self.state)
        came = step()
        self.state, self.ended = _state(), self._way.dead
        self.question, self.raised = (None, came) if self.ended else (came, None)


def first_that_fails(runs: list[Callable[[Student], BaseException | None]], student: Student) -> tuple[int, BaseException] | None:
    """Place and error of the first check, in their order, that does not pass; None where all pass. Its calls and those of the checks before it are `student`'s then.

    A run takes a Student and returns what the check raised. Raises OneAfterAnother.
    """
    before = _state()
    checks = [Check(run, student.beside(), before) for run in runs]
    try:
        place = _until_one_fails(checks, student.session)
    finally:
        for check in checks:
            check.drop()
        _put_state(before)
    for check in checks[: len(checks) if place is None else place + 1]:
        student.calls += check.student.calls
    return None if place is None else (place, checks[place].raised)


def _until_one_fails(checks: list[Check], session) -> int | None:
    """Run all checks; the place of the first that fails, or None."""
    for check in checks:
        check.start()
    furthest = -1  # the last check of which a question has gone over
    while (first := _first_open(checks)) is not None and not checks[first].ended:
        if not session.process.alive:
            raise OneAfterAnother
        asking = [place for place in range(first, len(checks)) if not checks[place].ended]
        for place, found in zip(asking, session.exchange([checks[place].question for place in asking]), strict=False):
            if isinstance(found, Exception) and not isinstance(found, errors.Raised):  # the process is lost, and no further answer comes
                first = _first_open(checks)
                if checks[first].ended:
                    return first
                if first < place or furthest > place:
                    raise OneAfterAnother
            checks[place].go_on(found)
            furthest = max(furthest, place)
    return first


def _first_open(checks: list[Check]) -> int | None:
    """The place of the first check that has not passed yet."""
    return next((place for place, check in enumerate(checks) if not check.ended or check.raised is not None), None)


def _state() -> tuple[torch.Tensor, bool]:
    return torch.get_rng_state(), torch.is_grad_enabled()


def _put_state(state: tuple[torch.Tensor, bool]) -> None:
    torch.set_rng_state(state[0])
    torch.set_grad_enabled(state[1])
