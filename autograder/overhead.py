"""Where the computing time of judging one submission goes, and how much of it is the grader's own. Run: python -m autograder.overhead [ASSIGNMENT]

The reference is judged twice in turn. Once as in a class: all that the grader's process and the sandbox compute is counted. Once with a meter around the student's
cells and functions and another around the checks' own computing (what they compute between two questions to the student), each less what the meter itself takes.
The difference is the overhead: reading, questions and answers on both sides, pytest, the start of the student's process, the watching of it, its end. Gradebook and
feedback are not in it (`make bench` has them).
"""

import sys
import time

import torch

from autograder.arguments import assignment, program
from autograder.checks_runner import ChecksRunner, with_checks
from autograder.judge import Judge
from autograder.meter import ASKING, CHECKS, Meter, MeteredJail, WatchedJail, metered
from autograder.places import Places
from autograder.results import Result
from autograder.seeds import reference_jobs
from autograder.submission import Submission

ROUNDS, EACH = 10, 3  # of judging both ways, and judgings in each; one more round, the first, is not counted
PARTS = ("student's cells and functions", "checks' own computing", "overhead: grader", "overhead: student's process", "overhead: start and end of it, watching")


def measure(judge: Judge, metered_judge: Judge, submissions: list[Submission], rounds: int) -> tuple[list[Result], dict[str, float]]:
    """Results of a round, and CPU seconds by part: means over some rounds of judging the submissions, after one that warms up.

    The judges differ in their jails: a WatchedJail, where all is counted, and a MeteredJail, where what the student's code and the checks compute is.
    """
    watched, jail, checks = judge.jail, metered_judge.jail, Meter().calibrated()
    asking, grader, results = Meter(checks).calibrated(), 0.0, []  # requests outside of a check are bookkeeping
    for number in range(rounds + 1):
        if number == 1:
            watched_before, metered_before = watched.all_of_it(), jail.all_of_it()
            jail.student = jail.own = checks.total = grader = 0.0
        began = time.process_time()
        results = [judge.judge(submission) for submission in submissions]
        grader += time.process_time() - began
        with metered(checks, *CHECKS), metered(asking, *ASKING):
            for submission in submissions:
                metered_judge.judge(submission)
    end = jail.all_of_it() - metered_before - jail.student
    student = watched.all_of_it() - watched_before - end
    sums = (jail.own, checks.total, grader - checks.total, student - jail.own, end)
    return results, dict(zip(PARTS, (each / rounds / len(submissions) for each in sums), strict=True))


def main(arguments: list[str]) -> int:
    """Print the means over some runs, in milliseconds."""
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
    ((results, means),) = found
    if any(result.score != result.max_score for result in results):
        raise RuntimeError(f"the reference lost points: {results[0].to_json()}")
    print(f"CPU milliseconds of judging the reference of {name} once, mean of {ROUNDS * EACH} runs\n")
    for part, seconds in means.items():
        print(f"{part:45} {1000 * seconds:6.1f}")
    print(f"{'overhead in all':45} {1000 * sum(means[part] for part in PARTS[2:]):6.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
