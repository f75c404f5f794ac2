"""The class that all graders grade: students' notebooks of 03_vae, and what nbgrader and otter need to grade the very same files.

A version is what a student wrote: right, partly right, wrong in known ways. Students repeat the versions in turn; each has a remark of their own in
every cell, so that no two notebooks are equal. Left out are the demonstration's hostile notebooks (an endless loop, a forged score, an
exit, a broken file), because stock tools cannot grade them.

Two forms of each notebook: "whole", as it is handed in, whose training runs stock tools execute; and "lean", without the cells that train and draw,
which are nobody's to grade: the fastest that an instructor could arrange.
"""

import json
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat

from autograder import reference, source, versions
from autograder.places import Places
from autograder.release import source_notebook
from autograder.source import Assignment
from benchmarks import plain_tests

ASSIGNMENT = "03_vae"
NOT_GRADED = ("experiment", "debug", "setup-install", "check-friends_loss")  # left out of a lean notebook
IGNORED_BY_OTTER = "otter_ignore"
OTTER_TEST = """from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = {points!r}

{source}

@test_case(points={points!r}, hidden=True)
def whole(env):
    test_{name}(env, Same(ANSWERS))
"""


@dataclass(frozen=True)
class Student:
    """Who handed in which version."""

    name: str
    version: str


def the_assignment() -> Assignment:
    """The source of 03_vae."""
    return source.load(ASSIGNMENT, Places.here())


@cache
def written() -> dict[str, dict[str, str] | None]:
    """By version, the exercises that differ from the reference, as source; None for a blank notebook."""
    places, assignment = Places.here(), the_assignment()
    right = {path.stem: versions.load(path) for path in sorted(places.correct_versions(ASSIGNMENT).glob("*.py"))}
    later = [exercise.name for exercise in assignment.exercises][len(assignment.exercises) // 2 :]

    def wrong(**chosen: str) -> dict[str, str]:
        found = {name: {version.id: version.source for version in versions.load(places.misconceptions(ASSIGNMENT) / f"{name}.py")} for name in chosen}
        return {name: found[name][identity] for name, identity in chosen.items()}

    return {
        "reference": {},
        "alternative-1": {name: found[0].source for name, found in right.items()},
        "wrong-kl": wrong(gaussian_kl="half_forgotten"),
        "half-done": {name: assignment.code("exercise")[name].released for name in later},
        "wrong-training": wrong(train_vae="gradients_accumulate"),
        "alternative-2": {name: found[1].source for name, found in right.items()},
        "wrong-kl-and-noise": wrong(gaussian_kl="sign_flipped", reparameterize="variance_for_sigma"),
        "blank": None,
        "wrong-likelihood": wrong(bernoulli_log_likelihood="mean_over_pixels"),
        "warns-but-right": {},
    }


def class_of(size: int, versions_used: int | None = None) -> list[Student]:
    """Students who repeat the versions, or the first of them, in turn."""
    names = list(written())[:versions_used]
    return [Student(f"student-{i:05d}", names[i % len(names)]) for i in range(size)]


@cache
def _released() -> nbformat.NotebookNode:
    return nbformat.read(Places.here().release(ASSIGNMENT), 4)


def notebook(student: Student, form: str) -> bytes:
    """What a student hands in, as the bytes of a file: the released notebook with this student's code in it."""
    changed, made = written()[student.version], nbformat.from_dict(json.loads(json.dumps(_released())))
    exercises = {} if changed is None else {name: changed.get(name, cell.solved) for name, cell in the_assignment().code("exercise").items()}
    for cell in made.cells:
        kind, _, name = cell.id.partition("-")
        if kind == "exercise" and cell.cell_type == "code":
            cell.source = f"{exercises.get(name, cell.source)}\n# {student.name}"
        if kind == "check":
            cell.metadata["tags"] = [IGNORED_BY_OTTER]  # local checks are for students; here nobody runs them
    if student.version == "warns-but-right":
        made.cells.insert(0, nbformat.v4.new_code_cell("import sys\nprint('this library is old', file=sys.stderr)"))
    return nbformat.writes(in_form(made, form)).encode()


def in_form(made: nbformat.NotebookNode, form: str) -> nbformat.NotebookNode:
    """The notebook itself, or without the cells that are nobody's to grade."""
    if form == "lean":
        made.cells = [cell for cell in made.cells if not cell.id.startswith(NOT_GRADED)]
    return made


def with_tests(form: str) -> nbformat.NotebookNode:
    """The instructor's notebook for stock nbgrader: hidden tests in the place of the local checks, from the same source as everything else."""
    made, namespace = source_notebook(the_assignment()), reference.load(ASSIGNMENT).__dict__
    for cell in made.cells:
        kind, _, name = cell.id.partition("-")
        if kind == "check" and name in plain_tests.TESTS:
            tests = f"{plain_tests.as_source(name, namespace)}\n\ntest_{name}(globals(), Same(ANSWERS))"
            cell.source = f"### BEGIN HIDDEN TESTS\n{tests}\n### END HIDDEN TESTS"
    return in_form(made, form)


def write_otter_zip(path: Path) -> None:
    """What `otter run` takes: its configuration and one test file per exercise, with the same tests."""
    points, namespace = {exercise.name: exercise.points for exercise in the_assignment().exercises}, reference.load(ASSIGNMENT).__dict__
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("otter_config.json", json.dumps({"lang": "python"}))
        for name in plain_tests.TESTS:
            made.writestr(f"tests/{name}.py", OTTER_TEST.format(name=name, points=points[name], source=plain_tests.as_source(name, namespace)))


def hand_in(course: Path, students: list[Student], form: str) -> None:
    """Put the students' notebooks where nbgrader collects them."""
    for student in students:
        path = course / "submitted" / student.name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(notebook(student, form))
