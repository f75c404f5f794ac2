"""Judge some exercises of everybody again, after a check was mended, and leave every other verdict as it was."""

import ast
import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.places import Places
from autograder.source import Assignment


@dataclass(frozen=True)
class Change:
    """An exercise of a student whose outcome, points or misconception are others now."""

    student: str
    exercise: str
    before: str
    after: str


def fits(earlier: dict | None, assignment: Assignment) -> bool:
    """Whether a stored result can be kept in part: it judged the very exercises, for the same points, that the assignment has now."""
    wanted = [(exercise.name, float(exercise.points)) for exercise in assignment.exercises]
    return earlier is not None and earlier["status"] == "graded" and [(e["name"], float(e["max_points"])) for e in earlier["exercises"]] == wanted


def merged(earlier: dict, fresh: dict) -> dict:
    """The earlier result with the exercises of a fresh one in their places; it says which, and when. The seed is the same in both."""
    again = {exercise["name"]: exercise for exercise in fresh["exercises"]}
    exercises = [again.get(exercise["name"], exercise) for exercise in earlier["exercises"]]
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return earlier | {
        "exercises": exercises, "score": sum(exercise["points"] for exercise in exercises), "computed": earlier.get("computed", {}) | fresh.get("computed", {}),
        "judged_again": earlier.get("judged_again", {}) | dict.fromkeys(again, now),
    }  # fmt: skip


def changes(student: str, before: dict | None, after: dict) -> list[Change]:
    """What is otherwise in the second of two results; nothing where there is no first."""
    old = {exercise["name"]: exercise for exercise in before["exercises"]} if before else {}
    pairs = [(old[exercise["name"]], exercise) for exercise in after["exercises"] if exercise["name"] in old]
    return [Change(student, new["name"], _said(was), _said(new)) for was, new in pairs if _said(was) != _said(new)]


def _said(exercise: dict) -> str:
    named = f" ({exercise['misconception']})" if exercise["misconception"] else ""
    return f"{exercise['outcome']}{named}"


def dependents(assignment: Assignment, names: Iterable[str], places: Places) -> list[str]:
    """Exercises whose checks say that a right answer may call one of these, in the assignment's order, themselves left out."""
    return [e.name for e in assignment.exercises if e.name not in names and set(_depends(places.checks(assignment.name) / f"test_{e.name}.py")) & set(names)]


def _depends(path) -> tuple[str, ...]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", None) for target in node.targets] == ["DEPENDS"]:
            return tuple(ast.literal_eval(node.value))
    return ()
