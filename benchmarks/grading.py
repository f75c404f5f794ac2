"""How fast a class of 03_vae is graded: stock nbgrader, otter-grader and this project, in one run, on the same notebooks, with equal verdicts.

    python -m benchmarks.grading [--quick] [--rounds 3] [--class-size 1000] [--forms lean whole]

- Contestants take turns within a round; medians over the rounds. Stock tools run one process per worker over disjoint students through their Python
  interfaces, each process with a gradebook of its own, all imports done before the clock starts. This project's time includes starting its workers.
- nbgrader writes its gradebook and feedback pages, and so does this project; otter does neither.
- "whole" notebooks are graded as handed in: stock tools execute every cell, training runs too. "lean" ones have only imports, exercises
  and tests, the fastest that an instructor of stock tools could arrange. Stock tools get tests that reject every wrong version and accept every right
  one that this project knows (`pytest tests/test_benchmarks.py`); the run stops where a verdict of any contestant differs.
- CPU seconds are given beside the clock's, since they hardly depend on what else the machine does.

Prints tables and writes build/bench/grading.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from rich.console import Console

from autograder.store import write_whole
from benchmarks import race, report
from benchmarks.classroom import ASSIGNMENT, Student, class_of, hand_in, with_tests, write_otter_zip

OUT = race.ROOT / "build" / "bench"
STOCK = ("nbgrader", "otter")
WORKERS = (1, 2)


@dataclass(frozen=True)
class Plan:
    """How much is measured: students of each form's class for stock tools and for us, versions in it, rounds; the large class; rounds of judgings for the parts."""

    stock: dict[str, int]
    ours: dict[str, int]
    versions: dict[str, int]
    rounds: dict[str, int]
    large: int
    judgings: int


def full(rounds: int, large: int) -> Plan:
    """Some forty minutes on an idle machine with two cores, with three rounds."""
    return Plan({"lean": 10, "whole": 4}, {"lean": 60, "whole": 60}, {"lean": 10, "whole": 4}, {"lean": rounds, "whole": rounds}, large, 7)


def quick() -> Plan:
    """A look, in some five minutes: lean notebooks only, one round."""
    return Plan({"lean": 10}, {"lean": 20}, {"lean": 10}, {"lean": 1}, 100, 1)


class VerdictsDiffer(AssertionError):
    """Two contestants disagree about a version; the message says about which exercises."""


def by_version(name: str, verdicts: dict[str, dict[str, bool]], students: list[Student]) -> dict[str, dict[str, bool]]:
    """A contestant's verdicts by version. Raises VerdictsDiffer where two students with the same version are judged differently."""
    found: dict[str, dict[str, bool]] = {}
    for student in students:
        known = found.setdefault(student.version, verdicts[student.name])
        same_as(known, verdicts[student.name], f"{name} on {student.version}, {student.name} and those before")
    return found


def same_as(one: dict[str, bool], other: dict[str, bool], what: str) -> None:
    """Two verdicts on the same exercises are the same. Raises VerdictsDiffer."""
    differing = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    if differing:
        raise VerdictsDiffer(f"{what}: {', '.join(differing)}")


def agree(rounds: dict[str, list[tuple[race.Round, list[Student]]]]) -> int:
    """All contestants say the same of every version and exercise; how many verdicts were compared. Raises VerdictsDiffer."""
    known: dict[str, dict[str, bool]] = {}
    compared = 0
    for name, runs in rounds.items():
        for found, students in runs:
            for version, verdict in by_version(name, found.verdicts, students).items():
                same_as(known.setdefault(version, verdict), verdict, f"{name} on {version}")
            compared += sum(map(len, found.verdicts.values()))
    return compared


def templates(folder: Path, form: str) -> dict[str, Path]:
    """A prepared course folder for each contestant."""
    from autograder.course import Course

    made = {name: folder / f"template-{form}-{name}" for name in (*STOCK, "ours")}
    path = made["nbgrader"] / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(nbformat.writes(with_tests(form)))
    subprocess.run([sys.executable, "-c", GENERATE, str(made["nbgrader"]), ASSIGNMENT], check=True, env=race.environment(), cwd=race.ROOT, capture_output=True)
    made["otter"].mkdir()
    write_otter_zip(made["otter"] / "otter.zip")
    Course(made["ours"]).prepare(ASSIGNMENT)
    return made


GENERATE = """
import sys
from pathlib import Path
from benchmarks.nbgrader_worker import interface
outcome = interface(Path(sys.argv[1]).resolve()).generate_assignment(sys.argv[2])
assert outcome["success"], outcome
"""


def compete(form: str, plan: Plan, folder: Path, say) -> dict[tuple[str, int], list[race.Round]]:
    """All rounds of a form by contestant and number of workers, with equal verdicts."""
    made, runs, judged = templates(folder, form), {}, {}
    few, many = class_of(plan.stock[form], plan.versions[form]), class_of(plan.ours[form], plan.versions[form])
    for number in range(plan.rounds[form]):
        for workers in WORKERS:
            for name in (*STOCK, "ours") if number % 2 == 0 else ("ours", *STOCK[::-1]):
                students = many if name == "ours" else few
                found = race.ours(made[name], folder, students, form, workers) if name == "ours" else race.stock(name, made[name], folder, students, form, workers)
                runs.setdefault((name, workers), []).append(found)
                judged.setdefault(name, []).append((found, students))
                say(f"{form}, {workers} worker{'s' * (workers > 1)}, {name}: {found.per_minute:.1f} a minute, {found.cpu / found.students:.2f} CPU s each")
    say(f"{form}: {agree(judged):,} verdicts, all equal")
    return runs


def large_class(size: int, folder: Path, say) -> dict:
    """A class graded, and graded again without a change; and a tenth of it, for its memory."""
    made, found = folder / "template-lean-ours", {}
    for students in (size // 10, size):
        one = race.ours(made, folder, class_of(students), "lean", WORKERS[-1], again=True)
        again = next(line for line in one.lines if "again" in line)
        found[students] = {"seconds": one.seconds, "peak": one.peak, "again": again["again"], "judged_again": again["judged"], "cpu": one.cpu}
        say(f"class of {students}: {one.seconds:.0f} s, again in {again['again']:.1f} s, {one.peak / 2**20:.0f} MB at most")
    return found


def told(module: str, *arguments: str) -> dict:
    """The JSON that another of these programs prints."""
    ended = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, env=race.environment(), cwd=race.ROOT)
    if ended.returncode:
        raise RuntimeError(f"{module} failed:\n{ended.stderr[-2000:]}")
    return json.loads(ended.stdout.splitlines()[-1])


def parts(plan: Plan, folder: Path) -> dict[str, float]:
    """Where a submission's time goes, in a fresh course of the large class's size."""
    course = race.fresh(folder / "template-lean-ours", folder / "parts")
    hand_in(course, class_of(plan.large), "lean")
    return told("benchmarks.parts", str(course), str(plan.judgings))


def as_data(runs: dict[tuple[str, int], list[race.Round]]) -> list[dict]:
    """Medians over the rounds, and every round."""
    rows = []
    for (name, workers), found in runs.items():
        rows.append({
            "contestant": name, "workers": workers, "students": found[0].students, "per_minute": statistics.median(one.per_minute for one in found),
            "cpu_each": statistics.median(one.cpu / one.students for one in found), "peak": max(one.peak for one in found),
            "rounds": [one.per_minute for one in found],
        })  # fmt: skip
    return rows


def main() -> int:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description="Grading speed beside stock nbgrader and otter-grader.")
    options.add_argument("--quick", action="store_true")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--class-size", type=int, default=1000)
    options.add_argument("--forms", nargs="+", choices=("lean", "whole"), help="only these; without lean ones no parts and no large class")
    given = options.parse_args()
    plan, console = quick() if given.quick else full(given.rounds, given.class_size), Console(width=150)
    say = Console(stderr=True, width=150).print
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        found = {"forms": {form: as_data(compete(form, plan, folder, say)) for form in given.forms or plan.stock}}
        if "lean" in found["forms"]:
            found["parts"] = parts(plan, folder)
            found["large"] = large_class(plan.large, folder, say)
    found["waits"] = told("benchmarks.waits")
    OUT.mkdir(parents=True, exist_ok=True)
    write_whole(OUT / "grading.json", json.dumps(found, indent=1))
    report.show(found, console)
    console.print(f"written to {OUT.relative_to(race.ROOT)}/grading.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
