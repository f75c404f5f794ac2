"""Checks side by side: each runs until it has to wait for an answer, then the questions of all go to the student's process together.

What a question costs is mostly the way there and back, two changes of process, and most checks ask few questions. Every check has a Student of its own, and
torch's random state and gradient mode as if it ran alone. What comes out is what comes out one after another: of one exercise's checks the first, in their
order, that does not pass. Where the student's process is lost to one of several questions, that cannot be told any more, and they have to run one after another.
"""

import threading
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
    _way: greenlet | None = field(default=None, repr=False)
    _back: greenlet | None = field(default=None, repr=False)  # who lets it run

    def __post_init__(self):
        self.student.put = self.wait

    def wait(self, questions: list[Question]) -> list[Answer | Exception]:
        """Let others run until there are answers."""
        if getcurrent() is not self._way:
            raise RuntimeError("a part of a check asks through the student of another part; see 'together'")
        return self._back.switch(questions)

    def start(self) -> None:
        """Run to the first question, or to the end."""
        _put_state(self.state)
        self._back, self._way = getcurrent(), idle.ways.pop() if idle.ways else greenlet(_one_after_another)
        self._way.parent, self._way.gr_context = self._back, None
        self._stand(self._way.switch(self))

    def go_on(self, found: list[Answer | Exception]) -> None:
        """Run with the answers, or with what its questions raised, to the next question or to the end."""
        self.took += sum(max(answer.took, USUAL) for answer in found if isinstance(answer, Answer))
        _put_state(self.state)
        self._stand(self._way.switch(found))

    def end(self) -> "Check":
        """In its own greenlet, at the end: the next check that runs there."""
        idle.ways.append(self._way)
        return self._back.switch(self.raised)

    def drop(self) -> None:
        """Leave it where it stands."""
        if self._way is not None and not self.ended:
            self._way.throw(GreenletExit)

    def _stand(self, came: list[Question] | BaseException | None) -> None:
        self.state, self.ended = _state(), not isinstance(came, list)
        self.questions = [] if self.ended else came


class Idle(threading.local):
    """Greenlets of this thread that wait for a check. Each has a piece of memory from the system, which would cost more to get for every check than the check."""

    def __init__(self):
        self.ways: list[greenlet] = []


idle = Idle()


def _one_after_another(check: Check) -> None:
    """What a greenlet does: run one check after another."""
    while True:
        try:
            check.raised = check.run(check.student)
        except GreenletExit as left:  # in the midst of a check
            check.raised = left
        check = check.end()


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


@dataclass
class Exercise:
    """An exercise's checks on their way: the first goes ahead of the others, since a wrong answer mostly fails there."""

    runs: list[Run]
    student: Student  # who has the calls at the end, up to those of the check that fails
    state: tuple[torch.Tensor, bool]
    checks: list[Check] = field(default_factory=list)  # those that have begun

    def asking(self) -> list[Check]:
        """The checks that have a question now; none where all have passed, or the first that fails, in their order, is known."""
        while True:
            first = _first_open(self.checks)
            if first is None and len(self.checks) < len(self.runs):
                self._begin(self.runs[len(self.checks) :] if self.checks else self.runs[:1])
            elif first is None or self.checks[first].ended:
                return []
            else:
                return [check for check in self.checks[first:] if not check.ended]

    def outcome(self) -> tuple[int, BaseException] | None:
        """As `first_that_fails`; nobody asks any more."""
        first = _first_open(self.checks)
        for check in self.checks[: None if first is None else first + 1]:
            self.student.calls += check.student.calls
        return None if first is None else (first, self.checks[first].raised)

    def _begin(self, runs: list[Run]) -> None:
        begun = [Check(run, self.student.beside(), self.state) for run in runs]
        self.checks += begun
        for check in begun:
            check.start()


def outcomes(runs: dict[str, tuple[list[Run], Student]]) -> dict[str, tuple[tuple[int, BaseException] | None, float]]:
    """What `first_that_fails` tells of each of several exercises, and the seconds that its answers took, by what the student's process says.

    All run side by side. Raises OneAfterAnother.
    """
    before = _state()
    exercises = {name: Exercise(of_one, student, before) for name, (of_one, student) in runs.items()}
    try:
        while asking := [check for exercise in exercises.values() for check in exercise.asking()]:
            _exchange(asking, asking[0].student.session)
        return {name: (exercise.outcome(), sum(check.took for check in exercise.checks)) for name, exercise in exercises.items()}
    finally:
        for exercise in exercises.values():
            for check in exercise.checks:
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
