"""The checks of one exercise side by side: each runs until it has to wait for an answer, then the questions of all go to the student's process together.

What a question costs is mostly the way there and back, two changes of process, and most checks ask few questions. Every check has a Student of its own, and
torch's random state and gradient mode as if it ran alone. What comes out is what comes out one after another: the first check, in their order, that does not
pass. Where the student's process is lost to one of several questions, that cannot be told any more, and they have to run one after another.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from greenlet import GreenletExit, getcurrent, greenlet

from autograder.jail import errors
from autograder.jail.process import Answer, Question
from autograder.student import Student


class OneAfterAnother(Exception):
    """The student's process was lost, and by which check's question is not known."""


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
        _put_state(self.state)
        self._stand(self._way.switch(self.student))

    def go_on(self, found: Answer | Exception) -> None:
        """Run with an answer, or with what its question raised, to the next question or to the end."""
        _put_state(self.state)
        self._stand(self._way.throw(found) if isinstance(found, Exception) else self._way.switch(found))

    def drop(self) -> None:
        """Leave it where it stands."""
        if not self.ended:
            self._way.throw(GreenletExit)

    def _stand(self, came: Question | BaseException | None) -> None:
        self.state, self.ended = _state(), self._way.dead
        self.question, self.raised = (None, came) if self.ended else (came, None)


def first_that_fails(runs: list[Callable[[Student], BaseException | None]], student: Student) -> tuple[int, BaseException] | None:
    """Place and error of the first check, in their order, that does not pass; None where all pass. Its calls and those of the checks before it are `student`'s then.

    A run takes a Student and returns what the check raised. Raises OneAfterAnother.
    """
    before, first, checks, place = _state(), student.beside(), [], None
    try:
        raised = runs[0](first)  # alone: a wrong answer mostly fails there, and what never ends does not end there, so that nothing is computed in vain
        if raised is None:
            checks = [Check(run, student.beside(), before) for run in runs[1:]]
            place = _until_one_fails(checks, student.session)
    finally:
        for check in checks:
            check.drop()
        _put_state(before)
    student.calls += first.calls
    for check in checks[: len(checks) if place is None else place + 1]:
        student.calls += check.student.calls
    if raised is not None:
        return 0, raised
    return None if place is None else (1 + place, checks[place].raised)


def _until_one_fails(checks: list[Check], session) -> int | None:
    """Run checks side by side; the place of the first that fails, or None."""
    for check in checks:
        check.start()
    while (first := _first_open(checks)) is not None and not checks[first].ended:
        asking = [check for check in checks[first:] if not check.ended]
        found = session.exchange([check.question for check in asking])
        if isinstance(found[-1], Exception) and not isinstance(found[-1], errors.Raised):
            raise OneAfterAnother
        for check, one in zip(asking, found, strict=True):
            check.go_on(one)
    return first


def _first_open(checks: list[Check]) -> int | None:
    """The place of the first check that has not passed yet."""
    return next((place for place, check in enumerate(checks) if not check.ended or check.raised is not None), None)


def _state() -> tuple[torch.Tensor, bool]:
    return torch.default_generator.get_state(), torch.is_grad_enabled()


def _put_state(state: tuple[torch.Tensor, bool]) -> None:
    torch.default_generator.set_state(state[0])
    if torch.is_grad_enabled() != state[1]:
        torch.set_grad_enabled(state[1])
