"""Hosts and servers of their own. Run by `make test-servers`, which installs what is missing."""

from pathlib import Path

import pytest
import torch

from autograder import source
from autograder.notebooks import submission, to_bytes
from autograder.places import Places
from benchmarks import small

torch.set_num_threads(1)
RIGHT = "import time\n\ndef tempered(logits, temperature):\n    time.sleep(0.1)\n    return torch.softmax(logits / temperature, dim=-1)\n"
WRONG = {
    "multiplied": RIGHT.replace("logits / temperature", "logits * temperature"),
    "over_examples": RIGHT.replace("dim=-1", "dim=0"),
    "ignored": RIGHT.replace("logits / temperature", "logits"),
}


@pytest.fixture(scope="session")
def small_places(tmp_path_factory) -> Places:
    """A root with one small assignment, for WORKBOOK_ROOT."""
    return small.write(tmp_path_factory.mktemp("root"))


@pytest.fixture
def course_of(tmp_path, small_places):
    """Makes a course folder with the submissions of some numbers, each of its own text: right, wrong in three ways, or blank in turn; and who is which."""

    def make(numbers: range, name: str = "course") -> tuple[Path, dict[str, str]]:
        assignment, kinds = source.load(small.ASSIGNMENT, small_places), ["passed", *WRONG, "blank"]
        who = {f"s{number:03}": kinds[number % len(kinds)] for number in numbers}
        for student, kind in who.items():
            versions = {"tempered": WRONG.get(kind, RIGHT)}
            notebook = submission(assignment, {} if kind == "blank" else versions, blank=kind == "blank", extra=[f"# {student}"])
            path = tmp_path / name / "submitted" / student / small.ASSIGNMENT / f"{small.ASSIGNMENT}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(to_bytes(notebook))
        return tmp_path / name, who

    return make
