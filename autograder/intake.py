"""Find submissions in files, folders and the archives that learning platforms export; tell whose they are and of which assignment."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from autograder import source
from autograder.archives import unpacked
from autograder.limits import Limits
from autograder.owners import Owner, owner_of, version
from autograder.places import Places
from autograder.submission import Submission
from autograder.worker import Job

SKIPPED = {".ipynb_checkpoints", "__MACOSX"}


@dataclass(frozen=True)
class Handed:
    """A notebook that was handed in: where it lies (inside an archive too), whose it is, and what it holds."""

    shown: Path
    owner: Owner
    submission: Submission


def find_submissions(paths: list[Path], assignment: str | None, seed: int | None = None, say: Callable[[str], None] = lambda text: None) -> list[Job]:
    """A job per student and assignment. Raises as `find` does."""
    return [Job(str(handed.shown), handed.submission, seed) for handed in find(paths, assignment, say)]


def find(paths: list[Path], assignment: str | None, say: Callable[[str], None] = lambda text: None) -> list[Handed]:
    """What was handed in, of each student the latest version; `say` hears of the others.

    Raises FileNotFoundError for a path that is not there or holds no notebook, ValueError where the assignment cannot be told or an archive is damaged.
    """
    places, found = Places.here(), []
    if assignment is not None:
        source.load(assignment, places)
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no {path}")
        if path.is_file() and path.suffix.lower() == ".zip":
            with unpacked(path) as folder:
                found += _found_in(folder, assignment, places, path)
        else:
            found += _found_in(path, assignment, places)
    if not found:
        raise FileNotFoundError(f"no notebooks (*.ipynb) in {', '.join(map(str, paths))}")
    return _one_each(_told_apart(found), say)


def _found_in(path: Path, assignment: str | None, places: Places, archive: Path | None = None) -> list[Handed]:
    """All notebooks of a file or folder; an unpacked archive's are named after the archive, since the folder goes away."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*.ipynb") if not SKIPPED & set(p.parts))
    beside = defaultdict(list)
    for file in files:
        beside[file.parent].append(file.stem)
    found = []
    for file in files:
        inside = file.relative_to(path)
        shown = archive / inside if archive else file
        name = assignment or _assignment_of(shown, places)
        owner = owner_of(shown, len(inside.parts), name, beside[file.parent])
        found.append(Handed(shown, owner, Submission.read(file, name, owner.student, Limits.load(places.checks(name) / "limits.toml"))))
    return found


def _told_apart(found: list[Handed]) -> list[Handed]:
    """Students of one name get the platform's numbers beside it."""
    numbers = defaultdict(set)
    for handed in found:
        numbers[handed.owner.student].add(handed.owner.number)
    return [_renamed(handed) if len(numbers[handed.owner.student]) > 1 and handed.owner.number else handed for handed in found]


def _renamed(handed: Handed) -> Handed:
    student = f"{handed.owner.student}_{handed.owner.number}"
    return Handed(handed.shown, replace(handed.owner, student=student), replace(handed.submission, student=student))


def _one_each(found: list[Handed], say: Callable[[str], None]) -> list[Handed]:
    """Of several notebooks of one student and assignment, the latest by the number in its name."""
    groups = defaultdict(list)
    for handed in found:
        groups[handed.owner.student, handed.submission.assignment].append(handed)
    chosen = []
    for (student, name), group in groups.items():
        best = max(group, key=lambda handed: (version(handed.shown.stem, name), handed.shown.name))
        chosen.append(best)
        left = sorted(handed.shown.name for handed in group if handed is not best)
        if left:
            say(f"{student} handed in {len(group)} notebooks of {name}: {best.shown.name} counts, not {', '.join(left)}")
    return chosen


def _assignment_of(file: Path, places: Places) -> str:
    """The assignment named in the file's path, nearest first."""
    known = places.assignment_names()
    for part in (file.stem, *(parent.name for parent in file.parents)):
        for name in known:
            if re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", part):
                return name
    raise ValueError(f"cannot tell which assignment {file} is; say it with --assignment, one of {', '.join(known)}")
