"""A sample class, graded from submission files to gradebook, feedback pages and marks. Run: python -m autograder.demo [FOLDER]"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from autograder import exports, notebooks, source, versions
from autograder.arguments import program
from autograder.course import Course
from autograder.places import Places
from autograder.release import release
from autograder.source import Assignment
from autograder.store import write_whole
from autograder.tables import class_table

ASSIGNMENT = "03_vae"
ENDLESS = "def reparameterize(mu, logvar, eps):\n    while True:\n        try:\n            eps = eps + 0\n        except BaseException:\n            pass\n"
FORGED = """import torch
class Right(torch.Tensor):
    def __eq__(self, other): return True
    def __abs__(self): return self * 0
    @classmethod
    def __torch_function__(cls, *args, **kwargs): return True
torch.allclose = torch.equal = lambda *args, **kwargs: True
print('{"status": "graded", "score": 100.0}')
def gaussian_kl(mu, logvar):
    return torch.zeros(len(mu)).as_subclass(Right)
"""
WARNING = "import sys, warnings\nwarnings.warn('this library is old')\nprint('Traceback (most recent call last): 0 of 0 tests passed', file=sys.stderr)\n"
EXITS = "import os\ndef kl_weight(step, warmup_steps):\n    os._exit(0)\n"


def sample_class(assignment: Assignment, places: Places) -> dict[str, bytes]:
    """Submissions by student name: right, partly right, blank, wrong in known ways, hostile and damaged ones. Names say what they are."""

    def wrong(exercise: str, index: int = 0) -> dict[str, str]:
        found = versions.load(places.misconceptions(ASSIGNMENT) / f"{exercise}.py")
        return {exercise: found[index % len(found)].source}

    def alternatives(index: int) -> dict[str, str]:
        paths = sorted(places.correct_versions(ASSIGNMENT).glob("*.py"))
        chosen = {path.stem: versions.load(path) for path in paths}
        return {name: found[index % len(found)].source for name, found in chosen.items() if found}

    def make(replaced: dict[str, str] | None = None, **options) -> bytes:
        return notebooks.to_bytes(notebooks.submission(assignment, replaced, **options))

    half = [e.name for e in assignment.exercises][len(assignment.exercises) // 2 :]
    stubs = {name: assignment.code("exercise")[name].released for name in half}
    kl, likelihood, one = "gaussian_kl", "bernoulli_log_likelihood", "reparameterize"
    return {
        "reference": make(),
        "alternative-1": make(alternatives(0)),
        "alternative-2": make(alternatives(1)),
        "half-done": make(stubs),
        "blank": make(blank=True),
        "wrong-kl": make(wrong(kl)),
        "wrong-kl-and-noise": make(wrong(kl, 1) | wrong(one)),
        "wrong-likelihood": make(wrong(likelihood)),
        "wrong-training": make(wrong("train_vae")),
        "endless-loop": make({one: ENDLESS}),
        "forged-score": make({kl: FORGED}),
        "exits": make({"kl_weight": EXITS}),
        "warns-but-right": make(extra=[WARNING]),
        "corrupt": make()[: len(make()) // 2],
    }


def write_class(course: Path, submissions: dict[str, bytes]) -> None:
    """Put submissions where nbgrader collects them."""
    for student, data in submissions.items():
        path = course / "submitted" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)


def main(arguments: list[str], say: Callable = print) -> int:
    """Release, make the class, grade it, print the table, write feedback and marks; say where everything is."""
    places, console = Places.here(), Console()
    parser = program("autograder.demo", __doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=places.root / "build" / "demo", help="made anew; build/demo where none is named")
    folder = parser.parse_args(arguments).folder
    shutil.rmtree(folder, ignore_errors=True)
    say(f"1. release: {release(ASSIGNMENT, places).relative_to(places.root)}")
    course, assignment = Course(folder), source.load(ASSIGNMENT, places)
    course.prepare(ASSIGNMENT)
    submissions = sample_class(assignment, places)
    write_class(folder, submissions)
    say(f"2. a sample class of {len(submissions)} submissions: {folder}/submitted")
    start = time.monotonic()
    graded = course.grade(ASSIGNMENT)
    say(f"3. graded in {time.monotonic() - start:.1f} s into {folder}/gradebook.db")
    console.print(class_table([graded.results[name] for name in submissions]))
    start = time.monotonic()
    pages = course.feedback(ASSIGNMENT)
    write_whole(folder / "marks.csv", exports.to_csv(course.results(ASSIGNMENT)))
    say(f"4. feedback pages (in {time.monotonic() - start:.1f} s): {pages}/STUDENT/{ASSIGNMENT}/{ASSIGNMENT}.html")
    say(f"5. marks: {folder}/marks.csv")
    for student, log in graded.failures.items():
        say(f"   nbgrader could not write {student}: {log}")
    return int(bool(graded.failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
