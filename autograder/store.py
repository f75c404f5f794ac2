"""Results on disk, one file per submission and version of the judge, so that nothing is judged twice and nothing is lost."""

import hashlib
import json
import os
import stat
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from autograder.closure import closure
from autograder.limits import Limits
from autograder.places import Places
from autograder.source import INSTALL
from autograder.submission import Submission

SETTLED = 2.0  # seconds after its last change from which a file's times tell it from every other state of it


@dataclass(frozen=True)
class ResultStore:
    """The results of a course folder, in `results/ASSIGNMENT/STUDENT.json`, each with the key of what it judges."""

    course: Path

    def get(self, submission: Submission) -> dict | None:
        """The stored result of exactly these bytes under exactly these checks, or None."""
        stored = self._read(submission.assignment, submission.student)
        return stored["result"] if stored and stored.get("key") == key_of(submission) else None

    def put(self, submission: Submission, result: dict, seen: list | None = None) -> None:
        """Store a result, whole or not at all; `seen` is what `looks` gave before the files were read."""
        self.keep(submission.assignment, submission.student, key_of(submission), result, seen)

    def keep(self, assignment: str, student: str, key: str, result: dict, seen: list | None = None) -> None:
        """Store a result under a key that was computed before."""
        write_whole(self.path(assignment, student), json.dumps({"key": key, "judge": judge_key(Places.here(), assignment), "seen": seen, "result": result}))

    def unchanged(self, path: Path, assignment: str, student: str, limits: Limits | None = None) -> dict | None:
        """The stored result of the notebook at `path`, if it is still what was judged: by its files' sizes and times, else by their bytes."""
        stored = self._read(assignment, student)
        if not stored or stored.get("judge") != judge_key(Places.here(), assignment):
            return None
        seen = looks(path)
        if seen is not None and seen == stored.get("seen"):
            return stored["result"]
        if stored.get("key") != key_of(Submission.read(path, assignment, student, limits)):
            return None
        if seen is not None:  # so that the next look is enough
            self.keep(assignment, student, stored["key"], stored["result"], seen)
        return stored["result"]

    def of_same_files(self, path: Path, assignment: str, student: str, limits: Limits | None = None) -> dict | None:
        """The stored result of the notebook at `path`, if that is still what was judged, whatever the checks were then; else None."""
        stored = self._read(assignment, student)
        if not stored or not isinstance(stored.get("judge"), str):
            return None
        seen = looks(path)
        same = seen is not None and seen == stored.get("seen")
        return stored["result"] if same or stored.get("key") == key_of(Submission.read(path, assignment, student, limits), stored["judge"]) else None

    def last(self, assignment: str, student: str) -> dict | None:
        """The result that was stored last, of whatever was handed in then; None where there is none."""
        stored = self._read(assignment, student)
        return stored["result"] if stored else None

    def path(self, assignment: str, student: str) -> Path:
        """The file of a student's result."""
        return self.course / "results" / assignment / f"{safe_name(student)}.json"

    def _read(self, assignment: str, student: str) -> dict | None:
        try:
            stored = json.loads(self.path(assignment, student).read_text())
        except (OSError, ValueError):
            return None
        return stored if isinstance(stored, dict) and isinstance(stored.get("result"), dict) else None


def looks(path: Path) -> list | None:
    """What tells a submission's files from their other states without reading them: name, size, times and number of each.

    None where that cannot be trusted: a notebook that is no file, or anything changed so lately that another change might show the same times.
    """
    found = []
    try:
        for file in [path, *sorted(path.parent.glob("*.safetensors"))]:
            state = file.lstat()
            if not stat.S_ISREG(state.st_mode) or abs(time.time() - state.st_ctime) < SETTLED:
                return None
            found.append([file.name, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino])
    except OSError:
        return None
    return found


def safe_name(text: str) -> str:
    """A file name for any student's name: readable where possible, unique always."""
    plain = "".join(c if c.isalnum() or c in "-_.@" else "_" for c in text)[:80].encode("utf-8")[:100].decode("utf-8", "ignore").lstrip(".")  # file systems count bytes
    return plain if plain and plain == text else f"{plain}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that readers and crashes see the old or the new one, never a part."""
    if not path.parent.is_dir():  # to look costs less than to be told that it is there
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


def key_of(submission: Submission, judge: str = "") -> str:
    """A digest of all that a verdict depends on, but the seed: the submission's bytes, and the judge (its code and checks, torch's version), the present one where none is given."""
    digest = hashlib.sha256((judge or judge_key(Places.here(), submission.assignment)).encode())
    for name, data in [("notebook", submission.notebook), ("unreadable", submission.unreadable.encode()), *sorted(submission.files.items())]:
        digest.update(f"{name}:{len(data)}:".encode("utf-8", "surrogateescape") + data)
    return digest.hexdigest()


@cache
def judge_key(places: Places, assignment: str) -> str:
    """A digest of the code that judges (with all that it imports of this package), the assignment's source and checks, and the versions of what they stand on."""
    digest = hashlib.sha256(f"torch {version('torch')}".encode())
    folders = [places.checks(assignment), places.misconceptions(assignment), places.probes()]
    files = {path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".toml")}
    here = Path(__file__).parent
    code = closure({here / "worker.py", *(here / "jail").rglob("*.py"), *places.checks(assignment).glob("*.py")})
    for path in sorted({path.resolve() for path in files} | code | {places.source(assignment).resolve(), INSTALL}):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
