"""Judge one submission: every exercise on its own, by its checks, against the reference; a pure function of bytes, seed and checks."""

import hashlib
import itertools
import secrets
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from autograder import diagnosis, source, stand_ins
from autograder.checking import Wrong
from autograder.checks_runner import ChecksRunner, Finding
from autograder.jail import errors
from autograder.jail.launch import Jail
from autograder.limits import Limits
from autograder.places import Places
from autograder.reach import may_reach_out
from autograder.results import ExerciseResult, Result
from autograder.session import Session
from autograder.side_by_side import OneAfterAnother
from autograder.source import Assignment, Exercise
from autograder.student import Student
from autograder.submission import Submission, Ungradable, is_blank, open_notebook

NO_CELL = "There is no {name} in your notebook. Its cell was deleted or renamed; take it from the released notebook again."
BLANK = "Not attempted yet."
FAULT = "The grader itself failed on this exercise. That costs you nothing: a person will grade it."
AT_ONCE_SHARE = 0.4  # of the time that one exercise may take: what all may take side by side, some twenty times what right answers to all need
AT_ONCE_LIMIT = 10.0  # and an exercise that may take longer than this by itself goes alone
LOST = (errors.BadReply, errors.Died, errors.OutOfMemory)  # how an exercise can end by what an earlier one left behind


@dataclass
class Judge:
    """Judges submissions with one jail and one pytest session."""

    jail: Jail
    runner: ChecksRunner
    places: Places = field(default_factory=Places.here)
    watch: Callable[[ExerciseResult], None] = lambda result: None  # told of every verdict as it is reached

    def judge(self, submission: Submission, seed: int | None = None, only: tuple[str, ...] = ()) -> Result:
        """The verdict. `seed` reproduces an earlier run; `only` limits it to some exercises. Never raises for anything in the submission.

        Its `spent` says where the time went, in seconds by the clock: reading the notebook, running its cells (with the start of its process), waiting for
        answers of the student's code, and everything else (the checks); and in CPU seconds of the student's processes and of this one.
        """
        start, computed = time.monotonic(), time.process_time()
        seed = secrets.randbelow(1 << 62) if seed is None else seed
        assignment = source.load(submission.assignment, self.places)
        limits = Limits.load(self.places.checks(assignment.name) / "limits.toml")
        wanted = [exercise for exercise in assignment.exercises if not only or exercise.name in only]
        try:
            if submission.unreadable:
                raise Ungradable(submission.unreadable)
            notebook = open_notebook(submission.notebook, assignment, limits)
        except Ungradable as reason:
            results = [ExerciseResult(e.name, 0, e.points, "ungradable", None, str(reason)) for e in wanted]
            return Result(assignment.name, submission.student, "ungradable", str(reason), seed, time.monotonic() - start, results)
        except Exception:  # a notebook that the reader cannot digest is the grader's problem, not the student's
            results = [ExerciseResult(e.name, 0, e.points, "grader fault", None, FAULT, traceback.format_exc()) for e in wanted]
            return Result(assignment.name, submission.student, "graded", None, seed, time.monotonic() - start, results)
        session, read = Session(self.jail, notebook, limits, _job_seed(seed), submission.files), time.monotonic() - start
        try:
            judging = _Exercises(self, assignment, session, seed, limits)
            exercises = judging.judge(wanted)
            student = session.computed()
        finally:
            session.close()
        seconds, waited = time.monotonic() - start, read + session.notebook_seconds + session.answer_seconds
        spent = {"reading": read, "notebook": session.notebook_seconds, "answers": session.answer_seconds, "checks": seconds - waited,
                 "student_cpu": student, "grader_cpu": time.process_time() - computed}  # fmt: skip
        return Result(assignment.name, submission.student, "graded", None, seed, seconds, exercises, list(notebook.repairs), judging.computed, spent)


def _job_seed(seed: int) -> int:
    """The student process's own random seed: fixed by the run's seed, and telling nothing about it."""
    return int.from_bytes(hashlib.sha256(f"{seed}/job".encode()).digest()[:4], "big")


@dataclass
class _Exercises:
    """The exercises of one running submission."""

    judge_: Judge
    assignment: Assignment
    session: Session
    seed: int
    limits: Limits
    results: dict[str, ExerciseResult] = field(default_factory=dict)
    computed: dict[str, float] = field(default_factory=dict)  # CPU seconds by exercise
    beside: bool = True  # whether checks run side by side
    blank: dict[str, bool] = field(default_factory=dict)  # whether an exercise's cell is as it was handed out
    found: dict[str, tuple[Finding | None, Student]] = field(default_factory=dict)  # by exercise, what came out where all ran side by side,
    shared: int = 0  # and the number of the process in which they did

    def judge(self, wanted: list[Exercise]) -> list[ExerciseResult]:
        self._all_at_once(wanted)
        for exercise in wanted:
            result = self._safely(exercise)
            if result.outcome == "grader fault" and self.session.jail.ended():
                result = self._safely(exercise)  # the sandbox had died under it: once more in a new one
            self.results[exercise.name] = result
            self.judge_.watch(result)
        return list(self.results.values())

    def _all_at_once(self, wanted: list[Exercise]) -> None:
        """Run the checks of all exercises side by side, which costs less than one exercise after another. Where the process is lost nothing comes out of it.

        Not where the student's code looks as if it changed what other exercises meet: one after another, it could do so for later ones only.
        """
        runner, name = self.judge_.runner, self.assignment.name
        chosen = [exercise for exercise in wanted if exercise.name in self.assignment.code("exercise") and self._unattempted(exercise) is None
                  and runner.cpu(name, exercise.name, self.limits.exercise_cpu) <= AT_ONCE_LIMIT]  # fmt: skip
        if len(chosen) < 2 or may_reach_out(cell.source for cell in self.session.notebook.cells if cell.source not in self.assignment.handed_out):
            return
        most = AT_ONCE_SHARE * self.limits.exercise_cpu
        try:
            self.session.begin_exercise(most, most)
            self.shared, before = self.session.generation, self.session.computed(ask=False)
            students = {exercise.name: Student(self.session) for exercise in chosen if self._missing(exercise) is None}
            found = runner.run_all(name, students, self.seed)
        except Exception:  # whatever it was, it will come again where one exercise is judged, and is then known to be that one's
            self.session.extra += most
            return
        share = (self.session.computed() - before) / (sum(took for _, took in found.values()) or 1.0)
        self.computed = {exercise: took * share for exercise, (_, took) in found.items()}
        self.found = {exercise: (finding, students[exercise]) for exercise, (finding, _) in found.items() if finding is None or not finding.fault}

    def _safely(self, exercise: Exercise) -> ExerciseResult:
        """A verdict, or a grader fault where judging fails for whatever reason."""
        try:
            return self._one(exercise)
        except Exception:
            return ExerciseResult(exercise.name, 0, exercise.points, "grader fault", None, FAULT, traceback.format_exc())

    def _one(self, exercise: Exercise) -> ExerciseResult:
        unattempted = self._unattempted(exercise)
        if unattempted is not None:
            return unattempted
        runner, name = self.judge_.runner, self.assignment.name
        finding, student = self.found.get(exercise.name) or self._run(exercise, runner.reference(name))
        if finding is None:
            return ExerciseResult(exercise.name, exercise.points, exercise.points, "passed")
        if finding.fault:
            return ExerciseResult(exercise.name, 0, exercise.points, "grader fault", None, FAULT, finding.fault)
        blamed = self._failed_dependencies(exercise)
        if exercise.name in self.found and not blamed and self._is_unexplained(exercise, finding, student):
            del self.found[exercise.name]
            if self.session.generation == self.shared:
                self.session.process.close()  # what comes later in the notebook has run there already, and may still have changed what this one met
            return self._one(exercise)
        if blamed:
            if self._carried_forward(exercise, blamed):
                return ExerciseResult(exercise.name, exercise.points, exercise.points, "passed", None, f"Right in itself. Not right yet, but needed by it: {', '.join(blamed)}.")
            missing = ", ".join(blamed)
            message = f"This could not be judged on its own, because it depends on {missing}. Mend {missing} first."
            return ExerciseResult(exercise.name, 0, exercise.points, "depends on another", None, message)
        return self._failed(exercise, finding, student)

    def _unattempted(self, exercise: Exercise) -> ExerciseResult | None:
        """Blank or missing, as seen from the notebook's text."""
        sources, cell = self.session.notebook.exercise_sources, self.assignment.code("exercise").get(exercise.name)
        if cell is None:  # an exercise without a cell of its own (submitted weights) is judged by its checks
            return None
        if exercise.name not in self.blank:
            self.blank[exercise.name] = exercise.name in sources and is_blank(sources[exercise.name], cell.released)
        if self.blank[exercise.name]:
            return ExerciseResult(exercise.name, 0, exercise.points, "blank", None, BLANK)
        return None

    def _run(self, exercise: Exercise, namespace, covered: tuple[str, ...] = ()) -> tuple[Finding | None, Student]:
        """Run the checks of an exercise up to the first that fails; once more alone where its process, in which another was judged before, was lost.

        covered: names in the notebook that stand-ins take the place of meanwhile.
        """
        finding, student = self._run_once(exercise, namespace, covered)
        if finding is not None and isinstance(finding.error, LOST) and not self.session.alone:
            finding, student = self._run_once(exercise, namespace, covered)
        return finding, student

    def _run_once(self, exercise: Exercise, namespace, covered: tuple[str, ...]) -> tuple[Finding | None, Student]:
        student = Student(self.session)
        try:
            cpu = self.judge_.runner.cpu(self.assignment.name, exercise.name, self.limits.exercise_cpu)
            if any(self._endless(name) and name not in covered for name in self.judge_.runner.dependencies(self.assignment.name, exercise.name)):
                cpu /= 2  # most likely it calls what does not end; if not, half is still many times what it needs
            self.session.begin_exercise(cpu)
            if covered:
                self.session.stand_in(covered, stand_ins.text(self.assignment.name))
        except errors.StudentFailure as failure:
            return Finding("the notebook", failure), student
        missing = self._missing(exercise)
        if missing is not None:
            return missing, student
        before = self.session.computed(ask=False)  # begin_exercise has just asked
        finding, again = None, False
        try:
            finding = self.judge_.runner.run(self.assignment.name, exercise.name, student, namespace, self.seed, self.beside)
        except OneAfterAnother:
            self.beside, again = False, True  # for the rest too: what loses processes may do so again, and each time costs twice
        if covered:
            self._uncover()
        self.computed[exercise.name] = self.computed.get(exercise.name, 0.0) + self.session.computed() - before
        return self._run_once(exercise, namespace, covered) if again else (finding, student)

    def _missing(self, exercise: Exercise) -> Finding | None:
        """A finding where the name is not there after all cells have run: why its cell did not define it."""
        if exercise.name not in self.assignment.code("exercise"):
            return None
        try:
            if self.session.defines(exercise.name, list(self.assignment.code("exercise"))):
                return None
        except errors.StudentFailure as failure:
            return Finding("the notebook", failure)
        report = self.session.cells.get(exercise.name)
        if report is not None and report.failure is not None:
            return Finding("the notebook", report.failure)
        return Finding("the notebook", None, missing=True)

    def _failed_dependencies(self, exercise: Exercise) -> list[str]:
        """Dependencies that did not pass, directly or through another dependency; judged now where they have not been."""
        failed = []
        for name in self.judge_.runner.dependencies(self.assignment.name, exercise.name):
            if name not in self.results:
                known = {e.name: e for e in self.assignment.exercises}
                self.results[name] = self._one(known[name])
                judged = self.results.pop(name)
            else:
                judged = self.results[name]
            if judged.outcome != "passed":
                failed.append(name)
        return failed

    def _uncover(self) -> None:
        """Give the student's own functions their places back, where their process still runs."""
        try:
            self.session.stand_in((), "")
        except errors.StudentFailure:
            pass  # it ended; the next exercise starts another

    def _carried_forward(self, exercise: Exercise, blamed: list[str]) -> bool:
        """Whether the answer is right in itself: it agrees with the reference where both call a stand-in in the place of what is wrong."""
        known = stand_ins.of(self.assignment.name)
        for chosen in self._choices(exercise, blamed, known):
            namespace = self.judge_.runner.fresh_reference(self.assignment.name, {name: known[name] for name in chosen})
            finding, _ = self._run(exercise, namespace, chosen)
            if finding is None:
                return True
            if isinstance(finding.error, errors.TimedOut):
                return False  # it goes through something endless; to try on would cost as much again
        return False

    def _choices(self, exercise: Exercise, blamed: list[str], known: dict) -> list[tuple[str, ...]]:
        """What to replace, one choice after another: all that is wrong, all that the exercise may call, any one of these, some of what is wrong.

        Each is a fair trial: outside of it the reference is right, so who agrees with it does not go through what is wrong there.
        """
        replaceable = [name for name in blamed if name in known]
        called = tuple(name for name in self.judge_.runner.dependencies(self.assignment.name, exercise.name) if name in known)
        some = [chosen for size in range(len(replaceable), 0, -1) for chosen in itertools.combinations(replaceable, size)]
        return list(dict.fromkeys([*some[:1], called, *((name,) for name in called), *some[1:]])) if some else []

    def _endless(self, name: str) -> bool:
        """Known to use up its time or memory."""
        return name in self.results and self.results[name].outcome in ("timed out", "out of memory")

    def _failed(self, exercise: Exercise, finding: Finding, student: Student) -> ExerciseResult:
        """A wrong answer, or none, in words."""
        if finding.missing:
            return ExerciseResult(exercise.name, 0, exercise.points, "missing", None, NO_CELL.format(name=exercise.name))
        if isinstance(finding.error, errors.StudentFailure):
            message = BLANK if finding.error.outcome == "blank" else str(finding.error)
            return ExerciseResult(exercise.name, 0, exercise.points, finding.error.outcome, self._identity(exercise, finding, student), message)
        message = finding.error.message if isinstance(finding.error, Wrong) else f"This does not hold yet: {finding.title}"
        identity = self._identity(exercise, finding, student)
        diagnosed = diagnosis.describe(self.assignment.name, exercise.name, identity, self.judge_.places) if identity else ""
        return ExerciseResult(exercise.name, 0, exercise.points, "wrong", identity, f"{diagnosed} {message}".strip() if diagnosed != message else message)

    def _identity(self, exercise: Exercise, finding: Finding, student: Student) -> str | None:
        """The misconception that is recognised in a wrong answer: by the check itself, or because one of the known wrong versions would have answered the same."""
        if not finding.known:
            named = finding.error.misconception if isinstance(finding.error, Wrong) else None
            if named is None and (not isinstance(finding.error, errors.StudentFailure) or finding.error.outcome == "raised"):
                namespace = self.judge_.runner.reference(self.assignment.name)
                named = diagnosis.by_replay(self.assignment.name, exercise.name, student.calls, namespace, self.judge_.places)
            finding.known = (named,)
        return finding.known[0]

    def _is_unexplained(self, exercise: Exercise, finding: Finding, student: Student) -> bool:
        """Whether a wrong answer is neither a known wrong version's nor simply none."""
        if isinstance(finding.error, errors.StudentFailure) and finding.error.outcome == "blank":
            return False
        return self._identity(exercise, finding, student) is None
