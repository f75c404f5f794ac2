"""The checks as pytest tests, collected once and run again for every submission, in this (trusted) process.

`with_checks(places, serve)` starts a pytest session whose run loop is `serve(runner)`; the session ends when `serve` returns.
"""

import functools
import os
import traceback
import types
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from _pytest.outcomes import OutcomeException
from _pytest.runner import runtestprotocol

from autograder import garbage, reference, source
from autograder.checking import Wrong
from autograder.draws import Draw
from autograder.jail.errors import JailFault, StudentFailure
from autograder.places import Places, topic
from autograder.side_by_side import first_that_fails, outcomes
from autograder.student import Student

OPTIONS = ["-s", "-p", "no:cacheprovider", "-p", "no:logging", "-p", "no:warnings", "-p", "no:terminal", "-p", "no:faulthandler", "-p", "no:doctest",
           "-p", "no:unittest", "-p", "no:junitxml", "-p", "no:pastebin", "-p", "no:stepwise", "--assert=plain", "--continue-on-collection-errors",
           "--import-mode=importlib"]  # fmt: skip
FIXTURES = {"student", "reference", "draw"}


@dataclass
class Finding:
    """What ended the checks of an exercise: a judgement or student failure in `error`, or the grader's own failure as text in `fault`.

    known: the misconception that was recognised in it, or none, in a tuple; empty as long as nobody has looked.
    """

    title: str
    error: BaseException | None
    fault: str | None = None
    missing: bool = False
    known: tuple[str | None, ...] = ()


@dataclass
class ChecksRunner:
    """The collected checks by assignment topic and exercise, and the references."""

    places: Places
    items: dict[tuple[str, str], list] = field(default_factory=dict)
    broken: dict[tuple[str, str], str] = field(default_factory=dict)
    _known: dict[str, frozenset[str]] = field(default_factory=dict)  # the names of classes by assignment
    _current: tuple | None = None
    _raised: tuple[str, BaseException] | None = None

    # pytest's side --------------------------------------------------------------------------------------------------------

    @pytest.fixture
    def student(self):
        return self._current[0]

    @pytest.fixture(name="reference")
    def _reference(self):
        return self._current[1]

    @pytest.fixture
    def draw(self, request):
        return Draw(self._current[2], request.node.name)

    def pytest_collectreport(self, report):
        """Remember check files that could not be loaded: their exercises are grader faults."""
        if report.failed:
            path = Path(report.nodeid)
            self.broken[path.parent.name, path.stem.removeprefix("test_")] = str(report.longrepr)

    def pytest_collection_modifyitems(self, items):
        """Sort the checks by exercise; their file order is kept."""
        for item in items:
            self.items.setdefault((item.path.parent.name, item.path.stem.removeprefix("test_")), []).append(item)

    def pytest_runtest_makereport(self, item, call):
        """Keep what a check raised, before pytest turns it into text."""
        if call.excinfo is not None and self._raised is None:
            self._raised = (call.when, call.excinfo.value)

    def pytest_runtestloop(self, session):
        """In the place of pytest's own loop: whatever `serve` does."""
        with garbage.seldom():
            self.serve(self)
        return True

    # the judge's side -----------------------------------------------------------------------------------------------------

    def reference(self, assignment: str) -> types.ModuleType:
        """The reference namespace of an assignment."""
        return reference.load(assignment, self.places)

    def fresh_reference(self, assignment: str, replaced: dict[str, object]) -> types.ModuleType:
        """The reference with other functions in some places, for every exercise that calls them; `replaced` among its names says which."""
        module = reference.build(source.load(assignment, self.places))
        module.__dict__.update(replaced, replaced=frozenset(replaced))
        return module

    def _classes(self, assignment: str) -> frozenset[str]:
        """The exercises that are classes of modules."""
        if assignment not in self._known:
            kinds = vars(self.reference(assignment))
            self._known[assignment] = frozenset(name for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, torch.nn.Module))
        return self._known[assignment]

    def dependencies(self, assignment: str, exercise: str) -> tuple[str, ...]:
        """The exercises that a right answer may call."""
        return tuple(self._setting(assignment, exercise, "DEPENDS", ()))

    def cpu(self, assignment: str, exercise: str, default: float) -> float:
        """Seconds of computing time for an exercise's checks."""
        return float(self._setting(assignment, exercise, "LIMITS", {}).get("cpu", default))

    def _setting(self, assignment: str, exercise: str, name: str, default):
        items = self.items.get((topic(assignment), exercise), [])
        return getattr(items[0].module, name, default) if items else default

    def run(self, assignment: str, exercise: str, student: Student, namespace, seed: int, beside: bool = False) -> Finding | None:
        """Run the checks of an exercise until one does not pass; None where all pass.

        beside: side by side, with the same outcome sooner. Raises OneAfterAnother where that cannot be.
        """
        key = (topic(assignment), exercise)
        items = self.items.get(key, [])
        if key in self.broken or not items:
            return Finding("", None, fault=self.broken.get(key, f"there are no checks of {exercise} in {self.places.checks(assignment)}"))
        student.classes = self._classes(assignment)
        if beside and all(map(_is_plain, items)):
            found = first_that_fails([functools.partial(self._call, item, namespace, seed) for item in items], student)
            return found and _finding(items[found[0]], "call", found[1])
        self._current, state = (student, namespace, seed), torch.get_rng_state()
        for item in items:
            self._raised = None
            if _is_plain(item):
                raised = self._call(item, namespace, seed, student)
                self._raised = raised and ("call", raised)
            else:
                runtestprotocol(item, log=False, nextitem=None)  # tear all down: which check comes next is not known
            torch.set_rng_state(state)  # no check draws from what another has left
            if self._raised is not None:
                return _finding(item, *self._raised)
        return None

    def run_all(self, assignment: str, students: dict[str, Student], seed: int) -> dict[str, tuple[Finding | None, float]]:
        """As `run` for several exercises, each with a Student of its own, all side by side; and the seconds that their answers took, by what the student's process says.

        Exercises whose checks cannot run so are passed over. Raises OneAfterAnother.
        """
        namespace, runs = self.reference(assignment), {}
        items = {name: self.items.get((topic(assignment), name), []) for name in students if (topic(assignment), name) not in self.broken}
        for name, of_one in items.items():
            if of_one and all(map(_is_plain, of_one)):
                students[name].classes = self._classes(assignment)
                runs[name] = [functools.partial(self._call, item, namespace, seed) for item in of_one], students[name]
        found = outcomes(runs)
        return {name: (failed and _finding(items[name][failed[0]], "call", failed[1]), took) for name, (failed, took) in found.items()}

    def _call(self, item, namespace, seed: int, student: Student) -> BaseException | None:
        """What pytest's protocol comes to for a check that takes our three fixtures and parameters only, at a hundredth of the cost; what it raised."""
        given = {"student": student, "reference": namespace, "draw": Draw(seed, item.name), **getattr(item, "callspec", NO_PARAMETERS).params}
        student.patient = True
        try:
            item.obj(**{name: given[name] for name in item._fixtureinfo.argnames})
            student.settle()
        except KeyboardInterrupt:
            raise
        except BaseException as raised:  # as pytest: whatever a check raises is its outcome
            return raised
        finally:
            student.patient = False
        return None


NO_PARAMETERS = types.SimpleNamespace(params={})


@functools.cache
def _is_plain(item) -> bool:
    """Whether a check needs nothing of pytest but its arguments: no other fixtures, no set-up, no class, no marks."""
    parameters = set(getattr(item, "callspec", NO_PARAMETERS).params)
    needed = set(item._fixtureinfo.names_closure) - parameters - ({"request"} - set(item._fixtureinfo.argnames))  # draw's own, not the check's
    return needed <= FIXTURES and not parameters & FIXTURES and item.cls is None and {mark.name for mark in item.iter_markers()} <= {"parametrize"}


def _finding(item, when: str, raised: BaseException) -> Finding:
    """A check's exception as a finding: judgements and student failures in the check itself are the student's, everything else is the grader's."""
    title = (item.function.__doc__ or item.name).strip().splitlines()[0]
    if isinstance(raised, OutcomeException) and type(raised).__name__ != "Failed":
        return Finding(title, None, fault=f"{item.nodeid}: a check was skipped or ended pytest: {raised}")
    if when == "call" and isinstance(raised, StudentFailure | Wrong | AssertionError | OutcomeException) and not isinstance(raised, JailFault):
        return Finding(title, raised)
    return Finding(title, None, fault=f"{item.nodeid}:\n" + "".join(traceback.format_exception(raised)))


def with_checks(places: Places, serve, folders: list[Path] | None = None) -> None:
    """Collect the checks below `folders` (all of the course's by default) and run `serve(runner)` inside the pytest session."""
    runner = ChecksRunner(places)
    runner.serve = serve
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    root = places.all_checks
    where = [str(folder) for folder in folders or [root]]
    pytest.main([*OPTIONS, "-c", os.devnull, "--rootdir", str(root), *where], plugins=[runner])
