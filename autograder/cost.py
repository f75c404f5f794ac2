"""What judging costs: CPU seconds of the reference submissions. Run: python -m autograder.cost [ASSIGNMENT ...]

Each assignment's reference is judged some times by one warm worker in the sandbox. Counted are the checks and all else in the grading process, the
student's process with whatever it starts, and the jail around it (the fork from the warm process, which then watches limits, and the end).
"""

import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.progress import Progress

from autograder.arguments import add_assignments, program
from autograder.checks_runner import ChecksRunner, with_checks
from autograder.jail.launch import Jail
from autograder.judge import Judge
from autograder.places import Places
from autograder.seeds import reference_jobs

RUNS = 3  # measured, after one that warms up
BARS = {"03_vae": 5.0}  # CPU seconds that one judging may take
BAR = 20.0  # for the others
TICKS = os.sysconf("SC_CLK_TCK")
GONE = 0.02  # seconds between two looks whether a job has gone


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


class MeteredChannel(socket.socket):
    """A job's channel that reads the meter before it closes, since the job ends with it."""

    def on_close(self, read) -> "MeteredChannel":
        self.read = read
        return self

    def close(self) -> None:
        if self.fileno() >= 0:
            self.read()
        super().close()


class MeteredJail(Jail):
    """A jail that adds up the CPU seconds of its student processes, up to their end, and tells those of all that happens in it."""

    warm = 0  # the process that forks the jobs: the last one below the sandbox's own
    student = 0.0

    def fork(self, limits: dict) -> tuple[socket.socket, socket.socket]:
        self.wait_ready()
        if not self.warm:
            self.counted = set()
            self.warm = [self.process.pid, *descendants(self.process.pid, processes()[0])][-1]
        channel, control = super().fork(limits)
        return MeteredChannel(fileno=channel.detach()).on_close(self.read), control

    def read(self) -> None:
        """Count the job that runs now, a child of the warm process with all that it has started; one that ran before may still be on its way out."""
        parents, used = processes()
        for job in (process for process, parent in parents.items() if parent == self.warm and process not in self.counted):
            self.student += sum(used[process] for process in (job, *descendants(job, parents)))
            self.counted.add(job)

    def all_of_it(self) -> float:
        """CPU seconds of the warm process, which watches its jobs, and of all its jobs with the taking down of their memory, which is waited for."""
        if not self.warm:  # no job has been asked for yet
            return 0.0
        while self.warm in processes()[0].values():
            time.sleep(GONE)
        time.sleep(GONE)  # the warm process still has to take leave of the last one
        return processes()[1].get(self.warm, 0.0)


def processes() -> tuple[dict[int, int], dict[int, float]]:
    """Of all living processes of this machine: the parent, and CPU seconds with those of ended children."""
    parents, used = {}, {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()
            except OSError:
                continue  # ended meanwhile
            if fields[0] == b"Z":  # has ended, and its parent has not taken leave of it yet
                continue
            parents[int(name)] = int(fields[1])
            used[int(name)] = sum(map(int, fields[11:15])) / TICKS
    return parents, used


def descendants(process: int, parents: dict[int, int]) -> list[int]:
    """All processes below one."""
    below = [child for child, parent in parents.items() if parent == process]
    return below + [further for child in below for further in descendants(child, parents)]


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
