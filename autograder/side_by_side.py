"""Checks side by side: each runs until it has to wait for an answer, then the questions of all go to the student's process together.

What a question costs is mostly the way there and back, two changes of process, and most checks ask few questions. Every check has a Student of its own, and
torch's random state and gradient mode as if it ran alone. What comes out is what comes out one after another: of one exercise's checks the first, in their
order, that does not pass; of many exercises those whose checks all pass. Where the student's process is lost to one of several questions, that cannot be told
any more, and they have to run one after another.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

import torch
from greenlet import GreenletExit, getcurrent, greenlet

from autograder.jail import errors
from autograder.jail.process import Answer, Question
from autograder.student import Student

USUAL = 5e-5  # seconds of an answer that does not say how long it took
Run = Callable[[Student], BaseException | None]  # a check: what it raised


class OneAfterAnother(Exception):
    """The student's process was lost, and by which check's question is not known."""


@dataclass(eq=False)
class Check:
    """A check on its way: what it asks now, or how it ended."""

    run: Run
    student: Student
    state: tuple[torch.Tensor, bool]  # torch's random state and gradient mode where it stands
    questions: list[Question] = field(default_factory=list)
    ended: bool = False
    raised: BaseException | None = None
    took: float = 0.0  # seconds of its answers, by what the student's process says
    _way: greenlet = field(init=False, repr=False)

    def __post_init__(self):
        self._way, back = greenlet(self.run), getcurrent().switch

        def put(questions: list[Question]) -> list[Answer | Exception]:
            if getcurrent() is not self._way:
                raise RuntimeError("a part of a check asks through the student of another part; see 'together'")
            return back(questions)

        self.student.put = put

    def start(self) -> None:
        """Run to the first question, or to the end."""
        _put_state(self.state)
        self._stand(self._way.switch(self.student))

    def go_on(self, found: list[Answer | Exception]) -> None:
        """Run with the answers, or with what its questions raised, to the next question or to the end."""
        self.took += sum(max(answer.took, USUAL) for answer in found if isinstance(answer, Answer))
        _put_state(self.state)
        self._stand(self._way.switch(found))

    def drop(self) -> None:
        """Leave it where it stands."""
        if not self.ended:
            self._way.throw(GreenletExit)

    def _stand(self, came: list[Question] | BaseException | None) -> None:
        self.state, self.ended = _state(), self._way.dead
        self.questions, self.raised = ([], came) if self.ended else (came, None)


def first_that_fails(runs: list[Run], student: Student) -> tuple[int, BaseException] | None:
    """Place and error of the first check, in their order, that does not pass; None where all pass. Its calls and those of the checks before it are `student`'s then.

    Raises OneAfterAnother.
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


def exercises_that_pass(runs: dict[str, list[Run]], student: Student) -> tuple[set[str], dict[str, float]]:
    """The names of the exercises all of whose checks pass; and for every exercise the seconds that its answers took there, by what that process says.

    Of an exercise that does not pass no more is asked once one of its checks has failed. Raises OneAfterAnother.
    """
    before = _state()
    checks = {name: [Check(run, student.beside(), before) for run in of_one] for name, of_one in runs.items()}
    open_ = dict(checks)
    try:
        for check in _all(checks):
            check.start()
        while True:
            open_ = {name: of_one for name, of_one in open_.items() if all(check.raised is None for check in of_one)}
            asking = [check for check in _all(open_) if not check.ended]
            if not asking:
                return set(open_), {name: sum(check.took for check in of_one) for name, of_one in checks.items()}
            _exchange(asking, student.session)
    finally:
        for check in _all(checks):
            check.drop()
        _put_state(before)


def together(student: Student, *parts: Callable[[Student], object]) -> list:
    """What some parts of one check return. They run side by side: each asks through the Student that it is given, and of nothing that another one gave it.

    Raises what the first part, in their order, raises that does not end well.
    """
    before, results = _state(), [None] * len(parts)

    def run_of(place: int, part: Callable[[Student], object]) -> Run:
        def run(own: Student) -> BaseException | None:
            try:
                results[place] = part(own)
                own.settle()
            except Exception as raised:
                return raised
            return None

        return run

    checks = [Check(run_of(place, part), student.beside(), before) for place, part in enumerate(parts)]
    try:
        failed = _until_one_fails(checks, student)
    finally:
        for check in checks:
            check.drop()
        _put_state(before)
    for check in checks[: len(checks) if failed is None else failed + 1]:
        student.calls += check.student.calls
    if failed is not None:
        raise checks[failed].raised
    return results


def _all(checks: dict[str, list[Check]]) -> list[Check]:
    return [check for of_one in checks.values() for check in of_one]


def _until_one_fails(checks: list[Check], asked) -> int | None:
    """Run checks side by side; the place of the first that fails, or None. `asked`: whose `exchange` gets the answers."""
    for check in checks:
        check.start()
    while (first := _first_open(checks)) is not None and not checks[first].ended:
        _exchange([check for check in checks[first:] if not check.ended], asked)
    return first


def _exchange(asking: list[Check], asked) -> None:
    """Get the answers to what some checks ask, and let each go on with its own."""
    found = asked.exchange([question for check in asking for question in check.questions])
    if isinstance(found[-1], Exception) and not isinstance(found[-1], errors.Raised):
        raise OneAfterAnother
    rest = iter(found)
    for check in asking:
        check.go_on(list(islice(rest, len(check.questions))))


def _first_open(checks: list[Check]) -> int | None:
    """The place of the first check that has not passed yet."""
    return next((place for place, check in enumerate(checks) if not check.ended or check.raised is not None), None)


def _state() -> tuple[torch.Tensor, bool]:
    return torch.default_generator.get_state(), torch.is_grad_enabled()


def _put_state(state: tuple[torch.Tensor, bool]) -> None:
    torch.default_generator.set_state(state[0])
    if torch.is_grad_enabled() != state[1]:
        torch.set_grad_enabled(state[1])
