"""Where the computing time of judging one submission goes, and how much of it is the grader's own. Run: python -m autograder.overhead [ASSIGNMENT]

The reference is judged with a meter in every place: around the student's cells and functions, around the checks' own computing (what they compute between two
questions to the student), and around all else: reading, questions and answers on both sides, pytest, the start of its process, the watching of it, its end. The last
is the overhead. All is measured in the sandbox, as in a class; gradebook and feedback are not in it (`make bench` has them).
"""

import sys
import time

import torch

from autograder.arguments import assignment, program
from autograder.checks_runner import ChecksRunner, with_checks
from autograder.judge import Judge
from autograder.meter import ASKING, CHECKS, Meter, MeteredJail, metered
from autograder.places import Places
from autograder.results import Result
from autograder.seeds import reference_jobs
from autograder.submission import Submission

ROUNDS, EACH = 10, 3  # of judging, and judgings in each; one more round, the first, is not counted
PARTS = ("student's cells and functions", "checks' own computing", "overhead: grader", "overhead: student's process", "overhead: start and end of it, watching")


def measure(judge: Judge, submissions: list[Submission], rounds: int) -> tuple[list[Result], dict[str, float]]:
    """Results of a round, and CPU seconds by part: means over some rounds of judging the submissions, after one that warms up."""
    jail, checks = judge.jail, Meter()
    asking, results = Meter(checks), []  # requests outside of a check are bookkeeping
    with metered(checks, *CHECKS), metered(asking, *ASKING):
        for number in range(rounds + 1):
            results = [judge.judge(submission) for submission in submissions]
            if number == 0:
                before, jail.student, jail.own, jail.metering, checks.total, asking.total = jail.all_of_it(), 0.0, 0.0, 0.0, 0.0, 0.0
                began = time.thread_time()
        grader, computing = time.thread_time() - began - jail.metering, checks.total - asking.total
    sums = (jail.own, computing, grader - computing, jail.student - jail.own, jail.all_of_it() - before - jail.student)
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
        with MeteredJail() as jail:
            found.append(measure(Judge(jail, runner, places), [job.submission] * EACH, ROUNDS))

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
