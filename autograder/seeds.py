"""Grade the references under many seeds: none may ever lose a point. Run: python -m autograder.seeds [SEEDS] [ASSIGNMENT ...] [--without EXERCISE ...] [--workers N]

Each verdict is kept in build/seeds as it comes, with a digest of all that the secret inputs pass through. So a run may be broken off and gone on
with, and a thousand seeds may be gathered whenever the machine is idle (`nice -n 19 python -m autograder.seeds 1000`).
"""

import hashlib
import json
import re
import sys
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from autograder import source
from autograder.arguments import add_assignments, program
from autograder.notebooks import submission, to_bytes
from autograder.places import Places, topic
from autograder.pool import Pool
from autograder.submission import Submission, skeleton
from autograder.terminal import progress
from autograder.worker import Job

IMPORTED = re.compile(r"^\s*(?:from|import) ((?:workbook|autograder)[.\w]*)(?: import ([\w, ]+))?", re.MULTILINE)
WITHOUT_SECRETS = ("autograder.jail", "autograder.student")  # they carry inputs and answers, whatever those are


def reference_jobs(names: list[str], seeds: range, places: Places, without: tuple[str, ...] = ()) -> list[Job]:
    """The reference of each assignment once per seed, the assignments in turn; some exercises may be left out."""
    handed_in, wanted = {}, {}
    for name in names:
        weights = places.solutions / "weights" / f"{topic(name)}.safetensors"
        files = {weights.name: weights.read_bytes()} if weights.exists() else {}
        handed_in[name] = to_bytes(submission(source.load(name, places))), files
        wanted[name] = tuple(e.name for e in source.load(name, places).exercises if e.name not in without) if without else ()
    return [Job(f"{name}/{seed}", Submission(name, f"reference-{seed}", *handed_in[name]), seed, wanted[name]) for seed in seeds for name in names]


def digest(name: str, places: Places) -> str:
    """A digest of all that a reference's verdict can depend on together with the seed: its code and weights, the checks, what these import, torch's version.

    Of code, what it does: comments and docstrings may change.
    """
    found = [*places.checks(name).glob("*.py"), *places.checks(name).glob("*.toml"), places.root / "autograder" / "draws.py"]
    text = "".join(skeleton(cell.solved) for cell in source.load(name, places).code("exercise").values()) + version("torch")
    seen = {}
    while found:
        path = found.pop()
        if path not in seen:
            seen[path] = path.read_text()
            found += _imported(seen[path], places)
    weights = places.solutions / "weights" / f"{topic(name)}.safetensors"
    parts = [text.encode(), *(skeleton(seen[path]).encode() for path in sorted(seen)), weights.read_bytes() if weights.exists() else b""]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _imported(text: str, places: Places) -> list[Path]:
    """The project's files that a text imports, but those that only carry data."""
    files = []
    for module, names in IMPORTED.findall(text):
        candidates = [module, *(f"{module}.{name.strip()}" for name in names.split(","))]
        known = [places.root / f"{candidate.replace('.', '/')}.py" for candidate in candidates if not candidate.startswith(WITHOUT_SECRETS)]
        files += [path for path in known if path.exists()]
    return files


@dataclass
class Record:
    """The verdicts of one assignment's reference by seed, in a file that is only ever added to: what it lost under each, nothing for full marks.

    without: exercises that were left out. A verdict on all exercises is one on fewer, too.
    """

    name: str
    places: Places
    without: tuple[str, ...] = ()
    lost: dict[int, list[str]] = field(default_factory=dict)

    def __post_init__(self):
        whole = digest(self.name, self.places)
        self.key = "/".join([whole, *sorted(self.without)])
        self.path = self.places.root / "build" / "seeds" / f"{self.name}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for line in self.path.read_text().splitlines() if self.path.exists() else []:
            try:
                known = json.loads(line)
            except ValueError:
                continue  # a line that broke off
            if known["key"] in (whole, self.key):
                self.lost[known["seed"]] = known["lost"]

    def add(self, result: dict) -> None:
        """Keep one more verdict."""
        seed = result["seed"]
        self.lost[seed] = [f"{e['name']} {e['outcome']}: {e['message']} {e['detail']}".strip() for e in result["exercises"] if e["outcome"] != "passed"]
        with self.path.open("a") as file:
            file.write(json.dumps({"key": self.key, "seed": seed, "lost": self.lost[seed]}) + "\n")


def gather(records: dict[str, Record], count: int, workers: int, places: Places) -> None:
    """Judge what is not in the records yet; progress on stderr. May be interrupted."""
    jobs = [job for job in reference_jobs(list(records), range(count), places, next(iter(records.values())).without) if job.seed not in records[job.submission.assignment].lost]
    with Pool(workers, places=places) as pool, progress() as bar, closing(pool.run(jobs)) as results:
        for _, result in bar.track(results, total=len(jobs), description="judging"):
            records[result["assignment"]].add(result)


def table(records: dict[str, Record], count: int) -> str:
    """Per assignment: under how many of the seeds judged there were full marks."""
    lines = ["| assignment | full marks under |", "| --- | --: |"]
    for name, record in records.items():
        judged = [lost for seed, lost in record.lost.items() if seed < count]
        title = f"{name}, all but {', '.join(record.without)}" if record.without else name
        lines.append(f"| {title} | {sum(not lost for lost in judged)} of {len(judged)} seeds |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the table and every lost point; 1 where a point was lost, 130 where the run was interrupted."""
    parser = program("autograder.seeds", __doc__)
    parser.add_argument("seeds", nargs="?", type=int, default=20, metavar="SEEDS", help="how many, from 0 on; 20 where nothing is said")
    add_assignments(parser)
    parser.add_argument("--without", action="append", default=[], metavar="EXERCISE", help="leave out an exercise that takes long; may be given several times")
    parser.add_argument("--workers", type=int, default=0, help="0: one per core")
    given, places = parser.parse_args(arguments), Places.here()
    names = given.assignments or list(places.assignment_names())
    exercises = {exercise.name for name in names for exercise in source.load(name, places).exercises}
    if not set(given.without) <= exercises:
        parser.error(f"--without names exercises of these assignments, not {', '.join(sorted(set(given.without) - exercises))}")
    records = {name: Record(name, places, tuple(given.without)) for name in names}
    code = 0
    try:
        gather(records, given.seeds, given.workers, places)
    except KeyboardInterrupt:
        code = 130
    print(table(records, given.seeds))
    lost = [f"{name}, seed {seed}: {line}" for name, record in records.items() for seed, lines in sorted(record.lost.items()) if seed < given.seeds for line in lines]
    print("\n".join(lost))
    return 1 if lost else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
