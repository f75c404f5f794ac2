"""Does the time per submission stay flat as a class grows? Grades a growing class for real. Run: python -m benchmarks.scale [--sizes 100 1000 10000]

One course with the small assignment of `benchmarks/small.py`, no two notebooks equal: it is graded at the first size, grows to the next, is graded
again, and so on, into one gradebook. After each size come a second run, in which nothing has changed, and the disk. Interrupted, the same command goes
on where it stopped; what is in the folder already is not measured again.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from autograder import source
from autograder.course import Course
from autograder.notebooks import submission, to_bytes
from autograder.pool import Pool
from autograder.progress import GradingBar
from autograder.terminal import err
from autograder.versions import load
from benchmarks import small

BLOCK = 25  # submissions per measured block
RIGHT = "def tempered(logits, temperature):\n    return torch.softmax(logits / temperature, dim=-1)\n"
OWN = "OWN-REMARK"


@dataclass
class Log:
    """Measurements as lines of JSON in the folder, so that they outlive an interruption."""

    path: Path

    def add(self, **values) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps(values) + "\n")

    def read(self, kind: str) -> list[dict]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [values for values in map(json.loads, lines) if values["kind"] == kind]


@dataclass
class Watched:
    """A pool that notes, after each block of judged submissions, how many the course has and what the block took."""

    pool: Pool
    log: Log
    before: int

    def __enter__(self) -> "Watched":
        self.pool.__enter__()
        return self

    def __exit__(self, *exception) -> None:
        self.pool.__exit__(*exception)

    def in_hand(self) -> list[str]:
        return self.pool.in_hand()

    def run(self, jobs):
        """What the pool yields. The clocks of a block run from one result to the one a block later, writing into the gradebook included."""
        wall = own = 0.0
        for number, result in enumerate(self.pool.run(jobs)):
            if number % BLOCK == 0:
                now = time.monotonic(), time.process_time()
                if number:
                    self.log.add(kind="block", done=self.before + number, wall=(now[0] - wall) / BLOCK, own=(now[1] - own) / BLOCK, peak=peak_kilobytes())
                wall, own = now
            yield result


def peak_kilobytes() -> int:
    """The most memory that this process, the one that writes the gradebook, has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def versions_of(places) -> list[bytes]:
    """A right notebook, one per known wrong version, and a blank one, each with a place for a remark of its own."""
    assignment = source.load(small.ASSIGNMENT, places)
    sources = [RIGHT, *(version.source for version in load(places.misconceptions(assignment.name) / "tempered.py"))]
    made = [submission(assignment, {"tempered": text}, extra=[f"# {OWN}"]) for text in sources]
    return [to_bytes(notebook) for notebook in [*made, submission(assignment, blank=True, extra=[f"# {OWN}"])]]


def enrol(course: Path, number: int, kinds: list[bytes]) -> None:
    """A submission of student `number`, unless it is there."""
    path = course / "submitted" / f"student{number:06}" / small.ASSIGNMENT / f"{small.ASSIGNMENT}.ipynb"
    if not path.exists():
        path.parent.mkdir(parents=True)
        path.write_bytes(kinds[number % len(kinds)].replace(OWN.encode(), f"by student {number}".encode()))


def bytes_below(folder: Path) -> int:
    """Disk blocks of all files below a folder."""
    return sum(os.lstat(f"{root}/{name}").st_blocks * 512 for root, _, names in os.walk(folder) for name in names)


def grow(course: Course, size: int, kinds: list[bytes], workers: int, log: Log) -> None:
    """Bring the class to a size, grade it, and note what it took and left."""
    for number in range(size):
        enrol(course.root, number, kinds)
    watched = Watched(Pool(workers, places=course.places), log, len(list((course.root / "results").glob("*/*.json"))))
    with GradingBar(f"a class of {size:,}", err, watched) as bar:
        graded = course.grade(small.ASSIGNMENT, watched, bar.note)
    if graded.failures or len(graded.results) != size:
        raise RuntimeError(f"{len(graded.failures)} of {size} could not be written: {list(graded.failures.items())[:3]}")
    used = time.process_time()
    if (again := course.grade(small.ASSIGNMENT)).judged:
        raise RuntimeError(f"{again.judged} submissions were judged twice")
    log.add(kind="size", size=size, unchanged=(time.process_time() - used) / size, database=(course.root / "gradebook.db").stat().st_size,
            disk=sum(bytes_below(course.root / name) for name in ("autograded", "results")))  # fmt: skip


def publish(course: Course, log: Log) -> None:
    """Feedback pages for the whole class."""
    used = time.process_time()
    pages = course.feedback(small.ASSIGNMENT)
    log.add(kind="feedback", size=len(course.students(small.ASSIGNMENT)), cpu=time.process_time() - used, disk=bytes_below(pages))


def table(log: Log) -> str:
    """Per size of the class, medians over the blocks of its last half; memory is the most until then."""
    lines = ["| class | ms each | of it gradebook (CPU) | unchanged (CPU) | peak MB | database bytes each | disk bytes each |",
             "| --: | --: | --: | --: | --: | --: | --: |"]  # fmt: skip
    blocks = log.read("block")
    for at in log.read("size"):
        size = at["size"]
        here = [block for block in blocks if size / 2 <= block["done"] <= size]
        until = [block["peak"] for block in blocks if block["done"] <= size]
        wall, own = (1000 * statistics.median(block[name] for block in here) for name in ("wall", "own"))
        lines.append(f"| {size:,} | {wall:.0f} | {own:.0f} | {1000 * at['unchanged']:.1f} | {max(until) / 1024:.0f} | "
                     f"{at['database'] / size:,.0f} | {at['disk'] / size:,.0f} |")  # fmt: skip
    for made in log.read("feedback"):
        lines.append(f"\nfeedback for {made['size']:,}: {1000 * made['cpu'] / made['size']:.0f} CPU ms and {made['disk'] / made['size']:,.0f} bytes each")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Grow a class through the sizes, then print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--folder", type=Path, default=Path("build/scale"), help="where the class is kept; remove it to measure again")
    parser.add_argument("--workers", type=int, default=0, help="grading processes (0: one per core)")
    parser.add_argument("--feedback", action="store_true", help="feedback pages for all, too")
    asked = parser.parse_args(arguments)
    if min(asked.sizes) < 2 * BLOCK:
        parser.error(f"a size of at least {2 * BLOCK}, since blocks of {BLOCK} are measured")
    root = (asked.folder / "root").resolve()
    os.environ["WORKBOOK_ROOT"] = str(root)
    places, log = small.write(root), Log(asked.folder / "measured.jsonl")
    course, kinds = Course(asked.folder / "course", places), versions_of(places)
    for size in sorted(asked.sizes):
        if size not in {at["size"] for at in log.read("size")}:
            grow(course, size, kinds, asked.workers, log)
    if asked.feedback and not log.read("feedback"):
        publish(course, log)
    print(f"a small assignment with one exercise, {asked.workers or len(os.sched_getaffinity(0))} workers\n\n{table(log)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
