"""The published figure: wrong versions accepted and correct versions rejected, per exercise. Run: python -m autograder.scoreboard"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder import source, versions
from autograder.arguments import add_assignments, program
from autograder.notebooks import submission, to_bytes
from autograder.places import Places
from autograder.pool import Pool
from autograder.submission import Submission
from autograder.worker import Job


@dataclass(frozen=True)
class Case:
    """One version of an exercise and what its verdict has to be."""

    assignment: str
    exercise: str
    version: versions.Version
    right: bool

    @property
    def key(self) -> str:
        return f"{self.assignment.split('_', 1)[1]}-{self.exercise}-{'right' if self.right else 'wrong'}-{self.version.id}"

    def job(self, places: Places, seed: int) -> Job:
        """The version as a submission in which everything else is the reference; only its exercise is judged."""
        notebook = submission(source.load(self.assignment, places), {self.exercise: self.version.source})
        return Job(self.key, Submission(self.assignment, self.key, to_bytes(notebook)), seed, (self.exercise,))


def cases(places: Places, assignments: Iterable[str] | None = None) -> list[Case]:
    """All wrong and correct versions of the assignments (all where None)."""
    found = []
    for assignment in assignments or places.assignment_names():
        for exercise in source.load(assignment, places).exercises:
            for folder, right in ((places.misconceptions(assignment), False), (places.correct_versions(assignment), True)):
                path = folder / f"{exercise.name}.py"
                if path.exists():
                    found += [Case(assignment, exercise.name, version, right) for version in versions.load(path)]
    return found


def verdicts(chosen: list[Case], places: Places, workers: int = 0, seed: int = 1) -> Iterator[tuple[Case, dict]]:
    """Judge cases through the real grader; (case, exercise verdict) as they finish."""
    by_key = {case.key: case for case in chosen}
    with Pool(workers, places=places) as pool:
        for key, result in pool.run(case.job(places, seed) for case in chosen):
            yield by_key[key], result["exercises"][0]


def holds(case: Case, verdict: dict) -> bool:
    """Whether a verdict is what it has to be: full points for a correct version; none, and the right name, for a wrong one."""
    if case.right:
        return verdict["outcome"] == "passed" and verdict["points"] == verdict["max_points"]
    return verdict["points"] == 0 and verdict["outcome"] != "grader fault" and verdict["misconception"] == case.version.id


def main(arguments: list[str]) -> int:
    """Print the table; exit status 1 where a wrong version is accepted, a correct one rejected or a misconception not named."""
    parser = program("autograder.scoreboard", __doc__)
    add_assignments(parser)
    places = Places.here()
    chosen = cases(places, parser.parse_args(arguments).assignments or None)
    rows: dict[tuple[str, str], list] = defaultdict(lambda: [0, 0, 0, 0, 0])
    faults: list[str] = []
    for done, (case, verdict) in enumerate(verdicts(chosen, places), 1):
        row = rows[case.assignment, case.exercise]
        passed = verdict["outcome"] == "passed"
        if case.right:
            row[3] += 1
            row[4] += not passed
        else:
            row[0] += 1
            row[1] += passed
            row[2] += verdict["misconception"] == case.version.id
        if not holds(case, verdict):
            faults.append(f"{case.key}: {verdict['outcome']}, named {verdict['misconception']}: {verdict['message']} {verdict['detail']}")
        print(f"\r{done}/{len(chosen)} versions judged", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(table(rows, ("assignment", "exercise")) + "\n")
    assignments: dict[tuple[str], list] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for (assignment, _), row in rows.items():
        for key in ((assignment,), ("in all",)):
            assignments[key] = [a + b for a, b in zip(assignments[key], row, strict=True)]
    print("\n".join([table(assignments, ("assignment",)), *faults]))
    return int(bool(faults))


def table(rows: dict[tuple, list], keys: tuple[str, ...]) -> str:
    """The scoreboard as a Markdown table, `keys` heading the columns that tell what a row is about."""
    columns = (*keys, "wrong versions", "accepted", "named", "correct versions", "rejected")
    lines = [columns, ["---"] * len(keys) + ["--:"] * 5, *((*key, *counts) for key, counts in sorted(rows.items()))]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
