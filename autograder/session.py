"""A submission's life in the jail: run its cells, give each exercise its time, start afresh after a death."""

import time
from dataclasses import dataclass, field
from types import ModuleType

from autograder.jail import errors
from autograder.jail.launch import Jail
from autograder.jail.process import Answer, Question, StudentProcess
from autograder.limits import Limits
from autograder.submission import Opened, RunCell

QUICK = 2.0  # seconds of computing time within which most notebooks have run all their cells
MOST_STARTS = 40  # a notebook of which so many cells or exercises kill the process is not tried further
SPENT = "Your notebook used up the {kind} time of a whole submission ({limit:.0f} s) before this exercise. Take out the cells that run long."


@dataclass
class CellReport:
    """How a cell ended: "done", "error" (with a Raised) or "lost" (with the failure that took the process)."""

    state: str
    failure: errors.StudentFailure | None = None


@dataclass
class Session:
    """The running notebook of one submission."""

    jail: Jail
    notebook: Opened
    limits: Limits
    seed: int
    files: dict[str, bytes] = field(default_factory=dict)
    generation: int = 0
    process: StudentProcess | None = None
    cells: dict[str, CellReport] = field(default_factory=dict)
    probes: set[str] = field(default_factory=set)
    cpu_left: float = 0.0
    spent: float = 0.0  # CPU seconds of the processes before the present one
    extra: float = 0.0  # seconds of the grader's own attempts to save time, which are not the student's
    started: float = field(default_factory=time.monotonic)
    quick: bool = True  # whether all cells have run within a short time so far
    defined: frozenset[str] | None = None  # exercises that are there in the present process, once that has been asked
    alone: bool = True  # whether the present exercise is the first in its process
    threads: int = 1  # that ran, in all processes of the job, when the first exercise began
    notebook_seconds: float = 0.0  # by the clock: starting processes and running cells in them,
    answer_seconds: float = 0.0  # and waiting for what the checks asked

    def begin_exercise(self, cpu: float, wall: float | None = None) -> None:
        """Make sure that a process runs with the notebook loaded, and give the coming calls `cpu` seconds in all. Raises StudentFailure.

        wall: seconds by the clock that each of them may take, where that is less than the limits say.
        """
        if self.process is not None and self.process.speaks_unasked():
            self.process.close()  # what an exercise sent beyond its answers must not be taken for the next one's
        self._be_there()
        if not self.alone and self.process.threads > self.threads:
            self.process.close()  # nor must what it left running
            self._be_there()
        if self.alone:
            self.threads = self.process.threads
        self.cpu_left, self.process.wall = min(cpu, self._left(ask=False)), wall or self.limits.wall

    def _be_there(self) -> None:
        """See to it that a process runs, and begin its budget; `alone` says whether it is a fresh one."""
        self.alone = self.process is None or not self.process.alive
        if self.alone:
            begun = time.monotonic()
            try:
                self._start()
            finally:
                self.notebook_seconds += time.monotonic() - begun
        self.process.begin_budget(exact=True)

    def _left(self, ask: bool = True) -> float:
        """Seconds of computing time that the submission has left. Raises TimedOut where that, or its time by the clock, is used up."""
        left = self.limits.total_cpu + self.extra - self.computed(ask)
        if left <= 0:
            raise errors.TimedOut(SPENT.format(kind="computing", limit=self.limits.total_cpu))
        if time.monotonic() - self.started > self.limits.total_wall:
            raise errors.TimedOut(SPENT.format(kind="clock", limit=self.limits.total_wall))
        return left

    def _used(self) -> float:
        """CPU seconds of the present process."""
        if self.process is not None and self.process.alive and not self.process.known:
            self.process.usage()
        return self.process.used if self.process is not None else 0.0

    def computed(self, ask: bool = True) -> float:
        """CPU seconds of the submission so far, in steps of a clock tick; without asking, what was known last."""
        return self.spent + (self._used() if ask or self.process is None else self.process.used)

    def request(self, operation: str, **body) -> Answer:
        """One request within the exercise's time. Raises StudentFailure."""
        (found,) = self.exchange([Question(operation, body)])
        if isinstance(found, Exception):
            raise found
        return found

    def exchange(self, questions: list[Question]) -> list[Answer | Exception]:
        """Some requests together within the exercise's time: answers, as `StudentProcess.exchange` gives them."""
        asked = time.monotonic()
        try:
            return self.process.exchange(questions, cpu=self.cpu_left)
        finally:
            self.answer_seconds += time.monotonic() - asked

    def defines(self, name: str, names: list[str]) -> bool:
        """Whether the notebook has the exercise `name` after all cells have run; asked for all the `names` at once, once per process. Raises StudentFailure."""
        if self.defined is None:
            kinds = self.request("kinds", names=names).header["value"]
            self.defined = frozenset(kinds) if isinstance(kinds, dict) else frozenset()
        return name in self.defined

    def need_probe(self, module: ModuleType) -> None:
        """Send a probe module's source over, once per process."""
        name = module.__name__.rpartition(".")[2]
        if name not in self.probes:
            with open(module.__file__) as file:
                self.request("probe", name=name, source=file.read())
            self.probes.add(name)

    def stand_in(self, names: tuple[str, ...], source: str) -> None:
        """Put the functions that `source` defines under these names into the places of the student's, until the next such call; it may name none."""
        self.request("stand in", names=list(names), source=source)

    def weights(self, name: str | None = None) -> bytes | None:
        """The bytes of the submitted weights (those of this name, else the first), or None."""
        return self.files.get(name) or next(iter(self.files.values()), None)

    def close(self) -> None:
        """End the student's process."""
        if self.process is not None:
            self.process.close()

    def _start(self) -> None:
        """A fresh process and all cells in it, except those that took a process with them before."""
        while self.generation < MOST_STARTS:
            self.close()
            left = self._left()
            self.spent += self._used()
            self.generation += 1
            self.probes.clear()
            self.defined = None
            self.process = StudentProcess(self.jail, self.limits, self.seed)
            cells = [cell for cell in self.notebook.cells if self.cells.get(cell.label, CellReport("")).state != "lost"]
            if self.quick and left > QUICK:
                self.quick = self._run_quickly(cells)
                if self.quick:
                    return
                self.extra += QUICK
            elif self._run_cells(cells, left):
                return
        raise errors.Died("Your notebook ended its process again and again, so it was not started any more.")

    def _run_quickly(self, cells: list[RunCell]) -> bool:
        """Run cells in the present process; False where that was lost or took long. Which cell is to blame is not known then, so it counts for nothing."""
        expected = {cell.label: CellReport("done") for cell in cells}  # as long as nothing else is told

        def note(header: dict) -> None:
            label = header.get("cell")
            if "raised" not in header or not isinstance(label, str) or label not in expected:
                raise errors.BadReply("Your code disturbed the channel to the grader: it reported a cell that was not its turn.")
            expected[label] = CellReport("error", errors.raised(header["raised"]))

        try:
            self.process.begin_budget()
            self.process.wall = QUICK
            self.process.request("cells", cpu=QUICK, cells=[cell.as_request() for cell in cells], announced=False, on_event=note)
        except errors.StudentFailure:
            return False
        self.cells.update(expected)
        return True

    def _run_cells(self, cells: list[RunCell], left: float) -> bool:
        """Run cells in the present process; False where one of them took it along (then `self.cells` says which)."""
        expected, running = [cell.label for cell in cells], []

        def note(header: dict) -> None:
            label, raised = header.get("cell"), "raised" in header
            if label != (running[0] if raised and running else expected[0] if expected and not raised else None):
                raise errors.BadReply("Your code disturbed the channel to the grader: it reported a cell that was not its turn.")
            if raised:
                self.cells[label] = CellReport("error", errors.raised(header["raised"]))
                return
            running[:] = [expected.pop(0)]
            self.cells[label] = CellReport("done")  # as long as nothing else is told
            self.process.begin_budget()

        try:
            self.process.begin_budget()
            self.process.request("cells", cpu=min(self.limits.cell_cpu, left), cells=[cell.as_request() for cell in cells], announced=True, on_event=note)
        except errors.StudentFailure as failure:
            if not running or running[0] not in {cell.label for cell in cells}:
                raise
            self.cells[running[0]] = CellReport("lost", failure)
            return False
        return True
