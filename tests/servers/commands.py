"""The command line in a course with one small assignment."""

import os
import subprocess
import sys
import time
from pathlib import Path

from autograder.places import Places


def run(*arguments, places: Places, **environment: str) -> subprocess.CompletedProcess:
    """The command `autograder`, in the small course."""
    return subprocess.run([sys.executable, "-m", "autograder.cli", *map(str, arguments)], capture_output=True, text=True,
                          env=os.environ | {"WORKBOOK_ROOT": str(places.root), "COLUMNS": "160"} | environment)  # fmt: skip


def wait_for(course: Path, count: int) -> None:
    """Until a course has so many stored results."""
    deadline = time.monotonic() + 90
    while len(list((course / "results").rglob("*.json"))) < count:
        assert time.monotonic() < deadline, "no results come"
        time.sleep(0.05)
