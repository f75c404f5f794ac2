"""Two assignments of one course graded at once, in one folder with a gradebook in a file: neither run is in the other's way."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run

from autograder import source
from autograder.notebooks import submission, to_bytes
from autograder.places import Places
from benchmarks import small

pytestmark = pytest.mark.servers
ROOT, OTHER = Path(__file__).parents[2], "07_temperature"


@pytest.fixture
def two_assignments(tmp_path) -> Places:
    """A root with the small assignment under two names."""
    places = small.write(tmp_path / "root")
    text = places.source(small.ASSIGNMENT).read_text().replace(small.ASSIGNMENT, OTHER)
    places.source(OTHER).write_text(text)
    return places


def test_two_assignments_are_prepared_and_graded_at_once(tmp_path, two_assignments):
    """From nothing: both runs make the gradebook, its indices, the same students; afterwards each student has one mark in each."""
    names, students, course = (small.ASSIGNMENT, OTHER), [f"s{number:02}" for number in range(30)], tmp_path / "course"
    for name in names:
        for student in students:
            path = course / "submitted" / student / name / f"{name}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(to_bytes(submission(source.load(name, two_assignments), {}, extra=[f"# {student}"])))
    environment = os.environ | {"WORKBOOK_ROOT": str(two_assignments.root), "PYTHONPATH": str(ROOT), "COLUMNS": "160"}
    command = [sys.executable, "-m", "autograder.cli", "course", "grade", "--course", str(course), "-w", "1"]
    runs = [subprocess.Popen([*command, name], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for name in names]
    for process in runs:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0 and "30 judged, 0 unchanged" in said and "Traceback" not in said, said
    for name in names:
        export = run("course", "export", name, "--course", course, places=two_assignments)
        found = [(row["student"], float(row["score"])) for row in csv.DictReader(io.StringIO(export.stdout))]
        assert export.returncode == 0 and sorted(found) == [(student, 10.0) for student in students], export.stderr
