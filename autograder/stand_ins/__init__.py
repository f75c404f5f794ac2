"""Functions that stand in for a student's wrong ones while an exercise that calls them is judged.

Both sides get the same stand-in, the student's notebook and the reference, so a right caller agrees with the reference whatever its own version of the called
function is like: wrong, blank, endless. A wrong caller does not: a stand-in uses every argument and lets gradients through, so it hides no slip, and it is not the
student's, so it shares none. A stand-in keeps what the called exercise's text promises to its callers (shapes, dtype, device, sign, linearity, what holds at the
ends), and differs from the right answer in everything else: it goes into the student's process.

One module per assignment, named by its topic; a function or class in it stands in for the exercise of its name.
"""

import importlib
from pathlib import Path
from types import ModuleType

from autograder.places import topic


def of(assignment: str) -> dict[str, object]:
    """The stand-ins of an assignment by the exercise's name."""
    module = _module(assignment)
    return {name: thing for name, thing in vars(module).items() if getattr(thing, "__module__", None) == module.__name__ and not name.startswith("_")} if module else {}


def text(assignment: str) -> str:
    """The source of an assignment's stand-ins."""
    module = _module(assignment)
    return Path(module.__file__).read_text() if module else ""


def _module(assignment: str) -> ModuleType | None:
    path = Path(__file__).with_name(f"{topic(assignment)}.py")
    return importlib.import_module(f"{__name__}.{path.stem}") if path.exists() else None
