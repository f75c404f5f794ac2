"""What judging costs: CPU seconds of the reference submissions. Run: python -m autograder.cost [ASSIGNMENT ...]

Each assignment's reference is judged some times by one warm worker in the sandbox. Counted are the checks and all else in the grading process, the
student's process with whatever it starts, and the jail around it (the fork from the warm process, which then watches limits, and the end).
"""

import sys
import time
from dataclasses import dataclass

import torch
from rich.progress import Progress

from autograder.arguments import add_assignments, program
from autograder.checks_runner import ChecksRunner, with_checks
from autograder.judge import Judge
from autograder.meter import MeteredJail
from autograder.places import Places
from autograder.seeds import reference_jobs

RUNS = 3  # measured, after one that warms up
BARS = {"03_vae": 5.0}  # CPU seconds that one judging may take
BAR = 20.0  # for the others


@dataclass
class Cost:
    """CPU seconds of one judging, and whether the reference had full marks."""

    checks: float
    student: float
    jail: float
    full: bool

    @property
    def total(self) -> float:
        return self.checks + self.student + self.jail


def measure(name: str, judge: Judge, places: Places) -> Cost:
    """Judge the reference of an assignment once, and read the clocks."""
    jail, (job,) = judge.jail, reference_jobs([name], range(1), places)
    jail.student, before, began = 0.0, jail.all_of_it(), time.process_time()
    result = judge.judge(job.submission)
    checks = time.process_time() - began
    return Cost(checks, jail.student, jail.all_of_it() - before - jail.student, result.score == result.max_score)


def measure_all(names: list[str], runner: ChecksRunner, places: Places) -> dict[str, list[Cost]]:
    """Some runs of each assignment in one warm worker; the first run of each is left out."""
    costs = {name: [] for name in names}
    with MeteredJail() as jail, Progress(transient=True) as progress:
        judge, bar = Judge(jail, runner, places), progress.add_task("judging", total=len(names) * (RUNS + 1))
        for name in names:
            for _ in range(RUNS + 1):
                costs[name].append(measure(name, judge, places))
                progress.advance(bar)
    return {name: found[1:] for name, found in costs.items()}


def table(costs: dict[str, list[Cost]]) -> str:
    """The means over the runs as a Markdown table, the dearest run beside its bar."""
    lines = ["| assignment | checks | student | jail | total | dearest run | bar |", "| --- | --: | --: | --: | --: | --: | --: |"]
    for name, runs in costs.items():
        means = [sum(getattr(run, part) for run in runs) / len(runs) for part in ("checks", "student", "jail", "total")]
        lines.append(f"| {name} | " + " | ".join(f"{mean:.2f}" for mean in means) + f" | {max(run.total for run in runs):.2f} | {BARS.get(name, BAR):.0f} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the table; 1 where a run goes over its bar or a reference loses a point."""
    parser = program("autograder.cost", __doc__)
    add_assignments(parser)
    names = parser.parse_args(arguments).assignments
    torch.set_num_threads(1)
    places, costs = Places.here(), {}
    with_checks(places, lambda runner: costs.update(measure_all(names or places.assignment_names(), runner, places)))
    print(f"CPU seconds of judging the reference once, mean of {RUNS} runs in a warm worker\n\n{table(costs)}")
    over = [name for name, runs in costs.items() if any(run.total > BARS.get(name, BAR) or not run.full for run in runs)]
    if over:
        sys.stderr.write(f"over the bar, or points lost: {', '.join(over)}\n")
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
