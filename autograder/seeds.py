"""Grade the references under many seeds: none may ever lose a point. Run: python -m autograder.seeds [SEEDS] [ASSIGNMENT ...]"""

import sys
from collections import Counter

from autograder import source
from autograder.notebooks import submission, to_bytes
from autograder.places import Places
from autograder.pool import Pool
from autograder.submission import Submission
from autograder.worker import Job


def reference_jobs(names: list[str], seeds: range, places: Places) -> list[Job]:
    """The reference of each assignment once per seed."""
    jobs = []
    for name in names:
        data = to_bytes(submission(source.load(name, places)))
        weights = places.solutions / "weights" / f"{name.split('_', 1)[1]}.safetensors"
        files = {weights.name: weights.read_bytes()} if weights.exists() else {}
        jobs += [Job(f"{name}/{seed}", Submission(name, f"reference-{seed}", data, files), seed) for seed in seeds]
    return jobs


def main(arguments: list[str]) -> int:
    """Print per assignment how many seeds gave full marks and the CPU-bound seconds of one run; 1 where any lost a point."""
    places = Places.here()
    count = int(arguments[0]) if arguments else 20
    names = arguments[1:] or places.assignment_names()
    full, seconds, lost = Counter(), Counter(), []
    jobs = reference_jobs(names, range(count), places)
    with Pool(places=places) as pool:
        for done, (key, result) in enumerate(pool.run(jobs), 1):
            full[result["assignment"]] += result["score"] == result["max_score"]
            seconds[result["assignment"]] += result["seconds"]
            lost += [f"{key}: {e['name']} {e['outcome']}: {e['message']} {e['detail']}" for e in result["exercises"] if e["outcome"] != "passed"]
            print(f"\r{done}/{len(jobs)} graded", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print("| assignment | seeds with full marks | seconds per submission |\n| --- | --: | --: |")
    for name in names:
        print(f"| {name} | {full[name]} of {count} | {seconds[name] / count:.1f} |")
    print("\n".join(lost))
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
