"""Whose is a file that was handed in, by its name and folders: nbgrader's, Canvas's and Moodle's ways of naming, and a teacher's own folders."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePath

from autograder.text import clean

MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)(?:_.*)?")
CANVAS = re.compile(r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<number>\d{1,40})_\d+(?:_.*)?")
LONGEST, LONGEST_BYTES = 100, 180  # characters of a name, of which nbgrader keeps 128; bytes, of which file systems take 255
VERSION = re.compile(r"[-_ ]\(?(\d{1,3})\)?")


@dataclass(frozen=True)
class Owner:
    """The student; the platform's number for them, where the name tells one; whether it must stand beside the name; whether the platform marked the file as late."""

    student: str
    number: str = ""
    platform: str = ""
    late: bool = False


def owner_of(file: PurePath, depth: int, assignment: str, beside: list[str]) -> Owner:
    """The owner of a notebook.

    file: its path; depth: how many of its last parts lie below the folder or archive that was given (1: directly in it, 0: the file itself was given);
    beside: the stems of all notebooks in its folder, itself among them.
    """
    if file.parent.name == assignment and file.parent.parent.name:
        return Owner(_plain(file.parent.parent.name))
    folders = [part for part in reversed(file.parts[len(file.parts) - depth : -1])] if depth > 1 else []
    for part in (file.stem, *folders):
        if match := MOODLE.fullmatch(part):
            return Owner(_plain(match["name"]), match["number"], "moodle")
        if match := CANVAS.fullmatch(part):
            return Owner(f"{_plain(match['name'])}_{match['number']}", match["number"], "canvas", bool(match["late"]))
    own = rest(file.stem, assignment)
    if folders and (not own or len(beside) == 1 or not all(rest(stem, assignment) for stem in beside)):
        return Owner(_plain(rest(folders[0], assignment) or folders[0]))  # a student's own folder
    return Owner(_plain(own or file.stem))


def rest(stem: str, assignment: str) -> str:
    """What a file's name says beside the assignment's name and the number of a version; empty for 03_vae, 03_vae-1 and "03_vae (2)"."""
    before, found, after = stem.partition(assignment)
    if not found:
        return stem
    after = "" if VERSION.fullmatch(after) else after
    return " ".join(part for part in (before.strip("_- "), after.strip("_- ")) if part)


def version(stem: str, assignment: str) -> int:
    """How late among several of one student's: 0 for 03_vae, 1 for 03_vae-1 and "03_vae (1)", -1 where the assignment is not named."""
    _, found, after = stem.rpartition(assignment)
    match = VERSION.fullmatch(after)
    return -1 if not found else int(match[1]) if match else 0


def _plain(name: str) -> str:
    """A name that can be a folder's and the same on every system: accents composed, nothing that cannot be seen, no dots or blanks around it, not endless."""
    plain = clean(unicodedata.normalize("NFC", name)).replace("\n", " ").strip(" .")[:LONGEST]
    return plain.encode("utf-8")[:LONGEST_BYTES].decode("utf-8", "ignore").strip(" .") or "unnamed"
