"""Where the computing time of judging one submission goes, and how much of it is the grader's own. Run: python -m autograder.overhead [ASSIGNMENT]

The reference is judged twice in turn. Once as in a class: all that the grader's process and the sandbox compute is counted. Once with a meter around the student's
cells and functions and another around the checks' own computing (what they compute between two questions to the student), each less what the meter itself takes.
The difference is the overhead: reading, questions and answers on both sides, pytest, the start of the student's process, the watching of it, its end. Gradebook and
feedback are not in it (`make bench` has them).
"""

import sys
import time
from statistics import median

import torch

from autograder.arguments import assignment, program
from autograder.checks_runner import ChecksRunner, with_checks
from autograder.judge import Judge
from autograder.meter import ASKING, CHECKS, WAITING, Meter, MeteredJail, WatchedJail, metered
from autograder.places import Places
from autograder.results import Result
from autograder.seeds import reference_jobs
from autograder.submission import Submission

ROUNDS, EACH = 7, 15  # of judging both ways, and judgings in each; one more round, the first, is not counted
PARTS = ("student's cells and functions", "checks' own computing", "overhead: grader", "overhead: student's process", "overhead: start and end of it, watching")


def measure(judge: Judge, metered_judge: Judge, submissions: list[Submission], rounds: int) -> tuple[list[Result], dict[str, float]]:
    """Results of a round, and CPU seconds of a submission by part: medians over some rounds of judging the submissions, after one that warms up.

    The judges differ in their jails: a WatchedJail, where all is counted, and a MeteredJail, where what the student's code and the checks compute is.
    """
    checks = Meter().calibrated()
    asking, found = Meter(checks).calibrated(), []  # requests outside of a check are bookkeeping
    for _ in range(rounds + 1):
        watched, began = judge.jail.all_of_it(), time.process_time()
        results = [judge.judge(submission) for submission in submissions]
        grader, watched = time.process_time() - began, judge.jail.all_of_it() - watched
        jail, before = metered_judge.jail, metered_judge.jail.all_of_it()
        jail.student = jail.own = checks.total = 0.0
        with metered(checks, *CHECKS, but_for=WAITING), metered(asking, *ASKING, but_for=WAITING):
            for submission in submissions:
                metered_judge.judge(submission)
        end = jail.all_of_it() - before - jail.student
        found.append((jail.own, checks.total, grader - checks.total, watched - end - jail.own, end))
    return results, {part: median(each) / len(submissions) for part, each in zip(PARTS, zip(*found[1:], strict=True), strict=True)}


def main(arguments: list[str]) -> int:
    """Print the medians, in milliseconds."""
    parser = program("autograder.overhead", __doc__)
    parser.add_argument("assignment", nargs="?", type=assignment, default="03_vae", help="03_vae where none is named")
    name = parser.parse_args(arguments).assignment
    torch.set_num_threads(1)
    places, found = Places.here(), []
    (job,) = reference_jobs([name], range(1), places)

    def serve(runner: ChecksRunner) -> None:
        with WatchedJail() as watched, MeteredJail() as jail:
            found.append(measure(Judge(watched, runner, places), Judge(jail, runner, places), [job.submission] * EACH, ROUNDS))

    with_checks(places, serve, [places.checks(name)])
    ((results, medians),) = found
    if any(result.score != result.max_score for result in results):
        raise RuntimeError(f"the reference lost points: {results[0].to_json()}")
    print(f"CPU milliseconds of judging the reference of {name} once, median of {ROUNDS} rounds of {EACH}\n")
    for part, seconds in medians.items():
        print(f"{part:45} {1000 * seconds:6.1f}")
    print(f"{'overhead in all':45} {1000 * sum(medians[part] for part in PARTS[2:]):6.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
