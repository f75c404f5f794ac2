"""Error carried forward, tried in pairs: an exercise beside a wrong version of one that it calls. Run: python -m autograder.carried [ASSIGNMENT ...] [--every N]

Beside any wrong version, the right answer of the calling exercise must keep its points, and a wrong answer must not get them. But for the pairs in `WORKING`: there one
slip undoes the other, so that the calling exercise, as it was handed in, does what it should. The list was made from what a run accepted, and read; a pair that is not
in it and gets points is a fault.
"""

import ast
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass

from autograder import source, versions
from autograder.arguments import add_assignments, program
from autograder.notebooks import submission, to_bytes
from autograder.places import Places
from autograder.pool import Pool
from autograder.submission import Submission
from autograder.terminal import progress
from autograder.worker import Job

WORKING = (
    "train_mae loss_on_visible with random_masking mask_inverted", "train_mae loss_on_visible with masked_loss visible_patches",
    "train_vae reports_the_bound with elbo negated", "train_vae minimises_the_bound with beta_vae_loss sign_flipped",
    "train_unet decay_upside_down with ema_update decay_on_the_new",
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """An exercise, with one of its wrong versions or the reference (None), beside a wrong version of one that it calls."""

    assignment: str
    exercise: str
    version: versions.Version | None
    called: versions.Version

    @property
    def key(self) -> str:
        return f"{self.exercise} {self.version.id if self.version else '(right)'} with {self.called.exercise} {self.called.id}"

    @property
    def works(self) -> bool:
        """Whether the two slips undo each other."""
        return self.key in WORKING

    def job(self, places: Places, seed: int) -> Job:
        """The pair as a submission of which only the calling exercise is judged."""
        answers = {self.called.exercise: self.called.source} | ({self.exercise: self.version.source} if self.version else {})
        notebook = to_bytes(submission(source.load(self.assignment, places), answers))
        return Job(self.key, Submission(self.assignment, "pair", notebook, {}), seed, (self.exercise,))


def calls(assignment: str, exercise: str, places: Places) -> tuple[str, ...]:
    """The exercises that a right answer may call, as its checks declare them."""
    path = places.checks(assignment) / f"test_{exercise}.py"
    for node in ast.parse(path.read_text()).body if path.exists() else []:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DEPENDS":
            return ast.literal_eval(node.value)
    return ()


def pairs(assignments: list[str], places: Places) -> list[Pair]:
    """Every exercise that calls others, right and in every wrong version, beside every wrong version of these."""
    found = []
    for name in assignments:
        for exercise in source.load(name, places).exercises:
            own = _wrong(name, exercise.name, places)
            for called in calls(name, exercise.name, places):
                found += [Pair(name, exercise.name, version, other) for other in _wrong(name, called, places) for version in (None, *own)]
    return found


def _wrong(assignment: str, exercise: str, places: Places) -> tuple[versions.Version, ...]:
    path = places.misconceptions(assignment) / f"{exercise}.py"
    return versions.load(path) if path.exists() else ()


def fault(pair: Pair, verdict: dict) -> str | None:
    """What is wrong about a verdict, None where nothing is."""
    if pair.version is None and verdict["outcome"] != "passed":
        return f"{pair.key}: {verdict['outcome']}: {verdict['message']} {verdict['detail'] or ''}"
    if pair.version is not None and verdict["points"] > 0 and not pair.works:
        return f"{pair.key}: got its points. {verdict['message']}"
    return None


def main(arguments: list[str]) -> int:
    """Print the table; exit status 1 where a wrong version was given points or a right one called wrong."""
    parser = program("autograder.carried", __doc__)
    add_assignments(parser)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="judge every Nth pair only")
    parser.add_argument("--right", action="store_true", help="judge right answers only")
    parser.add_argument("--seed", type=int, default=1, help="the seed of all verdicts")
    given, places = parser.parse_args(arguments), Places.here()
    chosen = [pair for pair in pairs(given.assignments or list(places.assignment_names()), places) if pair.version is None or not given.right][:: given.every]
    by_key, counts, faults = {pair.key: pair for pair in chosen}, defaultdict(Counter), []
    with Pool(0, places=places) as pool, progress() as bar:
        for key, result in bar.track(pool.run(pair.job(places, given.seed) for pair in chosen), total=len(chosen), description="judging"):
            pair, verdict = by_key[key], result["exercises"][0]
            kind = "right" if pair.version is None else "working" if pair.works else "wrong"
            counts[pair.assignment][kind, verdict["outcome"] == "passed"] += 1
            problem = fault(pair, verdict)
            faults += [problem] if problem else []
    print("\n".join([table(counts), *faults]))
    return int(bool(faults))


def table(counts: dict[str, Counter]) -> str:
    """Per assignment: pairs of wrong answers and those that got points; pairs that work together, likewise; pairs of a right answer and what became of it."""
    lines = ["| assignment | wrong beside wrong | given points | one undoes the other | given points | right beside wrong | keeps its points | cannot be judged |", "| --- " + "| --: " * 7 + "|"]
    for name, count in [*sorted(counts.items()), ("in all", sum(counts.values(), Counter()))]:
        tried = {kind: count[kind, True] + count[kind, False] for kind in ("wrong", "working", "right")}
        lines.append(f"| {name} | {tried['wrong']} | {count['wrong', True]} | {tried['working']} | {count['working', True]} | {tried['right']} | {count['right', True]} | {count['right', False]} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
