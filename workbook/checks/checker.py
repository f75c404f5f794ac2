"""`check("name", points=...)`: run one local check, show a tick or the cause, and the progress over the notebook."""

import importlib
import os
import sys
import traceback
import types
from dataclasses import dataclass, field

import torch

from workbook.checks.saying import CheckFailed
from workbook.checks.showing import show
from workbook.progress import quiet

TRACEBACK = "Run your function on a small input in a cell of your own to see the full traceback."
STUB = "The cell above is as it was handed out. Write your code in place of the last line, run the cell, then run this one again. The hints above unfold with a click."


class NotRight(AssertionError):
    """Raised only while nbgrader's Validate button runs a notebook, which counts a cell as passed unless it raises."""


@dataclass
class Verdict:
    """What a local check found: `state` is "right", "wrong" or "not yet"."""

    exercise: str
    state: str
    message: str
    points: int = 0


@dataclass
class Checker:
    """The local checks of one assignment over a notebook's namespace."""

    assignment: str
    namespace: dict
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    show: bool = True

    def __post_init__(self):
        if "ipykernel" in sys.modules:  # the first tensor without values loads a part of torch, for a second: here, among the imports, and not in the first check
            torch.zeros(1, device="meta").exp()

    def __call__(self, exercise: str, points: int = 0) -> None:
        """Run the local check of `exercise` and show what it found."""
        verdict = self.verdict(exercise, points)
        self.verdicts[exercise] = verdict
        if self.show:
            show(verdict, self.verdicts, self.worth)
        if os.environ.get("NBGRADER_EXECUTION") == "validate" and verdict.state != "right":
            raise NotRight(f"{exercise}: {verdict.message}")

    @property
    def worth(self) -> dict[str, float]:
        """The points of all exercises of the assignment, in its order; empty where its checks do not list them."""
        return getattr(self._checks(), "POINTS", {})

    def verdict(self, exercise: str, points: int = 0) -> Verdict:
        """The verdict alone, without showing it. Raises ValueError for an exercise that the assignment has no check of."""
        test = self._find(exercise)
        needed = getattr(test, "needs", exercise)  # an exercise without code of its own (weights in a file) needs another one's
        if needed not in self.namespace:
            return Verdict(exercise, "not yet", f"{needed} is not defined yet: run its cell first.", points)
        try:
            with torch.random.fork_rng(devices=[]), quiet():
                torch.manual_seed(0)
                test(types.SimpleNamespace(**self.namespace))
        except NotImplementedError as reason:
            return Verdict(exercise, "not yet", str(reason) or self._unwritten(exercise, reason), points)
        except CheckFailed as finding:
            return Verdict(exercise, "wrong", f"{finding}{self._mend_first(needed)}", points)
        except Exception as error:
            return Verdict(exercise, "wrong", f"Seen: {type(error).__name__}: {error}{_place(error)}\nExpected: a result.\n{TRACEBACK}{self._mend_first(needed)}", points)
        return Verdict(exercise, "right", "", points)

    def _unwritten(self, exercise: str, raised: NotImplementedError) -> str:
        """Which exercise still waits for its code: this one, or one that it calls."""
        names = [frame.f_code.co_qualname.split(".")[0] for frame, _ in traceback.walk_tb(raised.__traceback__)]
        other = next((name for name in reversed(names) if name in self.worth), exercise)
        return STUB if other == exercise else f"This one calls {other}, which waits for its code still. Write {other} first, then run this cell again."

    def _mend_first(self, exercise: str) -> str:
        """A line about the exercises that this one calls, itself or through others, and whose checks do not pass: what was seen may be theirs. Empty where there are none."""
        called, look_at = [], [exercise]
        while look_at:
            new = sorted(name for name in _names_in(self.namespace.get(look_at.pop()), self.namespace) if name not in (exercise, *called))
            called += new
            look_at += new
        wrong = [name for name in self.worth if name in called and name in self.verdicts and self.verdicts[name].state == "wrong"]
        return f"\nThis one calls {' and '.join(wrong)}, whose check does not pass: that alone may be the cause. Mend it first, then run this cell again." if wrong else ""

    def _find(self, exercise: str):
        test = getattr(self._checks(), exercise, None)
        if not callable(test):
            raise ValueError(f"{self.assignment} has no local check named {exercise!r}")
        return test

    def _checks(self):
        return importlib.import_module(f"workbook.checks.{self.assignment.split('_', 1)[1]}")


def _names_in(thing, namespace: dict) -> set[str]:
    """The names that a function or class of the notebook uses in its code; none for anything else."""
    functions = [part for part in (thing, *(vars(thing).values() if isinstance(thing, type) else ())) if isinstance(part, types.FunctionType) and part.__globals__ is namespace]
    codes, names = [function.__code__ for function in functions], set()
    while codes:
        code = codes.pop()
        names.update(code.co_names)
        codes += [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return names


def _place(error: Exception) -> str:
    """Where in the notebook an error was raised: the line of the cell and its text; empty where no cell is in the traceback."""
    cells = [frame for frame in traceback.extract_tb(error.__traceback__) if "ipykernel" in frame.filename or frame.filename.startswith("<ipython")]
    return f"\nIn {cells[-1].name}, line {cells[-1].lineno} of its cell: {cells[-1].line}" if cells else ""
