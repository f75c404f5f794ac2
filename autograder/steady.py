"""Is a verdict the same every time? Grade a few submissions again and again with the same seed, alone and under load. Run: python -m autograder.steady [TIMES]

Right and wrong versions of exercises that are judged by drawing samples and by training, beside some that are judged by values. Compared is the whole
verdict: points, outcomes, misconceptions, messages; only the times may differ.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.progress import Progress

from autograder import source, versions
from autograder.arguments import program
from autograder.notebooks import submission, to_bytes
from autograder.places import Places
from autograder.pool import Pool
from autograder.submission import Submission
from autograder.worker import Job

JUDGED = {
    "03_vae": ("gaussian_kl", "reparameterize", "elbo", "train_vae", "generate", "iwae_bound"),
    "04_ddpm": ("posterior", "reverse_step", "ddpm_loss", "train_ddpm", "ddim_sample"),
}
SEED = 20_001
TIMES = ("seconds", "computed", "spent")  # of a result: they may differ
BURNING = 2  # busy processes per core


def jobs(places: Places) -> dict[str, Job]:
    """By title: each assignment's reference, and a notebook with a wrong version of every exercise that is judged."""
    found = {}
    for assignment, names in JUDGED.items():
        wrong = {name: versions.load(places.misconceptions(assignment) / f"{name}.py")[0].source for name in names}
        for title, replaced in (("right", {}), ("wrong", wrong)):
            data = to_bytes(submission(source.load(assignment, places), replaced))
            found[f"{assignment}, {title}"] = Job(f"{assignment}, {title}", Submission(assignment, "student", data), SEED, names)
    return found


def verdicts(pool: Pool, chosen: dict[str, Job], times: int) -> Iterator[tuple[str, str]]:
    """The title and the verdict's JSON, without its times, of every judging."""
    again = [Job(f"{title}/{time}", job.submission, job.seed, job.only) for time in range(times) for title, job in chosen.items()]
    for key, result in pool.run(again):
        yield key.rpartition("/")[0], json.dumps({name: value for name, value in result.items() if name not in TIMES}, sort_keys=True)


@contextlib.contextmanager
def load() -> Iterator[None]:
    """More busy processes than the machine has cores."""
    burning = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"], start_new_session=True) for _ in range(BURNING * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def measure(times: int, workers: int, places: Places) -> dict[str, dict[str, Counter]]:
    """How often each verdict came, by submission, alone and under load."""
    chosen = jobs(places)
    seen = {title: {"alone": Counter(), "under load": Counter()} for title in chosen}
    with Pool(workers, places=places) as pool, Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("judging", total=2 * times * len(seen))
        for way, surroundings in (("alone", contextlib.nullcontext()), ("under load", load())):
            with surroundings:
                for title, verdict in verdicts(pool, chosen, times):
                    seen[title][way][verdict] += 1
                    progress.advance(bar)
    return seen


def table(seen: dict[str, dict[str, Counter]]) -> str:
    """Per submission: how often it was judged, and how many different verdicts it got."""
    lines = ["| submission | judged alone | under load | points | different verdicts |", "| --- | --: | --: | --- | --: |"]
    for title, ways in seen.items():
        different = set(ways["alone"]) | set(ways["under load"])
        points = " or ".join(sorted({f"{verdict['score']:g} of {verdict['max_score']:g}" for verdict in map(json.loads, different)}))
        lines.append(f"| {title} | {ways['alone'].total()} | {ways['under load'].total()} | {points} | {len(different)} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the table; 1 where a submission got more than one verdict."""
    parser = program("autograder.steady", __doc__)
    parser.add_argument("times", nargs="?", type=int, default=100, metavar="TIMES", help="judgings of each submission, alone and under load; 100 where nothing is said")
    parser.add_argument("--workers", type=int, default=0, help="0: one per core")
    given = parser.parse_args(arguments)
    seen = measure(given.times, given.workers, Places.here())
    print(table(seen))
    return int(any(len(set(ways["alone"]) | set(ways["under load"])) != 1 for ways in seen.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
