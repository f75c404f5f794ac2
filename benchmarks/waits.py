"""What one person waits for: a local check in the notebook, and the first verdict of `autograder check`.

    python -m benchmarks.waits        prints both as a line of JSON
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from autograder import reference, source
from autograder.places import Places
from benchmarks.classroom import ASSIGNMENT, Student, notebook
from benchmarks.race import environment

REPEATS = 3


def local_checks(names: list[str]) -> dict[str, dict[str, tuple[float, float]]]:
    """Clock and CPU seconds of each local check on the reference, by assignment and exercise; medians, after one run that warms up."""
    found = {}
    for name in names:
        namespace = reference.load(name).__dict__
        checker = namespace["check"]
        found[name] = {}
        for exercise in source.load(name, Places.here()).exercises:
            if checker.verdict(exercise.name).state == "right":  # weights that are handed in have no local check without a file
                found[name][exercise.name] = tuple(map(statistics.median, zip(*(seconds_of(checker, exercise.name) for _ in range(REPEATS)), strict=True)))
    return found


def seconds_of(checker, exercise: str) -> tuple[float, float]:
    """Clock and CPU seconds of one local check."""
    began, cpu = time.perf_counter(), time.process_time()
    checker.verdict(exercise)
    return time.perf_counter() - began, time.process_time() - cpu


def check_command() -> dict[str, float]:
    """Seconds until `autograder check NOTEBOOK` has shown its first verdict, and until it has ended, medians; CPU seconds of it all, a mean."""
    first, ended, before = [], [], resource.getrusage(resource.RUSAGE_CHILDREN)
    exercise = source.load(ASSIGNMENT, Places.here()).exercises[0].name
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{ASSIGNMENT}.ipynb"
        path.write_bytes(notebook(Student("somebody", "reference"), "whole"))
        for _ in range(REPEATS):
            began = time.perf_counter()
            process = subprocess.Popen([sys.executable, "-m", "autograder.cli", "check", str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())
            shown = None
            for line in process.stdout:
                if shown is None and exercise in line:  # verdicts are told on standard error as they are reached, the table on standard output at the end
                    shown = time.perf_counter() - began
            process.wait()
            first.append(shown)
            ended.append(time.perf_counter() - began)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / REPEATS
    return {"first": statistics.median(first), "end": statistics.median(ended), "cpu": cpu}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({"local": local_checks(Places.here().assignment_names()), "check": check_command()}))
