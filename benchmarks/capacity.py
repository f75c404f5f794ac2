"""Machines and hours for a large class, from measured costs. Run: python -m benchmarks.capacity [--students 100000]

Judging costs what `autograder.cost` measures of the reference submissions, and is shared out among machines. Writing (reading and storing a submission,
its folder and its rows in the gradebook) is done by one process; it is measured here on whole notebooks of every assignment, whose verdicts are known.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import torch

from autograder import cost, source
from autograder.checks_runner import with_checks
from autograder.course import Course
from autograder.notebooks import submission, to_bytes
from autograder.places import Places
from autograder.results import ExerciseResult, Result
from benchmarks.scale import bytes_below

STUDENTS, WARM = 50, 10  # submissions written per assignment, and those before that are not counted
CORES = 16  # per machine
MACHINES = (1, 4, 10, 25, 100)


@dataclass(frozen=True)
class Written:
    """CPU seconds and bytes of one submission beside its judging."""

    cpu: float
    database: float
    disk: float


class Known:
    """In the place of grading workers: full marks for everyone, at once."""

    def __init__(self, assignment: source.Assignment):
        self.exercises = [ExerciseResult(e.name, e.points, e.points, "passed", message="Right.") for e in assignment.exercises]

    def __enter__(self) -> "Known":
        return self

    def __exit__(self, *_exception) -> None:
        return None

    def run(self, jobs):
        for job in jobs:
            yield job.key, Result(job.submission.assignment, job.key, "graded", None, 0, 0.0, self.exercises).to_json()


def whole_notebook(assignment: source.Assignment, places: Places) -> nbformat.NotebookNode:
    """The released notebook, prose and all, with the reference's answers in."""
    notebook = nbformat.read(places.release(assignment.name), 4)
    answers = {cell.metadata.nbgrader.grade_id: cell.source for cell in submission(assignment).cells}
    exercises = assignment.code("exercise")  # without those that are judged by a file beside the notebook
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.cell_type == "code" and name in exercises:
            cell.source = answers[name]
    return notebook


def writing(name: str, places: Places) -> Written:
    """What a submission costs besides its judging, in a fresh course."""
    assignment = source.load(name, places)
    notebook = whole_notebook(assignment, places)
    with tempfile.TemporaryDirectory(prefix="capacity-") as folder:
        course = Course(Path(folder), places)
        course.prepare(name)
        for count in (WARM, WARM + STUDENTS):
            for number in range(count):
                path = course.root / "submitted" / f"student{number}" / name / f"{name}.ipynb"
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.exists():
                    notebook.cells[0].source += " "
                    path.write_bytes(to_bytes(notebook))
            database, disk, used = _size(course), _disk(course), time.process_time()
            graded = course.grade(name, Known(assignment))
            used = time.process_time() - used
        if graded.failures or len(graded.results) != WARM + STUDENTS:
            raise RuntimeError(f"{name}: {list(graded.failures.items())[:2]}")
        return Written(used / STUDENTS, (_size(course) - database) / STUDENTS, (_disk(course) - disk) / STUDENTS)


def _size(course: Course) -> int:
    return (course.root / "gradebook.db").stat().st_size


def _disk(course: Course) -> int:
    return sum(bytes_below(course.root / name) for name in ("autograded", "results"))


def table(judged: dict[str, float], written: dict[str, Written], students: int) -> str:
    """Per assignment, then for all of them the hours by number of machines."""
    lines = ["| assignment | judging, CPU s | writing, CPU ms | gradebook KB | folders KB | core hours |", "| --- | --: | --: | --: | --: | --: |"]
    for name, seconds in judged.items():
        one = written[name]
        lines.append(f"| {name} | {seconds:.2f} | {1000 * one.cpu:.0f} | {one.database / 1000:.1f} | {one.disk / 1000:.0f} | {students * seconds / 3600:.0f} |")
    core = students * sum(judged.values()) / 3600
    one_process = students * sum(one.cpu for one in written.values()) / 3600
    room = [students * sum(getattr(one, part) for one in written.values()) / 1e9 for part in ("database", "disk")]
    lines.append(f"| {students:,} students, all | | | {room[0]:.1f} GB | {room[1]:.0f} GB | {core:.0f} |\n")
    lines += [f"| machines with {CORES} cores | hours |", "| --: | --: |"]
    lines += [f"| {machines} | {max(core / (machines * CORES), one_process):.1f} |" for machines in MACHINES]
    return "\n".join(lines) + f"\n\nWriting, by one process, takes {one_process:.1f} hours, while the machines judge: no number of machines is faster."


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=100_000)
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    places, costs = Places.here(), {}
    names = places.assignment_names()
    written = {name: writing(name, places) for name in names}
    with_checks(places, lambda runner: costs.update(cost.measure_all(names, runner, places)))
    judged = {name: sum(run.total for run in runs) / len(runs) for name, runs in costs.items()}
    print(f"reference submissions, one thread; a class of {asked.students:,}\n\n{table(judged, written, asked.students)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
