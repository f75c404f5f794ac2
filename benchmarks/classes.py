"""Classes of several sizes, graded by the commands that an instructor gives: how long, and does the memory grow with the class?

    python -m benchmarks.classes [--sizes 10 100 1000] [--workers 0]

Each size is a fresh course of 03_vae with the mixed notebooks of `benchmarks/classroom.py`. Timed, from a command's start to its end: `autograder course
grade` of everybody, the same with nothing changed, and with `--only elbo`, which asks everybody one exercise again. Memory is that of the command and all its processes
together at the worst moment (proportional set sizes, four looks a second). Stops where a count of judged submissions is not the one expected. Prints a table
and writes build/bench/classes.json.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from autograder.course import Course
from autograder.store import write_whole
from benchmarks.classroom import ASSIGNMENT, class_of, hand_in
from benchmarks.meter import Meter
from benchmarks.race import ROOT, environment, fresh

OUT = ROOT / "build" / "bench" / "classes.json"
AGAIN = "elbo"  # the exercise of --only
MOST_SECONDS = 20.0  # for an unchanged class of 1,000
MB = 2**20


@dataclass(frozen=True)
class Run:
    """One command: seconds by the clock, CPU seconds of all its processes, the most memory in bytes, and how many submissions it judged and left."""

    seconds: float
    cpu: float
    peak: int
    judged: int
    unchanged: int


def grade(course: Path, workers: int, *options: str) -> Run:
    """`autograder course grade` in a process of its own. Raises RuntimeError with what it said where it failed."""
    command = [sys.executable, "-m", "autograder.cli", "course", "grade", ASSIGNMENT, "--course", str(course), "--workers", str(workers), *options]
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said, subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=environment(), cwd=ROOT) as process:
        meter = Meter([process.pid])
        meter.start()
        code = process.wait()
        seconds = time.perf_counter() - began
        meter.stop()
        said.seek(0)
        text = said.read()
    counts = re.search(r"([\d,]+) judged, ([\d,]+) unchanged", text)
    if code or not counts:
        raise RuntimeError(f"the command ended with {code}:\n{text[-2000:]}")
    return Run(seconds, meter.cpu, meter.peak, *(int(count.replace(",", "")) for count in counts.groups()))


def one_class(size: int, template: Path, folder: Path, workers: int) -> dict[str, Run]:
    """A fresh class, graded from nothing, unchanged, and one exercise again. Raises RuntimeError where a run judged others than it should."""
    course = fresh(template, folder / f"class-{size}")
    hand_in(course, class_of(size), "lean")
    runs = {}
    for name, options, expected in (("cold", (), (size, 0)), ("unchanged", (), (0, size)), ("one exercise", ("--only", AGAIN), None)):
        run = runs[name] = grade(course, workers, *options)
        if expected and (run.judged, run.unchanged) != expected or run.judged + run.unchanged != size:
            raise RuntimeError(f"class of {size}, {name}: {run.judged} judged and {run.unchanged} unchanged")
        print(f"class of {size:,}, {name}: {run.seconds:.1f} s, {run.cpu:.1f} CPU s, {run.peak / MB:.0f} MB", file=sys.stderr, flush=True)
    return runs


def table(found: dict[int, dict[str, Run]]) -> str:
    """One row per size, then what was to be shown."""
    lines = [f"| class | from nothing, s | CPU s each | a minute | unchanged, s | {AGAIN} again, s | peak MB | peak MB, unchanged |", "| --: | --: | --: | --: | --: | --: | --: | --: |"]
    for size, runs in found.items():
        cold, unchanged, only = runs["cold"], runs["unchanged"], runs["one exercise"]
        lines.append(f"| {size:,} | {cold.seconds:.0f} | {cold.cpu / size:.2f} | {60 * size / cold.seconds:.0f} | {unchanged.seconds:.1f} | {only.seconds:.0f} | "
                     f"{cold.peak / MB:.0f} | {unchanged.peak / MB:.0f} |")  # fmt: skip
    slowest = max(runs["unchanged"].seconds for runs in found.values())
    lines += ["", f"an unchanged class takes {slowest:.1f} s at most: {'under' if slowest < MOST_SECONDS else 'NOT under'} {MOST_SECONDS:.0f}"]
    lines += [f"from {few:,} to {many:,} submissions the peak of memory grows to {large['cold'].peak / small['cold'].peak:.2f} times"
              for (few, small), (many, large) in pairwise(found.items())]  # fmt: skip
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classes", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--workers", type=int, default=0, help="grading processes (0: one per core)")
    asked = parser.parse_args(arguments)
    workers, found = asked.workers or len(os.sched_getaffinity(0)), {}
    with tempfile.TemporaryDirectory(prefix="classes-") as name:
        template = Path(name) / "template"
        Course(template).prepare(ASSIGNMENT)
        for size in sorted(asked.sizes):
            found[size] = one_class(size, template, Path(name), workers)
    print(f"{ASSIGNMENT}, imports, exercises and tests only, {workers} workers\n\n{table(found)}")
    write_whole(OUT, json.dumps({size: {what: asdict(run) for what, run in runs.items()} for size, runs in found.items()}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
