"""Grade every correct version of every exercise under many seeds: none may ever lose a point. Run: python -m autograder.alternatives [SEEDS] [ASSIGNMENT ...] [--workers N]

The references are one way to write each exercise (`autograder.seeds` has them). Another way rounds otherwise, so a tolerance that is too narrow shows only here, and under
few seeds. A version is judged beside the references of the other exercises, its own exercise alone.
"""

import sys
from contextlib import closing

from autograder import source, versions
from autograder.arguments import add_assignments, program
from autograder.notebooks import submission, to_bytes
from autograder.places import Places
from autograder.pool import Pool
from autograder.submission import Submission
from autograder.terminal import ASKS, STOPPED, progress
from autograder.worker import Job


def jobs(names: list[str], seeds: range, places: Places) -> list[Job]:
    """Every correct version once per seed; its key is ASSIGNMENT/EXERCISE/VERSION/SEED."""
    found = []
    for name in names:
        assignment = source.load(name, places)
        for version in (one for path in sorted(places.correct_versions(name).glob("*.py")) for one in versions.load(path)):
            handed_in = to_bytes(submission(assignment, {version.exercise: version.source}))
            found += [Job(f"{name}/{version.exercise}/{version.id}/{seed}", Submission(name, version.id, handed_in, {}), seed, (version.exercise,)) for seed in seeds]
    return found


def main(arguments: list[str]) -> int:
    """Print how many verdicts were full marks, and every other; 1 where there is one, 130 where the run was interrupted."""
    parser = program("autograder.alternatives", __doc__)
    parser.add_argument("seeds", nargs="?", type=int, default=20, metavar="SEEDS", help="how many, from 0 on; 20 where nothing is said")
    add_assignments(parser)
    parser.add_argument("--workers", type=int, default=0, help="0: one per core")
    given, places = parser.parse_args(arguments), Places.here()
    todo = jobs(given.assignments or list(places.assignment_names()), range(given.seeds), places)
    lost, judged, code = [], 0, 0
    try:
        with Pool(given.workers, places=places) as pool, progress() as bar, closing(pool.run(todo)) as results:
            for key, result in bar.track(results, total=len(todo), description="judging"):
                (verdict,) = [one for one in result["exercises"] if one["name"] == key.split("/")[1]]
                judged += 1
                if verdict["outcome"] != "passed":
                    lost.append(f"{key}: {verdict['outcome']}: {verdict['message']} {verdict['detail']}".strip())
    except KeyboardInterrupt:
        code = STOPPED
    print(f"{judged - len(lost)} of {judged} verdicts on {len(todo) // max(1, given.seeds)} correct versions were full marks")
    print("\n".join(sorted(lost)))
    return ASKS if lost else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
