"""Results on disk, one file per submission and version of the judge, so that nothing is judged twice and nothing is lost."""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from autograder.places import Places
from autograder.submission import Submission


@dataclass(frozen=True)
class ResultStore:
    """The results of a course folder, in `results/ASSIGNMENT/STUDENT.json`, each with the key of what it judges."""

    course: Path

    def get(self, submission: Submission) -> dict | None:
        """The stored result of exactly these bytes under exactly these checks, or None."""
        try:
            stored = json.loads(self._path(submission).read_text())
        except (OSError, ValueError):
            return None
        return stored["result"] if isinstance(stored, dict) and stored.get("key") == key_of(submission) else None

    def put(self, submission: Submission, result: dict) -> None:
        """Store a result, whole or not at all."""
        write_whole(self._path(submission), json.dumps({"key": key_of(submission), "result": result}))

    def _path(self, submission: Submission) -> Path:
        return self.course / "results" / submission.assignment / f"{safe_name(submission.student)}.json"


def safe_name(text: str) -> str:
    """A file name for any student's name: readable where possible, unique always."""
    plain = "".join(c if c.isalnum() or c in "-_.@" else "_" for c in text)[:80].lstrip(".")
    return plain if plain and plain == text else f"{plain}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that readers and crashes see the old or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def key_of(submission: Submission) -> str:
    """A digest of all that a verdict depends on, but the seed: the submission's bytes, the judge's code and checks, torch's version."""
    digest = hashlib.sha256(judge_key(Places.here(), submission.assignment).encode())
    for name, data in [("notebook", submission.notebook), ("unreadable", submission.unreadable.encode()), *sorted(submission.files.items())]:
        digest.update(f"{name}:{len(data)}:".encode("utf-8", "surrogateescape") + data)
    return digest.hexdigest()


@cache
def judge_key(places: Places, assignment: str) -> str:
    """A digest of the judge's own code, the assignment's source and checks, and the versions of what they stand on."""
    digest = hashlib.sha256(f"torch {version('torch')}".encode())
    folders = [Path(__file__).parent, places.checks(assignment), places.misconceptions(assignment), places.probes()]
    files = {path for folder in folders[1:] for path in folder.rglob("*") if path.suffix in (".py", ".toml")}
    files |= {path for path in folders[0].rglob("*.py") if not {"checks", "misconceptions", "probes"} & set(path.relative_to(folders[0]).parts)}
    for path in sorted(files | {places.source(assignment)}):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
