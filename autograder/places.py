"""Where the files of the course are. The root is the repository, or the folder that the environment variable WORKBOOK_ROOT names."""

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Places:
    """The folders below a course's root."""

    root: Path

    @classmethod
    def here(cls) -> "Places":
        """The places of WORKBOOK_ROOT, else of the repository that this package lies in."""
        return cls(Path(os.environ.get("WORKBOOK_ROOT") or REPOSITORY))

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def assignments(self) -> Path:
        return self.root / "assignments"

    @property
    def lectures(self) -> Path:
        return self.root / "lectures"

    @property
    def all_checks(self) -> Path:
        return self.root / "autograder" / "checks"

    def source(self, assignment: str) -> Path:
        return self.solutions / f"{assignment}.py"

    def release(self, assignment: str) -> Path:
        return self.assignments / assignment / f"{assignment}.ipynb"

    def checks(self, assignment: str) -> Path:
        return self.all_checks / topic(assignment)

    def misconceptions(self, assignment: str) -> Path:
        return self.root / "autograder" / "misconceptions" / topic(assignment)

    def probes(self) -> Path:
        return self.root / "autograder" / "probes"

    def correct_versions(self, assignment: str) -> Path:
        return self.root / "tests" / "versions" / topic(assignment)

    def assignment_names(self) -> list[str]:
        """The assignments that have a source, in order."""
        return sorted(path.stem for path in self.solutions.glob("[0-9][0-9]_*.py"))


def topic(assignment: str) -> str:
    """The name without the number: 04_ddpm -> ddpm."""
    return assignment.split("_", 1)[1]
