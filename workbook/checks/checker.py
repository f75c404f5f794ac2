"""`check("name", points=...)`: run one local check, show a tick or the cause, and the progress over the notebook."""

import importlib
import types
from dataclasses import dataclass, field

import torch

from workbook.checks.saying import CheckFailed
from workbook.checks.showing import show
from workbook.progress import quiet


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

    def __call__(self, exercise: str, points: int = 0) -> None:
        """Run the local check of `exercise` and show what it found."""
        verdict = self.verdict(exercise, points)
        self.verdicts[exercise] = verdict
        if self.show:
            show(verdict, self.verdicts)

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
            stub = "the cell above still raises NotImplementedError. Write your code, run it, then run this cell again."
            return Verdict(exercise, "not yet", f"Not yet: {str(reason) or stub}", points)
        except CheckFailed as finding:
            return Verdict(exercise, "wrong", str(finding), points)
        except Exception as error:
            return Verdict(exercise, "wrong", f"Seen: {type(error).__name__}: {error}\nExpected: a result.\nRun your function on a small input to see the full traceback.", points)
        return Verdict(exercise, "right", "", points)

    def _find(self, exercise: str):
        topic = self.assignment.split("_", 1)[1]
        module = importlib.import_module(f"workbook.checks.{topic}")
        test = getattr(module, exercise, None)
        if not callable(test):
            raise ValueError(f"{self.assignment} has no local check named {exercise!r}")
        return test
